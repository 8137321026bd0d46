"""What short and unmarked texts are read by: the message answered, its language, the author's."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.mirroring import Outside
from forum.domain.preparing import Shown, show
from forum.domain.values import Submission
from forum.operations.importing_people import People, email_key
from forum.storage.archive import MessageLink, Post, PostSegment
from forum.storage.base import reading

KEPT: Final = 4_000_000
"""Characters of earlier texts that are held in memory; older ones are read from the database."""

_NEAREST: Final = 3


class Context:
    """Texts and languages of the messages that came before, of one list."""

    def __init__(self, session: Session, list_id: int, outside: Outside | None) -> None:
        self.session = session
        self.list_id = list_id
        self.outside = outside
        self.people = People(session)
        self.texts: OrderedDict[str, str] = OrderedDict()
        self.size = 0
        self.languages: dict[str, str] = {}
        self.newest: dict[str, tuple[datetime, str]] = {}

    def parent_texts(self, submissions: Sequence[Submission]) -> list[str | None]:
        """The text of the message that each answers, where that came before; remembers theirs."""
        asked = [_answered(submission) for submission in submissions]
        own = {submission.message_id for submission in submissions}
        unknown = {ids[0] for ids in asked if ids and ids[0] not in self.texts} - own
        stored = self._from_database(unknown)
        found: list[str | None] = []
        for submission, ids in zip(submissions, asked, strict=True):
            texts = (self.texts.get(one) or stored.get(one) for one in ids)
            found.append(next((text for text in texts if text), None))
            if submission.message_id:
                self._remember(submission.message_id, submission.text)
        return found

    def settled(self, submission: Submission, shown: Shown, parent_text: str | None) -> Shown:
        """A text with the language it follows, where it is too short to tell; remembers it."""
        email = email_key(submission)
        if shown.follows:
            inherited = self._inherited(submission, email)
            if inherited:
                shown = show(
                    submission.text,
                    submission.text_format,
                    submission.declared_language,
                    parent_text,
                    inherited,
                    self.outside,
                )
        if submission.message_id and submission.message_id in self.texts:
            self.languages[submission.message_id] = shown.language
        newest = self.newest.get(email)
        if newest is None or submission.date >= newest[0]:
            self.newest[email] = (submission.date, shown.language)
        return shown

    def _inherited(self, submission: Submission, email: str) -> list[str]:
        found: list[str] = []
        ids = _answered(submission)
        parent = next((self.languages[one] for one in ids if one in self.languages), None)
        with reading():
            if parent is None and ids:
                parent = self.session.scalar(
                    select(Post.language)
                    .join(MessageLink, MessageLink.post_id == Post.id)
                    .where(
                        MessageLink.mailing_list_id == self.list_id,
                        MessageLink.message_id == ids[0],
                    )
                )
            if email not in self.newest:
                self.newest |= self.people.newest_languages([email])
            self.session.rollback()
        if parent:
            found.append(parent)
        if email in self.newest:
            found.append(self.newest[email][1])
        return found

    def _from_database(self, message_ids: Iterable[str]) -> dict[str, str]:
        wanted = sorted(message_ids)
        if not wanted:
            return {}
        found: dict[str, list[str]] = {}
        with reading():
            rows = self.session.execute(
                select(MessageLink.message_id, PostSegment.text)
                .join(PostSegment, PostSegment.post_id == MessageLink.post_id)
                .where(
                    MessageLink.mailing_list_id == self.list_id,
                    MessageLink.message_id.in_(wanted),
                )
                .order_by(MessageLink.message_id, PostSegment.position)
            )
            for message_id, text in rows:
                found.setdefault(message_id, []).append(text)
            self.session.rollback()
        return {message_id: "\n".join(texts) for message_id, texts in found.items()}

    def _remember(self, message_id: str, text: str) -> None:
        if message_id in self.texts or len(text) > KEPT // 10:
            return
        self.texts[message_id] = text
        self.size += len(text)
        while self.size > KEPT:
            oldest, dropped = self.texts.popitem(last=False)
            self.size -= len(dropped)
            self.languages.pop(oldest, None)


def _answered(submission: Submission) -> list[str]:
    """The ids that a message answers, the nearest first."""
    return list(submission.parents[::-1][:_NEAREST])
