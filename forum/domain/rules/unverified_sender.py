"""Forged authors."""

from __future__ import annotations

from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import Submission


def unverified_sender(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A known address in the mouth of somebody else, as far as can be known."""
    known = policy.author_is_member or policy.author_is_moderator or policy.flag is not None
    if policy.from_outside:
        return None
    return Reason.UNVERIFIED_SENDER if policy.sender_failed and known else None
