"""The values that travel between the rooms of the house: frozen, typed, without behaviour.

A value that only one module makes and reads stands in that module; what stands here is shared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

LANGUAGES: Final = ("fr", "en", "es")
"""The languages of the interface and of the stemmed search, BCP 47."""

UNDETERMINED: Final = "und"
"""BCP 47 code of a text in no known language."""

MULTIPLE: Final = "mul"
"""BCP 47 code of a post in several languages."""


class Role(StrEnum):
    """What a part of a body is."""

    REPLY = "reply"
    QUOTATION = "quotation"
    ATTRIBUTION = "attribution"
    SIGNATURE = "signature"
    FOOTER = "footer"


class Source(StrEnum):
    """The entrance through which a message came."""

    WEB = "web"
    EMAIL = "email"
    IMPORT = "import"


class TextFormat(StrEnum):
    """How a body's text is to be rendered."""

    PLAIN = "plain"
    """Mail text: escaped, links made, paragraphs and line ends kept."""
    MARKDOWN = "markdown"
    """Written on the web, or made from an HTML-only mail."""


class Flag(StrEnum):
    """What was odd about a message; it is posted all the same."""

    BAD_DATE = "bad-date"
    NO_MESSAGE_ID = "no-message-id"
    BAD_MESSAGE_ID = "bad-message-id"
    NO_AUTHOR = "no-author"
    BAD_CHARSET = "bad-charset"
    BAD_STRUCTURE = "bad-structure"
    TRUNCATED = "truncated"
    UNREADABLE = "unreadable"
    ENCRYPTED = "encrypted"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an address (RFC 5322, section 3.4); either may be empty, never None."""

    name: str
    address: str
    """As written, but for the domain in lower case; `""` where there is none."""

    @property
    def key(self) -> str:
        """The address as it is compared: all in lower case."""
        return self.address.lower()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of the raw message that is offered for download."""

    index: int
    """0-based, in the order of the message: the n of `/posts/<id>/attachments/<n>/…`."""
    filename: str
    """Decoded, without directories or control characters; never empty."""
    content_type: str
    """Lower case, `type/subtype`, without parameters."""
    size: int
    """Bytes, decoded."""
    content_id: str | None = None
    """Without angle brackets; for images shown inside an HTML body."""
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Repair:
    """A change made to wrongly decoded text, kept so that it can be undone."""

    part: str
    """`subject`, `from` or `body`."""
    method: str
    """For instance `ftfy`, `mac_roman-as-cp1252`."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A parsed message, not yet judged."""

    raw: bytes
    message_id: str | None
    """Without angle brackets; None where the header is missing or unusable."""
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    """Oldest first, without angle brackets, without doubles."""
    author: Mailbox
    recipients: tuple[Mailbox, ...]
    """To and Cc, in order."""
    subject: str
    """Decoded, unfolded, white space collapsed; may be empty."""
    date: datetime
    """Aware, UTC; from Date, else Received, else the time of arrival."""
    text: str
    """The body as text, line ends `\\n`; `""` where there is none."""
    text_format: TextFormat
    attachments: tuple[Attachment, ...]
    content_digest: str
    """Hex SHA-256 of author, Date, subject and own body: equal for copies of one message."""
    declared_language: str | None = None
    """From Content-Language, where it names one language."""
    thread_index: str | None = None
    """Outlook's Thread-Index, base64 as written."""
    thread_topic: str | None = None
    flags: tuple[Flag, ...] = ()
    repairs: tuple[Repair, ...] = ()

    @property
    def parents(self) -> tuple[str, ...]:
        """What it answers: References, oldest first, then In-Reply-To where it adds one."""
        # Further things in In-Reply-To that look like ids are most often mail addresses.
        return tuple(dict.fromkeys((*self.references, *self.in_reply_to[:1])))

    @property
    def people(self) -> frozenset[str]:
        """Whom it is from and to, as addresses are compared."""
        return frozenset({self.author.key, *(box.key for box in self.recipients)} - {""})


@dataclass(frozen=True, slots=True)
class Segment:
    """Part of a body with one role and one language."""

    role: Role
    text: str
    """Without the `>` marks for quotations; line ends `\\n`."""
    language: str = UNDETERMINED
    confidence: float = 0.0
    """Of the language, 0 to 1."""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file a person attaches to what they write on the web."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wrote on the web or by the API, before it becomes a message."""

    author: Mailbox
    subject: str
    text: str
    """Markdown."""
    message_id: str
    """Without angle brackets."""
    date: datetime
    list_address: str
    list_name: str
    language: str | None = None
    """Declared by the author; None to detect."""
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    attachments: tuple[UploadedFile, ...] = field(default=())
