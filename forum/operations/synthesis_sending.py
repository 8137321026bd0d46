"""A synthesis goes to the list as a post of who wrote it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.curation import Refusal
from forum.domain.linking import for_mail
from forum.operations.curation import Refused, locked_list
from forum.operations.posting import Disposition, Duplicate, Held, Posted
from forum.operations.writing import write_post
from forum.storage.archive import Post, PostState
from forum.storage.people import Account
from forum.storage.synthesis import SynthesisVersion, current_versions


def may_send(version: SynthesisVersion, account: Account | None) -> bool:
    """Whether somebody may send a version: its author, once."""
    is_own = account is not None and version.account_id == account.id
    return is_own and version.sent_at is None


def send_synthesis(
    session: Session,
    version: SynthesisVersion,
    account: Account,
    now: datetime,
    *,
    heading: str,
    site_url: str,
    max_bytes: int,
    delay: timedelta = timedelta(0),
) -> Disposition:
    """Post a version in its thread, in answer to the first post that is shown.

    Args:
        heading: Said before it, in its language.
        max_bytes: The site's limit on a message.
        delay: How long its mailing waits, so that it can be undone.

    Raises:
        Refused: it is not the version that stands, was sent already, or is somebody else's.
    """
    locked_list(session, version.thread.mailing_list_id)
    session.refresh(version)
    standing = current_versions(session, version.thread_id).get(version.language)
    if standing is None or standing.id != version.id or version.account_id != account.id:
        raise Refused(Refusal.NO_SYNTHESIS, version.thread_id)
    if version.sent_at is not None:
        raise Refused(Refusal.SENT_ALREADY)
    first = first_shown(session, version.thread_id)
    if first is None:
        raise Refused(Refusal.NO_THREAD, version.thread_id)
    outcome = write_post(
        session, first.mailing_list, account,
        subject_line="", text=f"**{heading}**\n\n{for_mail(version.text, site_url)}",
        now=now, max_bytes=max_bytes, language=version.language, parent=first, delay=delay,
    )  # fmt: skip
    match outcome:
        case Posted(post_id, _) | Duplicate(post_id):
            version.post_id, version.sent_at = post_id, now
        case Held():
            version.sent_at = now
    session.flush()
    return outcome


def first_shown(session: Session, thread_id: int) -> Post | None:
    """The post of a thread that everybody sees first."""
    return session.scalar(
        select(Post)
        .where(Post.thread_id == thread_id, Post.state == PostState.VISIBLE)
        .order_by(Post.position, Post.id)
        .limit(1)
    )
