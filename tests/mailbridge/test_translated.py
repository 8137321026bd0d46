"""Translations of posts as mail programs get them, alone, as plain text and in digests.

The golden mails lie in tests/outbox; they are written anew as those of test_outgoing.py are.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.flowed import unflow
from forum.domain.message import parse
from forum.domain.values import Source
from forum.operations import digests
from forum.operations.curation_undoing import undo
from forum.operations.publishing import publish
from forum.operations.translated import Translated, message_id_of, translated_posts
from forum.operations.translation import last_decision, write_translation
from forum.settings import Settings
from forum.storage.archive import Post, PostState
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, DigestDelivery, SendState
from forum.storage.people import Account, Subscription
from forum.storage.translations import PostTranslation
from mailbridge.digest import DigestBuilder
from mailbridge.outgoing import Builder, Copy
from mailbridge.translated import head_text, mark_of
from mailbridge.worker import Worker
from tests.conftest import one_database
from tests.factories import START, Make, mail
from tests.mailbridge.mirroring import OUTSIDE, OWN, Mirror, passed_on
from tests.mailbridge.test_outgoing import HTML_MAIL, LANGUAGES, SITE, TOKEN, is_golden
from tests.mailbridge.working import NOW, Answering, Clock

MONIQUE = "monique@example.net"
ENGLISH_POST = HTML_MAIL.replace(
    b"Voici le compte rendu, avec les chiffres de l'=E9t=E9.",
    b"Here are the minutes of our meeting, with the figures of last summer.",
)
WORDS = {
    "fr": "Voici le **compte rendu**, avec les chiffres de l’été.\n\n- 42 paniers\n"
    "- [3 marchés](/posts/1)",
    "en": "Here are the **minutes**, with the figures of last summer.\n\n- 42 baskets\n"
    "- [3 markets](/posts/1)",
    "es": "Aquí está el **acta**, con las cifras del verano.\n\n- 42 cestas\n"
    "- [3 mercados](/posts/1)",
}


class Office:
    """A list whose posts are translated."""

    def __init__(self, session: Session, settings: Settings, make: Make) -> None:
        self.session, self.settings, self.make = session, settings, make
        self.where: MailingList = make.mailing_list()
        self.translator: Account = make.account("amina@example.net", "Amina Diallo")

    def post(self, raw: bytes = ENGLISH_POST) -> Post:
        submission = parse(raw, START)
        return publish(self.session, self.where, submission, START, source=Source.EMAIL)

    def reader(self, language: str, **options: object) -> Subscription:
        one = self.make.subscriber(self.where, language=language)
        one.token = TOKEN
        for name, value in options.items():
            setattr(one, name, value)
        return one

    def translated(self, raw: bytes, language: str) -> Translated:
        """The translation of a mail, under an id that is the same whatever the site's key."""
        post = self.post(raw)
        version = PostTranslation(
            post_id=post.id, language=language, text=WORDS[language], html="", public_html=None,
            account_id=self.translator.id, written_at=START + timedelta(days=9, hours=1),
        )  # fmt: skip
        self.session.add(version)
        self.session.flush()
        self.session.refresh(version)
        identifier = f"translation-{language}-{'0' * 32}@lists.example.org"
        return Translated(post, version, identifier, version.text)

    def copy(self, found: Translated, reader: Subscription, raw: bytes) -> Copy:
        return Builder(self.settings).build(found.post, lambda: raw, reader, found)


@pytest.fixture
def office(session: Session, settings: Settings, make: Make) -> Office:
    return Office(session, settings, make)


def opened(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    assert not [part for part in found.walk() if part.defects]
    return found


def body(message: EmailMessage, kind: str = "plain") -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def source_for(language: str) -> bytes:
    """A mail in a language that its reader does not read."""
    return HTML_MAIL if language != "fr" else ENGLISH_POST


@one_database
@pytest.mark.parametrize("language", LANGUAGES)
def test_golden_translations(office: Office, language: str) -> None:
    raw = source_for(language)
    found = office.translated(raw, language)
    copy = office.copy(found, office.reader(language), raw)
    is_golden(f"translated.{language}", copy.message)
    assert copy.reverse_path == f"ancrage-bounces+{TOKEN}@lists.example.org"
    message = opened(copy.message)
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]
    assert max(len(line) for line in copy.message.split(b"\r\n")) <= 998


