"""A list's calendar of topics: kept by its moderators, and threads filed under it by their tag."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forum.domain.curation import TAGS_OF_A_THREAD, Refusal, tags_of
from forum.domain.topics import (
    LONGEST_REMINDER,
    MOST_TOPICS,
    PRODUCT_CHARACTERS,
    SENTENCES,
    TITLE_CHARACTERS,
    USUAL_REMINDER,
    TopicFault,
    is_reminder_due,
    tag_key,
    tags_in_subject,
)
from forum.domain.values import LANGUAGES
from forum.operations.curation import (
    Refused,
    index_again,
    keep_decision,
    latest_decision,
    posts_of_thread,
    unused_number,
)
from forum.operations.gathering import chunks
from forum.storage.archive import Post, Thread
from forum.storage.audit import AuditEntry
from forum.storage.curation import Aspect, CurationDecision
from forum.storage.lists import MailingList
from forum.storage.people import Account
from forum.storage.topics import Topic, has_topics, tags_by_key, topic_by_key


class TopicError(ValueError):
    """A topic that cannot be kept; nothing was changed."""

    def __init__(self, fault: TopicFault) -> None:
        self.fault = fault
        super().__init__(SENTENCES[fault])


@dataclass(frozen=True, slots=True)
class TopicFields:
    """A topic as people give it."""

    tag: str
    titles: Mapping[str, str]
    starts_on: date
    ends_on: date
    """The last day."""
    products: Mapping[str, str]
    remind_days: int = USUAL_REMINDER


def add_topic(
    session: Session,
    mailing_list: MailingList,
    fields: TopicFields,
    now: datetime,
    account: Account | None = None,
) -> Topic:
    """Announce a topic.

    Raises:
        TopicError: something about it is wrong, or there are too many.
    """
    count = select(func.count(Topic.id)).where(Topic.mailing_list_id == mailing_list.id)
    if (session.scalar(count) or 0) >= MOST_TOPICS:
        raise TopicError(TopicFault.MANY)
    number = unused_number(session, Topic.id, Aspect.TOPIC)
    row = Topic(id=number, mailing_list_id=mailing_list.id)
    _fill(session, mailing_list, row, fields, now)
    session.add(row)
    session.flush()
    _keep(session, "topic-add", mailing_list, row, now, account, None, _state(row))
    return row


def change_topic(
    session: Session,
    mailing_list: MailingList,
    row: Topic,
    fields: TopicFields,
    now: datetime,
    account: Account | None = None,
) -> None:
    """Change a topic; threads that bear an earlier tag of it keep that one.

    People are reminded again where the end, or the day of the reminder, is put off.

    Raises:
        TopicError: something about it is wrong; the topic is as before.
    """
    before = _state(row)
    _fill(session, mailing_list, row, fields, now)
    _forget_reminder(mailing_list, row, now)
    session.flush()
    _keep(session, "topic-edit", mailing_list, row, now, account, before, _state(row))


def remove_topic(
    session: Session,
    mailing_list: MailingList,
    row: Topic,
    now: datetime,
    account: Account | None = None,
) -> None:
    """Take a topic out of the calendar; its threads keep the tag."""
    _keep(session, "topic-remove", mailing_list, row, now, account, _state(row), None)
    session.delete(row)
    session.flush()


def undo_topic(session: Session, decision: CurationDecision, now: datetime) -> None:
    """Let a topic be as it was before a decision, in the calendar or out of it.

    Raises:
        Refused: another topic has its tag now; the decision that gave it to that one is named.
    """
    number, before = int(decision.before["topic"]), decision.before["state"]
    row = session.get(Topic, number)
    if before is None:
        if row is not None:
            session.delete(row)
    elif (mailing_list := decision.entry.mailing_list) is not None:
        _refuse_taken(session, mailing_list, number, before["tag"])
        if row is None:
            row = Topic(id=number, mailing_list_id=mailing_list.id)
            session.add(row)
        _restore(row, before)
        row.changed_at = now
        _forget_reminder(mailing_list, row, now)
    session.flush()


def _refuse_taken(session: Session, mailing_list: MailingList, number: int, tag: str) -> None:
    other = topic_by_key(session, mailing_list.id, tag_key(tag))
    if other is None or other.id == number:
        return
    later = latest_decision(session, Aspect.TOPIC, [other.id])
    if later is None:
        raise Refused(Refusal.TAG_TAKEN)
    raise Refused(Refusal.LATER_DECISION, later)


def _forget_reminder(mailing_list: MailingList, row: Topic, now: datetime) -> None:
    """Remind people again where the end, or the day of the reminder, is put off."""
    due = is_reminder_due(
        now, mailing_list.time_zone, mailing_list.digest_hour,
        row.starts_on, row.ends_on, row.remind_days,
    )  # fmt: skip
    if row.reminded_at is not None and not due:
        row.reminded_at = None


def file_thread(session: Session, mailing_list: MailingList, post: Post) -> None:
    """File the thread of a new post under the topics that its subject names in brackets."""
    keys = tags_in_subject(post.base_subject)
    if keys:
        _file(session, mailing_list.id, {post.id: keys})


def file_threads(
    session: Session, mailing_list: MailingList, thread_ids: Collection[int], after_post_id: int
) -> None:
    """The same for posts that were imported after a certain one, once they are in their place."""
    if not has_topics(session, mailing_list.id):
        return
    for some in chunks(sorted(thread_ids)):
        rows = session.execute(
            select(Post.id, Post.base_subject).where(
                Post.thread_id.in_(some),
                Post.mailing_list_id == mailing_list.id,
                Post.id > after_post_id,
                Post.base_subject.startswith("["),
            )
        )
        found = {row.id: tags_in_subject(row.base_subject) for row in rows}
        _file(session, mailing_list.id, {key: tags for key, tags in found.items() if tags})


def _file(session: Session, list_id: int, keys: Mapping[int, Collection[str]]) -> None:
    known = tags_by_key(session, list_id, {key for some in keys.values() for key in some})
    if not known:
        return
    posts = session.scalars(select(Post).where(Post.id.in_(sorted(keys))).order_by(Post.id))
    for post in posts:
        # What an answer bears from the post before says nothing new: a moderator may have taken
        # the tag off meanwhile.
        said = _said_before(session, post)
        wanted = {known[key] for key in keys[post.id] if key in known and key not in said}
        if wanted:
            _add_tags(session, session.get_one(Thread, post.thread_id), wanted, post)


def _said_before(session: Session, post: Post) -> frozenset[str]:
    if post.parent_id is None:
        return frozenset()
    parent = session.get_one(Post, post.parent_id)
    return frozenset(tags_in_subject(parent.base_subject))


def _add_tags(session: Session, thread: Thread, wanted: set[str], post: Post) -> None:
    own = {tag for tag in thread.tags.split(",") if tag}
    tags = own | wanted
    if tags == own or len(tags) > TAGS_OF_A_THREAD:
        return
    thread.tags = ",".join(sorted(tags))
    session.flush()
    index_again(session, posts_of_thread(session, thread.id), post.arrived_at)


def _fill(
    session: Session, mailing_list: MailingList, row: Topic, fields: TopicFields, now: datetime
) -> None:
    titles, products = _texts(fields.titles), _texts(fields.products)
    tag = _tag(session, mailing_list, row, fields.tag)
    if set(titles) != set(LANGUAGES):
        raise TopicError(TopicFault.TITLES)
    if any(len(title) > TITLE_CHARACTERS for title in titles.values()):
        raise TopicError(TopicFault.LONG_TITLE)
    if any(len(text) > PRODUCT_CHARACTERS for text in products.values()):
        raise TopicError(TopicFault.LONG_PRODUCT)
    if fields.ends_on < fields.starts_on:
        raise TopicError(TopicFault.DAYS)
    if not 0 <= fields.remind_days <= LONGEST_REMINDER:
        raise TopicError(TopicFault.REMINDER)
    row.tag, row.tag_key = tag, tag_key(tag)
    row.titles, row.products = titles, products
    row.starts_on, row.ends_on = fields.starts_on, fields.ends_on
    row.remind_days, row.changed_at = fields.remind_days, now


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    """By language, on one line each; empty ones are left out."""
    kept = {code: " ".join(texts.get(code, "").split()) for code in LANGUAGES}
    return {code: text for code, text in kept.items() if text}


def _tag(session: Session, mailing_list: MailingList, row: Topic, text: str) -> str:
    found = tags_of(text.strip().removeprefix("[").removesuffix("]"))
    if isinstance(found, Refusal) or len(found) != 1 or not tag_key(found[0]):
        raise TopicError(TopicFault.TAG)
    key = tag_key(found[0])
    if key in {tag_key(name.strip("[]")) for name in mailing_list.subject_names}:
        raise TopicError(TopicFault.LIST_NAME)
    other = topic_by_key(session, mailing_list.id, key)
    if other is not None and other.id != row.id:
        raise TopicError(TopicFault.TAKEN)
    return found[0]


def _state(row: Topic) -> dict[str, Any]:
    """All that people give of a topic, and when it was told of."""
    return {
        "tag": row.tag,
        "titles": dict(row.titles),
        "products": dict(row.products),
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat(),
        "remind_days": row.remind_days,
        "reminded_at": row.reminded_at.isoformat() if row.reminded_at else None,
    }


def _restore(row: Topic, state: Mapping[str, Any]) -> None:
    row.tag, row.tag_key = state["tag"], tag_key(state["tag"])
    row.titles, row.products = dict(state["titles"]), dict(state["products"])
    row.starts_on = date.fromisoformat(state["starts_on"])
    row.ends_on = date.fromisoformat(state["ends_on"])
    row.remind_days = state["remind_days"]
    told = state["reminded_at"]
    row.reminded_at = row.reminded_at or (datetime.fromisoformat(told) if told else None)


def _keep(
    session: Session,
    action: str,
    mailing_list: MailingList,
    row: Topic,
    now: datetime,
    account: Account | None,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> AuditEntry:
    return keep_decision(
        session, action, f"list {mailing_list.slug}", now, account, mailing_list,
        touched={Aspect.TOPIC: (row.id,)}, before={"topic": row.id, "state": before},
        was=before, now_is=after, topic=row.id, tag=row.tag,
    )  # fmt: skip
