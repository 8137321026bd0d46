"""The addresses that messages had in the web archive they come from.

A key is what two addresses of one page have in common:

- `pipermail/LIST/2009-April/000123` for `/pipermail/LIST/2009-April/000123.html` of Mailman 2,
- `hyperkitty/HASH` for `/archives/list/LIST@DOMAIN/message/HASH/` of Mailman 3,
- `sympa/LIST/2009-04/msg00012` for `/arc/LIST/2009-04/msg00012.html` of Sympa,
- the path itself, beginning with `/`, for all others.

Where the pages lie beside the mail, they tell which message they show. Elsewhere their numbers
follow from the order of the messages: pipermail numbers a list through, Sympa each month.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from mailbridge.archive.found import Fault, Format, Found, OldPage

_PIPERMAIL_PAGE: Final = re.compile(r"(\d{4}-[A-Za-z]+)/(\d{6,7})\.html?$")
_PIPERMAIL_FILE: Final = re.compile(r"(\d{4}-[A-Z][a-z]+)\.txt$")
_SYMPA_PAGE: Final = re.compile(r"(\d{4}-\d\d)/(msg\d{5,7})\.html?$")
_SYMPA_FILE: Final = re.compile(r"(\d{4}-\d\d)/(?:arctxt/)?(\d{1,6})$")
_ANSWER_LINK: Final = re.compile(rb"In-Reply-To=([^\"&>]+)", re.IGNORECASE)
_MHONARC_ID: Final = re.compile(rb"<!--X-Message-Id:\s*(\S+?)\s*-->", re.IGNORECASE)


class Numbering:
    """Gives messages the numbers their pages had, in the order in which they are read."""

    def __init__(self, old_name: str) -> None:
        self.old_name = old_name
        self.month = ""
        self.done: set[str] = set()
        self.count = 0
        """Of the messages of pipermail's files so far: the next number."""

    def begin(self, path: PurePosixPath, wanted: Format) -> None:
        """A new file begins."""
        found = _PIPERMAIL_FILE.search(path.name)
        self.month = found[1] if found and wanted in (Format.AUTO, Format.PIPERMAIL) else ""
        # pipermail keeps the month under way both plain and compressed.
        if self.month in self.done:
            self.month = ""
        self.done.add(self.month)

    def numbered(self, found: Found) -> Found:
        """A message of a file with many."""
        if not self.month or found.fault is Fault.NOT_A_MESSAGE:
            return found
        key = f"pipermail/{self.old_name}/{self.month}/{self.count:06d}"
        self.count += 1
        return replace(found, old_keys=(key,))

    def numbered_file(self, found: Found, path: PurePosixPath) -> Found:
        """A message in a file of its own; Sympa's are `2009-04/arctxt/1` and so on."""
        named = _SYMPA_FILE.search(str(path))
        if named is None or int(named[2]) == 0:
            return found
        # MHonArc numbers from 0 what Sympa numbers from 1.
        key = f"sympa/{self.old_name}/{named[1]}/msg{int(named[2]) - 1:05d}"
        return replace(found, old_keys=(key,))


def read_page(path: PurePosixPath, head: bytes, numbering: Numbering) -> OldPage | None:
    """Which message a page of an old archive shows; None where it tells none."""
    name = str(path)
    pipermail = _PIPERMAIL_PAGE.search(name)
    if pipermail is not None:
        answer = _ANSWER_LINK.search(head)
        if answer is None:
            return None
        message_id = unquote(html.unescape(answer[1].decode("utf-8", "replace"))).strip()
        key = f"pipermail/{numbering.old_name}/{pipermail[1]}/{pipermail[2]}"
        return OldPage(key, message_id.strip("<>")) if message_id else None
    sympa = _SYMPA_PAGE.search(name)
    if sympa is None:
        return None
    marked = _MHONARC_ID.search(head)
    if marked is None:
        return None
    message_id = html.unescape(marked[1].decode("utf-8", "replace")).strip("<>")
    return OldPage(f"sympa/{numbering.old_name}/{sympa[1]}/{sympa[2]}", message_id)


def hyperkitty_key(message_id: str) -> str:
    """Mailman 3 names a message by base 32 of the SHA-1 of its Message-ID."""
    digest = hashlib.sha1(message_id.encode("utf-8", "replace"), usedforsecurity=False).digest()
    return "hyperkitty/" + base64.b32encode(digest).decode("ascii")
