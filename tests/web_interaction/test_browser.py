"""The same in a real browser without scripts, on a small screen, judged by axe-core."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from forum.app import create_app
from forum.clock import utcnow
from forum.extensions import db
from forum.operations.accounts import login_link
from forum.settings import Settings
from forum.storage.archive import Post
from tests.conftest import one_database
from tests.factories import Make
from tests.requirements import find_browser, missing
from tests.web_interaction.test_moderating import hold

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AWA = "awa@example.net"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


class Quiet(WSGIRequestHandler):
    """A server that prints nothing."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(settings: Settings) -> Iterator[Flask]:
    """A site with CSRF checks and half a minute to undo."""
    missing("browser")
    app = create_app(replace(settings, undo_seconds=30))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def address(site: Flask) -> Iterator[str]:
    """Where that site answers."""
    server = make_server("127.0.0.1", 0, site, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def path(site: Flask) -> str:
    """The login link of a member who moderates a list where two messages wait."""
    with site.app_context():
        make = Make(db.session())
        ancrage = make.mailing_list()
        make.moderator(ancrage, AWA, name="Awa Ndiaye")
        make.subscriber(ancrage, AWA)
        make.subscriber(ancrage, "pilar@example.net", "es")
        make.post(ancrage, author="Pilar <pilar@example.net>")
        hold(ancrage, 1)
        hold(ancrage, 2)
        link = urlsplit(login_link(db.session(), AWA, "/lists/ancrage/", utcnow(), "")).path
        db.session.commit()
    return link


def test_signing_in_writing_undoing_and_deciding_work_without_scripts(
    site: Flask, address: str, path: str
) -> None:
    from playwright.sync_api import sync_playwright  # Only where it is installed.

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=[*FLAGS])
        page = browser.new_page(
            java_script_enabled=False, viewport={"width": 320, "height": 640}, locale="en"
        )
        page.goto(address + path)
        page.click("main button")
        assert urlsplit(page.url).path == "/lists/ancrage/"

        page.goto(f"{address}/threads/1")
        page.fill("textarea >> nth=0", "Nous venons **toutes** à la rencontre de printemps.")
        page.click("button[name=preview]")
        assert page.inner_text(".post-body strong") == "toutes"
        page.click("button[name=publish]")
        assert urlsplit(page.url).path == "/threads/1"
        assert page.locator("strong", has_text="toutes").is_visible()

        page.locator("#answer").get_by_role("link", name="Take it back").click()
        page.click("main button")
        assert "**toutes**" in page.input_value("textarea[name=text]")

        page.goto(f"{address}/moderation")
        for box in page.locator("input[type=checkbox]").all():
            box.check()
        page.get_by_role("button", name="Accept all ticked").click()
        assert "2 messages are posted." in page.inner_text("main")
        browser.close()
    with site.app_context():
        states = dict(db.session.execute(select(Post.subject, Post.state)).all())
        assert states["Re: Monnaies locales"] == "hidden"
        assert states["Question 2"] == "visible"


@one_database
def test_axe_finds_nothing_on_these_pages(address: str, path: str) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=[*FLAGS])
        page = browser.new_page(viewport={"width": 320, "height": 640})
        open_to_all = ("/login", path, "/lists/ancrage/subscribe", "/unsubscribe/x", "/confirm/x")
        behind = ("/account", "/account/mails", "/account/subscriptions/1", "/lists/ancrage/new",
                  "/threads/1/answer?quote=1", "/moderation", "/moderation/decided")  # fmt: skip
        for where in (*open_to_all, *behind):
            if where == behind[0]:
                page.goto(address + path)
                page.click("main button")
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.goto(address + where)
                violations = Axe().run(page).response["violations"]
                found += [(where, scheme, one["id"]) for one in violations]
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, where
        browser.close()
    assert found == []
