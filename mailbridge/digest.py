"""From the posts of a digest to the one mail that a subscriber receives.

RFC 2046: a table of contents in two forms, then a multipart/digest of the messages. Each of these
is what a subscriber to each post would get, its attachments left out as links, so that answering
one reaches the list and its thread.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Final

from sqlalchemy.orm import Session

from forum.domain.flowed import flow
from forum.domain.subject import parse_subject
from forum.domain.values import Mailbox
from forum.operations.raw import load_raw, newest_raw
from forum.operations.translated import Mailed, Translated, post_of
from forum.settings import Settings
from forum.storage.archive import RawMessage
from forum.storage.lists import MailingList
from forum.storage.mail import DigestDelivery
from forum.storage.people import DigestFormat
from forum.storage.post_rows import own_languages
from mailbridge import digest_plain, light_post, list_headers
from mailbridge.addressing import RouteKind, domain_of, sub_address
from mailbridge.digest_contents import Contents, Entry, contents, entry_of, translated_entry
from mailbridge.dns_text import TxtLookup, of_this_machine
from mailbridge.header_fields import mailbox_field, unstructured
from mailbridge.mime_edit import Content, text_content
from mailbridge.outgoing import PLACEHOLDER, Copy, copies_of
from mailbridge.signing import BodyHash
from mailbridge.signing_keys import message_of, ring_of

LARGEST_MESSAGE: Final = 200_000
"""Bytes of a message in a digest; of a larger one the beginning of its text is given."""

LARGEST_DIGEST: Final = 4_000_000
"""Bytes that its messages share; each has `LEAST_SHARE` for certain."""

LEAST_SHARE: Final = 20_000
CACHED_BYTES: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest as all receive it who read a language and get the same posts."""

    subject: str
    content: Content
    hash: BodyHash


_Key = tuple[str, bool, tuple[tuple[int, int, int], ...]]
"""The language, whether in one plain text, and the posts and translations."""


@dataclass(slots=True)
class DigestBuilder:
    """Builds digests; keeps the last ones, for most subscribers of a list get the same."""

    settings: Settings
    lookup: TxtLookup | None = None
    """Asks the DNS for the policies of authors' domains; None takes this machine's name servers,
    where the settings allow it."""
    _cache: OrderedDict[_Key, Digest] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        if self.settings.dns and self.lookup is None:
            self.lookup = of_this_machine()

    def build(self, row: DigestDelivery, posts: Sequence[Mailed], session: Session) -> Copy:
        """The mail of one subscription; the same again whenever it is built.

        Args:
            posts: those of one thread together, translations among them.

        Raises:
            LookupError: there is none.
        """
        if not posts:
            raise LookupError("none of its posts is shown any more")
        subscription = row.subscription
        mailing_list, token = subscription.mailing_list, subscription.token
        plain = subscription.plain_text or subscription.digest_format == DigestFormat.PLAIN
        digest = self._digest(mailing_list, posts, subscription.language, plain, session)
        recipient = subscription.address.email
        head = _head(row, posts, digest, self.settings) + digest.content.fields
        body = digest.content.body.replace(PLACEHOLDER.encode(), token.encode())
        ring = ring_of(self.settings.data_dir, self.settings.mail_domain)
        message = message_of(head, body, ring, digest.hash, token.encode())
        return Copy(sub_address(mailing_list, RouteKind.BOUNCES, token), recipient, message)

    def _digest(
        self,
        mailing_list: MailingList,
        posts: Sequence[Mailed],
        language: str,
        plain: bool,
        session: Session,
    ) -> Digest:
        key = (language, plain, tuple(map(_key_of, posts)))
        found = self._cache.get(key)
        if found is None:
            site_url = self.settings.site_url
            entries = _entries(posts, language, site_url, session)
            made = contents(mailing_list, entries, language, site_url, plain=plain)
            if plain:
                content = digest_plain.content(made, posts, language, self.settings)
            else:
                kept = [newest_raw(session, post_of(one)) for one in posts]
                messages = _messages(
                    posts, kept, mailing_list, language, self.settings, self.lookup
                )
                content = _assembled(made, messages)
            found = Digest(made.subject, content, BodyHash(content.body, PLACEHOLDER.encode()))
            self._cache[key] = found
            while sum(2 * len(kept.content.body) for kept in self._cache.values()) > CACHED_BYTES:
                self._cache.popitem(last=False)
        return found


def _key_of(mailed: Mailed) -> tuple[int, int, int]:
    post = post_of(mailed)
    version = mailed.version.id if isinstance(mailed, Translated) else 0
    return post.id, post.corrections, version


def _entries(
    posts: Sequence[Mailed], language: str, site_url: str, session: Session
) -> list[Entry]:
    own = [one for one in posts if not isinstance(one, Translated)]
    several = own_languages(session, [post.id for post in own if post.language == "mul"])
    return [
        translated_entry(one, language, site_url)
        if isinstance(one, Translated)
        else entry_of(one, several.get(one.id, ()), site_url)
        for one in posts
    ]


