"""The worker's reading of attached files: looked for now and then, one by one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from forum.operations.attachment_text import (
    content_of,
    files_without,
    keep_text,
    kind_of,
    newest_with_files,
    read_apart,
)
from forum.operations.erasing import without_erased
from forum.storage.attachment_text import Outcome

LOOK_EVERY_SECONDS: Final = 2.0
ALL_AGAIN_SECONDS: Final = 1800.0
"""A post that its author changed may have other files, however old it is."""
LOOKED_AT_AGAIN: Final = 1_000
"""Posts before the newest: what is committed late has a lower key."""


@dataclass(slots=True)
class FileReader:
    """Reads the files that nobody has read; an entrance: it commits."""

    session: Session
    now: Callable[[], datetime]
    _after: int = 0
    """The posts up to this one are read."""
    _looked_at: float = float("-inf")
    _began_at: float = field(default_factory=time.monotonic)

    def read_one(self) -> int:
        """Read one, where one is left; gives how many."""
        if time.monotonic() - self._looked_at < LOOK_EVERY_SECONDS:
            return 0
        if time.monotonic() - self._began_at > ALL_AGAIN_SECONDS:
            self._after, self._began_at = 0, time.monotonic()
        waiting = files_without(self.session, self._after, 1)
        if not waiting:
            self._after = max(self._after, newest_with_files(self.session) - LOOKED_AT_AGAIN)
            self.session.rollback()
            self._looked_at = time.monotonic()
            return 0
        file = waiting[0]
        kind = kind_of(file.filename, file.content_type)
        content = content_of(self.session, file.post_id, file.index) if kind else None
        # No transaction waits for a long file.
        self.session.rollback()
        outcome, text = Outcome.EMPTY, ""
        if kind is not None and content is not None:
            outcome, text = read_apart(kind, content)
        text = without_erased(self.session, file.post_id, text)
        keep_text(self.session, file, outcome, text, self.now())
        self.session.commit()
        return 1
