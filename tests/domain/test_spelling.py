"""How far words are from one another."""

from __future__ import annotations

import pytest

from forum.domain.spelling import distance, letters_allowed


@pytest.mark.parametrize(
    ("one", "other", "most", "letters"),
    [
        ("monnaie", "monnaie", 2, 0),
        ("monaie", "monnaie", 2, 1),
        ("monnnaie", "monnaie", 2, 1),
        ("monnaei", "monnaie", 1, 1),
        ("omnnaie", "monnaie", 1, 1),
        ("mannaei", "monnaie", 2, 2),
        ("mannaei", "monnaie", 1, None),
        ("solidaire", "solitaires", 2, 2),
        ("foire", "loi", 2, None),
        ("", "ab", 2, 2),
        ("ab", "", 1, None),
    ],
)
def test_letters_are_counted_up_to_what_is_allowed(
    one: str, other: str, most: int, letters: int | None
) -> None:
    assert distance(one, other, most) == letters
    assert distance(other, one, most) == letters


def test_short_words_have_no_neighbours() -> None:
    assert [letters_allowed(word) for word in ("ess", "pole", "monaie")] == [0, 1, 2]
