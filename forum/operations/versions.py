"""What writing, taking back and emptying versions share: syntheses and translations have them."""

from __future__ import annotations

from forum.domain.compose import is_blank, normalised
from forum.domain.curation import Refusal
from forum.domain.masking import mask_addresses_html
from forum.operations.curation import Refused
from forum.storage.versions import Version


def as_kept(text: str, longest: int, refusal: Refusal) -> str:
    """What was typed, as it is kept: empty where nothing of it can be seen.

    Args:
        longest: Characters.

    Raises:
        Refused: it is longer.
    """
    # Such as a mail of it can hold, and PostgreSQL, which holds no NUL.
    text = "" if is_blank(text) else normalised(text).strip()
    if len(text) > longest:
        raise Refused(refusal, longest)
    return text


def check_seen(standing: Version | None, seen: int | None, refused: Refused) -> None:
    """Refuse where another version stands than the one that was changed.

    Args:
        seen: 0 for none; None is content with any.

    Raises:
        Refused: as given.
    """
    if seen is not None and seen != (standing.id if standing else 0):
        raise refused


def keep_html(version: Version, html: str) -> None:
    """Give a version its HTML, for members and for anonymous readers."""
    public = mask_addresses_html(html)
    version.html, version.public_html = html, None if public == html else public


def blank(version: Version) -> None:
    """Empty a version; who wrote it, and when, stays."""
    version.text = version.html = ""
    version.public_html = None
