"""The search page, its feed, and the API's search."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from forum.storage.archive import PostState
from forum.web.search_operators import narrowed, narrowing, operator_text
from tests.factories import START, Make
from tests.indexed import index_all
from tests.web.signing import sign_in

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def indexed(make: Make) -> Make:
    """Two lists, one private, with posts that the index has taken in."""
    ancrage = make.mailing_list("ancrage")
    make.post(
        ancrage,
        author="Awa Ndiaye <awa@example.org>",
        subject="Monnaies locales",
        text="Nos monnaies circulent au marché; écrire à awa@example.org pour en savoir plus.\n",
    )
    make.post(
        ancrage,
        author="Luz Quispe <luz@example.net>",
        subject="Monedas sociales",
        text="Las monedas sociales circulan en la feria del pueblo cada domingo.\n",
        date=START + timedelta(days=500),
    )
    private = make.mailing_list("private", visibility="private")
    make.post(private, subject="Secret", text="Une monnaie dont personne ne doit rien savoir.\n")
    make.subscriber(private, "member@example.net")
    index_all(make.session)
    return make


def test_an_empty_search_shows_the_form(client: FlaskClient, make: Make) -> None:
    text = client.get("/search").text
    assert "What are you looking for?" in text
    assert "posts found" not in text


def test_a_word_finds_its_forms_and_marks_them(client: FlaskClient, indexed: Make) -> None:
    text = client.get("/search?q=monnaie").text
    assert "1 post found" in text
    assert "<mark>monnaies</mark>" in text
    assert 'lang="fr"' in text


def test_nothing_found_says_what_to_try(client: FlaskClient, indexed: Make) -> None:
    assert "Nothing was found." in client.get("/search?q=zzzz").text


def test_an_unreadable_search_is_said_to_be(client: FlaskClient, indexed: Make) -> None:
    response = client.get("/search", query_string={"q": 'monnaies AND ("'})
    assert response.status_code == 200
    assert "could not be read as it is written" in response.text


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "is no field of the search"), ("fr", "n’est pas un champ"), ("es", "no es un campo")],
)
def test_an_unknown_field_is_said_with_the_nearest_one(
    client: FlaskClient, indexed: Make, language: str, said: str
) -> None:
    text = client.get("/search", query_string={"q": "form:awa", "lang": language}).text
    assert said in text
    assert '<a href="/search?q=from%3Aawa">from:</a>' in text
    assert said in client.get("/search", query_string={"q": "foo:awa", "lang": language}).text
    assert said not in client.get("/search", query_string={"q": "de:awa", "lang": language}).text


def test_the_api_names_unknown_fields(client: FlaskClient, indexed: Make) -> None:
    answer = client.get("/api/v1/search", query_string={"q": "form:awa foo:x"}).get_json()
    assert answer["notices"] == [
        {"code": "unknown-field", "field": "form", "instead": "from"},
        {"code": "unknown-field", "field": "foo", "instead": None},
    ]
    assert client.get("/api/v1/search?q=awa").get_json()["notices"] == []


def test_fields_of_the_form_become_operators(client: FlaskClient, indexed: Make) -> None:
    response = client.get("/search?q=monnaies&author=Awa+Ndiaye&language=fr&list=ancrage")
    assert response.status_code == 302
    followed = client.get(response.location).text
    assert "1 post found" in followed
    assert "from:&#34;Awa Ndiaye&#34;" in followed


def test_facets_narrow(client: FlaskClient, indexed: Make) -> None:
    text = client.get("/search?q=monnaies+OR+monedas").text
    assert "2 posts found" in text
    assert "Narrow the search" in text
    query = narrowed("monnaies OR monedas", narrowing("year", "2010"))
    assert "1 post found" in client.get("/search", query_string={"q": query}).text


def test_operators_quote_what_must_be_quoted() -> None:
    assert operator_text("list", "ancrage-territorial") == "list:ancrage-territorial"
    assert operator_text("from", "Awa Ndiaye") == 'from:"Awa Ndiaye"'
    assert narrowed("x", narrowing("author", 'Awa "Ada" Ndiaye')) == 'x from:"Awa  Ada  Ndiaye"'


def test_private_lists_are_found_by_their_members_alone(client: FlaskClient, indexed: Make) -> None:
    assert "Secret" not in client.get("/search?q=monnaie").text
    sign_in(client, indexed.account("member@example.net"))
    indexed.commit()
    assert "Secret" in client.get("/search?q=monnaie").text


def test_results_show_no_address_to_strangers(client: FlaskClient, indexed: Make) -> None:
    for address in ("/search?q=awa", "/api/v1/search?q=awa", "/search.atom?q=marché"):
        response = client.get(address)
        assert "awa@example.org" not in response.text, address
        assert "awa@" in response.text or "Awa" in response.text, address


def test_what_was_hidden_since_is_not_shown(client: FlaskClient, indexed: Make) -> None:
    from sqlalchemy import select

    from forum.storage.archive import Post

    post = indexed.session.scalars(select(Post).order_by(Post.id).limit(1)).one()
    post.state = PostState.HIDDEN
    indexed.commit()
    assert "Monnaies locales" not in client.get("/search?q=monnaies").text


def test_pages_beyond_the_last_answer_404(client: FlaskClient, indexed: Make) -> None:
    assert client.get("/search?q=monnaies&page=2").status_code == 404


def test_the_feed_of_a_search_is_atom(client: FlaskClient, indexed: Make) -> None:
    response = client.get("/search.atom?q=monnaies")
    assert response.mimetype == "application/atom+xml"
    root = ElementTree.fromstring(response.data)
    titles = [entry.findtext(f"{ATOM}title") for entry in root.findall(f"{ATOM}entry")]
    assert titles == ["Monnaies locales"]


def test_the_api_gives_hits_and_facets(client: FlaskClient, indexed: Make) -> None:
    answer = client.get("/api/v1/search?q=monnaies").json
    assert answer["total"] == 1
    assert answer["expanded"] == []
    assert set(answer["facets"]) == {"language", "year", "author", "list", "tag"}
    assert answer["facets"]["list"] == {"ancrage": 1}
    (hit,) = answer["items"]
    assert set(hit) == {
        "post_id",
        "thread_id",
        "list",
        "subject",
        "author",
        "date",
        "language",
        "snippet",
        "score",
    }
    assert (hit["list"], hit["author"], hit["language"]) == ("ancrage", "Awa Ndiaye", "fr")
    assert "<mark>" in hit["snippet"]


def test_an_api_search_for_nothing_finds_nothing(client: FlaskClient, indexed: Make) -> None:
    answer = client.get("/api/v1/search").json
    assert (answer["total"], answer["items"]) == (0, [])


def test_browsers_can_offer_the_search(client: FlaskClient) -> None:
    response = client.get("/search.xml")
    assert "http://forum.example.org/search?q={searchTerms}" in response.text
    ElementTree.fromstring(response.data)
