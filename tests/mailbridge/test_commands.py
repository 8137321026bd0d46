"""Commands by mail in three languages, answered in the sender's."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.message import parse
from forum.operations.following import standing
from forum.operations.invitations import invite
from forum.settings import Settings
from forum.storage.choices import Following
from forum.storage.lists import MailingList
from forum.storage.mail import Incoming, Notice
from forum.storage.people import subscription_of
from mailbridge import notices
from mailbridge.command_words import Verb, read_command
from mailbridge.receive import Envelope, receive
from tests.factories import START, Make, mail

PILAR = "pilar@example.net"
AUTHOR = "Pilar Gómez <pilar@example.net>"


def test_an_answer_mark_before_the_word_does_not_matter() -> None:
    assert command("Re: aide") == (Verb.HELP, "fr")


def command(subject: str, text: str = "") -> tuple[Verb, str | None]:
    found = read_command(parse(mail(subject=subject, text=text), START))
    return found.verb, found.language


@pytest.mark.parametrize(
    ("word", "verb", "language"),
    [
        ("help", Verb.HELP, "en"),
        ("AIDE", Verb.HELP, "fr"),
        ("Ayuda.", Verb.HELP, "es"),
        ("subscribe", Verb.SUBSCRIBE, "en"),
        ("Abonner", Verb.SUBSCRIBE, "fr"),
        ("s’abonner", Verb.SUBSCRIBE, "fr"),
        ("suscribir", Verb.SUBSCRIBE, "es"),
        ("suscripción", Verb.SUBSCRIBE, "es"),
        ("unsubscribe", Verb.UNSUBSCRIBE, "en"),
        ("désabonner", Verb.UNSUBSCRIBE, "fr"),
        ("DESABONNER", Verb.UNSUBSCRIBE, "fr"),
        ("de\u0301sabonner", Verb.UNSUBSCRIBE, "fr"),
        ("desuscribir", Verb.UNSUBSCRIBE, "es"),
        ("darme de baja", Verb.UNSUBSCRIBE, "es"),
    ],
)
def test_words_of_three_languages_with_and_without_accents(
    word: str, verb: Verb, language: str
) -> None:
    assert command(word) == (verb, language)
    assert command("", f"\n{word}\n-- \nPilar\n") == (verb, language)


@pytest.mark.parametrize(
    "text",
    ["abonnez-vous tous", "aidez nous à préparer la rencontre de mardi prochain", "bonjour",
     "help us to prepare the meeting please", "confirm"],
)  # fmt: skip
def test_sentences_are_no_commands(text: str) -> None:
    assert command(text, text)[0] is Verb.UNKNOWN


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    found = make.mailing_list(language="fr")
    make.commit()
    return found


class Post:
    """Mail to the list's addresses, and what was answered."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self.session = session
        self.settings = settings
        self.hours = 0

    def send(self, suffix: str, sender: str = PILAR, **fields: str) -> Incoming:
        self.hours += 1
        fields.setdefault("author", AUTHOR)
        fields.setdefault("text", "\n")
        raw = mail(date=START + timedelta(hours=self.hours), **fields)
        to = f"ancrage-{suffix}@lists.example.org"
        receive(self.session, Envelope(sender, to), raw, START, self.settings)
        query = select(Incoming).order_by(Incoming.id.desc()).limit(1)
        return self.session.scalars(query).one()

    def answers(self) -> list[Notice]:
        return list(self.session.scalars(select(Notice).order_by(Notice.id)))


@pytest.fixture
def box(session: Session, settings: Settings, ancrage: MailingList) -> Post:
    return Post(session, settings)


@pytest.mark.parametrize(
    ("subject", "language"), [("subscribe", "en"), ("abonner", "fr"), ("suscribir", "es")]
)
def test_joining_is_confirmed_by_a_reply(
    box: Post, ancrage: MailingList, session: Session, subject: str, language: str
) -> None:
    row = box.send("request", subject=subject)
    assert (row.state, row.reasons) == ("command", ["subscribe"])
    asked = box.answers()[-1]
    assert (asked.kind, asked.recipient, asked.language) == ("confirm-subscribe", PILAR, language)
    assert subscription_of(session, ancrage.id, PILAR) is None
    box.send(f"confirm+{asked.params['secret']}", subject="Re: oui")
    found = subscription_of(session, ancrage.id, PILAR)
    assert found is not None
    assert found.language == language
    assert box.answers()[-1].kind == "welcome"


