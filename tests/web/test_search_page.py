"""The search page says what it looks for, helps where little is found, and shows it over time."""

from __future__ import annotations

import json
from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.config import search_index
from forum.domain.message import parse as parse_message
from forum.domain.query import parse
from forum.domain.query_text import written
from forum.domain.values import Source
from forum.operations.publishing import publish
from forum.search.indexer import drain
from forum.storage.lists import MailingList
from forum.web.search_time import operators
from forum.web.search_words import explained
from mailbridge.file_reader import FileReader
from tests.factories import START, Make
from tests.indexed import index_all
from tests.web.signing import sign_in


@pytest.fixture
def archive(make: Make) -> Make:
    """Two threads on a public list, and a private list with words of its own."""
    ancrage = make.mailing_list("ancrage")
    first = make.post(
        ancrage,
        author="Awa Ndiaye <awa@example.org>",
        subject="Monnaies locales",
        text="Nos monnaies circulent au marché du village depuis le printemps.\n",
    )
    make.post(
        ancrage,
        subject="Re: Monnaies locales",
        text="Chez nous aussi les monnaies circulent, mais seulement entre associations.\n",
        in_reply_to=first.message_id,
        date=START + timedelta(days=60),
    )
    make.post(
        ancrage,
        subject="Monedas sociales",
        text="Las monedas sociales circulan en la feria del pueblo cada domingo, y monnaies.\n",
        date=START + timedelta(days=400),
    )
    private = make.mailing_list("private", visibility="private")
    make.post(private, subject="Huis clos", text="Une confidence: le mot dissimulation.\n")
    make.subscriber(private, "member@example.net")
    index_all(make.session)
    return make


def post_with_files(make: Make, *files: tuple[str, str]) -> None:
    """A post whose attachments the worker has read."""
    letter = EmailMessage()
    letter["From"], letter["To"] = "Awa Ndiaye <awa@example.org>", "ancrage@lists.example.org"
    letter["Subject"], letter["Message-ID"] = "Compte rendu", "<files@example.org>"
    letter.set_content("Vous trouverez en pièce jointe ce que nous avons écrit ensemble.\n")
    for name, text in files:
        letter.add_attachment(text, filename=name)
    mailing_list = make.session.scalars(select(MailingList).filter_by(slug="ancrage")).one()
    submission = parse_message(letter.as_bytes(), START)
    publish(make.session, mailing_list, submission, START, source=Source.EMAIL, mail=False)
    make.commit()
    reader = FileReader(make.session, lambda: START)
    while reader.read_one():
        pass
    while drain(make.session, search_index()):
        make.commit()
    make.commit()


def said(app: Flask, text: str, language: str = "en") -> str:
    with app.test_request_context(f"/?lang={language}"):
        return explained(parse(text), {"ancrage": "Ancrage territorial"})


@pytest.mark.parametrize(
    ("text", "language", "sentence"),
    [
        ("monnaie", "en", "Posts containing “monnaie”."),
        (
            "monnaie locale (lang:fr OR lang:es) before:2010",
            "en",
            "Posts containing “monnaie” and “locale”, in French or Spanish,"
            " and written on 31 December 2009 or earlier.",
        ),
        (
            "(sel OR sal) -poivre list:ancrage",
            "en",
            "Posts containing “sel” or “sal”, but not containing “poivre”,"
            " and in the list Ancrage territorial.",
        ),
        (
            'subject:réunion from:"Awa Ndiaye" after:2009-04 has:attachment',
            "en",
            "Posts with “réunion” in the subject, by an author called “Awa Ndiaye”,"
            " written on 1 May 2009 or later, and with an attachment.",
        ),
        (
            "exact:Pôle econom* tag:finance in:quotes",
            "en",
            "Posts quoting “Pôle” exactly as written and a word that begins with “econom”"
            " and with the tag finance.",
        ),
        (
            "monnaie lang:es after:2009",
            "fr",
            "Messages contenant «\xa0monnaie\xa0», en espagnol et"
            " écrits le 1er janvier 2010 ou plus tard.",
        ),
        ("moneda lang:fr", "es", "Mensajes que contienen «moneda» y en francés."),
    ],
)
def test_a_search_is_said_in_words(app: Flask, text: str, language: str, sentence: str) -> None:
    assert said(app, text, language).replace("\u202f", "\xa0") == sentence


