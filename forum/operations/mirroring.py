"""Whether a message that arrives is known already: an echo of what went out, or a second copy.

By Message-ID, else by our own token, else by author, subject and words within two days. What says
that it is ours and bears another text is told apart, so that it can be held and is never lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from forum.domain.mirroring import Outside
from forum.domain.mirroring_echo import (
    Around,
    around,
    is_from_bridge,
    is_short,
    same_author,
    same_subject,
    words,
)
from forum.domain.mirroring_lines import line_key
from forum.domain.values import Submission
from forum.operations.curation_authors import texts_of
from forum.operations.publishing import add_alias
from forum.operations.raw import text_of
from forum.storage.archive import MessageLink, Post
from forum.storage.lists import MailingList
from forum.storage.mail import SendState
from forum.storage.mirror import MirrorDelivery, MirrorLine, MirrorSighting
from forum.storage.people import Address

ECHO_WINDOW: Final = timedelta(days=2)
"""How long a text without id and token is looked for among what went out."""


@dataclass(frozen=True, slots=True)
class Known:
    """The list holds this message already."""

    post_id: int
    delivery_id: int | None
    """Of its way out to the outside list; None for what did not come from here."""
    around: Around
    """What stands around its text here and did not there."""


@dataclass(frozen=True, slots=True)
class Changed:
    """It says that it went out from here, and bears another text."""

    post_id: int | None
    """None where it cannot be told which of them it was."""
    around: Around | None = None
    """What stands around our text, where that is whole and the rest may be the list's own."""


def recognise(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    outside: Outside,
    now: datetime,
    *,
    named: int | None = None,
    by_content: bool = True,
) -> Known | Changed | None:
    """Find the post that a message is a copy of; None where it is a new one.

    Args:
        named: The post that a token of ours names, which nobody else can make.
        by_content: Whether its words alone may tell: for what the outside list has passed on.
    """
    changed: Changed | None = None
    for post, delivery, is_sure in _by_id(session, mailing_list, submission, named):
        found = _compared(session, post, submission, outside)
        if found is not None:
            return Known(post.id, delivery.id if delivery else None, found)
        if is_sure or delivery is not None:
            changed = changed or Changed(post.id, _unsure(post, submission))
    if changed is not None:
        return changed
    return _by_content(session, mailing_list, submission, outside, now) if by_content else None


def recognise_as(
    session: Session, post: Post, submission: Submission, outside: Outside
) -> Known | None:
    """Whether a message is an echo of this post; None where its text is another."""
    delivery = delivery_of(session, post.id)
    found = _compared(session, post, submission, outside)
    return Known(post.id, delivery.id, found) if delivery and found is not None else None


def note_copy(
    session: Session,
    mailing_list: MailingList,
    known: Known,
    submission: Submission,
    now: datetime,
    *,
    by_outside: bool,
    archived_at: str = "",
) -> None:
    """Keep what a copy tells: another id of its post, that it came back, where it is archived.

    Args:
        by_outside: Whether it has been on the outside list.
        archived_at: The outside list's own link to it.
    """
    post = session.get_one(Post, known.post_id)
    add_alias(session, post, submission.message_id)
    if not by_outside:
        return
    note_sighting(session, mailing_list, post, submission, now)
    if known.delivery_id is None:
        return
    delivery = session.get_one(MirrorDelivery, known.delivery_id)
    delivery.came_back_at = delivery.came_back_at or now
    delivery.archived_at = delivery.archived_at or archived_at
    if delivery.state in (SendState.QUEUED, SendState.FAILED):
        # The list has it, whatever way it went: it is not to go out once more.
        delivery.state = SendState.SENT
        delivery.sent_at = delivery.sent_at or now


def note_sighting(
    session: Session,
    mailing_list: MailingList,
    post: Post,
    submission: Submission,
    now: datetime,
) -> None:
    """Remember that a copy of a post came by way of the outside list."""
    session.add(
        MirrorSighting(
            mailing_list_id=mailing_list.id,
            post_id=post.id,
            message_id=submission.message_id or "",
            seen_at=now,
        )
    )
    session.flush()


def delivery_of(session: Session, post_id: int) -> MirrorDelivery | None:
    """How a post went out to the outside list, if it did or is to."""
    return session.scalar(select(MirrorDelivery).where(MirrorDelivery.post_id == post_id))


