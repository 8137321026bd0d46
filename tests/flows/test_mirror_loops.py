"""No mail goes round: two sites that mirror each other, absence replies, our own mail come back."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.factories import mail
from tests.flows.mirror_outside import ABSENT, GRACE, JOAN, OTHER, PAIRS, Outside, running
from tests.flows.mirror_run import HOST, bridge_of, contribution
from tests.flows.mirror_sides import (
    held_by,
    key_of,
    numbers_of,
    rows,
    shown,
    wait_while_moving,
    waiting_of,
    write_on_the_web,
)
from tests.flows.outside_list import OutsideWorld
from tests.flows.sink import Received
from tests.flows.site import DOMAIN, Browser, Site, form_fields

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Outside]:
    with running(tmp_path_factory.mktemp("loops"), migrated) as found:
        yield found


@pytest.fixture(scope="module")
def carried(outside: Outside) -> dict[str, int]:
    """Sixteen posts on each pair of lists, in turn here and there; how many mails were carried."""
    for number in range(16):
        here = (DOMAIN, OTHER)[number % 2]
        site, token = outside.sites[here], outside.tokens[here]
        for name in PAIRS:
            answered = f"Contribution {number * 5 % max(1, number):02d}"
            below = shown(site, name).get(answered) if number % 5 else None
            write_on_the_web(site, name, token, f"Semences {number}", contribution(number), below)
        if number % 4 == 3:
            both(outside, number + 1)
    wait_while_moving(
        outside.world,
        lambda: not any(waiting_of(site).keys() & PAIRS for site in outside.sites.values()),
    )
    outside.at_rest()
    recipients = [one.recipient.partition("@")[0] for one in outside.world.mailboxes]
    return {name: sum(one in (name, f"pont-{name}") for one in recipients) for name in PAIRS}


def both(outside: Outside, number: int) -> None:
    def hold() -> bool:
        found = [numbers_of(site) for site in outside.sites.values()]
        return all(numbers[name] == number for numbers in found for name in PAIRS)

    wait_while_moving(outside.world, hold)


@pytest.mark.parametrize("name", PAIRS)
def test_two_sites_that_mirror_each_other_hold_the_same_and_come_to_rest(
    outside: Outside, carried: dict[str, int], name: str
) -> None:
    found = [held_by(site, name, outside.tokens[key]) for key, site in outside.sites.items()]
    assert found[0] == found[1]
    assert found[0].total() == 16
    # A post is carried over once, and its copy back once or, where both send to the list and to
    # its subscriber, twice.
    assert 16 <= carried[name] <= 16 * (3 if PAIRS[name] else 2)
    assert outside.world.failures == []
    held = "SELECT slug FROM held_message JOIN mailing_list ON mailing_list.id = mailing_list_id"
    for site in outside.sites.values():
        assert name not in waiting_of(site)
        assert (name,) not in rows(site, held)
        assert "Traceback" not in site.errors()


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
    outside.at_rest()
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
    outside.at_rest()
    held = json.loads(outside.site.command_here("held", "ls", "edited", "--json"))
    assert [one["reasons"] for one in held] == [["came-back-changed"]]
    assert numbers_of(outside.site)["edited"] == 1
    assert [one.author for one in edited.archive] == [bridge_of("edited"), JOAN, JOAN]
    # A moderator takes it: it is a post then, and the outside list has it already.
    outside.site.command_here("held", "accept", str(held[0]["id"]))
    outside.at_rest()
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
    link = site.command_here("account", "login-link", GRACE).split()[-1]
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
    wait_while_moving(outside.world, lambda: bridge_of(slug) in made.members)
    assert numbers_of(outside.site)[slug] == 0
    # From now on the two are one conversation.
    outside.write(slug, 1)
    outside.came_back(slug, 1)


def test_what_an_outside_moderator_holds_waits_with_the_lists_own_words(outside: Outside) -> None:
    outside.write("holds", 1)
    wait_while_moving(outside.world, lambda: outside.lists["holds"].held)
    outside.world.settle()
    assert waiting_of(outside.site)["holds"] == 1
    found = rows(outside.site, "SELECT kind FROM mirror_notice WHERE post_id IS NOT NULL")
    assert found == [("moderation",)]
    assert outside.lists["holds"].release() == 1
    outside.came_back("holds", 1)
    assert key_of(outside.lists["holds"].archive[0].text) == "Contribution 01"
