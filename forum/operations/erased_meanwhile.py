"""Who was erased, asked again by what runs for long: an import must not bring anybody back."""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from forum.domain.erasing import Eraser
from forum.operations.erasing import eraser_of
from forum.storage.privacy import ErasedMark

State = tuple[int, int]
"""How many marks there are, and the newest: both change with every person erased."""


class ErasedMeanwhile:
    """Knows everybody who was erased, and notices when that changes."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.state: State = (0, 0)
        self.eraser: Eraser | None = None
        self._load()

    def since(self, state: State) -> bool:
        """Whether the eraser is another than it was; to be asked by the transaction that writes.

        Nobody is erased between this and the end of the transaction: what it stores is either known
        to be clean, or gone over by the erasure that follows it.
        """
        if self.session.get_bind().dialect.name == "postgresql":
            # PostgreSQL 13.3: SHARE keeps others from inserting marks, and lets imports by.
            self.session.execute(text("LOCK TABLE erased_mark IN SHARE MODE"))
        self._load()
        return self.state != state

    def _load(self) -> None:
        row = self.session.execute(select(func.count(), func.max(ErasedMark.id))).one()
        state = (row[0], row[1] or 0)
        if state != self.state:
            self.eraser = eraser_of(self.session)
            self.state = state
