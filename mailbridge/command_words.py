"""The words of commands by mail in three languages, and how a command is read."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from forum.domain.subject import parse_subject
from forum.domain.values import Submission


class Verb(StrEnum):
    """What is asked."""

    HELP = "help"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    CONFIRM = "confirm"
    SETTINGS = "settings"
    EACH = "each"
    DAILY = "daily"
    WEEKLY = "weekly"
    NO_MAIL = "none"
    PAUSE = "pause"
    RESUME = "resume"
    FOLLOW = "follow"
    MUTE = "mute"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Command:
    """One command as it was understood."""

    verb: Verb
    language: str | None = None
    """Of the word, where only one language has it."""
    token: str = ""
    word: str = ""
    """As written, for the answer to what was not understood."""
    until: date | None = None
    """The day on which a pause ends."""


# Without accents, lower case.
_WORDS: Final[dict[Verb, dict[str, tuple[str, ...]]]] = {
    Verb.HELP: {
        "en": ("help", "info"),
        "fr": ("aide", "aidez-moi", "mode d'emploi"),
        "es": ("ayuda", "instrucciones"),
    },
    Verb.SUBSCRIBE: {
        "en": ("subscribe", "join"),
        "fr": ("abonner", "abonnement", "s'abonner", "inscrire", "inscription", "m'abonner"),
        "es": ("suscribir", "suscribirme", "suscribirse", "suscripcion", "alta", "subscribir"),
    },
    Verb.UNSUBSCRIBE: {
        "en": ("unsubscribe", "leave", "remove", "signoff"),
        "fr": (
            "desabonner", "desabonnement", "se desabonner", "me desabonner", "desinscrire",
            "desinscription", "quitter",
        ),
        "es": (
            "desuscribir", "desuscribirme", "desuscribirse", "baja", "darme de baja",
            "darse de baja", "dar de baja", "cancelar", "desubscribir",
        ),
    },
    Verb.CONFIRM: {
        "en": ("confirm",),
        "fr": ("confirmer", "confirmation"),
        "es": ("confirmar", "confirmacion"),
    },
    Verb.SETTINGS: {
        "en": ("settings", "options", "preferences"),
        "fr": ("reglages", "parametres", "options", "preferences"),
        "es": ("preferencias", "opciones", "ajustes"),
    },
    Verb.EACH: {
        "en": ("each", "each message"),
        "fr": ("chaque", "chaque message"),
        "es": ("cada", "cada mensaje"),
    },
    Verb.DAILY: {
        "en": ("daily", "daily digest", "digest"),
        "fr": ("quotidien", "condense quotidien", "condense"),
        "es": ("diario", "resumen diario", "resumen"),
    },
    Verb.WEEKLY: {
        "en": ("weekly", "weekly digest"),
        "fr": ("hebdomadaire", "condense hebdomadaire", "hebdo"),
        "es": ("semanal", "resumen semanal"),
    },
    Verb.NO_MAIL: {
        "en": ("nomail", "no-mail", "no mail"),
        "fr": ("sans-courriel", "sans courriel", "aucun courriel"),
        "es": ("sin-correo", "sin correo", "ningun correo"),
    },
    Verb.PAUSE: {"en": ("pause",), "fr": ("pause",), "es": ("pausa", "pausar")},
    Verb.RESUME: {
        "en": ("resume", "unpause"),
        "fr": ("reprendre", "reprise"),
        "es": ("reanudar", "reanudacion"),
    },
    Verb.FOLLOW: {"en": ("follow",), "fr": ("suivre",), "es": ("seguir",)},
    Verb.MUTE: {
        "en": ("mute", "silence"),
        "fr": ("silence", "muet", "taire"),
        "es": ("silenciar", "silencio"),
    },
}  # fmt: skip


def _known() -> dict[str, tuple[Verb, str | None]]:
    """Each word with its verb, and its language where only one has it."""
    found: dict[str, tuple[Verb, str | None]] = {}
    for verb, by_language in _WORDS.items():
        for language, words in by_language.items():
            for word in words:
                found[word] = (verb, None if word in found else language)
    return found


_KNOWN: Final = _known()
_LONGEST_FIRST: Final = sorted(_KNOWN, key=len, reverse=True)
_TOKEN: Final = re.compile(r"[0-9A-Za-z_-]{16,128}")
_LINES_LOOKED_AT: Final = 5
_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_WITH_MORE: Final = (Verb.HELP, Verb.SUBSCRIBE, Verb.UNSUBSCRIBE, Verb.SETTINGS, Verb.PAUSE)
"""Three words may follow these, one the others: a sentence that merely begins so is no command."""


def read_command(submission: Submission) -> Command:
    """The command in the subject, else in the first line of the text."""
    asked = parse_subject(submission.subject).base
    found = _read_line(asked)
    if found is not None:
        return found
    lines = [line.strip() for line in submission.text[:5000].split("\n") if line.strip()]
    for line in lines[:_LINES_LOOKED_AT]:
        found = None if line.startswith(">") else _read_line(line)
        if found is not None:
            return found
        break
    return Command(Verb.UNKNOWN, word=(asked or (lines[0] if lines else ""))[:80])


def _read_line(line: str) -> Command | None:
    plain = plain_words(line)
    for word in _LONGEST_FIRST:
        if not plain.startswith(word) or plain[len(word) : len(word) + 1].isalnum():
            continue
        rest = plain[len(word) :].strip(" .:;!")
        verb, language = _KNOWN[word]
        if verb is Verb.CONFIRM:
            token = _TOKEN.search(line[len(word) :])
            return Command(verb, language, token[0]) if token else None
        if len(rest.split()) > (3 if verb in _WITH_MORE else 1):
            return None
        until = day_in(rest) if verb is Verb.PAUSE else None
        if verb is Verb.PAUSE and rest and until is None:
            return None
        return Command(verb, language, word=line[:80], until=until)
    return None


def day_in(text: str) -> date | None:
    """The day that a text names, as `2026-12-24`, `24/12/2026` or `24.12.2026`."""
    found, first = _DAY.search(text), _DAY_FIRST.search(text)
    numbers = found.groups() if found else first.groups()[::-1] if first else ()
    try:
        year, month, day = map(int, numbers)
        return date(year, month, day)
    except ValueError:
        return None


def plain_words(line: str) -> str:
    """Without accents, in lower case, with plain apostrophes and single spaces."""
    text = unicodedata.normalize("NFKD", line[:300].replace("’", "'"))
    text = "".join(char for char in text if not unicodedata.combining(char)).lower()
    return " ".join(text.split()).lstrip("\"'«“*-– ")
