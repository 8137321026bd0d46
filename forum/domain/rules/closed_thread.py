"""Closed threads."""

from __future__ import annotations

from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import Submission


def closed_thread(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """An answer in a thread that a moderator has closed."""
    return Reason.CLOSED_THREAD if policy.thread_closed else None
