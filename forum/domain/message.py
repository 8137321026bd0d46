"""A message's bytes as a submission: the door through which everything that was written comes.

`parse` never raises: what cannot be read is left out and flagged, and the bytes are kept.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Final

from forum.domain.attachments import described
from forum.domain.dates import believable, latest_date, parse_date, received_date
from forum.domain.digest import content_digest
from forum.domain.headers import Headers, is_plain_id, language_of, mailboxes, message_ids
from forum.domain.mime import Structure, take_apart
from forum.domain.mirroring import Outside, real_author, without_prefix
from forum.domain.mojibake import repair
from forum.domain.reading import Reading, item_content, read
from forum.domain.values import (
    Attachment,
    Flag,
    Mailbox,
    Repair,
    Submission,
    TextFormat,
)

MAX_SUBJECT: Final = 1_000
MAX_RECIPIENTS: Final = 1_000
_NO_AUTHOR: Final = Mailbox("", "")


def parse(
    raw: bytes, arrived_at: datetime, *, repairs: bool = True, outside: Outside | None = None
) -> Submission:
    """Read a message; never raises, whatever the bytes.

    `arrived_at` is aware: it stands in for a missing Date and says which dates are absurd.
    `repairs` set to False leaves wrongly decoded text as it came, to undo a repair.
    `outside` is the list that a mirrored list mirrors: the author it may have hidden is found, and
    what it puts before subjects is left out.
    """
    arrived_at = arrived_at.astimezone(UTC)
    try:
        return _parse(raw, arrived_at, repairs, outside)
    except (ValueError, ArithmeticError, LookupError, TypeError, RecursionError, AssertionError):
        # No input is known that comes here; one that does must not cost a person their mail.
        return _unreadable(raw, arrived_at)


def attachment_content(raw: bytes, index: int) -> tuple[Attachment, bytes]:
    """The attachment of that index (as in `Submission.attachments`) and its decoded bytes.

    Raises LookupError where the message has no such attachment.
    """
    structure = take_apart(raw)
    items = read(raw, repairs=False, structure=structure).items
    if not 0 <= index < len(items):
        raise LookupError(f"no attachment {index}")
    content = item_content(structure, items[index])
    return described(structure, index, items[index], len(content)), content


def _parse(raw: bytes, arrived_at: datetime, repairs: bool, outside: Outside | None) -> Submission:
    structure = take_apart(raw)
    headers = structure.headers()
    reading = read(raw, repairs, structure)
    flags = set(reading.flags)
    mending = _Mending(repairs and not reading.composed_here)
    message_id = _message_id(headers, flags)
    author, subject = _author_and_subject(headers, flags, outside)
    author = mending.author(author)
    written = parse_date(headers.get("date"))
    return Submission(
        raw=raw,
        message_id=message_id,
        in_reply_to=message_ids(" ".join(headers.get_all("in-reply-to"))),
        references=message_ids(" ".join(headers.get_all("references"))),
        author=author,
        recipients=_recipients(headers),
        subject=mending.subject(subject),
        date=_date(written, headers, arrived_at, flags),
        text=reading.text,
        text_format=reading.text_format,
        attachments=tuple([described(structure, n, item) for n, item in enumerate(reading.items)]),
        content_digest=_digest(structure, headers, reading, author, written, message_id, subject),
        declared_language=language_of(headers.get("content-language")),
        thread_index=_token(headers.get("thread-index")),
        thread_topic=_token(headers.get("thread-topic")),
        flags=tuple([flag for flag in Flag if flag in flags]) if flags else (),
        repairs=(*mending.repairs, *(Repair("body", method) for method in reading.repairs)),
    )


def _author_and_subject(
    headers: Headers, flags: set[Flag], outside: Outside | None
) -> tuple[Mailbox, str]:
    """As they were written: an outside list puts its own name and prefix there."""
    author = _author(headers, flags)
    subject = headers.get("subject") or ""
    if outside is not None:
        author = real_author(headers, outside, author)
        subject = without_prefix(subject, outside)
    return author, subject


class _Mending:
    """Repairs of the header's texts, remembered."""

    def __init__(self, wanted: bool) -> None:
        self.wanted = wanted
        self.repairs: list[Repair] = []

    def mended(self, part: str, text: str) -> str:
        if not self.wanted:
            return text
        text, methods = repair(text)
        self.repairs.extend(Repair(part, method) for method in methods)
        return text

    def subject(self, written: str) -> str:
        subject = self.mended("subject", written)
        return " ".join(subject.split())[:MAX_SUBJECT]

    def author(self, author: Mailbox) -> Mailbox:
        return Mailbox(self.mended("from", author.name), author.address)


def _message_id(headers: Headers, flags: set[Flag]) -> str | None:
    value = headers.get("message-id")
    if value is None or not value.strip():
        flags.add(Flag.NO_MESSAGE_ID)
        return None
    ids = message_ids(value)
    if not ids:
        flags.add(Flag.BAD_MESSAGE_ID)
        return None
    if len(ids) > 1 or not is_plain_id(ids[0]):
        flags.add(Flag.BAD_MESSAGE_ID)
    return ids[0]


def _author(headers: Headers, flags: set[Flag]) -> Mailbox:
    """From (RFC 5322, 3.6.2), the first that has an address; Sender where From has none."""
    named = _NO_AUTHOR
    for name in ("from", "sender", "reply-to", "return-path"):
        for value in headers.raw_all(name):
            for mailbox in mailboxes(value):
                if mailbox.address:
                    return Mailbox(named.name or mailbox.name, mailbox.address)
                if named is _NO_AUTHOR:
                    named = mailbox
        if name == "from" and named.name:
            break
    flags.add(Flag.NO_AUTHOR)
    return named


def _recipients(headers: Headers) -> tuple[Mailbox, ...]:
    found = [
        mailbox
        for name in ("to", "cc")
        for value in headers.raw_all(name)
        for mailbox in mailboxes(value)
    ]
    return tuple(found[:MAX_RECIPIENTS])


def _date(
    written: datetime | None, headers: Headers, arrived_at: datetime, flags: set[Flag]
) -> datetime:
    received = headers.get_all("received")
    if written is not None and believable(written, latest_date(received, arrived_at)):
        return written
    flags.add(Flag.BAD_DATE)
    return received_date(received, arrived_at) or arrived_at


def _token(value: str | None) -> str | None:
    return " ".join(value.split())[:MAX_SUBJECT] or None if value else None


def _digest(
    structure: Structure, headers: Headers, reading: Reading, author: Mailbox,
    written: datetime | None, message_id: str | None, subject: str,
) -> str:  # fmt: skip
    own_text = reading.first_text
    if not own_text.strip():
        # Without words, what is attached tells one message from the next.
        own_text = " ".join(
            hashlib.sha256(item_content(structure, item)).hexdigest() for item in reading.items[:3]
        )
    origin = "" if written else f"{headers.get('date') or ''} {message_id or ''}"
    if not written and not message_id:
        received = headers.get_all("received")
        origin += received[-1] if received else ""
    return content_digest(author.key or author.name, written, subject, own_text, origin)


def _unreadable(raw: bytes, arrived_at: datetime) -> Submission:
    text = raw[:100_000].decode("latin-1").replace("\r\n", "\n").replace("\x00", "")
    return Submission(
        raw=raw, message_id=None, in_reply_to=(), references=(), author=_NO_AUTHOR,
        recipients=(), subject="", date=arrived_at, text=text, text_format=TextFormat.PLAIN,
        attachments=(), content_digest=hashlib.sha256(raw).hexdigest(),
        flags=(Flag.UNREADABLE,),
    )  # fmt: skip
