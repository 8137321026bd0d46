"""A mail to a list's subscribers some days before a topic ends: once, in their language."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from forum.domain.days import day_in_words
from forum.domain.topics import is_reminder_due
from forum.operations.notices import NoticeKind, notify
from forum.storage.lists import MailingList
from forum.storage.people import Address, DeliveryMode, Subscription, receives
from forum.storage.topics import Topic, in_language


def queue_topic_reminders(session: Session, now: datetime) -> int:
    """Queue the reminders that have become due; gives the number of mails.

    They leave at the hour of the list's digests. Of a list whose mail is stopped they wait, and
    are sent when it goes on, if the topic has not ended by then.
    """
    query = (
        select(Topic)
        .join(MailingList)
        .where(
            Topic.reminded_at.is_(None),
            Topic.remind_days > 0,
            # A zone is at most a day ahead or behind.
            Topic.ends_on >= date.fromordinal(now.date().toordinal() - 1),
            MailingList.outgoing_stopped.is_(False),
        )
        .options(joinedload(Topic.mailing_list))
        # Locked and read anew: two workers tell nobody twice.
        .with_for_update(skip_locked=True, of=Topic)
        .execution_options(populate_existing=True)
    )
    made = 0
    for topic in session.scalars(query).all():
        mailing_list = topic.mailing_list
        if is_reminder_due(
            now, mailing_list.time_zone, mailing_list.digest_hour,
            topic.starts_on, topic.ends_on, topic.remind_days,
        ):  # fmt: skip
            topic.reminded_at = now
            made += _remind(session, topic, now)
    session.flush()
    return made


def _remind(session: Session, topic: Topic, now: datetime) -> int:
    """Tell everybody who receives the list's posts, each once, whatever their addresses."""
    rows = session.execute(
        select(Subscription.language, Subscription.token, Address.email, Address.author_id)
        .join(Address, Address.id == Subscription.address_id)
        .where(
            Subscription.mailing_list_id == topic.mailing_list_id,
            Subscription.delivery != DeliveryMode.NONE,
            receives(now),
        )
        .order_by(Subscription.id)
    ).all()
    people = {row.author_id: row for row in reversed(rows)}
    for row in people.values():
        notify(
            session,
            NoticeKind.TOPIC_REMINDER,
            row.email,
            row.language,
            now,
            mailing_list=topic.mailing_list,
            token=row.token,
            topic=in_language(topic.titles, row.language),
            product=in_language(topic.products, row.language),
            tag=topic.tag,
            ends=day_in_words(topic.ends_on, row.language),
        )
    return len(people)
