"""The token of what goes out to an outside list: it names a post, and nobody else can make it."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from forum.domain.headers import Headers
from forum.domain.mirroring import tokens_of
from forum.settings import Settings
from forum.storage.lists import MailingList

_DIGEST_LENGTH: Final = 40


def token(list_id: str, post_id: int, secret_key: str) -> str:
    """The value of `X-Passerelle-Post`: the list's identifier, the post's number, a digest."""
    return f"{list_id} {post_id} {_digest(list_id, str(post_id), secret_key)}"


def named_post(headers: Headers, mailing_list: MailingList, settings: Settings) -> int | None:
    """The post that a token of this list names; None where a message bears none, or a false one."""
    key = settings.resolved_secret_key()
    for list_id, number, digest in tokens_of(headers):
        if list_id != mailing_list.list_id or not number.isdecimal() or len(number) > 18:
            continue
        if hmac.compare_digest(digest.encode(), _digest(list_id, number, key).encode()):
            return int(number)
    return None


def foreign_tokens(headers: Headers, mailing_list: MailingList) -> list[str]:
    """The tokens of other lists that a message bears: they go on, so that those know their own."""
    found = [" ".join(parts) for parts in tokens_of(headers) if parts[0] != mailing_list.list_id]
    return found[:10]


def _digest(list_id: str, number: str, secret_key: str) -> str:
    named = f"mirror:{list_id}:{number}"
    keyed = hmac.new(secret_key.encode(), named.encode(), hashlib.sha256)
    return keyed.hexdigest()[:_DIGEST_LENGTH]
