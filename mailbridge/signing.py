"""DKIM signatures (RFC 6376): relaxed/relaxed, rsa-sha256, over header lines as raw bytes.

The body of a post's copies is the same but for the recipient's token: it is brought into form once,
and each copy's hash goes on from the state before the token.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mailbridge.dkim_check import canonical_body

SIGNED: Final = (
    "From", "Reply-To", "Subject", "Date", "To", "Cc", "Message-ID", "In-Reply-To", "References",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Language", "List-Id",
    "List-Post", "List-Help", "List-Archive", "List-Owner", "List-Subscribe", "List-Unsubscribe",
    "List-Unsubscribe-Post", "Archived-At", "Auto-Submitted", "X-Original-From",
)  # fmt: skip
"""RFC 6376, section 5.4.1, and what one click needs (RFC 8058, section 4)."""

OVERSIGNED: Final = ("From", "Subject", "Reply-To", "To", "Date", "Content-Type")
"""Named once more than they stand there: one that is added on the way breaks the signature
(RFC 6376, section 8.15)."""

_NAMES: Final = tuple((name.lower().encode(), name, name in OVERSIGNED) for name in SIGNED)
_LINE: Final = 72
_FOLD: Final = re.compile(rb"\r\n(?=[ \t])")
_SPACE: Final = re.compile(rb"[ \t]+")
_NEXT_FIELD: Final = re.compile(rb"\r\n(?![ \t])")


class BodyHash:
    """The hash of a body that is the same for all but for a mark."""

    def __init__(self, body: bytes, mark: bytes = b"") -> None:
        """Bring a body into form.

        Args:
            body: line ends CRLF.
            mark: stands where a value without white space will; empty for a body without one.
        """
        formed = canonical_body(body, relaxed=True)
        first, *self._rest = formed.split(mark) if mark else [formed]
        self._state = hashlib.sha256(first)

    def of(self, value: bytes = b"") -> bytes:
        """The digest of the body with a value in the mark's place."""
        state = self._state.copy()
        for piece in self._rest:
            state.update(value)
            state.update(piece)
        return state.digest()


@dataclass(frozen=True, slots=True)
class Field:
    """A header field in relaxed form (RFC 6376, section 3.4.2)."""

    name: bytes
    """Lower case."""
    line: bytes
    """Without its line end."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A key and the name under which the DNS has its other half."""

    domain: str
    selector: str
    key: rsa.RSAPrivateKey

    def dkim(self, header: bytes, body_digest: bytes) -> bytes:
        """The DKIM-Signature field of a message, to be put in front.

        Args:
            header: all fields, line ends CRLF, without the empty line.
            body_digest: as `BodyHash` gives it.
        """
        return self.over("DKIM-Signature", "v=1", relaxed_fields(header), body_digest)

    def over(self, name: str, tags: str, fields: Sequence[Field], body_digest: bytes) -> bytes:
        """A field that signs others and a body: DKIM-Signature or ARC-Message-Signature.

        Args:
            tags: those that come first, without the last semicolon.
        """
        names, lines = _chosen(fields)
        unsigned = (
            f"{name}: {tags}; a=rsa-sha256; c=relaxed/relaxed;\r\n"
            f" d={self.domain}; s={self.selector};\r\n"
            f" {_folded_names(names)};\r\n"
            f" bh={b64encode(body_digest).decode()};\r\n b="
        ).encode("ascii")
        return unsigned + self.signature([*lines, relaxed(unsigned).line])

    def signature(self, lines: Iterable[bytes]) -> bytes:
        """The value of `b=` over lines in relaxed form, folded, with its line end."""
        signed = self.key.sign(b"\r\n".join(lines), padding.PKCS1v15(), hashes.SHA256())
        value = b64encode(signed)
        pieces = [value[at : at + _LINE] for at in range(0, len(value), _LINE)]
        return b"\r\n  ".join(pieces) + b"\r\n"


def relaxed_fields(header: bytes) -> list[Field]:
    """The fields of a header in relaxed form, from the top."""
    return [_known(one) for one in _NEXT_FIELD.split(header) if b":" in one]


def relaxed(field: bytes) -> Field:
    """One field in relaxed form."""
    name, _, value = _FOLD.sub(b"", field).partition(b":")
    name = name.strip().lower()
    return Field(name, name + b":" + _SPACE.sub(b" ", value).strip(b" \r\n"))


# The copies of a post have all but two of their fields in common.
_known = lru_cache(maxsize=1024)(relaxed)


def _chosen(fields: Sequence[Field]) -> tuple[tuple[str, ...], list[bytes]]:
    """What h= names and what is hashed; of several fields of one name the last comes first."""
    found: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for field in fields:
        found[field.name].append(field.line)
    names: list[str] = []
    lines: list[bytes] = []
    for key, name, once_more in _NAMES:
        same = found.get(key, ())
        names += [name] * (len(same) + once_more)
        lines += reversed(same)
    return tuple(names), lines


@lru_cache(maxsize=64)
def _folded_names(names: tuple[str, ...]) -> str:
    lines = ["h="]
    for name in names:
        colon = "" if lines == ["h="] else ":"
        if len(lines[-1]) + len(name) > _LINE:
            lines.append("  ")
        lines[-1] += colon + name
    return "\r\n".join(lines)
