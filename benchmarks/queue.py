"""A moderator accepts a hundred held messages in one action, on a list of 200 subscribers.

By processor time of the one request, from the form to the committed posts and their deliveries.
The floor is the same request for one message.
"""

from __future__ import annotations

import time
from typing import Final

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from benchmarks import generator
from benchmarks.figure import Figure
from benchmarks.site import NOW, new_site, the_list
from forum.domain.message import parse
from forum.domain.values import Source
from forum.extensions import db
from forum.operations.accounts import create_account
from forum.operations.posting import Held, post
from forum.operations.subscriptions import subscribe
from forum.storage.mail import Delivery

MESSAGES: Final = {"tiny": 5, "quick": 100, "usual": 100, "full": 100}
SUBSCRIBERS: Final = {"tiny": 3, "quick": 200, "usual": 200, "full": 200}


def run(size: str = "usual") -> list[Figure]:
    """Measure the one request."""
    number, subscribers = MESSAGES[size], SUBSCRIBERS[size]
    with new_site() as app:
        app.config["WTF_CSRF_ENABLED"] = False
        first, *ids = _hold(app, number + 1, subscribers)
        client = app.test_client()
        with client.session_transaction() as cookie, app.app_context():
            account = create_account(db.session(), "m@example.net", "M", NOW, is_admin=True)
            db.session.commit()
            cookie["_user_id"], cookie["_fresh"] = account.get_id(), True
        alone = _accept(client, [first])
        together = _accept(client, ids)
        with app.app_context():
            queued = db.session.scalar(select(func.count(Delivery.id))) or 0
    wanted = (number + 1) * subscribers
    if queued != wanted:
        raise RuntimeError(f"{queued} deliveries are queued, not {wanted}")
    return [
        Figure("floor: one held message accepted", alone, "s"),
        Figure(
            f"{number} held messages accepted at once", together, "s",
            f"{number * subscribers:,} deliveries queued",
        ),
    ]  # fmt: skip


def _accept(client: FlaskClient, ids: list[int]) -> float:
    """The seconds of processor time of one request."""
    before = time.process_time()
    answer = client.post("/moderation", data={"decision": "accept", "held": ids})
    used = time.process_time() - before
    if answer.status_code != 303:
        raise RuntimeError(f"the queue answered {answer.status_code}")
    return used


def _hold(app: Flask, number: int, subscribers: int) -> list[int]:
    ids = []
    with app.app_context():
        session = db.session()
        mailing_list = the_list()
        mailing_list.posting = "moderated"
        for one in range(subscribers):
            subscribe(session, mailing_list, f"s{one}@example.net", NOW, language="fr")
        for raw in generator.messages(number, attachment_bytes=0):
            held = post(
                session, mailing_list, parse(raw, NOW), NOW,
                max_bytes=10**8, source=Source.EMAIL,
            )  # fmt: skip
            if isinstance(held, Held):
                ids.append(held.held_id)
        session.commit()
    return ids
