"""What an outside list adds to every message is learned, and shown as no text of its author."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations.mirroring_learning import unlearn
from forum.storage.archive import Post
from forum.storage.audit import AuditEntry
from forum.storage.mail import HeldMessage, Incoming
from forum.storage.mirror import MirrorDelivery, MirrorLine
from tests.factories import mail
from tests.mailbridge.mirroring import OUTSIDE, Mirror, passed_on

ODD_FOOTER = "\n::::::::::\nPublié par le réseau des ateliers de quartier, gazette libre\n"
TEXTS = (
    "Nous avons ouvert un atelier de réparation de vélos au centre.\n\nCordialement,\nLuz\n",
    "La coopérative cherche un local pour son four à pain collectif.\n\nCordialement,\nAna\n",
    "Qui connaît un fonds pour les monnaies locales en région ?\n\nCordialement,\nPaul\n",
    "Le compte rendu de la réunion de samedi est en ligne.\n\nAmicalement,\nLuz\n",
    "Deux places restent pour le voyage d'étude de septembre.\n\nCordialement,\nAna\n",
)
AUTHORS = ("Luz <luz@example.net>", "Ana <ana@example.net>", "Paul <paul@example.net>")


def arrive(mirror: Mirror, number: int, *, footer: str = "", prefix: str = "") -> None:
    mirror.wait(minutes=10)
    written = mail(
        author=AUTHORS[number % 3], to=OUTSIDE, subject=f"Nouvelle {number}",
        text=TEXTS[number % 5], message_id=f"m{number}@example.net", date=mirror.now,
    )  # fmt: skip
    mirror.arrives(passed_on(written, footer=footer, prefix=prefix))


def roles(post: Post) -> dict[str, str]:
    return {segment.role: segment.text for segment in post.segments}


def test_a_footer_that_all_share_is_no_text_of_the_post(mirror: Mirror) -> None:
    for number in range(6):
        arrive(mirror, number, footer=ODD_FOOTER)
    mirror.work()
    for post in mirror.posts():
        assert "gazette libre" in roles(post)["footer"]
        assert "gazette" not in roles(post)["reply"]
        assert "gazette" not in post.excerpt


def test_closing_words_that_many_share_stay_text(mirror: Mirror) -> None:
    for number in range(10):
        arrive(mirror, number, footer=ODD_FOOTER)
    mirror.work()
    for post in mirror.posts():
        assert "ordialement" not in roles(post).get("footer", "")
        assert "micalement" not in roles(post).get("footer", "")


def test_a_prefix_that_all_share_is_left_out_of_subjects(mirror: Mirror) -> None:
    for number in range(4):
        arrive(mirror, number, prefix="(gazette 12)")
    mirror.work()
    assert [post.subject for post in mirror.posts()] == [f"Nouvelle {one}" for one in range(4)]
    assert mirror.posts()[0].thread.subject == "Nouvelle 0"


def test_a_tag_that_some_write_stays(mirror: Mirror) -> None:
    for number in range(8):
        arrive(mirror, number, prefix="[agenda]" if number % 2 else "")
    mirror.work()
    assert mirror.posts()[1].subject == "[agenda] Nouvelle 1"


def test_what_came_back_around_our_own_text_is_known_at_once(mirror: Mirror, awa) -> None:
    footer = f"\n::::\nGazette libre du réseau\n{OUTSIDE}\n"
    mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    mirror.arrives(passed_on(mirror.went_out()[0], footer=footer, prefix="(gazette)"))
    arrive(mirror, 0, footer=footer, prefix="(gazette)")
    post = mirror.posts()[-1]
    assert post.subject == "Nouvelle 0"
    assert "Gazette libre" not in roles(post)["reply"]


def test_a_moderator_can_make_a_line_text_again(mirror: Mirror, session: Session) -> None:
    for number in range(6):
        arrive(mirror, number, footer=ODD_FOOTER)
    mirror.work()
    line = session.scalars(select(MirrorLine).where(MirrorLine.shown.contains("gazette"))).one()
    unlearn(session, line)
    session.commit()
    mirror.work()
    assert all("gazette libre" in roles(post)["reply"] for post in mirror.posts())


@pytest.mark.parametrize("count", [1, 2])
def test_few_messages_teach_nothing(mirror: Mirror, count: int) -> None:
    for number in range(count):
        arrive(mirror, number, footer=ODD_FOOTER)
    mirror.work()
    assert all("gazette libre" in roles(post)["reply"] for post in mirror.posts())


def test_a_footer_like_no_other_holds_one_echo_until_it_is_known(
    mirror: Mirror, awa, session: Session
) -> None:
    for number in range(2):
        mirror.write(awa, f"Rencontre {number}", f"Un texte {number} " + "assez long " * 6 + "\n")
    mirror.work()
    odd = "\nGazette ouverte à qui passe par ici\n"
    first, second = (passed_on(one, footer=odd) for one in mirror.went_out())
    assert mirror.arrives(first).state == "held"
    assert mirror.arrives(first).state == "held"
    assert mirror.arrives(second).state == "echo"
    states = session.scalars(select(Incoming.state).order_by(Incoming.id)).all()
    assert states[0] == "echo"
    held = session.scalars(select(HeldMessage)).one()
    assert held.state == "discarded"
    line = session.scalars(select(AuditEntry)).one()
    assert (line.action, line.target) == ("discard", f"held {held.id}")
    assert (line.details["automatic"], line.details["post"]) == (True, held.post_id)
    waits = select(MirrorDelivery.id).where(MirrorDelivery.came_back_at.is_(None))
    assert session.scalars(waits).all() == []
    assert len(mirror.posts()) == 2
