"""What becomes of a message: ordered rules, one file each, and the disposition they make together.

Each rule is pure and gives a reason or None. All are asked, so that a moderator sees every reason
at once.
"""

from __future__ import annotations

from forum.domain.rules.banned import banned
from forum.domain.rules.closed_thread import closed_thread
from forum.domain.rules.empty import empty
from forum.domain.rules.first_post import first_post
from forum.domain.rules.held_always import held_always
from forum.domain.rules.language import other_language
from forum.domain.rules.links import too_many_links
from forum.domain.rules.moderated_list import moderated_list
from forum.domain.rules.no_author import no_author
from forum.domain.rules.recipients import too_many_recipients
from forum.domain.rules.size import too_large
from forum.domain.rules.spam import spam
from forum.domain.rules.stranger import stranger
from forum.domain.rules.unreadable import unreadable
from forum.domain.rules.unverified_sender import unverified_sender
from forum.domain.rules.values import (
    Accept,
    Discard,
    Hold,
    Judgement,
    ListRules,
    PersonFlag,
    PostingPolicy,
    Reason,
    Reject,
    Rule,
)
from forum.domain.rules.words import unwanted_words
from forum.domain.values import Submission

__all__ = [
    "RULES",
    "Accept",
    "Discard",
    "Hold",
    "Judgement",
    "ListRules",
    "PersonFlag",
    "PostingPolicy",
    "Reason",
    "Reject",
    "Rule",
    "judge",
]

RULES: tuple[Rule, ...] = (
    banned,
    too_large,
    unverified_sender,
    no_author,
    stranger,
    held_always,
    moderated_list,
    first_post,
    closed_thread,
    spam,
    unwanted_words,
    too_many_links,
    too_many_recipients,
    other_language,
    unreadable,
    empty,
)
"""In the order in which their reasons are told."""

REFUSING = frozenset({Reason.TOO_LARGE})
"""What no moderator could put right: the author is told, a stranger's message is discarded."""


def judge(submission: Submission, policy: PostingPolicy) -> Judgement:
    """Decide what becomes of a message.

    A banned person's is discarded, and so is a stranger's where the list says so. A member is told
    of a refusal. Whatever else a rule found is for a moderator.
    """
    found = tuple(filter(None, (rule(submission, policy) for rule in RULES)))
    refusals = tuple(reason for reason in found if reason in REFUSING)
    if Reason.BANNED in found:
        return Discard((Reason.BANNED,))
    if Reason.STRANGER in found and policy.discards_strangers:
        return Discard(found)
    if refusals and not policy.from_outside:
        return Reject(refusals) if policy.author_is_member else Discard(refusals)
    # Whoever wrote to an outside list cannot be told, and the others have read it.
    return Hold(found) if found else Accept()
