"""Learning what an outside list puts around texts, and showing earlier posts without it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from forum.domain import digest
from forum.domain.mirroring import Outside, leading_prefix, prefix_key
from forum.domain.mirroring_echo import Around
from forum.domain.mirroring_lines import (
    KEY_LENGTH,
    MAX_TAIL,
    NO_LONGER,
    Evidence,
    Place,
    candidates,
    is_learned,
    line_key,
)
from forum.domain.values import Submission
from forum.operations.deriving import basis_of, derive, differs, write
from forum.operations.mirroring import Known, post_mark
from forum.operations.threading import rethread
from forum.operations.threads import refresh_summaries
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mirror import MirrorLine, MirrorState

REMEMBERED: Final = 50
"""Messages after which a line that stood in one alone is forgotten."""
CHANCE: Final = 4 * REMEMBERED
"""Messages within which a line that seemed the list's may turn out to be chance."""
AUTHORS_KEPT: Final = 6

DERIVED_AT_ONCE: Final = 20
"""Posts that are derived again in one transaction."""


def learn(
    session: Session,
    mailing_list: MailingList,
    outside: Outside,
    submission: Submission,
    now: datetime,
    *,
    subject: str,
) -> None:
    """Count the lines and the prefix of a message that came by way of the outside list.

    Args:
        subject: As the message has it.
    """
    state = _state(session, mailing_list)
    state.messages += 1
    head, tail = candidates(submission.text)
    prefix = leading_prefix(subject)
    places = {Place.HEAD: head, Place.TAIL: tail}
    places[Place.PREFIX] = {prefix_key(prefix): prefix.strip()} if prefix else {}
    author = submission.author.key or submission.author.name
    news = False
    for place, found in places.items():
        for row in _rows(session, mailing_list, place, found, state.messages):
            row.messages += 1
            if author not in row.authors and len(row.authors) < AUTHORS_KEPT:
                row.authors = [*row.authors, author]
            seen = Evidence(row.messages, len(row.authors), state.messages - row.first_number + 1)
            if row.learned_at is None and is_learned(place, row.shown, seen, outside):
                row.learned_at = now
                news = True
    if state.messages % REMEMBERED == 0:
        news = _forget(session, mailing_list, state.messages) or news
    if news:
        state.derive_after = 0
    session.flush()


def learn_from_echo(
    session: Session, mailing_list: MailingList, known: Known, subject: str, now: datetime
) -> bool:
    """Take what stands around a text of our own that came back for the list's: nobody else's is.

    Args:
        subject: As it came back.

    Returns:
        Whether any of it is news.
    """
    news = False
    post = session.get_one(Post, known.post_id)
    state = _state(session, mailing_list)
    places = {
        Place.HEAD: {line_key(line): line.strip() for line in known.around.head},
        Place.TAIL: {line_key(line): line.strip() for line in known.around.tail},
        Place.PREFIX: _added_prefix(post.subject, subject),
    }
    for place, found in places.items():
        found.pop("", None)
        for row in _rows(session, mailing_list, place, found, state.messages):
            row.is_certain = True
            if row.learned_at is None:
                row.learned_at = now
                state.derive_after = 0
                news = True
    session.flush()
    return news


def note_unsure(session: Session, mailing_list: MailingList, post_id: int, found: Around) -> None:
    """Remember what stood around a text of ours that is held: around another, it is the list's."""
    state = _state(session, mailing_list)
    for place, lines in ((Place.HEAD, found.head), (Place.TAIL, found.tail)):
        keys = {line_key(line): line.strip()[:KEY_LENGTH] for line in lines[:MAX_TAIL]}
        keys.pop("", None)
        for row in _rows(session, mailing_list, place, keys, state.messages):
            if len(row.authors) < AUTHORS_KEPT and post_mark(post_id) not in row.authors:
                row.authors = [*row.authors, post_mark(post_id)]
    session.flush()


