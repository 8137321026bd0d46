"""Chromium, as the tests and the pictures start it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.house import House
from tests.requirements import find_browser

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=[*FLAGS])
        yield browser
        browser.close()


def sign_in(house: House, context: BrowserContext, address: str) -> None:
    """Give a context the cookies of somebody."""
    page: Page = context.new_page()
    page.goto(house.site.web + house.login_path(address))
    page.click("main button")
    page.close()
