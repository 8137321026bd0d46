"""Whether a message that came back is what went out, with no more than a list puts around it.

Words are compared, one by one and in their order, never the bytes: lists wrap lines anew, encode
otherwise, strip the HTML and add banners and footers. One word more or less is another text,
unless what was added is the list's own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from forum.domain import digest, markup
from forum.domain.footer import footer_lines
from forum.domain.header_block import is_rule
from forum.domain.mirroring import Outside, is_via_ours, name_key
from forum.domain.mirroring_lines import MAX_HEAD, MAX_TAIL, line_key
from forum.domain.values import Mailbox

SHORT_TEXT: Final = 8
"""Words; below that, two honest texts may well be the same."""

_WORD: Final = re.compile(r"[^\W_]+")
_ADDRESS_OF_WEB: Final = re.compile(r"\]?\(?https?://\S+|\bmailto:\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Around:
    """The lines with text that stand around a text that came back."""

    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()

    def is_lists_own(self, outside: Outside) -> bool:
        """Whether a list says so: lines it is known for, or that name it, or leave from it."""
        return _own_head(self.head, outside) and _own_tail(self.tail, outside)

    def is_learned(self, outside: Outside) -> bool:
        """Whether each line is one that the list is known for already."""
        head, tail = ({line_key(line) for line in lines} for lines in (self.head, self.tail))
        return head - {""} <= outside.head and tail - {""} <= outside.tail


def words(text: str) -> list[str]:
    """The words of a text as they are compared: composed, case folded, without our own tokens."""
    folded = unicodedata.normalize("NFKC", markup.redact_tokens(text)).casefold()
    return _WORD.findall(folded)


def around(ours: str, theirs: str, *, without_links: bool = False) -> Around | None:
    """What stands around our text in what came back; None where our text is not whole in it.

    Args:
        without_links: Leave web addresses out on both sides: a list that makes text of HTML writes
            them elsewhere, or not at all.
    """
    if without_links:
        ours, theirs = _ADDRESS_OF_WEB.sub(" ", ours), _ADDRESS_OF_WEB.sub(" ", theirs)
    lines = [line for line in theirs.split("\n") if line.strip()]
    starts: dict[int, int] = {}
    ends: dict[int, int] = {0: 0}
    flat: list[str] = []
    for number, line in enumerate(lines):
        found = words(line)
        if found:
            starts[len(flat)] = number
            flat += found
            ends[len(flat)] = number + 1
    wanted = words(ours)
    if not wanted:
        return Around(tail=tuple(lines))
    at = _find(flat, wanted, starts, ends)
    if at is None:
        return None
    first, last = starts[at], ends[at + len(wanted)]
    return Around(tuple(lines[:first]), tuple(lines[last:]))


def _find(
    flat: Sequence[str], wanted: Sequence[str], starts: dict[int, int], ends: dict[int, int]
) -> int | None:
    """Where the words stand in one piece, from the beginning of a line to the end of one."""
    hay, needle = "\0".join(["", *flat, ""]), "\0".join(["", *wanted, ""])
    found = hay.find(needle)
    while found >= 0:
        at = hay.count("\0", 0, found)
        if at in starts and at + len(wanted) in ends:
            return at
        found = hay.find(needle, found + 1)
    return None


def is_short(text: str) -> bool:
    """Whether a text has so few words that two people may have written it."""
    return len(words(text)) < SHORT_TEXT


def same_subject(ours: str, theirs: str) -> bool:
    """Whether a subject is ours with no more than a list's prefix before it."""
    own, other = digest.base_of(ours), digest.base_of(theirs)
    return own == other or (bool(own) and len(other) - len(own) <= 60 and other.endswith(own))


def is_from_bridge(author: Mailbox, outside: Outside) -> bool:
    """Whether a message says that our bridge sent it, by its address or by the name we give."""
    return author.key == outside.bridge or (not author.key and is_via_ours(author.name, outside))


def same_author(names: Sequence[str], addresses: frozenset[str], author: Mailbox) -> bool:
    """Whether an author is a person of ours; a name stands for an address that is hidden.

    Args:
        names: Under which the person is known.
        addresses: Lower case.
    """
    if author.key in addresses:
        return True
    shown = name_key(author.name)
    return not author.key and bool(shown) and shown in {name_key(name) for name in names}


def _own_head(lines: Sequence[str], outside: Outside) -> bool:
    worded = [line for line in lines if words(line)]
    if len(worded) > MAX_HEAD:
        return False
    return all(line_key(line) in outside.head for line in worded) or _names_list(worded, outside)


def _own_tail(lines: Sequence[str], outside: Outside) -> bool:
    worded = [line for line in lines if words(line)]
    if len(worded) > MAX_TAIL:
        return False
    if all(line_key(line) in outside.tail for line in worded) or _names_list(worded, outside):
        return True
    places = range(len(lines))
    plain = [place for place in places if lines[place].strip()]
    found = footer_lines(lines, plain)
    return all(place in found or is_rule(lines[place]) for place in plain)


def _names_list(lines: Sequence[str], outside: Outside) -> bool:
    said = "\n".join(lines).lower()
    return any(name in said for name in (outside.address, outside.list_id, f"{outside.host}/"))
