"""What each side of a mirrored list holds, and waiting until both hold it."""

from __future__ import annotations

import json
import re
import sqlite3
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from tests.flows.outside_list import OutsideWorld
from tests.flows.site import Site

_KEY = re.compile(r"Contribution \d+|Merci !")


@dataclass(frozen=True)
class Held:
    """A message as one side holds it."""

    key: str
    """How its text begins: each its own, but for the thanks."""
    parent: str
    """The same of what it answers; empty for what begins a thread."""
    thread: str
    """The same of the message that begins its thread."""


def wait_while_moving(
    world: OutsideWorld, condition: Callable[[], object], patience: float = 60.0
) -> None:
    """Wait until something is so; give up when nothing has moved for so many seconds.

    How long all takes says more of what else the machine does.
    """
    number, since = -1, time.monotonic()
    while not condition():
        if len(world.mailboxes) != number:
            number, since = len(world.mailboxes), time.monotonic()
        assert time.monotonic() - since < patience, f"nothing has moved for {patience} s"
        time.sleep(0.1)


def shown(site: Site, slug: str) -> dict[str, tuple[int, int]]:
    """The thread and the number of each contribution that the forum shows."""
    query = (
        "SELECT excerpt, thread_id, post.id FROM post JOIN mailing_list"
        " ON mailing_list.id = post.mailing_list_id WHERE slug = ?"
    )
    return {key_of(text): (thread_id, key) for text, thread_id, key in rows(site, query, slug)}


def held_by(site: Site, slug: str, token: str) -> Counter[Held]:
    """What a list of a site holds, as the API gives it."""
    posts: list[dict[str, Any]] = []
    for thread in call(f"{site.web}/api/v1/lists/{slug}/threads?per_page=100", token)["items"]:
        posts += call(f"{site.web}/api/v1/threads/{thread['id']}", token)["posts"]
    keys = {post["id"]: key_of(post["text"]) for post in posts}
    roots = {post["thread_id"]: keys[post["id"]] for post in posts if not post["parent_id"]}
    return Counter(
        Held(keys[post["id"]], keys.get(post["parent_id"], ""), roots[post["thread_id"]])
        for post in posts
    )


def write_on_the_web(
    site: Site, slug: str, token: str, subject: str, text: str, below: tuple[int, int] | None
) -> None:
    """Post by the API, below a post of a thread or as a new thread."""
    if below is None:
        path, body = f"/api/v1/lists/{slug}/threads", {"text": text, "subject": subject}
    else:
        path, body = f"/api/v1/threads/{below[0]}/posts", {"text": text, "parent_id": below[1]}
    call(f"{site.web}{path}", token, body)


def key_of(text: str) -> str:
    """How a text begins."""
    found = _KEY.match(text.strip())
    assert found is not None, text
    return found[0]


def call(url: str, token: str, body: dict[str, Any] | None = None) -> Any:
    """The API's answer; with a body it is sent, and a post must have been made of it."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == (200 if body is None else 201), answer.status
        return json.load(answer)


def rows(site: Site, query: str, *values: object) -> list[tuple[Any, ...]]:
    """What a query finds in the site's database."""
    with closing(sqlite3.connect(site.data_dir / "passerelle.sqlite3", timeout=20)) as connection:
        return connection.execute(query, values).fetchall()


def numbers_of(site: Site) -> dict[str, int]:
    """How many posts each list holds."""
    query = (
        "SELECT slug, COUNT(post.id) FROM mailing_list LEFT JOIN post"
        " ON post.mailing_list_id = mailing_list.id GROUP BY slug"
    )
    return dict(rows(site, query))


def waiting_of(site: Site) -> dict[str, int]:
    """How many posts of each list have not come back."""
    query = (
        "SELECT slug, COUNT(*) FROM mirror_delivery JOIN mailing_list"
        " ON mailing_list.id = mirror_delivery.mailing_list_id"
        " WHERE came_back_at IS NULL AND post_id IS NOT NULL GROUP BY slug"
    )
    return dict(rows(site, query))
