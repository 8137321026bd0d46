"""When an address is warned, and when nothing is sent to it any more.

Each day on which something came back adds to a score, which halves in 45 days; at 2.5 a warning is
sent, a mail whose own return path is known to nobody else; if that comes back too, sending stops.
The figures are explained in docs/decisions/0011-bounce-score.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from forum.domain.bounce_words import Failure

WEIGHTS: Final = {Failure.HARD: 1.0, Failure.SOFT: 0.4}
HALF_LIFE: Final = timedelta(days=45)
THRESHOLD: Final = 2.5

COUNTED_ONCE_IN: Final = timedelta(hours=20)
"""Ten posts on one day are one failure; a daily digest's bounce may come an hour earlier or later
than the day before."""

PROBE_ANSWERED_WITHIN: Final = timedelta(days=10)
"""So long a warning is waited for: mail servers give up after five days, some after seven."""


class Step(StrEnum):
    """What follows from a bounce."""

    NOTHING = "nothing"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an address."""

    score: float = 0.0
    counted_at: datetime | None = None
    probed_at: datetime | None = None


def score_at(standing: Standing, now: datetime) -> float:
    """What the score is worth by then."""
    if standing.counted_at is None:
        return 0.0
    passed = max(timedelta(0), now - standing.counted_at)
    return float(standing.score * 0.5 ** (passed / HALF_LIFE))


def after_bounce(standing: Standing, failure: Failure, now: datetime) -> tuple[Standing, Step]:
    """Count a bounce: the new standing, and what follows.

    The score halves with a warning: an address that takes the warning is not warned again with the
    next bounce.

    Args:
        now: When the bounce came; aware.
    """
    last = standing.counted_at
    if last is not None and now - last < COUNTED_ONCE_IN:
        return standing, Step.NOTHING
    score = score_at(standing, now) + WEIGHTS[failure]
    probed_at = standing.probed_at
    waits = probed_at is not None and now - probed_at < PROBE_ANSWERED_WITHIN
    if score < THRESHOLD or waits:
        return Standing(score, now, probed_at), Step.NOTHING
    return Standing(score / 2, now, now), Step.PROBE