def test_a_search_of_too_many_parts_is_not_said(app: Flask) -> None:
    assert said(app, " ".join(["mot"] * 60)) == ""
    assert said(app, "") == ""


@pytest.mark.parametrize(
    "text",
    [
        'monnaie "en commun" -sel (a OR b) lang:fr list:x tag:"deux mots" after:2009 before:2011',
        "subject:exact:réunion from:awa econom* has:attachment",
        "monnaie in:quotes",
    ],
)
def test_a_search_is_written_again_with_the_same_meaning(text: str) -> None:
    root = parse(text).root
    assert root is not None
    assert parse(written([root])).root == root


def test_the_sentence_stands_on_the_page(client: FlaskClient, archive: Make) -> None:
    page = client.get("/search?q=monnaies+lang:fr").text
    assert "Posts containing “monnaies” and in French." in page


def test_a_word_that_occurs_nowhere_is_offered_with_its_neighbour(
    client: FlaskClient, archive: Make
) -> None:
    page = client.get("/search?q=monaies+lang:fr").text
    assert "“monaies” occurs nowhere. Did you mean" in page
    assert '<a href="/search?q=monnaies+lang%3Afr">monnaies</a>' in page
    assert "0 posts found" in page
    assert "Did you mean" in client.get("/search?q=monaies+OR+monedas").text
    assert "Did you mean" not in client.get("/search?q=monnaies").text


def test_words_of_private_lists_are_offered_to_their_members_alone(
    client: FlaskClient, archive: Make
) -> None:
    assert "dissimulation" not in client.get("/search?q=disimulation").text
    sign_in(client, archive.account("member@example.net"))
    archive.commit()
    assert ">dissimulation</a>" in client.get("/search?q=disimulation").text


def test_nothing_found_tells_which_part_and_offers_the_rest(
    client: FlaskClient, archive: Make
) -> None:
    page = client.get("/search?q=monnaies+xylophonique+after:2009").text
    assert "Nothing found for this part alone: Posts containing “xylophonique”" in page
    assert "/search?q=monnaies+after%3A2009-12-31" in page
    assert "/search?q=monnaies+OR+xylophonique" in page
    # Both words together stand nowhere, at any time: that is no way out.
    assert "The same words anywhere and at any time" not in page
    page = client.get("/search?q=monnaies+after:2020").text
    assert "The same words anywhere and at any time" in page
    assert "without it" not in client.get("/search?q=xylophonique+ocarina").text


def test_the_name_of_a_list_before_subjects_is_neither_found_nor_shown(
    client: FlaskClient, archive: Make
) -> None:
    ancrage = archive.session.scalars(
        select(MailingList).where(MailingList.slug == "ancrage")
    ).one()
    archive.post(ancrage, subject="Re: [ancrage] Semences", text="Les graines du jardin.\n")
    index_all(archive.session)
    assert "Nothing was found" in client.get("/search?q=subject:ancrage").text
    page = client.get("/search?q=graines").text
    assert "Semences</a>" in page
    assert "[ancrage]" not in page


def test_an_address_cannot_be_asked_for(client: FlaskClient, archive: Make) -> None:
    ancrage = archive.session.scalars(
        select(MailingList).where(MailingList.slug == "ancrage")
    ).one()
    archive.post(ancrage, text="Écrivez à zoe@uniq.example pour le catalogue.\n")
    index_all(archive.session)
    assert "1 post found" in client.get("/search?q=catalogue").text
    assert "1 post found" not in client.get("/search?q=zoe@uniq.example").text
    assert "1 post found" not in client.get("/search?q=uniq").text


@pytest.mark.parametrize("text", ["before:0001", "monnaies+OR+before:0001", "after:9999"])
def test_an_impossible_year_is_no_fault(client: FlaskClient, archive: Make, text: str) -> None:
    assert client.get(f"/search?q={text}").status_code == 200


def test_the_form_writes_every_operator_and_keeps_the_view(
    client: FlaskClient, archive: Make
) -> None:
    address = (
        "/search?q=monnaies%09OR%09monedas&view=threads&subject=Monnaies&exact=monnaies"
        "&none=feria+banque"
    )
    response = client.get(address)
    assert response.status_code == 302
    assert "view=threads" in response.location
    page = client.get(response.location).text
    assert 'name="view" value="threads"' in page
    assert (
        'value="(monnaies\tOR\tmonedas) subject:Monnaies exact:monnaies -feria -banque"' in page
        or 'value="(monnaies OR monedas) subject:Monnaies exact:monnaies -feria -banque"' in page
    )


