"""The calendar of topics: what a list talks about from one day to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import JSON, ForeignKey, Select, UniqueConstraint, bindparam, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from forum.storage.archive import Thread
from forum.storage.base import Base, Key, Short
from forum.storage.browsing import SHOWN, read_columns
from forum.storage.lists import MailingList


class Topic(Base):
    """A topic that a list announces; threads belong to it by its tag."""

    __tablename__ = "topic"
    __table_args__ = (UniqueConstraint("mailing_list_id", "tag_key"),)

    id: Mapped[Key]
    mailing_list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id", ondelete="CASCADE"))
    tag: Mapped[Short]
    """As threads bear it: lower case."""
    tag_key: Mapped[Short]
    """What subjects are compared with (`forum.domain.topics.tag_key`)."""
    titles: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """By language, each of the three."""
    products: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """What is to come of it, by language; where there is none, another language's stands."""
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    """The last day, by the clocks of the list."""
    remind_days: Mapped[int] = mapped_column(default=7)
    """How long before the end subscribers are reminded; 0: never."""
    reminded_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]

    mailing_list: Mapped[MailingList] = relationship()


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic as pages show it."""

    id: int
    tag: str
    titles: dict[str, str]
    products: dict[str, str]
    starts_on: date
    ends_on: date
    changed_at: datetime

    def title(self, language: str) -> str:
        """The title in a language, or in another one."""
        return in_language(self.titles, language)

    def product(self, language: str) -> str:
        """What is to come of it, in a language or in another one."""
        return in_language(self.products, language)

    def is_open(self, today: date) -> bool:
        """Whether it is talked about on a day."""
        return self.starts_on <= today <= self.ends_on


def in_language(texts: dict[str, str], language: str) -> str:
    """A topic's words in a language, or in another one that has some."""
    return texts.get(language) or next(filter(None, texts.values()), "")


@cache
def _topics_query() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Topic.id, Topic.tag, Topic.titles, Topic.products, Topic.starts_on, Topic.ends_on,
            Topic.changed_at,
        )
        .where(Topic.mailing_list_id == bindparam("mailing_list"))
        .order_by(Topic.starts_on, Topic.ends_on, Topic.id)
    )  # fmt: skip


def topics_of(session: Session, mailing_list_id: int) -> list[TopicRow]:
    """All topics of a list by their days, in one query."""
    rows = read_columns(session, _topics_query(), mailing_list=mailing_list_id)
    return [TopicRow(*row) for row in rows]


def topic_row(session: Session, mailing_list_id: int, topic_id: int) -> Topic | None:
    """A topic of a list."""
    return session.scalar(
        select(Topic).where(Topic.id == topic_id, Topic.mailing_list_id == mailing_list_id)
    )


def topic_by_key(session: Session, mailing_list_id: int, tag_key: str) -> Topic | None:
    """The topic of a list whose tag is read as this key."""
    return session.scalar(
        select(Topic).where(Topic.mailing_list_id == mailing_list_id, Topic.tag_key == tag_key)
    )


def tags_by_key(session: Session, mailing_list_id: int, keys: Collection[str]) -> dict[str, str]:
    """The tags of those topics of a list whose keys are among these, by key."""
    rows = session.execute(
        select(Topic.tag_key, Topic.tag).where(
            Topic.mailing_list_id == mailing_list_id, Topic.tag_key.in_(sorted(keys))
        )
    )
    return {row.tag_key: row.tag for row in rows}


def has_topics(session: Session, mailing_list_id: int) -> bool:
    """Whether a list announces any topic."""
    wanted = select(Topic.id).where(Topic.mailing_list_id == mailing_list_id).limit(1)
    return session.scalar(wanted) is not None


def threads_by_tag(session: Session, mailing_list_id: int, tags: Sequence[str]) -> Counter[str]:
    """How many shown threads of a list bear each of these tags."""
    rows = session.execute(
        select(Thread.tags, func.count(Thread.id))
        .where(Thread.mailing_list_id == mailing_list_id, Thread.tags != "", SHOWN)
        .group_by(Thread.tags)
    )
    found: Counter[str] = Counter()
    for text, number in rows:
        for tag in set(text.split(",")) & set(tags):
            found[tag] += number
    return found
