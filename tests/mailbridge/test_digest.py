"""Digests, byte for byte in three languages, and what goes into whose.

The golden mails lie in tests/outbox; they are written anew as those of test_outgoing.py are.
"""

from __future__ import annotations

import email
import email.policy
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.domain.message import parse
from forum.domain.values import Source
from forum.extensions import db
from forum.operations import digests
from forum.operations.curation_authors import edit
from forum.operations.deliveries import cancel_deliveries
from forum.operations.lists import ListError, edit_list
from forum.operations.posting import Posted
from forum.operations.publishing import publish
from forum.operations.subscriptions import set_options, unsubscribe
from forum.operations.writing import write_post
from forum.search import open_index
from forum.settings import Settings
from forum.storage.archive import Post, PostState
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, DigestDelivery, DigestItem, SendState
from forum.storage.people import DigestFormat, Subscription
from mailbridge.digest import LEAST_SHARE, DigestBuilder
from mailbridge.light_post import size_text
from mailbridge.lighten import without_attachments
from mailbridge.outcomes import Deferred, Outcome, Refused
from mailbridge.transport import MemoryTransport, open_transport
from mailbridge.worker import Worker
from tests.factories import START, Make, mail
from tests.mailbridge.test_cli import Command, here
from tests.mailbridge.test_outgoing import (
    HTML_MAIL,
    LANGUAGES,
    PLAIN_MAIL,
    SIGNED_MAIL,
    SITE,
    TOKEN,
    is_golden,
)
from tests.mailbridge.working import Clock

AWA, PILAR = "awa@example.org", "pilar@example.net"
EVENING = datetime.fromisoformat("2010-03-02T20:00:00+00:00")  # A Tuesday.
MORNING = datetime.fromisoformat("2010-03-03T06:00:00+00:00")
MONDAY = datetime.fromisoformat("2010-03-08T06:00:00+00:00")


class Refusing(MemoryTransport):
    answer: Outcome | None = None

    def send(self, reverse_path: str, recipient: str, message: bytes) -> Outcome:
        return self.answer or MemoryTransport.send(self, reverse_path, recipient, message)


class Site:
    """What the tests do with one site."""

    def __init__(self, session: Session, settings: Settings, make: Make) -> None:
        self.session, self.settings, self.make = session, settings, make
        self.clock, self.transport = Clock(EVENING), Refusing()
        self.where = make.mailing_list()

    def reader(self, email: str = PILAR, delivery: str = "daily", **options: str) -> Subscription:
        return self.make.subscriber(self.where, email, delivery=delivery, **options)

    def post(self, raw: bytes = b"", at: datetime = EVENING, **fields: str) -> Post:
        raw = raw or mail(message_id=f"m{next(self.make.numbers)}@example.org", **fields)
        return publish(self.session, self.where, parse(raw, at), at, source=Source.EMAIL)

    def work(self, now: datetime) -> list[EmailMessage]:
        """What leaves until then, by a worker that has just started."""
        self.session.commit()
        self.clock.now = now
        before = len(self.transport.sent)
        own = Session(db.engine, expire_on_commit=False)
        index = open_index(self.settings, db.engine)
        Worker(own, self.settings, self.transport, index, now=self.clock).drain()
        own.close()
        self.session.expire_all()
        return [parsed(raw) for _, _, raw in self.transport.sent[before:]]

    def states(self) -> list[str]:
        found = list(self.session.scalars(select(DigestDelivery.state).order_by(DigestDelivery.id)))
        self.session.rollback()
        return found


