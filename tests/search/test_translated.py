"""A post is found by what people wrote of it in other languages, and shown where it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.domain.values import Role, Segment
from forum.operations.curation_removing import remove
from forum.operations.curation_undoing import undo
from forum.operations.erasing import erase
from forum.operations.translation import write_translation
from forum.storage.archive import Post
from tests.factories import START, Make
from tests.indexed import found_posts, index_all
from tests.operations.test_curation import LATER
from tests.search.conftest import Bench, document

SPANISH = "Proponemos una moneda local para el mercado del barrio, con reglas muy sencillas.\n"
FRENCH = "Nous proposons une **monnaie** locale ; écrire à awa.ndiaye@example.net\n"


@pytest.fixture
def post(make: Make) -> Post:
    mailing_list = make.mailing_list()
    return make.post(mailing_list, text=SPANISH, subject="Reglas", author="Luz <luz@example.org>")


def test_translations_are_searched_in_their_language_and_belong_to_the_post(bench: Bench) -> None:
    translation = Segment(Role.REPLY, "Les monnaies locales", "fr")
    bench.holds(
        replace(document(1, "Las monedas locales", "es"), translations=(translation,)),
        document(2, "Nuestras reglas", "es"),
    )
    assert bench.ids("monnaie") == [1]
    assert bench.ids('"monnaies locales"') == [1]
    assert bench.ids("monnaie lang:es") == [1]
    # The language of a post is that of its own words.
    assert bench.ids("monnaie lang:fr") == []
    assert bench.ids("in:quotes monnaie") == []


def test_a_word_of_a_translation_finds_the_post_and_the_page_shows_it_there(
    client: FlaskClient, make: Make, app: Flask, post: Post
) -> None:
    index_all(make.session)
    assert found_posts(client, "monnaie") == []
    write_translation(make.session, post, "fr", FRENCH, LATER)
    index_all(make.session)
    assert found_posts(client, "monnaies") == [post.id]
    assert found_posts(client, "monnaie lang:fr") == []
    page = client.get("/search?q=monnaie&lang=en").get_data(as_text=True)
    assert "In its translation into French:" in page
    assert '<p class="excerpt" lang="fr">Nous proposons une **<mark>monnaie</mark>** locale' in page
    assert "awa.ndiaye@example.net" not in page
    assert found_posts(client, "awa.ndiaye@example.net") == []
    own = client.get("/search?q=moneda&lang=en").get_data(as_text=True)
    assert "In its translation" not in own
    assert '<p class="excerpt" lang="es">Proponemos una <mark>moneda</mark>' in own


def test_what_is_taken_back_or_removed_is_not_found_any_more(
    client: FlaskClient, make: Make, app: Flask, post: Post
) -> None:
    first = write_translation(make.session, post, "fr", FRENCH, LATER)
    second = write_translation(make.session, post, "fr", "Un troc paisible.", LATER)
    index_all(make.session)
    assert found_posts(client, "monnaie") == []
    assert found_posts(client, "troc") == [post.id]
    undo(make.session, second.id, LATER)
    index_all(make.session)
    assert found_posts(client, "monnaie") == [post.id]
    assert found_posts(client, "troc") == []
    undo(make.session, first.id, LATER)
    index_all(make.session)
    assert found_posts(client, "monnaie") == []
    write_translation(make.session, post, "fr", FRENCH, LATER)
    index_all(make.session)
    remove(make.session, post, LATER, reason="Asked for.")
    index_all(make.session)
    assert found_posts(client, "monnaie") == []


def test_a_name_erased_from_a_translation_is_not_found_either(
    client: FlaskClient, make: Make, app: Flask, post: Post
) -> None:
    other = make.post(
        post.mailing_list, text="Merci à vous.\n", subject="Re: Reglas",
        author="Zoé Okafor <zoe@example.org>",
        in_reply_to=post.message_id,
    )  # fmt: skip
    write_translation(make.session, post, "fr", "Zoé Okafor propose une monnaie.", LATER)
    index_all(make.session)
    assert post.id in found_posts(client, "okafor")
    erase(make.session, other.author, START)
    index_all(make.session)
    assert found_posts(client, "okafor") == []
    assert found_posts(client, "monnaie") == [post.id]
