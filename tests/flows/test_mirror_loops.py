"""No mail goes round: two sites that mirror each other, absence replies, our own mail come back."""

from __future__ import annotations

import email
import email.policy
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage

import pytest

from forum.clock import utcnow
from forum.operations.lists import grant_role
from forum.operations.subscriptions import subscribe
from forum.storage.lists import list_by_slug
from forum.storage.people import account_by_email
from tests.factories import mail
from tests.flows.mirror_run import (
    HOST,
    bridge_of,
    contribution,
    held_by,
    inside,
    key_of,
    new_list,
    numbers_of,
    rows,
    shown,
    waiting_of,
    with_lists,
    write_on_the_web,
    writers,
)
from tests.flows.outside_habits import MAILMAN2, MAILMAN3, SYMPA, Habits
from tests.flows.outside_list import OutsideList, OutsideWorld
from tests.flows.sink import Received
from tests.flows.site import DOMAIN, Browser, Site, form_fields, wait_until

OTHER = "listas.example.net"
ABSENT = "absent@example.com"
JOAN = "joan@example.com"
GRACE = "grace@example.org"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def world() -> Iterator[OutsideWorld]:
    with OutsideWorld() as world:
        yield world


def at_rest(world: OutsideWorld, seconds: float = 2.0) -> int:
    """Wait until no mail moves any more; gives how many were carried in all."""
    deadline = time.monotonic() + 90
    number, since = -1, time.monotonic()
    while time.monotonic() - since < seconds:
        assert time.monotonic() < deadline, Counter(one.recipient for one in world.mailboxes)
        if len(world.mailboxes) != number:
            number, since = len(world.mailboxes), time.monotonic()
        time.sleep(0.05)
    world.settle()
    return number


@pytest.mark.parametrize("other_is", ["mirrored", "hosted"])
def test_two_sites_that_mirror_each_other_hold_the_same_and_come_to_rest(
    world: OutsideWorld, tmp_path_factory: pytest.TempPathFactory, other_is: str
) -> None:
    directory = tmp_path_factory.mktemp("sites")
    sites = {
        DOMAIN: Site.create(directory / "one", world.url),
        OTHER: Site.create(directory / "two", world.url, MAIL_DOMAIN=OTHER),
    }
    tokens = {}
    for here, there in ((DOMAIN, OTHER), (OTHER, DOMAIN)):
        with inside(sites[here]) as (session, _):
            accounts, found = writers(session)
            tokens[here] = found[GRACE]
            mirrors = {
                "mode": "mirrored",
                "upstream_address": f"terre@{there}",
                "bridge_address": f"pont@{here}",
            }
            options = mirrors if here == DOMAIN or other_is == "mirrored" else {}
            made = new_list(session, f"terre@{here}", accounts, **options)
            if there == DOMAIN or other_is == "mirrored":
                bridge = subscribe(session, made, f"pont@{there}", utcnow(), delivery="each")
                bridge.own_posts = True
    with sites[DOMAIN] as one, sites[OTHER] as two:
        world.doors |= {DOMAIN: one.lmtp, OTHER: two.lmtp}
        for number in range(16):
            here = (DOMAIN, OTHER)[number % 2]
            below = shown(sites[here], "terre").get(
                f"Contribution {number * 5 % max(1, number):02d}"
            )
            text = contribution(number)
            write_on_the_web(sites[here], "terre", tokens[here], f"Semences {number}", text,
                             below if number % 5 else None)  # fmt: skip
            if number % 4 == 3:
                both(sites, number + 1)
        both(sites, 16)
        carried = at_rest(world)
        assert held_by(one, "terre", tokens[DOMAIN]) == held_by(two, "terre", tokens[OTHER])
        # A post is carried over once, and its copy back once or, where both send to the list
        # and to its subscriber, twice.
        assert carried <= 16 * (3 if other_is == "mirrored" else 2)
        assert world.failures == []
        for site in sites.values():
            assert waiting_of(site) == {}
            assert rows(site, "SELECT id FROM held_message") == []
            assert "Traceback" not in site.errors()


