"""References to posts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from forum.domain.citation import Citation, apa, bibtex, citation_key, csl_json, ris

POST = Citation(
    key="ndiaye2010-12",
    author="Awa Ndiaye",
    title="Monnaies locales & solidarité : 100 % d'ici ?",
    container="Ancrage territorial",
    publisher="Passerelle",
    date=datetime(2010, 3, 1, 9, 0, tzinfo=UTC),
    url="http://forum.example.org/posts/12",
    language="fr",
    accessed=datetime(2026, 11, 21, tzinfo=UTC),
)


def test_bibtex_escapes_what_tex_reads_otherwise() -> None:
    text = bibtex(POST)
    assert text.startswith("@misc{ndiaye2010-12,\n")
    assert r"title = {{Monnaies locales \& solidarité : 100 \% d'ici ?}}," in text
    assert "date = {2010-03-01}," in text
    assert "langid = {french}," in text


@pytest.mark.parametrize("title", ["a } b", "\\input{x}", "line\nbreak", "$x_1^2$ ~ #"])
def test_bibtex_keeps_its_braces_in_pairs(title: str) -> None:
    text = bibtex(replace(POST, title=title))
    plain_braces = text.replace(r"\{", "").replace(r"\}", "")
    assert plain_braces.count("{") == plain_braces.count("}")
    assert len(text.splitlines()) == len(bibtex(POST).splitlines())


def test_ris_has_a_field_a_line_and_an_end() -> None:
    lines = ris(replace(POST, title="deux\r\nER  - lignes")).split("\r\n")
    assert lines[0] == "TY  - ICOMM"
    assert "TI  - deux ER - lignes" in lines
    assert lines[-2:] == ["ER  - ", ""]
    assert "DA  - 2010/03/01" in lines


def test_csl_is_json_of_the_schema() -> None:
    (item,) = json.loads(csl_json(POST))
    assert item["type"] == "post"
    assert item["author"] == [{"literal": "Awa Ndiaye"}]
    assert item["issued"] == {"date-parts": [[2010, 3, 1]]}


def test_what_is_not_known_is_left_out() -> None:
    unknown = replace(POST, author="", language="und")
    assert "author" not in bibtex(unknown)
    assert "langid" not in bibtex(unknown)
    assert "AU  -" not in ris(unknown)
    assert "author" not in json.loads(csl_json(unknown))[0]
    assert apa(unknown, "en").startswith("Monnaies")


def test_keys_tell_who_and_when() -> None:
    assert citation_key("Awa Ndiaye", POST.date, 12) == "ndiaye2010-12"
    assert citation_key("王小明", POST.date, 12) == "post2010-12"
