"""Addresses of other archives, which lead to the posts that came from them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations.gathering import chunks
from forum.storage.bulk import insert_rows
from forum.storage.imports import OldAddress


def keep_old_addresses(session: Session, list_id: int, wanted: Mapping[str, int]) -> None:
    """Let addresses of another archive lead to posts; what one leads to already stays.

    Args:
        wanted: Post by key; see `forum.storage.imports.OldAddress`.
    """
    for keys in chunks(sorted(wanted)):
        known = set(
            session.scalars(
                select(OldAddress.key).where(
                    OldAddress.mailing_list_id == list_id, OldAddress.key.in_(keys)
                )
            )
        )
        rows = [
            {"mailing_list_id": list_id, "key": key, "post_id": wanted[key]}
            for key in keys
            if key not in known
        ]
        insert_rows(session, OldAddress, rows)
