"""What fields, languages and values of a search are called, in three languages, without accents."""

from __future__ import annotations

from typing import Final

from forum.domain.analysis import fold
from forum.domain.spelling import distance, letters_allowed

FIELDS: Final = {
    name: field
    for field, names in {
        "subject": "subject sujet asunto",
        "from": "from de author auteur autrice autor autora",
        "list": "list liste lista",
        "lang": "lang langue idioma language lengua",
        "after": "after apres despues",
        "before": "before avant antes",
        "tag": "tag mot etiqueta",
        "has": "has avec con",
        "exact": "exact exacto",
        "in": "in dans en",
    }.items()
    for name in names.split()
}
"""The field of each accepted name, folded."""

_WITH_ACCENTS: Final = {"apres": "après", "despues": "después"}


def nearest_field(name: str) -> str | None:
    """The name of a field that an unknown one may stand for, one or two letters from it."""
    folded = fold(name)
    most = letters_allowed(folded)
    near = [
        (letters, known)
        for known in FIELDS
        if (letters := distance(folded, known, most)) is not None
    ]
    return _WITH_ACCENTS.get(min(near)[1], min(near)[1]) if near else None


ATTACHMENT: Final = frozenset(
    [
        "attachment",
        "attachments",
        "piece",
        "pieces",
        "piece-jointe",
        "pieces-jointes",
        "adjunto",
        "adjuntos",
    ]
)
QUOTES: Final = frozenset(["quotes", "citations", "citation", "citas"])
LANGUAGE_NAMES: Final = {
    name: code
    for code, names in {
        "fr": "french francais frances",
        "en": "english anglais ingles",
        "es": "spanish espagnol espanol castellano",
    }.items()
    for name in names.split()
}
