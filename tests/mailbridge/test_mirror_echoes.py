"""A mirrored list: in with the real author, out once, and the echo known as what it is."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.operations.curation_authors import edit
from forum.storage.archive import MessageLink
from forum.storage.mail import Delivery, HeldMessage, IncomingState, SendState
from forum.storage.mirror import MirrorDelivery
from tests.factories import Make, mail
from tests.mailbridge.mirroring import (
    BRIDGE,
    FOOTER,
    LONG,
    OUTSIDE,
    OWN,
    Mirror,
    member,
    parsed,
    passed_on,
)


def test_a_post_of_the_outside_list_has_its_real_author(mirror: Mirror) -> None:
    written = mail(author="Luz Vega <luz@example.net>", to=OUTSIDE, message_id="l1@example.net")
    row = mirror.arrives(passed_on(written, prefix="[atelier]", hides=True))
    post = mirror.posts()[0]
    assert row.state == IncomingState.POSTED
    assert (post.author.addresses[0].email, post.author_name) == ("luz@example.net", "Luz Vega")
    assert post.subject == "Monnaies locales"


def test_a_hidden_author_keeps_the_name(mirror: Mirror) -> None:
    written = mail(author="Luz Vega <luz@example.net>", to=OUTSIDE)
    row = mirror.arrives(passed_on(written, hides=True, answers_to_author=False))
    post = mirror.posts()[0]
    assert row.state == IncomingState.POSTED
    assert post.author_name == "Luz Vega"
    assert "@" not in post.author.addresses[0].email


def test_what_came_from_the_outside_list_never_goes_back(mirror: Mirror) -> None:
    mirror.arrives(passed_on(mail(to=OUTSIDE, message_id="l1@example.net")))
    mirror.work()
    assert mirror.went_out() == []


def test_a_line_added_to_a_second_copy_is_held_though_it_names_the_list(mirror: Mirror) -> None:
    mirror.write(member(mirror), "Semences")
    mirror.work()
    sent = mirror.went_out()[0]
    assert mirror.arrives(passed_on(sent, footer=FOOTER)).state == IncomingState.ECHO
    note = f"\nJe retire tout cela, demandez-moi à {OUTSIDE} pourquoi.\n"
    row = mirror.arrives(passed_on(sent, footer=note + FOOTER, new_id="n1@example.net"))
    assert (row.state, row.reasons) == (IncomingState.HELD, ["came-back-changed"])
    assert mirror.arrives(passed_on(sent, footer=FOOTER)).state == IncomingState.ECHO


def test_mail_to_the_bridge_from_elsewhere_is_held(mirror: Mirror) -> None:
    row = mirror.arrives(mail(to=BRIDGE), path="awa@example.org")
    assert (row.state, row.reasons) == (IncomingState.HELD, ["not-from-outside-list"])


@pytest.mark.parametrize(
    ("path", "sender"),
    [
        ("atelier-bounces+pont=lists.example.org@listes.example.net", ""),
        ("atelier+bncBD000001@listes.example.net", ""),
        ("bounce+pont==lists.example.org==atelier@listes.example.net", ""),
        ("someone@example.net", "atelier-request@listes.example.net"),
    ],
)
def test_the_return_path_or_the_sender_tells_the_outside_list(
    mirror: Mirror, path: str, sender: str
) -> None:
    fields = {"Sender": sender} if sender else {}
    row = mirror.arrives(mail(to=OUTSIDE, **fields), path=path)
    assert row.state == IncomingState.POSTED


def test_a_web_post_goes_out_once_from_the_bridge(mirror: Mirror, awa) -> None:
    post = mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    mirror.work()
    (sent,) = mirror.went_out()
    assert sent["From"].addresses[0].addr_spec == BRIDGE
    assert sent["From"].addresses[0].display_name == "Awa Ndiaye via Territorial anchoring"
    assert sent["Reply-To"] == OUTSIDE
    assert sent["To"] == OUTSIDE
    assert sent["Message-ID"] == f"<{post.message_id}>"
    assert sent["X-Passerelle-Post"].split()[:2] == ["atelier.lists.example.org", str(post.id)]
    assert "awa@example.org" not in sent.as_string()
    assert mirror.transport.sent[0][0] == BRIDGE


def test_mail_of_a_member_to_our_own_address_goes_out_too(mirror: Mirror, awa) -> None:
    written = mail(to=OWN, message_id="direct@example.org")
    assert mirror.arrives(written, to=OWN, path="awa@example.org").state == IncomingState.POSTED
    mirror.work()
    (sent,) = mirror.went_out()
    assert sent["Message-ID"] == "<direct@example.org>"
    assert sent["From"].addresses[0].addr_spec == BRIDGE


def test_mail_to_both_addresses_does_not_go_out_again(mirror: Mirror, awa) -> None:
    written = mail(to=f"{OWN}, {OUTSIDE}", message_id="both@example.org")
    mirror.arrives(written, to=OWN, path="awa@example.org")
    mirror.work()
    assert mirror.went_out() == []
    row = mirror.arrives(passed_on(written, footer=FOOTER))
    assert row.state == IncomingState.ECHO
    assert len(mirror.posts()) == 1


def test_subscribers_of_ours_get_their_copies(mirror: Mirror, awa, make: Make) -> None:
    make.subscriber(mirror.mailing_list, "luz@example.net")
    make.commit()
    mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    assert sorted(recipient for _, recipient, _ in mirror.transport.sent) == [
        OUTSIDE,
        "luz@example.net",
    ]


def test_who_writes_on_the_outside_list_gets_one_copy(
    mirror: Mirror, awa, make: Make, session: Session
) -> None:
    make.subscriber(mirror.mailing_list, "luz@example.net")
    make.commit()
    mirror.wait(hours=1)
    written = mail(author="Luz <luz@example.net>", to=OUTSIDE, message_id="l1@example.net")
    mirror.arrives(passed_on(written))
    mirror.write(awa, "Rencontre de printemps")
    assert session.scalar(select(func.count(Delivery.id))) == 0


ECHOES = {
    "as it went out": {},
    "with prefix and footer": {"prefix": "[atelier]", "footer": FOOTER},
    "with another id": {"new_id": "other@listes.example.net"},
    "with another id, author hidden": {"new_id": "other@listes.example.net", "hides": True},
    "by its words alone": {
        "new_id": "other@listes.example.net",
        "drops_fields": True,
        "prefix": "[atelier]",
        "footer": FOOTER,
    },
    "by its words, author hidden": {
        "new_id": "other@listes.example.net",
        "drops_fields": True,
        "hides": True,
        "answers_to_author": False,
        "footer": FOOTER,
    },
}


@pytest.mark.parametrize("habits", ECHOES.values(), ids=ECHOES)
def test_an_echo_is_known(mirror: Mirror, awa, session: Session, habits: dict) -> None:
    post = mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    raw = passed_on(mirror.went_out()[0], archived_at="https://listes.example.net/arc/1", **habits)
    for _ in range(2):
        row = mirror.arrives(raw)
        assert (row.state, row.post_id) == (IncomingState.ECHO, post.id)
    mirror.work()
    assert len(mirror.posts()) == 1
    assert len(mirror.went_out()) == 1
    delivery = session.scalars(select(MirrorDelivery)).one()
    assert delivery.came_back_at == mirror.now
    assert delivery.archived_at == "https://listes.example.net/arc/1"


def test_an_answer_to_any_of_its_ids_lands_under_the_post(mirror: Mirror, awa) -> None:
    post = mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    early = mail(
        author="Luz <luz@example.net>", to=OUTSIDE, subject="Re: Rencontre de printemps",
        message_id="l1@example.net", in_reply_to="other@listes.example.net", text="D'accord.\n",
    )  # fmt: skip
    mirror.arrives(passed_on(early))
    mirror.arrives(passed_on(mirror.went_out()[0], new_id="other@listes.example.net"))
    late = mail(
        author="Ana <ana@example.net>", to=OUTSIDE, subject="Re: Rencontre de printemps",
        message_id="a1@example.net", in_reply_to="other@listes.example.net", text="Moi aussi.\n",
    )  # fmt: skip
    mirror.arrives(passed_on(late))
    first, *answers = mirror.posts()
    assert [one.parent_id for one in answers] == [post.id, post.id]
    assert {one.thread_id for one in answers} == {first.thread_id}


def test_an_answer_goes_out_under_the_ids_that_the_outside_list_knows(mirror: Mirror, awa) -> None:
    post = mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    mirror.arrives(passed_on(mirror.went_out()[0], new_id="other@listes.example.net"))
    mirror.write(awa, "", "Une précision : la salle ouvre à neuf heures ce matin-là.\n", post)
    mirror.work()
    sent = mirror.went_out()[1]
    assert sent["In-Reply-To"] == "<other@listes.example.net>"
    assert sent["References"].split() == [f"<{post.message_id}>", "<other@listes.example.net>"]


def test_two_honest_thanks_both_stay(mirror: Mirror, awa) -> None:
    mirror.write(awa, "Rencontre", "Merci\n")
    mirror.work()
    mirror.arrives(passed_on(mirror.went_out()[0], new_id="o1@x.example", drops_fields=True))
    mirror.wait(minutes=5)
    honest = mail(
        author="Awa Ndiaye <awa@example.org>", to=OUTSIDE, subject="Rencontre", text="Merci\n",
        message_id="honest@example.org", date=mirror.now,
    )  # fmt: skip
    row = mirror.arrives(passed_on(honest, hides=True, answers_to_author=False))
    assert row.state == IncomingState.POSTED
    assert len(mirror.posts()) == 2


def test_a_short_echo_counts_while_its_post_waits(mirror: Mirror, awa) -> None:
    mirror.write(awa, "Rencontre", "Merci\n")
    mirror.work()
    raw = passed_on(
        mirror.went_out()[0], new_id="o1@x.example", drops_fields=True, hides=True,
        answers_to_author=False,
    )  # fmt: skip
    assert mirror.arrives(raw).state == IncomingState.ECHO


@pytest.mark.parametrize(
    "text",
    [
        LONG.replace("dates", "horaires"),
        LONG + "\nNote : la rencontre est annulée.\n",
        "Tout autre chose, que personne n'a écrit ici et que voici pourtant.\n",
    ],
    ids=["a word", "a note below", "everything"],
)
def test_our_token_with_another_text_is_held(mirror: Mirror, awa, text: str) -> None:
    mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    edited = parsed(mirror.went_out()[0].as_bytes())
    edited.clear_content()
    edited.set_content(text)
    row = mirror.arrives(passed_on(edited, new_id="o1@x.example"))
    assert (row.state, row.reasons) == (IncomingState.HELD, ["came-back-changed"])
    again = mirror.arrives(passed_on(edited, new_id="o2@x.example"))
    assert again.state == IncomingState.HELD
    assert len(mirror.session.scalars(select(HeldMessage)).all()) == 1
    assert len(mirror.posts()) == 1


def test_a_forged_token_is_no_token(mirror: Mirror, awa) -> None:
    post = mirror.write(awa, "Rencontre de printemps")
    forged = {"X_Passerelle_Post": f"atelier.lists.example.org {post.id} {'0' * 40}"}
    written = mail(author="Eve <eve@example.net>", to=OUTSIDE, message_id="e@example.net", **forged)
    assert mirror.arrives(passed_on(written)).state == IncomingState.POSTED


def test_a_post_that_has_come_back_is_never_sent_again(
    mirror: Mirror, awa, session: Session
) -> None:
    mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    delivery = session.scalars(select(MirrorDelivery)).one()
    # As a worker leaves it that was killed before it wrote down that the mail had left.
    delivery.state, delivery.claimed_until = SendState.SENDING, mirror.now
    session.commit()
    mirror.arrives(passed_on(mirror.went_out()[0]))
    mirror.wait(hours=2)
    mirror.work()
    assert len(mirror.went_out()) == 1


def test_what_a_killed_worker_had_in_hand_waits_before_it_is_sent_again(
    mirror: Mirror, awa, session: Session
) -> None:
    mirror.write(awa, "Rencontre de printemps")
    delivery = session.scalars(select(MirrorDelivery)).one()
    delivery.state, delivery.claimed_until = SendState.SENDING, mirror.now
    session.commit()
    mirror.wait(minutes=9)
    mirror.work()
    assert mirror.went_out() == []
    mirror.wait(minutes=2)
    mirror.work()
    assert len(mirror.went_out()) == 1


def test_every_id_of_a_copy_is_kept(mirror: Mirror, awa, session: Session) -> None:
    post = mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    for number in range(3):
        mirror.arrives(passed_on(mirror.went_out()[0], new_id=f"o{number}@x.example"))
    known = session.scalars(
        select(MessageLink.message_id).where(MessageLink.post_id == post.id)
    ).all()
    assert {f"o{number}@x.example" for number in range(3)} < set(known)


def test_a_person_on_both_sides_is_one_author(mirror: Mirror, awa) -> None:
    mirror.write(awa, "Rencontre de printemps")
    written = mail(author="Awa N. <AWA@example.org>", to=OUTSIDE, message_id="a1@example.net")
    mirror.arrives(passed_on(written, hides=True))
    assert {post.author_id for post in mirror.posts()} == {awa.author_id}


@pytest.mark.parametrize("waits", [True, False])
def test_what_its_author_changed_goes_out_as_it_is_now_and_is_known_when_it_comes_back(
    mirror: Mirror, awa, session: Session, waits: bool
) -> None:
    post = mirror.write(awa, "Rencontre de printemps")
    if not waits:
        mirror.work()
    later = f"{LONG}\nLa salle est au deuxième étage.\n"
    edit(session, post, awa, later, mirror.now, max_bytes=10**6)
    mirror.work()
    (sent,) = mirror.went_out()
    assert ("deuxième" in sent.get_body(("plain",)).get_content()) is waits
    assert sent["Message-ID"] == f"<{post.message_id}>"
    assert sent["In-Reply-To"] is None
    row = mirror.arrives(passed_on(sent, footer=FOOTER))
    assert (row.state, row.post_id) == (IncomingState.ECHO, post.id)