@one_database
@pytest.mark.parametrize("language", LANGUAGES)
def test_golden_translations_without_html(office: Office, language: str) -> None:
    raw = source_for(language)
    found = office.translated(raw, language)
    copy = office.copy(found, office.reader(language, plain_text=True), raw)
    is_golden(f"translated-plain.{language}", copy.message)
    assert [part.get_content_type() for part in opened(copy.message).walk()] == ["text/plain"]


@one_database
@pytest.mark.parametrize("plain", [False, True], ids=["mime", "plain"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_golden_digests_with_translations(office: Office, language: str, plain: bool) -> None:
    raw = source_for(language)
    found = office.translated(raw, language)
    reader = office.reader(language, digest_format="plain" if plain else "mime")
    row = DigestDelivery(id=1, subscription=reader, due_at=NOW, queued_at=NOW, is_burst=False)
    copy = DigestBuilder(office.settings).build(row, [found.post, found], office.session)
    is_golden(f"digest-translated{'-plain' if plain else ''}.{language}", copy.message)
    text = body(opened(copy.message))
    assert text.count(mark_of(found, language, SITE).split(" ")[0]) >= 1
    assert "Amina Diallo" in text
    assert "](/posts/1)" not in text


def test_it_stands_beside_the_post_and_comes_from_its_author(office: Office) -> None:
    raw = ENGLISH_POST
    found = office.translated(raw, "fr")
    reader = office.reader("fr")
    message = opened(office.copy(found, reader, raw).message)
    original = opened(Builder(office.settings).build(found.post, lambda: raw, reader).message)
    assert message["Message-ID"] == f"<{found.message_id}>" != original["Message-ID"]
    assert message["In-Reply-To"] == original["Message-ID"]
    assert message["References"] == f"{original['References']} {original['Message-ID']}"
    for name in ("Subject", "From", "Reply-To", "X-Original-From", "List-Id", "Archived-At",
                 "List-Unsubscribe", "List-Unsubscribe-Post", "Precedence"):  # fmt: skip
        assert message[name] == original[name], name
    # The town hall got the post itself, and is not written a translation.
    assert "mairie" in original["Cc"] and message["Cc"] is None
    assert message["To"] == "Ancrage territorial <ancrage@lists.example.org>"
    assert message["Content-Language"] == "fr"
    assert message["Date"] == "Wed, 10 Mar 2010 10:00:00 +0000"


def test_both_forms_begin_with_who_translated_and_end_with_the_way_out(office: Office) -> None:
    found = office.translated(ENGLISH_POST, "fr")
    message = opened(office.copy(found, office.reader("fr"), ENGLISH_POST).message)
    original = f"{SITE}/posts/{found.post.id}?translation=original"
    lines = unflow(body(message)).split("\n")
    assert lines[0] == "Traduit de l’anglais par Amina Diallo."
    assert lines[1] == f"L’original\N{NO-BREAK SPACE}: {original}"
    assert "Voici le **compte rendu**" in lines[3]
    assert f"- [3 marchés]({SITE}/posts/1)" in lines
    assert f"{SITE}/posts/{found.post.id}/attachments/0/paniers.csv" in lines
    assert f"{SITE}/unsubscribe/{TOKEN}" in "\n".join(lines)
    page = body(message, "html")
    assert page.index("Amina Diallo") < page.index("<strong>compte rendu</strong>")
    assert f'href="{original}"' in page
    assert f'href="{SITE}/posts/1"' in page
    assert f"{SITE}/unsubscribe/{TOKEN}" in page
    assert "minutes of our meeting" not in page


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ("es", {"fr": "Traduit de l’espagnol", "en": "Translated from Spanish",
                "es": "Traducido del español"}),
        ("fr", {"fr": "Traduit du français", "en": "Translated from French",
                "es": "Traducido del francés"}),
        ("pt", {"fr": "Traduit du portugais", "en": "Translated from Portuguese",
                "es": "Traducido del portugués"}),
        ("he", {"fr": "Traduit de l’hébreu", "en": "Translated from Hebrew",
                "es": "Traducido del hebreo"}),
        ("hu", {"fr": "Traduit du hongrois", "en": "Translated from Hungarian",
                "es": "Traducido del húngaro"}),
        ("mul", {"fr": "Traduit", "en": "Translated", "es": "Traducido"}),
    ],
)  # fmt: skip
def test_what_is_known_of_a_translation_is_said(
    office: Office, of: str, said: dict[str, str]
) -> None:
    found = office.translated(HTML_MAIL, "en")
    found.post.language = of
    by = {"fr": "par", "en": "by", "es": "por"}
    for language, words in said.items():
        told = head_text(found, language, SITE)
        assert told.startswith(f"{words} {by[language]} Amina Diallo.\n")
        assert len(told.split("\n")) == 2
    # Nobody knows any more who wrote it; and the author has changed the post since.
    found.version.account = None
    found.post.corrections = 1
    told = head_text(found, "en", SITE)
    first = f"{said['en']}." if of != "mul" else "A translation."
    assert told.split("\n")[:2] == [first, "The original was changed after it was translated."]


