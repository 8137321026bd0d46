"""Pictures of every page: `python -m tests.browser.screenshots [--out DIR] [--only NAME…]`."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext

from tests.browser.chromium import chromium, sign_in
from tests.browser.house import ADMINS, LANGUAGES, House, open_house
from tests.browser.pages import administrator_pages, open_pages
from tests.flows.site import Site

SIZES = {"phone": (360, 760), "desktop": (1200, 800)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main() -> None:
    """Serve a site of its own, and picture it."""
    parser = argparse.ArgumentParser(description="Picture every page.")
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", nargs="*", default=(), help="names of pages")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        outbox = Path(folder) / "outbox"
        site = Site.create(Path(folder) / "var", f"file:{outbox}")
        with open_house(site) as house, chromium() as browser:
            number = sum(1 for _ in _pictures(house, browser, given.out, frozenset(given.only)))
    print(f"{number} pictures in {given.out}")


def _pictures(house: House, browser: Browser, out: Path, only: frozenset[str]) -> Iterator[Path]:
    for language in LANGUAGES:
        for signed_in, pages in (
            (False, open_pages(house.rooms)),
            (True, administrator_pages(house.rooms)),
        ):
            chosen = {name: path for name, path in pages.items() if not only or name in only}
            if not chosen:
                continue
            with _reader(house, browser, language, signed_in) as context:
                yield from _walk(house.site.web, context, chosen, out, language)


@contextmanager
def _reader(
    house: House, browser: Browser, language: str, signed_in: bool
) -> Iterator[BrowserContext]:
    context = browser.new_context(locale=language)
    if signed_in:
        sign_in(house, context, ADMINS[language])
    yield context
    context.close()


def _walk(
    base: str, context: BrowserContext, pages: Mapping[str, str], out: Path, language: str
) -> Iterator[Path]:
    page = context.new_page()
    for name, path in pages.items():
        page.goto(base + path)
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                file = out / f"{name}.{language}.{size}.{scheme}.png"
                page.screenshot(path=file, full_page=True)
                yield file


if __name__ == "__main__":
    main()
