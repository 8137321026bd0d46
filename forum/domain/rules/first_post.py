"""Newcomers."""

from __future__ import annotations

from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import Submission


def first_post(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A person's first post, on a list that looks at those."""
    new = policy.rules.first_post and not policy.has_posted
    return Reason.FIRST_POST if new and not policy.is_trusted else None
