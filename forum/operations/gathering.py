"""The posts of whole threads as threading sees them, and what else could have a say in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from forum.domain.reply_tree import SUBJECT_WINDOW, Forest, Node
from forum.domain.thread_index import index_ids
from forum.storage.archive import MessageLink, Post
from forum.storage.lists import MailingList

T = TypeVar("T")
_COLUMNS = (
    Post.id,
    Post.thread_id,
    Post.parent_id,
    Post.position,
    Post.depth,
    Post.content_digest,
    Post.references,
    Post.date,
    Post.base_subject,
    Post.is_reply,
    Post.people,
    Post.thread_index,
    Post.pinned_parent_id,
)


class Gathering:
    """Posts of whole threads, read from the database once each."""

    def __init__(self, session: Session, mailing_list: MailingList) -> None:
        self.session = session
        self.mailing_list = mailing_list
        self.loaded: set[int] = set()
        self.rows: dict[str, Row[Any]] = {}
        self.ids: dict[int, list[str]] = {}
        self.asked: set[str] = set()
        self.own_addresses = own_addresses(mailing_list)

    def load(self, thread_ids: set[int]) -> None:
        """Read the posts of more threads, and the ids they are known under."""
        self.loaded |= thread_ids
        for some in chunks(sorted(thread_ids)):
            posts: Any = self.session.execute(select(*_COLUMNS).where(Post.thread_id.in_(some)))
            self.rows.update({row.content_digest: row for row in posts})
            links = (
                select(MessageLink.message_id, MessageLink.post_id)
                .join(Post, Post.id == MessageLink.post_id)
                .where(Post.thread_id.in_(some))
            )
            for link in self.session.execute(links):
                assert link.post_id is not None
                self.ids.setdefault(link.post_id, []).append(link.message_id)

    def nodes(self) -> list[Node]:
        """The posts as threading sees them."""
        keys = {row.id: key for key, row in self.rows.items()}
        return [
            Node(
                key=key,
                message_ids=tuple(sorted(self.ids.get(row.id, ()))),
                parents=tuple(row.references),
                date=row.date,
                base_subject=row.base_subject,
                is_reply=row.is_reply,
                people=frozenset(row.people) - self.own_addresses,
                thread_index=row.thread_index,
                pinned_parent=keys.get(row.pinned_parent_id, "") if row.pinned_parent_id else None,
            )
            for key, row in self.rows.items()
        ]

    def around(self, newcomer: Node) -> set[int]:
        """The threads that know a message's ids, or hold later answers with its subject."""
        found = {
            link.thread_id
            for link in find_links(self.session, self.mailing_list.id, ids_of(newcomer))
        }
        if newcomer.base_subject:
            later = self._with_subject(newcomer.base_subject).where(
                Post.is_reply,
                Post.date >= newcomer.date,
                Post.date <= newcomer.date + SUBJECT_WINDOW,
            )
            found |= set(self.session.scalars(later))
        return found

    def beyond(self, forest: Forest, nodes: Sequence[Node]) -> set[int]:
        """Threads not gathered that could have a say in a forest."""
        found: set[int] = set()
        elsewhere = (forest.unseen.keys() | self._borne_twice()) - self.asked
        self.asked |= elsewhere
        links = find_links(self.session, self.mailing_list.id, elsewhere)
        found |= {link.thread_id for link in links}
        by_key = {node.key: node for node in nodes}
        for key in set(forest.seekers) - self.asked:
            self.asked.add(key)
            node = by_key[key]
            earlier = self._with_subject(node.base_subject).where(
                Post.date >= node.date - SUBJECT_WINDOW, Post.date <= node.date
            )
            found |= set(self.session.scalars(earlier))
        pins = {row.pinned_parent_id for row in self.rows.values()} - {None}
        for some in chunks(sorted(pins - {row.id for row in self.rows.values()})):
            found |= set(
                self.session.scalars(
                    select(Post.thread_id).where(
                        Post.id.in_(some), Post.mailing_list_id == self.mailing_list.id
                    )
                )
            )
        return found - self.loaded

    def _borne_twice(self) -> set[str]:
        """Ids of Thread-Index that posts bear, but that belong to an earlier one."""
        return {
            index_id
            for row in self.rows.values()
            if row.thread_index
            for index_id in index_ids(row.thread_index)[-1:]
            if index_id not in self.ids.get(row.id, ())
        }

    def _with_subject(self, base_subject: str) -> Any:
        return (
            select(Post.thread_id)
            .where(Post.mailing_list_id == self.mailing_list.id, Post.base_subject == base_subject)
            .distinct()
        )


def find_links(
    session: Session, mailing_list_id: int, message_ids: Iterable[str]
) -> list[MessageLink]:
    """What a list knows of ids."""
    found: list[MessageLink] = []
    for some in chunks(sorted(message_ids)):
        values = {"mailing_list": mailing_list_id, "message_ids": some}
        found += session.scalars(_links_query(), values)
    return found


@cache
def _links_query() -> Select[MessageLink]:
    return select(MessageLink).where(
        MessageLink.mailing_list_id == bindparam("mailing_list"),
        MessageLink.message_id.in_(bindparam("message_ids", expanding=True)),
    )


def ids_of(node: Node) -> set[str]:
    """All ids that lead to a message, that of its Thread-Index too."""
    return {*node.message_ids, *index_ids(node.thread_index)[-1:]}


def own_addresses(mailing_list: MailingList) -> frozenset[str]:
    """The addresses of the list itself, lower case: nobody shares a person by writing to it."""
    written = (
        mailing_list.address,
        mailing_list.bridge_address,
        mailing_list.upstream_address,
    )
    return frozenset(address.lower() for address in written if address)


def chunks(items: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """Parts that fit into one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