def test_all_that_was_found_is_cited_in_words(client: FlaskClient, archive: Make) -> None:
    assert 'href="/search.txt?q=monnaies"' in client.get("/search?q=monnaies").text
    answer = client.get("/search.txt?q=monnaies")
    assert answer.content_type.startswith("text/plain")
    assert "Awa Ndiaye. (2010" in answer.text
    assert answer.text.count("Monnaies locales") == 2


def test_the_chart_narrows_to_a_month_and_stands_as_a_table(
    client: FlaskClient, archive: Make
) -> None:
    page = client.get("/search?q=monnaies").text
    assert 'class="timeline"' in page
    assert "The same as a table" in page
    link = "/search?q=monnaies+after%3A2010-02+before%3A2010-04"
    assert link in page
    assert "1 post found" in client.get(link).text
    assert (operators(2010, 1), operators(2009, 12)) == (
        "after:2009-12 before:2010-02",
        "after:2009-11 before:2010-01",
    )
    assert 'class="timeline"' not in client.get("/search?q=marché").text


def test_results_are_grouped_by_thread_on_request(client: FlaskClient, archive: Make) -> None:
    page = client.get("/search?q=monnaies&view=threads").text
    assert "2 threads found" in page
    assert "and 1 more in this thread" in page
    assert "3 posts found" in client.get("/search?q=monnaies").text


def test_all_that_is_found_is_cited_in_one_file(client: FlaskClient, archive: Make) -> None:
    page = client.get("/search?q=monnaies&sort=oldest").text
    assert "/search.bib?q=monnaies&amp;sort=oldest" in page
    bib = client.get("/search.bib?q=monnaies&sort=oldest").text
    assert bib.count("@misc{") == 3
    assert bib.index("Monnaies locales") < bib.index("Monedas sociales")
    assert client.get("/search.ris?q=monnaies").text.count("TY  - ICOMM") == 3
    assert len(json.loads(client.get("/search.json?q=monnaies").text)) == 3
    assert json.loads(client.get("/search.json?q=dissimulation").text) == []


def test_nothing_of_private_lists_is_counted_drawn_or_cited(
    client: FlaskClient, archive: Make
) -> None:
    for address in (
        "/search?q=dissimulation",
        "/search?q=dissimulation&view=threads",
        "/search.bib?q=dissimulation",
        "/search.atom?q=dissimulation",
        "/api/v1/search?q=dissimulation",
    ):
        text = client.get(address).text
        assert "Huis clos" not in text, address
        assert "private" not in text, address
        assert 'class="timeline"' not in text, address


@pytest.mark.slow
def test_what_stands_in_an_attachment_is_shown_behind_its_name(
    archive: Make, client: FlaskClient
) -> None:
    post_with_files(
        archive,
        ("programme.txt", "Le matin, visite des jardins.\n"),
        ("statuts.txt", "Article premier: la laiterie du village. Écrire à luz@example.net.\n"),
    )
    text = client.get("/search?q=laiterie").text
    assert '<cite class="file">statuts.txt</cite> – ' in text
    assert "la <mark>laiterie</mark> du village" in text
    assert "luz@example.net" not in text
    assert "pièce jointe ce que" not in text
    (item,) = client.get("/api/v1/search?q=laiterie").get_json()["items"]
    assert item["snippet"].startswith("statuts.txt: Article premier: la <mark>laiterie</mark>")


def test_a_file_found_by_its_name_stands_above_the_text_of_its_post(
    archive: Make, client: FlaskClient
) -> None:
    post_with_files(archive, ("statuts_2009.txt", "Article premier.\n"))
    text = client.get("/search?q=statuts").text
    assert '<cite class="file"><mark>statuts</mark>_2009.txt</cite></p>' in text
    assert "pièce jointe ce que" in text


def test_a_file_is_not_shown_where_the_post_itself_shows_what_was_found(
    archive: Make, client: FlaskClient
) -> None:
    post_with_files(archive, ("notes.txt", "Ce que nous avons écrit.\n"))
    assert "notes.txt" not in client.get("/search?q=écrit").text
