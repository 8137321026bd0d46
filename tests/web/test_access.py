"""A private list does not exist for those who are not on it, whatever the way they come."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from flask import Flask, g, url_for
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forum.domain.message import parse
from forum.domain.values import Mailbox, Source
from forum.operations.accounts import ensure_author
from forum.operations.posting import Held
from forum.operations.posting import post as submit
from forum.operations.tokens import issue_api_token
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.people import Account, subscription_of
from forum.storage.tokens import TokenScope
from tests.factories import START, Make
from tests.web.signing import sign_in

SECRET = "Réunion à huis clos"


@pytest.fixture
def post(make: Make) -> Post:
    """A post on a private list, beside a public one."""
    make.post(make.mailing_list("public"), subject="Ouvert à tous", message_id="p@example.org")
    inside = make.post(
        make.mailing_list("private", visibility="private"),
        subject=SECRET,
        message_id="secret@example.org",
    )
    make.commit()
    return inside


@pytest.fixture
def member(make: Make, post: Post) -> Account:
    """Somebody subscribed to the private list with a confirmed address."""
    make.subscriber(post.mailing_list, "member@example.net")
    account = make.account("member@example.net")
    make.commit()
    return account


def addresses(post: Post) -> list[str]:
    """Every address that shows something of a list."""
    thread = post.thread_id
    return [
        "/lists/private/",
        "/lists/private/months",
        "/lists/private/feed.atom",
        f"/threads/{thread}",
        f"/threads/{thread}/feed.atom",
        f"/posts/{post.id}",
        "/message/secret@example.org",
        "/message/secret@example.org?list=private",
        f"/posts/{post.id}/raw",
        f"/posts/{post.id}/citation",
        f"/posts/{post.id}/citation.bib",
        f"/posts/{post.id}/citation.ris",
        f"/posts/{post.id}/citation.json",
        f"/posts/{post.id}/attachments/0/x.txt",
        f"/threads/{thread}/messages.mbox",
        "/lists/private/archive.mbox",
        "/lists/private/glossary",
        "/lists/private/glossary.csv",
        "/lists/private/glossary.tbx",
        "/lists/private/topics",
        "/lists/private/topics.ics",
        f"/threads/{thread}/terms",
    ]


def api_addresses(post: Post) -> list[str]:
    """The same in the API."""
    return [
        "/api/v1/lists/private",
        "/api/v1/lists/private/threads",
        f"/api/v1/threads/{post.thread_id}",
        f"/api/v1/posts/{post.id}",
        "/api/v1/messages/secret@example.org",
    ]


def test_anonymous_readers_find_nothing(client: FlaskClient, post: Post) -> None:
    for address in addresses(post) + api_addresses(post):
        assert client.get(address).status_code == 404, address
    for address in ("/", "/api/v1/lists", "/search?q=huis", "/api/v1/search?q=huis"):
        assert "private" not in client.get(address).text, address


def test_strangers_find_nothing(client: FlaskClient, make: Make, post: Post) -> None:
    sign_in(client, make.account("stranger@example.net"))
    make.commit()
    for address in addresses(post):
        assert client.get(address).status_code == 404, address
    assert SECRET not in client.get("/").text


def test_an_unconfirmed_address_opens_nothing(client: FlaskClient, make: Make, post: Post) -> None:
    make.subscriber(post.mailing_list, "member@example.net")
    stranger = make.account("stranger@example.net")
    other = ensure_author(make.session, Mailbox("", "member@example.net"), None)
    other.author_id, other.confirmed_at = stranger.author_id, None
    make.commit()
    sign_in(client, stranger)
    assert client.get("/lists/private/").status_code == 404


def test_members_find_everything(client: FlaskClient, post: Post, member: Account) -> None:
    sign_in(client, member)
    for address in addresses(post):
        # The post has no file: an attachment is what even a member does not find.
        wanted = (404,) if "attachments" in address else (200, 302)
        assert client.get(address).status_code in wanted, address
    assert SECRET in client.get("/").text


def test_moderators_find_everything(client: FlaskClient, make: Make, post: Post) -> None:
    sign_in(client, make.moderator(post.mailing_list))
    make.commit()
    assert SECRET in client.get("/lists/private/").text
    assert client.get(f"/posts/{post.id}/raw").status_code == 200


def test_tokens_open_the_api_to_members(
    client: FlaskClient, make: Make, post: Post, member: Account
) -> None:
    good = issue_api_token(make.session, member, TokenScope.READ, START)
    other = issue_api_token(make.session, make.account(), TokenScope.READ, START)
    make.commit()
    for address in api_addresses(post):
        mine = client.get(address, headers={"Authorization": f"Bearer {good}"})
        assert mine.status_code == 200, address
        theirs = client.get(address, headers={"Authorization": f"Bearer {other}"})
        assert theirs.status_code == 404, address


def test_the_api_never_looks_at_cookies(client: FlaskClient, post: Post, member: Account) -> None:
    sign_in(client, member)
    for address in api_addresses(post):
        assert client.get(address).status_code == 404, address


def test_bytes_of_public_lists_are_for_who_is_on_them(client: FlaskClient, make: Make) -> None:
    post = make.post(make.mailing_list("open"))
    stranger = make.account("stranger@example.net")
    make.commit()
    ways = (
        f"/posts/{post.id}/raw",
        f"/threads/{post.thread_id}/messages.mbox",
        "/lists/open/archive.mbox",
    )
    for address in ways:
        assert client.get(address).status_code == 403, address
    sign_in(client, stranger)
    for address in ways:
        assert client.get(address).status_code == 403, address


# What anonymous readers, strangers, subscribers and moderators get of a private list: the way in
# ("open": it may ask for more), the login page, or a refusal. None: it depends on more than that.
Outcomes = tuple[str | None, str | None, str | None, str | None]
ANYBODY: Outcomes = ("open", "open", "open", "open")
MEMBERS: Outcomes = ("404", "404", "open", "open")
ITS_MODERATORS: Outcomes = ("404", "404", "404", "open")
MEMBERS_AT_MOST: Outcomes = ("404", "404", None, None)
SIGNED_IN: Outcomes = ("login", "open", "open", "open")
SIGNED_IN_MEMBERS: Outcomes = ("login", "404", "open", "open")
ITS_SUBSCRIBER: Outcomes = ("login", "404", "open", "404")
MODERATORS: Outcomes = ("login", "404", "404", "open")
OTHERS: Outcomes = ("login", "404", "404", "404")
KNOWS_A_SECRET: Outcomes = ("404", "404", "404", "404")
TO_LOGIN: Outcomes = ("login", "login", "login", "login")
WRITERS: Outcomes = ("401", "404", "open", "open")
CLASSIFIED: dict[Outcomes, str] = {
    ANYBODY: """
        reading.home people.show pages.about pages.help_page api_help.show searching.search
        searching.search_feed searching.opensearch citing.found health.healthz health.metrics
        static session.login session.logout api.lists api.search api.openapi
    """,
    MEMBERS: """
        reading.show_list reading.months reading.thread reading.post reading.message
        feeds.of_list feeds.of_thread citing.show citing.download downloads.raw
        downloads.thread_messages downloads.list_archive writing.compose writing.answer
        subscribing.join choices.ask following.decide api.one_list api.threads api.thread
        api.post api.message glossary.show glossary.download glossary.of_thread topics.show
        topics.feed
    """,
    MEMBERS_AT_MOST: """
        downloads.attachment downloads.thumbnail old_addresses.sympa old_addresses.sympa_message
        old_addresses.hyperkitty old_addresses.pipermail
    """,
    SIGNED_IN: """
        account.show account.save account.moderation account.mails account.create_token
        languages.choose saved_searches.show saved_searches.save drafts.show_all
        own_addresses.add privacy.download privacy.ask_for_it
    """,
    SIGNED_IN_MEMBERS: "curating_own.tell unread.mark_all drafts.keep_new drafts.keep_answer",
    ITS_SUBSCRIBER: "account.subscription",
    MODERATORS: """
        moderating.queue moderating.decide moderating.decided moderating.repairs moderating.held
        moderating.decide_held moderating.whole translating.waiting mirroring.show mirroring.decide
        curating.thread curating.post curating.remove_post curating_audit.log
        curating_audit.take_back curating_own.reports curating_own.settle curating_own.history
    """,
    OTHERS: """
        administration.overview administration.accounts administration.audit
        administration.one_list administration.grant administration.new_list
        administration.failed_mail administration.revoke account.revoke_token writing.undo
        curating_own.change curating_own.take_back drafts.drop own_addresses.ask
        own_addresses.take privacy.see privacy.confirm_it privacy.requests privacy.decide
        outgoing.resume saved_searches.change saved_searches.drop
    """,
    ITS_MODERATORS: """
        inviting.show ruling.show glossary.edit glossary.take_in topics.edit synthesis.write
        translating.write
    """,
    # And its owners, who are asked for in tests/web_interaction/test_running.py.
    KNOWS_A_SECRET: """
        ruling.save list_settings.show outgoing.show outgoing.decide members.show
        members.download members.remove members.add inviting.take_back glossary.remove
        topics.remove synthesis.send translating.take_back saved_searches.private_feed
        confirming.ask confirming.confirm choices.by_link subscribing.leave_page subscribing.leave
        session.ask session.enter
    """,
    TO_LOGIN: "session.sent",
    WRITERS: "api.start_thread api.answer",
}
EXPECTED = {name: outcomes for outcomes, names in CLASSIFIED.items() for name in names.split()}


def outcome(response: TestResponse) -> str:
    """One word for an answer; what is asked for more has let the reader in."""
    if response.status_code in (301, 302, 303, 308):
        path = urlsplit(response.location).path
        return "login" if path == "/login" else "open"
    return "open" if response.status_code in (200, 400, 422) else str(response.status_code)


def walk(app: Flask, values: dict[str, object]) -> list[tuple[str, str, str]]:
    """Every route of the app: its endpoint, a method it takes, and a path of the private list."""
    with app.test_request_context():
        return [
            (
                rule.endpoint,
                method,
                url_for(rule.endpoint, **{one: values[one] for one in rule.arguments}),
            )
            for rule in app.url_map.iter_rules()
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        ]


def _held(make: Make, mailing_list: MailingList) -> int:
    """A stranger's message that waits on the private list."""
    submission = parse(make.mail(author="zoe@example.net", subject=SECRET), START)
    answer = submit(
        make.session, mailing_list, submission, START, max_bytes=10**6, source=Source.EMAIL
    )
    assert isinstance(answer, Held)
    return answer.held_id


