"""A private list does not exist for those who are not on it, whatever the way they come."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from forum.domain.values import Mailbox
from forum.operations.accounts import ensure_author
from forum.operations.tokens import issue_api_token
from forum.storage.archive import Post
from forum.storage.people import Account, TokenScope
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
        wanted = 404 if "attachments" in address else (200, 302)
        status = client.get(address).status_code
        assert status == wanted or status in (200, 302), address
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


def test_pages_signed_in_are_kept_by_nobody(
    client: FlaskClient, post: Post, member: Account
) -> None:
    sign_in(client, member)
    assert client.get("/lists/private/").headers["Cache-Control"] == "private, no-store"
