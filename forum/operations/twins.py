"""Mails with one content and other files, told apart where they come in: see `forum.domain.twins`.

The first of them keeps the digest of the content; each other one is given a digest of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.message import parse
from forum.domain.twins import are_twins, files_of, twin_digest
from forum.domain.values import Submission
from forum.operations.curation_following import gone_posts
from forum.operations.gathering import chunks
from forum.operations.importing_rows import Ready, bytes_of
from forum.operations.raw import load_raw
from forum.storage.archive import MessageLink, Post
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage, HeldState


@dataclass(frozen=True, slots=True)
class _Holder:
    """What has a content already."""

    ids: frozenset[str]
    """Message-IDs under which it is known."""
    has_files: bool
    raw: bytes

    def files(self, submission: Submission) -> frozenset[str]:
        """The digests of its files."""
        return files_of(self.raw, parse(self.raw, submission.date)) if self.has_files else _NONE


_NONE: frozenset[str] = frozenset()


def told_apart(session: Session, mailing_list: MailingList, submission: Submission) -> Submission:
    """A message with a digest of its own, where the list holds its content with other files.

    Args:
        submission: With its bytes.
    """
    digest = submission.content_digest
    here = (Post.mailing_list_id == mailing_list.id) & (Post.content_digest == digest)
    post_id = session.scalar(select(Post.id).where(here))
    if post_id is None:
        post_id = gone_posts(session, mailing_list.id, [digest]).get(digest)
    holder = _holder(session, mailing_list.id, digest, post_id)
    if holder is None:
        return submission
    mirrored = bool(mailing_list.upstream_address)
    raw = submission.raw
    apart = _apart(session, mailing_list.id, submission, raw, holder, mirrored=mirrored)
    return submission if apart == digest else replace(submission, content_digest=apart)


def batch_told_apart(
    session: Session, list_id: int, batch: Sequence[Ready], known: Mapping[str, int | None]
) -> Sequence[Ready]:
    """The same for neighbours in an archive.

    Args:
        known: What became of contents that the list has, or had, by digest.
    """
    if not known and len({ready.submission.content_digest for ready in batch}) == len(batch):
        return batch
    mirrored = bool(session.get_one(MailingList, list_id).upstream_address)
    teller = _Teller(session, list_id, known, _message_ids(session, known), mirrored)
    return [teller.told(ready) for ready in batch]


@dataclass(slots=True)
class _Teller:
    """Goes through a batch in its order."""

    session: Session
    list_id: int
    known: Mapping[str, int | None]
    ids: Mapping[int | None, str]
    """Message-IDs of what is known, by post."""
    mirrored: bool
    first: dict[str, Ready] = field(default_factory=dict)
    given: dict[tuple[str, str], str] = field(default_factory=dict)
    """Digests of twins in the batch, by content and Message-ID."""

    def told(self, ready: Ready) -> Ready:
        """A message, with a digest of its own where it is a twin."""
        submission = ready.submission
        digest, message_id = submission.content_digest, submission.message_id or ""
        holder = self._holder(ready, digest, message_id)
        if holder is None:
            return ready
        apart = self.given.get((digest, message_id)) if message_id else None
        if apart is None:
            raw = bytes_of(ready.understood)
            apart = _apart(
                self.session, self.list_id, submission, raw, holder, mirrored=self.mirrored
            )
        if apart == digest:
            return ready
        if message_id:
            self.given[digest, message_id] = apart
        changed = replace(submission, content_digest=apart)
        return replace(ready, understood=replace(ready.understood, submission=changed))

    def _holder(self, ready: Ready, digest: str, message_id: str) -> _Holder | None:
        if digest in self.known:
            if message_id and self.ids.get(self.known[digest]) == message_id:
                return None
            return _holder(self.session, self.list_id, digest, self.known[digest])
        first = self.first.setdefault(digest, ready)
        return None if first is ready else _holder_of(first)


def digest_kept_apart(session: Session, row: Post, submission: Submission) -> str:
    """The digest of a post that was read anew, which no other post of its list has.

    Args:
        submission: With the bytes that the post has now.
    """
    digest = submission.content_digest
    for one in (digest, twin_digest(digest, files_of(submission.raw, submission))):
        taken = select(Post.id).where(
            Post.mailing_list_id == row.mailing_list_id,
            Post.content_digest == one,
            Post.id != row.id,
        )
        if session.scalar(taken) is None:
            return one
    return row.content_digest


def _apart(
    session: Session,
    list_id: int,
    submission: Submission,
    raw: bytes,
    holder: _Holder,
    *,
    mirrored: bool,
) -> str:
    digest, message_id = submission.content_digest, submission.message_id
    if message_id in holder.ids or not (submission.attachments or holder.has_files):
        return digest
    files = files_of(raw, submission)
    if not are_twins(files, holder.files(submission), mirrored=mirrored):
        return digest
    # A copy of a twin, whose files a list may have taken off.
    bearer = session.get(MessageLink, (list_id, message_id)) if message_id else None
    if bearer is not None and bearer.post is not None and bearer.post.raw is not None:
        stored = load_raw(bearer.post.raw)
        theirs = twin_digest(digest, files_of(stored, parse(stored, submission.date)))
        if bearer.post.content_digest == theirs:
            return theirs
    return twin_digest(digest, files)


def _holder(session: Session, list_id: int, digest: str, post_id: int | None) -> _Holder | None:
    """What has a content; None where nothing has, or its bytes were removed for good."""
    if post_id is None:
        held = session.scalar(
            select(HeldMessage).where(
                HeldMessage.mailing_list_id == list_id,
                HeldMessage.content_digest == digest,
                HeldMessage.state != HeldState.ACCEPTED,
            )
        )
        if held is None:
            return None
        raw = load_raw(held.raw)
        submission = parse(raw, held.held_at)
        ids = frozenset({submission.message_id} if submission.message_id else ())
        return _Holder(ids, bool(submission.attachments), raw)
    post = session.get(Post, post_id)
    if post is None or post.raw is None:
        return None
    links = select(MessageLink.message_id).where(MessageLink.post_id == post_id)
    ids = frozenset({post.message_id, *session.scalars(links)})
    return _Holder(ids, bool(post.attachments), load_raw(post.raw))


def _holder_of(ready: Ready) -> _Holder:
    message_id = ready.submission.message_id
    ids = frozenset({message_id} if message_id else ())
    return _Holder(ids, bool(ready.submission.attachments), bytes_of(ready.understood))


def _message_ids(session: Session, known: Mapping[str, int | None]) -> dict[int | None, str]:
    """Message-IDs by post."""
    wanted = sorted({post_id for post_id in known.values() if post_id is not None})
    found: dict[int | None, str] = {}
    for some in chunks(wanted):
        rows = session.execute(select(Post.id, Post.message_id).where(Post.id.in_(some)))
        found.update((post_id, message_id) for post_id, message_id in rows)
    return found