def unlearn(session: Session, line: MirrorLine) -> None:
    """Let a line be text again: a moderator says that it is nobody's but its authors'."""
    line.learned_at, line.is_certain = None, False
    line.messages, line.authors = 0, []
    state = session.get(MirrorState, line.mailing_list_id)
    if state is not None:
        line.first_number = state.messages + 1
        state.derive_after = 0
    session.flush()


def derive_some(session: Session, now: datetime) -> int:
    """Derive some posts again whose list was learned more about; gives how many were looked at."""
    state = session.scalar(
        select(MirrorState)
        .where(MirrorState.derive_after.is_not(None))
        .order_by(MirrorState.mailing_list_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if state is None or state.derive_after is None:
        return 0
    rows = session.scalars(
        select(Post)
        .where(Post.mailing_list_id == state.mailing_list_id, Post.id > state.derive_after)
        .order_by(Post.id)
        .limit(DERIVED_AT_ONCE)
    ).all()
    touched: set[int] = set()
    for row in rows:
        if _derive_again(session, row, now):
            touched.add(row.thread_id)
    if touched:
        mailing_list = session.get_one(MailingList, state.mailing_list_id)
        refresh_summaries(session, rethread(session, mailing_list, touched, now))
    state.derive_after = rows[-1].id if len(rows) == DERIVED_AT_ONCE else None
    session.flush()
    return max(1, len(rows))


def _derive_again(session: Session, row: Post, now: datetime) -> bool:
    basis = basis_of(session, row)
    if basis is None:
        return False
    derived = derive(basis)
    if not differs(row, derived):
        return False
    write(session, row, derived, now)
    return True


def _state(session: Session, mailing_list: MailingList) -> MirrorState:
    found = session.get(MirrorState, mailing_list.id)
    if found is None:
        found = MirrorState(mailing_list_id=mailing_list.id, messages=0, derive_after=None)
        session.add(found)
        session.flush()
    return found


def _rows(
    session: Session, mailing_list: MailingList, place: Place, found: dict[str, str], number: int
) -> list[MirrorLine]:
    """The rows of lines, made where they are new."""
    if not found:
        return []
    rows = list(
        session.scalars(
            select(MirrorLine).where(
                MirrorLine.mailing_list_id == mailing_list.id,
                MirrorLine.place == place,
                MirrorLine.key.in_(found),
            )
        )
    )
    for key in found.keys() - {row.key for row in rows}:
        row = MirrorLine(
            mailing_list_id=mailing_list.id,
            place=place,
            key=key,
            shown=found[key],
            messages=0,
            authors=[],
            first_number=number,
            is_certain=False,
        )
        session.add(row)
        rows.append(row)
    return rows


def _forget(session: Session, mailing_list: MailingList, number: int) -> bool:
    """Drop what stood in one message alone, and what no longer stands in most."""
    session.execute(
        delete(MirrorLine).where(
            MirrorLine.mailing_list_id == mailing_list.id,
            MirrorLine.learned_at.is_(None),
            MirrorLine.messages <= 1,
            MirrorLine.first_number < number - REMEMBERED,
        )
    )
    news = False
    learned = select(MirrorLine).where(
        MirrorLine.mailing_list_id == mailing_list.id,
        MirrorLine.learned_at.is_not(None),
        MirrorLine.is_certain.is_(False),
    )
    for row in session.scalars(learned):
        since = number - row.first_number + 1
        # What the list wrote for years stays its own in the posts of those years.
        if row.messages < NO_LONGER * since and since <= CHANCE:
            row.learned_at = None
            news = True
    return news


def _added_prefix(ours: str, theirs: str) -> dict[str, str]:
    """What stands before a subject that came back and did not when it went out."""
    prefix = leading_prefix(theirs)
    same = digest.base_of(ours) == digest.base_of(theirs) or theirs.endswith(ours)
    if not prefix or not same or leading_prefix(ours) == prefix:
        return {}
    return {prefix_key(prefix): prefix.strip()}
