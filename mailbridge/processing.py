"""What a kept message is, and what follows: a post, a command, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from forum.domain import message
from forum.domain.headers import Headers
from forum.domain.rules import Reason
from forum.domain.values import Source, Submission
from forum.operations.bounces import heard_from
from forum.operations.erasing import scrubbed
from forum.operations.judging import Sender
from forum.operations.notices import NoticeKind
from forum.operations.posting import (
    Discarded,
    Disposition,
    Duplicate,
    Held,
    Posted,
    Rejected,
    post,
)
from forum.operations.raw import replace_raw
from forum.operations.telling_moderators import tell_of_held
from forum.settings import Settings
from forum.storage.lists import MailingList, Mode
from forum.storage.mail import HeldMessage, Incoming, IncomingState
from forum.storage.people import subscription_of
from mailbridge import automatic, commands, deciding, mirror
from mailbridge.addressing import POSTING_KINDS, Route, RouteKind, resolve
from mailbridge.authentication import Verdict
from mailbridge.automatic import Automatic
from mailbridge.mirror_arrival import Arrival, arrival_of
from mailbridge.returned import take_bounce, take_complaint
from mailbridge.spam import marked_spam
from mailbridge.telling import pass_on, pass_to_postmaster, tell_author

_LOOPS: Final = 100
"""Received fields; more is a loop (RFC 5321, section 6.3)."""

SAID: Final = "told in the SMTP dialogue"
"""The detail of a refusal that the client hears: members and authenticated senders only."""

_AUTOMATIC_STATES: Final = {
    Automatic.BOUNCE: IncomingState.BOUNCE,
    Automatic.ECHO: IncomingState.ECHO,
}


def process(
    session: Session,
    row: Incoming,
    raw: bytes,
    now: datetime,
    settings: Settings,
    found: Verdict = Verdict.NONE,
    *,
    in_dialogue: bool = False,
) -> None:
    """Decide what becomes of a kept message and do it; the caller commits.

    Args:
        found: Whether the sender is who From says, as `mailbridge.authentication` established it.
        in_dialogue: Whether the client still waits and hears of a refusal.
    """
    raw = _without_erased(session, row, raw)
    route = resolve(session, row.forward_path, settings.mail_domain)
    if route is not None and route.kind is RouteKind.POSTMASTER:
        _for_postmaster(session, row, raw, now, settings)
        return
    mailing_list = _locked(session, route) if route else None
    if route is None or mailing_list is None:
        row.state, row.detail = IncomingState.DISCARDED, "the list is gone"
        return
    arrival = arrival_of(session, row, route, mailing_list, raw)
    submission = arrival.submission if arrival else message.parse(raw, row.received_at)
    row.subject, row.author_email = submission.subject, submission.author.key
    if arrival is not None and _is_taken(session, row, arrival, raw, now, settings):
        return
    kind = _machine(raw, row, mailing_list)
    if kind is Automatic.COMPLAINT:
        take_complaint(session, row, raw, now)
    elif route.kind is RouteKind.BOUNCES:
        take_bounce(session, row, raw, route.token, kind, mailing_list, submission, now)
    elif kind is not None:
        _mark_automatic(row, kind)
    elif route.kind in POSTING_KINDS:
        verdict = _judged(found, arrival)
        posting = _Posting(session, row, mailing_list, submission, verdict, now, arrival)
        posting.post(settings, in_dialogue)
    else:
        _obey(session, row, route, mailing_list, submission, found, now, settings)


def _is_taken(
    session: Session, row: Incoming, arrival: Arrival, raw: bytes, now: datetime, settings: Settings
) -> bool:
    """Whether the mirror has said what becomes of a message; else it goes the way of all mail."""
    held = mirror.take(session, row, arrival, raw, now, settings)
    if held is not None:
        tell_of_held(session, session.get_one(HeldMessage, held.held_id), now)
    return row.state != IncomingState.RECEIVED


def _judged(found: Verdict, arrival: Arrival | None) -> Verdict:
    """What a check of the sender says, where an outside list passed the message on."""
    # A list adds to subjects and bodies: that signatures break on the way says nothing.
    by_outside = arrival is not None and arrival.by_outside
    return Verdict.NONE if by_outside and found is Verdict.FAIL else found


def _obey(
    session: Session,
    row: Incoming,
    route: Route,
    mailing_list: MailingList,
    submission: Submission,
    found: Verdict,
    now: datetime,
    settings: Settings,
) -> None:
    """A person's mail to one of the list's other addresses: for its owners, or a command."""
    if route.kind is RouteKind.OWNER or (
        route.kind is not RouteKind.MODERATE
        and commands.is_for_owners(session, route, mailing_list, submission)
    ):
        pass_on(session, row, mailing_list, submission, now)
        return
    if route.kind is RouteKind.MODERATE:
        done = deciding.decide(session, mailing_list, route.token, submission, found, now)
    else:
        done = commands.obey(session, route, mailing_list, submission, now, settings.site_url)
    row.state, row.reasons = IncomingState.COMMAND, [done]


def _mark_automatic(row: Incoming, kind: Automatic) -> None:
    row.state = _AUTOMATIC_STATES.get(kind, IncomingState.AUTOMATIC)
    row.reasons = [str(kind)]


def _without_erased(session: Session, row: Incoming, raw: bytes) -> bytes:
    """The bytes as they stay: who was erased does not come back with an old message."""
    kept = scrubbed(session, raw, row.received_at)
    if kept != raw:
        replace_raw(session, row.raw, kept)
    return kept


def _for_postmaster(
    session: Session, row: Incoming, raw: bytes, now: datetime, settings: Settings
) -> None:
    submission = message.parse(raw, row.received_at)
    row.subject, row.author_email = submission.subject, submission.author.key
    kind = _machine(raw, row, None)
    if kind is None:
        pass_to_postmaster(session, row, submission, now, settings)
    elif kind is Automatic.COMPLAINT:
        take_complaint(session, row, raw, now)
    else:
        _mark_automatic(row, kind)


def _locked(session: Session, route: Route) -> MailingList | None:
    """The list; where mail is posted, its threads grow by one message at a time."""
    posting = route.kind in POSTING_KINDS
    lock = {"key_share": True} if posting else None
    return session.get(MailingList, route.mailing_list_id, with_for_update=lock)


def _machine(raw: bytes, row: Incoming, mailing_list: MailingList | None) -> Automatic | None:
    # A mirrored list's own identifier is that of the outside list: its mail is what we want.
    is_hosted = mailing_list is not None and mailing_list.mode == Mode.HOSTED
    own = (mailing_list.list_id,) if mailing_list is not None and is_hosted else ()
    kind = automatic.classify(raw, row.reverse_path, own)
    if kind is None and len(Headers.of(raw).raw_all("received")) > _LOOPS:
        return Automatic.ECHO
    return kind


def tell_of_failure(
    session: Session,
    row: Incoming,
    raw: bytes,
    now: datetime,
    settings: Settings,
    found: Verdict,
) -> None:
    """Tell a member or authenticated sender that our code failed on their mail to a list.

    Raises:
        Exception: whatever made the message fail may make this fail too.
    """
    route = resolve(session, row.forward_path, settings.mail_domain)
    if route is None or route.kind not in POSTING_KINDS:
        return
    mailing_list = session.get(MailingList, route.mailing_list_id)
    if mailing_list is None or _machine(raw, row, mailing_list) is not None:
        return
    submission = message.parse(raw, row.received_at)
    row.subject = row.subject or submission.subject
    row.author_email = row.author_email or submission.author.key
    if _Posting(session, row, mailing_list, submission, found, now).is_known:
        tell_author(session, NoticeKind.FAILED_AUTHOR, mailing_list, submission, (), now)


@dataclass(frozen=True, slots=True)
class _Posting:
    """A person's mail to a list, and what is known of them."""

    session: Session
    row: Incoming
    mailing_list: MailingList
    submission: Submission
    found: Verdict
    now: datetime
    arrival: Arrival | None = None
    """What is known of its way, on a mirrored list."""

    @property
    def is_known(self) -> bool:
        """Whether its author is told what becomes of it: a member, or an authenticated sender."""
        address = self.submission.author.address
        return self.found is Verdict.PASS or (
            subscription_of(self.session, self.mailing_list.id, address) is not None
        )

    def post(self, settings: Settings, in_dialogue: bool) -> None:
        """Judge it, record what became of it and tell whom it concerns."""
        disposition = post(
            self.session,
            self.mailing_list,
            self.submission,
            self.now,
            max_bytes=settings.max_message_bytes,
            source=Source.EMAIL,
            sender=replace(
                self.arrival.sender if self.arrival else Sender(),
                authenticated=self.found is Verdict.PASS,
                failed=self.found is Verdict.FAIL,
                marked_spam=marked_spam(self.submission.raw, settings.trusted_authserv),
                incoming_id=self.row.id,
            ),
        )
        self.row.authenticated = self.found is Verdict.PASS
        _record(self.row, disposition)
        if self.arrival is not None:
            mirror.note_posted(self.session, self.arrival, disposition, self.now)
        match disposition:
            case Posted() if self.found is not Verdict.FAIL:
                heard_from(self.session, self.submission.author.key)
            case Rejected(reasons) if self.is_known:
                self._refuse(reasons, in_dialogue)
            case Held(_, reasons):
                if self.is_known:
                    self._tell(NoticeKind.HELD_AUTHOR, reasons)
                held = self.session.get_one(HeldMessage, disposition.held_id)
                tell_of_held(self.session, held, self.now)

    def _refuse(self, reasons: tuple[Reason, ...], in_dialogue: bool) -> None:
        # A refusal in the dialogue becomes a bounce, to whoever was written in the envelope: not
        # for an address that is forged as far as we know.
        if in_dialogue and self.found is not Verdict.FAIL:
            self.row.detail = SAID
        else:
            self._tell(NoticeKind.REFUSED_AUTHOR, reasons)

    def _tell(self, kind: NoticeKind, reasons: tuple[Reason, ...]) -> None:
        tell_author(self.session, kind, self.mailing_list, self.submission, reasons, self.now)


def _record(row: Incoming, disposition: Disposition) -> None:
    match disposition:
        case Posted(post_id, _):
            row.state, row.post_id = IncomingState.POSTED, post_id
        case Duplicate(post_id):
            row.state, row.post_id = IncomingState.DUPLICATE, post_id
        case Held(_, reasons):
            row.state, row.reasons = IncomingState.HELD, [str(one) for one in reasons]
        case Rejected(reasons):
            row.state, row.reasons = IncomingState.REJECTED, [str(one) for one in reasons]
        case Discarded(reasons):
            row.state, row.reasons = IncomingState.DISCARDED, [str(one) for one in reasons]
