"""A batch of an import by the ways its messages go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from forum.operations.importing_rows import Ready, own_ids


@dataclass(slots=True)
class Known:
    """What the list knows of the ids that a batch bears and names."""

    posts: set[str] = field(default_factory=set)
    """Ids that a post bears."""
    unseen: set[str] = field(default_factory=set)
    """Ids that posts name and none bears yet."""
    threads: dict[str, int] = field(default_factory=dict)
    """Thread of each id, where that is a provisional one."""
    moved: set[str] = field(default_factory=set)
    """Ids of posts that moderators moved to other lists, and of what answers them."""


@dataclass(slots=True)
class Parted:
    """A batch by the ways its messages go."""

    fresh: list[Ready] = field(default_factory=list)
    odd: list[Ready] = field(default_factory=list)
    """Rare ones, left to the way of single messages."""
    copies: list[tuple[str, str | None]] = field(default_factory=list)
    """Digest and Message-ID of what is known already."""
    new: list[int] = field(default_factory=list)
    """Places in the batch of those that are no copies."""


def part(batch: Sequence[Ready], known: Mapping[str, int | None], links: Known) -> Parted:
    """Tell copies from new messages, and among these the rare ones.

    Args:
        known: What became of contents that the list has, or had, by digest.
        links: What it knows of the ids that the batch bears and names.
    """
    parted = Parted()
    borne: set[str] = set()
    seen: set[str] = set()
    for place, ready in enumerate(batch):
        digest = ready.submission.content_digest
        if digest in known or digest in seen:
            parted.copies.append((digest, ready.submission.message_id))
            continue
        seen.add(digest)
        parted.new.append(place)
        own = own_ids(ready.submission)
        follows = any(one in links.moved for one in ready.submission.parents)
        if follows:
            links.moved.update(own)
        # An id that two texts bear, or an answer to what stands in another list by now.
        if follows or any(one in links.posts or one in borne for one in own):
            parted.odd.append(ready)
        else:
            parted.fresh.append(ready)
            borne.update(own)
    return parted
