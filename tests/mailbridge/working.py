"""A worker to be looked at: its clock, and a way out that answers as it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.storage.mail import Delivery
from mailbridge.outcomes import Outcome, Sent
from mailbridge.transport import MemoryTransport
from tests.factories import START

NOW = START + timedelta(days=1)


@dataclass
class Answering(MemoryTransport):
    """In memory, and answers as it is told."""

    answer: Callable[[str], Outcome] = lambda recipient: Sent("250 ok")
    tried: list[str] = field(default_factory=list)

    def send(self, reverse_path: str, recipient: str, message: bytes) -> Outcome:
        self.tried.append(recipient)
        outcome = self.answer(recipient)
        if isinstance(outcome, Sent):
            super().send(reverse_path, recipient, message)
        return outcome


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def states(session: Session) -> list[str]:
    session.expire_all()
    found = list(session.scalars(select(Delivery.state).order_by(Delivery.id)))
    session.rollback()  # A reader that begins as a writer would keep the worker waiting.
    return found
