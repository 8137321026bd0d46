"""The page of a person."""

from __future__ import annotations

from flask.testing import FlaskClient

from forum.storage.lists import Visibility
from tests.factories import Make
from tests.web.signing import sign_in

AWA = "Awa Ndiaye <awa@example.org>"


def test_a_persons_page_shows_what_they_wrote_and_no_address(
    client: FlaskClient, make: Make
) -> None:
    ancrage = make.mailing_list("ancrage")
    first = make.post(ancrage, author=AWA, subject="Écrire à awa@example.org", text="Bonjour.\n")
    make.post(ancrage, author="Luz <luz@example.net>", subject="Otro asunto", text="Hola.\n")
    make.commit()
    page = client.get(f"/people/{first.author_id}").text
    assert "<h1>Awa Ndiaye</h1>" in page
    assert f'href="/posts/{first.id}"' in page
    assert "Otro asunto" not in page
    assert "awa@example.org" not in page


def test_a_reader_sees_only_what_was_written_where_they_may_read(
    client: FlaskClient, make: Make
) -> None:
    private = make.mailing_list("cercle", visibility=Visibility.PRIVATE)
    public = make.mailing_list("place")
    hidden = make.post(private, author=AWA, subject="Entre nous", text="Un secret.\n")
    make.subscriber(private, "luz@example.net")
    member = make.account("luz@example.net")
    make.commit()
    address = f"/people/{hidden.author_id}"
    assert client.get(address).status_code == 404
    make.post(public, author=AWA, subject="À tout le monde", text="Une nouvelle.\n")
    make.commit()
    page = client.get(address).text
    assert "À tout le monde" in page
    assert "Entre nous" not in page
    assert "cercle" not in page
    sign_in(client, member)
    assert "Entre nous" in client.get(address).text


def test_there_is_no_page_behind_the_last_nor_of_nobody(client: FlaskClient, make: Make) -> None:
    post = make.post(make.mailing_list("ancrage"), author=AWA, text="Bonjour.\n")
    make.commit()
    assert client.get(f"/people/{post.author_id}?page=2").status_code == 404
    assert client.get("/people/999999").status_code == 404
