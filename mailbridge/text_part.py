"""A text as one MIME part."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import Final

MAX_7BIT_LINE: Final = 900


@dataclass(frozen=True, slots=True)
class Content:
    """The MIME fields and the body of an outgoing message, line ends `\\r\\n`."""

    fields: bytes
    body: bytes


def text_content(text: str, subtype: str, atom: bytes = b"", parameters: str = "") -> Content:
    """A text as one MIME part: 7bit where it can be, else quoted-printable UTF-8.

    Args:
        text: line ends `\\n`.
        atom: ASCII bytes that no soft line break may divide.
        parameters: more parameters of Content-Type, such as `; format=flowed`.
    """
    data = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\n", "\r\n")
        .encode("utf-8", "replace")
    )
    longest = max(map(len, data.split(b"\r\n")))
    plain = data.isascii() and longest <= MAX_7BIT_LINE and b"\0" not in data
    encoding = "7bit" if plain else "quoted-printable"
    fields = (
        f"Content-Type: text/{subtype}; charset=utf-8{parameters}\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n"
    )
    return Content(fields.encode("ascii"), data if plain else _quoted_printable(data, atom))


def _quoted_printable(data: bytes, atom: bytes) -> bytes:
    pieces = [_encoded(piece) for piece in (data.split(atom) if atom else [data])]
    if len(pieces) == 1:
        return pieces[0]
    # A soft line break on either side, so that the atom stands whole on its line.
    return (b"=\r\n" + atom + b"=\r\n").join(pieces)


def _encoded(data: bytes) -> bytes:
    """Quoted-printable, with room on the last line for the `=` of a soft line break."""
    encoded = binascii.b2a_qp(data, istext=True)
    # It breaks lines by LF where it has seen no CRLF.
    encoded = encoded.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    start = encoded.rfind(b"\n") + 1
    if len(encoded) - start < 76:
        return encoded
    at = start + 70
    while b"=" in encoded[at - 2 : at]:  # Not inside an escape.
        at -= 1
    return encoded[:at] + b"=\r\n" + encoded[at:]
