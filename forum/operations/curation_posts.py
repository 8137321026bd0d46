"""Hiding a post from readers, and showing it again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from forum.domain.curation import Refusal
from forum.operations.curation import (
    Refused,
    index_again,
    keep_decision,
    latest_decision,
    locked_list,
)
from forum.operations.deliveries import cancel_deliveries
from forum.operations.threads import refresh_summaries
from forum.storage.archive import Post, PostState
from forum.storage.audit import AuditEntry
from forum.storage.curation import Aspect, CurationDecision
from forum.storage.people import Account

WITHDRAW = "withdraw"


def hide(
    session: Session, post: Post, now: datetime, account: Account | None = None, reason: str = ""
) -> AuditEntry:
    """Take a post out of pages, search, feeds and counts; moderators go on seeing it.

    Raises:
        Refused: it is hidden or removed already.
    """
    return _show(session, post, "hide", PostState.HIDDEN, now, account, reason)


def restore(
    session: Session, post: Post, now: datetime, account: Account | None = None
) -> AuditEntry:
    """Show a hidden post again. What its author took back, only an administrator's command brings.

    Raises:
        Refused: it is shown, or was removed for good, or its author took it back.
    """
    latest = latest_decision(session, Aspect.SHOWN, [post.id])
    if account is not None and latest is not None and _is_withdrawal(session, latest):
        raise Refused(Refusal.WITHDRAWN, post.id)
    return _show(session, post, "restore", PostState.VISIBLE, now, account)


def is_own(post: Post, account: Account) -> bool:
    """Whether a post is a person's own and shown: then it is theirs to change or take back."""
    return post.author_id == account.author_id and post.state == PostState.VISIBLE


def withdraw(
    session: Session, post: Post, now: datetime, account: Account, *, only_unsent: bool = False
) -> AuditEntry:
    """Let an author take their own post back, whenever they wish; its bytes stay.

    What was not mailed yet is not mailed.

    Args:
        only_unsent: Whether it stays where some of its mailing has left.

    Raises:
        Refused: it is somebody else's, or is not shown, or has left.
    """
    if post.author_id != account.author_id:
        raise Refused(Refusal.NOT_THE_AUTHOR, post.id)
    if not is_own(post, account):
        raise Refused(Refusal.NOTHING_CHANGES, post.id)
    if not cancel_deliveries(session, post) and only_unsent:
        raise Refused(Refusal.TOO_LATE, post.id)
    return _show(session, post, WITHDRAW, PostState.HIDDEN, now, account)


def undo_showing(session: Session, decision: CurationDecision, now: datetime) -> None:
    """Show a post, or hide it, as before.

    Raises:
        Refused: it was removed for good.
    """
    post = session.get_one(Post, decision.before["post"])
    if post.state == PostState.REMOVED:
        raise Refused(Refusal.IS_REMOVED, post.id)
    _set(session, post, PostState(decision.before["state"]), now)


def _is_withdrawal(session: Session, audit_id: int) -> bool:
    return session.get_one(AuditEntry, audit_id).action == WITHDRAW


def _show(
    session: Session,
    post: Post,
    action: str,
    state: PostState,
    now: datetime,
    account: Account | None,
    reason: str = "",
) -> AuditEntry:
    mailing_list = locked_list(session, post.mailing_list_id)
    if post.state == PostState.REMOVED:
        raise Refused(Refusal.IS_REMOVED, post.id)
    if post.state == state:
        raise Refused(Refusal.NOTHING_CHANGES, post.id)
    before = post.state
    _set(session, post, state, now)
    details = {"reason": reason} if reason else {}
    return keep_decision(
        session, action, f"post {post.id}", now, account, mailing_list,
        touched={Aspect.SHOWN: (post.id,), Aspect.LINE: (post.thread_id,)},
        before={"post": post.id, "state": str(before)},
        **details,
    )  # fmt: skip


def _set(session: Session, post: Post, state: PostState, now: datetime) -> None:
    post.state = state
    refresh_summaries(session, [post.thread_id])
    index_again(session, [post.id], now)
    session.flush()
