"""Whether a file can be read as text, whatever its sender called it, and that text."""

from __future__ import annotations

import codecs
import re
from typing import Final

from forum.domain.masking import mask_addresses_text

_TEXT_TYPE: Final = re.compile(
    r"(?:text|message)/|application/(?:mbox|ms-tnef|pkcs7|pgp|json|.*xml|rtf)|image/svg"
)
_TEXT_NAME: Final = re.compile(
    r"\.(?:txt|text|csv|tsv|vcf|ics|eml|mbox|html?|xml|svg|json|md|rtf|log|tex|srt|sql|ya?ml|ini|cfg"
    r"|asc|ldif|winmail\.dat)$",
    re.IGNORECASE,
)
_NO_TEXT: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
"""What texts in encodings that hold ASCII have not: controls but line ends, tabs and escapes."""
# The longer marks first: UTF-32 begins as UTF-16 does (Unicode 16.0, section 23.8).
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT: Final = 4096
_MOSTLY: Final = 0.4
"""Of a text in UTF-16 without a mark: so many of its bytes are the zeros of plain letters."""


def text_of_file(content: bytes, content_type: str, filename: str) -> str | None:
    """The text of a file; None where it is no text.

    Args:
        content_type: As it was declared; a file that reads as text is one with any type.
        filename: As it was sent.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    wide = _wide_encoding(content[:_LOOKED_AT])
    if wide:
        return content.decode(wide, "replace")
    is_called_text = _TEXT_TYPE.match(content_type) or _TEXT_NAME.search(filename)
    if not is_called_text and _NO_TEXT.search(content):
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        # Of every other encoding with ASCII in it this shows at least what is ASCII.
        return content.decode("latin-1")


def _wide_encoding(start: bytes) -> str:
    """UTF-16 without a mark, by where the zeros stand; empty for anything else."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) < _MOSTLY * len(start) or min(even, odd) > 0 or not start:
        return ""
    return "utf-16-be" if even else "utf-16-le"


def shows_addresses(content: bytes, content_type: str, filename: str) -> bool:
    """Whether a file that can be read as text has mail addresses in it: anonymous readers get none.

    Args:
        content_type: As it was declared.
        filename: As it was sent.
    """
    text = text_of_file(content, content_type, filename)
    return text is not None and mask_addresses_text(text) != text
