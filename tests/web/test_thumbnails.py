"""Small pictures of attached ones, as pages show them."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient
from PIL import Image

from forum.operations.thumbnails import (
    keep_thumbnail,
    make_thumbnail,
    picture_of,
    pictures_without,
)
from forum.storage.archive import Post
from mailbridge.picturing import Picturer
from tests.factories import Make
from tests.web.signing import sign_in
from tests.web.test_downloads import with_file

MEMBER = "member@example.net"


def picture(width: int = 900, height: int = 600) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), (200, 120, 40)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def post(make: Make) -> Post:
    """A post with a picture, in a private list."""
    private = make.mailing_list("private", visibility="private")
    make.subscriber(private, MEMBER)
    return with_file(make, private, picture(), "image/png", "le pont.png")


def test_the_worker_makes_what_is_missing_once(make: Make, post: Post) -> None:
    picturer = Picturer(make.session)
    assert pictures_without(make.session, 0, 10) == [(post.id, 0)]
    assert picturer.make_one() == 1
    assert picturer.make_one() == 0
    assert pictures_without(make.session, 0, 10) == []


def test_a_picture_that_cannot_be_read_is_tried_once(make: Make) -> None:
    ancrage = make.mailing_list("ancrage")
    post = with_file(make, ancrage, b"no picture", "image/png", "x.png")
    picturer = Picturer(make.session)
    assert picturer.make_one() == 1
    assert picturer.make_one() == 0
    make.session.refresh(post)
    assert pictures_without(make.session, 0, 10) == []


def test_the_page_shows_it_with_its_size_and_name(
    client: FlaskClient, make: Make, post: Post
) -> None:
    content = picture_of(make.session, post.id, 0)
    assert content is not None
    keep_thumbnail(make.session, post.id, 0, make_thumbnail(content))
    sign_in(client, make.account(MEMBER))
    make.commit()
    address = f"/posts/{post.id}/attachments/0/thumbnail"
    page = client.get(f"/threads/{post.thread_id}").text
    expected = f'<img src="{address}" alt="le pont.png" width="480" height="320" loading="lazy">'
    assert expected in page
    response = client.get(address)
    assert (response.status_code, response.mimetype) == (200, "image/webp")
    assert response.headers["Cache-Control"].startswith("private")
    with Image.open(io.BytesIO(response.data)) as shown:
        assert shown.size == (480, 320)


def test_who_may_not_read_the_list_gets_none(client: FlaskClient, make: Make, post: Post) -> None:
    keep_thumbnail(make.session, post.id, 0, make_thumbnail(picture()))
    make.commit()
    address = f"/posts/{post.id}/attachments/0/thumbnail"
    assert client.get(address).status_code == 404
    sign_in(client, make.account("stranger@example.net"))
    make.commit()
    assert client.get(address).status_code == 404


def test_without_a_picture_there_is_the_plain_link(client: FlaskClient, make: Make) -> None:
    ancrage = make.mailing_list("ancrage")
    post = with_file(make, ancrage, b"no picture", "image/png", "x.png")
    keep_thumbnail(make.session, post.id, 0, make_thumbnail(b"no picture"))
    make.commit()
    page = client.get(f"/threads/{post.thread_id}").text
    assert "<img" not in page
    assert f'href="/posts/{post.id}/attachments/0/x.png"' in page
    assert client.get(f"/posts/{post.id}/attachments/0/thumbnail").status_code == 404
    assert client.get(f"/posts/{post.id}/attachments/9/thumbnail").status_code == 404


def test_a_file_named_like_it_is_given_whole(client: FlaskClient, make: Make) -> None:
    ancrage = make.mailing_list("ancrage")
    post = with_file(make, ancrage, b"1,2\n", "text/csv", "thumbnail")
    assert client.get(f"/posts/{post.id}/attachments/0/thumbnail").data == b"1,2\n"


def test_anonymous_readers_ask_again_and_get_304(client: FlaskClient, make: Make) -> None:
    ancrage = make.mailing_list("ancrage")
    post = with_file(make, ancrage, picture(), "image/png", "pont.png")
    keep_thumbnail(make.session, post.id, 0, make_thumbnail(picture()))
    make.commit()
    address = f"/posts/{post.id}/attachments/0/thumbnail"
    etag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
