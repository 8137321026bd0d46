"""Own text, quotations and signatures: golden bodies, and what must hold for any text."""

from __future__ import annotations

import gc
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.domain.body import segment
from forum.domain.values import Role, TextFormat

BODIES = Path(__file__).parents[1] / "mails" / "bodies"
NAMES = sorted(path.stem for path in BODIES.glob("*.txt"))

LINES = st.sampled_from(
    [
        "", "  ", "> cité", ">> encore", ">", "> ", "Bonjour à tous,", "Oui.", "-- ", "--",
        "Le 3 mars 2010 à 10:00, Anne Girard <anne@example.org> a écrit :", "a écrit :",
        "El 03/03/10 10:00, Rosa Vidal escribió:", "De : Paul <paul@example.org>",
        "Envoyé : mardi 9 mars 2010 09:30", "À : liste@example.org", "Objet : Clés",
        "-----Message d'origine-----", "Envoyé de mon iPhone", "Cordialement,", "Anne Girard",
        "Tél : 01 99 00 12 34", "_______________", "Pour vous désabonner : https://example.org/s",
        "liste de diffusion amis@example.org", "AG> oui", "AG> non", "| barre", "```",
        "Nous avons besoin de trois volontaires pour tenir la buvette samedi.", "> wrote:", "<",
        "Un texte assez long pour avoir été coupé par un programme de courrier, voilà,", "suite",
        "\tIndenté", "\u00a0", "*De :* X", "---------- Forwarded message ----------",
    ]
)  # fmt: skip


def _content(text: str) -> list[str]:
    """The letters of each line, without marks: what no segment may lose."""
    lines = ["".join(filter(str.isalnum, line)) for line in text.splitlines()]
    return [line for line in lines if line]


def _segmented(text: str, parent: str | None = None) -> list[str]:
    return _content("\n".join(part.text for part in segment(text, parent_text=parent)))


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_body_is_cut_as_its_author_meant(name: str) -> None:
    expected = json.loads((BODIES / f"{name}.json").read_text("utf-8"))
    text = (BODIES / f"{name}.txt").read_bytes().decode("utf-8")
    found = segment(text, TextFormat(expected["format"]), expected.get("parent"))
    assert [{"role": part.role.value, "text": part.text} for part in found] == expected["segments"]


@pytest.mark.parametrize("name", NAMES)
def test_windows_line_ends_change_nothing(name: str) -> None:
    text = (BODIES / f"{name}.txt").read_bytes().decode("utf-8")
    assert segment(text.replace("\n", "\r\n")) == segment(text)


def test_there_are_golden_bodies_in_each_language() -> None:
    assert {name[:2] for name in NAMES} >= {"fr", "es", "en", "de", "it", "pt"}
    assert len(NAMES) >= 50


@settings(max_examples=400, deadline=None)
@given(st.lists(LINES, max_size=30), st.none() | st.lists(LINES, max_size=12))
def test_no_line_is_lost_doubled_or_moved(lines: list[str], parent: list[str] | None) -> None:
    text = "\n".join(lines)
    wanted = _content(text.replace("AG> ", ""))
    found = _segmented(text, None if parent is None else "\n".join(parent))
    assert [line.removeprefix("AG") for line in found] == wanted


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        st.characters(
            exclude_categories=["Cs"], exclude_characters="\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
        ),
        max_size=400,
    )
)
def test_any_text_keeps_its_words(text: str) -> None:
    assert "".join(_segmented(text)) == "".join(_content(text))


def test_an_empty_body_has_no_segments() -> None:
    assert segment("") == ()
    assert segment(" \n\t\n") == ()


def test_deeper_quotations_keep_their_own_marks() -> None:
    (quotation,) = [
        p for p in segment("Oui.\n\n> un\n>> deux\n> > trois\n") if p.role is Role.QUOTATION
    ]
    assert quotation.text == "un\n> deux\n> trois"


def test_an_answer_that_repeats_a_few_words_of_its_parent_is_own_text() -> None:
    parent = "Nous avons besoin de trois volontaires pour tenir la buvette samedi prochain."
    text = "Pour tenir la buvette samedi prochain, il en faudrait plutôt cinq, à mon humble avis."
    assert [part.role for part in segment(text, parent_text=parent)] == [Role.REPLY]


def test_a_programme_with_from_and_to_is_no_header_block() -> None:
    text = "Rencontre :\n\nDate : 3 mars\nDe : 9 h\nÀ : 12 h\n\nVenez nombreux au local."
    assert [part.role for part in segment(text)] == [Role.REPLY]


