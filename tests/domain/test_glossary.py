"""Terms of three languages: found in queries and texts, read from files and written."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from forum.domain.glossary import (
    MOST_FORMS,
    TERM_CHARACTERS,
    Concept,
    Term,
    query_keys,
    terms_in,
    widen,
)
from forum.domain.glossary_files import (
    BadLine,
    Fault,
    concept_of,
    read_csv,
    read_tbx,
    write_csv,
    write_tbx,
)
from forum.domain.query import AnyOf, Phrase, Word, parse, text_parts
from forum.domain.values import Role, Segment


def concept(note: str = "", number: int = 1, **forms: list[str]) -> Concept:
    made = concept_of(forms, note)
    assert isinstance(made, Concept)
    return Concept(made.terms, made.note, number)


CONCEPTS = [
    concept(
        fr=["économie sociale et solidaire", "ESS"],
        en=["social and solidarity economy", "SSE"],
        es=["economía social y solidaria", "ESS"],
        number=1,
    ),
    concept(
        fr=["ancrage territorial"],
        en=["territorial anchorage"],
        es=["anclaje territorial"],
        number=2,
    ),
    concept(fr=["monnaie locale"], en=["local currency"], es=["moneda local"], number=3),
    concept(fr=["économie"], es=["hacienda"], number=4),
]


def widened(text: str, without: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """What a search is widened by: the words typed and the term added."""
    query = parse(text)
    keys = query_keys(query)
    by_key: dict[str, list[Concept]] = {}
    for one in CONCEPTS:
        for term_key in {term.key for term in one.terms} & keys:
            by_key.setdefault(term_key, []).append(one)
    wide, added = widen(query, by_key, without)
    assert (wide == query) == (not added)
    return [(one.words, one.term.text) for one in added]


@pytest.mark.parametrize(
    "typed", ["ancrage territorial", "Ancrages territoriaux", "ANCRAGE  territorial"]
)
def test_a_term_in_any_of_its_forms_brings_those_of_the_other_languages(typed: str) -> None:
    assert [term for _, term in widened(typed)] == ["territorial anchorage", "anclaje territorial"]


def test_an_acronym_brings_the_words_it_stands_for() -> None:
    assert ("sse", "économie sociale et solidaire") in widened("sse")


def test_the_longest_term_counts_and_its_parts_do_not() -> None:
    found = widened("économie sociale et solidaire Lomé")
    assert {words for words, _ in found} == {"économie sociale et solidaire"}
    assert widened("économie Lomé") == [("économie", "hacienda")]


def test_terms_are_found_anywhere_but_under_a_minus_and_behind_exact() -> None:
    assert widened("Lomé (SSE OR monnaie) -économie") == widened("SSE")
    assert widened("exact:économie") == []
    assert widened("from:économie") == []
    assert widened("econom*") == []
    assert widened('"monnaie locale"') != []
    assert widened("subject:économie") == [("économie", "hacienda")]


def test_what_a_word_finds_by_itself_is_not_added() -> None:
    # To the English stemmer `économie` and `economy` are one: each finds the other already.
    one = concept(fr=["économie"], en=["economy"])
    assert widen(parse("économie"), {one.terms[0].key: [one]})[1] == ()


def test_words_apart_are_no_term() -> None:
    assert widened("monnaie très locale") == []
    assert widened("monnaie OR locale") == []


def test_a_term_that_was_taken_off_is_not_looked_for() -> None:
    assert widened("ancrage territorial", ("territorial anchorage",)) == [
        ("ancrage territorial", "anclaje territorial")
    ]


def test_what_was_typed_is_still_looked_for_in_all_languages() -> None:
    query = parse('"monnaie locale" lang:es')
    by_key = {CONCEPTS[2].terms[0].key: [CONCEPTS[2]]}
    wide, _ = widen(query, by_key)
    first = text_parts(wide)[0]
    assert first == Phrase("monnaie locale")
    word, _ = widen(parse("economie"), {CONCEPTS[3].terms[0].key: [CONCEPTS[3]]})
    assert word.root == AnyOf((Word("economie"), Word("hacienda", language="es")))


def test_the_terms_of_a_text_are_counted_in_its_language() -> None:
    segments = [
        Segment(Role.REPLY, "Les monnaies locales et l'ancrage territorial.", "fr"),
        Segment(Role.REPLY, "A local currency; not an ancrage territorial.", "en"),
        Segment(Role.REPLY, "SSE", "und"),
    ]
    assert terms_in(segments, CONCEPTS) == {3: 2, 2: 1, 1: 1}


def test_a_csv_file_is_read_back_as_it_was_written() -> None:
    read = read_csv(write_csv(CONCEPTS))
    assert read.faults == ()
    assert [one.terms for one in read.concepts] == [one.terms for one in CONCEPTS]


def test_spreadsheets_that_write_semicolons_or_other_orders_are_read() -> None:
    read = read_csv('\ufeffen;note;fr\n"fair trade";"=x";"commerce équitable; CEQ"\n\n')
    assert read.faults == ()
    (one,) = read.concepts
    assert one.forms("fr") == ("commerce équitable", "CEQ")
    assert one.note == "=x"
    assert "'=x" in write_csv([one])


def test_each_bad_line_is_told_by_its_number() -> None:
    lines = [
        "fr,en,es,note",
        "a,the,,",
        "seul,,,",
        f"{'x' * (TERM_CHARACTERS + 1)},y,,",
        "bon,good,bueno,",
        f"{';'.join(f'forme{n}' for n in range(MOST_FORMS + 1))},y,,",
        '"never,ends',
    ]
    read = read_csv("\n".join(lines))
    assert [(bad.number, bad.fault) for bad in read.faults] == [
        (2, Fault.TERM),
        (3, Fault.LONE),
        (4, Fault.LONG),
        (6, Fault.FORMS),
        (7, Fault.CSV),
    ]
    assert read_csv("mot,word\na,b").faults == (BadLine(1, Fault.HEADER, "mot,word"),)


def test_tbx_is_written_as_xml_and_read_back() -> None:
    noted = concept("Ce qui tient ensemble <ici> & là", fr=["ancrage"], en=["anchorage"])
    text = write_tbx([*CONCEPTS, noted], "Ancrage & cie", "fr")
    ElementTree.fromstring(text.encode())
    read = read_tbx(text.encode())
    assert read.faults == ()
    assert [(one.terms, one.note) for one in read.concepts] == [
        (one.terms, one.note) for one in [*CONCEPTS, noted]
    ]


def test_tbx_of_2008_is_read_without_the_languages_we_do_not_speak() -> None:
    text = """<?xml version="1.0"?><!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd">
