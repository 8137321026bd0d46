"""Posting rules: ordered, pure, each a reason or None; together a disposition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from forum.domain.values import Flag, Submission


class Reason(StrEnum):
    """Why a message was not simply posted; translated when shown."""

    TOO_LARGE = "too-large"
    UNVERIFIED_SENDER = "unverified-sender"
    NO_AUTHOR = "no-author"
    STRANGER = "stranger"
    MODERATED_LIST = "moderated-list"
    CLOSED_THREAD = "closed-thread"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    NOT_FROM_OUTSIDE = "not-from-outside-list"
    """It came to the bridge of a mirrored list, and not from the list that is mirrored."""
    CAME_BACK_CHANGED = "came-back-changed"
    """It says that it went out from here, and bears another text."""


@dataclass(frozen=True, slots=True)
class PostingPolicy:
    """What a list asks of a message, and what is known of who sent it."""

    max_bytes: int
    members_only: bool
    moderated: bool
    discards_strangers: bool
    author_is_member: bool
    author_is_moderator: bool
    sender_authenticated: bool
    """By a web login, by SMTP AUTH, or by a passing DKIM or DMARC verdict."""
    sender_failed: bool
    """A believed verdict says that the author's address is forged."""
    thread_closed: bool = False
    from_outside: bool = False
    """The outside list that is mirrored sent it: it has met that list's rules."""


@dataclass(frozen=True, slots=True)
class Accept:
    """Publish it."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Ask a moderator."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Reject:
    """Send it back with the reasons; only to those who are who they say."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Discard:
    """Keep the bytes, tell nobody."""

    reasons: tuple[Reason, ...]


Judgement = Accept | Hold | Reject | Discard
Rule = Callable[[Submission, PostingPolicy], Reason | None]


def too_large(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A message over the list's limit."""
    return Reason.TOO_LARGE if len(submission.raw) > policy.max_bytes else None


def unverified_sender(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A member's address in the mouth of somebody else, as far as can be known."""
    known = policy.author_is_member or policy.author_is_moderator
    if policy.from_outside:
        return None
    return Reason.UNVERIFIED_SENDER if policy.sender_failed and known else None


def no_author(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A message that names nobody as its author."""
    # The outside list may have hidden the address; its name is enough then.
    named = submission.author.address or (policy.from_outside and submission.author.name)
    return None if named else Reason.NO_AUTHOR


def stranger(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A person who is not on a list that is for its members."""
    inside = policy.author_is_member or policy.author_is_moderator or policy.from_outside
    return Reason.STRANGER if policy.members_only and not inside else None


def moderated_list(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A list where a moderator reads everything first."""
    trusted = policy.author_is_moderator and policy.sender_authenticated
    if policy.from_outside:
        return None
    return Reason.MODERATED_LIST if policy.moderated and not trusted else None


def closed_thread(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """An answer in a thread that a moderator has closed."""
    return Reason.CLOSED_THREAD if policy.thread_closed else None


def unreadable(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A message of which nothing could be read."""
    return Reason.UNREADABLE if Flag.UNREADABLE in submission.flags else None


def empty(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """Neither a word nor a file."""
    bare = not submission.text.strip() and not submission.attachments
    return Reason.EMPTY if bare and Flag.UNREADABLE not in submission.flags else None


REFUSING: tuple[Rule, ...] = (too_large,)
HOLDING: tuple[Rule, ...] = (
    unverified_sender,
    no_author,
    stranger,
    moderated_list,
    closed_thread,
    unreadable,
    empty,
)


def judge(submission: Submission, policy: PostingPolicy) -> Judgement:
    """Decide what becomes of a message.

    Refusing rules come first: a member is told, a stranger's message is treated as a stranger's.
    All holding rules are asked, so that a moderator sees every reason at once.
    """
    refusals = _reasons(REFUSING, submission, policy)
    holds = _reasons(HOLDING, submission, policy)
    is_stranger = Reason.STRANGER in holds
    if is_stranger and policy.discards_strangers:
        return Discard((*refusals, *holds))
    if refusals and policy.from_outside:
        # Whoever wrote it cannot be told, and the others have read it.
        return Hold((*refusals, *holds))
    if refusals:
        return Reject(refusals) if policy.author_is_member else Discard(refusals)
    return Hold(holds) if holds else Accept()


def _reasons(
    rules: tuple[Rule, ...], submission: Submission, policy: PostingPolicy
) -> tuple[Reason, ...]:
    found = (rule(submission, policy) for rule in rules)
    return tuple(reason for reason in found if reason is not None)