def test_who_shows_no_language_is_asked_in_all_three(
    box: Post, ancrage: MailingList, session: Session, settings: Settings
) -> None:
    box.send("subscribe", subject="")
    asked = box.answers()[-1]
    copy = notices.build(asked, settings)
    message = email.message_from_bytes(copy.message, policy=email.policy.default)
    text = message.get_content()
    places = [text.index(f"{asked.params['link']}?lang={code}") for code in ("fr", "en", "es")]
    assert places == sorted(places)  # The list's language first.
    assert message["Content-Language"] == "fr, en, es"
    assert message["Subject"].startswith("Confirmez votre abonnement / Please confirm")
    assert message["Reply-To"] == f"ancrage-confirm+{asked.params['secret']}@lists.example.org"
    box.send(f"confirm+{asked.params['secret']}", subject="Re: oui")
    assert subscription_of(session, ancrage.id, PILAR) is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "alta"},
        {"subject": "", "text": "Quisiera recibir los mensajes de esta lista, muchas gracias.\n"},
    ],
)
def test_who_shows_a_language_is_asked_in_it_alone(box: Post, fields: dict[str, str]) -> None:
    box.send("subscribe", **fields)
    asked = box.answers()[-1]
    assert (asked.kind, asked.language) == ("confirm-subscribe", "es")


def test_an_absence_reply_confirms_nothing(
    box: Post, ancrage: MailingList, session: Session
) -> None:
    box.send("subscribe", subject="")
    secret = box.answers()[-1].params["secret"]
    for fields in (
        {"subject": "Respuesta automática: Confirme su suscripción"},
        {"subject": "Re: x", "Auto_Submitted": "auto-replied"},
    ):
        assert box.send(f"confirm+{secret}", **fields).state == "automatic"
    assert box.send(f"confirm+{secret}", sender="", subject="Re: x").state == "automatic"
    assert subscription_of(session, ancrage.id, PILAR) is None
    box.send(f"confirm+{secret}", subject="Re: x")
    assert subscription_of(session, ancrage.id, PILAR) is not None


def test_leaving_is_confirmed_in_the_language_of_the_subscription(
    box: Post, ancrage: MailingList, session: Session, make: Make
) -> None:
    make.subscriber(ancrage, PILAR, language="es")
    make.commit()
    box.send("unsubscribe", subject="unsubscribe")
    asked = box.answers()[-1]
    assert (asked.kind, asked.language) == ("confirm-unsubscribe", "es")
    box.send(f"confirm+{asked.params['secret']}", subject="Re: x")
    assert subscription_of(session, ancrage.id, PILAR) is None
    assert box.answers()[-1].kind == "goodbye"


def test_who_is_not_subscribed_gets_no_mail_for_leaving(box: Post) -> None:
    box.send("unsubscribe", subject="")
    assert box.answers() == []


def test_a_wrong_or_used_token_confirms_nothing(
    box: Post, ancrage: MailingList, session: Session
) -> None:
    assert box.send("confirm+0123456789abcdef0123", subject="Re: x").state == "command"
    assert subscription_of(session, ancrage.id, PILAR) is None


@pytest.mark.parametrize(
    ("subject", "text", "language"),
    [
        ("ayuda", "\n", "es"),
        ("help", "\n", "en"),
        ("???", "Quisiera saber cómo puedo participar en los intercambios de la lista\n", "es"),
        ("???", "\n", "fr"),
    ],
)
def test_the_answer_is_in_the_word_s_language_else_the_text_s_else_the_list_s(
    box: Post, subject: str, text: str, language: str
) -> None:
    box.send("request", subject=subject, text=text, message_id="q@example.net")
    answer = box.answers()[-1]
    assert answer.language == language
    assert answer.params["in_reply_to"] == "q@example.net"
    assert answer.kind == ("unknown-command" if subject == "???" else "help")


def test_an_accounts_language_wins_over_the_words(box: Post, make: Make) -> None:
    make.account(PILAR, language="en")
    make.commit()
    box.send("request", subject="ayuda")
    assert box.answers()[-1].language == "en"


def test_a_forged_token_of_another_list_is_of_no_use(
    box: Post, make: Make, session: Session, settings: Settings
) -> None:
    other = make.mailing_list("autre")
    make.commit()
    raw = mail(author=AUTHOR, subject="subscribe", text="\n")
    receive(session, Envelope(PILAR, "autre-request@lists.example.org"), raw, START, settings)
    secret = box.answers()[-1].params["secret"]
    assert re.fullmatch(r"[0-9a-f]{48}", secret)
    box.send(f"confirm+{secret}", subject="Re: x")
    assert subscription_of(session, other.id, PILAR) is None


