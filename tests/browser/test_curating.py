"""A moderator keeps threads readable with the keyboard alone, with scripts and without."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage
from tests.browser.house import AWA, WORKSHOP, House
from tests.browser.keyboard import tab_to

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MODERATOR = "relecture@example.net"
NUMBERS = itertools.count(1)


@pytest.fixture
def page(new_page: NewPage, java_script_enabled: bool) -> Page:
    """The moderator's window."""
    return new_page(MODERATOR, java_script_enabled=java_script_enabled)


def show_thread(page: Page, message_id: str) -> None:
    """Open a thread at its head, where the keyboard begins."""
    page.goto(f"/message/{message_id}")
    page.goto(page.url.partition("#")[0])


@pytest.fixture
def talk(house: House, page: Page) -> str:
    """A thread of two posts, open in the window; gives the id of its messages."""
    name = f"verger{next(NUMBERS)}"
    for number in range(2):
        house.send(
            subject="Re: " * number + f"Le verger {name}",
            text=f"Voici le message {number} sur le verger partagé {name} et ses pommiers.\n",
            author=f"Awa Ndiaye <{AWA}>",
            message_id=f"{name}-{number}@example.org",
            references=f"{name}-0@example.org" if number else "",
        )
    show_thread(page, f"{name}-0@example.org")
    expect(page.locator("article")).to_have_count(2)
    return name


def press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    tab_to(page, wanted)
    page.keyboard.press(key)


def open_tools(page: Page) -> None:
    press(page, page.locator("summary", has_text="Moderate this thread"))


def test_a_thread_is_closed_and_the_decision_undone(page: Page, talk: str) -> None:
    open_tools(page)
    press(page, page.get_by_role("button", name="Close", exact=True))
    expect(page.locator(".notices")).to_contain_text("Done: decision")
    expect(page.locator(".thread-head")).to_contain_text("Closed")
    open_tools(page)
    press(page, page.locator(".decisions button").first)
    expect(page.locator(".notices")).to_contain_text("is undone")
    expect(page.locator(".thread-head > .meta").first).not_to_contain_text("Closed")


def test_a_post_begins_a_thread_of_its_own_and_goes_back(page: Page, talk: str) -> None:
    first = page.url
    press(page, page.locator("article").nth(1).locator("summary", has_text="Moderate"))
    press(page, page.get_by_role("link", name="Split or attach elsewhere 2"))
    expect(page.locator("h1")).to_have_text("Moderate this post")
    tab_to(page, page.get_by_label("Title of the new thread"))
    page.keyboard.type("Les pommiers")
    press(page, page.get_by_role("button", name="Split"))
    expect(page.locator("h1")).to_have_text("Les pommiers")
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator(".notices").get_by_role("link")).to_have_text("What was decided")
    page.goto(f"/moderation/audit/{WORKSHOP}")
    expect(page.locator("h1")).to_have_text("What was decided")
    press(page, page.locator(".decisions button").first)
    expect(page.locator(".notices")).to_contain_text("is undone")
    page.goto(first)
    expect(page.locator("article")).to_have_count(2)


def test_a_post_is_hidden_and_shown_again(page: Page, talk: str) -> None:
    post = page.locator("article").nth(1)
    press(page, post.locator("summary", has_text="Moderate"))
    press(page, post.get_by_role("button", name="Hide"))
    expect(page.locator("article").nth(1)).to_contain_text("only moderators see this post")
    press(page, page.locator("article").nth(1).locator("summary", has_text="Moderate"))
    press(page, page.locator("article").nth(1).get_by_role("button", name="Show again"))
    expect(page.locator("article").nth(1)).not_to_contain_text("only moderators")


def test_removing_asks_once_more_and_leaves_a_tombstone(page: Page, talk: str) -> None:
    post = page.locator("article").nth(1)
    press(page, post.locator("summary", has_text="Moderate"))
    press(page, post.get_by_role("link", name="Remove for good"))
    expect(page.locator("main")).to_contain_text("This cannot be undone")
    tab_to(page, page.get_by_label("Reason"))
    page.keyboard.type("Une adresse privée")
    press(page, page.get_by_role("button", name="Remove for good"))
    expect(page.locator("article").nth(1)).to_contain_text("Reason: Une adresse privée")
    expect(page.locator("main")).not_to_contain_text("Voici le message 1")


def test_a_thread_is_merged_after_a_look_at_the_other(page: Page, talk: str, house: House) -> None:
    other = page.url.partition("#")[0]
    name = f"{talk}-autre"
    house.send(
        subject=f"La haie {name}",
        text=f"Une haie pour le verger partagé {name} et ses voisins.\n",
        author=f"Awa Ndiaye <{AWA}>",
        message_id=f"{name}@example.org",
    )
    show_thread(page, f"{name}@example.org")
    open_tools(page)
    press(page, page.get_by_role("link", name="Title, tags, merge, move"))
    expect(page.locator("h1")).to_have_text("Moderate this thread")
    tab_to(page, page.get_by_label("Number or address of the other thread"))
    page.keyboard.type(other)
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_contain_text(f"Le verger {talk}")
    press(page, page.get_by_role("button", name="Merge into this thread"))
    expect(page.locator("article")).to_have_count(3)
