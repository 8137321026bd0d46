"""Lines broken at a fixed width are joined; all others stay."""

from __future__ import annotations

import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.markup import render_plain, render_segments
from forum.domain.reflow import unwrap
from forum.domain.values import Role, Segment, TextFormat

FRENCH = (
    "Nous avons repris hier la discussion sur la monnaie locale, et plusieurs personnes ont "
    "demandé comment les associations pourraient l'accepter sans perdre de vue leurs comptes. "
    "Je propose que chacune écrive ici, avant la rencontre de printemps, ce qu'elle sait faire "
    "et ce dont elle aurait besoin : ainsi nous commencerons par le plus simple."
)
ENGLISH = (
    "Yesterday we took up the discussion about the local currency again, and several people "
    "asked how associations could accept it without losing sight of their accounts. I suggest "
    "that each of them writes here, before the spring meeting, what it can do and what it would "
    "need, so that we begin with what is easiest."
)
SPANISH = (
    "Ayer retomamos la conversación sobre la moneda local, y varias personas preguntaron cómo "
    "podrían aceptarla las asociaciones sin perder de vista sus cuentas. Propongo que cada una "
    "escriba aquí, antes del encuentro de primavera, qué sabe hacer y qué le haría falta: así "
    "empezaremos por lo más sencillo."
)
TEXTS = (FRENCH, ENGLISH, SPANISH)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("width", [64, 68, 72, 76, 78, 80])
def test_a_paragraph_broken_at_any_usual_width_is_one_line(text: str, width: int) -> None:
    assert unwrap(textwrap.fill(text, width)) == text


@pytest.mark.parametrize("text", TEXTS)
def test_greeting_and_closing_keep_their_lines(text: str) -> None:
    mail = f"Hola, bonjour, hello:\n{textwrap.fill(text, 72)}\nUn abrazo,\nLuz\nAlto Perú"
    assert unwrap(mail) == f"Hola, bonjour, hello:\n{text}\nUn abrazo,\nLuz\nAlto Perú"


def test_a_closing_after_a_full_line_keeps_its_own() -> None:
    mail = (
        "Nous nous retrouvons donc samedi matin à neuf heures devant la grande\n"
        "halle, avec les tables, les affiches et tout ce que vous aurez trouvé.\n"
        "Cordialement"
    )
    assert unwrap(mail).split("\n")[1:] == ["Cordialement"]


def test_paragraphs_stay_apart() -> None:
    mail = "\n\n".join(textwrap.fill(text, 72) for text in TEXTS)
    assert unwrap(mail) == "\n\n".join(TEXTS)


def test_spaces_at_line_ends_are_not_doubled() -> None:
    assert unwrap(textwrap.fill(ENGLISH, 72).replace("\n", " \n")) == ENGLISH


LIST = """\
- une table pour les affiches et deux bancs, que la mairie veut bien nous
prêter jusqu'à dimanche soir à condition de les rendre propres et secs
- un point d'eau, et de quoi laver les verres de tout le monde sans trop
de bruit"""
NUMBERED = """\
1. Write to the council about the hall, and ask for the key of the gate,
2. print the posters in three languages, and put them up in every shop,
3. bring tables and benches, and a roof of some kind in case of any rain"""
ADDRESSES = """\
Association des Jardins partagés de la Vallée, maison des associations,
12 rue des Tanneurs, bâtiment B, deuxième étage, porte de gauche, sonner
86000 Poitiers"""
TABLE = """\
lundi        marché de la place     tables et bancs      à confirmer bientôt
mardi        école du centre        projecteur           confirmé par écrit"""
VERSE = """\
Heureux qui, comme la rivière, descend vers l'estuaire
et sans compter les ponts, ni les jours, ni les pierres,
retrouve un soir la mer, ses bateaux et ses phares,
et reste là, debout, à regarder le soir."""
CODE = """\
total = sum(price * number for price, number in zip(prices, numbers))
if total > budget and not council.accepts(total, year=2010, month=3):
    print("too much")"""
