"""Posts that say the same in several languages."""

from __future__ import annotations

import pytest

from forum.domain.parallel import folded_to, is_parallel, languages_of
from forum.domain.preparing import Shown, show
from forum.domain.values import Role, Segment, TextFormat

FRENCH = (
    "La rencontre de printemps aura lieu à Poitiers le 12 mai. Nous cherchons encore trois "
    "personnes pour l'accueil. Merci de répondre avant la fin du mois."
)
ENGLISH = (
    "The spring meeting will take place in Poitiers on 12 May. We are still looking for three "
    "people for the welcome desk. Please answer before the end of the month."
)
SPANISH = (
    "El encuentro de primavera tendrá lugar en Poitiers el 12 de mayo. Todavía buscamos a tres "
    "personas para la acogida. Les rogamos que respondan antes de fin de mes."
)


def shown(*texts: str) -> Shown:
    return show("\n\n".join(texts) + "\n", TextFormat.PLAIN, None, None)


def is_open(html: str) -> list[str]:
    return [code for code in ("fr", "en", "es") if f'parallel" lang="{code}" open=""' in html]


@pytest.mark.parametrize(
    "texts", [(FRENCH, ENGLISH, SPANISH), (SPANISH, FRENCH, ENGLISH), (ENGLISH, FRENCH)]
)
@pytest.mark.parametrize("reader", ["fr", "en", "es"])
def test_the_readers_language_alone_is_open(texts: tuple[str, ...], reader: str) -> None:
    made = shown(*texts)
    there = languages_of(made.html)
    assert len(there) == len(texts)
    assert is_open(made.html) == [code for code in ("fr", "en", "es") if code in there]
    folded = folded_to(made.html, reader)
    assert is_open(folded) == ([reader] if reader in there else is_open(made.html))
    assert folded.replace(' open=""', "") == made.html.replace(' open=""', "")


def test_a_signature_below_changes_nothing() -> None:
    made = shown(FRENCH, ENGLISH, "-- \nAwa Ndiaye\nAtelier des monnaies, Poitiers\n06 00 00 00 00")
    assert languages_of(made.html) == ("fr", "en")


def test_a_post_in_one_language_is_not_folded() -> None:
    assert languages_of(shown(FRENCH).html) == ()


def reply(language: str, text: str = FRENCH) -> Segment:
    return Segment(Role.REPLY, text, language)


@pytest.mark.parametrize(
    "segments",
    [
        (reply("fr"), reply("en"), reply("fr")),
        (reply("fr"), Segment(Role.QUOTATION, ENGLISH, "en"), reply("en")),
        (reply("fr"), reply("de")),
        (reply("fr"), reply("en", "Thanks to all, and see you soon.")),
        (reply("fr"), reply("en", ENGLISH * 3)),
        (reply("fr"),),
        (),
    ],
)
def test_what_goes_on_in_another_language_is_not_folded(segments: tuple[Segment, ...]) -> None:
    assert not is_parallel(segments)