def test_a_token_in_a_translation_is_not_passed_on(office: Office) -> None:
    found = office.translated(ENGLISH_POST, "fr")
    leak = f"{SITE}/unsubscribe/{'f' * 48}"
    found = Translated(found.post, found.version, found.message_id, f"Voir {leak}")
    copy = office.copy(found, office.reader("fr"), ENGLISH_POST)
    assert b"f" * 48 not in copy.message.replace(b"=\r\n", b"")


def test_a_long_translation_is_cut_in_a_digest(office: Office) -> None:
    found = office.translated(ENGLISH_POST, "fr")
    long = Translated(found.post, found.version, found.message_id, "Des mots. " * 40_000)
    row = DigestDelivery(
        id=1, subscription=office.reader("fr"), due_at=NOW, queued_at=NOW, is_burst=False
    )
    copy = DigestBuilder(office.settings).build(row, [long], office.session)
    assert len(copy.message) < 250_000
    _, messages = opened(copy.message).iter_parts()
    (inside,) = [part.get_payload(0) for part in messages.iter_parts()]
    assert "Des mots. […]" in unflow(body(inside))


class Working(Office):
    """The same with a worker that sends."""

    def __init__(self, office: Office, worker: Worker, transport: Answering, clock: Clock):
        self.session, self.settings, self.make = office.session, office.settings, office.make
        self.where, self.translator = office.where, office.translator
        self.worker, self.transport, self.clock = worker, transport, clock

    def work(self, after: timedelta = timedelta(0)) -> list[EmailMessage]:
        """What leaves until then."""
        self.session.commit()
        self.clock.now = NOW + after
        before = len(self.transport.sent)
        self.worker.drain()
        self.worker.session.expunge_all()
        self.session.expire_all()
        return [opened(raw) for _, _, raw in self.transport.sent[before:]]

    def translate(self, post: Post, text: str = WORDS["fr"], language: str = "fr") -> None:
        write_translation(
            self.session, post, language, text, NOW, self.translator, delay=timedelta(seconds=30)
        )


@pytest.fixture
def working(
    app: Flask, office: Office, worker: Worker, transport: Answering, clock: Clock
) -> Iterator[Working]:
    yield Working(office, worker, transport, clock)


def test_a_translation_leaves_after_the_delay_and_the_newest_version_is_sent(
    working: Working,
) -> None:
    post = working.post()
    working.work()
    working.reader("fr")
    working.translate(post)
    working.translate(post, "Voici le **compte rendu**, relu.")
    assert working.work() == []
    (message,) = working.work(timedelta(seconds=30))
    assert message["Message-ID"] == f"<{message_id_of(working.session, post, 'fr')}>"
    assert "relu" in body(message)
    working.translate(post, "Voici le compte rendu, relu encore.")
    assert working.work(timedelta(hours=1)) == []
    assert list(working.session.scalars(select(Delivery.state))) == [SendState.SENT]


def test_what_was_taken_back_hidden_or_stopped_does_not_leave(working: Working) -> None:
    post = working.post()
    one = working.reader("fr", delivery="daily")
    working.make.subscriber(working.where, MONIQUE)
    working.work()
    working.translate(post)
    post.state = PostState.HIDDEN
    assert working.work(timedelta(days=1)) == []
    post.state = PostState.VISIBLE
    working.where.outgoing_stopped = True
    assert working.work(timedelta(days=1)) == []
    working.where.outgoing_stopped = False
    decision = last_decision(working.session, post, "fr")
    assert decision is not None
    undo(working.session, decision, NOW, working.translator)
    assert working.work(timedelta(days=1)) == []
    # It is queued anew for the same people.
    working.translate(post)
    sent = working.work(timedelta(days=1, minutes=1))
    assert sorted(message["Subject"].startswith("Pacte") for message in sent) == [False, True]
    assert one.delivery == "daily"


