"""What list software does to the mail that passes through it, as switches.

Told from the documentation and the observable mail of Sympa 6, Mailman 2.1, Mailman 3 and Google
Groups; of Mailman 3 also from its own source.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Software(StrEnum):
    """Whose header fields and notices a list writes."""

    SYMPA = "sympa"
    MAILMAN2 = "mailman2"
    MAILMAN3 = "mailman3"
    GOOGLE = "google"


class Footer(StrEnum):
    """How a list adds what it says below each message."""

    NONE = "none"
    TEXT = "text"
    """Written on at the end of the text, of each form of it where there are several."""
    PART = "part"
    """A part of its own where the message is not plain text."""


class DigestForm(StrEnum):
    """How the bridge receives messages, several at once."""

    NONE = "none"
    PLAIN = "plain"
    """RFC 1153."""
    MIME = "mime"
    """multipart/digest (RFC 2046, section 5.1.5)."""


@dataclass(frozen=True, slots=True)
class Habits:
    """The switches of one list."""

    software: Software = Software.MAILMAN3
    rewrites_from: bool = False
    """DMARC: `Name via List <list@…>`."""
    author_in: tuple[str, ...] = ("Reply-To",)
    """Where the author's address then stands; empty where the list hides it."""
    has_prefix: bool = False
    footer: Footer = Footer.NONE
    strips_html: bool = False
    rewrites_ids: bool = False
    moderates: bool = False
    """Holds what the bridge sends until somebody lets it through."""
    copies: int = 1
    """How many times each member receives each message."""
    digest: DigestForm = DigestForm.NONE
    reply_to_list: bool = False
    encoding: str = ""
    """base64, 8bit or quoted-printable: how text parts are encoded again; empty leaves them."""
    rewraps: bool = False
    """Breaks the lines of plain text anew."""
    drops_unknown: bool = False
    """Passes on only the header fields that it knows."""
    archived_at: bool = False
    confirms: bool = False
    """Asks an address that is to be subscribed."""


SYMPA: Final = Habits(
    Software.SYMPA,
    rewrites_from=True,
    author_in=("Reply-To", "X-Original-From"),
    has_prefix=True,
    footer=Footer.PART,
    archived_at=True,
)
MAILMAN2: Final = Habits(
    Software.MAILMAN2,
    rewrites_from=True,
    has_prefix=True,
    footer=Footer.PART,
    encoding="base64",
)
MAILMAN3: Final = Habits(
    Software.MAILMAN3,
    rewrites_from=True,
    has_prefix=True,
    footer=Footer.PART,
    archived_at=True,
)
GOOGLE: Final = Habits(
    Software.GOOGLE,
    rewrites_from=True,
    author_in=("X-Original-From", "Reply-To"),
    has_prefix=True,
    footer=Footer.TEXT,
    encoding="quoted-printable",
)

WHOLE: Final = {"sympa": SYMPA, "mailman2": MAILMAN2, "mailman3": MAILMAN3, "google": GOOGLE}

SWITCHES: Final = {
    "plain": Habits(),
    "from-reply-to": Habits(rewrites_from=True),
    "from-original": Habits(Software.SYMPA, rewrites_from=True, author_in=("X-Original-From",)),
    "from-hidden": Habits(Software.SYMPA, rewrites_from=True, author_in=()),
    "prefix": Habits(Software.SYMPA, has_prefix=True),
    "footer-text": Habits(Software.SYMPA, footer=Footer.TEXT),
    "footer-part": Habits(Software.MAILMAN2, footer=Footer.PART),
    "no-html": Habits(strips_html=True),
    "new-ids": Habits(Software.GOOGLE, rewrites_ids=True),
    "moderated": Habits(Software.MAILMAN2, moderates=True),
    "twice": Habits(Software.SYMPA, copies=2),
    "digest-plain": Habits(Software.MAILMAN2, digest=DigestForm.PLAIN),
    "digest-mime": Habits(Software.MAILMAN3, digest=DigestForm.MIME),
    "reply-to-list": Habits(Software.MAILMAN2, reply_to_list=True),
    "base64": Habits(encoding="base64"),
    "8bit": Habits(encoding="8bit"),
    "quoted-printable": Habits(encoding="quoted-printable"),
    "rewrapped": Habits(Software.SYMPA, rewraps=True),
    "archived-at": Habits(Software.SYMPA, archived_at=True),
}
"""Each habit alone."""

COMBINED: Final = {
    "all-rewritten": Habits(
        Software.SYMPA,
        rewrites_from=True,
        author_in=(),
        has_prefix=True,
        footer=Footer.TEXT,
        strips_html=True,
        rewrites_ids=True,
        encoding="base64",
        rewraps=True,
        drops_unknown=True,
    ),
    "new-ids-twice": Habits(
        Software.GOOGLE, rewrites_ids=True, copies=2, footer=Footer.TEXT, drops_unknown=True
    ),
    "sympa-digest": Habits(
        Software.SYMPA,
        rewrites_from=True,
        author_in=("Reply-To", "X-Original-From"),
        has_prefix=True,
        digest=DigestForm.MIME,
    ),
}
