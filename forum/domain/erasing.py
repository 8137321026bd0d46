"""Taking a person's name and addresses out of text.

Who is to be taken out is known by keyed digests alone: the site keeps neither the names nor the
addresses. An address goes wherever it stands. A name of two words or more goes where the message
holds one of the addresses, and in lines that say who wrote what is quoted; elsewhere it may be
somebody else's. A name of one word goes only where a message with one of the addresses says who
wrote, or is signed with that word alone.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NAMELESS: Final = "[…]"
"""Stands where a name stood."""

LONGEST_NAME: Final = 6
"""Words."""
SHORTEST_WORD: Final = 3
"""Letters of a name of one word: a shorter one is too often something else."""

_ADDRESS: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_BETWEEN: Final = re.compile(r"[\s>,.\"“”«»*_|]{1,12}")
_SAYS_WHO: Final = re.compile(
    r"(?:^[>\s*_]*(?:from|de|von|para|to|cc|à|a|sender|author|auteur|autor)\s*:)"
    r"|(?:\b(?:wrote|writes|écrit|ecrit|escribió|escribio)\b)|:\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_WORD_BEFORE: Final = re.compile(r"(\w+)[ .]{1,2}$")
_WORD_AFTER: Final = re.compile(r" (\w+)")
_OUTSIDE_WORDS: Final = re.compile(r"[\W_]+")


def pseudonym(author_id: int) -> str:
    """The address that stands for somebody who was erased (RFC 2606: it is nobody's)."""
    return f"erased-{author_id}@erased.invalid"


def address_mark(key: bytes, address: str) -> str:
    """The keyed digest of an address, hex."""
    return _mark(key, b"address", address.lower())


def name_mark(key: bytes, name: str) -> str:
    """The keyed digest of a name, whatever its case and accents."""
    return _mark(key, b"name", " ".join(words_of(name)))


def words_of(name: str) -> list[str]:
    """The words of a name, as they are compared."""
    return [_folded(word) for word in _WORD.findall(name)]


def _mark(key: bytes, kind: bytes, value: str) -> str:
    said = b"erased:" + kind + b":" + value.encode("utf-8", "surrogateescape")
    return hmac.new(key, said, hashlib.sha256).hexdigest()


def _folded(word: str) -> str:
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


@dataclass(frozen=True, slots=True)
class Eraser:
    """Knows who was erased, and takes them out."""

    key: bytes
    marks: Mapping[str, int]
    """Authors by the marks of their addresses and names."""
    lengths: frozenset[int] = frozenset()
    """How many words the names have."""

    def author_of(self, address: str) -> int | None:
        """Who was erased and had this address."""
        return self.marks.get(address_mark(self.key, address.strip(".")))

    def text(self, text: str, *, everywhere: bool, own: bool = False) -> str:
        """A text without them.

        Args:
            everywhere: Whether names go wherever they stand, or only where it is said who wrote.
            own: Whether one of them wrote it, and may have signed it.
        """
        text = _ADDRESS.sub(self._address, text) if "@" in text else text
        return self._names(text, everywhere, own)

    def knows(self, text: str) -> bool:
        """Whether one of the addresses stands in a text."""
        return "@" in text and any(
            self.author_of(found.group()) is not None for found in _ADDRESS.finditer(text)
        )

    def _address(self, found: re.Match[str]) -> str:
        author_id = self.author_of(found.group())
        return found.group() if author_id is None else pseudonym(author_id)

    def _names(self, text: str, everywhere: bool, own: bool) -> str:
        if not self.lengths:
            return text
        words = list(_WORD.finditer(text))
        folded = [_folded(word.group()) for word in words]
        parts: list[str] = []
        position, index = 0, 0
        while index < len(words):
            length = self._name_at(text, words, folded, index)
            last = words[index + length - 1] if length else words[index]
            if length == 1:
                goes = (
                    everywhere
                    and _is_by_itself(text, last)
                    and (_says_who(text, last, last) or (own and _is_whole_line(text, last)))
                )
            else:
                goes = length > 1 and (everywhere or _says_who(text, words[index], last))
            if goes:
                parts += (text[position : words[index].start()], NAMELESS)
                position = words[index + length - 1].end()
                index += length
            else:
                index += 1
        return "".join((*parts, text[position:]))

    def _name_at(self, text: str, words: list[re.Match[str]], folded: list[str], index: int) -> int:
        for length in sorted(self.lengths, reverse=True):
            run = folded[index : index + length]
            if len(run) < length:
                continue
            said = b"erased:name:" + " ".join(run).encode()
            if hmac.new(self.key, said, hashlib.sha256).hexdigest() not in self.marks:
                continue
            near = zip(words[index:], words[index + 1 : index + length], strict=False)
            if all(_BETWEEN.fullmatch(text, one.end(), two.start()) for one, two in near):
                return length
        return 0


def _says_who(text: str, first: re.Match[str], last: re.Match[str]) -> bool:
    """Whether the line of a name, or the next one where it runs on, says who wrote."""
    start = text.rfind("\n", 0, first.start()) + 1
    end = text.find("\n", last.end())
    after = text.find("\n", end + 1) if end >= 0 else -1
    line = text[start : end if end >= 0 else len(text)]
    both = text[start : after if after >= 0 else len(text)]
    return bool(_SAYS_WHO.search(line)) or bool(
        re.search(r"(?i)\b(?:wrote|écrit|escribió)\s*:", both)
    )


def _is_by_itself(text: str, word: re.Match[str]) -> bool:
    """Whether a word is no part of a longer name: a capital stands on neither side of it."""
    before = _WORD_BEFORE.search(text, max(0, word.start() - 40), word.start())
    after = _WORD_AFTER.match(text, word.end())
    neighbours = [found[1] for found in (before, after) if found is not None]
    return word.group()[0].isupper() and not any(one[0].isupper() for one in neighbours)


def _is_whole_line(text: str, word: re.Match[str]) -> bool:
    start = text.rfind("\n", 0, word.start()) + 1
    end = text.find("\n", word.end())
    line = text[start : end if end >= 0 else len(text)]
    return not _OUTSIDE_WORDS.sub("", line.replace(word.group(), "", 1))
