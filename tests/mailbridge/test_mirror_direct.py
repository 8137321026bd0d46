"""Somebody writes to the outside list and to us at once: it is one post, whichever came first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from forum.operations.moderation import Verb, decide
from forum.storage.archive import MessageLink
from forum.storage.audit import AuditEntry
from forum.storage.mail import HeldMessage, HeldState, Incoming, IncomingState, Notice
from forum.storage.mirror import MirrorDelivery, MirrorSighting
from tests.factories import START, mail
from tests.mailbridge.mirroring import BRIDGE, FOOTER, LONG, OUTSIDE, OWN, Mirror, passed_on

BOTH = f"{OUTSIDE}, {OWN}"
REWRITTEN = {"new_id": "x1@listes.example.net", "hides": True, "answers_to_author": False}
HIDDEN = {
    "the id and the author": REWRITTEN,
    "these, and a known prefix": {**REWRITTEN, "prefix": "[atelier]"},
    "these, and a footer": {**REWRITTEN, "footer": FOOTER},
    "these, and lines like no other": {**REWRITTEN, "footer": "\nGazette ouverte à qui passe\n"},
}
COPIES = {**HIDDEN, "the id alone": {"new_id": "x1@listes.example.net"}}


def written(text: str = LONG, **fields: str) -> bytes:
    fields = {"author": "Luz Vega <luz@example.net>", "message_id": "l1@example.net", **fields}
    return mail(to=BOTH, text=text, **fields)


def accept(mirror: Mirror) -> bool:
    held = mirror.session.scalars(
        select(HeldMessage).where(HeldMessage.state == HeldState.HELD)
    ).one()
    stands = decide(mirror.session, held, Verb.ACCEPT, mirror.now)
    mirror.session.commit()
    return stands


def posted_by_outside(mirror: Mirror, raw: bytes, **habits: object) -> None:
    assert mirror.arrives(passed_on(raw, **habits)).state == IncomingState.POSTED


def same_post_once(mirror: Mirror, direct: Incoming) -> None:
    (post,) = mirror.posts()
    held = mirror.session.scalars(select(HeldMessage)).one()
    assert (held.state, held.post_id) == (HeldState.ACCEPTED, post.id)
    assert (direct.state, direct.post_id) == (IncomingState.DUPLICATE, post.id)
    # An answer to the copy that its author has sent lands below it.
    link = mirror.session.get(MessageLink, (mirror.mailing_list.id, "l1@example.net"))
    assert link is not None and link.post_id == post.id
    entry = mirror.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.target) == ("accept", f"held {held.id}")
    assert entry.details["duplicate"] is True
    mirror.work()
    assert mirror.went_out() == []


@pytest.mark.parametrize("habits", HIDDEN.values(), ids=HIDDEN)
def test_accepting_a_direct_copy_that_the_list_passed_on_posts_nothing(
    mirror: Mirror, habits: dict[str, object]
) -> None:
    direct = mirror.arrives(written(), to=OWN, path="luz@example.net")
    assert direct.state == IncomingState.HELD
    posted_by_outside(mirror, written(), **habits)
    assert accept(mirror) is True
    same_post_once(mirror, direct)


def test_a_direct_copy_with_the_same_content_waits_no_longer_and_leaves_a_line(
    mirror: Mirror,
) -> None:
    direct = mirror.arrives(written(), to=OWN, path="luz@example.net")
    posted_by_outside(mirror, written(), new_id="x1@listes.example.net")
    same_post_once(mirror, direct)
    assert mirror.session.scalars(select(AuditEntry)).one().details["automatic"] is True


@pytest.mark.parametrize("habits", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("address", [OWN, BRIDGE])
def test_a_direct_copy_that_comes_later_is_no_second_post_and_waits_for_nobody(
    mirror: Mirror, address: str, habits: dict[str, object]
) -> None:
    mirror.make.subscriber(mirror.mailing_list, "luz@example.net", delivery="none")
    mirror.make.commit()
    posted_by_outside(mirror, written(), **habits)
    row = mirror.arrives(written(), to=address, path="luz@example.net")
    (post,) = mirror.posts()
    assert (row.state, row.post_id) == (IncomingState.DUPLICATE, post.id)
    assert mirror.session.scalars(select(MirrorDelivery)).all() == []


@pytest.mark.parametrize("address", [OWN, BRIDGE])
def test_a_copy_that_is_held_does_not_hold_up_what_the_outside_list_sends(
    mirror: Mirror, address: str
) -> None:
    written = mail(author="Luz Vega <luz@example.net>", to=OUTSIDE, message_id="l1@example.net")
    direct = mirror.arrives(written, to=address, path="luz@example.net")
    assert direct.state == IncomingState.HELD
    row = mirror.arrives(passed_on(written, prefix="[atelier]", hides=True))
    post = mirror.posts()[0]
    assert (row.state, row.post_id) == (IncomingState.POSTED, post.id)
    held = mirror.session.scalars(select(HeldMessage)).one()
    assert (held.state, held.post_id) == (HeldState.ACCEPTED, post.id)
    assert (direct.state, direct.post_id) == (IncomingState.DUPLICATE, post.id)
    mirror.work()
    assert mirror.went_out() == []


def test_what_a_moderator_set_aside_stays_so_when_the_outside_list_sends_it(
    mirror: Mirror,
) -> None:
    written = mail(author="Luz Vega <luz@example.net>", to=OUTSIDE, message_id="l1@example.net")
    mirror.arrives(written, to=BRIDGE, path="luz@example.net")
    held = mirror.session.scalars(select(HeldMessage)).one()
    decide(mirror.session, held, Verb.DISCARD, mirror.now)
    mirror.session.commit()
    assert mirror.arrives(passed_on(written)).state == IncomingState.DISCARDED
    assert mirror.posts() == []


OTHERS = {
    "another text": {"text": "Une tout autre proposition, pour la rencontre d'automne celle-là.\n"},
    "a line more": {"text": LONG + "Et encore une ligne que personne n'a lue.\n"},
    "another author": {"author": "Ana Gil <ana@example.net>"},
    "another subject": {"subject": "Semences paysannes"},
    "three days later": {"date": START + timedelta(days=3)},
}


@pytest.mark.parametrize("fields", OTHERS.values(), ids=OTHERS)
def test_what_differs_is_accepted_as_a_post_of_its_own(mirror: Mirror, fields: dict) -> None:
    posted_by_outside(mirror, written(), **REWRITTEN)
    mirror.wait(days=3)
    other = written(**{"message_id": "l2@example.net", **fields})
    assert mirror.arrives(other, to=OWN, path="luz@example.net").state == IncomingState.HELD
    assert accept(mirror) is False
    assert len(mirror.posts()) == 2


def test_two_honest_thanks_are_two_and_one_thanks_sent_to_both_is_one(mirror: Mirror) -> None:
    posted_by_outside(mirror, written(text="Merci !\n"), **REWRITTEN)
    same = written(text="Merci !\n")
    assert mirror.arrives(same, to=OWN, path="luz@example.net").state == IncomingState.DUPLICATE
    later = written(
        text="Merci !\n", message_id="l2@example.net", date=START + timedelta(minutes=9)
    )
    assert mirror.arrives(later, to=OWN, path="luz@example.net").state == IncomingState.HELD
    assert accept(mirror) is False
    assert len(mirror.posts()) == 2


def test_the_copy_of_an_imported_message_is_known_too(mirror: Mirror) -> None:
    mirror.make.post(mirror.mailing_list, source="import", author="Luz Vega <luz@example.net>",
                     text=LONG, message_id="x1@listes.example.net", date=START)  # fmt: skip
    mirror.make.commit()
    row = mirror.arrives(written(), to=OWN, path="luz@example.net")
    assert row.state == IncomingState.DUPLICATE
    assert mirror.session.scalars(select(MirrorSighting)).all() == []
    assert len(mirror.session.scalars(select(Incoming)).all()) == 1


def test_who_accepts_such_a_copy_by_mail_is_told_that_it_stands(mirror: Mirror) -> None:
    mirror.make.moderator(mirror.mailing_list, "modo@example.net")
    mirror.make.commit()
    mirror.arrives(written(), to=OWN, path="luz@example.net")
    posted_by_outside(mirror, written(), **REWRITTEN)
    asked = mirror.session.scalars(select(Notice)).one()
    address = f"atelier-moderate+{asked.params['decision_token']}@lists.example.org"
    answer = mail(author="modo@example.net", subject="Re: x", text="oui\n")
    assert mirror.arrives(answer, to=address, path="modo@example.net").reasons == ["accept"]
    (post,) = mirror.posts()
    told = mirror.session.scalars(select(Notice).where(Notice.kind == "held-stands")).one()
    assert (told.recipient, told.params["post_id"]) == ("modo@example.net", str(post.id))