def parsed(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def subjects(digest: EmailMessage) -> list[str]:
    """Of the messages in a digest."""
    _, messages = digest.iter_parts()
    return [str(one.get_payload(0)["Subject"]) for one in messages.iter_parts()]


def text_of(digest: EmailMessage) -> str:
    found = digest.get_body(("plain",))
    assert found is not None
    return str(found.get_content())


@pytest.fixture
def site(app: Flask, session: Session, settings: Settings, make: Make) -> Iterator[Site]:
    yield Site(session, settings, make)


@pytest.mark.parametrize("language", LANGUAGES)
def test_golden_digests(site: Site, language: str) -> None:
    edit_list(site.session, site.where, time_zone="Europe/Paris")
    reader = site.reader(language=language)
    reader.token = TOKEN
    site.post(PLAIN_MAIL)
    site.post(
        mail(
            subject="Re: Monnaies locales : où en est-on ?",
            text="Gracias a todas y todos por los datos, que llegan justo a tiempo.\n",
            author="Pilar Ríos <pilar@example.com>", message_id="re@example.org",
            in_reply_to="plain@example.org", date=START + timedelta(hours=3),
        )
    )  # fmt: skip
    site.post(HTML_MAIL)
    site.post(SIGNED_MAIL)
    (key,) = digests.queue_digests(site.session, MORNING)
    row = site.session.get_one(DigestDelivery, key)
    posts = digests.posts_of(site.session, key)
    copy = DigestBuilder(site.settings).build(row, posts, site.session)
    is_golden(f"digest.{language}", copy.message)
    assert copy.reverse_path == f"ancrage-bounces+{TOKEN}@lists.example.org"
    assert copy.recipient == PILAR
    assert b"\n" not in copy.message.replace(b"\r\n", b"")
    assert max(len(line) for line in copy.message.split(b"\r\n")) <= 998
    message = parsed(copy.message)
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "multipart/alternative", "multipart/digest",
    ]  # fmt: skip
    assert len(subjects(message)) == 4
    assert message["Content-Language"] == language
    assert f"{SITE}/unsubscribe/{TOKEN}" in message["List-Unsubscribe"]
    assert not [part for part in message.walk() if part.defects]


@pytest.mark.parametrize("language", LANGUAGES)
def test_golden_digests_in_one_text(site: Site, language: str) -> None:
    reader = site.reader(language=language)
    reader.token, reader.digest_format = TOKEN, "plain"
    site.post(PLAIN_MAIL)
    site.post(HTML_MAIL)
    site.post(text="Un trait :\n" + "-" * 40 + "\n" + "Une longue phrase sans fin. " * 9)
    (key,) = digests.queue_digests(site.session, MORNING)
    row = site.session.get_one(DigestDelivery, key)
    posts = digests.posts_of(site.session, key)
    copy = DigestBuilder(site.settings).build(row, posts, site.session)
    is_golden(f"digest-plain.{language}", copy.message)
    message = parsed(copy.message)
    assert message.get_content_type() == "text/plain"
    assert message["Content-Type"].params["format"] == "flowed"
    contents, *messages, end = _burst(message.get_content())
    assert [re.findall(r"(?m)^Message-ID: (.*)$", one) for one in messages] == [
        [f"<{post.message_id}>"] for post in posts
    ]
    assert all(f"{SITE}/posts/{post.id}" in contents for post in posts)
    assert [one.count("paniers.csv") for one in messages] == [
        2 * (post.message_id == "html@example.net") for post in posts
    ]
    assert f"{SITE}/unsubscribe/{TOKEN}" in end
    assert message["Subject"] in end


def _burst(text: str) -> list[str]:
    """The contents, the messages and the end, cut as programs cut them (RFC 1153)."""
    text = text.replace("\r\n", "\n")
    contents, _, rest = text.partition(f"\n{'-' * 70}\n\n")
    return [contents, *re.split(rf"(?m)^{'-' * 30}\n\n", rest)]


def test_what_an_answer_quotes_is_told_from_its_own_words_in_one_text(site: Site) -> None:
    site.reader().digest_format = DigestFormat.PLAIN
    site.post(
        text="Bonjour, j’ai une question.\n\nLe 2 mars 2010, Awa Ndiaye a écrit :\n"
        "> Premier point.\n>\n> > Encore avant.\n\nMerci d’avance.\n",
    )
    (digest,) = site.work(MORNING)
    assert (
        "Bonjour, j’ai une question.\n\nLe 2 mars 2010, Awa Ndiaye a écrit :\n"
        "> Premier point.\n>\n>> Encore avant.\n\nMerci d’avance.\n"
    ) in text_of(digest).replace("\r\n", "\n")


def test_the_contents_are_read_without_asking_anybody_for_a_picture(site: Site) -> None:
    reader = site.reader(language="en")
    post = site.post(subject="<b>Paniers & récoltes</b>", text="Un <script> dans le texte.\n")
    (digest,) = site.work(MORNING)
    found = digest.get_body(("html",))
    assert found is not None
    page = found.get_content()
    assert "&lt;b&gt;Paniers &amp; récoltes&lt;/b&gt;" in page
    assert "<img" not in page
    assert "<script" not in page
    assert "<style" not in page
    for address in (
        f"/posts/{post.id}",
        f"/threads/{post.thread_id}",
        f"/unsubscribe/{reader.token}",
    ):
        assert f'href="{SITE}{address}"' in page
        assert f"{SITE}{address}" in text_of(digest)


