"""An archive of the outside list against what we hold, and what is missing brought in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain import message
from forum.domain.mbox import mbox_entry
from forum.domain.mirroring import Outside
from forum.domain.values import Submission
from forum.operations import mirroring
from forum.operations.publishing import add_alias, known_post
from forum.storage.archive import MessageLink, Post
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage, HeldState
from forum.storage.mirror import outside_of
from mailbridge.archive.found import Format, Found, Reading
from mailbridge.archive.reader import check_archive, read_archive

_ON_ITS_WAY: Final = timedelta(days=1)
"""An archive's message may be dated so long before or after ours was sent."""


class NoOutsideList(ValueError):
    """The list has never mirrored another."""


@dataclass(slots=True)
class Comparison:
    """What an archive of the outside list holds, beside what we do."""

    both: set[int] = field(default_factory=set)
    """Posts that stand in it too."""
    missing: list[str] = field(default_factory=list)
    """Message-IDs, or a mark where there is none, of what does not stand here."""
    held: frozenset[str] = frozenset()
    """Of these, what awaits a moderator."""
    refused: frozenset[str] = frozenset()
    """Of these, what a moderator has rejected or discarded."""
    duplicates: int = 0
    """Copies in it of what stood before."""


def compare(session: Session, mailing_list: MailingList, path: Path, now: datetime) -> Comparison:
    """Find the messages of an archive among the posts of a list; nothing is written.

    Raises:
        ArchiveError: there is no mail in it.
        NoOutsideList: the list has never mirrored another.
    """
    comparison, queue = Comparison(), _Queue.of(session, mailing_list)
    seen: set[str] = set()
    for found in _messages(path):
        submission, post_id = _identified(session, mailing_list, found, now)
        if submission.content_digest in seen or post_id in comparison.both:
            comparison.duplicates += 1
        elif post_id is not None:
            comparison.both.add(post_id)
        else:
            named = submission.message_id or f"{found.file}:{found.offset}"
            comparison.missing.append(named)
            if submission.content_digest in queue.held:
                comparison.held |= {named}
            elif submission.content_digest in queue.refused:
                comparison.refused |= {named}
        seen.add(submission.content_digest)
    return comparison


@dataclass(slots=True)
class Missing:
    """What an archive of the outside list holds and we do not, in messages."""

    written: int = 0
    """Into the mbox from which they are imported."""
    held: int = 0
    """These await a moderator here: an import does not decide for them."""
    refused: int = 0
    """A moderator has rejected or discarded these."""


def keep_missing(
    session: Session, mailing_list: MailingList, path: Path, into: Path, now: datetime
) -> Missing:
    """Write what an archive holds and we do not into an mbox, but for what moderators have.

    What we hold under another Message-ID is made known under that of the archive too.
    """
    missing, queue = Missing(), _Queue.of(session, mailing_list)
    with into.open("wb") as target:
        for found in _messages(path):
            submission, post_id = _identified(session, mailing_list, found, now)
            if post_id is not None:
                add_alias(session, session.get_one(Post, post_id), submission.message_id)
            elif submission.content_digest in queue.held:
                missing.held += 1
            elif submission.content_digest in queue.refused:
                missing.refused += 1
            else:
                target.write(mbox_entry(found.raw, found.arrived or submission.date))
                missing.written += 1
    return missing


@dataclass(frozen=True, slots=True)
class _Queue:
    """What moderators of a list have before them, or have put aside, by content digest."""

    held: frozenset[str]
    refused: frozenset[str]

    @classmethod
    def of(cls, session: Session, mailing_list: MailingList) -> _Queue:
        rows = session.execute(
            select(HeldMessage.content_digest, HeldMessage.state).where(
                HeldMessage.mailing_list_id == mailing_list.id,
                HeldMessage.state != HeldState.ACCEPTED,
            )
        ).all()
        held = frozenset(digest for digest, state in rows if state == HeldState.HELD)
        return cls(held, frozenset(digest for digest, _ in rows) - held)


def temporary_archive() -> tempfile.TemporaryDirectory[str]:
    """A folder for what is missing, gone when it is left."""
    return tempfile.TemporaryDirectory(prefix="passerelle-mirror-")


def _messages(path: Path) -> Iterator[Found]:
    check_archive(path, Format.AUTO)
    for item in read_archive(path, Format.AUTO, Reading()):
        if isinstance(item, Found) and item.fault is None:
            yield item


def _identified(
    session: Session, mailing_list: MailingList, found: Found, now: datetime
) -> tuple[Submission, int | None]:
    """A message of an archive, and the post that it is."""
    outside = outside_of(session, mailing_list)
    if outside is None:
        raise NoOutsideList(f"{mailing_list.slug} has no outside list")
    submission = message.parse(found.raw, found.arrived or now, outside=outside)
    plain = known_post(session, mailing_list, submission.content_digest)
    if plain is None:
        # As an import stores it, with the author that From names.
        digest = message.parse(found.raw, found.arrived or now).content_digest
        plain = known_post(session, mailing_list, digest)
    if plain is not None:
        return submission, plain.id
    return submission, _recognised(session, mailing_list, submission, outside)


def _recognised(
    session: Session, mailing_list: MailingList, submission: Submission, outside: Outside
) -> int | None:
    known = mirroring.recognise(
        session, mailing_list, submission, outside, submission.date + _ON_ITS_WAY
    )
    if isinstance(known, mirroring.Known):
        return known.post_id
    if isinstance(known, mirroring.Changed):
        return known.post_id
    # The same id with a text that reads otherwise: archives obscure addresses, and strip parts.
    return session.scalar(
        select(MessageLink.post_id).where(
            MessageLink.mailing_list_id == mailing_list.id,
            MessageLink.message_id == (submission.message_id or ""),
        )
    )