@pytest.mark.parametrize(
    "sentence",
    [
        "El 3 de marzo a las 10:00, la comisión escribió:",
        "Le 3 mars 2010 à 10:00, le maire de la commune a écrit :",
        "Le 12 mars 2019 à 10:00, Jean a écrit sur la liste :",
        "M. Dupont (dupont@example.org) nous a écrit le 3 mars 2010 à 10:00 :",
        "Merci d'écrire avant le 3 mars 2010 à 10:00 à contact@example.org :",
        "On 12 March 2019 at 10:00 we wrote:",
        "They said:",
        "Ayer a las 10:00 les escribimos:",
    ],
)
def test_a_sentence_of_the_author_is_no_attribution(sentence: str) -> None:
    text = f"Bonjour,\n\n{sentence}\n\nIl faut agir.\n\nQu'en pensez-vous ?"
    assert [part.role for part in segment(text)] == [Role.REPLY]


def test_sent_from_my_desk_is_a_sentence() -> None:
    text = "Here it is.\n\nSent from my desk, is much easier than my telephone."
    assert [part.role for part in segment(text)] == [Role.REPLY]


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "Le 3 mars 2010, X a écrit :\n", "> a\n", "De : a\n", "-- \n", "Le 3 ", ">", " ",
        "unsubscribe mailing list\n", "JD> a\nx\n", "Cordialement\nJean\n\n", "_", "On 3 <",
        "Aa Bb Cc Dd:\n", "(" * 50 + "\n", "x@y <", "1.2.3 10:00 ", "```\n", "| a\n", "De: a;\n",
    ],
)  # fmt: skip
def test_a_hostile_megabyte_takes_linear_time(line: str) -> None:
    text = line * (1_000_000 // len(line))

    def taken(part: str) -> float:
        gc.disable()  # It would look through all that other tests have left.
        start = time.process_time()
        segment(part)
        gc.enable()
        return time.process_time() - start

    def is_linear() -> bool:
        # Seconds of processor time that leave room for a busy machine; the growth is what counts.
        short, whole = taken(text[: len(text) // 4]), taken(text)
        return whole < 5 and whole < 10 * max(short, 0.05)

    # What else the machine does may make one look slow.
    assert any(is_linear() for _ in range(3)), "four times the text took ten times as long"


@pytest.mark.parametrize(
    "text",
    [
        "Voici les points :\n\n- un\n- deux\n\nhttps://example.org\n",
        "Merci,\n\n* la caisse\n* le marché\n* la banque\n",
        "Les adresses :\n\n- awa@example.org\n- grace@example.net\n",
    ],
)
def test_a_list_is_no_signature(text: str) -> None:
    roles = {item: one.role for one in segment(text) for item in one.text.splitlines()}
    assert {role for line, role in roles.items() if line[:2] in ("- ", "* ")} == {Role.REPLY}


def test_a_name_after_a_dash_is_a_signature() -> None:
    assert segment("Oui.\n\nMerci,\n- Jean\n")[-1].role is Role.SIGNATURE


@pytest.mark.parametrize(
    "head",
    [
        "Traduit de l’espagnol par Amina Diallo.\nL’original : http://a.example/posts/7{mark}",
        "Translated from Spanish.\nThe original was changed after it was translated.\n"
        "The original:\nhttp://a.example/posts/7{mark}",
        "Traducido del francés por Amina Diallo.\nEl original: http://a.example/posts/7{mark}",
    ],
)
def test_what_stands_above_a_mailed_translation_is_no_text_of_who_quotes_it(head: str) -> None:
    parent = (
        "Nous proposons un marché de printemps près du pont, parce que les groupes de la vallée y "
        "vendent depuis longtemps leurs légumes."
    )
    asked = "From: Luz Vega <luz@example.org>\nSent: 1 March 2010 09:00\nTo: a@example.org\n"
    said = head.format(mark="?translation=original")
    text = f"Nous sommes d’accord.\n\n{asked}Subject: Marché\n\n{said}\n\n{parent}\n"
    found = segment(text, parent_text=parent)
    assert [part.text for part in found if part.role is Role.REPLY] == ["Nous sommes d’accord."]
    assert said.split("\n") in [part.text.split("\n") for part in found if part.role is Role.FOOTER]
    # Marked as quoted, it is quoted like the rest.
    marked = "".join(f"> {line}\n" for line in said.split("\n"))
    assert {part.role for part in segment(f"Oui, bien sûr.\n\n{marked}> {parent}\n")} == {
        Role.REPLY,
        Role.QUOTATION,
    }
