"""The worker's small pictures: looked for now and then, made one by one."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from forum.operations.thumbnails import (
    keep_thumbnail,
    make_thumbnail,
    picture_of,
    pictures_without,
)
from mailbridge.rounds import Rounds


@dataclass(slots=True)
class Picturer:
    """Makes the small pictures that are missing; an entrance: it commits."""

    session: Session
    _rounds: Rounds = field(init=False)

    def __post_init__(self) -> None:
        self._rounds = Rounds(self.session)

    def make_one(self) -> int:
        """Make one, where one is missing; gives how many."""
        missing = self._rounds.next(pictures_without)
        if missing is None:
            return 0
        post_id, index = missing
        content = picture_of(self.session, post_id, index)
        # No transaction waits for a large picture.
        self.session.rollback()
        made = make_thumbnail(content) if content is not None else None
        keep_thumbnail(self.session, post_id, index, made)
        self.session.commit()
        return 1
