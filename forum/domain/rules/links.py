"""Many links."""

from __future__ import annotations

from forum.domain.linking import links
from forum.domain.rules.own_text import own_text
from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import Submission


def too_many_links(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """More web addresses in one's own text than the list allows; the same one counts once."""
    most = policy.rules.max_links
    if most is None or policy.is_trusted:
        return None
    return Reason.LINKS if len(links(own_text(submission))) > most else None
