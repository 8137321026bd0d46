"""Authors of imported messages, a batch at a time: as `accounts.ensure_author` makes them known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forum.domain.values import Submission
from forum.operations.gathering import chunks
from forum.operations.importing_rows import insert_numbered
from forum.storage.archive import Post
from forum.storage.bulk import insert_rows
from forum.storage.people import Account, Address, Author


@dataclass(slots=True)
class _Person:
    name: str
    named_at: datetime | None
    has_account: bool
    changed: bool = False

    def learn(self, name: str, date: datetime) -> None:
        """Take the name from the newest mail, unless they chose one themselves."""
        newer = self.named_at is None or date > self.named_at
        if name and (not self.name or (newer and not self.has_account)):
            self.name, self.named_at, self.changed = name, date, True


def email_key(submission: Submission) -> str:
    """The address by which an author is known; a row of its own by name where there is none."""
    return submission.author.key or f"unknown:{submission.author.name.strip().lower()}"


class People:
    """Makes authors known."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def of_batch(self, submissions: Sequence[Submission]) -> list[int]:
        """The author of each message; new ones are made, names taken from the newest mail."""
        emails = [email_key(submission) for submission in submissions]
        ids, people = self._known(set(emails))
        new: dict[str, _Person] = {}
        for email, submission in zip(emails, submissions, strict=True):
            person = people[ids[email]] if email in ids else new.get(email)
            if person is None:
                person = new[email] = _Person("", None, False)
            person.learn(submission.author.name.strip(), submission.date)
        self._rename({author_id: one for author_id, one in people.items() if one.changed})
        ids |= self._create(new)
        return [ids[email] for email in emails]

    def newest_languages(self, emails: Iterable[str]) -> dict[str, tuple[datetime, str]]:
        """The date and language of the newest post of each author, by address."""
        found: dict[str, tuple[datetime, str]] = {}
        for email in emails:
            row = self.session.execute(
                select(Post.date, Post.language)
                .join(Address, Address.author_id == Post.author_id)
                .where(Address.email == email)
                .order_by(Post.date.desc())
                .limit(1)
            ).first()
            if row is not None:
                found[email] = (row.date, row.language)
        return found

    def _known(self, emails: set[str]) -> tuple[dict[str, int], dict[int, _Person]]:
        ids: dict[str, int] = {}
        people: dict[int, _Person] = {}
        for some in chunks(sorted(emails)):
            rows = self.session.execute(
                select(Address.email, Author.id, Author.name, Author.named_at, Account.id)
                .join(Author, Author.id == Address.author_id)
                .outerjoin(Account, Account.author_id == Author.id)
                .where(Address.email.in_(some))
            )
            for email, author_id, name, named_at, account_id in rows:
                ids[email] = author_id
                people.setdefault(author_id, _Person(name, named_at, account_id is not None))
        return ids, people

    def _rename(self, people: dict[int, _Person]) -> None:
        rows: list[dict[str, Any]] = [
            {"id": author_id, "name": one.name, "named_at": one.named_at}
            for author_id, one in people.items()
        ]
        if rows:
            self.session.execute(update(Author), rows)

    def _create(self, new: dict[str, _Person]) -> dict[str, int]:
        if not new:
            return {}
        named = [{"name": one.name, "named_at": one.named_at} for one in new.values()]
        author_ids = insert_numbered(self.session, Author, named)
        ids = dict(zip(new, author_ids, strict=True))
        insert_rows(
            self.session,
            Address,
            [{"email": email, "author_id": author_id} for email, author_id in ids.items()],
        )
        return ids
