"""The search index brought up to date, as the worker does it."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.config import search_index
from forum.search.indexer import drain


def index_all(session: Session) -> None:
    """Commit, and let every post be found."""
    session.commit()
    while drain(session, search_index()):
        session.commit()
    session.commit()


def found_posts(client: FlaskClient, words: str) -> list[int]:
    """The posts that the API finds, the best first."""
    answer = client.get("/api/v1/search", query_string={"q": words}).get_json()
    return [item["post_id"] for item in answer["items"]]
