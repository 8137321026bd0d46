"""A furnished site, and Chromium before it: with scripts, without, signed in or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState

from tests.browser.chromium import chromium, sign_in
from tests.browser.house import House, open_house
from tests.flows.sink import Sink
from tests.flows.site import Site
from tests.requirements import missing

NewPage = Callable[..., Page]
EXPECTED = ("400 (BAD REQUEST)", "404 (NOT FOUND)")
"""What a wrong form or a lost page answers; the console reports it like a mistake."""


@pytest.fixture(scope="session")
def sink() -> Iterator[Sink]:
    """Everybody's mailbox."""
    with Sink() as sink:
        yield sink


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, migrated: Path, sink: Sink) -> Iterator[House]:
    """The furnished site; tests write threads of their own."""
    missing("browser")
    data_dir = tmp_path_factory.mktemp("house") / "var"
    with open_house(Site.of(migrated, data_dir, f"smtp://127.0.0.1:{sink.port}")) as house:
        yield house
    assert "Traceback" not in house.site.errors(), house.site.errors()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. For a module: Playwright's event loop must not outlive these tests."""
    missing("browser")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def cookies() -> dict[str, StorageState]:
    """The cookies of those who signed in once, by address."""
    return {}


@pytest.fixture
def new_page(house: House, browser: Browser, cookies: dict[str, StorageState]) -> Iterator[NewPage]:
    """Pages of the site, each in a window of its own; at the end nothing went wrong in them."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # A violated Content-Security-Policy comes as an error too.
        if message.type == "error" and not any(text in message.text for text in EXPECTED):
            complaints.append(message.text)

    def open_page(reader: str = "", **options: Any) -> Page:
        if reader and reader not in cookies:
            with browser.new_context() as context:
                sign_in(house, context, reader)
                cookies[reader] = context.storage_state()
        options.setdefault("locale", "en")
        context = browser.new_context(
            base_url=house.site.web, storage_state=cookies.get(reader), **options
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def java_script_enabled(request: pytest.FixtureRequest) -> bool:
    """Everything works without JavaScript too."""
    enabled: bool = request.param
    return enabled
