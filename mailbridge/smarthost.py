"""Whose fault a refusal is: the smarthost's, for which the queue waits, or an address's.

5xx at connect, EHLO, AUTH or MAIL says nothing of recipients; nor does one and the same refusal of
most of them. Then everything is kept, those in charge are told, and nobody is counted as bouncing.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.bounce_words import is_about_address, is_about_sender
from forum.operations import outgoing
from forum.storage.mail import Notice
from forum.storage.people import administrators
from forum.storage.sending import SmarthostFault
from mailbridge.notices import SITE_PROBLEM
from mailbridge.outcomes import Broken, Outcome, Refused, Sent
from mailbridge.queue import Row

log = logging.getLogger("passerelle.smarthost")

PAUSES: Final = (5.0, 15.0, 60.0, 300.0)
"""Seconds before a smarthost that cannot be used is tried again, longer each time."""

SAME_REFUSALS: Final = 5
"""So many times the same 5xx in a batch, for most of its recipients, is the smarthost's fault; of
one that refuses us by its own words, such as `relay access denied`, once is enough."""

DOUBTED: Final = 3
"""So often a refusal of most that names their addresses is not believed. On a list whose addresses
are mostly dead it is true, and such a list must not hold up the mail of others."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a batch says of the smarthost."""

    fault: str = ""
    """Its reply, where it is at fault."""
    not_theirs: frozenset[int] = frozenset()
    """Refused mails that say nothing of their recipients."""
    nothing_leaves: bool = False


def judge(rows: Mapping[int, Row], results: Mapping[int, Outcome]) -> Verdict:
    """Tell a fault of the smarthost from one of the recipients."""
    broken = next((one.reply for one in results.values() if isinstance(one, Broken)), "")
    refused = {key: one for key, one in results.items() if isinstance(one, Refused)}
    doubtful = {
        key: _code(one)
        for key, one in refused.items()
        if one.by_mailbox and not (is_about_address(one.reply) and rows[key].attempts >= DOUBTED)
    }
    alike: frozenset[int] = frozenset()
    reply = ""
    if doubtful:
        code, number = Counter(doubtful.values()).most_common(1)[0]
        same = frozenset(key for key, own in doubtful.items() if own == code)
        said = refused[min(same)].reply
        enough = number >= SAME_REFUSALS or is_about_sender(said)
        if enough and number * 2 > len(results):
            alike, reply = same, said
            log.error("same refusal for most code=%s number=%d", code, number)
    some_left = any(isinstance(one, Sent) for one in results.values())
    return Verdict(broken or reply, alike, bool(broken or (reply and not some_left)))


def _code(refused: Refused) -> str:
    # The address stands in many replies: the codes are what is the same.
    return " ".join(refused.reply.split()[:2])


@dataclass(slots=True)
class Patience:
    """How long to wait for a smarthost that takes nothing, and when to tell."""

    faults: int = 0
    paused_until: float = 0.0
    is_noted: bool = True
    """Whether a fault may stand in the database, from us or from a worker before."""

    @property
    def must_wait(self) -> bool:
        """Whether nothing is to be tried now."""
        return time.monotonic() < self.paused_until

    def heed(
        self, session: Session, verdict: Verdict, results: Mapping[int, Outcome], now: datetime
    ) -> None:
        """Do what a verdict asks for: wait, keep it in mind, tell. Commits."""
        if not verdict.fault:
            if any(isinstance(one, Sent) for one in results.values()):
                self.faults = 0
                if self.is_noted:
                    outgoing.note_recovery(session)
                    session.commit()
                    self.is_noted = False
            return
        pause = PAUSES[min(self.faults, len(PAUSES) - 1)]
        self.faults += 1
        if verdict.nothing_leaves:
            self.paused_until = time.monotonic() + pause
        log.error("smarthost unusable pause=%.0f reply=%s", pause, verdict.fault)
        fault = outgoing.note_fault(session, verdict.fault, now)
        self.is_noted = True
        if self.faults == len(PAUSES):
            outgoing.tell_owners(session, fault, now)
            _tell_administrators(session, fault, now)
        session.commit()


def _tell_administrators(session: Session, fault: SmarthostFault, now: datetime) -> None:
    """A notice to each, once a day at most; it leaves when mail leaves again."""
    told = session.scalar(
        select(Notice.id)
        .where(Notice.kind == SITE_PROBLEM, Notice.queued_at > now - timedelta(days=1))
        .limit(1)
    )
    if told is not None:
        return
    for account in administrators(session):
        session.add(
            Notice(
                kind=SITE_PROBLEM,
                recipient=account.email,
                language=account.language,
                params={"reply": fault.reply, "since": f"{fault.since:%Y-%m-%d %H:%M}"},
                due_at=now,
                queued_at=now,
            )
        )
