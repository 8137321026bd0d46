"""Removing a post for good: its words and bytes go, a tombstone stays in its place.

What stays is what keeps its answers in place (the ids, the date), who removed it and why, and a
keyed digest, so that another copy is refused. Whatever table comes to hold words of posts has to
be emptied here too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, text, update
from sqlalchemy.orm import Session

from forum.domain.curation import Refusal
from forum.domain.subject import parse_subject
from forum.operations.curation import Refused, index_again, keep_decision, locked_list
from forum.operations.raw import blank
from forum.operations.synthesis import forget_words_of
from forum.operations.threads import refresh_summaries
from forum.operations.translation import forget_translations
from forum.storage.archive import (
    MessageLink,
    Post,
    PostAttachment,
    PostSegment,
    PostState,
    RawMessage,
    Thread,
)
from forum.storage.attachment_text import AttachmentText
from forum.storage.audit import AuditEntry
from forum.storage.base import Base
from forum.storage.curation import (
    Aspect,
    CurationDecision,
    CurationTouch,
    MovedContent,
    PostReport,
    PostRevision,
    RemovedMessage,
    keyed_digest,
)
from forum.storage.mail import Delivery, DigestItem, HeldMessage, HeldState, Incoming, IncomingState
from forum.storage.people import Account
from forum.storage.thumbnails import PostThumbnail

_UNREAD_STATES = (IncomingState.RECEIVED, IncomingState.FAILED)


def remove(
    session: Session, post: Post, now: datetime, account: Account | None = None, *, reason: str
) -> AuditEntry:
    """Remove a post for good; nobody can bring it back.

    Args:
        reason: Shown, with the name of who decided, in the place of the post.

    Raises:
        Refused: it is removed already, or there is no reason.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise Refused(Refusal.NO_REASON, post.id)
    mailing_list = locked_list(session, post.mailing_list_id)
    if post.state == PostState.REMOVED:
        raise Refused(Refusal.IS_REMOVED, post.id)
    overwrite_what_is_freed(session)
    raws = _raws_of(session, post)
    _refuse_copies(session, post, account, now, reason)
    _keep_answers(session, post)
    _drop_mail(session, post, account, now, reason)
    _forget_words(session, post)
    base_subject = post.base_subject
    _make_tombstone(session, post)
    forget_bytes(session, raws)
    _forget_subject(session, post, base_subject)
    refresh_summaries(session, [post.thread_id])
    index_again(session, [post.id], now)
    return keep_decision(
        session, "remove", f"post {post.id}", now, account, mailing_list,
        touched={Aspect.SHOWN: (post.id,), Aspect.LINE: (post.thread_id,)},
        before={}, reason=reason,
    )  # fmt: skip


def forget_bytes(session: Session, raw_ids: Iterable[int], *, coming: bool = False) -> None:
    """Forget stored bytes, but for those that another post, or mail not dealt with yet, needs.

    Args:
        coming: Whether the one mail with these bytes is being dealt with.
    """
    session.flush()
    for raw_id in sorted(set(raw_ids)):
        if _is_needed(session, raw_id, coming):
            continue
        row = session.get_one(RawMessage, raw_id)
        if _is_referred_to(session, raw_id):
            # The log of what came in stays, with nothing behind it.
            blank(row)
        else:
            session.delete(row)
    session.flush()


def overwrite_what_is_freed(session: Session) -> None:
    """Let what is deleted in this transaction be unreadable in the database's file too."""
    if session.get_bind().dialect.name == "sqlite":
        # Else deleted rows stay readable in the file until something else is written there.
        session.execute(text("PRAGMA secure_delete=ON"))


def _raws_of(session: Session, post: Post) -> set[int]:
    """The bytes of a post, of its corrections, and of all copies of it that came in."""
    found = {post.raw_id} if post.raw_id else set()
    found |= set(
        session.scalars(select(PostRevision.raw_id).where(PostRevision.post_id == post.id))
    )
    found |= set(session.scalars(select(Incoming.raw_id).where(Incoming.post_id == post.id)))
    found |= set(session.scalars(select(HeldMessage.raw_id).where(_is_copy(session, post))))
    return found


def _is_copy(session: Session, post: Post) -> ColumnElement[bool]:
    return (HeldMessage.content_digest == post.content_digest) & (
        HeldMessage.mailing_list_id.in_(_lists_of(session, post))
    )


def _lists_of(session: Session, post: Post) -> list[int]:
    """The list a post stands in, and those it was moved from."""
    left = select(MovedContent.mailing_list_id).where(MovedContent.post_id == post.id)
    return [post.mailing_list_id, *session.scalars(left)]


def _refuse_copies(
    session: Session, post: Post, account: Account | None, now: datetime, reason: str
) -> None:
    keyed = keyed_digest(session, post.content_digest)
    for list_id in sorted(set(_lists_of(session, post))):
        session.add(
            RemovedMessage(
                mailing_list_id=list_id,
                keyed_digest=keyed,
                post_id=post.id,
                account_id=account.id if account else None,
                removed_at=now,
                reason=reason,
            )
        )


