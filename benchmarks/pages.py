"""Server time of the pages people read, in one process, by Flask's test client.

The floor: a bare Flask app whose one Jinja page shows the same 30 posts, read from the same
database by sqlite3, with no layout, no language and no question who may read.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from benchmarks import generator
from benchmarks.figure import Figure, middle, number, percentile, ratio, timed
from benchmarks.site import NOW, SLUG, THREAD_SUBJECT, fill, new_site, the_list, thread_of
from forum.extensions import db
from forum.operations.accounts import create_account
from forum.operations.subscriptions import subscribe
from forum.storage.archive import Thread

POSTS: Final = {"tiny": 60, "quick": 600, "usual": 5_000, "full": 50_000}
REQUESTS: Final = {"tiny": 3, "quick": 100, "usual": 200, "full": 300}
THREAD_POSTS: Final = 30
SUBSCRIBERS: Final = 30
_BARE: Final = """<!doctype html><title>{{ rows[0][1] }}</title>
{% for id, subject, author, date, html in rows %}
<article id="post-{{ id }}"><h2>{{ subject }}</h2><p>{{ author }}, {{ date }}</p>{{ html|safe }}
</article>{% endfor %}"""


def run(size: str = "usual") -> list[Figure]:
    """Measure each page: the median, with the 95th percentile beside."""
    with new_site() as app:
        raws = [*thread_of(THREAD_POSTS), *generator.messages(POSTS[size], attachment_bytes=2_000)]
        total = fill(app, raws)
        database, thread_id = _places(app)
        floor = _Page(bare(database, thread_id).test_client(), "/", REQUESTS[size])
        pages = {
            f"thread page of {THREAD_POSTS} posts": f"/threads/{thread_id}",
            "list page": f"/lists/{SLUG}/",
            "home": "/",
            "search page, one common word": "/search?q=quartier",
            "search page, two words and a language": "/search?q=nouveau+marché+lang:fr",
        }
        pages["months"] = f"/lists/{SLUG}/months"
        anonymous, member = app.test_client(), app.test_client()
        _sign_in(app, member)
        asked = [(anonymous, name, address) for name, address in pages.items()]
        asked += [(member, f"signed in: {name}", pages[name]) for name in list(pages)[:3]]
        figures = [
            _Page(client, address, REQUESTS[size]).figure(f"{name}, {total:,} posts", floor)
            for client, name, address in asked
        ]
    return [floor.figure("floor: 30 rows in a bare Flask page", None), *figures]


class _Page:
    """One address, asked for again and again."""

    def __init__(self, client: FlaskClient, address: str, times: int) -> None:
        def ask() -> None:
            answer = client.get(address)
            assert answer.status_code == 200, f"{address}: {answer.status_code}"

        taken = timed(ask, times, seconds=8.0)
        self.median = middle(taken.wall) * 1000
        self.slow = percentile(taken.wall, 95) * 1000
        self.worked = middle(taken.processor) * 1000
        self.undisturbed = percentile(taken.processor, 10) * 1000

    def figure(self, name: str, floor: _Page | None) -> Figure:
        beside = (
            f"p95 {number(self.slow)} ms; processor {number(self.worked)} ms,"
            f" fastest tenth {number(self.undisturbed)} ms"
        )
        if floor is not None:
            beside += ", " + ratio(self.worked, floor.worked, "the floor", "ms")
        return Figure(name, self.median, "ms", beside)


def bare(database: Path, thread_id: int) -> Flask:
    """An app of one page: a thread's posts as they stand in the database."""
    app = Flask(__name__)
    template = app.jinja_env.from_string(_BARE)
    connection = sqlite3.connect(database)
    query = (
        "SELECT id, subject, author_name, date, html FROM post "
        "WHERE thread_id = ? ORDER BY position LIMIT 30"
    )

    @app.get("/")
    def page() -> str:
        return template.render(rows=connection.execute(query, (thread_id,)).fetchall())

    return app


def _sign_in(app: Flask, client: FlaskClient) -> None:
    """As somebody with an account who is subscribed, beside others, and has read everything."""
    with app.app_context():
        session = db.session()
        account = create_account(session, "reader@example.net", "Awa Ndiaye", NOW, language="fr")
        addresses = [account.email, *(f"person{place}@example.net" for place in range(SUBSCRIBERS))]
        for address in addresses:
            subscribe(session, the_list(), address, NOW, language="fr")
        session.commit()
        key = account.get_id()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = key, True


def _places(app: Flask) -> tuple[Path, int]:
    """The database file, and the thread of known length."""
    with app.app_context():
        thread = db.session.scalars(select(Thread).where(Thread.subject == THREAD_SUBJECT)).one()
        assert thread.post_count == THREAD_POSTS, thread.post_count
        return Path(str(db.engine.url.database)), thread.id
