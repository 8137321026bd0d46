"""Languages of the list."""

from __future__ import annotations

from forum.domain.language import tag_languages
from forum.domain.rules.own_text import own_segments
from forum.domain.rules.values import PostingPolicy, Reason
from forum.domain.values import MULTIPLE, UNDETERMINED, Submission


def other_language(submission: Submission, policy: PostingPolicy) -> Reason | None:
    """A text in a language that the list does not use; one that nobody can tell passes."""
    used = policy.rules.languages
    if not used or policy.is_trusted:
        return None
    found = tag_languages(own_segments(submission), declared=submission.declared_language)[1]
    return None if found in (*used, MULTIPLE, UNDETERMINED) else Reason.LANGUAGE
