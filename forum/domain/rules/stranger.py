"""People who are not on the list."""

from __future__ import annotations

from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import Submission


def stranger(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A person who is not on a list that is for its members."""
    inside = policy.author_is_member or policy.author_is_moderator
    allowed = inside or policy.from_outside or policy.is_accepted
    return Reason.STRANGER if policy.members_only and not allowed else None
