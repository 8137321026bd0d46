"""Outlook's Thread-Index, read as a chain of ids like References.

Source: MS-OXOMSG, section 2.2.1.3.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

INDEX_PREFIX: Final = "thread-index:"
"""Begins the ids made of Outlook's Thread-Index; no Message-ID begins so."""

_INDEX_HEADER = 22  # Bytes: version, time and GUID of the conversation,
_INDEX_LEVEL = 5  # and 5 more for each level of answers.
_INDEX_LEVELS = 200  # Further down the last known level does as well.


def index_ids(thread_index: str | None) -> tuple[str, ...]:
    """The ids a Thread-Index stands for: the conversation's first, the message's own last.

    :param thread_index: base64 as written; None or anything unreadable gives nothing.
    """
    if not thread_index or len(thread_index) > 4096:
        return ()
    try:
        raw = base64.b64decode("".join(thread_index.split()), validate=True)
    except (binascii.Error, ValueError):
        return ()
    if len(raw) < _INDEX_HEADER or (len(raw) - _INDEX_HEADER) % _INDEX_LEVEL:
        return ()
    last = min(len(raw), _INDEX_HEADER + _INDEX_LEVEL * _INDEX_LEVELS)
    ends = range(_INDEX_HEADER, last + 1, _INDEX_LEVEL)
    return tuple(INDEX_PREFIX + raw[:end].hex() for end in ends)
