"""One mail a day of all that awaits a moderator, held or reported, for those who chose that."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from forum.domain.days import day_in_words
from forum.domain.digest_schedule import Rhythm, last_slot, time_zone
from forum.operations.notices import NoticeKind, notify
from forum.storage.archive import Post, PostState
from forum.storage.curation import PostReport
from forum.storage.lists import MailingList, RoleGrant, RoleName
from forum.storage.mail import HeldMessage, HeldState
from forum.storage.people import Account, HeldMail
from mailbridge.reasons import in_words

HOUR: Final = 6
"""By the clocks of the moderator's own time zone."""

SHOWN: Final = 50
WIDTH: Final = 72

_NO_SUBJECT: Final = {"fr": "(sans objet)", "en": "(no subject)", "es": "(sin asunto)"}
_REPORTED: Final = {
    "fr": "Une personne a signalé ce message :",
    "en": "A reader reported this post:",
    "es": "Una persona ha denunciado este mensaje:",
}
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
        rows = _rows(session, account)
        if rows:
            _notify(session, account, rows, now)
            made += 1
    session.flush()
    return made


def _rows(session: Session, account: Account) -> list[str]:
    """What waits for an account, the oldest first."""
    here = _of_account(session, account)
    waiting = [(one.held_at, _held_row(one, account)) for one in _held(session, here)]
    waiting += [(one.reported_at, _report_row(one, account)) for one in _reports(session, here)]
    return [row for _since, row in sorted(waiting)]


def _of_account(session: Session, account: Account) -> list[int]:
    """The lists an account is told of: its own, and for administrators those nobody runs."""
    in_charge = RoleGrant.role.in_(_IN_CHARGE)
    own = select(RoleGrant.mailing_list_id).where(RoleGrant.account_id == account.id, in_charge)
    here: ColumnElement[bool] = MailingList.id.in_(own)
    if account.is_admin:
        run = select(RoleGrant.mailing_list_id).where(in_charge)
        here |= MailingList.id.not_in(run)
    return list(session.scalars(select(MailingList.id).where(here)))


def _held(session: Session, here: Collection[int]) -> Sequence[HeldMessage]:
    return session.scalars(
        select(HeldMessage)
        .where(HeldMessage.state == HeldState.HELD, HeldMessage.mailing_list_id.in_(here))
        .options(joinedload(HeldMessage.mailing_list))
    ).all()


def _reports(session: Session, here: Collection[int]) -> Sequence[PostReport]:
    return session.scalars(
        select(PostReport)
        .join(Post, Post.id == PostReport.post_id)
        .where(
            PostReport.settled_at.is_(None),
            Post.mailing_list_id.in_(here),
            Post.state != PostState.REMOVED,
        )
        .options(joinedload(PostReport.post).joinedload(Post.mailing_list))
    ).all()


def _notify(session: Session, account: Account, waiting: Sequence[str], now: datetime) -> None:
    rows = "\n".join(waiting[:SHOWN])
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


def _held_row(held: HeldMessage, account: Account) -> str:
    author = f"{held.author_name} <{held.author_email}>".strip()
    why = in_words(held.reasons, account.language)
    return _row(account, held.subject, author, held.mailing_list, held.held_at, why)


def _report_row(found: PostReport, account: Account) -> str:
    post, why = found.post, f"{_REPORTED[account.language]} {found.reason}"
    return _row(account, post.subject, post.author_name, post.mailing_list, found.reported_at, why)


def _row(
    account: Account,
    subject: str,
    author: str,
    mailing_list: MailingList,
    since: datetime,
    why: str,
) -> str:
    """Subject, author, list and day, reasons; a line or more each."""
    language = account.language
    day = since.astimezone(time_zone(account.time_zone))
    lines = (
        subject or _NO_SUBJECT[language],
        author,
        f"{mailing_list.title(language)}, {day_in_words(day, language)}",
        why,
    )
    shown: list[str] = []
    for number, line in enumerate(lines):
        first = "  " if number else "- "
        # A subject may be of any length.
        wrapped = textwrap.wrap(line[:300], WIDTH, initial_indent=first, subsequent_indent="  ")
        shown += wrapped
    return "\n".join(shown) + "\n"
