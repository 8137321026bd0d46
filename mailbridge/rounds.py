"""How the worker looks for posts whose files are still to be gone over: often, at little cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.storage.archive import PostAttachment

LOOK_EVERY_SECONDS: Final = 2.0
ALL_AGAIN_SECONDS: Final = 1800.0
"""Posts that were changed or derived again may wait anew, however old they are."""
LOOKED_AT_AGAIN: Final = 1_000
"""Posts before the newest: what is committed late has a lower key."""

T = TypeVar("T")


@dataclass(slots=True)
class Rounds:
    """Remembers up to which post all is done."""

    session: Session
    _after: int = 0
    """The posts up to this one."""
    _looked_at: float = float("-inf")
    _began_at: float = field(default_factory=time.monotonic)

    def next(self, waiting: Callable[[Session, int, int], Sequence[T]]) -> T | None:
        """One that waits; None where there is none, or where it was looked for just now.

        Args:
            waiting: Gives, of posts with a higher key than its second argument, so many that wait.
        """
        if time.monotonic() - self._looked_at < LOOK_EVERY_SECONDS:
            return None
        if time.monotonic() - self._began_at > ALL_AGAIN_SECONDS:
            self._after, self._began_at = 0, time.monotonic()
        found = waiting(self.session, self._after, 1)
        if found:
            return found[0]
        newest = self.session.scalar(select(func.max(PostAttachment.post_id))) or 0
        self._after = max(self._after, newest - LOOKED_AT_AGAIN)
        self.session.rollback()
        self._looked_at = time.monotonic()
        return None
