"""The one place that reads the clock; everything else is given the time."""

from __future__ import annotations

from datetime import UTC, datetime


def utcnow() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)
