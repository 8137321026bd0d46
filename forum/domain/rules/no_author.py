"""Messages of nobody."""

from __future__ import annotations

from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import Submission


def no_author(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A message that names nobody as its author."""
    # The outside list may have hidden the address; its name is enough then.
    named = submission.author.address or (policy.from_outside and submission.author.name)
    return None if named else Reason.NO_AUTHOR
