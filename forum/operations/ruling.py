"""What moderators and owners lay down: a list's rules, its reasons, and how a person is met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from forum.domain.rejections import CHARACTERS, MOST, STANDARD
from forum.domain.rules import ListRules, PersonFlag
from forum.domain.rules.words import PATTERN_CHARACTERS, PATTERNS, parts_of
from forum.domain.values import LANGUAGES
from forum.operations.audit import record
from forum.storage.lists import MailingList
from forum.storage.people import Account
from forum.storage.rules import RejectionText, RuleSet, SenderFlag, rules_of

# How the columns keep what is a tuple in the rules.
_STORED: Final[Mapping[str, Callable[[Iterable[str]], object]]] = {
    "words": list,
    "languages": ",".join,
}


_STRICTNESS: Final = (PersonFlag.ACCEPT, PersonFlag.HOLD, PersonFlag.BANNED)


class RuleError(ValueError):
    """A rule that cannot be; the text says why."""


def set_rules(
    session: Session,
    mailing_list: MailingList,
    rules: ListRules,
    now: datetime,
    *,
    account: Account | None = None,
) -> tuple[str, ...]:
    """Put rules in the place of a list's own; gives the names of what changed.

    Raises:
        RuleError: a word without letters, or too many words.
    """
    _check_words(rules.words)
    before = rules_of(session, mailing_list.id)
    names = _changed(before, rules)
    if not names:
        return ()
    row = session.get(RuleSet, mailing_list.id)
    if row is None:
        row = RuleSet(mailing_list_id=mailing_list.id)
        session.add(row)
    for name in ListRules.__slots__:
        value = getattr(rules, name)
        setattr(row, name, _STORED[name](value) if name in _STORED else value)
    # The words themselves may be what nobody wants to read again.
    told = {name: getattr(rules, name) for name in names if name not in ("words", "languages")}
    record(
        session, "rules", f"list {mailing_list.slug}", now,
        account=account, mailing_list=mailing_list, changed=list(names), **told,
    )  # fmt: skip
    session.flush()
    return names


def _changed(before: ListRules, after: ListRules) -> tuple[str, ...]:
    return tuple(
        name for name in ListRules.__slots__ if getattr(before, name) != getattr(after, name)
    )


def _check_words(words: Sequence[str]) -> None:
    if len(words) > PATTERNS:
        raise RuleError(f"at most {PATTERNS} words or phrases")
    for word in words:
        if not parts_of(word) or len(word) > PATTERN_CHARACTERS:
            raise RuleError(f"{word[:40]!r} is no word or phrase")


def flag_sender(
    session: Session,
    author_id: int,
    flag: PersonFlag,
    now: datetime,
    *,
    mailing_list: MailingList | None,
    account: Account | None = None,
    until: datetime | None = None,
    reason: str = "",
) -> SenderFlag:
    """Lay down how a person's messages are met from now on.

    Args:
        mailing_list: None: on every list of the site.
        until: When it ends by itself; None: for good.
    """
    row = _flag(session, author_id, mailing_list)
    if row is None:
        row = SenderFlag(
            mailing_list_id=mailing_list.id if mailing_list else None, author_id=author_id
        )
        session.add(row)
    row.flag, row.until, row.reason, row.set_at = flag, until, reason, now
    row.set_by_id = account.id if account else None
    record(
        session, "flag", f"person {author_id}", now, account=account, mailing_list=mailing_list,
        flag=str(flag), until=until.isoformat() if until else None, reason=reason,
    )  # fmt: skip
    session.flush()
    return row


def lift_flag(
    session: Session,
    author_id: int,
    now: datetime,
    *,
    mailing_list: MailingList | None,
    account: Account | None = None,
) -> bool:
    """Meet a person like everybody again; gives whether there was anything to lift."""
    row = _flag(session, author_id, mailing_list)
    if row is None:
        return False
    record(
        session, "unflag", f"person {author_id}", now, account=account,
        mailing_list=mailing_list, flag=row.flag,
    )  # fmt: skip
    session.delete(row)
    session.flush()
    return True


def carry_flags(
    session: Session, before: int, after: int, now: datetime, *, keep: bool = False
) -> None:
    """Let what was decided about a person hold for another who turns out to be the same.

    Of two decisions for one list the stricter one holds, and of two alike the one that ends later.

    Args:
        before: The author that the decisions are on.
        after: The one whose address it is.
        keep: Whether the first goes on being somebody, with other addresses.
    """
    for row in session.scalars(select(SenderFlag).where(SenderFlag.author_id == before)).all():
        standing = _flag(session, after, row.mailing_list)
        if standing is None or _weight(row, now) > _weight(standing, now):
            flag_sender(
                session, after, PersonFlag(row.flag), now, mailing_list=row.mailing_list,
                account=row.set_by, until=row.until, reason=row.reason,
            )  # fmt: skip
        if not keep:
            session.delete(row)
    session.flush()


def _weight(row: SenderFlag, now: datetime) -> tuple[bool, int, bool, datetime]:
    holds = row.until is None or row.until > now
    return holds, _STRICTNESS.index(row.flag), row.until is None, row.until or now


def _flag(session: Session, author_id: int, mailing_list: MailingList | None) -> SenderFlag | None:
    where = (
        SenderFlag.mailing_list_id == mailing_list.id
        if mailing_list
        else SenderFlag.mailing_list_id.is_(None)
    )
    return session.scalar(select(SenderFlag).where(SenderFlag.author_id == author_id, where))


def flags_on(session: Session, mailing_list: MailingList, now: datetime) -> list[SenderFlag]:
    """What was laid down about people on one list and has not ended, newest first."""
    rows = session.scalars(
        select(SenderFlag)
        .where(
            SenderFlag.mailing_list_id == mailing_list.id,
            (SenderFlag.until.is_(None)) | (SenderFlag.until > now),
        )
        .order_by(SenderFlag.set_at.desc(), SenderFlag.id.desc())
    )
    return list(rows)


def rejection_texts(session: Session, mailing_list_id: int) -> list[Mapping[str, str]]:
    """The reasons that moderators of a list can choose: its own, else those that everybody has."""
    own = session.scalars(
        select(RejectionText.texts)
        .where(RejectionText.mailing_list_id == mailing_list_id)
        .order_by(RejectionText.position)
    ).all()
    return list(own) or list(STANDARD)


def set_rejection_texts(
    session: Session,
    mailing_list: MailingList,
    texts: Sequence[Mapping[str, str]],
    now: datetime,
    *,
    account: Account | None = None,
) -> None:
    """Put reasons in the place of a list's own; none brings the standard ones back.

    Raises:
        RuleError: too many, too long, or one that a language lacks.
    """
    if len(texts) > MOST:
        raise RuleError(f"at most {MOST} reasons")
    for one in texts:
        if any(not 0 < len(one.get(code, "").strip()) <= CHARACTERS for code in LANGUAGES):
            raise RuleError(
                f"a reason needs a text in each language, up to {CHARACTERS} characters"
            )
    session.execute(delete(RejectionText).where(RejectionText.mailing_list_id == mailing_list.id))
    own = [] if [dict(one) for one in texts] == [dict(one) for one in STANDARD] else texts
    session.add_all(
        RejectionText(
            mailing_list_id=mailing_list.id,
            position=position,
            texts={code: one[code].strip() for code in LANGUAGES},
        )
        for position, one in enumerate(own)
    )
    record(
        session, "reasons", f"list {mailing_list.slug}", now,
        account=account, mailing_list=mailing_list, number=len(own),
    )  # fmt: skip
    session.flush()
