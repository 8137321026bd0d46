"""What cannot be read."""

from __future__ import annotations

from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import Flag, Submission


def unreadable(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A message of which nothing could be read."""
    return Reason.UNREADABLE if Flag.UNREADABLE in submission.flags else None
