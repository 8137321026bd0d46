"""The catalogues are whole, and no page speaks English to readers of French and Spanish."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.message import parse
from forum.domain.values import Source
from forum.operations.posting import Held, post
from forum.storage.people import Account
from tests.catalogues import LANGUAGES, extracted, faults
from tests.factories import START, Make
from tests.web.signing import sign_in

pytestmark = pytest.mark.slow

ENGLISH = re.compile(
    r"\b(?:sign (?:in|out)|search|subscribe|posts?|threads?|answers?|subject|lists|the|of|and|or"
    r"|your|you|with|this|was|has|from|list|held|queue|settings|password|keep|reject|discard"
    r"|multiple|unknown|ago|March|by)\b",
    re.IGNORECASE,
)
"""Words of an English interface that are words of neither French nor Spanish."""
NAMES = re.compile(r"\S*(?:@|://)\S*|List-Id|Message-ID")
"""Addresses and names of fields, which have no language."""
TEXT = {
    "fr": "Bonjour à tout le monde, voici nos propositions pour la rencontre de printemps.\n",
    "es": "Buenos días a todas, estas son nuestras propuestas para el encuentro.\n",
}
SEARCH = {"fr": "Rechercher", "es": "Buscar"}
OPEN = (
    "/", "/lists/ancrage/", "/lists/ancrage/?language=es", "/lists/ancrage/?year=2010&month=3",
    "/lists/ancrage/months", "/lists/vide/", "/lists/ancrage/subscribe", "/threads/{thread}",
    "/threads/{thread}?order=date", "/posts/{post}/citation", "/search", "/search?q=rencontre",
    "/search?q=zzzqqq", "/search?q=((a", "/help", "/about", "/login", "/login/abc",
    "/confirm/abc", "/unsubscribe/abc", "/nowhere",
)  # fmt: skip
OWN = (
    "/", "/account", "/account/mails", "/account/subscriptions/{subscription}", "/lists/ancrage/",
    "/lists/ancrage/new", "/lists/vide/subscribe", "/threads/{thread}?parent={post}",
    "/threads/{thread}/answer?parent={post}&quote=1", "/moderation", "/moderation/decided",
    "/admin", "/admin/lists/new", "/admin/lists/ancrage", "/admin/accounts", "/admin/audit",
    "/admin/mail",
)  # fmt: skip

FORMS = (
    "/login", "/account", "/account/subscriptions/{subscription}", "/lists/vide/subscribe",
    "/lists/ancrage/new", "/threads/{thread}/answer", "/moderation", "/admin/lists/new",
    "/admin/lists/ancrage", "/admin/lists/ancrage/roles",
)  # fmt: skip
WRONG = dict.fromkeys(
    ("email", "delivery", "language", "state", "visibility", "decision", "role", "name", "mode"),
    "?" * 200,
)


class _Visible(HTMLParser):
    """What a page says: its text and the attributes that are read out.

    Code, what bears a language of its own, and what people wrote are left out.
    """

    UNREAD = frozenset({"script", "style", "code", "pre", "textarea", "option"})
    VOID = frozenset({"meta", "link", "input", "br", "hr", "img", "wbr", "col", "area", "source"})

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language
        self.depth_left_out = 0
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        left_out = tag in self.UNREAD or given.get("lang") not in (None, self.language)
        if self.depth_left_out or left_out:
            self.depth_left_out += tag not in self.VOID
            return
        names = ("title", "aria-label", "placeholder", "alt")
        self.said += [value for name in names if (value := given.get(name))]
        if tag == "input" and given.get("type") in ("submit", "button"):
            self.said.append(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if self.depth_left_out and tag not in self.VOID:
            self.depth_left_out -= 1

    def handle_data(self, data: str) -> None:
        if not self.depth_left_out and data.strip():
            self.said.append(" ".join(data.split()))


def said(page: str, language: str) -> list[str]:
    """Each text of a page."""
    parser = _Visible(language)
    parser.feed(page)
    parser.close()
    assert parser.depth_left_out == 0
    return parser.said


@dataclass(frozen=True, slots=True)
class House:
    """Who administers, and the ids of what is there."""

    account: Account
    ids: dict[str, int]


@pytest.fixture
def house(session: Session, make: Make, language: str) -> House:
    """Two lists, a thread with an answer and a message that waits, in the reader's language."""
    ancrage = make.mailing_list()
    make.mailing_list("vide")
    account = make.account("camille@example.net", "Camille Roy", language=language, is_admin=True)
    subscription = make.subscriber(ancrage, "camille@example.net", language)
    first = make.post(ancrage, message_id="un@example.org", text=TEXT[language])
    make.post(ancrage, in_reply_to="un@example.org", text=TEXT[language], author="Lila <l@x.org>")
    raw = make.mail(subject="Minga", text=TEXT[language], author="Hugo <hugo@example.net>")
    waiting = post(session, ancrage, parse(raw, START), START, max_bytes=10**6, source=Source.EMAIL)
    assert isinstance(waiting, Held)
    make.commit()
    ids = {"thread": first.thread_id, "post": first.id, "subscription": subscription.id}
    return House(account, ids)


def english(
    client: FlaskClient, paths: tuple[str, ...], house: House, language: str
) -> Iterator[str]:
    """Each English text, after its page."""
    for path in (path.format_map(house.ids) for path in paths):
        answer = client.get(path, headers={"Accept-Language": language})
        assert answer.status_code in (200, 404), path
        texts = said(answer.text, language)
        assert SEARCH[language] in texts, path
        yield from (f"{path}: {text}" for text in texts if ENGLISH.search(NAMES.sub("", text)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_with_its_placeholders(language: str) -> None:
    assert list(faults(language, extracted())) == []


def test_the_walk_would_hear_english(client: FlaskClient) -> None:
    heard = said(client.get("/", headers={"Accept-Language": "en"}).text, "en")
    assert {"Sign in", "Search", "Skip to the content"} <= set(filter(ENGLISH.search, heard))


@pytest.mark.parametrize("language", ["fr", "es"])
def test_no_page_speaks_english_to_a_stranger(
    client: FlaskClient, house: House, language: str
) -> None:
    assert list(english(client, OPEN, house, language)) == []


@pytest.mark.parametrize("language", ["fr", "es"])
def test_no_page_speaks_english_to_an_administrator(
    client: FlaskClient, house: House, language: str
) -> None:
    sign_in(client, house.account)
    assert list(english(client, OWN, house, language)) == []


@pytest.mark.parametrize("wrong", [{}, WRONG], ids=["empty", "wrong"])
@pytest.mark.parametrize("language", ["fr", "es"])
def test_no_form_complains_in_english(
    client: FlaskClient, house: House, language: str, wrong: dict[str, str]
) -> None:
    sign_in(client, house.account)
    complaints = 0
    for path in (path.format_map(house.ids) for path in FORMS):
        answer = client.post(path, data=wrong, follow_redirects=True)
        texts = [NAMES.sub("", text) for text in said(answer.text, language)]
        assert list(filter(ENGLISH.search, texts)) == [], path
        complaints += 'class="error"' in answer.text
    assert complaints > 3
