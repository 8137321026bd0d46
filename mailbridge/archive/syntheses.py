"""Syntheses as they leave with their threads: every version, with who wrote it and when."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from html import escape
from typing import Final

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from forum.domain.masking import mask_addresses_html, mask_addresses_text
from forum.domain.synthesis import renumbered
from forum.operations.gathering import chunks
from forum.operations.synthesis import numbers_of
from forum.storage.base import reading
from forum.storage.people import Account
from forum.storage.post_documents import Document, iso
from forum.storage.synthesis import SynthesisVersion

_TO_POST: Final = re.compile(r'<a href="/posts/(?P<post>\d{1,9})"')


def with_syntheses(session: Session, posts: list[Document], told: set[int]) -> list[Document]:
    """Posts with their thread's synthesis beside the first one of each thread.

    Args:
        told: The threads whose synthesis has left; those of these posts are added.
    """
    wanted = {post["thread_id"] for post in posts} - told
    found = synthesis_documents(session, wanted)
    for post in posts:
        if post["thread_id"] in wanted - told:
            told.add(post["thread_id"])
            if post["thread_id"] in found:
                post["synthesis"] = found[post["thread_id"]]
    return posts


def synthesis_documents(session: Session, thread_ids: Collection[int]) -> dict[int, list[Document]]:
    """All versions of threads' syntheses, the oldest first; threads without one are left out."""
    found: dict[int, list[Document]] = {}
    for some in chunks(sorted(thread_ids)):
        with reading():
            rows = session.scalars(
                select(SynthesisVersion)
                .where(SynthesisVersion.thread_id.in_(some))
                .options(
                    joinedload(SynthesisVersion.account).joinedload(Account.author),
                    joinedload(SynthesisVersion.source),
                )
                .order_by(SynthesisVersion.id)
            ).all()
            for row in rows:
                found.setdefault(row.thread_id, []).append(_document(session, row))
            session.rollback()
    for versions in found.values():
        newest = {one["language"]: one for one in versions if one["stands"]}
        for one in newest.values():
            one["current"] = bool(one["text"])
    return found


def _document(session: Session, version: SynthesisVersion) -> Document:
    return {
        "language": version.language,
        "text": version.text,
        "html": renumbered(version.html, numbers_of(session, version)),
        "author": {"name": version.author},
        "written_at": iso(version.written_at),
        "translated_from": version.source.language if version.source else None,
        "stands": version.stands,
        "current": False,
        "post_id": version.post_id,
    }


def synthesis_html(versions: Collection[Document], post_ids: Collection[int]) -> Iterator[str]:
    """A thread's synthesis for its page: what stands, and folded below it what stood before.

    Args:
        post_ids: Of the page: links to them stay on it.
    """
    for one in versions:
        if one["current"]:
            heading = escape(gettext("Synthesis"))
            yield f"<section><h2>{heading}</h2>{_version(one, post_ids)}</section>"
    earlier = [one for one in versions if not one["current"] and one["text"]]
    if earlier:
        heading = escape(gettext("Earlier versions"))
        yield f"<details><summary>{heading}</summary>"
        yield from (_version(one, post_ids) for one in earlier)
        yield "</details>"


def _version(one: Document, post_ids: Collection[int]) -> str:
    def on_the_page(found: re.Match[str]) -> str:
        number = int(found["post"])
        return f'<a href="#p{number}"' if number in post_ids else found[0]

    text = mask_addresses_html(_TO_POST.sub(on_the_page, one["html"]))
    name = escape(mask_addresses_text(one["author"]["name"]))
    at = one["written_at"]
    return (
        f'<p class="small">{name} <time datetime="{at}">{at[:16].replace("T", " ")}</time></p>'
        f'<div lang="{escape(one["language"])}">{text}</div>'
    )
