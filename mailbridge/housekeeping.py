"""What the worker does between mails: forgetting what is kept for a time, and erased people."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from forum.operations.erasing_scan import scan_some
from forum.operations.notices import forget_secrets
from forum.operations.retention import forget_quarantined, forget_some
from forum.settings import Settings

log = logging.getLogger("passerelle.worker")

FORGETS_EVERY: Final = timedelta(days=1)
LOOKS_EVERY_SECONDS: Final = 2.0
MESSAGES_AT_ONCE: Final = 20
"""Gone over in one transaction."""


@dataclass(slots=True)
class Housekeeping:
    """Small steps, each committed; an entrance."""

    session: Session
    settings: Settings
    now: Callable[[], datetime]
    _forgot_at: datetime | None = None
    _looked_at: float = float("-inf")

    def step(self) -> int:
        """One step of each; gives how much was done."""
        return self._forget() + self._erase()

    def _forget(self) -> int:
        now = self.now()
        if self._forgot_at is not None and now - self._forgot_at < FORGETS_EVERY:
            return 0
        done = forget_some(self.session, now, self.settings.retention_days)
        done += forget_quarantined(self.session, now, self.settings.quarantine_days)
        done += forget_secrets(self.session)
        self.session.commit()
        if not done:
            self._forgot_at = now
        else:
            log.info("forgot rows=%d", done)
        return done

    def _erase(self) -> int:
        """Go over stored bytes for who was erased; looked for now and then."""
        if time.monotonic() - self._looked_at < LOOKS_EVERY_SECONDS:
            return 0
        done = scan_some(self.session, self.now(), MESSAGES_AT_ONCE)
        self.session.commit()
        if not done:
            self._looked_at = time.monotonic()
        return done
