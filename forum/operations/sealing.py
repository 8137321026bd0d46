"""Secrets of other systems, kept encrypted: the database alone does not give them away."""

from __future__ import annotations

import base64
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PURPOSE: Final = b"passerelle sealed secrets 1"


class UnsealError(ValueError):
    """What was sealed cannot be opened with the site's secret key."""


def seal(secret: str, secret_key: str) -> str:
    """Encrypt a short text with a key made of the site's (Fernet: AES-128-CBC, HMAC-SHA-256)."""
    return _box(secret_key).encrypt(secret.encode()).decode("ascii")


def unseal(sealed: str, secret_key: str) -> str:
    """The text that was sealed.

    Raises:
        UnsealError: another key sealed it, or it was changed.
    """
    try:
        return _box(secret_key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise UnsealError("it was stored under another secret key") from None


def _box(secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), 32, None, _PURPOSE).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