def test_a_digest_leaves_at_the_lists_hour_with_all_there_is(site: Site) -> None:
    edit_list(site.session, site.where, time_zone="Europe/Paris", digest_hour=8)
    site.reader()
    site.post(subject="Un")
    site.post(subject="Deux", at=EVENING + timedelta(hours=1))
    assert site.work(MORNING) == []
    (digest,) = site.work(MORNING + timedelta(hours=1))
    assert subjects(digest) == ["Un", "Deux"]
    assert "2 messages" in digest["Subject"]


def test_what_its_author_changed_is_in_the_digest_as_it_is_now(site: Site) -> None:
    site.reader()
    author = site.make.account(AWA)
    site.reader(AWA)
    outcome = write_post(
        site.session, site.where, author,
        subject_line="Le puits", text="La réunion est lundi.", now=EVENING, max_bytes=10**6,
    )  # fmt: skip
    assert isinstance(outcome, Posted)
    post = site.session.get_one(Post, outcome.post_id)
    soon = EVENING + timedelta(minutes=5)
    edit(site.session, post, author, "La réunion est mardi.", soon, max_bytes=10**6)
    (digest,) = site.work(MORNING)
    assert "mardi" in digest.as_string()
    assert "lundi" not in digest.as_string()


def test_nothing_new_no_mail(site: Site) -> None:
    site.reader()
    assert site.work(MORNING) == []
    site.post()
    assert len(site.work(MORNING)) == 1
    for day in range(1, 9):
        assert site.work(MORNING + timedelta(days=day)) == []
    assert site.states() == [SendState.SENT]


def test_a_weekly_digest_waits_for_monday(site: Site) -> None:
    site.reader(delivery="weekly")
    site.post(subject="Mardi")
    for day in range(5):
        assert site.work(MORNING + timedelta(days=day)) == []
    site.post(subject="Dimanche", at=MONDAY - timedelta(hours=12))
    (digest,) = site.work(MONDAY)
    assert subjects(digest) == ["Mardi", "Dimanche"]


def test_a_site_that_slept_through_the_hour_catches_up(site: Site) -> None:
    site.reader()
    site.post()
    assert len(site.work(MORNING + timedelta(days=3, hours=5))) == 1


def test_a_message_is_in_one_digest_and_the_next_holds_the_next(site: Site) -> None:
    site.reader()
    site.post(subject="Un")
    assert [subjects(one) for one in site.work(MORNING)] == [["Un"]]
    site.post(subject="Deux", at=MORNING + timedelta(hours=1))
    assert site.work(MORNING + timedelta(hours=2)) == []
    found = site.work(MORNING + timedelta(days=1))
    assert [subjects(one) for one in found] == [["Deux"]]


def test_what_was_there_before_somebody_joined_is_not_sent(site: Site) -> None:
    site.post()
    site.reader()
    assert site.work(MORNING) == []


def test_a_post_that_became_visible_out_of_order_is_not_missed(site: Site) -> None:
    site.reader()
    late, early = site.post(subject="Tard"), site.post(subject="Tôt")
    assert late.id < early.id
    late.state = PostState.HIDDEN
    assert [subjects(one) for one in site.work(MORNING)] == [["Tôt"]]
    late.state = PostState.VISIBLE
    found = site.work(MORNING + timedelta(days=1))
    assert [subjects(one) for one in found] == [["Tard"]]


def test_one_mail_for_a_person_and_post_whatever_their_subscriptions(site: Site) -> None:
    site.reader("zoe@example.org", delivery="daily")
    each = site.reader("zoe@example.net", delivery="each")
    one, other = site.session.scalars(
        select(Subscription).where(Subscription.mailing_list_id == site.where.id)
    )
    other.address.author_id = one.address.author_id
    site.session.flush()
    site.post()
    assert [row.subscription_id for row in site.session.scalars(select(Delivery))] == [each.id]
    assert site.session.scalars(select(DigestItem)).all() == []


