"""Subjects without what mail programs and lists put before them.

RFC 5256, section 2.1 defines the base subject for English; programs write its prefixes in every
language, count them, and stack them with the list's own prefix in any order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_LENGTH: Final = 1_000
"""Characters looked at."""
_MAX_PREFIXES: Final = 64

_REPLY: Final = frozenset(
    ("re", "r", "res", "rép", "rep", "réf", "aw", "antw", "antwort", "sv", "vs", "svar", "odp",
     "ynt", "отв", "回复", "回覆", "答复")
)  # fmt: skip
_FORWARD: Final = frozenset(
    ("tr", "fwd", "fw", "rv", "enc", "wg", "doorst", "i", "reenv", "reenvio", "reenvío", "转发",
     "轉寄")
)  # fmt: skip
# "R: " and "I: " are Outlook's in Italian; single letters count in upper case only.
_PREFIX: Final = re.compile(
    r"\s*(?P<word>[^\W\d_]{1,9})"
    r"(?P<count>\s?(?:\[\d{1,4}\]|\(\d{1,4}\)|\^\d{1,4}|\*\d{1,4})|\d{1,3})?"
    r"(?P<colon>\s?[:：])\s*"
)
_TAG: Final = re.compile(r"\s*\[(?P<tag>[^\[\]]{1,80})\]\s*")
_FORWARD_MARK: Final = re.compile(r"\s*\((?:fwd|tr|rv|fw)\)\s*$", re.IGNORECASE)
_BRACKETED_FORWARD: Final = re.compile(r"\s*\[\s*(?:fwd|fw|tr|rv)\s*:\s*(?P<rest>.*)\]\s*$", re.I)
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject taken apart."""

    base: str
    """What it is about, as written, white space collapsed; other bracket tags remain in it."""
    is_reply: bool
    is_forward: bool
    prefixes: tuple[str, ...] = ()
    """What was taken off, in order, as written: `Re:`, `[atelier7]`."""
    tags: tuple[str, ...] = ()
    """Bracket tags at the front of the base that are no list's: `proposition`."""


def _kind(word: str) -> frozenset[str] | None:
    key = word.casefold()
    if len(word) == 1 and not word.isupper():
        return None
    if key in _REPLY:
        return _REPLY
    return _FORWARD if key in _FORWARD else None


def parse_subject(subject: str, list_prefixes: tuple[str, ...] = ()) -> Subject:
    """Take apart a decoded subject.

    Args:
        subject: Decoded and unfolded; its first 1,000 characters count.
        list_prefixes: Names of lists with or without their brackets (`[atelier7]`), any case:
            they are taken off wherever they stand among the prefixes.
    """
    return _parsed(subject[:MAX_LENGTH], list_prefixes)


@lru_cache(maxsize=1_024)
def _parsed(subject: str, list_prefixes: tuple[str, ...]) -> Subject:
    """The same, kept for a while: each message asks several times, and its answers again."""
    rest = _SPACE.sub(" ", subject).strip()
    names = {prefix.strip("[] ").casefold() for prefix in list_prefixes} - {""}
    prefixes: list[str] = []
    tags: list[str] = []
    reply = forward = False
    while len(prefixes) + len(tags) < _MAX_PREFIXES:
        if match := _PREFIX.match(rest):
            kind = _kind(match["word"])
            if kind is None:
                break
            reply, forward = reply or kind is _REPLY, forward or kind is _FORWARD
            prefixes.append(match[0].strip())
            rest = rest[match.end() :]
        elif match := _BRACKETED_FORWARD.match(rest):
            forward = True
            prefixes.append("[Fwd:]")
            rest = match["rest"].strip()
        elif match := _TAG.match(rest):
            following = rest[match.end() :]
            if _is_list_name(match["tag"], names):
                prefixes.append(match[0].strip())
            elif following or reply or forward:
                tags.append(match["tag"].strip())
            else:
                break
            rest = following
        else:
            break
    if match := _FORWARD_MARK.search(rest):
        forward, rest = True, rest[: match.start()]
    base = "".join(f"[{tag}] " for tag in dict.fromkeys(tags)) + rest.strip()
    return Subject(base.strip(), reply, forward, tuple(prefixes), tuple(dict.fromkeys(tags)))


def _is_list_name(tag: str, names: set[str]) -> bool:
    """Tell whether a tag is a list's, perhaps with a message number: `[atelier7:123]`."""
    key = tag.strip().casefold()
    return key in names or re.sub(r"[\s:#-]+\d{1,7}$", "", key) in names


def base_subject(subject: str, list_prefixes: tuple[str, ...] = ()) -> str:
    """Return the key by which subjects are compared: the base, without case, accents kept."""
    return parse_subject(subject, list_prefixes).base.casefold()


def reply_subject(subject: str, list_prefixes: tuple[str, ...] = ()) -> str:
    """Return the subject of an answer: `Re: ` and the base, however many prefixes there were."""
    return f"Re: {parse_subject(subject, list_prefixes).base}".strip()
