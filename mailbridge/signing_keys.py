"""The keys that sign the site's mail: PEM files in the data directory, one for each selector.

`DATA_DIR/dkim/SELECTOR.pem` are the keys, `DATA_DIR/dkim/signing` names the one that signs. The
others stay for as long as mail signed by them is on its way.
"""

from __future__ import annotations

import base64
import logging
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailbridge.signing import BodyHash, Signer

BITS: Final = 2048
"""RFC 8301, section 3.2. Ed25519 is not verified by all large receivers."""

_SELECTOR: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")

log = logging.getLogger("passerelle.signing")


Seal = Callable[[bytes, bytes, Signer], bytes]
"""From all fields of a header, a body's digest and who signs to further fields."""


class KeyProblem(ValueError):
    """A key that cannot be made, read or used; the text says why."""


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """The directory of the keys."""

    data_dir: Path

    @property
    def directory(self) -> Path:
        """Where they lie; there may be none yet."""
        return self.data_dir / "dkim"

    @property
    def choice(self) -> Path:
        """The file that names the selector that signs."""
        return self.directory / "signing"

    def selectors(self) -> list[str]:
        """All there are, in the order of their names."""
        return sorted(path.stem for path in self.directory.glob("*.pem"))

    def signing(self) -> str:
        """The selector that signs; empty where none does."""
        try:
            return self.choice.read_text(encoding="ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return ""

    def free_selector(self, today: date) -> str:
        """A name that says when a key was made, such as `p202611` or `p202611b`."""
        taken = set(self.selectors())
        names = [f"p{today:%Y%m}{letter}" for letter in ("", *"bcdefghijklmnopqrstuvwxyz")]
        for name in names:
            if name not in taken:
                return name
        raise KeyProblem("too many keys were made this month: choose a name by --selector")

    def create(self, selector: str) -> None:
        """Make a key; it does not sign yet.

        Raises:
            KeyProblem: the selector is no good, or has a key.
            OSError: it cannot be written.
        """
        path = self._path(selector)
        if path.exists():
            raise KeyProblem(f"there is a key {selector} already: choose another name")
        key = rsa.generate_private_key(65537, BITS)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, pem, os.O_EXCL)

    def use(self, selector: str) -> None:
        """Let a key sign from now on, also in workers that run.

        Raises:
            KeyProblem: there is no such key, or it cannot be read.
        """
        self.load(selector)
        passing = self.choice.with_suffix(".new")
        _write(passing, f"{selector}\n".encode(), os.O_TRUNC)
        passing.replace(self.choice)

    def remove(self, selector: str) -> None:
        """Delete a key that signs nothing any more.

        Raises:
            KeyProblem: there is none, or it is the one that signs.
        """
        path = self._path(selector)
        if selector == self.signing():
            raise KeyProblem(f"{selector} signs the mail: let another key sign first")
        try:
            path.unlink()
        except FileNotFoundError:
            raise KeyProblem(f"there is no key {selector}") from None

    def load(self, selector: str) -> rsa.RSAPrivateKey:
        """A key.

        Raises:
            KeyProblem: there is none, or it cannot be read.
        """
        try:
            pem = self._path(selector).read_bytes()
            key = serialization.load_pem_private_key(pem, None)
        except FileNotFoundError:
            raise KeyProblem(f"there is no key {selector}") from None
        except OSError as error:
            raise KeyProblem(f"the key {selector} cannot be read: {error.strerror}") from None
        except (ValueError, TypeError):
            raise KeyProblem(f"the file of the key {selector} holds no key") from None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise KeyProblem(f"{selector} is no RSA key")
        return key

    def _path(self, selector: str) -> Path:
        if not _SELECTOR.match(selector):
            raise KeyProblem(
                "a selector consists of the letters a to z, digits and hyphens, 63 at most"
            )
        return self.directory / f"{selector}.pem"


class KeyRing:
    """The key that signs, read again when another has been chosen."""

    def __init__(self, files: KeyFiles, domain: str) -> None:
        self._files = files
        self._domain = domain
        self._seen: tuple[int, int] | None = None
        self._signer: Signer | None = None

    def signer(self) -> Signer | None:
        """Who signs now; None where there is no key, or it cannot be read.

        A key that cannot be read is logged, and `passerelle doctor` tells of it: mail leaves
        unsigned rather than not at all.
        """
        try:
            state = self._files.choice.stat()
        except OSError:
            self._seen = self._signer = None
            return None
        # A choice is a new file each time.
        seen = (state.st_mtime_ns, state.st_ino)
        if seen != self._seen:
            self._seen, self._signer = seen, self._load()
        return self._signer

    def _load(self) -> Signer | None:
        selector = self._files.signing()
        try:
            return Signer(self._domain, selector, self._files.load(selector))
        except KeyProblem as problem:
            log.error("mail leaves unsigned: %s", problem)
            return None


@cache
def ring_of(data_dir: Path, domain: str) -> KeyRing:
    """The key ring of a process: one for all that it builds."""
    return KeyRing(KeyFiles(data_dir), domain)


def message_of(
    head: bytes,
    body: bytes,
    ring: KeyRing,
    body_hash: BodyHash | None = None,
    value: bytes = b"",
    seal: Seal | None = None,
) -> bytes:
    """A message of its header fields and its body, signed where there is a key.

    Args:
        head: all fields, line ends CRLF.
        body_hash: of a body with a mark; None has the body hashed.
        value: what stands in the mark's place.
        seal: gives further fields that go in front (ARC).
    """
    signer = ring.signer()
    signature = b""
    if signer is not None:
        digest = (body_hash or BodyHash(body)).of(value)
        signature = signer.dkim(head, digest)
        if seal is not None:
            signature = seal(head, digest, signer) + signature
    # RFC 5321, section 4.1.1.4: it would get one on the way.
    end = b"" if body.endswith(b"\r\n") or not body else b"\r\n"
    return b"".join((signature, head, b"\r\n", body, end))


def record_value(key: rsa.RSAPrivateKey) -> str:
    """The TXT record of a key (RFC 6376, section 3.6.1)."""
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode('ascii')}"


def record_name(selector: str, domain: str) -> str:
    """Where the record of a key stands in the DNS."""
    return f"{selector}._domainkey.{domain}"


def zone_strings(value: str) -> str:
    """A TXT value as zone files want it: quoted strings of at most 255 bytes (RFC 1035, 3.3)."""
    pieces: Sequence[str] = [value[at : at + 250] for at in range(0, len(value), 250)]
    return " ".join(f'"{piece}"' for piece in pieces)


def _write(path: Path, content: bytes, how: int) -> None:
    """Write a file for its owner's eyes only, from its first moment on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
