"""The worker's small pictures: looked for now and then, made one by one."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.orm import Session

from forum.operations.thumbnails import (
    keep_thumbnail,
    make_thumbnail,
    newest_with_files,
    picture_of,
    pictures_without,
)

LOOK_EVERY_SECONDS: Final = 2.0
ALL_AGAIN_SECONDS: Final = 1800.0
"""Posts that were derived again lack theirs, however old they are."""
LOOKED_AT_AGAIN: Final = 1_000
"""Posts before the newest: what is committed late has a lower key."""


@dataclass(slots=True)
class Picturer:
    """Makes the small pictures that are missing; an entrance: it commits."""

    session: Session
    _after: int = 0
    """The posts up to this one have theirs."""
    _looked_at: float = float("-inf")
    _began_at: float = field(default_factory=time.monotonic)

    def make_one(self) -> int:
        """Make one, where one is missing; gives how many."""
        if time.monotonic() - self._looked_at < LOOK_EVERY_SECONDS:
            return 0
        if time.monotonic() - self._began_at > ALL_AGAIN_SECONDS:
            self._after, self._began_at = 0, time.monotonic()
        missing = pictures_without(self.session, self._after, 1)
        if not missing:
            self._after = max(self._after, newest_with_files(self.session) - LOOKED_AT_AGAIN)
            self.session.rollback()
            self._looked_at = time.monotonic()
            return 0
        post_id, index = missing[0]
        content = picture_of(self.session, post_id, index)
        # No transaction waits for a large picture.
        self.session.rollback()
        made = make_thumbnail(content) if content is not None else None
        keep_thumbnail(self.session, post_id, index, made)
        self.session.commit()
        return 1
