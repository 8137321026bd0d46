"""The long texts in three languages say the same and name only what exists."""

from __future__ import annotations

import re
from pathlib import Path

import markdown
import pytest

import forum
import mailbridge

PAGES = Path(forum.__file__).parent / "web" / "pages"
MAIL_TEXTS = Path(mailbridge.__file__).parent / "templates"
GUIDES = Path(forum.__file__).parent.parent / "docs"
LANGUAGES = ("fr", "en", "es")
GUIDE_NAMES = {"fr": "guide.fr.md", "en": "user-guide.md", "es": "guia.es.md"}
PAGE_TOKENS = {"mail_domain", "site_url"}
MAIL_TOKENS = PAGE_TOKENS | {"slug", "list_title"}


def texts(name: str) -> dict[str, str]:
    """One page in each language, by language."""
    if name == "guide":
        return {lang: (GUIDES / GUIDE_NAMES[lang]).read_text("utf-8") for lang in LANGUAGES}
    return {lang: (PAGES / f"{name}.{lang}.md").read_text("utf-8") for lang in LANGUAGES}


def code_in(text: str) -> list[str]:
    """What stands in code and is not prose: addresses, commands, paths."""
    return re.findall(r"`([^`\n]+)`", text)


@pytest.mark.parametrize("name", ["about", "help", "guide"])
def test_the_three_languages_have_the_same_build(name: str) -> None:
    built = {
        tuple(re.findall(r"<(h[1-6]|table|tr|li|pre|ol|ul)>", as_html(text)))
        for text in texts(name).values()
    }
    assert len(built) == 1


@pytest.mark.parametrize("name", ["about", "help", "guide"])
def test_the_three_languages_link_to_the_same_places(name: str) -> None:
    links = {
        lang: sorted(
            target for target in re.findall(r"\]\(([^)]+)\)", text) if not target.endswith(".md")
        )
        for lang, text in texts(name).items()
    }
    assert links["fr"] == links["en"] == links["es"]


@pytest.mark.parametrize("name", ["about", "help"])
def test_pages_hold_only_known_tokens(name: str) -> None:
    for text in texts(name).values():
        filled = text % dict.fromkeys(PAGE_TOKENS, "x.example.org")
        assert "%(" not in filled


def test_the_help_mail_fits_a_plain_screen_and_names_every_address() -> None:
    for lang in LANGUAGES:
        text = (MAIL_TEXTS / f"help.{lang}.txt").read_text("utf-8")
        filled = text % {
            "slug": "atelier",
            "list_title": "Atelier",
            "mail_domain": "lists.example.org",
            "site_url": "https://forum.example.org",
        }
        assert text.startswith("Subject: ")
        assert set(re.findall(r"%\((\w+)\)s", text)) == MAIL_TOKENS
        assert max(map(len, filled.split("\n"))) <= 76
        for address in ("", "-subscribe", "-unsubscribe", "-request", "-owner"):
            assert f"atelier{address}@lists.example.org" in filled
        for word in (
            *("help", "aide", "ayuda"),
            *("subscribe", "abonner", "suscribir"),
            *("unsubscribe", "désabonner", "desuscribir"),
        ):
            assert re.search(rf"^    .*\b{word}\b", filled, re.MULTILINE), (lang, word)


@pytest.mark.parametrize("name", ["about", "help", "guide"])
def test_french_keeps_its_spaces(name: str) -> None:
    prose = re.sub(r"```.*?```|`[^`\n]*`|\]\([^)]*\)", "", texts(name)["fr"], flags=re.DOTALL)
    assert not re.findall(r"\w [:;?!](?:\s|$)", prose)
    assert not re.findall(r"\w[;?!](?:\s|$)", prose)
    assert "« " not in prose
    assert "'" not in prose


def test_spanish_says_usted_and_french_says_vous() -> None:
    for name in ("about", "help", "guide"):
        found = texts(name)
        assert not re.search(r"\b(tú|tienes|puedes|quieres|tuyo|contigo)\b", found["es"])
        assert not re.search(r"\b(tu|toi|tes|peux|veux)\b", found["fr"])


def test_every_search_field_is_explained_in_every_language() -> None:
    fields = {
        *("subject:", "sujet:", "asunto:", "from:", "de:", "list:", "liste:", "lista:"),
        *("lang:", "langue:", "idioma:", "after:", "après:", "después:"),
        *("before:", "avant:", "antes:", "tag:", "mot:", "etiqueta:"),
        *("has:attachment", "avec:pièce", "con:adjunto", "exact:", "in:quotes"),
    }
    for text in texts("help").values():
        assert fields <= set(code_in(text))


def as_html(text: str) -> str:
    return markdown.markdown(text, extensions=["tables", "fenced_code"])
