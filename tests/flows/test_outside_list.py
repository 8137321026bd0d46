"""The simulated outside lists do to mail what such lists do."""

from __future__ import annotations

import email
import email.policy
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage

import pytest

from tests.factories import mail
from tests.flows.outside_digest import digest
from tests.flows.outside_fields import Identity
from tests.flows.outside_habits import (
    COMBINED,
    GOOGLE,
    MAILMAN2,
    MAILMAN3,
    SWITCHES,
    SYMPA,
    WHOLE,
    DigestForm,
    Footer,
    Habits,
    Software,
)
from tests.flows.outside_list import OutsideList, OutsideWorld
from tests.flows.outside_mail import Posted, distributed

OWN = Identity("terres@listes.example.net", "Terres")
IMANE = "Imane Zeroual <imane@example.com>"
TEXT = (
    "Bonjour, les semences paysannes ont été échangées samedi dernier au marché de la ville, et "
    "trente personnes sont venues avec des graines de leur jardin.\n\nImane\n"
)
NUMBERS = itertools.count(1)


def written(**fields: str) -> bytes:
    values = {"author": IMANE, "text": TEXT, "subject": "Semences", "to": OWN.address, **fields}
    return mail(message_id=values.pop("message_id", f"s{next(NUMBERS)}@example.com"), **values)