def both(sites: dict[str, Site], number: int) -> None:
    wait_until(
        lambda: all(numbers_of(site)["terre"] == number for site in sites.values()), 120
    )  # fmt: skip


@dataclass
class Outside:
    """A site with a mirrored list for each test, and the lists outside."""

    world: OutsideWorld
    site: Site
    tokens: dict[str, str]
    lists: dict[str, OutsideList] = field(default_factory=dict)

    def write(self, slug: str, number: int) -> None:
        """A post on the web."""
        token = self.tokens[GRACE]
        text = contribution(number)
        write_on_the_web(self.site, slug, token, f"Semences {number}", text, None)

    def came_back(self, slug: str, number: int) -> None:
        """Wait until so many posts are there and all of ours have come back."""
        wait_until(
            lambda: numbers_of(self.site)[slug] == number and slug not in waiting_of(self.site), 120
        )  # fmt: skip


LISTS = {
    "plain": Habits(),
    "munged": MAILMAN3,
    "edited": SYMPA,
    "asks-mailman": Habits(MAILMAN2.software, confirms=True),
    "asks-sympa": Habits(SYMPA.software, confirms=True),
    "holds": Habits(MAILMAN2.software, moderates=True),
}


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with OutsideWorld() as world:
        site = Site.create(tmp_path_factory.mktemp("loops") / "var", world.url)
        tokens = with_lists(site, list(LISTS))
        with inside(site) as (session, _):
            for slug in LISTS:
                made = list_by_slug(session, slug)
                assert made is not None
                account = account_by_email(session, GRACE)
                assert account is not None
                grant_role(session, made, account, "moderator", utcnow())
        with site:
            found = Outside(world, site, tokens)
            for slug, habits in LISTS.items():
                made_outside = world.new_list(f"{slug}@{HOST}", slug.title(), habits)
                made_outside.members |= {JOAN, ABSENT}
                if not habits.confirms:
                    made_outside.members.add(bridge_of(slug))
                world.doors[bridge_of(slug)] = site.lmtp
                found.lists[slug] = made_outside
            yield found


def answering(world: OutsideWorld, seen: list[str]) -> None:
    """Somebody's program answers every mail they get: to the sender, and to where answers go."""

    def answer(received: Received) -> None:
        if received.recipient != ABSENT:
            return
        message = received.message
        if "Absence du bureau" in str(message["Subject"]):
            return  # No program answers itself.
        seen.append(str(message["Subject"]))
        named = [str(message[name] or "") for name in ("From", "Reply-To")]
        addresses = re.findall(r"[\w.+-]+@[\w.-]+", " ".join([*named, received.reverse_path]))
        for number, address in enumerate(dict.fromkeys(addresses)):
            marked = {"Auto_Submitted": "auto-replied"} if number % 2 else {}
            raw = mail(
                author=f"Absent <{ABSENT}>",
                to=address,
                subject=f"Absence du bureau : {message['Subject']}",
                text="Je suis en congé jusqu'à lundi et lirai votre message à mon retour.\n",
                in_reply_to=str(message["Message-ID"]).strip("<>"),
                message_id=f"abs.{len(seen)}.{number}@example.com",
                **marked,
            )
            if address in world.doors:
                world.send(ABSENT, address, raw)
            else:
                world.write(ABSENT, address, raw)

    world.deliver_by = answer


@pytest.mark.parametrize("slug", ["plain", "munged"])
def test_absence_replies_are_no_posts_and_nobody_answers_them(outside: Outside, slug: str) -> None:
    seen: list[str] = []
    answering(outside.world, seen)
    begun = outside.lists[slug].received
    for number in range(0, 6, 2):
        outside.write(slug, number)
        raw = mail(
            author=f"Joan <{JOAN}>", subject=f"Marché {number}", text=contribution(number + 1),
            to=f"{slug}@{HOST}", message_id=f"{slug}.{number}@example.com",
        )  # fmt: skip
        outside.world.write(JOAN, f"{slug}@{HOST}", raw)
    outside.came_back(slug, 6)
    at_rest(outside.world)
    outside.world.deliver_by = None
    assert len(seen) == 6
    assert numbers_of(outside.site)[slug] == 6
    from_bridge = [one for one in outside.lists[slug].archive if one.author == bridge_of(slug)]
    assert len(from_bridge) == 3
    # Six posts, and an absence reply to the list for some of them.
    assert outside.lists[slug].received - begun <= 12
    senders = Counter(one.reverse_path for one in outside.world.to(ABSENT))
    assert not [path for path in senders if path.endswith(f"@{DOMAIN}")]


