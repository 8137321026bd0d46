"""Two sites that mirror lists, each other's among them, and the lists outside."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from forum.clock import utcnow
from forum.operations.lists import grant_role
from forum.operations.subscriptions import subscribe
from forum.storage.lists import list_by_slug
from forum.storage.people import account_by_email
from tests.flows.mirror_run import (
    HOST,
    bridge_of,
    contribution,
    inside,
    new_list,
    with_lists,
    writers,
)
from tests.flows.mirror_sides import numbers_of, wait_while_moving, waiting_of, write_on_the_web
from tests.flows.outside_habits import MAILMAN2, MAILMAN3, SYMPA, Habits
from tests.flows.outside_list import OutsideList, OutsideWorld
from tests.flows.site import DOMAIN, Site

OTHER = "listas.example.net"
ABSENT = "absent@example.com"
JOAN = "joan@example.com"
GRACE = "grace@example.org"

LISTS = {
    "plain": Habits(),
    "munged": MAILMAN3,
    "edited": SYMPA,
    "asks-mailman": Habits(MAILMAN2.software, confirms=True),
    "asks-sympa": Habits(SYMPA.software, confirms=True),
    "holds": Habits(MAILMAN2.software, moderates=True),
}

PAIRS = {"terre": True, "mer": False}
"""Lists that both sites have, by name: whether each mirrors the other's, or one the other's own."""


@dataclass
class Outside:
    """The sites, and the lists outside."""

    world: OutsideWorld
    sites: dict[str, Site]
    """By the domain of their mail."""
    tokens: dict[str, str]
    """Of the one who writes on the web, by site."""
    lists: dict[str, OutsideList] = field(default_factory=dict)

    @property
    def site(self) -> Site:
        """The one that mirrors the lists outside."""
        return self.sites[DOMAIN]

    def write(self, slug: str, number: int) -> None:
        """A post on the web."""
        subject, text = f"Semences {number}", contribution(number)
        write_on_the_web(self.site, slug, self.tokens[DOMAIN], subject, text, None)

    def came_back(self, slug: str, number: int) -> None:
        """Wait until so many posts are there and all of ours have come back."""
        wait_while_moving(
            self.world,
            lambda: numbers_of(self.site)[slug] == number and slug not in waiting_of(self.site),
        )

    def at_rest(self, seconds: float = 4.0) -> None:
        """Wait until no mail moves any more."""
        deadline = time.monotonic() + 90
        number, since = -1, time.monotonic()
        while time.monotonic() - since < seconds:
            recipients = Counter(one.recipient for one in self.world.mailboxes)
            assert time.monotonic() < deadline, recipients
            if recipients.total() != number:
                number, since = recipients.total(), time.monotonic()
            time.sleep(0.05)
        self.world.settle()


@contextmanager
def running(directory: Path, migrated: Path) -> Iterator[Outside]:
    """Both sites with all lists, and everything outside."""
    with OutsideWorld() as world:
        sites = {
            DOMAIN: Site.of(migrated, directory / "one", world.url),
            OTHER: Site.of(migrated, directory / "two", world.url, MAIL_DOMAIN=OTHER),
        }
        tokens = {DOMAIN: with_lists(sites[DOMAIN], list(LISTS))[GRACE]}
        with inside(sites[OTHER]) as (session, _):
            tokens[OTHER] = writers(session)[1][GRACE]
        for here, there in ((DOMAIN, OTHER), (OTHER, DOMAIN)):
            _make_pairs(sites[here], here, there)
        _let_moderate(sites[DOMAIN])
        with sites[DOMAIN] as one, sites[OTHER] as two:
            world.doors |= {DOMAIN: one.lmtp, OTHER: two.lmtp}
            yield Outside(world, sites, tokens, _lists(world, one))


def _make_pairs(site: Site, here: str, there: str) -> None:
    with inside(site) as (session, _):
        account = account_by_email(session, GRACE)
        assert account is not None
        for name, both_mirror in PAIRS.items():
            mirrors = {
                "mode": "mirrored",
                "upstream_address": f"{name}@{there}",
                "bridge_address": f"pont-{name}@{here}",
            }
            options = mirrors if here == DOMAIN or both_mirror else {}
            made = new_list(session, f"{name}@{here}", [account], **options)
            if there == DOMAIN or both_mirror:
                bridge = f"pont-{name}@{there}"
                subscribe(session, made, bridge, utcnow(), delivery="each").own_posts = True


def _let_moderate(site: Site) -> None:
    with inside(site) as (session, _):
        account = account_by_email(session, GRACE)
        assert account is not None
        for slug in LISTS:
            made = list_by_slug(session, slug)
            assert made is not None
            grant_role(session, made, account, "moderator", utcnow())


def _lists(world: OutsideWorld, site: Site) -> dict[str, OutsideList]:
    found = {}
    for slug, habits in LISTS.items():
        made = world.new_list(f"{slug}@{HOST}", slug.title(), habits)
        made.members |= {JOAN, ABSENT}
        if not habits.confirms:
            made.members.add(bridge_of(slug))
        world.doors[bridge_of(slug)] = site.lmtp
        found[slug] = made
    return found