def _subject(row: DigestDelivery, posts: Sequence[Mailed], digest: Digest) -> str:
    """A burst bears its thread's subject, so that it stands with the thread's other mails."""
    if not row.is_burst:
        return digest.subject
    first = post_of(posts[0])
    base = parse_subject(first.subject, list_prefixes=first.mailing_list.subject_names).base
    return f"Re: {base} ({len(posts)})"


def _thread_ids(row: DigestDelivery, posts: Sequence[Mailed]) -> Sequence[str]:
    if not row.is_burst:
        return ()
    first = post_of(posts[0])
    return [*first.references, first.message_id]


def _head(
    row: DigestDelivery, posts: Sequence[Mailed], digest: Digest, settings: Settings
) -> bytes:
    """The fields of a digest but for those of its content."""
    subscription = row.subscription
    mailing_list, site_url = subscription.mailing_list, settings.site_url
    identifier = f"digest-{row.id}.{row.queued_at.timestamp():.6f}@{domain_of(mailing_list)}"
    title = mailing_list.title(subscription.language)
    owner = sub_address(mailing_list, RouteKind.OWNER)
    return b"".join(
        (
            list_headers.recipient_fields(mailing_list, site_url, subscription.token),
            # Not the list: an answer would bring the whole digest back to it.
            mailbox_field("From", Mailbox(title, sub_address(mailing_list, RouteKind.REQUEST))),
            mailbox_field("To", Mailbox("", subscription.address.email)),
            mailbox_field("Reply-To", Mailbox("", owner)),
            unstructured("Subject", _subject(row, posts, digest)),
            list_headers.folded("Date", format_datetime(row.queued_at)),
            list_headers.message_id_field("Message-ID", [identifier]),
            list_headers.message_id_field("References", _thread_ids(row, posts)),
            # RFC 3834, section 5: nobody wrote the mail itself.
            list_headers.folded("Auto-Submitted", "auto-generated"),
            list_headers.list_fields(mailing_list, site_url),
            list_headers.content_language([subscription.language]),
            b"MIME-Version: 1.0\r\n",
        )
    )


def _messages(
    posts: Sequence[Mailed],
    kept: Sequence[RawMessage | None],
    mailing_list: MailingList,
    language: str,
    settings: Settings,
    lookup: TxtLookup | None,
) -> list[bytes]:
    """The messages as they stand in the digest, each within its share of the whole."""
    made: list[bytes] = []
    left = LARGEST_DIGEST
    for number, (post, row) in enumerate(zip(posts, kept, strict=True)):
        share = min(LARGEST_MESSAGE, max(LEAST_SHARE, left // (len(posts) - number)))
        if row is None:
            raise LookupError("the post was removed")
        raw = load_raw(row)
        if isinstance(post, Translated):
            post = post.within(share // 4)
        else:
            raw = light_post.with_links(post, raw, language, settings.site_url, share)
        copies = copies_of(post, raw, mailing_list, language, settings, lookup)
        made.append(copies.message)
        left -= len(made[-1])
    return made


def _assembled(made: Contents, messages: Sequence[bytes]) -> Content:
    """The parts put together (RFC 2046, sections 5.1.3 to 5.1.5)."""
    atom = PLACEHOLDER.encode()
    text = text_content(flow(f"{made.above}\n{made.below}"), "plain", atom, "; format=flowed")
    page = text_content(made.page, "html", atom)
    eight_bit = b"" if all(map(bytes.isascii, messages)) else b"8bit"
    encoding = b"Content-Transfer-Encoding: 8bit\r\n" if eight_bit else b""
    whole = b"".join((text.body, page.body, *messages))
    # Without the placeholder, which each process chooses: a mail sent again is the same.
    name = hashlib.sha256(whole.replace(PLACEHOLDER.encode(), b"")).hexdigest()[:40]
    forms = _multipart(
        b"alternative", f"=_forms-{name}", [(one.fields, one.body) for one in (text, page)], b""
    )
    fields = b"Content-Type: message/rfc822\r\n" + encoding
    digest = _multipart(
        b"digest", f"=_digest-{name}", [(fields, message) for message in messages], encoding
    )
    both = [(forms.fields, forms.body), (digest.fields, digest.body)]
    return _multipart(b"mixed", f"=_mixed-{name}", both, encoding)


def _multipart(
    subtype: bytes, boundary: str, parts: Sequence[tuple[bytes, bytes]], encoding: bytes
) -> Content:
    mark = boundary.encode("ascii")
    pieces: list[bytes] = []
    for fields, body in parts:
        pieces += [b"--", mark, b"\r\n", fields, b"\r\n", body, b"\r\n"]
    pieces += [b"--", mark, b"--\r\n"]
    head = b'Content-Type: multipart/%s;\r\n boundary="%s"\r\n' % (subtype, mark)
    return Content(head + encoding, b"".join(pieces))
