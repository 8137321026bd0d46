"""The keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

MANY = 400
_IS_FOCUSED = "element => element === document.activeElement"
_OUTLINE = "() => getComputedStyle(document.activeElement).outlineStyle"


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until an element has the focus, which must be seen at every step on the way."""
    for _ in range(MANY):
        page.keyboard.press("Tab")
        assert page.evaluate(_OUTLINE) != "none", page.evaluate(
            "() => document.activeElement.outerHTML"
        )
        if wanted.evaluate(_IS_FOCUSED):
            return
    raise AssertionError(f"{MANY} times Tab do not lead to {wanted}")
