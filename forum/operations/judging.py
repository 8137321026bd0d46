"""What is asked of a submission before it is shown: the rules, and what they have to know of it.

Whatever an author wants shown meets them: a message, what is written on the web, a correction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.rules import Judgement, ListRules, PostingPolicy, judge
from forum.domain.values import Submission
from forum.storage.archive import Post, PostState, Thread, ThreadState
from forum.storage.lists import MailingList, Posting, Strangers, roles_of
from forum.storage.people import Account, address_of, is_subscribed
from forum.storage.rules import flag_of, rules_of


@dataclass(frozen=True, slots=True)
class Sender:
    """What is known of who handed a message in, besides what it says itself."""

    authenticated: bool = False
    failed: bool = False
    """A believed verdict says that the author's address is forged."""
    marked_spam: bool = False
    """The filter of the trusted mail server takes it for spam."""
    account: Account | None = None
    incoming_id: int | None = None
    from_outside: bool = False
    """The outside list that this one mirrors has passed the message on, by its own rules."""
    goes_out: bool = True
    """Whether the outside list, where there is one, is still to be sent it."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """For what list a submission is, by whom, and where it would stand."""

    mailing_list: MailingList
    sender: Sender
    max_bytes: int
    """The site's limit on a message."""
    thread_id: int | None
    """None: it starts a thread."""
    corrected: int = 0
    """The key of the post in whose place it would be shown; 0: of none."""


def judged(
    session: Session, submission: Submission, occasion: Occasion, now: datetime
) -> Judgement:
    """What the rules of a list say of a submission."""
    return judge(submission, _policy(session, submission, occasion, now))


def _policy(
    session: Session, submission: Submission, occasion: Occasion, now: datetime
) -> PostingPolicy:
    mailing_list, sender = occasion.mailing_list, occasion.sender
    address = address_of(session, submission.author.address) if submission.author.address else None
    account = sender.account or (address.author.account if address else None)
    roles = roles_of(session, account.id, mailing_list.id) if account else frozenset()
    author_id = address.author_id if address else None
    author_id = sender.account.author_id if sender.account else author_id
    rules = rules_of(session, mailing_list.id)
    return PostingPolicy(
        max_bytes=occasion.max_bytes,
        members_only=mailing_list.posting != Posting.OPEN,
        moderated=mailing_list.posting == Posting.MODERATED,
        discards_strangers=mailing_list.strangers == Strangers.DISCARD,
        author_is_member=bool(author_id)
        and is_subscribed(session, mailing_list.id, author_id or 0),
        author_is_moderator=bool(roles & {"owner", "moderator"})
        or bool(account and account.is_admin),
        sender_authenticated=sender.authenticated or sender.account is not None,
        sender_failed=sender.failed,
        thread_closed=_is_closed(session, occasion.thread_id),
        from_outside=sender.from_outside,
        flag=flag_of(session, mailing_list.id, author_id, now) if author_id else None,
        has_posted=_has_posted(session, occasion, author_id, rules),
        marked_spam=sender.marked_spam,
        rules=rules,
    )


def _has_posted(
    session: Session, occasion: Occasion, author_id: int | None, rules: ListRules
) -> bool:
    """Whether another post of theirs stands; looked for only where the list asks."""
    if not rules.first_post or not author_id:
        return not rules.first_post
    here = Post.mailing_list_id == occasion.mailing_list.id, Post.state == PostState.VISIBLE
    wanted = select(Post.id).where(
        Post.author_id == author_id, Post.id != occasion.corrected, *here
    )
    return session.scalar(wanted.limit(1)) is not None


def _is_closed(session: Session, thread_id: int | None) -> bool:
    thread = session.get(Thread, thread_id) if thread_id else None
    return thread is not None and thread.state == ThreadState.CLOSED
