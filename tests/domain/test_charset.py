"""Which bytes mean which letters, and which wrong letters are put right."""

from __future__ import annotations

import pytest

from forum.domain.charset import codec_of, decode
from forum.domain.charset_score import score
from forum.domain.mojibake import repair

FRENCH = (
    "Où est passé l’âne ? Près du chêne, là-bas, à côté de la forêt.",
    "« Ça suffit », dit-elle : « nous avons déjà reçu dix réponses. »",
    "Le dîner coûtera 15 € ; Noël approche, et le cœur n’y est pas…",
    "L’école ouvrira à l’été ; les élèves s’inscrivent dès février.",
    "RÉUNION À HUIT HEURES – ÉCOLE DU HAMEAU",
)
SPANISH = (
    "¿Quién llevará el camión mañana? ¡Ojalá llegue pronto!",
    "La organización pidió más información sobre el año pasado.",
    "El señor Núñez vivió aquí según su último artículo.",
    "«Así es», contestó la niña: «será difícil, pero lo haré».",
)


@pytest.mark.parametrize("text", FRENCH + SPANISH)
@pytest.mark.parametrize("codec", ["utf-8", "cp1252", "mac_roman", "cp850"])
def test_unlabelled_text_is_read_in_the_right_charset(text: str, codec: str) -> None:
    try:
        raw = text.encode(codec)
    except UnicodeEncodeError:
        raw = text.translate({0x2019: "'", 0x2026: "...", 0x20AC: "E", 0x153: "oe", 0x2013: "-"})
        raw = raw.encode(codec)
        text = raw.decode(codec)
    decoded = decode(raw)
    assert decoded.text == text
    assert decoded.sure is (codec == "utf-8")


@pytest.mark.parametrize("text", FRENCH + SPANISH)
@pytest.mark.parametrize("typography", ["as is", "capitals", "quoted", "hard spaces", "list"])
def test_clean_text_is_never_changed(text: str, typography: str) -> None:
    text = {
        "as is": text,
        "capitals": text.upper(),
        "quoted": f"> “{text}”",
        "hard spaces": text.replace(" ", "\u00a0"),
        "list": f"• {text} – 5 %…",
    }[typography]
    assert repair(text) == (text, ())


@pytest.mark.parametrize("text", [*FRENCH[:4], *SPANISH])
def test_utf_8_read_as_cp1252_is_put_right(text: str) -> None:
    wrong = "".join(
        bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in text.encode("utf-8")
    )
    assert repair(wrong) == (text, ("ftfy",))


@pytest.mark.parametrize("text", [FRENCH[0], FRENCH[1], FRENCH[3], *SPANISH[:3]])
def test_mac_roman_read_as_latin_1_is_put_right(text: str) -> None:
    wrong = text.encode("mac_roman").decode("latin-1")
    assert repair(wrong) == (text, ("mac_roman-as-cp1252",))


def test_bullets_in_place_of_letters_are_put_right() -> None:
    assert repair("dÕ•tre en relation Ç! entre pairs È")[0] == "d’être en relation « entre pairs »"
    assert repair("Le franais est enseignŽ, m•me aprs lÕŽcole, o vous vous voulez")[1] == (
        "mac_roman-as-cp1252",
    )


def test_only_the_broken_lines_of_a_text_are_changed() -> None:
    good, bad = "C’est déjà l’été à Núñez.", "C’est dÃ©jÃ\u00a0 l’Ã©tÃ©"
    assert repair(f"{good}\n> {bad}")[0] == f"{good}\n> C’est déjà l’été"


def test_cp1252_control_characters_become_what_they_meant() -> None:
    assert repair("l\x92été, aujourd\x92hui\x85")[0] == "l’été, aujourd’hui…"


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("ISO-8859-1", "cp1252"), ("us-ascii", "cp1252"), ('"utf-8"', "utf-8"),
        ("x-mac-roman", "mac-roman"), ("gb2312", "gb18030"), ("ks_c_5601-1987", "cp949"),
        ("zlib", None), ("rot13", None), ("punycode", None), ("idna", None), ("", None),
        ("nothing-known", None), ("unicode_escape", None), ("\x00", None),
    ],
)  # fmt: skip
def test_a_label_means_a_text_codec_or_nothing(label: str, codec: str | None) -> None:
    assert codec_of(label) == codec


def test_the_measure_tells_right_from_wrong() -> None:
    assert score("déjà là").points > 0
    assert score("dŽjˆ lˆ").points < 0
    assert score("dŽjˆ lˆ").wrong == 3
