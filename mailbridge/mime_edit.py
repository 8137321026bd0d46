"""Adding a footer to a message without disturbing the rest of its bytes.

The parts that show text are found by their place in the raw bytes and only these are written
anew: attachments, calendars and unknown structures stay byte for byte as they were. Signed and
encrypted messages, and those without an editable text, become the first part of a multipart/mixed
with the footer as the second.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from forum.domain.headers import Field, Headers, split_headers
from mailbridge.text_part import Content as Content
from mailbridge.text_part import text_content as text_content

MAX_DEPTH: Final = 20
_SEALED: Final = (
    "multipart/signed",
    "multipart/encrypted",
    "multipart/report",
    "application/pkcs7-mime",
    "application/x-pkcs7-mime",
)
_SEVEN_BIT_CODES: Final = ("iso-2022", "utf-7", "hz", "utf-16", "utf-32")
"""ASCII bytes do not mean ASCII characters here."""
_WESTERN: Final = ("us-ascii", "ascii", "iso-8859-1", "iso8859-1", "latin1", "latin-1")
_END_OF_HTML: Final = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_REWRITTEN: Final = frozenset({b"content-type", b"content-transfer-encoding"})
_OF_THE_LIST: Final = frozenset({b"content-language"})
"""At the top the list writes its own."""
_MIME: Final = (b"content-", b"mime-version")


@dataclass(frozen=True, slots=True)
class Footer:
    """What is appended, the same in both forms; line ends `\\n`."""

    text: str
    html: str
    atom: bytes
    """ASCII bytes inside both that must never be broken by an encoding."""


@dataclass(frozen=True, slots=True)
class _Part:
    start: int
    body_at: int
    end: int
    headers: Headers
    html: bool


@dataclass(frozen=True, slots=True)
class Dress:
    """How texts that were written on the web are laid out for mail programs."""

    text: Callable[[str], str]
    """The whole plain text, footer included, to flowed text (RFC 3676)."""
    html: Callable[[str, str], str]
    """The HTML as composed, and the footer's, to a page."""


def with_footer(
    raw: bytes, footer: Footer, redact: Callable[[str], str], dress: Dress | None = None
) -> Content:
    """The content of a message with a footer at the end of its text; never raises.

    Args:
        raw: the message, line ends `\\r\\n`.
        redact: takes out of the text what must not be passed on.
        dress: lays the texts out anew; None leaves an author's layout as it is.
    """
    fields, body_at, _ = split_headers(raw, 0, len(raw))
    edits = [
        (part, edited)
        for part in _text_parts(raw)
        if (edited := _edited(raw, part, footer, redact, dress)) is not None
    ]
    if not edits:
        return _wrapped(raw, fields, body_at, footer)
    return _with_edits(raw, fields, body_at, edits)


def redacted_content(raw: bytes, redact: Callable[[str], str]) -> Content:
    """The content of a message with its texts redacted, else as it stands; never raises.

    Args:
        raw: the message, line ends `\\r\\n`.
        redact: takes out of the text what must not be passed on.
    """
    fields, body_at, _ = split_headers(raw, 0, len(raw))
    edits: list[tuple[_Part, Content]] = []
    for part in _text_parts(raw):
        text = _decoded(raw[part.body_at : part.end], part.headers)
        if text is None or redact(text) == text:
            continue
        edited = _edited(raw, part, Footer("", "", b""), redact)
        if edited is not None:
            edits.append((part, edited))
    return _with_edits(raw, fields, body_at, edits)


def _with_edits(
    raw: bytes, fields: tuple[Field, ...], body_at: int, edits: Sequence[tuple[_Part, Content]]
) -> Content:
    """The content of a message with some of its parts in another form, the others untouched."""
    if edits and edits[0][0].start == 0:
        return edits[0][1]  # The message is that part.
    pieces: list[bytes] = []
    at = body_at
    for part, edited in edits:
        pieces += [raw[at : part.start], edited.fields, b"\r\n", edited.body]
        at = part.end
    pieces.append(raw[at:])
    return Content(_mime_fields(fields, _OF_THE_LIST), b"".join(pieces))


def _text_parts(raw: bytes) -> list[_Part]:
    """The parts that show the message's text, in order: one, or the forms of an alternative."""
    found: list[_Part] = []
    waiting = [(0, len(raw), 0)]
    while waiting:
        start, end, depth = waiting.pop()
        fields, body_at, _ = split_headers(raw, start, end)
        headers = Headers(fields)
        kind = headers.content_type()
        if kind in _SEALED:
            return []
        if kind.startswith("multipart/") and depth < MAX_DEPTH:
            children = _children(raw, body_at, end, headers.parameters().get("boundary", ""))
            chosen = children if kind == "multipart/alternative" else children[:1]
            waiting.extend((*child, depth + 1) for child in reversed(chosen[:20]))
        elif kind in ("text/plain", "text/html"):
            disposition = (headers.get("content-disposition") or "").lower()
            if not disposition.startswith("attachment"):
                found.append(_Part(start, body_at, end, headers, kind == "text/html"))
    return found


