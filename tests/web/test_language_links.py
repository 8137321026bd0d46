"""Who is not signed in chooses the language by a link, on every page, and stays where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

from flask import Flask, g, url_for
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forum.domain.values import LANGUAGES
from tests.factories import Make

QUERY = "?q=caf%C3%A9+%22un+deux%22&tag=a%26b&tag=c%2Bd&language=es&parent=1"
_LINK = re.compile(r'<a href="([^"]+)" lang="(\w\w)" hreflang')


def paths(app: Flask, make: Make) -> Iterator[tuple[str, str]]:
    """Every route for people without a secret: a method it takes, and a path."""
    post = make.post(make.mailing_list("open"))
    make.commit()
    values = {
        "slug": "open", "name": "open", "thread_id": post.thread_id, "post_id": post.id,
        "author_id": post.author_id, "message_id": "nobody@example.org",
    }  # fmt: skip
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if set(rule.arguments) <= set(values) and not rule.rule.startswith(
                ("/api/", "/static")
            ):
                for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                    given = {one: values[one] for one in rule.arguments}
                    yield method, url_for(rule.endpoint, **given)


def ask(client: FlaskClient, address: str, method: str = "GET") -> TestResponse:
    # Requests of a test share what Flask-Babel has chosen for the first one.
    g.pop("_flask_babel", None)
    return client.open(address, method=method)


def test_every_page_is_read_in_another_language_by_a_link_that_keeps_place_and_query(
    app: Flask, make: Make
) -> None:
    seen = 0
    for method, path in list(paths(app, make)):
        client = app.test_client()
        with ask(client, path + QUERY, method) as response:
            if response.mimetype != "text/html" or response.status_code in (301, 302, 303, 308):
                continue
            links = [(unescape(found[1]), found[2]) for found in _LINK.finditer(response.text)]
        assert [code for _, code in links] == list(LANGUAGES), f"{method} {path}"
        for link, code in links:
            parts = urlsplit(link)
            given = parse_qs(parts.query)
            assert given.pop("lang") == [code], link
            assert given == parse_qs(QUERY[1:]), f"{method} {path}: {link}"
            # What can only be sent has no page to come back to.
            assert parts.path == path or (method == "POST" and parts.path == "/"), f"{path}: {link}"
            with ask(client, link) as page:
                is_page = method == "GET" and page.mimetype == "text/html"
                assert not is_page or f'<html lang="{code}"' in page.text, link
            with ask(client, "/") as home:
                assert f'<html lang="{code}"' in home.text, link
        seen += 1
    assert seen > 20