LABELS = """\
Date : samedi 13 mars 2010, de neuf heures à midi, puis de deux à cinq h
Lieu : salle des fêtes de la commune, à côté de la grande halle du marché
Prix : libre, en euros ou en monnaie locale, selon ce que chacun peut y m"""
QUOTED = """\
> Nous avons repris hier la discussion sur la monnaie locale, et plusieurs
> personnes ont demandé comment les associations pourraient l'accepter."""
NAMES = """\
Awa Ndiaye, réseau des jardins partagés et coopérative des Deux Rives
Luz Quispe, asociación de mujeres tejedoras del Alto y red de mercados
Jean Petit, commune de Saint-Aubin, commission de la vie locale et Lac"""
LINKS = """\
see the minutes of the meeting, which Camille wrote and which stand here
http://example.org/minutes/2010/03/01/the-minutes-of-the-meeting-in-march
and the accounts"""


@pytest.mark.parametrize(
    "text",
    [LIST, NUMBERED, ADDRESSES, TABLE, VERSE, CODE, LABELS, QUOTED, NAMES, LINKS, "a\nb", "", "\n"],
)
def test_what_is_not_a_broken_paragraph_stays(text: str) -> None:
    assert unwrap(text) == text


@pytest.mark.parametrize("kept", [NUMBERED, TABLE, CODE, LABELS, QUOTED, NAMES, LINKS])
def test_it_stays_beside_broken_paragraphs_too(kept: str) -> None:
    mail = f"{textwrap.fill(FRENCH, 72)}\n\n{kept}\n\n{textwrap.fill(SPANISH, 72)}"
    assert unwrap(mail) == f"{FRENCH}\n\n{kept}\n\n{SPANISH}"


def test_lines_of_a_program_that_breaks_none_are_their_authors() -> None:
    verse = (
        "the river goes down through the valley and takes along what it can find,\n"
        "and nobody who stands upon the bridge has ever asked it where it goes to"
    )
    assert unwrap(verse) != verse
    assert unwrap(f"{ENGLISH}\n\n{verse}") == f"{ENGLISH}\n\n{verse}"


def test_own_text_and_quotations_flow_and_signatures_do_not() -> None:
    broken = textwrap.fill(FRENCH, 72)
    html = render_segments(
        [Segment(role, broken, "fr") for role in (Role.REPLY, Role.QUOTATION, Role.SIGNATURE)],
        TextFormat.PLAIN,
    )
    own, quoted, signature = html.split("<details")
    assert "<br>" not in own
    assert "<br>" not in quoted
    assert signature.count("<br>") == broken.count("\n")
    assert render_plain(broken).count("<br>") == broken.count("\n")


WORDS = st.lists(
    st.text(alphabet="aàbcdeEé.,:;-«»>0123@/| \t\xa0=", min_size=1, max_size=12), max_size=60
)


@given(WORDS, st.integers(min_value=40, max_value=100))
def test_no_word_is_lost_or_moved(words: list[str], width: int) -> None:
    text = textwrap.fill(" ".join(words), width)
    assert unwrap(text).split() == text.split()


@given(st.text())
def test_any_text_keeps_its_words(text: str) -> None:
    assert unwrap(text).split() == text.split()


@pytest.mark.parametrize(
    "text",
    [
        "mot " * 500_000,
        (textwrap.fill(FRENCH, 72) + "\n\n") * 6_000,
        "a" * 2_000_000,
        ("a" + " " * 70 + "\n") * 28_000,
        "A b c d" * 280_000 + ":",
        "a\n" * 500_000,
    ],
    ids=["one line", "paragraphs", "one word", "spaces", "no label", "short lines"],
)
def test_a_megabyte_or_two_takes_little_time(text: str) -> None:
    start = time.process_time()
    unwrap(text)
    assert time.process_time() - start < 3
