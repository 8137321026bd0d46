"""Every page in every language: axe-core finds nothing, and a small phone is wide enough."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import NewPage
from tests.browser.house import ADMINS, LANGUAGES, House
from tests.browser.pages import SUBSCRIBERS_WORDS, administrator_pages, open_pages

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
JUDGED_IN_COLOUR = "fr"
SMALL = 320
"""CSS pixels: what WCAG 2.2, 1.4.10 asks for; also 1280 pixels at 400 %."""
EVERYTHING: dict[str, Any] = {"resultTypes": ["violations"]}
COLOURS: dict[str, Any] = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
"""Nothing else differs between the schemes."""
WORDS: dict[str, Any] = {
    "rules": {"color-contrast": {"enabled": False}},
    "resultTypes": ["violations"],
}
"""Nothing else differs between the languages; the colours, the longest to judge, are the same."""


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Each language of the interface."""
    chosen: str = request.param
    return chosen


@pytest.fixture(params=["reader", "administrator"])
def visited(request: pytest.FixtureRequest, house: House) -> tuple[str, dict[str, str]]:
    """Whether somebody is signed in, and the pages they see."""
    pages = open_pages if request.param == "reader" else administrator_pages
    return request.param, pages(house.rooms)


def open_page(new_page: NewPage, reader: str, language: str, width: int) -> Page:
    address = ADMINS[language] if reader == "administrator" else ""
    return new_page(address, locale=language, viewport={"width": width, "height": 800})


def violations(page: Page, name: str, options: dict[str, Any]) -> list[str]:
    found = page.evaluate("options => axe.run(options)", options)["violations"]
    return [f"{name}: {one['id']} {node['target']}" for one in found for node in one["nodes"]]


def unfold(page: Page) -> None:
    """What is folded is judged too."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")


def test_axe_finds_nothing_by_day_or_night_and_a_small_phone_is_wide_enough(
    new_page: NewPage, visited: tuple[str, dict[str, str]], language: str
) -> None:
    reader, pages = visited
    page = open_page(new_page, reader, language, 1000)
    found: list[str] = []
    for name, path in pages.items():
        page.set_viewport_size({"width": 1000, "height": 800})
        page.goto(path)
        if name not in SUBSCRIBERS_WORDS:
            assert page.locator("html").get_attribute("lang") == language
        unfold(page)
        page.evaluate(Axe().axe_script)
        found += violations(page, name, EVERYTHING if language == JUDGED_IN_COLOUR else WORDS)
        if language == JUDGED_IN_COLOUR:
            page.emulate_media(color_scheme="dark")
            found += violations(page, f"{name}, dark", COLOURS)
            page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": SMALL, "height": 800})
        width = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{name}: {width} pixels wide"] if width > SMALL else []
    assert found == []


def test_controls_are_large_enough_for_a_finger(
    new_page: NewPage, visited: tuple[str, dict[str, str]]
) -> None:
    reader, pages = visited
    page = open_page(new_page, reader, "fr", 360)
    small: list[str] = []
    for name, path in pages.items():
        page.goto(path)
        for control in page.locator("button:visible, select:visible, nav a:visible").all():
            box = control.bounding_box()
            if box and (box["height"] < 43.5 or box["width"] < 43.5):
                small.append(f"{name}: {control.inner_text()} {box['width']}×{box['height']}")
    assert small == []
