"""What an import would do with each message, told without storing any: new, or known already."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from forum.domain.message import parse
from forum.domain.redacting import redacted_piece
from forum.domain.twins import are_twins, files_of, twin_digest
from forum.domain.values import Submission
from forum.operations.erased_meanwhile import ErasedMeanwhile
from forum.operations.importing import known_contents
from forum.operations.twins import told_apart
from forum.storage.base import reading
from forum.storage.lists import MailingList
from forum.storage.mirror import outside_of
from mailbridge.archive.found import Found

_NO_FILES: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Seen:
    """A message of this archive, as little of it as tells a copy of it."""

    message_id: bytes
    files: frozenset[str]


class Foresight:
    """Knows the list and what has been read so far."""

    def __init__(self, session: Session, mailing_list: MailingList | None) -> None:
        """Look at the list; None stands for one that the import would make."""
        self.session = session
        self.mailing_list = mailing_list
        self.seen: dict[bytes, _Seen] = {}
        # Content and Message-ID of those that have another one's words and files of their own.
        self.twins: set[tuple[bytes, bytes]] = set()
        with reading():
            self.outside = None if mailing_list is None else outside_of(session, mailing_list)
            self.mirrored = mailing_list is not None and bool(mailing_list.upstream_address)
            self.eraser = ErasedMeanwhile(session).eraser
            session.rollback()

    def understood(self, found: Found, now: datetime) -> Submission | None:
        """A message as the import would read it; None for what it would put aside."""
        if found.fault is not None:
            return None
        raw = found.raw if self.eraser is None else redacted_piece(found.raw, self.eraser)
        return parse(raw, found.arrived or now, outside=self.outside)

    def known(self, submissions: Sequence[Submission]) -> list[bool]:
        """Which of these would be duplicates; remembers them."""
        if self.mailing_list is None:
            return [self._is_seen(one) for one in submissions]
        with reading():
            digests = [one.content_digest for one in submissions]
            here = known_contents(self.session, self.mailing_list.id, digests).keys()
            told = [self._told(self.mailing_list, one, here) for one in submissions]
            self.session.rollback()
        return [one is None or self._is_seen(one) for one in told]

    def _told(
        self, mailing_list: MailingList, submission: Submission, known: Collection[str]
    ) -> Submission | None:
        """None where the list has it; else with the digest under which it would come."""
        if submission.content_digest not in known:
            return submission
        told = told_apart(self.session, mailing_list, submission)
        here = known_contents(self.session, mailing_list.id, [told.content_digest])
        return None if here else told

    def _is_seen(self, submission: Submission) -> bool:
        """Whether an earlier message is the same: its words, and its id or its files."""
        content, mark = _short(submission.content_digest), _short(submission.message_id or "")
        files = files_of(submission.raw, submission) if submission.attachments else _NO_FILES
        one = _Seen(mark, files)
        before = self.seen.setdefault(content, one)
        if before is one:
            return False
        has_id = bool(submission.message_id)
        if has_id and (mark == before.message_id or (content, mark) in self.twins):
            return True
        if not are_twins(files, before.files, mirrored=self.mirrored):
            return True
        self.twins.add((content, mark))
        twin = _short(twin_digest(submission.content_digest, files))
        return self.seen.setdefault(twin, one) is not one


def _short(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).digest()
