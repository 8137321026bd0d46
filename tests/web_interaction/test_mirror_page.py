"""The page of a mirrored list, and what threads tell of the outside list."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.clock import utcnow
from forum.settings import Settings
from forum.storage.mail import HeldMessage, SendState
from forum.storage.mirror import MirrorDelivery, MirrorLine, MirrorNotice
from tests.factories import Make, mail
from tests.mailbridge.mirroring import BRIDGE, FOOTER, OWN, Mirror, member, mirror_of, passed_on
from tests.web_interaction.conftest import SignIn

HOST = "listes.example.net"


@pytest.fixture
def mirror(session: Session, settings: Settings, make: Make) -> Mirror:
    made = mirror_of(session, settings, make)
    made.now = utcnow() - timedelta(hours=2)
    return made


@pytest.fixture
def moderator(mirror: Mirror, make: Make):
    account = make.moderator(mirror.mailing_list, "mod@example.org")
    make.commit()
    return account


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def decide(client: FlaskClient, decision: str) -> str:
    answer = client.post(
        "/moderation/mirror/atelier", data={"decision": decision}, follow_redirects=True
    )
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_a_post_that_has_not_come_back_is_shown_to_its_author_with_what_was_said(
    sign_in: SignIn, client: FlaskClient, mirror: Mirror, session: Session
) -> None:
    awa = member(mirror)
    post = mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    mirror.arrives(
        mail(
            author=f"atelier-owner@{HOST}", to=BRIDGE, text="Held: Rencontre de printemps\n",
            subject="Your message to Atelier awaits moderator approval",
        )
    )  # fmt: skip
    thread = f"/threads/{post.thread_id}"
    session.commit()
    shown = page(sign_in("awa@example.org"), thread)
    assert "Sent to the outside list more than an hour ago, and not seen there yet." in shown
    assert "The outside list says that a moderator there will decide." in shown
    assert "Held: Rencontre de printemps" in shown


def test_a_post_that_came_back_links_to_the_outside_archive(
    sign_in: SignIn, client: FlaskClient, mirror: Mirror, session: Session
) -> None:
    awa = member(mirror)
    post = mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    link = "https://listes.example.net/arc/7"
    mirror.arrives(passed_on(mirror.went_out()[0], footer=FOOTER, archived_at=link))
    thread = f"/threads/{post.thread_id}"
    session.commit()
    shown = page(sign_in("awa@example.org"), thread)
    assert "Delivered to the outside list." in shown
    assert link in shown


def test_other_readers_get_the_link_alone(client: FlaskClient, mirror: Mirror) -> None:
    awa = member(mirror)
    posts = [mirror.write(awa, f"Rencontre {number}") for number in range(2)]
    mirror.work()
    link = "https://listes.example.net/arc/7"
    mirror.arrives(passed_on(mirror.went_out()[0], footer=FOOTER, archived_at=link))
    threads = [f"/threads/{post.thread_id}" for post in posts]
    mirror.session.commit()
    first, second = (page(client, thread) for thread in threads)
    assert link in first
    assert "to the outside list" not in first
    assert "outside list" not in second


def test_a_moderator_answers_the_outside_list(
    sign_in: SignIn, client: FlaskClient, mirror: Mirror, moderator, session: Session
) -> None:
    token = "3f9a62c1d07e4b5f8a9b0c1d2e3f4a5b6c7d8e9f"
    mirror.arrives(
        mail(author=f"atelier-confirm+{token}@{HOST}", to=BRIDGE, subject=f"confirm {token}")
    )
    notice = session.scalars(select(MirrorNotice)).one()
    session.commit()
    mirror.session.commit()
    client = sign_in("mod@example.org")
    assert "/moderation/mirror/atelier" in page(client, "/moderation")
    assert f"The answer goes to atelier-confirm+{token}@{HOST}" in page(
        client, "/moderation/mirror/atelier"
    )
    assert "on its way" in decide(client, f"answer:{notice.id}")
    assert "somebody else was quicker" in decide(client, f"answer:{notice.id}")
    mirror.now = utcnow() + timedelta(seconds=1)
    mirror.work()
    assert [recipient for _, recipient, _ in mirror.transport.sent] == [
        f"atelier-confirm+{token}@{HOST}"
    ]


def test_a_moderator_sends_a_post_again_that_was_refused(
    sign_in: SignIn, client: FlaskClient, mirror: Mirror, moderator, session: Session
) -> None:
    mirror.write(member(mirror), "Rencontre de printemps")
    delivery = session.scalars(select(MirrorDelivery)).one()
    delivery.state, delivery.last_reply = SendState.FAILED, "550 5.7.1 not a subscriber"
    session.commit()
    mirror.session.commit()
    client = sign_in("mod@example.org")
    assert "550 5.7.1 not a subscriber" in page(client, "/moderation/mirror/atelier")
    assert "sent to the outside list again" in decide(client, f"again:{delivery.id}")
    mirror.now = utcnow() + timedelta(seconds=1)
    mirror.work()
    assert len(mirror.went_out()) == 1


def test_others_do_not_see_the_page(
    sign_in: SignIn, client: FlaskClient, mirror: Mirror, make: Make, session: Session
) -> None:
    make.moderator(make.mailing_list("autre"), "other@example.org")
    make.commit()
    mirror.session.commit()
    client = sign_in("other@example.org")
    assert client.get("/moderation/mirror/atelier").status_code == 404
    assert client.post("/moderation/mirror/atelier", data={"decision": "x:1"}).status_code == 404


@pytest.mark.parametrize("decision", ["", "answer", "answer:x", "drop:1", "answer:0"])
def test_a_decision_that_makes_no_sense_changes_nothing(
    sign_in: SignIn, client: FlaskClient, mirror: Mirror, moderator, decision: str
) -> None:
    mirror.session.commit()
    client = sign_in("mod@example.org")
    answer = client.post("/moderation/mirror/atelier", data={"decision": decision})
    assert answer.status_code in (400, 404)


def test_accepting_what_is_on_the_list_already_is_said_and_posts_nothing(
    sign_in: SignIn, client: FlaskClient, mirror: Mirror, moderator, session: Session
) -> None:
    written = mail(author="Luz Vega <luz@example.net>", message_id="l1@example.net")
    mirror.arrives(written, to=OWN, path="luz@example.net")
    hidden = {"hides": True, "answers_to_author": False, "new_id": "x1@listes.example.net"}
    mirror.arrives(passed_on(written, **hidden))
    held = session.scalars(select(HeldMessage.id)).one()
    session.commit()
    mirror.session.commit()
    client = sign_in("mod@example.org")
    answer = client.post("/moderation", data={"decision": f"accept:{held}"}, follow_redirects=True)
    assert "1 message is on the list already, by another way" in html.unescape(answer.text)
    assert "is posted" not in answer.text
    assert len(mirror.posts()) == 1


def test_learned_lines_stand_on_pages(
    sign_in: SignIn, client: FlaskClient, mirror: Mirror, moderator, session: Session
) -> None:
    for number in range(52):
        session.add(
            MirrorLine(
                mailing_list_id=mirror.mailing_list.id, place="tail", key=f"key {number}",
                shown=f"gazette {number:02d}", messages=9, authors=[], first_number=1,
                learned_at=mirror.now,
            )
        )  # fmt: skip
    session.commit()
    mirror.session.commit()
    client, path = sign_in("mod@example.org"), "/moderation/mirror/atelier"
    first, second = page(client, path), page(client, f"{path}?page=2")
    assert first.count("<q>gazette") == 50 and f"{path}?page=2" in first
    assert second.count("<q>gazette") == 2
    assert client.get(f"{path}?page=3").status_code == 404
    keys = re.findall(r'value="text:(\d+)"', second)
    for key in keys:
        answer = client.post(f"{path}?page=2", data={"decision": f"text:{key}"})
    # With the last line its page is gone.
    assert answer.location == path
    assert page(client, path).count("<q>gazette") == 50


def test_the_page_says_how_many_messages_are_held(
    sign_in: SignIn, client: FlaskClient, mirror: Mirror, moderator
) -> None:
    mirror.arrives(mail(to=BRIDGE), path="awa@example.org")
    mirror.session.commit()
    shown = page(sign_in("mod@example.org"), "/moderation/mirror/atelier")
    assert "1 message awaits a moderator here." in shown
    assert "/moderation?list=atelier" in shown


def test_what_the_program_settled_by_itself_is_not_laid_to_an_administrator(
    sign_in: SignIn, client: FlaskClient, mirror: Mirror, moderator
) -> None:
    written = mail(author="Luz Vega <luz@example.net>", message_id="l1@example.net")
    mirror.arrives(written, to=OWN, path="luz@example.net")
    mirror.arrives(passed_on(written))
    mirror.session.commit()
    shown = page(sign_in("mod@example.org"), "/moderation/decided")
    assert "by the program itself" in shown
    assert "by an administrator" not in shown
