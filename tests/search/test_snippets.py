"""The lines around a hit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.query import parse
from forum.domain.values import Role, Segment
from forum.search.snippets import highlight, snippet


def of(text: str, query: str, language: str = "fr", **options: int) -> str:
    return str(snippet([Segment(Role.REPLY, text, language)], parse(query), **options))


@pytest.mark.parametrize("query", ["economie", "ÉCONOMIES", "l'économie", "écon*", '"economie"'])
def test_hits_are_marked_whatever_the_accents(query: str) -> None:
    assert of("Vive l’Économie locale", query) == "Vive l’<mark>Économie</mark> locale"


def test_all_hits_are_marked() -> None:
    found = of("Les monnaies, la monnaie et l'épicerie", "monnaie épiceries")
    assert found == (
        "Les <mark>monnaies</mark>, la <mark>monnaie</mark> et l&#39;<mark>épicerie</mark>"
    )


def test_compounds_are_marked_whole_or_in_part() -> None:
    assert of("la co-construction", "coconstruction") == "la <mark>co-construction</mark>"
    assert of("la co-construction", "construction") == "la co-<mark>construction</mark>"


def test_stop_words_and_words_under_a_minus_are_not_marked() -> None:
    assert of("la monnaie et la banque", "la monnaie -banque") == (
        "la <mark>monnaie</mark> et la banque"
    )


def test_exact_marks_only_the_form_as_written() -> None:
    assert of("Économie, économie", "exact:économie") == "Économie, <mark>économie</mark>"


def test_a_stem_of_another_language_is_not_marked() -> None:
    assert of("all ports", "porter", "en") == "all ports"
    assert of("les ports", "porter", "fr") == "les <mark>ports</mark>"
    assert of("ports", "porter", "und") == "<mark>ports</mark>"


def test_text_is_escaped() -> None:
    found = of("<script>alert('monnaie')</script> & fin", "monnaie")
    assert found == ("&lt;script&gt;alert(&#39;<mark>monnaie</mark>&#39;)&lt;/script&gt; &amp; fin")


def test_a_long_text_is_cut_around_the_first_hit() -> None:
    text = "avant " * 100 + "la monnaie ici " + "après " * 100
    found = of(text, "monnaie", length=120)
    assert found.startswith("…avant")
    assert found.endswith("après…")
    assert "la <mark>monnaie</mark> ici" in found
    assert len(found) < 160


def test_without_a_hit_the_beginning_is_shown() -> None:
    assert of("Bonjour  à\n\ntous", "from:awa") == "Bonjour à tous"
    assert of("", "monnaie") == ""
    assert str(snippet([], parse("monnaie"))) == ""


def test_own_text_is_preferred_unless_quotes_were_searched() -> None:
    segments = [
        Segment(Role.QUOTATION, "leur monnaie", "fr"),
        Segment(Role.REPLY, "notre monnaie", "fr"),
    ]
    assert str(snippet(segments, parse("monnaie"))) == "notre <mark>monnaie</mark>"
    assert str(snippet(segments, parse("in:quotes monnaie"))) == "leur <mark>monnaie</mark>"


def test_the_segment_with_the_hit_is_shown() -> None:
    segments = [
        Segment(Role.REPLY, "Bonjour à tous", "fr"),
        Segment(Role.REPLY, "Our currency works", "en"),
    ]
    assert str(snippet(segments, parse("currencies"))) == "Our <mark>currency</mark> works"


def test_a_subject_is_marked_in_full() -> None:
    assert str(highlight("Les monnaies <locales>", "fr", parse("monnaie"))) == (
        "Les <mark>monnaies</mark> &lt;locales&gt;"
    )


@given(st.text(), st.text(max_size=20), st.integers(10, 300))
def test_nothing_dangerous_comes_out(text: str, query: str, length: int) -> None:
    found = of(text, query, length=length)
    assert "<" not in found.replace("<mark>", "").replace("</mark>", "")
    assert found.count("<mark>") == found.count("</mark>")
