"""The small search of a folder of pages, in a browser and without a server."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from mailbridge.archive.page_search import SCRIPT, Kin

POSTS = (
    ("a.html", "Une monnaie locale", "Awa", "2010-03-01", "Nos économies et nos œuvres.", "fr"),
    ("b.html", "The market", "Iris", "2010-04-01", "It opens on Friday.", "en"),
)
INDEX = """<!doctype html><meta charset="utf-8"><input id="q">
<div role="status"><p id="none" hidden>Nothing found.</p></div><ul id="found"></ul>
<script src="posts.js"></script><script src="kin.js"></script><script src="search.js"></script>"""


def opened(folder: Path, browser: Browser) -> Page:
    kin = Kin()
    for _, subject, _, _, text, language in POSTS:
        kin.take(f"{subject} {text}", language)
    kin.take("L’économie, une œuvre ; les monnaies locales", "fr")
    posts = json.dumps([post[:-1] for post in POSTS])
    (folder / "posts.js").write_text(f"window.POSTS = {posts};", encoding="utf-8")
    (folder / "kin.js").write_text(kin.script(), encoding="utf-8")
    (folder / "search.js").write_text(SCRIPT, encoding="utf-8")
    (folder / "index.html").write_text(INDEX, encoding="utf-8")
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())
    return page


def test_words_of_one_stem_are_found_and_nothing_is_said_to_be_nothing(
    tmp_path: Path, browser: Browser
) -> None:
    page = opened(tmp_path, browser)
    for words in ("monnaies locales", "ÉCONOMIE", "l’économie", "oeuvre", "monn"):
        page.fill("#q", words)
        expect(page.locator("#found a")).to_have_text(["Une monnaie locale"])
        expect(page.locator("#none")).to_be_hidden()
    page.fill("#q", "market")
    expect(page.locator("#found a")).to_have_text(["The market"])
    page.fill("#q", "monnaie friday")
    expect(page.locator("#found a")).to_have_count(0)
    expect(page.locator("#none")).to_be_visible()
    page.fill("#q", "")
    expect(page.locator("#none")).to_be_hidden()
    page.close()
