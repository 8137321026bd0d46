"""What a page of thirty posts costs a slow connection."""

from __future__ import annotations

import gzip

import pytest
from playwright.sync_api import Response

from tests.browser.conftest import NewPage
from tests.browser.house import GRACE, THIRTY, House

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HTML_BYTES = 60_000
ALL_BYTES = 100_000
STYLE_BYTES = 20_000
NO_SHIFT = 0.01


def compressed(body: bytes) -> int:
    """Bytes on the way, as the web server in front sends them."""
    return len(gzip.compress(body, compresslevel=6))


@pytest.mark.parametrize("reader", ["", GRACE], ids=["reader", "member"])
def test_a_thread_of_thirty_posts_is_light(new_page: NewPage, house: House, reader: str) -> None:
    page = new_page(reader)
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(f"/threads/{house.rooms.long_thread}", wait_until="networkidle")
    assert page.locator(".post").count() == THIRTY
    assert all(answer.url.startswith(house.site.web) for answer in answers)
    weights = {answer.url: compressed(answer.body()) for answer in answers}
    assert weights[page.url] < HTML_BYTES, weights
    assert sum(weights.values()) < ALL_BYTES, weights


def test_the_style_is_small_before_compression(new_page: NewPage) -> None:
    page = new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto("/", wait_until="networkidle")
    styles = [len(answer.body()) for answer in answers if ".css" in answer.url]
    assert len(styles) == 1
    assert styles[0] < STYLE_BYTES


def test_nothing_moves_while_a_thread_loads(new_page: NewPage, house: House) -> None:
    page = new_page()
    page.add_init_script(
        """window.shift = 0;
        new PerformanceObserver(list => {
            for (const entry of list.getEntries()) window.shift += entry.value;
        }).observe({type: "layout-shift", buffered: true});"""
    )
    page.goto(f"/threads/{house.rooms.long_thread}", wait_until="networkidle")
    assert page.evaluate("window.shift") < NO_SHIFT