def test_our_mail_that_comes_back_with_another_text_is_held_and_goes_nowhere(
    outside: Outside,
) -> None:
    edited = outside.lists["edited"]
    outside.write("edited", 1)
    outside.came_back("edited", 1)
    original = email.message_from_bytes(edited.archive[0].original, policy=email.policy.SMTP)
    assert original["X-Passerelle-Post"]
    again = changed(original, contribution(2), "edited.1@example.com")
    outside.world.write(JOAN, f"edited@{HOST}", again)
    same = changed(original, contribution(1), "edited.2@example.com")
    outside.world.write(JOAN, f"edited@{HOST}", same)
    at_rest(outside.world)
    held = json.loads(outside.site.command("held", "ls", "edited", "--json"))
    assert [one["reasons"] for one in held] == [["came-back-changed"]]
    assert numbers_of(outside.site)["edited"] == 1
    assert [one.author for one in edited.archive] == [bridge_of("edited"), JOAN, JOAN]
    # A moderator takes it: it is a post then, and the outside list has it already.
    outside.site.command("held", "accept", str(held[0]["id"]))
    at_rest(outside.world)
    assert numbers_of(outside.site)["edited"] == 2
    assert len(edited.archive) == 3


def changed(original: EmailMessage, text: str, identifier: str) -> bytes:
    message = email.message_from_bytes(bytes(original), policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    for name in ("From", "Message-ID"):
        del message[name]
    message["From"] = f"Joan <{JOAN}>"
    message["Message-ID"] = f"<{identifier}>"
    part = message.get_body(("plain",))
    assert part is not None
    part.set_content(text)
    return message.as_bytes()


def moderator(site: Site) -> Browser:
    browser = site.browser()
    link = site.command("account", "login-link", GRACE).split()[-1]
    path = "/login/" + link.rpartition("/login/")[2]
    page = browser.get(path)[1]
    assert browser.post(path, form_fields(page, path))[0] == 200
    return browser


@pytest.mark.parametrize("slug", ["asks-mailman", "asks-sympa"])
def test_a_moderator_confirms_the_bridges_subscription_with_one_button(
    outside: Outside, slug: str
) -> None:
    made = outside.lists[slug]
    made.ask(bridge_of(slug))
    outside.world.settle()
    browser, path = moderator(outside.site), f"/moderation/mirror/{slug}"
    _, page, _ = browser.get(path)
    button = re.search(r'value="(answer:\d+)"', page)
    assert button, page
    fields = {**form_fields(page, path), "decision": button[1]}
    status, page, _ = browser.post(path, fields)
    assert status == 200 and "The answer is on its way" in page
    wait_until(lambda: bridge_of(slug) in made.members, 30)
    assert numbers_of(outside.site)[slug] == 0
    # From now on the two are one conversation.
    outside.write(slug, 1)
    outside.came_back(slug, 1)


def test_what_an_outside_moderator_holds_waits_with_the_lists_own_words(outside: Outside) -> None:
    outside.write("holds", 1)
    wait_until(lambda: outside.lists["holds"].held, 30)
    outside.world.settle()
    assert waiting_of(outside.site)["holds"] == 1
    found = rows(outside.site, "SELECT kind FROM mirror_notice WHERE post_id IS NOT NULL")
    assert found == [("moderation",)]
    assert outside.lists["holds"].release() == 1
    outside.came_back("holds", 1)
    assert key_of(outside.lists["holds"].archive[0].text) == "Contribution 01"