def _keep_answers(session: Session, post: Post) -> None:
    """Pin what stood by subject alone: the tombstone has none any more."""
    own = set(session.scalars(select(MessageLink.message_id).where(MessageLink.post_id == post.id)))
    for answer in session.scalars(select(Post).where(Post.parent_id == post.id)):
        if answer.pinned_parent_id is None and not own & set(answer.references):
            answer.pinned_parent_id = post.id
    if post.parent_id is not None and post.pinned_parent_id is None:
        above = select(MessageLink.message_id).where(MessageLink.post_id == post.parent_id)
        if not set(session.scalars(above)) & set(post.references):
            post.pinned_parent_id = post.parent_id


def _drop_mail(
    session: Session, post: Post, account: Account | None, now: datetime, reason: str
) -> None:
    """Mail that waits is not sent, and copies that wait for a moderator are refused."""
    session.execute(delete(Delivery).where(Delivery.post_id == post.id))
    session.execute(delete(DigestItem).where(DigestItem.post_id == post.id))
    session.execute(update(Incoming).where(Incoming.post_id == post.id).values(subject=""))
    keyed = keyed_digest(session, post.content_digest)
    for held in session.scalars(select(HeldMessage).where(_is_copy(session, post))):
        held.subject = ""
        held.content_digest = keyed
        if held.state == HeldState.HELD:
            held.state = HeldState.DISCARDED
            held.decided_by_id = account.id if account else None
            held.decided_at, held.decision_reason = now, reason
        incoming = session.get(Incoming, held.incoming_id) if held.incoming_id else None
        if incoming is not None:
            incoming.subject = ""


def _forget_words(session: Session, post: Post) -> None:
    forget_words_of(session, post)
    forget_translations(session, post)
    for table in (
        PostSegment,
        PostAttachment,
        AttachmentText,
        PostThumbnail,
        PostRevision,
        PostReport,
    ):
        session.execute(delete(table).where(table.post_id == post.id))
    session.expire(post, ["segments", "attachments"])


def _make_tombstone(session: Session, post: Post) -> None:
    session.execute(delete(MovedContent).where(MovedContent.post_id == post.id))
    post.content_digest = keyed_digest(session, post.content_digest)
    post.state = PostState.REMOVED
    post.raw_id = None
    post.author_name = post.subject = post.base_subject = post.excerpt = post.html = ""
    post.public_html = None
    post.corrections = 0
    post.people, post.flags, post.repairs = [], [], []
    session.flush()


def _forget_subject(session: Session, post: Post, base_subject: str) -> None:
    """A thread whose subject no other post bears is called by its next post, or not at all."""
    others = session.execute(
        select(Post.subject, Post.base_subject)
        .where(Post.thread_id == post.thread_id, Post.state != PostState.REMOVED)
        .order_by(Post.position)
    ).all()
    thread = session.get_one(Thread, post.thread_id)
    if any(row.base_subject == base_subject for row in others):
        return
    if parse_subject(thread.subject).base.casefold() == base_subject or not others:
        subject = others[0].subject if others else ""
        thread.subject, thread.titles = parse_subject(subject).base, {}
        _forget_titles(session, thread.id)


def _forget_titles(session: Session, thread_id: int) -> None:
    """What the thread was called before a moderator called it otherwise."""
    decisions = session.scalars(
        select(CurationDecision)
        .join(CurationTouch, CurationTouch.audit_id == CurationDecision.audit_id)
        .where(CurationTouch.aspect == Aspect.SUBJECT, CurationTouch.row_id == thread_id)
    )
    for decision in decisions:
        decision.before = {**decision.before, "values": {"subject": "", "titles": {}}}
        entry = session.get_one(AuditEntry, decision.audit_id)
        entry.details = {
            name: value
            for name, value in entry.details.items()
            if name not in ("subject", "titles")
        }


def _is_needed(session: Session, raw_id: int, coming: bool) -> bool:
    held = select(HeldMessage.id).where(
        HeldMessage.raw_id == raw_id, HeldMessage.state == HeldState.HELD
    )
    queries = (
        select(Post.id).where(Post.raw_id == raw_id),
        select(PostRevision.id).where(PostRevision.raw_id == raw_id),
        held,
    )
    if any(session.scalar(query.limit(1)) is not None for query in queries):
        return True
    unread = select(Incoming.id).where(
        Incoming.raw_id == raw_id, Incoming.state.in_(_UNREAD_STATES)
    )
    return len(session.scalars(unread.limit(2)).all()) > int(coming)


def _is_referred_to(session: Session, raw_id: int) -> bool:
    """Whether any row of any table names these bytes."""
    target = RawMessage.__table__.c.id
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column is target:
                query = select(key.parent).where(key.parent == raw_id).limit(1)
                if session.scalar(query) is not None:
                    return True
    return False
