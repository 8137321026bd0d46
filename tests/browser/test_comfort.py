"""What the page does by itself while somebody writes; without scripts a button does it."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage
from tests.browser.house import GRACE, House

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NUMBERS = itertools.count(1)
TEXT = "Nous proposons trois ateliers pour la rencontre de printemps."


@pytest.fixture
def thread(house: House) -> int:
    """A thread that Awa began by mail."""
    number = next(NUMBERS)
    return house.write(
        subject=f"Jardin partagé {number}",
        text=f"Bonjour,\n\nLe jardin numéro {number} ouvre samedi.\n\nApportez des bottes.\n",
        message_id=f"jardin{number}@example.net",
    )


def text_box(page: Page) -> Locator:
    return page.get_by_label("Your text", exact=True)


def test_what_is_written_is_kept_and_its_language_recognised(
    new_page: NewPage, thread: int
) -> None:
    page = new_page(GRACE)
    page.goto(f"/threads/{thread}")
    text_box(page).fill(TEXT)
    expect(page.locator("[data-draft-status]")).to_have_text(
        "Your draft is kept. Nothing is sent yet."
    )
    expect(page.locator("#language option").first).to_have_text("Recognised: French")
    page.goto(f"/threads/{thread}")
    expect(text_box(page)).to_have_value(TEXT)
    page.get_by_role("button", name="Throw the draft away").click()
    expect(text_box(page)).to_have_value("")


def test_without_scripts_a_button_keeps_the_draft(new_page: NewPage, thread: int) -> None:
    page = new_page(GRACE, java_script_enabled=False)
    page.goto(f"/threads/{thread}")
    text_box(page).fill(TEXT)
    page.get_by_role("button", name="Keep as a draft").click()
    expect(page.locator("main")).to_contain_text("Nothing is sent yet")
    expect(text_box(page)).to_have_value(TEXT)


def test_an_answer_begins_with_the_words_that_are_selected(new_page: NewPage, thread: int) -> None:
    page = new_page(GRACE)
    page.goto(f"/threads/{thread}")
    page.locator(".post-body p", has_text="Apportez").select_text()
    page.locator(".post-actions").get_by_role("link", name="Answer").click()
    expect(text_box(page)).to_have_value("> Apportez des bottes.\n\n")
    expect(text_box(page)).to_be_focused()
