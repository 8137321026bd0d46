"""Posts as references: BibTeX, RIS, CSL-JSON, and a line of plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

_TEX: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "#": r"\#",
    "$": r"\$",
    "%": r"\%",
    "&": r"\&",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_BABEL: Final = {"fr": "french", "en": "english", "es": "spanish"}


@dataclass(frozen=True, slots=True)
class Citation:
    """What a reference to a post says."""

    key: str
    """Short and unique on this site, ASCII."""
    author: str
    """The name as shown; may be empty."""
    title: str
    container: str
    """The title of the list."""
    publisher: str
    """The name of the site."""
    date: datetime
    url: str
    language: str
    """BCP 47, `mul` or `und`."""
    accessed: datetime


def citation_key(author: str, date: datetime, post_id: int) -> str:
    """A key that tells a reader who and when: `ndiaye2010-12`."""
    words = re.findall(r"[a-z]+", author.lower())
    return f"{words[-1] if words else 'post'}{date.year}-{post_id}"


def bibtex(citation: Citation) -> str:
    """As a BibTeX entry; UTF-8, as biber and today's BibTeX read it."""
    fields = {
        # The second pair of braces keeps a name from being taken apart, a title from lower case.
        "author": "{" + _tex(citation.author) + "}" if citation.author else "",
        "title": "{" + _tex(citation.title) + "}",
        "howpublished": f"{_tex(citation.container)}, {_tex(citation.publisher)}",
        "year": str(citation.date.year),
        "month": str(citation.date.month),
        "date": f"{citation.date:%Y-%m-%d}",
        "url": citation.url,
        "urldate": f"{citation.accessed:%Y-%m-%d}",
        "langid": _BABEL.get(citation.language, ""),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join((f"@misc{{{citation.key},", *lines, "}", ""))


def ris(citation: Citation) -> str:
    """As a RIS record: a line a field, its tag in front; lines end with CR LF."""
    fields = (
        ("TY", "ICOMM"),  # Internet communication.
        ("ID", citation.key),
        ("AU", citation.author),
        ("TI", citation.title),
        ("T2", citation.container),
        ("PB", citation.publisher),
        ("PY", str(citation.date.year)),
        ("DA", f"{citation.date:%Y/%m/%d}"),
        ("LA", "" if citation.language in ("und", "mul") else citation.language),
        ("UR", citation.url),
        ("Y2", f"{citation.accessed:%Y/%m/%d}"),
    )
    lines = [f"{tag}  - {_one_line(value)}" for tag, value in fields if value]
    return "\r\n".join((*lines, "ER  - ", ""))


def csl_json(citation: Citation) -> str:
    """As CSL-JSON, an array of one item (citationstyles.org, schema 1.0)."""
    return csl_json_of([citation])


def csl_json_of(citations: Iterable[Citation]) -> str:
    """Several as one array."""
    return json.dumps([_csl_item(one) for one in citations], ensure_ascii=False, indent=1)


def _csl_item(citation: Citation) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": citation.key,
        "type": "post",
        "title": citation.title,
        "container-title": citation.container,
        "publisher": citation.publisher,
        "issued": {"date-parts": [_parts(citation.date)]},
        "accessed": {"date-parts": [_parts(citation.accessed)]},
        "URL": citation.url,
    }
    if citation.author:
        item["author"] = [{"literal": citation.author}]
    if citation.language not in ("und", "mul"):
        item["language"] = citation.language
    return item


def apa(citation: Citation, language: str) -> str:
    """As one line for a list of references, by the manual of the APA (7th edition, 10.15).

    Names stand as they were written: which part of a name is the family's, nobody told us.

    Args:
        language: of the text that cites: `fr`, `en` or `es`.
    """
    words = _APA[language]
    day = words.day(citation.date.day, words.months[citation.date.month - 1], citation.date.year)
    title = f"{citation.title} [{words.kind}]"
    if not citation.author:
        return f"{title}. ({day}). {citation.container}, {citation.publisher}. {citation.url}"
    return (
        f"{citation.author}. ({day}). {title}. "
        f"{citation.container}, {citation.publisher}. {citation.url}"
    )


@dataclass(frozen=True, slots=True)
class _Words:
    kind: str
    months: tuple[str, ...]
    day: Callable[[int, str, int], str]


_APA: Final = {
    "fr": _Words(
        "message sur un forum",
        (
            "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
            "octobre", "novembre", "décembre",
        ),
        lambda day, month, year: f"{year}, {'1er' if day == 1 else day} {month}",
    ),
    "en": _Words(
        "Online forum post",
        (
            "January", "February", "March", "April", "May", "June", "July", "August", "September",
            "October", "November", "December",
        ),
        lambda day, month, year: f"{year}, {month} {day}",
    ),
    "es": _Words(
        "publicación en un foro en línea",
        (
            "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto",
            "septiembre", "octubre", "noviembre", "diciembre",
        ),
        lambda day, month, year: f"{year}, {day} de {month}",
    ),
}  # fmt: skip


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _parts(moment: datetime) -> list[int]:
    return [moment.year, moment.month, moment.day]
