"""A moderator decides with the keyboard alone, with scripts and without."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage
from tests.browser.house import House
from tests.browser.keyboard import tab_to
from tests.flows.sink import Sink

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MODERATOR = "relecture@example.net"
NUMBERS = itertools.count(1)


@pytest.fixture
def page(new_page: NewPage, java_script_enabled: bool) -> Page:
    """The moderator's window."""
    return new_page(MODERATOR, java_script_enabled=java_script_enabled)


@pytest.fixture
def subject(house: House) -> str:
    """The subject of a stranger's mail that waits."""
    number = next(NUMBERS)
    house.send(
        subject=f"Demande {number}",
        text=f"Bonjour, est-ce que le groupe numéro {number} peut venir avec nous au printemps ?\n",
        author=f"Zoé Diop <zoe.demande{number}@example.org>",
        message_id=f"demande{number}@example.org",
    )
    return f"Demande {number}"


def waiting(page: Page, subject: str) -> Locator:
    heading = page.get_by_role("heading", name=subject, exact=True)
    return page.locator(".post", has=heading)


def test_accepting_by_keyboard_posts_the_message(page: Page, subject: str) -> None:
    page.goto("/")
    tab_to(page, page.get_by_role("link", name="Moderation"))
    page.keyboard.press("Enter")
    expect(waiting(page, subject)).to_contain_text("not subscribed")
    tab_to(page, waiting(page, subject).get_by_role("button", name="Accept"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("posted")
    expect(waiting(page, subject)).to_have_count(0)
    page.goto("/moderation/decided")
    page.get_by_role("link", name=subject).click()
    expect(page.locator("h1")).to_have_text(subject)


def test_rejecting_by_keyboard_tells_the_author_why(page: Page, subject: str, sink: Sink) -> None:
    page.goto("/moderation")
    message = waiting(page, subject)
    tab_to(page, message.locator("summary", has_text="Write a reason"))
    page.keyboard.press("Enter")
    tab_to(page, message.locator("textarea"))
    page.keyboard.type("La rencontre est complète.")
    tab_to(page, message.get_by_role("button", name="Reject"))
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_be_visible()
    expect(waiting(page, subject)).to_have_count(0)
    number = subject.split()[1]
    told = sink.wait_for(f"zoe.demande{number}@example.org")[-1].text()
    assert "La rencontre est complète." in told
    page.goto("/moderation/decided")
    expect(page.locator(".rows li", has_text=subject).first).to_contain_text("complète")


def test_a_message_is_opened_and_decided_with_a_reason_to_choose(page: Page, subject: str) -> None:
    page.goto("/moderation")
    tab_to(page, waiting(page, subject).get_by_role("link", name="More"))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(subject)
    expect(page.get_by_text("You are looking at it")).to_be_visible()
    tab_to(page, page.get_by_label("Reason to choose"))
    page.keyboard.press("ArrowDown")
    tab_to(page, page.get_by_role("button", name="Reject"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("rejected")
    page.goto("/moderation/decided")
    expect(page.locator(".rows li", has_text=subject).first).to_contain_text(".")


def test_keys_go_tick_and_discard(new_page: NewPage, subject: str) -> None:
    page = new_page(MODERATOR, java_script_enabled=True)
    page.goto("/moderation")
    message = waiting(page, subject)
    expect(message).to_be_visible()
    for _ in range(page.locator("ol.posts > li").count()):
        page.keyboard.press("j")
        if message.evaluate("item => item === document.activeElement"):
            break
    page.keyboard.press("x")
    expect(message.get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("x")
    page.keyboard.press("d")
    expect(page.get_by_role("status")).to_contain_text("discarded")
    expect(waiting(page, subject)).to_have_count(0)
