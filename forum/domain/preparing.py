"""A message made ready to be stored: all that can be worked out without the archive at hand.

An import does this in processes of its own, in two steps, because the second needs the text of the
message answered, which the first one finds.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import zstandard

from forum.domain import body, language, markup
from forum.domain.message import parse
from forum.domain.mirroring import Outside
from forum.domain.values import Role, Segment, Submission, TextFormat

EXCERPT_LENGTH: Final = 200

_local: Final = threading.local()


@dataclass(frozen=True, slots=True)
class Understood:
    """A parsed message and its bytes as they are kept."""

    submission: Submission
    """Without `raw`, which `compressed` holds."""
    sha256: str
    """Hex, of the bytes as they came."""
    size: int
    compressed: bytes
    """zstd."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How a message is read: its segments, its language and its HTML."""

    segments: tuple[Segment, ...]
    language: str
    html: str
    public_html: str | None
    """For anonymous readers; None where it is the same."""
    excerpt: str
    follows: bool
    """Whether all own text is too short to tell its language: it follows thread and author."""


def understand(
    raw: bytes, arrived_at: datetime, level: int, outside: Outside | None = None
) -> Understood:
    """Parse and compress a message.

    Args:
        arrived_at: Aware; stands in for a missing Date.
        level: Of the compression.
        outside: The list it may have come from.
    """
    submission = parse(raw, arrived_at, outside=outside)
    return Understood(
        submission=replace(submission, raw=b""),
        sha256=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        compressed=_compressor(level).compress(raw),
    )


def _compressor(level: int) -> zstandard.ZstdCompressor:
    """One for each thread, of which it is the only user: to begin takes longer than a message."""
    found = getattr(_local, "compressor", None)
    if found is None or found[0] != level:
        found = _local.compressor = (level, zstandard.ZstdCompressor(level=level))
    compressor: zstandard.ZstdCompressor = found[1]
    return compressor


def show(
    text: str,
    text_format: TextFormat,
    declared: str | None,
    parent_text: str | None,
    inherited: Sequence[str] = (),
    outside: Outside | None = None,
) -> Shown:
    """Cut a text into segments, tell their languages and render them.

    Args:
        declared: The language the message names, BCP 47.
        parent_text: Of the message answered, where it is known.
        inherited: Languages that a short text follows, in order.
        outside: The list it may have come from, whose own lines are no text of the author's.
    """
    # What is derived from the bytes shows none of our own tokens, also where they were quoted.
    text = markup.redact_tokens(text)
    segments, tagged = language.tag_languages(
        body.segment(text, text_format, parent_text, outside),
        declared=declared,
        inherited=inherited,
    )
    html = markup.render_segments(segments, text_format)
    public = markup.mask_addresses_html(html)
    own = [part for part in segments if part.role == Role.REPLY]
    return Shown(
        segments=segments,
        language=tagged,
        html=html,
        public_html=public if public != html else None,
        excerpt=markup.mask_addresses_text(markup.plain_excerpt(own, EXCERPT_LENGTH, text_format)),
        follows=bool(own) and declared is None and not any(part.confidence for part in own),
    )