def _by_id(
    session: Session, mailing_list: MailingList, submission: Submission, named: int | None
) -> Iterator[tuple[Post, MirrorDelivery | None, bool]]:
    """Posts that a message names as itself; whether for sure: by the token."""
    seen: set[int] = set()
    if named is not None:
        delivery = delivery_of(session, named)
        post = session.get(Post, named)
        if post is not None and delivery is not None:
            seen.add(post.id)
            yield post, delivery, True
    if submission.message_id is None:
        return
    link = session.get(MessageLink, (mailing_list.id, submission.message_id))
    if link is not None and link.post is not None and link.post.id not in seen:
        seen.add(link.post.id)
        yield link.post, delivery_of(session, link.post.id), False
    # A post that a moderator has moved to another list since.
    moved = session.scalars(
        select(MirrorDelivery)
        .join(Post, Post.id == MirrorDelivery.post_id)
        .where(
            MirrorDelivery.mailing_list_id == mailing_list.id,
            Post.mailing_list_id != mailing_list.id,
            Post.message_id == submission.message_id,
        )
    )
    for delivery in moved:
        if delivery.post is not None and delivery.post.id not in seen:
            yield delivery.post, delivery, False


def _by_content(
    session: Session,
    mailing_list: MailingList,
    submission: Submission,
    outside: Outside,
    now: datetime,
) -> Known | Changed | None:
    ours = is_from_bridge(submission.author, outside)
    short = is_short(submission.text)
    for delivery, post in _sent_lately(session, mailing_list, submission, now):
        if not ours and not _is_author(session, post, submission):
            continue
        # Two honest short texts are two: only what waits still is looked for.
        if delivery.came_back_at is not None and not ours and (short or _is_short(post)):
            continue
        found = _compared(session, post, submission, outside)
        if found is not None:
            return Known(post.id, delivery.id, found)
    return Changed(None) if ours else None


def _sent_lately(
    session: Session, mailing_list: MailingList, submission: Submission, now: datetime
) -> list[tuple[MirrorDelivery, Post]]:
    """What went out in these days under that subject: what waits first, then by author."""
    rows = session.scalars(
        select(MirrorDelivery)
        .join(Post, Post.id == MirrorDelivery.post_id)
        .where(
            MirrorDelivery.mailing_list_id == mailing_list.id,
            MirrorDelivery.state != SendState.CANCELLED,
            MirrorDelivery.queued_at >= now - ECHO_WINDOW,
        )
        .options(joinedload(MirrorDelivery.post))
        .order_by(MirrorDelivery.id)
    ).all()
    found = [
        (one, one.post)
        for one in rows
        if one.post is not None and same_subject(one.post.subject, submission.subject)
    ]
    return sorted(
        found,
        key=lambda pair: (
            pair[0].came_back_at is not None,
            not _is_author(session, pair[1], submission),
            pair[0].id,
        ),
    )


def _is_author(session: Session, post: Post, submission: Submission) -> bool:
    addresses = session.scalars(
        select(Address.email).where(Address.author_id == post.author_id)
    ).all()
    names = (post.author_name, post.author.name)
    return same_author(names, frozenset(addresses), submission.author)


def _is_short(post: Post) -> bool:
    return is_short(text_of(post)[0])


def _compared(
    session: Session, post: Post, submission: Submission, outside: Outside
) -> Around | None:
    """What a copy has around a post's text; None where it is another text."""
    if post.raw is None:
        return Around()  # Removed for good: there is nothing to compare, and nothing to post again.
    # Its author may have changed it before it left, or after.
    texts = dict.fromkeys(text for _at, text in reversed(texts_of(session, post)))
    compared = (_compared_text(session, post, text, submission, outside) for text in texts)
    return next((found for found in compared if found is not None), None)


def _compared_text(
    session: Session, post: Post, ours: str, submission: Submission, outside: Outside
) -> Around | None:
    delivery = delivery_of(session, post.id)
    # What the list adds is known from its first copy: one more line later is somebody's own.
    has_come = delivery is not None and delivery.came_back_at is not None
    is_own = Around.is_learned if has_come else Around.is_lists_own
    for here, there in ((ours, submission.text), (submission.text, ours)):
        found = around(here, there)
        if found is None and post.text_format != submission.text_format:
            found = around(here, there, without_links=True)
        if found is not None and (is_own(found, outside) or _is_seen(session, post, found)):
            return found if here is ours else Around()
        if delivery is not None:
            break  # What went out bears no list's lines, that a copy could lack.
    return None


def post_mark(post_id: int) -> str:
    """How a post of our own that came back stands among the authors of a line."""
    return f"post:{post_id}"


def _unsure(post: Post, submission: Submission) -> Around | None:
    return None if post.raw is None else around(text_of(post)[0], submission.text)


def _is_seen(session: Session, post: Post, found: Around) -> bool:
    """Whether other messages of the list had all these lines too."""
    keys = {line_key(line) for line in (*found.head, *found.tail) if words(line)} - {""}
    if not keys or len(keys) > 20:
        return not keys
    rows = session.execute(
        select(MirrorLine.key, MirrorLine.authors).where(
            MirrorLine.mailing_list_id == post.mailing_list_id, MirrorLine.key.in_(keys)
        )
    )
    return keys <= {key for key, authors in rows if set(authors) - {post_mark(post.id)}}