def test_digests_hold_each_item_in_its_place_in_the_thread(working: Working) -> None:
    working.reader("fr", delivery="daily", reads="fr")
    first = working.post()
    answer = working.make.post(
        working.where, mail_out=True, subject="Re: Pacte pour l'emploi : compte rendu",
        text="Merci pour ce compte rendu, que nous lirons avec nos collègues de la mairie.\n",
        in_reply_to="html@example.net", references="html@example.net",
    )  # fmt: skip
    working.translate(first)
    (digest,) = working.work(timedelta(days=1))
    inside = [part.get_payload(0) for part in digest.get_payload(1).iter_parts()]
    translation = message_id_of(working.session, first, "fr")
    assert [one["Message-ID"] for one in inside] == [f"<{translation}>", f"<{answer.message_id}>"]
    assert "Traduit de l’anglais par Amina Diallo" in unflow(body(digest))
    assert "Voici le compte rendu, avec les chiffres" in unflow(body(digest))


def test_a_translation_taken_back_leaves_the_digest_it_waits_in(working: Working) -> None:
    working.reader("fr", delivery="daily", reads="fr")
    post = working.post()
    working.translate(post)
    working.session.commit()
    (key,) = digests.queue_digests(working.session, NOW + timedelta(days=1))
    assert isinstance(digests.posts_of(working.session, key)[0], Translated)
    post.translated_into = ""
    working.session.flush()
    assert digests.posts_of(working.session, key) == []
    assert digests.keep_shown(working.session, [key]) == []


def test_a_burst_of_one_translation_is_an_ordinary_copy_of_it(working: Working) -> None:
    post = working.post()
    working.work()
    working.reader("fr", bursts=True)
    working.translate(post)
    assert working.work(timedelta(minutes=5)) == []
    (message,) = working.work(timedelta(minutes=11))
    assert message["Message-ID"] == f"<{message_id_of(working.session, post, 'fr')}>"


def test_the_same_translation_is_looked_up_once_for_several_posts(working: Working) -> None:
    post = working.post()
    working.translate(post)
    found = translated_posts(working.session, [(post, "fr"), (post, "es")])
    assert list(found) == [(post.id, "fr")]


@pytest.mark.parametrize("new_id", ["", "other@listes.example.net"])
def test_the_outside_list_is_sent_no_translation_and_answers_to_one_as_answers_to_the_post(
    mirror: Mirror, awa: Account, new_id: str
) -> None:
    where = mirror.mailing_list
    mirror.make.subscriber(where, MONIQUE, language="en")
    mirror.make.subscriber(where, OUTSIDE, language="en")
    post = mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    (gone_out,) = mirror.went_out()
    mirror.arrives(passed_on(gone_out, new_id=new_id))
    write_translation(mirror.session, post, "en", "Here are our proposals.", mirror.now, awa)
    mirror.work()
    assert len(mirror.went_out()) == 1
    translated = opened(mirror.transport.sent[-1][2])
    assert mirror.transport.sent[-1][1] == MONIQUE
    assert "Here are our proposals." in body(translated)
    identifier = translated["Message-ID"].strip("<>")
    answer = mail(
        author=f"Monique <{MONIQUE}>", to=OWN, subject="Re: Rencontre de printemps",
        text="Thank you for these proposals, which we shall discuss on Monday evening.\n",
        message_id="m1@example.net", in_reply_to=identifier,
        references=f"{post.message_id} {identifier}",
    )  # fmt: skip
    mirror.arrives(answer, OWN, MONIQUE)
    assert mirror.posts()[-1].parent_id == post.id
    mirror.work()
    sent = mirror.went_out()[-1]
    assert "which we shall discuss" in body(sent)
    assert sent["In-Reply-To"] == f"<{new_id or post.message_id}>"
    assert sent["References"].split()[-1] == sent["In-Reply-To"]
    assert f"<{post.message_id}>" in sent["References"]