@pytest.mark.parametrize("own_posts", [False, True])
def test_ones_own_posts_come_back_to_who_asked(site: Site, own_posts: bool) -> None:
    set_options(site.session, site.reader(AWA), own_posts=own_posts)
    site.post(author=f"Awa <{AWA}>")
    assert len(site.work(MORNING)) == own_posts


@pytest.mark.parametrize("change", ["hidden", "moved", "deleted"])
def test_what_may_not_be_read_any_more_is_left_out(site: Site, change: str) -> None:
    """Also where it was in the digest already, and the mail had not left."""
    site.reader()
    kept, gone = site.post(subject="Reste"), site.post(subject="Secret")
    assert len(digests.queue_digests(site.session, MORNING)) == 1
    if change == "hidden":
        gone.state = PostState.HIDDEN
    elif change == "moved":
        gone.mailing_list_id = site.make.mailing_list("bureau", visibility="private").id
    else:
        site.session.delete(gone)
    (digest,) = site.work(MORNING)
    assert subjects(digest) == ["Reste"]
    assert "Secret" not in text_of(digest)
    if change == "hidden":
        gone.state = PostState.VISIBLE
        assert [subjects(one) for one in site.work(MORNING + timedelta(days=1))] == [["Secret"]]
    assert site.session.get(Post, kept.id) is not None
    site.session.rollback()


def test_a_digest_whose_messages_are_all_gone_is_no_mail(site: Site) -> None:
    site.reader()
    post = site.post()
    digests.queue_digests(site.session, MORNING)
    post.state = PostState.HIDDEN
    assert site.work(MORNING) == []
    assert site.states() == [SendState.CANCELLED]


def test_who_left_or_paused_is_sent_nothing(site: Site) -> None:
    site.reader("left@example.net")
    paused = site.reader("paused@example.net")
    stopped = site.reader("none@example.net")
    site.post()
    digests.queue_digests(site.session, EVENING, everything=True)
    site.post(subject="Deux", at=EVENING + timedelta(hours=1))
    unsubscribe(site.session, site.where, "left@example.net", MORNING)
    set_options(site.session, paused, state="paused")
    set_options(site.session, stopped, delivery="none")
    assert site.work(MORNING) == []
    set_options(site.session, paused, state="active")
    assert [one["To"] for one in site.work(MORNING)] == ["paused@example.net"] * 2
    set_options(site.session, stopped, delivery="daily")
    assert site.work(MORNING + timedelta(days=1)) == []


def test_of_a_stopped_list_no_digest_leaves(site: Site) -> None:
    site.reader()
    site.post()
    site.where.outgoing_stopped = True
    assert site.work(MORNING) == []
    site.session.execute(update(MailingList).values(outgoing_stopped=False))
    assert len(site.work(MORNING)) == 1


def test_going_over_to_each_message_loses_nothing(site: Site) -> None:
    reader = site.reader()
    site.post(subject="Un")
    set_options(site.session, reader, delivery="each")
    site.post(subject="Deux", at=EVENING + timedelta(minutes=1))
    found = site.work(EVENING + timedelta(minutes=2))
    assert {one.get_content_type() for one in found} == {"text/plain", "multipart/mixed"}
    (digest,) = [one for one in found if one.is_multipart()]
    assert subjects(digest) == ["Un"]
    assert site.work(MORNING) == []


def test_a_withdrawn_post_is_in_no_digest(site: Site) -> None:
    site.reader()
    post = site.post()
    assert cancel_deliveries(site.session, post)
    assert site.work(MORNING) == []


def test_a_post_that_was_sent_in_a_digest_cannot_be_withdrawn(site: Site) -> None:
    site.reader()
    post = site.post()
    site.work(MORNING)
    assert not cancel_deliveries(site.session, post)
    site.session.rollback()


