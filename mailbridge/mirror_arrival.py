"""A mail to a mirrored list as it arrives, and what is known of its way."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from forum.domain import message
from forum.domain.headers import Headers
from forum.domain.mirroring import Outside, passed_on_by, sent_by
from forum.domain.values import Submission
from forum.operations.judging import Sender
from forum.storage.lists import MailingList, Mode
from forum.storage.mail import Incoming
from forum.storage.mirror import outside_of
from mailbridge.addressing import Route, RouteKind


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail to a mirrored list, and what is known of its way."""

    mailing_list: MailingList
    outside: Outside
    headers: Headers
    submission: Submission
    by_bridge: bool
    by_outside: bool
    """By the outside list, as it says itself."""

    @property
    def is_mirror(self) -> bool:
        """Whether it mirrors the outside list now; a list that has moved here once did."""
        return self.mailing_list.mode == Mode.MIRRORED

    @property
    def sender(self) -> Sender:
        """What the posting rules are to know.

        What merely says at our own address that the outside list sent it has to meet our rules:
        that address is public. It does not go out again, whoever says so.
        """
        trusted = self.is_mirror and self.by_bridge and self.by_outside
        return Sender(from_outside=trusted, goes_out=not (self.by_bridge or self.by_outside))


def arrival_of(
    session: Session, row: Incoming, route: Route, mailing_list: MailingList, raw: bytes
) -> Arrival | None:
    """What is known of a mail to a list that has an outside list, or had one; else None."""
    if route.kind not in (RouteKind.POST, RouteKind.BRIDGE):
        return None
    outside = outside_of(session, mailing_list)
    if outside is None:
        return None
    headers = Headers.of(raw)
    by_bridge = row.forward_path == outside.bridge
    return Arrival(
        mailing_list=mailing_list,
        outside=outside,
        headers=headers,
        submission=message.parse(raw, row.received_at, outside=outside),
        by_bridge=by_bridge,
        by_outside=sent_by(headers, row.reverse_path, outside) or passed_on_by(headers, outside),
    )
