"""What a thread is called and tagged, whether it is pinned, and whether it takes answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from forum.domain.curation import LABELS, TAGS_OF_A_THREAD, Refusal, tags_of
from forum.operations.curation import (
    Refused,
    index_again,
    keep_decision,
    locked_list,
    posts_of_thread,
)
from forum.storage.archive import Thread, ThreadState
from forum.storage.audit import AuditEntry
from forum.storage.curation import Aspect, CurationDecision
from forum.storage.people import Account

SUBJECT_CHARACTERS: Final = 250


def retitle(
    session: Session,
    thread: Thread,
    subject: str,
    now: datetime,
    account: Account | None = None,
    *,
    titles: Mapping[str, str] | None = None,
) -> AuditEntry:
    """Call a thread something else; its posts keep their subjects.

    Args:
        subject: For all readers; empty keeps what stands.
        titles: By interface language, stronger than the subject; an empty one is taken away.
            None keeps what stands.

    Raises:
        Refused: nothing would change, or no subject would be left.
    """
    shown = " ".join(subject.split())[:SUBJECT_CHARACTERS] or thread.subject
    kept = dict(thread.titles)
    for language, title in (titles or {}).items():
        kept[language] = " ".join(title.split())[:SUBJECT_CHARACTERS]
    kept = {language: title for language, title in kept.items() if title}
    if not shown and not kept:
        raise Refused(Refusal.NO_SUBJECT, thread.id)
    entry = _change(
        session, thread, "retitle", now, account, Aspect.SUBJECT, subject=shown, titles=kept
    )
    # The first post is found by what its thread is called, too.
    index_again(session, posts_of_thread(session, thread.id)[:1], now)
    return entry


def pin(
    session: Session, thread: Thread, now: datetime, account: Account | None = None
) -> AuditEntry:
    """Keep a thread at the head of its list.

    Raises:
        Refused: it is pinned already.
    """
    return _change(session, thread, "pin", now, account, Aspect.PINNED, pinned=True)


def unpin(
    session: Session, thread: Thread, now: datetime, account: Account | None = None
) -> AuditEntry:
    """Let a thread take its place by date again.

    Raises:
        Refused: it is not pinned.
    """
    return _change(session, thread, "unpin", now, account, Aspect.PINNED, pinned=False)


def close(
    session: Session, thread: Thread, now: datetime, account: Account | None = None
) -> AuditEntry:
    """Let a thread take no more answers.

    Raises:
        Refused: it is closed already.
    """
    state = str(ThreadState.CLOSED)
    return _change(session, thread, "close", now, account, Aspect.OPEN, state=state)


def reopen(
    session: Session, thread: Thread, now: datetime, account: Account | None = None
) -> AuditEntry:
    """Let a closed thread take answers again.

    Raises:
        Refused: it is open.
    """
    state = str(ThreadState.OPEN)
    return _change(session, thread, "reopen", now, account, Aspect.OPEN, state=state)


def tag(
    session: Session, thread: Thread, text: str, now: datetime, account: Account | None = None
) -> AuditEntry:
    """Add tags to a thread.

    Args:
        text: With commas between them.

    Raises:
        Refused: one cannot be a tag, there would be too many, or it bears all of them.
    """
    wanted = {*_split(thread.tags), *_tags(text)}
    return _set_tags(session, thread, "tag", wanted, now, account)


def untag(
    session: Session, thread: Thread, text: str, now: datetime, account: Account | None = None
) -> AuditEntry:
    """Take tags off a thread.

    Raises:
        Refused: it bears none of them.
    """
    wanted = {*_split(thread.tags)} - {*_tags(text)}
    return _set_tags(session, thread, "untag", wanted, now, account)


def set_tags(
    session: Session, thread: Thread, text: str, now: datetime, account: Account | None = None
) -> AuditEntry:
    """Give a thread these tags and no others.

    Raises:
        Refused: one cannot be a tag, there would be too many, or nothing would change.
    """
    wanted = set(_tags(text))
    action = "tag" if wanted - set(_split(thread.tags)) else "untag"
    return _set_tags(session, thread, action, wanted, now, account)


def label(
    session: Session,
    thread: Thread,
    labels: Iterable[str],
    now: datetime,
    account: Account | None = None,
) -> AuditEntry:
    """Say what a thread is for, in the words of the method; no labels take them off.

    Raises:
        Refused: one is no label, or nothing would change.
    """
    wanted = {one.strip().lower() for one in labels} - {""}
    if not wanted <= set(LABELS):
        raise Refused(Refusal.BAD_LABEL, thread.id)
    text = ",".join(one for one in LABELS if one in wanted)
    return _change(session, thread, "label", now, account, Aspect.LABELS, labels=text)


def undo_change(session: Session, decision: CurationDecision, now: datetime) -> None:
    """Give a thread back what it had."""
    thread = session.get(Thread, decision.before["thread"])
    if thread is None:
        return
    for name, value in decision.before["values"].items():
        setattr(thread, name, value)
    if "tags" in decision.before["values"]:
        index_again(session, posts_of_thread(session, thread.id), now)
    if "subject" in decision.before["values"]:
        index_again(session, posts_of_thread(session, thread.id)[:1], now)
    session.flush()


def _tags(text: str) -> tuple[str, ...]:
    found = tags_of(text)
    if isinstance(found, Refusal):
        raise Refused(found)
    return found


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _set_tags(
    session: Session,
    thread: Thread,
    action: str,
    wanted: set[str],
    now: datetime,
    account: Account | None,
) -> AuditEntry:
    if len(wanted) > TAGS_OF_A_THREAD:
        raise Refused(Refusal.TOO_MANY_TAGS, thread.id)
    entry = _change(
        session, thread, action, now, account, Aspect.TAGS, tags=",".join(sorted(wanted))
    )
    index_again(session, posts_of_thread(session, thread.id), now)
    return entry


def _change(
    session: Session,
    thread: Thread,
    action: str,
    now: datetime,
    account: Account | None,
    aspect: Aspect,
    **values: Any,
) -> AuditEntry:
    mailing_list = locked_list(session, thread.mailing_list_id)
    before = {name: getattr(thread, name) for name in values}
    if before == values:
        raise Refused(Refusal.NOTHING_CHANGES, thread.id)
    for name, value in values.items():
        setattr(thread, name, value)
    return keep_decision(
        session, action, f"thread {thread.id}", now, account, mailing_list,
        touched={aspect: (thread.id,), Aspect.LINE: (thread.id,)},
        before={"thread": thread.id, "values": before},
        **{name: value for name, value in values.items() if name not in ("pinned", "state")},
    )  # fmt: skip