@pytest.mark.slow
def test_a_kill_between_making_and_sending_loses_and_doubles_nothing(site: Site) -> None:
    site.reader()
    site.post()
    site.session.commit()
    script = (
        "import os, signal, sys\n"
        "from datetime import datetime\n"
        "from forum.app import create_app\n"
        "from forum.extensions import db\n"
        "from forum.operations import digests\n"
        "from forum.settings import Settings\n"
        "from forum.storage.mail import DigestDelivery\n"
        "from mailbridge import queue\n"
        "now = datetime.fromisoformat(sys.argv[1])\n"
        "with create_app(Settings.load(os.environ)).app_context():\n"
        "    digests.queue_digests(db.session(), now)\n"
        "    if sys.argv[2] != 'unsaved':\n"
        "        db.session.commit()\n"
        "    if sys.argv[2] == 'claimed':\n"
        "        assert queue.claim(db.session(), DigestDelivery, now)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    for moment in ("unsaved", "saved", "claimed"):
        done = subprocess.run(
            (sys.executable, "-c", script, MORNING.isoformat(), moment),
            env=Command(site.settings).environ, capture_output=True, timeout=250, check=False,
        )  # fmt: skip
        assert done.returncode == -9, done.stderr
    assert site.work(MORNING + timedelta(seconds=20)) == []  # It is claimed still.
    assert len(site.work(MORNING + timedelta(seconds=31))) == 1
    assert site.work(MORNING + timedelta(days=1)) == []
    assert site.states() == [SendState.SENT]


def test_a_second_look_at_the_same_moment_makes_no_second_digest(site: Site) -> None:
    site.reader()
    site.post()
    site.session.commit()
    assert len(digests.queue_digests(site.session, MORNING)) == 1
    site.session.commit()
    assert digests.queue_digests(site.session, MORNING) == []


def test_two_workers_at_once_make_one_digest(site: Site) -> None:
    if db.engine.dialect.name == "sqlite":
        return  # One writer at a time: the second looks when the first has committed.
    site.reader()
    site.post()
    site.session.commit()
    with Session(db.engine) as one, Session(db.engine) as two:
        assert len(digests.queue_digests(one, MORNING)) == 1
        assert digests.queue_digests(two, MORNING) == []
        one.commit()
        assert digests.queue_digests(two, MORNING) == []
        two.commit()
    assert len(site.work(MORNING)) == 1


def test_a_list_from_before_there_were_digests_has_an_hour(site: Site) -> None:
    site.reader()
    site.session.commit()
    site.session.remove()
    downgrade(revision="0002")
    upgrade()
    (found,) = site.session.scalars(select(MailingList))
    assert (found.time_zone, found.digest_hour) == ("UTC", 6)
    assert len(site.session.scalars(select(Subscription)).all()) == 1
    site.session.rollback()


def test_a_digest_that_was_deferred_is_the_same_mail_later(site: Site) -> None:
    site.reader()
    site.post(subject="Un")
    site.transport.answer = Deferred("451 later")
    assert site.work(MORNING) == []
    site.transport.answer = None
    site.post(subject="Deux", at=MORNING + timedelta(minutes=1))
    (digest,) = site.work(MORNING + timedelta(minutes=2))
    assert subjects(digest) == ["Un"]
    row = site.session.scalars(select(DigestDelivery)).one()
    assert digest["Message-ID"].startswith(f"<digest-{row.id}.")
    site.session.rollback()


def test_a_refused_digest_is_given_up_as_a_delivery_is(site: Site) -> None:
    site.reader()
    site.post()
    site.transport.answer = Refused("550 5.1.1 no")
    assert site.work(MORNING) == []
    assert site.states() == [SendState.FAILED]


def test_what_is_more_than_one_mail_holds_comes_in_a_second(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "POSTS_PER_DIGEST", 2)
    site.reader()
    for number in range(3):
        site.post(subject=f"Sujet {number}", at=EVENING + timedelta(minutes=number))
    found = site.work(MORNING)
    assert [len(subjects(one)) for one in found] == [2, 1]


def test_answering_a_message_of_a_digest_reaches_the_list_and_its_thread(site: Site) -> None:
    site.reader()
    site.post(PLAIN_MAIL)
    (digest,) = site.work(MORNING)
    _, messages = digest.iter_parts()
    (one,) = [part.get_payload(0) for part in messages.iter_parts()]
    assert isinstance(one, EmailMessage)
    assert one["Message-ID"] == "<plain@example.org>"
    assert "ancrage@lists.example.org" in one["Reply-To"]
    assert "ancrage@lists.example.org" not in f"{digest['From']} {digest['Reply-To']}"


def test_attachments_are_left_out_and_linked(site: Site) -> None:
    site.reader(language="en")
    post = site.post(HTML_MAIL)
    (digest,) = site.work(MORNING)
    whole = digest.as_bytes()
    assert b"bW9pcyxwYW5pZXJz" not in whole
    assert f"{SITE}/posts/{post.id}/attachments/0/paniers.csv".encode() in whole
    assert b"<b>compte rendu</b>" in whole
    assert b"Attachment: paniers.csv (1 kB)" in whole


def test_a_signed_message_stays_as_it_is() -> None:
    light = without_attachments(SIGNED_MAIL, str)
    assert light == SIGNED_MAIL.replace(b"\n", b"\r\n")


def test_a_message_too_large_for_a_digest_is_shortened(site: Site) -> None:
    site.reader(language="en")
    text = "Une phrase assez longue pour remplir la page.\n"
    site.post(subject="Grand", text=text * 10_000)
    (digest,) = site.work(MORNING)
    assert LEAST_SHARE < len(digest.as_bytes()) < 250_000
    assert "[…]" in str(digest.get_payload(1).get_payload(0).get_payload(0).get_content())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Subject: x\n\nbegin 644 a.txt\n#86)C\n`\nend\n",
        b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n",
        b'Content-Type: multipart/mixed; boundary="a"\n\n--a\n\nx\n--a\n'
        b"Content-Type: image/png\n\nz",
        b"Subject: x\n\n" + b"long" * 500 + b"\n",
        b"Subject: x\n\nnul\0nul\n",
        b"Subject: x\rFrom: a@example.org\r\rold Macintosh\r",
        b'Content-Type: multipart/mixed; boundary="b"\n\n--a\n'
        b"Content-Type: image/png\n\nz\n--a--\n",
    ],
)
def test_any_message_can_stand_in_a_digest(site: Site, raw: bytes) -> None:
    site.reader()
    site.post(b"From: Awa <awa@example.org>\n" + raw)
    (digest,) = site.work(MORNING)
    assert len(subjects(digest)) == 1
    assert max(map(len, site.transport.sent[0][2].split(b"\r\n"))) <= 998
    assert b"\0" not in site.transport.sent[0][2]


