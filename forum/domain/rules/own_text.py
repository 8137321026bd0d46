"""What of a message its author wrote: a quotation holds nobody's message."""

from __future__ import annotations

from forum.domain import body
from forum.domain.values import Role, Segment, Submission

_OWN = (Role.REPLY, Role.SIGNATURE)


def own_segments(submission: Submission) -> tuple[Segment, ...]:
    """The parts of a body that are neither quoted nor added by a list."""
    segments = body.segment(submission.text, submission.text_format)
    return tuple(segment for segment in segments if segment.role in _OWN)


def own_text(submission: Submission) -> str:
    """The same as one text."""
    return "\n".join(segment.text for segment in own_segments(submission))
