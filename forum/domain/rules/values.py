"""What rules read and what they make: reasons, policies, dispositions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from forum.domain.values import Submission


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
    BANNED = "banned"
    HELD_ALWAYS = "held-always"
    """A moderator wants to read what this person sends."""
    FIRST_POST = "first-post"
    SPAM = "spam"
    """The own mail server's filter takes it for spam."""
    WORDS = "words"
    LINKS = "links"
    RECIPIENTS = "recipients"
    LANGUAGE = "language"


class PersonFlag(StrEnum):
    """What moderators decided about all that a person sends."""

    ACCEPT = "accept"
    HOLD = "hold"
    BANNED = "banned"


@dataclass(frozen=True, slots=True)
class ListRules:
    """What the owners of a list ask of a message, besides who wrote it; nothing by default."""

    first_post: bool = False
    words: tuple[str, ...] = ()
    """Words and phrases, as `forum.domain.rules.words` reads them."""
    max_links: int | None = None
    max_bytes: int | None = None
    max_recipients: int | None = None
    languages: tuple[str, ...] = ()
    """BCP 47 codes that the list uses; none: any."""
    spam: bool = True


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
    flag: PersonFlag | None = None
    """What moderators decided about the author."""
    has_posted: bool = True
    """Whether a post of the author stands on the list."""
    marked_spam: bool = False
    """By the filter of the mail server that is trusted."""
    rules: ListRules = field(default_factory=ListRules)

    @property
    def is_trusted(self) -> bool:
        """Whether the author meets none of the list's own rules: its moderators, and the chosen."""
        moderates = self.author_is_moderator and self.sender_authenticated
        return moderates or self.from_outside or self.is_accepted

    @property
    def is_accepted(self) -> bool:
        """Whether a moderator wants this author's messages posted, and it may well be theirs."""
        return self.flag is PersonFlag.ACCEPT and not self.sender_failed


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
