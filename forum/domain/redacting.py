"""Taking something out of the bytes of messages: those who were erased, or secrets of our mails.

Headers, texts and names of files are gone over. What stands in pictures and in files that are no
text stays.
"""

from __future__ import annotations

import base64
import re
from email import policy
from email.generator import BytesGenerator
from email.header import Header, decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import formataddr
from io import BytesIO
from typing import Final, Protocol

from forum.domain.addresses import mailboxes
from forum.domain.erasing import pseudonym

_ENCODED: Final = re.compile(r"=\?[^?\s]*\?[^?\s]*\?|\?=")
"""What is around an encoded word (RFC 2047) whose character set nobody knows."""
_BOXES: Final = frozenset({"from", "to", "cc", "bcc", "sender", "reply-to"})
_POLICY: Final = policy.compat32.clone(linesep="\r\n")


class Remover(Protocol):
    """Takes something out of texts, and whole addresses out of the fields of a header."""

    def knows(self, text: str) -> bool:
        """Whether one of the addresses to be taken out stands in a text."""

    def author_of(self, address: str) -> int | None:
        """Whose pseudonym takes the place of an address; None where it stays."""

    def text(self, text: str, *, everywhere: bool, own: bool = False) -> str:
        """A text without what is taken out; the arguments as of `Eraser.text`."""


def redacted_piece(raw: bytes, remover: Remover) -> bytes:
    """The same for what may be no message at all."""
    try:
        return redacted(raw, remover)
    except (LookupError, ValueError, AttributeError, TypeError):
        # What no parser reads is a text.
        text = raw.decode("utf-8", "surrogateescape")
        new = remover.text(text, everywhere=remover.knows(text))
        return raw if new == text else new.encode("utf-8", "surrogateescape")


def redacted(raw: bytes, remover: Remover) -> bytes:
    """The bytes of a message without what a remover takes out; the same where it takes nothing.

    What changes is written anew in UTF-8; attached files that are no text stay as they are.
    """
    parsed = BytesParser(policy=_POLICY).parsebytes(raw)
    texts = [(part, _text_of(part)) for part in parsed.walk()]
    heads = [
        (part, name, _decoded(str(value))) for part, _ in texts for name, value in part.raw_items()
    ]
    everywhere = any(remover.knows(text) for _, _, text in heads) or any(
        remover.knows(text) for _, text in texts if text is not None
    )
    own = remover.knows(_decoded(str(parsed.get("From", ""))))
    changed = False
    for part, text in texts:
        changed |= _redact_head(part, remover, everywhere)
        changed |= _redact_file_name(part, remover, everywhere)
        if text is not None:
            new = remover.text(text, everywhere=everywhere, own=own)
            if new != text:
                _put(part, new)
                changed = True
    if not changed:
        return raw
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, maxheaderlen=0, policy=_POLICY).flatten(parsed)
    return out.getvalue()


def _redact_head(part: Message, remover: Remover, everywhere: bool) -> bool:
    changed = False
    headers: list[tuple[str, str]] = []
    for name, value in part.raw_items():
        new = _redacted_field(name, str(value), remover, everywhere)
        changed |= new is not None
        headers.append((name, value if new is None else new))
    if changed:
        for name in set(part.keys()):
            del part[name]
        for name, value in headers:
            part.set_raw(name, value)
    return changed


def _redact_file_name(part: Message, remover: Remover, everywhere: bool) -> bool:
    """What a file is called, where its name is not written out plainly (RFC 2231)."""
    name = part.get_filename()
    new = remover.text(name, everywhere=everywhere) if name else name
    if not name or not new or new == name:
        return False
    for field, parameter in (("Content-Disposition", "filename"), ("Content-Type", "name")):
        if part.get_param(parameter, header=field) is not None:
            part.set_param(parameter, new, header=field, charset="utf-8")
    return True


def _redacted_field(name: str, value: str, remover: Remover, everywhere: bool) -> str | None:
    """The new value of a field; None where it stays."""
    text = _decoded(value)
    if name.lower() in _BOXES and remover.knows(text):
        boxes = [
            ("", pseudonym(author_id))
            if (author_id := remover.author_of(box.address)) is not None
            else (remover.text(box.name, everywhere=False), box.address)
            for box in mailboxes(value.encode("utf-8", "surrogateescape"))
        ]
        return ",\r\n ".join(formataddr(box, "utf-8") for box in boxes)
    new = remover.text(text, everywhere=everywhere and name.lower() not in _BOXES)
    if new == text:
        return None
    return new if new.isascii() else Header(new, "utf-8").encode(linesep="\r\n")


def _decoded(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError):
        return _ENCODED.sub(" ", value)


def _text_of(part: Message) -> str | None:
    if part.get_content_maintype() != "text" or part.is_multipart():
        return None
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return None
    try:
        return payload.decode(part.get_content_charset("utf-8"))
    except (LookupError, UnicodeDecodeError):
        return payload.decode("latin-1")


def _put(part: Message, text: str) -> None:
    encoded = base64.encodebytes(text.encode("utf-8", "surrogatepass")).decode("ascii")
    part.set_payload(encoded.replace("\n", "\r\n"))
    del part["Content-Transfer-Encoding"]
    part["Content-Transfer-Encoding"] = "base64"
    part.set_param("charset", "utf-8")
