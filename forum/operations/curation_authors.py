"""What authors do with their own posts afterwards, and what readers report of others'.

A correction is a message of its own, stored beside the first one, whose bytes never change; the
post shows the newest. The audit log says that it was changed, and by whom. A correction meets the
same rules as a message; where they would hold one it is not taken, as it would be shown at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forum.domain import compose, markup, message
from forum.domain.curation import Refusal
from forum.domain.rules import Accept, Hold, Reason
from forum.domain.values import Draft, Submission, UploadedFile
from forum.operations.audit import record
from forum.operations.curation import Refused, keep_decision, locked_list
from forum.operations.curation_posts import is_own
from forum.operations.deriving import basis_of, derive, write
from forum.operations.judging import Occasion, Sender, judged
from forum.operations.publishing import add_alias
from forum.operations.raw import load_raw, store_raw
from forum.operations.telling_moderators import tell_of_report
from forum.operations.threads import refresh_summaries
from forum.operations.tokens import new_secret
from forum.storage.archive import Post, RawMessage
from forum.storage.audit import AuditEntry
from forum.storage.curation import Aspect, PostReport, PostRevision
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, SendState
from forum.storage.people import Account

TIME_TO_EDIT: Final = timedelta(minutes=30)


class NotTaken(Exception):
    """A correction that the rules of the list do not let through; nothing was changed.

    Args:
        reasons: Why.
        would_wait: Whether a message with the same text would wait for a moderator.
    """

    def __init__(self, reasons: tuple[Reason, ...], *, would_wait: bool) -> None:
        self.reasons = reasons
        self.would_wait = would_wait
        super().__init__(", ".join(reasons))


def can_edit(post: Post, account: Account, now: datetime) -> bool:
    """Whether a person may still change a post: their own, shown, and half an hour old at most."""
    is_theirs = is_own(post, account) and post.raw_id is not None
    return is_theirs and is_young(post.arrived_at, now)


def is_young(arrived_at: datetime, now: datetime) -> bool:
    """Whether a post may still be changed: by when it came, as the clocks of authors go wrong."""
    return now - arrived_at <= TIME_TO_EDIT


def edit(
    session: Session,
    post: Post,
    account: Account,
    text: str,
    now: datetime,
    *,
    max_bytes: int,
    mail_again: bool = False,
) -> AuditEntry:
    """Let an author put another text in the place of theirs; the files stay.

    What has not left yet leaves with the new text.

    Args:
        text: Markdown.
        max_bytes: The site's limit on a message.
        mail_again: Whether those who were mailed each message get the new text too; once a post.

    Raises:
        Refused: it is not theirs, or not any more to be changed, or nothing would change, or it
            was mailed again already.
        NotTaken: the list's rules do not let the new text through.
    """
    mailing_list = locked_list(session, post.mailing_list_id)
    if post.author_id != account.author_id:
        raise Refused(Refusal.NOT_THE_AUTHOR, post.id)
    if post.raw is None or not can_edit(post, account, now):
        raise Refused(Refusal.TOO_LATE, post.id)
    if text.strip() == text_as_typed(session, post).strip():
        raise Refused(Refusal.NOTHING_CHANGES, post.id)
    if mail_again and was_mailed_again(session, post, account):
        raise Refused(Refusal.MAILED_AGAIN, post.id)
    message_id = f"{new_secret()[:32]}@{mailing_list.address.partition('@')[2]}"
    first = message.parse(load_raw(post.raw), post.arrived_at)
    raw = _composed(mailing_list, post, first, text, message_id, now)
    occasion = Occasion(
        mailing_list,
        Sender(authenticated=True, account=account),
        max_bytes,
        post.thread_id,
        post.id,
    )
    _let_through(session, raw, occasion, now)
    _revise(session, post, account, raw, message_id, now)
    if mail_again:
        _mail_again(session, post, now)
    return keep_decision(
        session, "edit", f"post {post.id}", now, account, mailing_list,
        touched={Aspect.LINE: (post.thread_id,)}, before={}, mailed=mail_again,
    )  # fmt: skip


def was_mailed_again(session: Session, post: Post, account: Account) -> bool:
    """Whether the author had a changed text of a post mailed already."""
    changes = select(AuditEntry.details).where(
        AuditEntry.action == "edit",
        AuditEntry.target == f"post {post.id}",
        AuditEntry.account_id == account.id,
        AuditEntry.at >= post.arrived_at,
    )
    return any(details.get("mailed") for details in session.scalars(changes))


def _let_through(session: Session, raw: bytes, occasion: Occasion, now: datetime) -> None:
    """Ask the rules that every message meets.

    Raises:
        NotTaken: they would not have it shown at once.
    """
    found = judged(session, message.parse(raw, now), occasion, now)
    if not isinstance(found, Accept):
        raise NotTaken(found.reasons, would_wait=isinstance(found, Hold))


def _composed(
    mailing_list: MailingList,
    post: Post,
    first: Submission,
    text: str,
    message_id: str,
    now: datetime,
) -> bytes:
    """The bytes of a correction: the headers and files of the first message, another text."""
    draft = Draft(
        author=first.author,
        subject=post.subject,
        text=text,
        message_id=message_id,
        date=now,
        list_address=mailing_list.address,
        list_name=mailing_list.title(mailing_list.language),
        language=first.declared_language,
        in_reply_to=post.message_id,
        references=(*post.references[-19:], post.message_id),
        attachments=_files(first),
    )
    return compose.compose(draft, markup.render_markdown(text))


def text_as_typed(session: Session, post: Post) -> str:
    """The text that stands now, as its author wrote it."""
    texts = texts_of(session, post)
    return texts[-1][1] if texts else ""


def texts_of(session: Session, post: Post) -> list[tuple[datetime, str]]:
    """All texts a post has had, each with its time, the first one first."""
    if post.raw is None:
        return []
    found = [(post.arrived_at, message.parse(load_raw(post.raw), post.arrived_at).text)]
    rows = session.execute(
        select(PostRevision.edited_at, RawMessage)
        .join(RawMessage, RawMessage.id == PostRevision.raw_id)
        .where(PostRevision.post_id == post.id)
        .order_by(PostRevision.id)
    )
    found += [(at, message.parse(load_raw(row), at).text) for at, row in rows]
    return found


def report(session: Session, post: Post, account: Account, reason: str, now: datetime) -> None:
    """Tell the moderators of a list about a post; a person's second report replaces the first.

    They are mailed, at once or once a day as each chose.

    Raises:
        Refused: there is no reason.
    """
    told = reason.strip()
    if not told:
        raise Refused(Refusal.NO_REASON, post.id)
    found = session.scalar(
        select(PostReport).where(PostReport.post_id == post.id, PostReport.account_id == account.id)
    )
    if found is None:
        found = PostReport(post_id=post.id, account_id=account.id)
        session.add(found)
    is_new = found.reason != told or found.settled_at is not None
    found.reason, found.reported_at = told, now
    found.settled_at = found.settled_by_id = None
    session.flush()
    if is_new:
        tell_of_report(session, found, now)


def settle_report(session: Session, found: PostReport, account: Account, now: datetime) -> None:
    """Note that a moderator has dealt with a report; one that was settled stays so."""
    # Of two moderators at once one settles it.
    session.refresh(found, with_for_update={"of": PostReport})
    if found.settled_at is not None:
        return
    found.settled_at, found.settled_by_id = now, account.id
    record(
        session, "settle", f"post {found.post_id}", now,
        account=account, mailing_list=found.post.mailing_list,
    )  # fmt: skip


def _files(submission: Submission) -> tuple[UploadedFile, ...]:
    return tuple(
        UploadedFile(
            part.filename,
            part.content_type,
            message.attachment_content(submission.raw, part.index)[1],
        )
        for part in submission.attachments
    )


def _revise(
    session: Session, post: Post, account: Account, raw: bytes, message_id: str, now: datetime
) -> None:
    session.add(
        PostRevision(
            post_id=post.id,
            raw_id=store_raw(session, raw).id,
            message_id=message_id,
            account_id=account.id,
            edited_at=now,
        )
    )
    post.corrections += 1
    session.flush()
    # Who got the corrected mail answers to its own id.
    add_alias(session, post, message_id)
    basis = basis_of(session, post)
    assert basis is not None
    write(session, post, derive(basis), now)
    refresh_summaries(session, [post.thread_id])


def _mail_again(session: Session, post: Post, now: datetime) -> None:
    session.execute(
        update(Delivery)
        .where(
            Delivery.post_id == post.id,
            Delivery.state == SendState.SENT,
            Delivery.translation == "",
        )
        .values(state=SendState.QUEUED, due_at=now, attempts=0, sent_at=None)
    )
