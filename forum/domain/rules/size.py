"""Large messages."""

from __future__ import annotations

from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import Submission


def too_large(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A message over the site's limit, or over the list's own."""
    own = policy.rules.max_bytes
    most = policy.max_bytes if own is None else min(own, policy.max_bytes)
    return Reason.TOO_LARGE if len(submission.raw) > most else None