<martif type="TBX"><text><body><termEntry id="1"><langSet xml:lang="fr-FR"><tig>
<term>commerce équitable</term></tig></langSet><langSet xml:lang="de"><tig><term>Fairer
Handel</term></tig></langSet><langSet xml:lang="en"><ntig><termGrp><term>fair trade</term>
</termGrp></ntig></langSet></termEntry></body></text></martif>"""
    read = read_tbx(text.encode())
    assert read.faults == ()
    assert read.concepts[0].terms == (Term("fr", "commerce équitable"), Term("en", "fair trade"))


def test_hostile_or_broken_tbx_is_refused_with_its_line() -> None:
    bomb = b'<?xml version="1.0"?>\n<!DOCTYPE t [<!ENTITY a "aaaa">]>\n<tbx>&a;</tbx>'
    assert read_tbx(bomb).faults == (BadLine(2, Fault.ENTITY),)
    assert [bad.fault for bad in read_tbx(b"<tbx><text>").faults] == [Fault.XML]
    assert [bad.fault for bad in read_tbx(b"<html></html>").faults] == [Fault.HEADER]
    section = b"<langSec xml:lang='fr'><term>seul</term></langSec>"
    lone = b"<tbx>\n<conceptEntry>" + section + b"</conceptEntry></tbx>"
    assert read_tbx(lone).faults == (BadLine(2, Fault.LONE, "seul"),)
