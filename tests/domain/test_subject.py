"""Subjects without their prefixes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.subject import base_subject, parse_subject, reply_subject


@pytest.mark.parametrize(
    "subject",
    [
        "Pont suspendu", "Re: Pont suspendu", "RE : Pont suspendu", "re:Pont suspendu",
        "Re[2]: Pont suspendu", "Re^2: Pont suspendu", "Re(3): Pont suspendu", "Re2: Pont suspendu",
        "TR: Pont suspendu", "TR : RE : Pont suspendu", "Fwd: Pont suspendu", "FW: Pont suspendu",
        "RV: Pont suspendu", "RES: Pont suspendu", "Rép : Pont suspendu", "Réf : Pont suspendu",
        "AW: Pont suspendu", "WG: AW: Pont suspendu", "SV: Pont suspendu", "Antw: Pont suspendu",
        "ENC: Pont suspendu", "I: Pont suspendu", "R: Pont suspendu", "[Fwd: Pont suspendu]",
        "Pont suspendu (fwd)", "[atelier7] Pont suspendu", "Re: [atelier7] Pont suspendu",
        "[atelier7] Re: Pont suspendu", "[atelier7] RE : [atelier7] Re[2]: Pont suspendu",
        "Fwd: [ATELIER7] TR: RV: Pont   suspendu ", "[atelier7:142] Pont suspendu",
        "RE:RE:RE:Pont suspendu", "Re：Pont suspendu",
    ],
)  # fmt: skip
def test_every_stack_of_prefixes_has_one_base(subject: str) -> None:
    assert parse_subject(subject, ("[atelier7]",)).base == "Pont suspendu"
    assert base_subject(subject, ("atelier7",)) == "pont suspendu"


@pytest.mark.parametrize(
    "subject",
    [
        "Resolution", "Résolution : la suite", "Retour: les clés", "Référence : 12", "Tri: déchets",
        "Reunión: lunes", "Response: none", "Encore : une idée", "Transfert : le dossier",
        "Rendez-vous: lundi", "France : le pont", "i: petite lettre", "Fw le pont", "Re",
        "Ref: 12", "RE 2020: la loi", "16:30 au local",
    ],
)  # fmt: skip
def test_a_real_word_is_never_eaten(subject: str) -> None:
    parsed = parse_subject(subject)
    assert parsed.base == subject
    assert not parsed.is_reply
    assert not parsed.is_forward
    assert parsed.prefixes == ()


def test_answers_and_forwards_are_told_apart() -> None:
    assert parse_subject("RE : x").is_reply
    assert not parse_subject("RE : x").is_forward
    assert parse_subject("TR: x").is_forward
    assert not parse_subject("TR: x").is_reply
    both = parse_subject("Rép : Fwd: x")
    assert both.is_reply
    assert both.is_forward


def test_what_was_taken_off_is_kept() -> None:
    assert parse_subject("RE : [pont] TR: x", ("pont",)).prefixes == ("RE :", "[pont]", "TR:")


def test_a_tag_that_is_no_list_s_stays() -> None:
    parsed = parse_subject("Re: [atelier7] [proposition] Re: Le jardin", ("[atelier7]",))
    assert parsed.base == "[proposition] Le jardin"
    assert parsed.tags == ("proposition",)
    assert parse_subject("[sondage]").base == "[sondage]"


def test_accents_make_a_difference_and_case_does_not() -> None:
    assert base_subject("RE: Pêché") == base_subject("pêché")
    assert base_subject("Pêché") != base_subject("Péché")


def test_an_answer_bears_one_prefix() -> None:
    assert reply_subject("TR : Re[2]: Le  jardin") == "Re: Le jardin"
    assert reply_subject("Le jardin") == "Re: Le jardin"
    assert reply_subject("Re: [atelier7] Le jardin", ("atelier7",)) == "Re: Le jardin"


@given(st.text(max_size=200), st.sampled_from(["Re: ", "RE : ", "TR: ", "Rép : ", "[liste] "]))
def test_a_prefix_more_changes_no_base(subject: str, prefix: str) -> None:
    lists = ("liste",)
    base = parse_subject(subject, lists).base
    again = parse_subject(prefix + subject, lists)
    assert again.base.split() == base.split() or not base


def test_a_hostile_subject_takes_no_time() -> None:
    for piece in ("Re: ", "[a] ", "[", "Re[", "((((", " ", "[Fwd: "):
        parse_subject(piece * 50_000)
