"""The search syntax: what is understood, and what is searched as plain words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.query import (
    After,
    AllOf,
    AnyOf,
    Before,
    HasAttachment,
    InLanguage,
    InList,
    Not,
    Phrase,
    Prefix,
    Scope,
    Tagged,
    Word,
    parse,
    text_parts,
)
from forum.domain.query_names import nearest_field


def test_words_are_joined_by_and() -> None:
    assert parse("monnaie locale").root == AllOf((Word("monnaie"), Word("locale")))


def test_operators_bind_as_written() -> None:
    assert parse('"monnaies locales" OR (ancrage -territor*)').root == AnyOf(
        (Phrase("monnaies locales"), AllOf((Word("ancrage"), Not(Prefix("territor")))))
    )
    assert parse("a b OR c").root == AnyOf((AllOf((Word("a"), Word("b"))), Word("c")))
    assert parse("-(a OR b)").root == Not(AnyOf((Word("a"), Word("b"))))


def test_only_a_capital_or_is_an_operator() -> None:
    assert parse("plata or oro").root == AllOf((Word("plata"), Word("or"), Word("oro")))


@pytest.mark.parametrize("field", ["subject", "sujet", "asunto", "SUJET"])
def test_subject_in_three_languages(field: str) -> None:
    assert parse(f"{field}:réunion").root == Word("réunion", Scope.SUBJECT)
    assert parse(f'{field}:"la réunion"').root == Phrase("la réunion", Scope.SUBJECT)
    assert parse(f"{field}:réun*").root == Prefix("réun", Scope.SUBJECT)
    assert parse(f"{field}:(a b)").root == AllOf(
        (Word("a", Scope.SUBJECT), Word("b", Scope.SUBJECT))
    )


@pytest.mark.parametrize(
    "field", ["from", "de", "From", "author", "auteur", "autrice", "autor", "autora"]
)
def test_author_in_three_languages(field: str) -> None:
    assert parse(f"{field}:Ana").root == Word("Ana", Scope.AUTHOR)
    assert parse(f"{field}: Ana").root == Word("Ana", Scope.AUTHOR)


@pytest.mark.parametrize("field", ["list", "liste", "lista"])
def test_list_in_three_languages(field: str) -> None:
    assert parse(f"{field}:Ancrage").root == InList("ancrage")


@pytest.mark.parametrize("field", ["lang", "langue", "idioma"])
def test_language_in_three_languages(field: str) -> None:
    assert parse(f"{field}:fr").root == InLanguage("fr")
    assert parse(f"{field}:español").root == InLanguage("es")


@pytest.mark.parametrize("field", ["tag", "mot", "etiqueta"])
def test_tag_in_three_languages(field: str) -> None:
    assert parse(f'{field}:"Économie sociale"').root == Tagged("economie sociale")


@pytest.mark.parametrize("field", ["after", "après", "apres", "después", "despues", "APRÈS"])
def test_after_in_three_languages(field: str) -> None:
    assert parse(f"{field}:2009").root == After(datetime(2010, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("field", ["before", "avant", "antes"])
def test_before_in_three_languages(field: str) -> None:
    assert parse(f"{field}:2009").root == Before(datetime(2009, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("date", "start", "end"),
    [
        ("2009", (2009, 1, 1), (2010, 1, 1)),
        ("2009-04", (2009, 4, 1), (2009, 5, 1)),
        ("2009-12", (2009, 12, 1), (2010, 1, 1)),
        ("2009-04-25", (2009, 4, 25), (2009, 4, 26)),
        ("2008-02-28", (2008, 2, 28), (2008, 2, 29)),
        ("2009-12-31", (2009, 12, 31), (2010, 1, 1)),
    ],
)
def test_after_is_the_end_and_before_the_start(
    date: str, start: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    assert parse(f"after:{date}").root == After(datetime(*end, tzinfo=UTC))
    assert parse(f"before:{date}").root == Before(datetime(*start, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    ["has:attachment", "avec:pièce", "avec:piece", "con:adjunto", "avec:pièce-jointe"],
)
def test_attachment_in_three_languages(text: str) -> None:
    assert parse(text).root == HasAttachment()


def test_exact_asks_for_the_form_as_written() -> None:
    assert parse("exact:Économie").root == Word("Économie", exact=True)
    assert parse('exact:"Économie Sociale"').root == Phrase("Économie Sociale", exact=True)


def test_in_quotes_turns_to_quoted_text_wherever_it_stands() -> None:
    assert parse("in:quotes monnaie de:Ana").root == AllOf(
        (Word("monnaie", Scope.QUOTES), Word("Ana", Scope.AUTHOR))
    )
    assert parse("monnaie in:quotes").root == Word("monnaie", Scope.QUOTES)


def test_typographic_quotation_marks_are_quotation_marks() -> None:
    assert parse("« économie sociale »").root == Phrase("économie sociale")
    assert parse("“social economy”").root == Phrase("social economy")


def test_an_unknown_field_is_words() -> None:
    query = parse("nota:importante")
    assert query.readable
    assert query.root == AllOf((Word("nota"), Word("importante")))
    assert parse("https://example.org/a").root == Word("https://example.org/a")


@pytest.mark.parametrize("text", ["", "   ", "- *", "()", '""', "?!"])
def test_nothing_to_search_for(text: str) -> None:
    assert parse(text).root is None


@pytest.mark.parametrize(
    "text",
    [
        "(monnaie",
        "monnaie)",
        'la "monnaie',
        "monnaie OR",
        "OR monnaie",
        "after:demain monnaie",
        "after:2009-13 monnaie",
        "before:2009-02-30 monnaie",
        "has:fun monnaie",
        "in:haste monnaie",
        "lang:x1 monnaie",
        "after:9999 monnaie",
        "after:0000 monnaie",
        "(" * 500 + "monnaie" + ")" * 500,
        "monnaie " * 1000,
    ],
)
def test_what_cannot_be_read_is_searched_as_plain_words(text: str) -> None:
    query = parse(text)
    assert not query.readable
    assert query.text == text
    assert Word("monnaie") in text_parts(query)


@pytest.mark.parametrize("text", ['"monnaie OR (', "monnaie OR (locale", "OR ("])
def test_an_operator_that_joins_nothing_is_no_word_of_the_search(text: str) -> None:
    parts = text_parts(parse(text))
    assert (Word("OR") in parts) == (text == "OR (")


def test_parts_under_a_minus_are_not_expected_in_a_hit() -> None:
    query = parse('a -b (c OR "d e") f*')
    assert text_parts(query) == (Word("a"), Word("c"), Phrase("d e"), Prefix("f"))


@given(st.text(alphabet='ab()"-*: OR:après2009-\u00a0«»', max_size=80))
def test_no_query_fails(text: str) -> None:
    assert parse(text).text == text


@given(st.text())
def test_no_text_fails(text: str) -> None:
    assert parse(text).text == text


def test_an_unknown_field_is_two_words_and_is_told() -> None:
    query = parse("foo:bar sujet:pont -fro:awa http://example.org/a")
    assert query.unknown_fields == ("foo", "fro")
    assert parse("foo:bar").root == AllOf((Word("foo"), Word("bar")))
    # A subject that was pasted names no field.
    assert parse("Re: le pont").unknown_fields == ()
    assert parse("foo:bar (").unknown_fields == ()


@pytest.mark.parametrize(
    ("name", "instead"),
    [("form", "from"), ("Sujett", "sujet"), ("despué", "después"), ("foo", None), ("zzzzzz", None)],
)
def test_the_nearest_field_is_known(name: str, instead: str | None) -> None:
    assert nearest_field(name) == instead
