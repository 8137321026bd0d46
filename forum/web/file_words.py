"""What kind of file is attached, in a word of the reader's language."""

from __future__ import annotations

import mimetypes
from typing import Final

from flask import Flask
from flask_babel import gettext as _

_UNKNOWN: Final = frozenset({"", "application/octet-stream", "application/x-download"})
_MEANINGS: Final = (
    ("image/", "image"),
    ("audio/", "sound"),
    ("video/", "video"),
    ("application/pdf", "pdf"),
    ("text/csv", "table"),
    ("application/vnd.ms-excel", "table"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml", "table"),
    ("application/vnd.oasis.opendocument.spreadsheet", "table"),
    ("application/vnd.ms-powerpoint", "slides"),
    ("application/vnd.openxmlformats-officedocument.presentationml", "slides"),
    ("application/vnd.oasis.opendocument.presentation", "slides"),
    ("application/msword", "document"),
    ("application/rtf", "document"),
    ("text/rtf", "document"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml", "document"),
    ("application/vnd.oasis.opendocument", "document"),
    ("application/zip", "archive"),
    ("application/x-zip", "archive"),
    ("application/gzip", "archive"),
    ("application/x-tar", "archive"),
    ("application/x-7z", "archive"),
    ("text/html", "page"),
    ("text/calendar", "event"),
    ("text/vcard", "contact"),
    ("text/x-vcard", "contact"),
    ("application/pgp-signature", "signature"),
    ("application/pkcs7-signature", "signature"),
    ("application/x-pkcs7-signature", "signature"),
    ("message/", "message"),
    ("text/", "text"),
)
"""The first beginning of a media type that fits decides."""


def init_app(app: Flask) -> None:
    """Make the filter known to the templates."""
    app.jinja_env.filters["file_kind"] = file_kind


def file_kind(content_type: str, filename: str) -> str:
    """What a file is, in a word: `Image`, `Table`; by its name where its type says nothing.

    Args:
        content_type: As it was declared; parameters do not matter.
    """
    kind = content_type.lower()
    if kind in _UNKNOWN:
        kind = mimetypes.guess_type(filename)[0] or ""
    meaning = next((word for start, word in _MEANINGS if kind.startswith(start)), "")
    words: dict[str, str] = {
        "image": _("Image"),
        "sound": _("Sound"),
        "video": _("Video"),
        "pdf": _("PDF"),
        "table": _("Spreadsheet"),
        "slides": _("Slides"),
        "document": _("Document"),
        "archive": _("Archive of files"),
        "page": _("Web page"),
        "event": _("Calendar entry"),
        "contact": _("Contact"),
        "signature": _("Digital signature"),
        "message": _("Message"),
        "text": _("Text"),
    }
    return words.get(meaning) or str(_("File"))