def test_every_route_lets_in_who_may_and_nobody_else(
    app: Flask, make: Make, post: Post, member: Account
) -> None:
    people = {
        "anonymous": None,
        "stranger": make.account("stranger@example.net"),
        "subscriber": member,
        "moderator": make.moderator(post.mailing_list, "moderator@example.net"),
    }
    make.commit()
    tokens = {
        who: issue_api_token(make.session, account, TokenScope.WRITE, START)
        for who, account in people.items()
        if account is not None
    }
    subscription = subscription_of(make.session, post.mailing_list_id, "member@example.net")
    assert subscription is not None
    held_id = _held(make, post.mailing_list)
    make.commit()
    values: dict[str, object] = {
        "held_id": held_id,
        "slug": "private",
        "name": "private",
        "address": post.mailing_list.address,
        "thread_id": post.thread_id,
        "post_id": post.id,
        "author_id": post.author_id,
        "draft_id": 9999,
        "message_id": post.message_id,
        "subscription_id": subscription.id,
        "index": 0,
        "form": "bib",
        "file_format": "csv",
        "kind": "message",
        "month": "2010-March",
        "page": "000001.html",
        "filename": "style.css",
        "digest": "X" * 32,
        **dict.fromkeys(("token", "secret"), "x" * 40),
        **dict.fromkeys(("token_id", "search_id", "grant_id"), 9999),
    }
    wrong = []
    for endpoint, method, path in walk(app, values):
        assert endpoint in EXPECTED, f"{endpoint} ({path}) is not classified in this test"
        for (who, account), expected in zip(people.items(), EXPECTED[endpoint], strict=True):
            client = app.test_client()
            headers = {}
            if account is not None and path.startswith("/api/"):
                headers["Authorization"] = f"Bearer {tokens[who]}"
            elif account is not None:
                sign_in(client, account)
            g.pop("_login_user", None)
            response = client.open(path, method=method, headers=headers)
            switch = re.search(rb'<form[^>]* class="language-nav">.*?</form>', response.data, re.S)
            if switch and re.findall(rb">([A-Z]+)</", switch[0]) != [b"FR", b"EN", b"ES"]:
                wrong.append(f"{who}: {method} {path} has other languages in its head")
            if expected not in (None, outcome(response)):
                wrong.append(f"{who}: {method} {path} {response.status_code}, not {expected}")
            if who in ("anonymous", "stranger") and SECRET.encode() in response.data:
                wrong.append(f"{who}: {method} {path} tells of it")
            response.close()
    assert wrong == []


def test_pages_signed_in_are_kept_by_nobody(
    client: FlaskClient, post: Post, member: Account
) -> None:
    sign_in(client, member)
    assert client.get("/lists/private/").headers["Cache-Control"] == "private, no-store"
