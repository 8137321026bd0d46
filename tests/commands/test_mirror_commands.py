"""`passerelle mirror`: both sides compared, and what is missing brought in."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from forum.domain.mbox import mbox_entry
from forum.storage.archive import Post
from forum.storage.mail import Delivery, HeldMessage
from forum.storage.mirror import MirrorDelivery
from tests.commands.conftest import Run, one_line
from tests.factories import START, mail
from tests.mailbridge.mirroring import FOOTER, OUTSIDE, Mirror, member, mirror_of, passed_on


@pytest.fixture
def mirror(session, settings, make) -> Mirror:
    return mirror_of(session, settings, make)


def outside_posts(number: int) -> list[bytes]:
    return [
        passed_on(
            mail(
                author="Luz <luz@example.net>", to=OUTSIDE, subject=f"Nouvelle {one}",
                message_id=f"m{one}@example.net", text=f"Le texte numéro {one}, bien à vous.\n",
                references=f"m{one - 1}@example.net" if one else "",
            ),
            footer=FOOTER, prefix="[atelier]", hides=True,
        )
        for one in range(number)
    ]  # fmt: skip


def archive(path: Path, messages: list[bytes]) -> Path:
    path.write_bytes(b"".join(mbox_entry(raw.replace(b"\r\n", b"\n"), START) for raw in messages))
    return path


def counts(run: Run, *args: str) -> dict[str, int]:
    found: dict[str, int] = run("mirror", "status", "atelier", "--json", *args).json
    return found


def test_both_sides_are_compared_and_repaired(mirror: Mirror, run: Run, tmp_path: Path) -> None:
    awa = member(mirror)
    messages = outside_posts(4)
    for raw in (messages[0], messages[0], messages[2]):
        mirror.arrives(raw)
    mirror.write(awa, "Rencontre de printemps")
    mirror.write(awa, "Une autre rencontre")
    mirror.work()
    echo = passed_on(mirror.went_out()[0], footer=FOOTER, new_id="o1@listes.example.net")
    mirror.arrives(echo)
    mirror.session.commit()
    assert counts(run) == {"both": 3, "waiting": 1, "missing": 1, "duplicates": 1}
    path = archive(tmp_path / "atelier.mbox", [*messages, echo])
    against = counts(run, "--against", str(path))
    assert against == {"both": 3, "waiting": 1, "missing": 2, "duplicates": 1}
    for stored in (2, 0):
        done = run("mirror", "repair", "atelier", "--from", str(path))
        assert done.last == f"missing={stored} stored={stored}"
    assert counts(run, "--against", str(path)) == {
        "both": 5, "waiting": 1, "missing": 0, "duplicates": 1,
    }  # fmt: skip
    mirror.session.expire_all()
    chain = mirror.session.scalars(
        select(Post).where(Post.subject.like("Nouvelle%")).order_by(Post.subject)
    ).all()
    assert len({post.thread_id for post in chain}) == 1
    assert {post.author.addresses[0].email for post in chain} == {"luz@example.net"}
    assert mirror.session.scalars(select(Delivery)).all() == []
    assert len(mirror.session.scalars(select(MirrorDelivery)).all()) == 2


def test_the_list_must_have_an_outside_list(make, run: Run) -> None:
    make.mailing_list()
    make.commit()
    done = run("mirror", "status", "ancrage", status=2)
    assert one_line(done)
    assert "mirrors no outside list" in done.err


def test_what_is_no_archive_is_said(mirror: Mirror, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "photo.bin"
    path.write_bytes(bytes(range(256)) * 20)
    for args in (("status", "atelier", "--against"), ("repair", "atelier", "--from")):
        assert one_line(run("mirror", *args, str(path), status=2))


def test_what_a_moderator_has_before_them_is_said_and_not_brought_in(
    mirror: Mirror, run: Run, tmp_path: Path
) -> None:
    messages = outside_posts(3)
    run("list", "edit", "atelier", "--mode", "hosted")
    mirror.session.expire_all()
    for raw in messages[:2]:
        assert mirror.arrives(raw).state == "held"
    first = mirror.session.scalars(select(HeldMessage).order_by(HeldMessage.id)).first()
    run("held", "discard", str(first.id))
    path = archive(tmp_path / "atelier.mbox", messages)
    shown = run("mirror", "status", "atelier", "--against", str(path)).out
    assert "missing: 3\nduplicates: 0\nheld: 1 (they await a moderator" in shown
    assert "missing\tm0@example.net\ta moderator has refused it" in shown
    assert "missing\tm1@example.net\tit awaits a moderator" in shown
    assert "missing\tm2@example.net\n" in shown
    done = run("mirror", "repair", "atelier", "--from", str(path))
    assert done.last == "missing=3 stored=1 held=1 refused=1"
    assert "passerelle held ls atelier" in done.err
