"""What watches the site: whether it answers, and figures without a name in them."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from forum.extensions import db
from forum.storage.archive import Post, PostState, Thread
from forum.storage.lists import MailingList
from forum.storage.mail import (
    Delivery,
    DigestDelivery,
    HeldMessage,
    HeldState,
    Incoming,
    IndexQueue,
    Notice,
    SendState,
)
from forum.storage.people import Subscription
from forum.storage.sending import current_fault

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 `ok` while the database answers, else 503."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return Response("the database does not answer\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@blueprint.get("/metrics")
def metrics() -> Response:
    """Queues and totals as Prometheus text (exposition format 0.0.4)."""
    return Response(
        "\n".join((*_lines(), "")),
        content_type="text/plain; version=0.0.4; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


def _lines() -> Iterator[str]:
    yield from _gauge("lists", "Lists.", {"": _count(MailingList)})
    yield from _gauge("threads", "Threads with something to show.", {"": _threads()})
    yield from _gauge("posts", "Posts by state.", _by_state(Post), "state")
    yield from _gauge("subscriptions", "Subscriptions by state.", _by_state(Subscription), "state")
    yield from _gauge("incoming", "Incoming messages by state.", _by_state(Incoming), "state")
    yield from _gauge("deliveries", "Copies of posts by state.", _by_state(Delivery), "state")
    yield from _gauge("digests", "Digests by state.", _by_state(DigestDelivery), "state")
    yield from _gauge("notices", "Mails of our own by state.", _by_state(Notice), "state")
    waiting = _by_state(HeldMessage).get(HeldState.HELD, 0)
    yield from _gauge("held", "Messages that await a moderator.", {"": waiting})
    yield from _gauge("index_queue", "Posts that await the search index.", {"": _count(IndexQueue)})
    yield from _gauge(
        "oldest_delivery_timestamp_seconds",
        "When the oldest copy that waits was queued; 0 where none waits.",
        {"": _oldest_delivery()},
    )
    since = current_fault(db.session())
    yield from _gauge(
        "smarthost_fault_timestamp_seconds",
        "Since when the smarthost takes nothing; 0 where it does.",
        {"": since.since.timestamp() if since else 0.0},
    )
    stopped = select(func.count(MailingList.id)).where(MailingList.outgoing_stopped.is_(True))
    yield from _gauge(
        "lists_stopped", "Lists whose outgoing mail is stopped.",
        {"": float(db.session.scalar(stopped) or 0)},
    )  # fmt: skip


def _gauge(name: str, told: str, values: dict[str, float], label: str = "") -> Iterator[str]:
    yield f"# HELP passerelle_{name} {told}"
    yield f"# TYPE passerelle_{name} gauge"
    for value, number in sorted(values.items()):
        labels = f'{{{label}="{value}"}}' if label else ""
        yield (
            f"passerelle_{name}{labels} {number:g}"
            if number < 1e6
            else (f"passerelle_{name}{labels} {number:.0f}")
        )


def _count(table: type) -> float:
    return float(db.session.scalar(select(func.count()).select_from(table)) or 0)


def _threads() -> float:
    counted = select(func.count()).select_from(Thread).where(Thread.post_count > 0)
    return float(db.session.scalar(counted) or 0)


def _by_state(
    table: type[Post | Subscription | Incoming | Delivery | DigestDelivery | Notice | HeldMessage],
) -> dict[str, float]:
    rows = db.session.execute(select(table.state, func.count()).group_by(table.state))
    found = {str(state): float(number) for state, number in rows}
    if table is Post:
        found.setdefault(PostState.VISIBLE, 0.0)
    return found


def _oldest_delivery() -> float:
    oldest = db.session.scalar(
        select(func.min(Delivery.queued_at)).where(Delivery.state == SendState.QUEUED)
    )
    return oldest.timestamp() if oldest else 0.0