def _children(raw: bytes, start: int, end: int, boundary: str) -> list[tuple[int, int]]:
    """Where the parts of a multipart lie (RFC 2046, section 5.1.1)."""
    if not boundary or not boundary.isascii():
        return []
    mark = re.compile(
        rb"(?:\A|\r?\n)--" + re.escape(boundary.encode("ascii")) + rb"(--)?[ \t]*(?=\r?\n|\Z)"
    )
    children: list[tuple[int, int]] = []
    opened: int | None = None
    # The line end before the first delimiter belongs to the empty line above.
    for found in mark.finditer(raw, max(0, start - 2), end):
        if opened is not None:
            children.append((opened, found.start()))
        if found[1] is not None:
            return children
        opened = raw.find(b"\n", found.end(), end) + 1 or end
    return children if opened is None else [*children, (opened, end)]


def _edited(
    raw: bytes,
    part: _Part,
    footer: Footer,
    redact: Callable[[str], str],
    dress: Dress | None = None,
) -> Content | None:
    text = _decoded(raw[part.body_at : part.end], part.headers)
    if text is None:
        return None
    text = redact(text.replace("\r\n", "\n"))
    flowed = _flowed(part)
    if dress is not None and part.html:
        text = dress.html(text, footer.html)
    elif dress is not None:
        text, flowed = dress.text(f"{text.rstrip()}\n\n{footer.text}"), "; format=flowed"
    elif part.html:
        ends = [found.start() for found in _END_OF_HTML.finditer(text)]
        at = ends[-2] if len(ends) > 1 else ends[0] if ends else len(text)
        text = f"{text[:at]}{footer.html}{text[at:]}"
    else:
        text = f"{text.rstrip()}\n\n{footer.text}"
    content = text_content(text, "html" if part.html else "plain", footer.atom, flowed)
    without = _REWRITTEN | _OF_THE_LIST if part.start == 0 else _REWRITTEN
    return Content(_mime_fields(part.headers.fields, without) + content.fields, content.body)


def _flowed(part: _Part) -> str:
    """RFC 3676's parameters, which say how the lines are to be joined."""
    if part.html:
        return ""
    parameters = part.headers.parameters()
    kept = ""
    if parameters.get("format", "").lower() == "flowed":
        kept = "; format=flowed"
        if parameters.get("delsp", "").lower() == "yes":
            kept += "; delsp=yes"
    return kept


def _decoded(body: bytes, headers: Headers) -> str | None:
    """The text of a part, or None where it cannot be read for certain."""
    encoding = (headers.get("content-transfer-encoding") or "7bit").strip().lower()
    try:
        if encoding == "base64":
            body = binascii.a2b_base64(body)
        elif encoding == "quoted-printable":
            body = binascii.a2b_qp(body)
        elif encoding not in ("7bit", "8bit", "binary"):
            return None
        charset = headers.parameters().get("charset", "us-ascii").strip("'\" ").lower()
        if charset.startswith(_SEVEN_BIT_CODES):
            return _strictly(body, charset)
        # The WHATWG Encoding Standard reads these labels so, for writers mean it.
        charset = "windows-1252" if charset in _WESTERN else charset
        for name in ("utf-8", charset, "windows-1252"):
            if (text := _strictly(body, name)) is not None:
                return text
    except (binascii.Error, ValueError):
        return None
    return None


def _strictly(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except (UnicodeDecodeError, LookupError, ValueError):
        return None


def _mime_fields(fields: tuple[Field, ...], without: frozenset[bytes] = frozenset()) -> bytes:
    """The MIME fields among others, as they stand."""
    kept: list[bytes] = []
    for name, value in fields:
        if not name.startswith(_MIME) or name in without or name == b"content-length":
            continue
        written = b"-".join(word.capitalize() for word in name.split(b"-"))
        kept.append(b"%s: %s\r\n" % (written.replace(b"Mime-", b"MIME-"), value.strip()))
    return b"".join(kept)


def _wrapped(raw: bytes, fields: tuple[Field, ...], body_at: int, footer: Footer) -> Content:
    body = raw[body_at:]
    boundary = b"=_" + hashlib.sha256(raw).hexdigest()[:40].encode("ascii")
    added = text_content(footer.text, "plain", footer.atom)
    head = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary="%s"\r\n' % boundary
    inner = _mime_fields(fields, frozenset({b"mime-version"}) | _OF_THE_LIST)
    parts = (
        b"--%s\r\n%s\r\n%s\r\n" % (boundary, inner, body),
        b"--%s\r\n%sContent-Disposition: inline\r\n\r\n" % (boundary, added.fields),
        added.body,
        b"\r\n--%s--\r\n" % boundary,
    )
    return Content(head, b"".join(parts))
