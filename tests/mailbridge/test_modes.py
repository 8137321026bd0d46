"""What each subscriber receives of the same posts, by what they chose."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy.orm import Session

from forum.operations.following import choose
from forum.operations.subscriptions import set_options
from forum.settings import Settings
from forum.storage.choices import Following
from tests.factories import Make
from tests.mailbridge.test_digest import EVENING, MORNING, Site


@pytest.fixture
def site(session: Session, settings: Settings, make: Make) -> Site:
    return Site(session, settings, make)


def copies(site: Site, mails: list[EmailMessage]) -> dict[str, list[str]]:
    """The subjects that each recipient got, of the last mails."""
    found: dict[str, list[str]] = {}
    for (_, recipient, _), message in zip(
        site.transport.sent[-len(mails) :] if mails else [], mails, strict=True
    ):
        found.setdefault(recipient.partition("@")[0], []).append(str(message["Subject"]))
    return found


def test_the_same_posts_reach_each_person_their_way_and_once(site: Site) -> None:
    people = {
        name: site.reader(f"{name}@example.net", mode, **options)
        for name, mode, options in (
            ("each", "each", {}),
            ("daily", "daily", {}),
            ("none", "none", {}),
            ("follower", "none", {}),
            ("muter", "each", {}),
            ("french", "each", {"reads": "fr"}),
            ("paused", "each", {}),
            ("back", "each", {}),
        )
    }
    set_options(site.session, people["paused"], state="paused")
    soon = EVENING + timedelta(minutes=1)
    set_options(site.session, people["back"], state="paused", paused_until=soon)
    text = "La moneda local ya tiene cuarenta comercios en la ciudad y sigue creciendo.\n"
    first = site.post(subject="Un", text=text)
    for name, state in (("follower", Following.FOLLOW), ("muter", Following.MUTE)):
        person = people[name].address.author_id
        choose(site.session, person, first.thread, state, EVENING)
    more = "Muchas gracias por los datos, que llegan justo a tiempo para la reunión.\n"
    before = copies(site, site.work(EVENING))
    assert before == {"each": ["Un"]}
    site.post(
        subject="Re: Un", text=more, in_reply_to=first.message_id, at=soon + timedelta(minutes=1)
    )
    after = copies(site, site.work(soon + timedelta(minutes=1)))
    assert after == {name: ["Re: Un"] for name in ("each", "follower", "back")}
    (digest,) = site.work(MORNING)
    assert digest["To"] == "daily@example.net"
    assert site.work(MORNING + timedelta(days=9)) == []
