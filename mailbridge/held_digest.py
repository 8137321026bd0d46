"""One mail a day of all that awaits a moderator, for those who chose that."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from forum.domain.days import day_in_words
from forum.domain.digest_schedule import Rhythm, last_slot, time_zone
from forum.operations.notices import NoticeKind, notify
from forum.storage.lists import RoleGrant, RoleName
from forum.storage.mail import HeldMessage, HeldState
from forum.storage.people import Account, HeldMail
from mailbridge.reasons import in_words

HOUR: Final = 6
"""By the clocks of the moderator's own time zone."""

SHOWN: Final = 50
WIDTH: Final = 72

_NO_SUBJECT: Final = {"fr": "(sans objet)", "en": "(no subject)", "es": "(sin asunto)"}
_IN_CHARGE: Final = (RoleName.MODERATOR, RoleName.OWNER)


def queue_held_digests(session: Session, now: datetime) -> int:
    """Queue the mail of each moderator for whom it has become due; gives their number.

    Where nothing waits there is no mail, and what comes in later waits for the next day's.
    """
    made = 0
    # Locked and read anew: two workers tell nobody twice.
    query = (
        select(Account)
        .where(Account.held_mail == HeldMail.DAILY)
        .with_for_update(skip_locked=True, key_share=True, of=Account)
        .execution_options(populate_existing=True)
    )
    for account in session.scalars(query).all():
        slot = last_slot(Rhythm.DAILY, now, account.time_zone, HOUR)
        if account.held_told_at is not None and account.held_told_at >= slot:
            continue
        account.held_told_at = now
        waiting = _waiting(session, account)
        if waiting:
            _notify(session, account, waiting, now)
            made += 1
    session.flush()
    return made


def _waiting(session: Session, account: Account) -> Sequence[HeldMessage]:
    """What an account is told of: its own lists', and for administrators those nobody runs."""
    in_charge = RoleGrant.role.in_(_IN_CHARGE)
    own = select(RoleGrant.mailing_list_id).where(RoleGrant.account_id == account.id, in_charge)
    here: ColumnElement[bool] = HeldMessage.mailing_list_id.in_(own)
    if account.is_admin:
        run = select(RoleGrant.mailing_list_id).where(in_charge)
        here |= HeldMessage.mailing_list_id.not_in(run)
    return session.scalars(
        select(HeldMessage)
        .where(HeldMessage.state == HeldState.HELD, here)
        .options(joinedload(HeldMessage.mailing_list))
        .order_by(HeldMessage.held_at, HeldMessage.id)
    ).all()


def _notify(
    session: Session, account: Account, waiting: Sequence[HeldMessage], now: datetime
) -> None:
    rows = "\n".join(_row(held, account) for held in waiting[:SHOWN])
    if len(waiting) > SHOWN:
        rows += "\n[…]\n"
    notify(
        session,
        NoticeKind.HELD_DIGEST,
        account.email,
        account.language,
        now,
        number=str(len(waiting)),
        rows=rows,
    )


def _row(held: HeldMessage, account: Account) -> str:
    """Subject, author, list and day, reasons; a line or more each."""
    language = account.language
    day = held.held_at.astimezone(time_zone(account.time_zone))
    lines = (
        held.subject or _NO_SUBJECT[language],
        f"{held.author_name} <{held.author_email}>".strip(),
        f"{held.mailing_list.title(language)}, {day_in_words(day, language)}",
        in_words(held.reasons, language),
    )
    shown: list[str] = []
    for number, line in enumerate(lines):
        first = "  " if number else "- "
        # A subject may be of any length.
        wrapped = textwrap.wrap(line[:300], WIDTH, initial_indent=first, subsequent_indent="  ")
        shown += wrapped
    return "\n".join(shown) + "\n"