def in_two_forms() -> bytes:
    message = email.message_from_bytes(written(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    message.add_alternative(f"<p>{TEXT}</p>", subtype="html")
    return message.as_bytes()


def passed(habits: Habits, raw: bytes | None = None) -> tuple[EmailMessage, Posted]:
    posted = distributed(written() if raw is None else raw, OWN, habits, 5)
    parsed = email.message_from_bytes(posted.raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed, posted


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("name", [*SWITCHES, *WHOLE, *COMBINED])
def test_every_habit_keeps_the_words_and_says_which_list_it_is(name: str) -> None:
    habits = {**SWITCHES, **WHOLE, **COMBINED}[name]
    message, posted = passed(habits)
    assert TEXT.split() == text_of(message).split()[: len(TEXT.split())]
    assert message["List-Id"] == "Terres <terres.listes.example.net>"
    assert message["Precedence"] == "list"
    assert posted.message_id == message["Message-ID"]


def test_without_habits_the_message_is_passed_on_as_it_is() -> None:
    message, posted = passed(Habits())
    assert message["From"] == IMANE
    assert message["Subject"] == "Semences"
    assert text_of(message) == TEXT == posted.text


@pytest.mark.parametrize(
    ("habits", "shown", "field"),
    [
        (SYMPA, "Imane Zeroual via Terres <terres@listes.example.net>", "X-Original-From"),
        (MAILMAN2, "Imane Zeroual via Terres <terres@listes.example.net>", "Reply-To"),
        (MAILMAN3, "Imane Zeroual via Terres <terres@listes.example.net>", "Reply-To"),
        (GOOGLE, "'Imane Zeroual' via Terres <terres@listes.example.net>", "X-Original-From"),
    ],
)
def test_the_author_is_hidden_as_each_software_hides_them(
    habits: Habits, shown: str, field: str
) -> None:
    message, _ = passed(habits)
    assert (str(message["From"]), str(message[field])) == (shown, IMANE)


def test_an_author_can_be_hidden_altogether() -> None:
    message, _ = passed(SWITCHES["from-hidden"])
    assert b"imane@" not in b"".join(f"{k}: {v}".encode() for k, v in message.items())


def test_a_mailman_whose_answers_go_to_the_list_puts_the_author_in_cc() -> None:
    message, _ = passed(replace(MAILMAN3, reply_to_list=True))
    assert (message["Reply-To"], message["Cc"]) == (OWN.address, IMANE)


@pytest.mark.parametrize(
    ("software", "subject", "shown"),
    [
        (Software.MAILMAN3, "Semences", "[Terres] Semences"),
        (Software.MAILMAN3, "Re: [Terres] Semences", "[Terres] Re: Semences"),
        (Software.SYMPA, "Re: [Terres] Semences", "Re: [Terres] Semences"),
        (Software.MAILMAN2, "Événement à l'été", "[Terres] Événement à l'été"),
    ],
)
def test_a_prefix_stands_once_in_a_subject(software: Software, subject: str, shown: str) -> None:
    message, _ = passed(Habits(software, has_prefix=True), written(subject=subject))
    assert message["Subject"] == shown


def test_a_footer_is_written_on_or_a_part_of_its_own() -> None:
    message, _ = passed(Habits(Software.MAILMAN2, footer=Footer.PART))
    assert text_of(message).startswith(TEXT)
    assert "https://listes.example.net/mailman/listinfo/terres" in text_of(message)
    message, _ = passed(Habits(Software.MAILMAN2, footer=Footer.PART), in_two_forms())
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/plain",
    ]  # fmt: skip
    message, posted = passed(GOOGLE, in_two_forms())
    for kind in ("plain", "html"):
        assert f"msgid/terres/{posted.original_id.strip('<>')}" in text_of(message, kind)


def test_html_can_be_stripped() -> None:
    message, _ = passed(SWITCHES["no-html"], in_two_forms())
    assert message.get_content_type() == "text/plain"
    assert text_of(message) == TEXT


def test_ids_can_be_rewritten() -> None:
    message, posted = passed(SWITCHES["new-ids"])
    assert message["Message-ID"] != posted.original_id
    assert posted.original_id.endswith("@example.com>")


@pytest.mark.parametrize("encoding", ["base64", "8bit", "quoted-printable"])
def test_texts_are_encoded_again(encoding: str) -> None:
    message, posted = passed(SWITCHES[encoding], in_two_forms())
    parts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    assert [part["Content-Transfer-Encoding"] for part in parts] == [encoding, encoding]
    assert text_of(message) == TEXT
    assert posted.raw.isascii() == (encoding != "8bit")


def test_lines_are_wrapped_anew_and_quotations_keep_their_marks() -> None:
    quoted = "> " + TEXT.partition("\n")[0] + "\n\nOui.\n"
    message, _ = passed(SWITCHES["rewrapped"], written(text=quoted))
    lines = text_of(message).splitlines()
    assert max(map(len, lines)) <= 62
    assert len(lines) > 3 and all(line.startswith("> ") for line in lines[:-2])


def test_unknown_fields_can_be_dropped() -> None:
    raw = written(X_Passerelle_Post="abc")
    assert passed(Habits(), raw)[0]["X-Passerelle-Post"] == "abc"
    message, _ = passed(Habits(drops_unknown=True), raw)
    assert message["X-Passerelle-Post"] is None
    assert message["Subject"] == "Semences"


@pytest.mark.parametrize("software", list(Software))
def test_each_software_signs_its_mail(software: Software) -> None:
    message, _ = passed(Habits(software))
    mark = {
        Software.SYMPA: ("X-Loop", OWN.address),
        Software.MAILMAN2: ("X-BeenThere", OWN.address),
        Software.MAILMAN3: ("X-MailFrom", "imane@example.com"),
        Software.GOOGLE: ("X-Original-Sender", "imane@example.com"),
    }[software]
    assert message[mark[0]] == mark[1]


@pytest.mark.parametrize("software", [Software.MAILMAN2, Software.SYMPA])
def test_a_mime_digest_holds_the_messages_whole(software: Software) -> None:
    habits = Habits(software, digest=DigestForm.MIME, has_prefix=True, rewrites_from=True)
    some = [passed(habits)[1], passed(habits, in_two_forms())[1]]
    parsed = email.message_from_bytes(digest(some, OWN, habits, 3))
    found = [part.get_payload(0) for part in parsed.walk()
             if part.get_content_type() == "message/rfc822"]  # fmt: skip
    assert [one["Message-ID"] for one in found] == [one.message_id for one in some]
    # The author is hidden in what is sent one by one, after the digest has taken its copy.
    assert {one["From"] for one in found} == {IMANE}
    assert all(one["Subject"].startswith("[Terres]") for one in found)


def test_a_plain_digest_follows_rfc_1153() -> None:
    habits = Habits(Software.MAILMAN2, digest=DigestForm.PLAIN)
    some = [passed(habits)[1], passed(habits)[1]]
    parsed = email.message_from_bytes(digest(some, OWN, habits, 3), policy=email.policy.default)
    text = parsed.get_content().replace("\r\n", "\n")
    assert text.count("\n\n" + "-" * 70 + "\n\n") == 1
    assert text.count("\n\n" + "-" * 30 + "\n\n") == 3
    assert text.endswith("End of Terres Digest, Vol 7, Issue 3\n" + "*" * 36 + "\n")
    assert all(f"Message-ID: {one.message_id}" in text for one in some)


@pytest.fixture
def world() -> Iterator[OutsideWorld]:
    with OutsideWorld() as world:
        yield world


def new_list(world: OutsideWorld, habits: Habits) -> OutsideList:
    made = world.new_list(OWN.address, OWN.title, habits)
    made.members |= {"imane@example.com", "joan@example.com"}
    return made


def arrived(world: OutsideWorld, recipient: str, number: int) -> list[bytes]:
    deadline = time.monotonic() + 10
    while len(world.to(recipient)) < number:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return [one.raw for one in world.to(recipient)]


def test_a_members_post_reaches_every_member_and_the_archive(world: OutsideWorld) -> None:
    made = new_list(world, SYMPA)
    world.write("imane@example.com", OWN.address, written())
    for member in ("imane@example.com", "joan@example.com"):
        assert b"X-Sequence: 1\r\n" in arrived(world, member, 1)[0]
    assert world.to("joan@example.com")[0].reverse_path == "terres-owner@listes.example.net"
    assert [one.author for one in made.archive] == ["imane@example.com"]


def test_a_strangers_post_and_its_own_mail_come_back_are_refused(world: OutsideWorld) -> None:
    made = new_list(world, SYMPA)
    world.write("who@example.com", OWN.address, written(author="who@example.com"))
    world.write("imane@example.com", OWN.address, written())
    world.write("imane@example.com", OWN.address, made.archive[0].raw)
    assert (len(made.archive), len(made.refused)) == (1, 2)


def test_a_list_can_deliver_twice(world: OutsideWorld) -> None:
    new_list(world, SWITCHES["twice"])
    world.write("imane@example.com", OWN.address, written())
    first, second = arrived(world, "joan@example.com", 2)
    assert first != second
    assert first.partition(b"\r\n")[2] == second.partition(b"\r\n")[2]


def with_door(world: OutsideWorld, made: OutsideList) -> list[bytes]:
    """A bridge that belongs to the list; gives what is handed to it."""
    taken: list[bytes] = []
    world.doors["bridge@lists.example.org"] = lambda path, to, raw: taken.append(raw)
    made.members.add("bridge@lists.example.org")
    return taken


def test_what_the_bridge_sends_may_wait_for_a_moderator(world: OutsideWorld) -> None:
    made = new_list(world, SWITCHES["moderated"])
    taken = with_door(world, made)
    raw = written(author="Grace via Forum <bridge@lists.example.org>")
    world.write("bridge@lists.example.org", OWN.address, raw)
    world.settle()
    assert not made.archive
    assert b"Subject: Your message to Terres awaits moderator approval" in taken[0]
    assert made.release() == 1
    world.settle()
    assert b"Semences" in taken[1] and len(made.archive) == 1


def test_a_bridge_may_receive_digests_alone(world: OutsideWorld) -> None:
    made = new_list(world, SWITCHES["digest-mime"])
    taken = with_door(world, made)
    for _ in range(2):
        world.write("imane@example.com", OWN.address, written())
    world.settle()
    assert not taken
    assert made.send_digest() == 2
    assert made.send_digest() == 0
    world.settle()
    assert len(taken) == 1 and taken[0].count(b"Subject: Semences") == 2


@pytest.mark.parametrize("software", list(Software))
def test_a_subscription_is_confirmed_by_an_answer(world: OutsideWorld, software: Software) -> None:
    made = new_list(world, Habits(software, confirms=True))
    made.ask("joan2@example.com")
    asked = email.message_from_bytes(arrived(world, "joan2@example.com", 1)[0])
    assert "joan2@example.com" not in made.members
    answer = written(
        author="joan2@example.com", to=asked["From"], subject=f"Re: {asked['Subject']}"
    )
    world.write("joan2@example.com", asked["From"], answer)
    assert "joan2@example.com" in made.members
