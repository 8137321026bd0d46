"""Mail to many."""

from __future__ import annotations

from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import Submission


def too_many_recipients(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """More addresses in To and Cc than the list allows."""
    most = policy.rules.max_recipients
    if most is None or policy.is_trusted:
        return None
    addresses = {mailbox.key for mailbox in submission.recipients if mailbox.address}
    return Reason.RECIPIENTS if len(addresses) > most else None
