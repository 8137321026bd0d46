"""The digest by which two copies of one message are known as one, whatever way they came.

Equal for copies: trace fields, line ends, charset, transfer encoding, wrapping, a list's subject
prefix and its footer do not count. Different for different messages: the author, the second at
which they were written, and every letter of the text do. Two honest `merci` differ by their Date.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import UTC, datetime
from typing import Final

_SUBJECT_MARK: Final = re.compile(
    r"\s*(?:\[[^\[\]]{0,80}\]|(?:re|rép|rep|réf|ref|aw|sv|res|rv|tr|fwd?|wg|vs|antw)"
    r"\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：])\s*",
    re.I,
)
# Begun with a line end, which is found faster than the beginning of a line.
_FOOTER_LINE: Final = re.compile(r"\n[ \t]*(?:>?[_\-=*~#]{10,})[ \t]*(?=\n|\Z)")
_FROM_LINE: Final = re.compile(r"^>+(?=From )", re.M)
_INVISIBLE: Final = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"
_NO_MARKS: Final = str.maketrans("", "", "-T:")
_ASCII_SPACE: Final = b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f "
_LATIN_1_UNCOUNTED: Final = _ASCII_SPACE + b"\x85\xa0\xad"
"""White space and invisible characters among those of latin-1."""
_OTHER_SPACE: Final = (
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""With those of ASCII, all that `str.split` cuts at."""
_FOOTER_MARKS: Final = tuple(mark * 10 for mark in "_-=*~#")
_FOOTER_LINES: Final = 15
_FOOTER_LENGTH: Final = 1_500


def content_digest(
    author_key: str, date: datetime | None, subject: str, own_text: str, origin: str = ""
) -> str:
    """The hex SHA-256 of what makes a message this message.

    `author_key` is the author's address in lower case; `date` the instant of its Date header, None
    where that cannot be read, and then `origin` (the Date as written, the Message-ID) stands for
    it; `own_text` the decoded text of its first text part.
    """
    instant = f"?{origin}"
    if date is not None:
        instant = date.astimezone(UTC).isoformat()[:19].translate(_NO_MARKS)
    counted = (author_key.lower(), instant, base_of(subject), folded(without_footer(own_text)))
    hashed = hashlib.sha256()
    for value in counted:
        encoded = value.encode("utf-8", "replace")
        hashed.update(b"%d:" % len(encoded) + encoded)
    return hashed.hexdigest()


def base_of(subject: str) -> str:
    """A subject without list prefixes, answer marks, white space and case."""
    at = 0
    found = _SUBJECT_MARK.match(subject)
    while found is not None and found.end() > at:
        at = found.end()
        found = _SUBJECT_MARK.match(subject, at)
    return folded(subject[at:] or subject).lower()


def folded(text: str) -> str:
    """A text without its white space, composed (NFC): what no wrapping and no charset changes."""
    text = _FROM_LINE.sub("", text) if ">From " in text else text
    try:
        # Most texts: each character is a byte, and none of latin-1 can be composed further.
        return text.encode("latin-1").translate(None, _LATIN_1_UNCOUNTED).decode("latin-1")
    except UnicodeEncodeError:
        return _folded_unicode(text)


def _folded_unicode(text: str) -> str:
    text = _without_space(text)
    for char in _INVISIBLE:
        if char in text:
            text = text.replace(char, "")
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def _without_space(text: str) -> str:
    """As `"".join(text.split())`, without a string for each word."""
    encoded = text.encode("utf-8", "surrogatepass")
    text = encoded.translate(None, _ASCII_SPACE).decode("utf-8", "surrogatepass")
    for space in _OTHER_SPACE:  # A generator takes longer than the search.
        if space in text:
            return "".join(text.split())
    return text


def without_footer(text: str) -> str:
    """A text without what stands after a last line of ten or more dashes, if that is short.

    Repeated until nothing goes: the author's own such line then goes from both copies alike, so
    that a copy with a footer and one without are always equal.
    """
    for mark in _FOOTER_MARKS:
        if mark in text:
            break
    else:
        return text.rstrip()
    lines = [(found.start(), found.end() - 1) for found in _FOOTER_LINE.finditer("\n" + text)]
    end = len(text.rstrip())
    begin = len(text) - len(text.lstrip())
    for start, after in reversed(lines):
        # What stands before must be something: a text is never all footer.
        if end - after > _FOOTER_LENGTH * 2 or start <= begin:
            break
        tail = text[after:end].strip()
        if len(tail) > _FOOTER_LENGTH or tail.count("\n") >= _FOOTER_LINES:
            break
        end = start
        while text[end - 1].isspace():
            end -= 1
    return text[:end]