@pytest.mark.parametrize(
    ("line", "verb", "language"),
    [
        ("réglages", Verb.SETTINGS, "fr"),
        ("options", Verb.SETTINGS, None),
        ("Quotidien", Verb.DAILY, "fr"),
        ("resumen semanal", Verb.WEEKLY, "es"),
        ("sans courriel", Verb.NO_MAIL, "fr"),
        ("pause", Verb.PAUSE, None),
        ("pausa hasta el 24/12/2026", Verb.PAUSE, "es"),
        ("pause jusqu’au 2026-12-24", Verb.PAUSE, None),
        ("reanudar", Verb.RESUME, "es"),
        ("mute", Verb.MUTE, "en"),
        ("seguir", Verb.FOLLOW, "es"),
        ("pause café ?", Verb.UNKNOWN, None),
        ("chaque membre compte", Verb.UNKNOWN, None),
        ("pause 2026-02-31", Verb.UNKNOWN, None),
    ],
)
def test_words_that_change_how_one_receives(line: str, verb: Verb, language: str | None) -> None:
    assert command(line) == (verb, language)


def test_a_digest_is_asked_for_by_mail_and_confirmed_by_a_reply(
    box: Post, ancrage: MailingList, session: Session, make: Make
) -> None:
    one = make.subscriber(ancrage, PILAR, language="es")
    make.commit()
    assert box.send("request", subject="daily").reasons == ["daily"]
    asked = box.answers()[-1]
    assert (asked.kind, asked.language) == ("confirm-change", "es")
    session.refresh(one)
    assert one.delivery == "each"
    box.send(f"confirm+{asked.params['secret']}", subject="Re: sí")
    session.refresh(one)
    assert one.delivery == "daily"
    assert box.answers()[-1].kind == "changed"


def test_a_pause_in_the_past_is_refused_with_the_reason(
    box: Post, ancrage: MailingList, make: Make
) -> None:
    make.subscriber(ancrage, PILAR)
    make.commit()
    box.send("request", subject="pause 2010-02-28")
    told = box.answers()[-1]
    assert (told.kind, told.params["past_day"]) == ("unknown-command", "yes")
    assert "unknown" not in told.params
    box.send("request", subject="pause 2010-04-28")
    assert box.answers()[-1].params["until"] == "2010-04-28"


@pytest.mark.parametrize("how", ["reply", "address"])
def test_a_thread_is_muted_by_answering_one_of_its_messages(
    box: Post, ancrage: MailingList, session: Session, make: Make, how: str
) -> None:
    one = make.subscriber(ancrage, PILAR)
    post = make.post(ancrage, message_id="first@example.org")
    make.commit()
    person, thread = one.address.author_id, post.thread
    if how == "reply":
        fields = {"subject": "Re: Monnaies locales", "text": "silenciar\n",
                  "in_reply_to": "first@example.org"}  # fmt: skip
    else:
        fields = {"subject": "mute", "text": f"http://forum.example.org/posts/{post.id}\n"}
    box.send("request", **fields)
    asked = box.answers()[-1]
    assert asked.params["change_mute"]
    assert standing(session, person, thread).state == Following.USUAL
    box.send(f"confirm+{asked.params['secret']}", subject="Re: ok")
    session.expire_all()
    assert standing(session, person, thread).state == Following.MUTE


def test_without_a_thread_there_is_nothing_to_mute(
    box: Post, ancrage: MailingList, make: Make
) -> None:
    make.subscriber(ancrage, PILAR)
    make.commit()
    box.send("request", subject="mute")
    told = box.answers()[-1]
    assert (told.kind, told.params["no_thread"]) == ("unknown-command", "yes")
    assert "unknown" not in told.params


def test_settings_bring_a_link_and_strangers_the_instructions(
    box: Post, ancrage: MailingList, make: Make
) -> None:
    box.send("request", subject="réglages")
    assert box.answers()[-1].kind == "help"
    make.subscriber(ancrage, PILAR)
    make.commit()
    box.send("request", subject="réglages")
    assert box.answers()[-1].kind == "settings-link"


def test_an_invitation_is_accepted_by_a_reply(
    box: Post, ancrage: MailingList, session: Session, make: Make
) -> None:
    invite(session, ancrage, [PILAR], START, site_url="http://forum.example.org")
    make.commit()
    box.send(f"confirm+{box.answers()[-1].params['secret']}", subject="Re: con gusto")
    assert subscription_of(session, ancrage.id, PILAR) is not None
    assert box.answers()[-1].kind == "welcome"
