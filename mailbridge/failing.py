"""What follows where our own code fails on a kept message: it is marked, and its author told.

An entrance: both commit, each in a transaction of its own. Neither raises, for the client that
handed the message in has its answer.
"""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy.orm import Session

from forum.operations.raw import load_raw
from forum.settings import Settings
from forum.storage.mail import Incoming, IncomingState
from mailbridge.authentication import Verdict
from mailbridge.processing import tell_of_failure

log = logging.getLogger("passerelle.receive")


def mark_failed(session: Session, incoming_id: int, error: Exception) -> None:
    """Record the failure with its reason; where that fails too, the row waits for the worker."""
    try:
        row = session.get(Incoming, incoming_id)
        if row is not None:
            row.state = IncomingState.FAILED
            row.detail = f"{type(error).__name__}: {' '.join(str(error).split())}"[:1000]
        session.commit()
    except Exception:
        session.rollback()
        log.exception("unmarked incoming=%d", incoming_id)


def tell_author(
    session: Session, incoming_id: int, now: datetime, settings: Settings, found: Verdict
) -> None:
    """Tell whom it concerns; what failed once may well fail again, and costs nothing then.

    Args:
        found: Whether the sender is who From says, as `mailbridge.authentication` established it.
    """
    try:
        row = session.get(Incoming, incoming_id)
        if row is not None:
            tell_of_failure(session, row, load_raw(row.raw), now, settings, found)
        session.commit()
    except Exception:
        session.rollback()
        log.exception("untold incoming=%d", incoming_id)
