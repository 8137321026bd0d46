"""Mails signed with keys of our own, and the DNS answers that go with them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailbridge.dns_text import LookupFailed
from mailbridge.signing_keys import KeyFiles

Lookup = Callable[[str], tuple[bytes, ...]]


@cache
def key_of(bits: int) -> rsa.RSAPrivateKey:
    """One key of each length for all tests: making it costs more than all of them."""
    return rsa.generate_private_key(65537, bits)


def public_record(key: rsa.RSAPrivateKey, more: bytes = b"") -> bytes:
    """The TXT record of a key."""
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return b"v=DKIM1; k=rsa; " + more + b"p=" + base64.b64encode(der)


def install_key(data_dir: Path, selector: str = "s1", bits: int = 2048) -> None:
    """Let a site sign by our key."""
    files = KeyFiles(data_dir)
    files.directory.mkdir(exist_ok=True)
    (files.directory / f"{selector}.pem").write_bytes(
        key_of(bits).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    files.use(selector)


def holds(message: bytes, record: bytes, index: int = 0) -> bool:
    """Whether dkimpy, which knows nothing of us, finds the signature good."""
    asked: list[bytes] = []

    def answer(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    try:
        return bool(dkim.DKIM(message).verify(index, dnsfunc=answer))
    except dkim.ValidationError:
        return False
    finally:
        assert asked


def signed(raw: bytes, domain: str = "example.org", bits: int = 2048, **options: object) -> bytes:
    """A mail with a DKIM-Signature in front, by selector `s1`; line ends become CRLF."""
    raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    private = key_of(bits).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    options.setdefault("canonicalize", (b"relaxed", b"relaxed"))
    field_ = dkim.sign(raw, b"s1", domain.encode(), private, **options)
    return bytes(field_) + raw


@dataclass
class Zone:
    """Records by name; it remembers what it was asked, and can be out of reach."""

    records: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    silent: bool = False

    def __call__(self, name: str) -> tuple[bytes, ...]:
        self.asked.append(name)
        if self.silent:
            raise LookupFailed(name)
        return self.records.get(name, ())


def zone(**more: bytes) -> Zone:
    """The key of `s1` at example.org; `more` are further records, `dmarc` for example.org."""
    records = {"s1._domainkey.example.org": (public_record(key_of(2048)),)}
    if "dmarc" in more:
        records["_dmarc.example.org"] = (more["dmarc"],)
    return Zone(records)