@pytest.mark.parametrize(
    ("size", "shown"), [(3, "1 kB"), (1499, "1 kB"), (999_400, "999 kB"), (2_340_000, "2.3 MB")]
)
def test_sizes_are_told_in_round_numbers(size: int, shown: str) -> None:
    assert size_text(size, "en") == shown
    assert size_text(2_340_000, "fr") == "2,3 Mo"


@pytest.mark.parametrize("options", [{"time_zone": "Mars/North"}, {"digest_hour": 24}])
def test_a_list_has_a_time_zone_and_an_hour_that_exist(site: Site, options: dict) -> None:
    with pytest.raises(ListError):
        edit_list(site.session, site.where, **options)


def test_the_command_sends_what_waits_once(app: Flask, site: Site) -> None:
    site.reader()
    other = site.make.mailing_list("bureau")
    site.make.subscriber(other, PILAR, delivery="daily")
    site.post(at=utcnow())
    publish(
        site.session, other, parse(mail(subject="Bureau"), EVENING), utcnow(), source=Source.EMAIL
    )
    site.session.commit()
    assert here(app, "mail", "digest", "no-such").status == 2
    assert here(app, "mail", "digest", "ancrage", "--now").out == b"queued=1 sent=1\n"
    assert here(app, "mail", "digest", "ancrage", "--now").out == b"queued=0 sent=0\n"
    assert here(app, "mail", "digest", "--now").out == b"queued=1 sent=1\n"
    outbox = sorted((site.settings.data_dir / "outbox" / "new").iterdir())
    found = [parsed(path.read_bytes()) for path in outbox]
    assert sorted(str(one["List-Id"]) for one in found) == [
        '"Territorial anchoring" <ancrage.lists.example.org>',
        '"Territorial anchoring" <bureau.lists.example.org>',
    ]
    assert {one["Delivered-To"] for one in found} == {PILAR}


def test_a_worker_writes_digests_to_the_maildir(site: Site) -> None:
    site.reader()
    site.post()
    site.session.commit()
    own = Session(db.engine, expire_on_commit=False)
    index = open_index(site.settings, db.engine)
    site.clock.now = MORNING
    transport = open_transport(site.settings.smarthost)
    assert Worker(own, site.settings, transport, index, now=site.clock).drain() == 1
    own.close()
    (path,) = (site.settings.data_dir / "outbox" / "new").iterdir()
    assert subjects(parsed(path.read_bytes())) == ["Monnaies locales"]
