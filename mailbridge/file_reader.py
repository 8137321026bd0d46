"""The worker's reading of attached files: looked for now and then, one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from forum.operations.attachment_text import (
    content_of,
    files_without,
    keep_text,
    kind_of,
    read_apart,
)
from forum.operations.erasing import without_erased
from forum.storage.attachment_text import Outcome
from mailbridge.rounds import Rounds


@dataclass(slots=True)
class FileReader:
    """Reads the files that nobody has read; an entrance: it commits."""

    session: Session
    now: Callable[[], datetime]
    _rounds: Rounds = field(init=False)

    def __post_init__(self) -> None:
        self._rounds = Rounds(self.session)

    def read_one(self) -> int:
        """Read one, where one is left; gives how many."""
        file = self._rounds.next(files_without)
        if file is None:
            return 0
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
