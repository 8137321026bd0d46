"""People whose messages a moderator wants to read first."""

from __future__ import annotations

from forum.domain.rules.values import PersonFlag, PostingPolicy, Reason
from forum.domain.values import Submission


def held_always(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A person whose messages are always held."""
    return Reason.HELD_ALWAYS if policy.flag is PersonFlag.HOLD else None
