"""The dictionary of a segment gives back what it was given, in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh.filedb.filestore import RamStorage

from forum.search.varints import read_varints, varints
from forum.search.whoosh_terms import (
    BLOCK,
    KEPT_BLOCKS,
    TermInfo,
    TermsReader,
    TermsWriter,
)

WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6)


def written(fields: dict[str, list[str]]) -> TermsReader:
    """A dictionary whose n-th term occurs in n documents, with postings of n bytes."""
    storage = RamStorage()
    writer = TermsWriter(storage.create_file("terms"))
    for field, terms in sorted(fields.items()):
        for start in range(0, len(terms), BLOCK):
            block = terms[start : start + BLOCK]
            numbers = list(range(start, start + len(block)))
            writer.add(field, [term.encode() for term in block], numbers, numbers)
    writer.close()
    return TermsReader(storage.open_file("terms"), storage.file_length("terms"))


@given(st.dictionaries(st.sampled_from("abc"), st.sets(WORDS, min_size=1, max_size=200)))
def test_every_term_is_found_and_no_other(fields: dict[str, set[str]]) -> None:
    ordered = {field: sorted(terms) for field, terms in fields.items()}
    reader = written(ordered)
    assert sorted(reader.indexed_field_names()) == sorted(ordered)
    assert list(reader.terms()) == [
        (field, term.encode()) for field in sorted(ordered) for term in ordered[field]
    ]
    offset = 0
    for field in sorted(ordered):
        for number, term in enumerate(ordered[field]):
            assert reader.term_info(field, term.encode()) == TermInfo(number, offset, number)
            offset += number
        for other in (b"", b"~~", b"\xff", ordered[field][0].encode() + b" "):
            with pytest.raises(KeyError):
                reader.term_info(field, other)
    with pytest.raises(KeyError):
        reader.term_info("unknown", b"a")


def test_terms_from_a_beginning_on() -> None:
    terms = [f"t{number:06}" for number in range(3 * BLOCK + 5)]
    reader = written({"f": terms, "g": ["other"]})
    for start in (0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 7, len(terms) - 1):
        found = [term.decode() for (_, term), _ in reader.items_from("f", terms[start].encode())]
        assert found == terms[start:]
    assert [term for (_, term), _ in reader.items_from("f", b"")] == [t.encode() for t in terms]
    assert list(reader.items_from("f", b"u")) == []


def test_a_large_dictionary_does_not_stay_in_memory() -> None:
    terms = [f"t{number:06}" for number in range(BLOCK * (KEPT_BLOCKS + 20))]
    reader = written({"f": terms})
    for term in terms[:: BLOCK // 2]:
        assert reader.doc_frequency("f", term.encode()) == int(term[1:])
    assert len(reader._kept) == KEPT_BLOCKS


@given(st.lists(st.integers(0, 2**40)))
def test_numbers_of_any_size(numbers: list[int]) -> None:
    assert read_varints(varints(numbers)) == numbers
