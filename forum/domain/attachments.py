"""Names and sizes of what a message offers for download."""

from __future__ import annotations

import mimetypes
import re
from typing import Final

from forum.domain.charset import clean
from forum.domain.mime import Structure
from forum.domain.reading import Item, item_content, item_subject
from forum.domain.values import Attachment

_FORBIDDEN: Final = re.compile(
    '[\x00-\x1f\x7f-\x9f"<>|:*?\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]'
)
_SPACES: Final = re.compile(r"\s+")
_NAMES: Final = {
    "application/pgp-signature": "signature.asc",
    "application/pgp-encrypted": "version.asc",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-signature": "smime.p7s",
    "application/pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-mime": "smime.p7m",
    "application/ms-tnef": "winmail.dat",
    "application/vnd.ms-tnef": "winmail.dat",
    "application/mac-binhex40": "file.hqx",
    "text/calendar": "invite.ics",
    "text/vcard": "contact.vcf",
    "text/x-vcard": "contact.vcf",
    "text/directory": "contact.vcf",
    "message/delivery-status": "delivery-status.txt",
    "message/disposition-notification": "disposition-notification.txt",
    "text/rfc822-headers": "headers.txt",
    "message/partial": "partial.eml",
    "message/external-body": "external-body.txt",
}
_EXTENSIONS: Final = {
    "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/pjpeg": ".jpg", "image/png": ".png",
    "image/x-png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/heic": ".heic",
    "image/tiff": ".tif", "image/bmp": ".bmp", "image/svg+xml": ".svg", "text/plain": ".txt",
    "text/html": ".html", "text/csv": ".csv", "application/pdf": ".pdf", "audio/mpeg": ".mp3",
    "application/zip": ".zip", "application/rtf": ".rtf", "text/rtf": ".rtf",
    "application/msword": ".doc", "text/enriched": ".txt", "text/richtext": ".txt",
}  # fmt: skip
_LONGEST: Final = 180


def described(structure: Structure, index: int, item: Item, size: int | None = None) -> Attachment:
    """An item as an attachment; its size is measured where it is not given."""
    part = item.part
    written = item.name if item.span else part.filename()
    kind = part.type
    if item.span is not None:
        kind = mimetypes.guess_type(written or "")[0] or "application/octet-stream"
    name = safe_filename(written or "")
    if not name:
        name = _generated_name(structure, index, item)
    size = item.size if size is None else size
    if size is None:
        size = len(item_content(structure, item))
    content_id = part.content_id() if item.span is None else None
    inline = item.span is None and (
        part.disposition().value == "inline"
        or (content_id is not None and part.disposition().value != "attachment")
    )
    return Attachment(index, name, kind, size, content_id, inline)


def _generated_name(structure: Structure, index: int, item: Item) -> str:
    kind = item.part.type
    if kind == "message/rfc822":
        subject = safe_filename(item_subject(structure, item.part))
        return (subject or f"message-{index + 1}") + ".eml"
    fixed = _NAMES.get(kind)
    if fixed is not None:
        return fixed
    return f"attachment-{index + 1}{_EXTENSIONS.get(kind, '.bin')}"


def safe_filename(written: str) -> str:
    """A file name without directories, control and direction characters; perhaps `""`."""
    name = _FORBIDDEN.sub(" ", clean(written.replace("\\", "/")).rstrip("/").rpartition("/")[2])
    name = _SPACES.sub(" ", name).strip(" ")
    if name.strip(".") == "":
        return ""
    if len(name) > _LONGEST:
        stem, dot, extension = name.rpartition(".")
        if not dot or len(extension) > 10:
            return name[:_LONGEST]
        name = stem[: _LONGEST - len(extension) - 1] + dot + extension
    return name
