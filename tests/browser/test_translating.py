"""A translator writes beside the original, with scripts and without; readers see it first."""

from __future__ import annotations

import itertools
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from forum.clock import utcnow
from tests.browser.conftest import NewPage
from tests.browser.house import PILAR, House
from tests.browser.keyboard import tab_to

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TRANSLATOR = "relecture@example.net"
NUMBERS = itertools.count(1)


@pytest.fixture
def name(house: House) -> str:
    """A message in Spanish; gives the name in it."""
    name = f"huerto{next(NUMBERS)}"
    house.send(
        subject=f"El huerto {name}",
        text=f"Proponemos un huerto compartido en {name}, con reglas sencillas para el riego.\n",
        author=f"Pilar Ríos <{PILAR}>",
        message_id=f"{name}@example.org",
        date=utcnow(),  # The list of what waits begins with the newest.
    )
    return name


def press(page: Page, role: Literal["link", "button"], name: str) -> None:
    tab_to(page, page.get_by_role(role, name=name, exact=True))
    page.keyboard.press("Enter")


def test_a_post_is_translated_with_the_keyboard_and_taken_back(
    new_page: NewPage, java_script_enabled: bool, name: str
) -> None:
    page = new_page(TRANSLATOR, java_script_enabled=java_script_enabled)
    page.goto(f"/message/{name}@example.org")
    page.goto(page.url.partition("#")[0])
    press(page, "link", "Translate 1")
    expect(page.locator("h1")).to_have_text("Translate into English")
    expect(page.locator("main")).to_contain_text("Proponemos un huerto")
    tab_to(page, page.get_by_label("Text in English"))
    page.keyboard.type(f"We propose a **shared** garden in {name}.")
    press(page, "button", "Preview")
    expect(page.locator("section.card strong")).to_have_text("shared")
    press(page, "button", "Keep")
    expect(page.locator(".notices")).to_contain_text("The translation is kept.")
    post = page.locator("article")
    expect(post).to_contain_text("Translated from Spanish by Pilar Ríos")
    expect(post).to_contain_text(f"We propose a shared garden in {name}.")
    original = post.get_by_text("Proponemos un huerto")
    expect(original).to_be_hidden()
    tab_to(page, post.locator("summary", has_text="The original, in Spanish"))
    page.keyboard.press("Enter")
    expect(original).to_be_visible()
    page.get_by_role("link", name="Undo", exact=True).click()
    expect(page.locator("h1")).to_have_text("Take the translation back")
    press(page, "button", "Take the translation back")
    expect(page.get_by_label("Text in English")).to_contain_text("We propose")
    press(page, "link", "Cancel")
    expect(page.locator("article")).not_to_contain_text("We propose")


def test_who_has_ten_minutes_finds_it_in_the_list(new_page: NewPage, name: str) -> None:
    page = new_page(TRANSLATOR)
    page.goto("/lists/atelier/")
    page.get_by_role("link", name="Translate", exact=True).click()
    page.get_by_role("link", name=f"El huerto {name}", exact=True).click()
    expect(page.locator("h1")).to_have_text("Translate into English")


@pytest.mark.parametrize(("width", "beside"), [(1200, True), (360, False)])
def test_the_original_stands_beside_on_a_desktop_and_above_on_a_phone(
    new_page: NewPage, house: House, width: int, beside: bool
) -> None:
    page = new_page(TRANSLATOR, viewport={"width": width, "height": 760})
    page.goto(f"/posts/{house.rooms.long_post}/translate")
    original = page.locator(".beside > section").first.bounding_box()
    text = page.locator("textarea").bounding_box()
    assert original is not None
    assert text is not None
    assert (text["x"] > original["x"] + original["width"]) == beside
    assert (text["y"] > original["y"] + original["height"]) != beside
    assert page.evaluate("document.documentElement.scrollWidth") <= width
