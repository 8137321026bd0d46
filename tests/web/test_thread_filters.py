"""Which threads of a list are shown, and what of a text in several languages."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.storage.archive import Post, Thread
from forum.storage.lists import MailingList
from tests.domain.test_parallel import ENGLISH, FRENCH
from tests.factories import START, Make
from tests.web.signing import sign_in

AWA = "awa@example.org"
SUBJECTS = ("Les bancs", "Les ponts", "The benches", "Los bancos")


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    """Two French threads, one of them answered and tagged, and one English one a year later."""
    ancrage = make.mailing_list("ancrage")
    benches = make.post(ancrage, subject="Les bancs", message_id="a@example.org")
    make.post(
        ancrage,
        subject="Re: Les bancs",
        author="Luz Quispe <luz@example.net>",
        in_reply_to="a@example.org",
    )
    make.post(ancrage, subject="Les ponts", author="Luz Quispe <luz@example.net>")
    make.post(ancrage, subject="The benches", text=ENGLISH, date=START + timedelta(days=380))
    benches.thread.tags = "bois,ville"
    make.commit()
    return ancrage


def subjects(client: FlaskClient, query: str) -> set[str]:
    rows = client.get(f"/lists/ancrage/?{query}").text
    return {one for one in SUBJECTS if re.search(rf'<h3><a href="/threads/\d+">{one}</a>', rows)}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Les bancs", "Les ponts", "The benches"}),
        ("language=fr", {"Les bancs", "Les ponts"}),
        ("language=fr&unanswered=1", {"Les ponts"}),
        ("unanswered=1", {"Les ponts", "The benches"}),
        ("unanswered=1&year=2011", {"The benches"}),
        ("tag=bois", {"Les bancs"}),
        ("tag=bois&year=2011", set()),
        ("mine=1&year=2010", {"Les bancs"}),
        ("mine=1&unanswered=1", {"The benches"}),
    ],
)
def test_conditions_are_combined(
    client: FlaskClient, make: Make, ancrage: MailingList, query: str, found: set[str]
) -> None:
    sign_in(client, make.account(AWA))
    make.commit()
    assert subjects(client, query) == found


def test_each_condition_is_said_and_can_be_left(client: FlaskClient, ancrage: MailingList) -> None:
    text = unescape(client.get("/lists/ancrage/?language=fr&unanswered=1&year=2010&tag=bois").text)
    for words in (
        "with posts in this language: French",
        "begun in this time: 2010",
        "with this tag: bois",
        "without an answer",
    ):
        assert words in text
    assert 'href="/lists/ancrage/?language=fr&unanswered=1&year=2010" class="remove"' in text
    assert "Show all threads" in text


def test_the_tags_of_the_whole_list_are_offered(
    client: FlaskClient, make: Make, ancrage: MailingList
) -> None:
    thread = make.session.scalars(
        select(Thread).where(Thread.tags == "").order_by(Thread.id)
    ).first()
    assert thread is not None
    thread.tags = "ateliers,bois"
    make.commit()
    for query in ("?tag=bois", "?language=es", "?page=1"):
        text = client.get(f"/lists/ancrage/{query}").text
        offered = text.split('aria-label="By year or tag"')[1].split("</nav>")[0]
        tags = re.findall(r'<a class="tag" href="[^"]*tag=(\w+)', offered)
        assert tags == ["ateliers", "bois", "ville"], query
    thread.tags = ""
    make.commit()
    assert "tag=ateliers" not in client.get("/lists/ancrage/").text


def test_what_was_written_by_oneself_is_for_who_is_known(
    client: FlaskClient, ancrage: MailingList
) -> None:
    assert "Where I wrote" not in client.get("/lists/ancrage/").text
    assert subjects(client, "mine=1") == {"Les bancs", "Les ponts", "The benches"}


@pytest.fixture
def parallel(make: Make) -> Post:
    """A post that says the same in two languages."""
    ancrage = make.mailing_list("ancrage")
    post = make.post(ancrage, subject="Qui vient ? On sait", text=f"{FRENCH}\n\n{ENGLISH}\n")
    make.commit()
    return post


@pytest.mark.parametrize(("reader", "other"), [("fr", "en"), ("en", "fr")])
def test_the_readers_language_is_open_and_the_whole_a_click_away(
    client: FlaskClient, parallel: Post, reader: str, other: str
) -> None:
    address = f"/threads/{parallel.thread_id}"
    text = client.get(f"{address}?lang={reader}").text
    opened = '<details class="segment reply parallel" lang="{}" open="">'
    assert opened.format(reader) in text
    assert opened.format(other) not in text
    assert f'<details class="segment reply parallel" lang="{other}">' in text
    whole = f"{address}?whole={parallel.id}#post-{parallel.id}"
    assert f'href="{whole}"' in text
    text = client.get(whole).text
    assert opened.format(reader) in text
    assert opened.format(other) in text


def test_who_reads_neither_language_sees_both(client: FlaskClient, parallel: Post) -> None:
    text = client.get(f"/threads/{parallel.thread_id}?lang=es").text
    assert text.count('reply parallel" lang="fr" open=""') == 1
    assert text.count('reply parallel" lang="en" open=""') == 1
    assert "?whole=" not in text


def test_french_titles_break_no_line_before_a_mark(client: FlaskClient, make: Make) -> None:
    ancrage = make.mailing_list("ancrage")
    post = make.post(ancrage, subject="Qui vient ?", text=FRENCH)
    make.commit()
    for address in (f"/threads/{post.thread_id}", "/lists/ancrage/"):
        assert "Qui vient\u202f?" in client.get(address).text
    assert post.subject == "Qui vient ?"
