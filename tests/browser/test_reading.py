"""Reading and searching, with scripts and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage
from tests.browser.house import GRACE, House
from tests.browser.keyboard import tab_to

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def page(new_page: NewPage, java_script_enabled: bool) -> Page:
    """Somebody who only reads."""
    return new_page(java_script_enabled=java_script_enabled)


def first_quotation(page: Page) -> Locator:
    return page.locator("details.quotation").first


def test_a_reader_goes_from_the_lists_to_a_thread_in_its_order(page: Page, house: House) -> None:
    page.goto("/")
    page.get_by_role("link", name="Territorial anchoring of the solidarity economy").first.click()
    page.get_by_role("link", name="Qu'appelons-nous").click()
    expect(page).to_have_url(f"{house.site.web}/threads/{house.rooms.demo_thread}")
    numbers = page.locator(".post-number").all_inner_texts()
    assert numbers == [f"{number}." for number in range(1, len(numbers) + 1)]
    assert len(numbers) == 7
    assert page.locator(".depth-0").count() == 1


def test_a_quotation_is_folded_and_the_keyboard_opens_it(page: Page, house: House) -> None:
    page.goto(f"/threads/{house.rooms.demo_thread}")
    quotation = first_quotation(page)
    expect(quotation.locator("summary")).to_be_visible()
    expect(quotation.locator("blockquote")).to_be_hidden()
    tab_to(page, quotation.locator("summary"))
    page.keyboard.press("Enter")
    expect(quotation.locator("blockquote")).to_be_visible()
    page.keyboard.press("Enter")
    expect(quotation.locator("blockquote")).to_be_hidden()


def test_each_post_says_in_which_language_it_is_written(page: Page, house: House) -> None:
    page.goto(f"/threads/{house.rooms.demo_thread}")
    said = {body.get_attribute("lang") for body in page.locator(".post-body").all()}
    assert {"fr", "en", "es"} <= said


def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_search_finds_marks_and_leads_to_the_post(page: Page) -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill("biscuiterie")
    page.keyboard.press("Enter")
    expect(page.locator(".rows mark").first).to_have_text("biscuiterie")
    page.locator(".rows h3 a").first.click()
    expect(page.locator(".post:target")).to_contain_text("biscuiterie")


def test_a_search_narrows_by_language_and_by_the_fields(page: Page) -> None:
    page.goto("/search?q=dossier")
    total = int(page.locator("#results").inner_text().split()[0])
    page.locator(".facets a", has_text="French").click()
    narrowed = int(page.locator("#results").inner_text().split()[0])
    assert 0 < narrowed < total
    page.goto("/search?q=dossier")
    page.locator("summary", has_text="Search more precisely").click()
    page.get_by_role("combobox", name="Language", exact=True).select_option("fr")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    assert int(page.locator("#results").inner_text().split()[0]) == narrowed


@pytest.mark.parametrize(
    ("language", "search", "own_name"),
    [("fr", "Rechercher", "français"), ("es", "Buscar", "español"), ("en", "Search", "English")],
)
def test_a_reader_chooses_a_language_and_it_stays(
    new_page: NewPage, java_script_enabled: bool, language: str, search: str, own_name: str
) -> None:
    page = new_page(
        java_script_enabled=java_script_enabled, locale="es" if language == "fr" else "fr"
    )
    page.goto("/help")
    page.locator(f".language-nav [hreflang={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator(".site-nav")).to_contain_text(search)
    chosen = page.locator(".language-nav [aria-current]")
    assert (chosen.get_attribute("aria-label") or "").lower() == own_name.lower()


def test_a_member_changes_the_language_of_the_account(
    new_page: NewPage, java_script_enabled: bool
) -> None:
    page = new_page(GRACE, java_script_enabled=java_script_enabled)
    page.goto("/help")
    page.locator(".language-nav button[value=es]").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.locator(".language-nav button[value=en]").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
