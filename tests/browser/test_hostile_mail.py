"""Whatever somebody mails, nothing of it runs in a reader's browser, nor without our policy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Dialog, Page, Request

from tests.browser.conftest import NewPage
from tests.browser.hostile import hostile_mails
from tests.browser.house import ADMINS, PILAR, WORKSHOP, House
from tests.flows.site import DOMAIN

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STRANGER = "zoe.inconnue@example.org"
ROOT = "salle@example.net"
ALIEN = "script, iframe, object, embed, svg, math, style, link, meta, base, form form"
ACTIVE = r"""() => [...document.querySelectorAll("*")].filter(element =>
    [...element.attributes].some(one => /^on/i.test(one.name)
        || /^[\s\0-\x1f]*(javascript|data|vbscript):/i.test(one.value)
    )).map(element => element.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def threads(house: House) -> Iterator[list[int]]:
    """The threads in which all the hostile mails stand; others wait for a moderator."""
    to = f"{WORKSHOP}@{DOMAIN}"
    found = {house.write(subject="Salle", text="Quelle salle prendre ?\n", message_id=ROOT)}
    for message in hostile_mails(PILAR, to, ROOT):
        house.site.lmtp(PILAR, to, message.as_bytes())
        path = f"/api/v1/messages/{message['Message-ID'].strip('<>')}"
        found.add(house.site.browser().json(path)["thread_id"])
    for message in hostile_mails(STRANGER, to, "inconnu@example.org"):
        house.site.lmtp(STRANGER, to, message.as_bytes())
    house.wait_for_index()
    yield sorted(found)
    held = json.loads(house.site.command_here("held", "ls", WORKSHOP, "--json"))
    strange = [str(one["id"]) for one in held if STRANGER in one["author"]]
    house.site.command_here("held", "discard", *strange)


@pytest.fixture(params=[False, True], ids=["with-our-policy", "without-our-policy"])
def page(request: pytest.FixtureRequest, new_page: NewPage) -> Page:
    """An administrator's window; also one that ignores the Content-Security-Policy."""
    return new_page(ADMINS["en"], bypass_csp=request.param)


def test_nothing_in_hostile_mails_runs_or_fetches(
    page: Page, house: House, threads: list[int]
) -> None:
    events: list[str] = []

    def stop(dialog: Dialog) -> None:
        events.append(dialog.message)
        dialog.dismiss()

    def foreign(request: Request) -> None:
        if not request.url.startswith(house.site.web):
            events.append(request.url)

    page.expose_function("ran", lambda: events.append(f"ran on {page.url}"))
    page.on("dialog", stop)
    page.on("request", foreign)
    places = [f"/threads/{thread}" for thread in threads]
    places += [f"{place}?order=date" for place in places]
    places += [f"/lists/{WORKSHOP}/", "/", "/search?q=salle", "/search?q=ran", "/moderation"]
    for place in places:
        page.goto(place)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert page.evaluate(ACTIVE) == [], place
        for body in page.locator(".post-body").all():
            body.hover(force=True)
    assert events == []


def test_the_threads_show_every_hostile_mail_as_text(page: Page, threads: list[int]) -> None:
    shown = 0
    for thread in threads:
        page.goto(f"/threads/{thread}")
        shown += page.locator(".post").count()
        assert (
            page.locator("main :is(script, iframe, object, embed, svg, style, form form)").count()
            == 0
        )
    assert shown == 1 + len(hostile_mails(PILAR, "", ROOT))


def test_an_attached_page_or_drawing_runs_nothing(
    page: Page, house: House, threads: list[int]
) -> None:
    page.goto(f"/threads/{threads[0]}?order=date")
    links = page.locator(".attachments a")
    assert links.count() == 3
    for address in [link.get_attribute("href") or "" for link in links.all()]:
        answer = page.request.get(house.site.web + address)
        assert answer.status == 200
        policy = answer.headers["content-security-policy"]
        assert "sandbox" in policy and "allow-scripts" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        shown_inline = not answer.headers["content-disposition"].startswith("attachment")
        assert not (shown_inline and re.search("html|svg|xml", answer.headers["content-type"]))
