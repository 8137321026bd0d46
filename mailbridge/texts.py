"""The texts of the site's own mails: a file for each kind and language beside this module."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from forum.domain.values import LANGUAGES

TEMPLATES: Final = Path(__file__).parent / "templates"

_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
_BLOCK: Final = re.compile(r"^\[\[(\w+)\n(.*?)^\]\]\n", re.MULTILINE | re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Text:
    """A filled template."""

    subject: str
    """One line."""
    body: str
    """Line ends `\\n`."""


def fill(kind: str, language: str, values: Mapping[str, str]) -> Text:
    """The text of a kind in a language.

    A template's first line is `Subject: …`, then an empty line, then the body. `%(name)s` stands
    for a value; a block of lines between `[[name` and `]]` is left out where the value is empty.

    Args:
        kind: such as `login`: the file's name up to its first dot.
        language: fr, en or es; another is taken as English.

    Raises:
        FileNotFoundError: there is no such kind.
        KeyError: the template names a value that is not given.
    """
    language = language if language in LANGUAGES else "en"
    subject, _, body = _read(kind, language).partition("\n")
    body = _BLOCK.sub(lambda found: found[2] if values.get(found[1]) else "", body.lstrip("\n"))
    subject = _substitute(subject.removeprefix("Subject:"), values)
    return Text(" ".join(subject.split()), _substitute(body, values))


@cache
def _read(kind: str, language: str) -> str:
    return (TEMPLATES / f"{kind}.{language}.txt").read_text(encoding="utf-8")


def _substitute(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: _CONTROL.sub(" ", values[found[1]]), text)
