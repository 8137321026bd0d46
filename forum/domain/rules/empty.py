"""Empty messages."""

from __future__ import annotations

from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import Flag, Submission


def empty(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """Neither a word nor a file."""
    bare = not submission.text.strip() and not submission.attachments
    return Reason.EMPTY if bare and Flag.UNREADABLE not in submission.flags else None
