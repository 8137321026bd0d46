"""The words of texts in formats that only stand in for a body: invitations, enriched text."""

from __future__ import annotations

import re
from typing import Final

from forum.domain.charset import clean

_ENRICHED: Final = re.compile(r"</?[a-zA-Z-]{1,60}>")


def invitation(content: str) -> str:
    """What an invitation says of itself (RFC 5545): its own words, nothing added."""
    lines = re.sub(r"\r*\n[ \t]", "", content).replace("\r", "").split("\n")
    values: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        key = name.partition(";")[0].upper()
        if key in ("SUMMARY", "DTSTART", "DTEND", "LOCATION", "DESCRIPTION"):
            unescaped = re.sub(r"\\([nN,;\\])", lambda m: "\n" if m[1] in "nN" else m[1], value)
            values[key] = unescaped  # The last: time zones come first and have a DTSTART too.
    order = ("SUMMARY", "DTSTART", "DTEND", "LOCATION", "DESCRIPTION")
    return "\n".join(values[key] for key in order if values.get(key))


def without_enriched(text: str, kind: str) -> str:
    """The words of a text/enriched (RFC 1896) or text/richtext (RFC 1341) part."""
    # RFC 1896: one line end is a space, n are n - 1. RFC 1341's richtext writes <nl>.
    if kind == "text/enriched":
        text = re.sub(r"\n(\n*)", lambda found: found[1] or " ", text)
    else:
        text = re.sub(r"<nl>", "\n", text.replace("\n", " "), flags=re.I)
    text = text.replace("<<", "\x00").replace("<lt>", "\x00")
    first, *others = text.split("<param>")
    kept = [rest if closed else piece for piece in others
            for _, closed, rest in [piece.partition("</param>")]]  # fmt: skip
    text = "".join((first, *kept))
    return clean(_ENRICHED.sub("", text).replace("\x00", "<")).rstrip(" ")
