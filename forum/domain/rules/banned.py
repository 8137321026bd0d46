"""People who may not write."""

from __future__ import annotations

from forum.domain.rules.values import PersonFlag, PostingPolicy, Reason
from forum.domain.values import Submission


def banned(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A person whom a moderator has banned from the list, or an administrator from the site."""
    return Reason.BANNED if policy.flag is PersonFlag.BANNED else None
