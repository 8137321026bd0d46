"""Who copies are from, where answers go, and what stands before the subject."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest
from sqlalchemy.orm import Session

from forum.domain.subject import parse_subject
from forum.domain.values import Mailbox
from forum.operations.lists import edit_list
from forum.settings import Settings
from mailbridge.outgoing import Builder
from mailbridge.sender import FREEMAIL, prefixed, rewrites_from
from tests.factories import Make, mail
from tests.mailbridge.signing import Zone
from tests.mailbridge.test_outgoing import Outbox

OWN = "ancrage@lists.example.org"
ZONE = {
    "_dmarc.reject.example.net": (b"v=DMARC1; p=reject",),
    "_dmarc.quarantine.example.net": (b"v=DMARC1;p=Quarantine; pct=5",),
    "_dmarc.none.example.net": (b"v=DMARC1; p=none",),
    "_dmarc.parent.example.net": (b"v=DMARC1; p=none; sp=reject",),
}


@pytest.mark.parametrize(
    ("domain", "rewritten"),
    [
        ("reject.example.net", True),
        ("REJECT.example.net", True),
        ("quarantine.example.net", True),
        ("none.example.net", False),
        ("nothing.example.net", False),
        ("parent.example.net", False),
        ("below.parent.example.net", True),
        ("lists.example.org", False),
        ("gmail.com", True),
    ],
)
def test_the_policy_of_the_authors_domain_decides_where_it_can_be_asked(
    make: Make, domain: str, rewritten: bool
) -> None:
    zone = Zone(dict(ZONE))
    found = rewrites_from(
        Mailbox("A", f"a@{domain}"), make.mailing_list(), "lists.example.org", zone
    )
    assert found is rewritten


def test_a_silent_dns_lets_the_list_speak(make: Make) -> None:
    zone = Zone(dict(ZONE), silent=True)
    where = make.mailing_list()
    assert rewrites_from(Mailbox("A", "a@none.example.net"), where, "lists.example.org", zone)


@pytest.mark.parametrize("policy", ["keep", "always"])
def test_nothing_is_asked_where_the_list_has_decided(make: Make, policy: str) -> None:
    zone = Zone(dict(ZONE))
    where = make.mailing_list(from_policy=policy)
    author = Mailbox("A", "a@reject.example.net")
    assert rewrites_from(author, where, "lists.example.org", zone) is (policy == "always")
    assert zone.asked == []


def test_the_table_of_freemail_is_sound() -> None:
    assert all(name == name.lower().strip() and "." in name for name in FREEMAIL)


class Answers:
    """Copies of one mail of an author elsewhere, on a list with some policy."""

    def __init__(self, outbox: Outbox, make: Make, **options: str) -> None:
        self.outbox, self.make = outbox, make
        for name, value in options.items():
            setattr(outbox.where, name, value)

    def message(self, zone: Zone | None = None, **fields: str) -> EmailMessage:
        raw = mail(author="Zoé <zoe@none.example.net>", **fields)
        subscription = self.make.subscriber(self.outbox.where)
        builder = Builder(self.outbox.settings, lookup=zone)
        copy = builder.build(self.outbox.post(raw), lambda: raw, subscription)
        found = email.message_from_bytes(copy.message, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        return found


@pytest.fixture
def outbox(session: Session, settings: Settings, make: Make) -> Outbox:
    return Outbox(session, settings, make, make.mailing_list())


def _addresses(message: EmailMessage, name: str) -> list[str]:
    return [box.addr_spec for box in message[name].addresses] if message[name] else []


@pytest.mark.parametrize("rewritten", [True, False])
@pytest.mark.parametrize(
    ("policy", "answers"),
    [
        ("list", [OWN]),
        ("author", ["zoe@none.example.net"]),
        ("both", [OWN, "zoe@none.example.net"]),
    ],
)
def test_answers_go_where_the_list_says_and_the_author_can_be_reached(
    outbox: Outbox, make: Make, policy: str, answers: list[str], rewritten: bool
) -> None:
    zone = None if rewritten else Zone(dict(ZONE))
    message = Answers(outbox, make, reply_to=policy).message(zone, to=OWN)
    assert _addresses(message, "From") == [OWN if rewritten else "zoe@none.example.net"]
    assert _addresses(message, "Reply-To") == answers
    assert _addresses(message, "To") == [OWN]
    seen = {one for name in ("From", "Reply-To", "Cc") for one in _addresses(message, name)}
    assert "zoe@none.example.net" in seen
    assert (message["X-Original-From"] is not None) is rewritten


def test_an_author_who_asks_for_answers_elsewhere_gets_them_there(
    outbox: Outbox, make: Make
) -> None:
    answers = Answers(outbox, make, reply_to="author")
    message = answers.message(Reply_To="Bureau <bureau@example.net>")
    assert _addresses(message, "Reply-To") == ["bureau@example.net"]


def test_answers_to_the_list_stay_there_when_the_author_wrote_so(
    outbox: Outbox, make: Make
) -> None:
    message = Answers(outbox, make, reply_to="author").message(Reply_To=OWN)
    assert _addresses(message, "Reply-To") == [OWN]


def test_the_author_stands_in_cc_once_with_those_who_stood_there(
    outbox: Outbox, make: Make
) -> None:
    answers = Answers(outbox, make, reply_to="list")
    one = answers.message(Cc="Mairie <mairie@example.org>", message_id="one@example.net")
    assert _addresses(one, "Cc") == ["mairie@example.org", "zoe@none.example.net"]
    fields = {"Cc": "Zoe@none.example.net", "message_id": "two@example.net", "text": "Oui.\n"}
    two = answers.message(**fields)
    assert _addresses(two, "Cc") == ["Zoe@none.example.net"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Paniers", "[Ancrage] Paniers"),
        ("[Ancrage] Paniers", "[Ancrage] Paniers"),
        ("Re: [Ancrage] Paniers", "Re: [Ancrage] Paniers"),
        ("RE: Re: [ANCRAGE] Re: Paniers", "RE: [Ancrage] Paniers"),
        ("[Ancrage] Re: [Ancrage] Paniers", "Re: [Ancrage] Paniers"),
        ("Ré : TR: [Ancrage] Paniers", "[Ancrage] Ré : TR: [Ancrage] Paniers"),
        ("Rép : TR: [Ancrage] Paniers", "Rép : TR: [Ancrage] Paniers"),
        ("[proposition] Paniers", "[Ancrage] [proposition] Paniers"),
        ("Paniers [Ancrage]", "[Ancrage] Paniers [Ancrage]"),
        ("", "[Ancrage]"),
        ("Re:", "Re: [Ancrage]"),
    ],
)
def test_a_prefix_is_not_stacked(written: str, shown: str) -> None:
    assert prefixed(written, "[Ancrage]") == shown
    assert prefixed(shown, "[Ancrage]") == shown


def test_a_copy_bears_the_prefix_and_its_answer_is_about_the_same(
    outbox: Outbox, make: Make
) -> None:
    answers = Answers(outbox, make, subject_prefix="[Là-haut]")
    message = answers.message(subject="Où en est-on ?")
    assert message["Subject"] == "[Là-haut] Où en est-on ?"
    taken = parse_subject(f"Re: {message['Subject']}", outbox.where.subject_names)
    assert taken.base == "Où en est-on ?"
    post = outbox.post(mail(subject=f"Re: {message['Subject']}", message_id="re@example.org"))
    assert post.base_subject == "où en est-on ?"


MUNGED = (
    b"From: Pilar via Liste <liste@lists.example.net>\r\n"
    b"Reply-To: Pilar <pilar@example.net>\r\n"
    b"To: liste@lists.example.net\r\nMessage-ID: <munged@example.net>\r\n"
    b"Date: Mon, 1 Mar 2010 10:00:00 +0000\r\nSubject: Pactos\r\n\r\nHola a todas.\r\n"
)
NAMELESS = (
    MUNGED.replace(b"Reply-To: Pilar <pilar@example.net>\r\n", b"")
    .replace(b"<munged@", b"<nameless@")
    .replace(b"Hola", b"Buenas tardes")
)


def test_what_an_outside_list_put_on_an_author_is_not_the_authors(outbox: Outbox) -> None:
    edit_list(
        outbox.session,
        outbox.where,
        mode="mirrored",
        upstream_address="liste@lists.example.net",
        bridge_address="bridge@lists.example.org",
    )
    message = outbox.message(MUNGED)
    assert message["From"].addresses[0].display_name == "Pilar via Ancrage territorial"
    assert "pilar@example.net" in message["X-Original-From"]
    assert _addresses(message, "Reply-To") == ["ancrage@lists.example.org", "pilar@example.net"]
    # Who cannot be reached is named all the same.
    message = outbox.message(NAMELESS, token="1" * 48)
    assert message["From"].addresses[0].display_name == "Pilar via Ancrage territorial"
    assert _addresses(message, "Reply-To") == ["ancrage@lists.example.org"]
