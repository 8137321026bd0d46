"""The analysis: which forms of a word are one."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forum.domain.analysis import (
    LONGEST_WORD,
    VARIANT,
    fold,
    is_stop_word,
    normalise,
    occurrences,
    pieces,
    placed,
)
from forum.domain.values import LANGUAGES


def stems(text: str, language: str) -> list[str]:
    forms, _ = placed(text, language)
    return [stem for form in forms.values() for stem in form.stems]


def in_order(text: str) -> list[tuple[int, str]]:
    """Places and folded words, as they stand in a French text."""
    forms, _ = placed(text, "fr")
    found = [
        (n, stored.partition(VARIANT)[0]) for stored, form in forms.items() for n in form.places
    ]
    return sorted(found, key=lambda one: one[0])


def words(text: str) -> list[str]:
    return [word for _, word in in_order(text)]


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("fr", ["economie", "économies", "ÉCONOMIE", "économie", "l'économie", "l’Économie"]),
        ("fr", ["réunion", "reunion", "RÉUNIONS", "re\u0301union"]),
        ("fr", ["œuvre", "oeuvre", "Œuvres", "ŒUVRE"]),
        ("fr", ["ancrage", "d'ancrage", "d’ancrages", "qu'ancrage"]),
        ("es", ["anclaje", "anclajes", "ANCLAJE"]),
        ("es", ["economía", "economia", "ECONOMÍAS"]),
        ("en", ["anchoring", "anchored", "Anchor", "anchor's"]),
    ],
)
def test_forms_of_a_word_are_one(language: str, forms: list[str]) -> None:
    assert len({tuple(stems(form, language)) for form in forms}) == 1
    assert stems(forms[0], language)


def test_a_summer_is_not_an_and() -> None:
    assert stems("été", "fr") == stems("ete", "fr") == ["fr:ete"]
    assert stems("et", "fr") == []


@pytest.mark.parametrize("word", ["été", "maïs", "sûr", "car", "fût", "pas", "état"])
def test_words_of_content_are_not_taken_for_stop_words(word: str) -> None:
    assert not is_stop_word(word, "fr")


@pytest.mark.parametrize("word", ["même", "meme", "À", "où", "ou", "DES"])
def test_stop_words_are_known_with_and_without_accents(word: str) -> None:
    assert is_stop_word(word, "fr")


def test_each_language_stems_in_its_own_way() -> None:
    assert stems("nations", "fr") == ["fr:nation"]
    assert stems("nations", "en") == ["en:nation"]
    assert stems("nations", "und") == ["fr:nation", "en:nation", "es:nations"]
    assert stems("nations", "ca") == stems("nations", "und")


def test_a_query_word_gets_the_stem_of_each_language() -> None:
    assert pieces("économies")[0].stems == ("fr:econom", "en:economi", "es:economi")
    assert pieces("mais")[0].stems[LANGUAGES.index("fr")] is None
    assert pieces("maïs")[0].stems[LANGUAGES.index("fr")] == "fr:mais"


@pytest.mark.parametrize("written", ["socio-économique", "socio‐economique", "SOCIO‑ÉCONOMIQUE"])
def test_a_compound_is_found_whole_and_in_parts(written: str) -> None:
    assert words(written) == ["socioeconomique", "socio", "economique"]
    assert [place for place, _ in in_order(written)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aujourd'hui", ["aujourdhui", "aujourd", "hui"]),
        ("the people’s voice", ["the", "people", "voice"]),
        ("O'Brien", ["obrien", "o", "brien"]),
        ("S.E.L. local", ["sel", "local"]),
        ("jusqu'à l'eau", ["a", "eau"]),
        ("« sont-ils là ? »", ["sontils", "sont", "ils", "la"]),
        ("un_nom, 2009:04", ["un", "nom", "2009", "04"]),
        ("coo\u00adpération", ["cooperation"]),
        ("--- ... '' ", []),
        ("", []),
    ],
)
def test_words_are_cut_as_readers_see_them(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_positions_count_the_words_of_the_text() -> None:
    assert in_order("l'économie co-gérée d’Oaxaca") == [
        (0, "economie"),
        (1, "cogeree"),
        (1, "co"),
        (2, "geree"),
        (3, "oaxaca"),
    ]


def test_the_written_form_is_kept_for_exact_searches() -> None:
    forms, _ = placed("L'Économie SOCIALE", "fr")
    assert [stored.partition(VARIANT)[2] for stored in forms] == ["Économie", "SOCIALE"]


def test_an_encoded_file_is_no_word() -> None:
    assert all(len(word) <= LONGEST_WORD for word in words("A" * 100_000))


def test_places_lead_back_into_the_text() -> None:
    text = normalise("Voilà l'économie e\u0301tudiée")
    found = [
        text[occurrence.start + piece.start : occurrence.start + piece.end]
        for occurrence in occurrences(text)
        for piece in occurrence.pieces
    ]
    assert found == ["Voilà", "économie", "étudiée"]


@given(st.text())
@example("ʼ")
@example("aʼ -ʹ")
def test_any_text_is_analysed(text: str) -> None:
    forms, length = placed(text, "und")
    for stored, form in forms.items():
        assert form.places == sorted(form.places)
        assert form.places[-1] < length
        word, _, _ = stored.partition(VARIANT)
        assert word
        assert word == fold(word)[:LONGEST_WORD]


@given(st.text(alphabet="éèêàçñíóúœÉÀabcdelmnst'’-. "))
def test_accents_and_case_never_matter(text: str) -> None:
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    assert words(text) == words(plain.replace("œ", "oe").upper().replace("OE", "oe"))


def test_several_threads_stem_alike() -> None:
    texts = [f"économies{n} réunions territoriales anclajes{n}" for n in range(300)]
    alone = [stems(text, "fr") for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: stems(text, "fr"), texts)) == alone
