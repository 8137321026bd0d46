"""What is written on the web or by the API becomes a message, and then a post like any other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from forum.domain import compose, markup, message, subject
from forum.domain.values import Draft, Mailbox, Source, UploadedFile
from forum.operations import posting
from forum.operations.curation import Refused
from forum.operations.curation_posts import withdraw
from forum.operations.judging import Sender
from forum.operations.telling_moderators import tell_of_held
from forum.operations.tokens import new_secret
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage
from forum.storage.people import Account

REFERENCES_KEPT = 20
"""RFC 5537, section 3.4.4: the first and the newest of a long chain are enough."""


def write_post(
    session: Session,
    mailing_list: MailingList,
    account: Account,
    *,
    subject_line: str,
    text: str,
    now: datetime,
    max_bytes: int,
    language: str | None = None,
    parent: Post | None = None,
    attachments: Sequence[UploadedFile] = (),
    delay: timedelta = timedelta(0),
) -> posting.Disposition:
    """Publish what somebody wrote, or hold it as the list's rules say.

    Args:
        subject_line: Of a new thread; empty with a parent takes the parent's.
        text: Markdown.
        max_bytes: The site's limit on a message.
        language: fr, en or es as declared; None to detect.
        parent: The post this answers; None starts a thread.
        delay: How long its mailing waits, so that it can be undone.
    """
    draft = Draft(
        author=Mailbox(account.name, account.email),
        subject=subject_line or (subject.reply_subject(parent.subject) if parent else ""),
        text=text,
        message_id=f"{new_secret()[:32]}@{mailing_list.address.partition('@')[2]}",
        date=now,
        list_address=mailing_list.address,
        list_name=mailing_list.title(mailing_list.language),
        language=language,
        in_reply_to=parent.message_id if parent else None,
        references=_references(parent),
        attachments=tuple(attachments),
    )
    disposition = _post(session, mailing_list, account, draft, now, max_bytes, delay)
    if isinstance(disposition, posting.Held):
        tell_of_held(session, session.get_one(HeldMessage, disposition.held_id), now)
    return disposition


def _post(
    session: Session,
    mailing_list: MailingList,
    account: Account,
    draft: Draft,
    now: datetime,
    max_bytes: int,
    delay: timedelta,
) -> posting.Disposition:
    raw = compose.compose(draft, markup.render_markdown(draft.text))
    submission = message.parse(raw, now)
    return posting.post(
        session,
        mailing_list,
        submission,
        now,
        max_bytes=max_bytes,
        source=Source.WEB,
        sender=Sender(authenticated=True, account=account),
        delay=delay,
    )


def withdraw_unsent(session: Session, post: Post, account: Account, now: datetime) -> bool:
    """Take back one's own post while its mailing still waits; False once it has begun.

    The post is hidden, not lost: its bytes stay, and the audit log says who took it back.
    """
    try:
        withdraw(session, post, now, account, only_unsent=True)
    except Refused:
        return False
    return True


def _references(parent: Post | None) -> tuple[str, ...]:
    if parent is None:
        return ()
    chain = [*(one for one in parent.references if one != parent.message_id), parent.message_id]
    if len(chain) > REFERENCES_KEPT:
        chain = [chain[0], *chain[-REFERENCES_KEPT + 1 :]]
    return tuple(chain)
