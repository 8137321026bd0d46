"""Header fields as raw ASCII bytes: addresses, free text, and what the author's program wrote.

Not by `email.message.EmailMessage`, which writes long values as encoded words.
"""

from __future__ import annotations

import re
from email.header import Header
from typing import Final

from forum.domain.addresses import mailboxes
from forum.domain.encoded_words import decode_value
from forum.domain.headers import Headers
from forum.domain.values import Mailbox
from mailbridge.list_headers import folded

LINE_ENDS: Final = re.compile(rb"\r\n|\r|\n")
_SPECIALS: Final = re.compile(r'[()<>\[\]:;@\\,."]')


def mailbox_field(name: str, *boxes: Mailbox) -> bytes:
    """An address field; names beyond ASCII as encoded words, which are allowed in a phrase."""
    shown = [_mailbox(box) for box in boxes if box.address.isascii() and box.address]
    joined = ",\r\n ".join(shown)
    return f"{name}: {joined}\r\n".encode("ascii") if shown else b""


def unstructured(name: str, text: str) -> bytes:
    """A field of free text such as Subject, folded, as encoded words where it must be."""
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if text.isascii() and "=?" not in text:
        return folded(name, text) or _encoded(name, text)
    return _encoded(name, text)


def kept(headers: Headers, name: str) -> bytes:
    """A field as the author's program wrote it, where its bytes may be sent; else written anew."""
    value = headers.raw(name)
    if value is None:
        return b""
    lines = LINE_ENDS.split(value.strip())
    written = f"{name}: ".encode() + b"\r\n".join(lines)
    sound = value.isascii() and max(map(len, written.split(b"\r\n"))) <= 900
    if sound and all(line.strip() for line in lines) and b"\0" not in value:
        return written + b"\r\n"
    if name in ("To", "Cc"):
        return mailbox_field(name, *mailboxes(value))
    if name in ("In-Reply-To", "References"):
        return b""
    return unstructured(name, decode_value(value)) if name != "Thread-Index" else b""


def _encoded(name: str, text: str) -> bytes:
    words = Header(text, "utf-8", header_name=name, maxlinelen=76).encode(linesep="\r\n")
    return f"{name}: {words}\r\n".encode("ascii")


def _mailbox(box: Mailbox) -> str:
    name = " ".join("".join(char if char.isprintable() else " " for char in box.name).split())
    address = re.sub(r"[\s<>]", "", box.address)
    if not name:
        return address
    if not name.isascii() or "=?" in name:
        words = Header(name, "utf-8", maxlinelen=60).encode(linesep="\r\n")
        return f"{words} <{address}>"
    if _SPECIALS.search(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{address}>"
