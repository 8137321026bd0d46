"""What of a list a search finds, to be taken out."""

from __future__ import annotations

from typing import Final

from forum.domain import query
from forum.search import SearchIndex, Sort
from forum.storage.lists import MailingList

_PAGE: Final = 500


def search_posts(index: SearchIndex, mailing_list: MailingList, text: str) -> frozenset[int]:
    """The posts of a list that a search finds, all of them."""
    wanted = query.parse(text)
    found: set[int] = set()
    page = 1
    while True:
        hits = index.find(wanted, frozenset({mailing_list.id}), page, _PAGE, Sort.OLDEST)
        found |= {hit.post_id for hit in hits.hits}
        if len(hits.hits) < _PAGE:
            return frozenset(found)
        page += 1
