"""Moderated lists."""

from __future__ import annotations

from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import Submission


def moderated_list(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A list where a moderator reads everything first."""
    return Reason.MODERATED_LIST if policy.moderated and not policy.is_trusted else None
