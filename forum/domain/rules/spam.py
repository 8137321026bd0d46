"""The mail server's spam filter."""

from __future__ import annotations

from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import Submission


def spam(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """What the trusted mail server's filter marked, unless the list does not want to know."""
    heard = policy.rules.spam and policy.marked_spam
    return Reason.SPAM if heard and not policy.from_outside else None
