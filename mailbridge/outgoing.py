"""From a post to the message that one subscriber receives, in the subscriber's language.

What is the same for all who read a language is built once, with a placeholder of ASCII bytes for
the subscription's token; each copy is that with its token in place and its own headers in front.
"""

from __future__ import annotations

import html
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from email.header import Header
from email.utils import format_datetime
from typing import Final

from forum.domain.addresses import mailboxes
from forum.domain.encoded_words import decode_value
from forum.domain.headers import Headers, split_headers
from forum.domain.values import Flag, Mailbox, Role
from forum.settings import Settings
from forum.storage.archive import Post
from forum.storage.lists import FromPolicy, MailingList
from forum.storage.people import Subscription
from mailbridge import list_headers, texts
from mailbridge.addressing import RouteKind, sub_address
from mailbridge.mime_edit import Footer, with_footer

PLACEHOLDER: Final = f"TOKEN{secrets.token_hex(22)}TOKEN"[:48]
"""As long as a subscription's token, and not to be guessed by who writes a post."""

CACHED_BYTES: Final = 64 << 20

_KEPT: Final = (
    "Organization",
    "Thread-Topic",
    "Thread-Index",
    "User-Agent",
    "X-Mailer",
    "Importance",
    "Keywords",
    "Comments",
)
"""What else of the author's headers goes on. Trace fields, signatures over the old form
(DKIM-Signature, Authentication-Results, ARC), receipts asked for and other lists' fields do not."""

_LINE_ENDS: Final = re.compile(rb"\r\n|\r|\n")
_VIA: Final = "via"
"""In every language: address books and filters know the author by it, whoever received the mail."""
_SPECIALS: Final = re.compile(r'[()<>\[\]:;@\\,."]')


@dataclass(frozen=True, slots=True)
class Copies:
    """A post as all who read one language receive it, but for what is each one's own."""

    head: bytes
    tail: bytes
    """The MIME fields, the empty line and the body, with the placeholder inside."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A message for one recipient."""

    reverse_path: str
    recipient: str
    message: bytes


@dataclass(slots=True)
class Builder:
    """Builds copies; keeps the last posts, for a post goes to many in a row."""

    settings: Settings
    _cache: OrderedDict[tuple[int, str], Copies] = field(default_factory=OrderedDict)

    def build(self, post: Post, load: Callable[[], bytes], subscription: Subscription) -> Copy:
        """The copy of one subscription.

        Args:
            load: gives the stored bytes of the post; called where they are needed.
        """
        mailing_list = post.mailing_list
        token = subscription.token
        copies = self._copies(post, load, mailing_list, subscription.language)
        own = list_headers.recipient_fields(mailing_list, self.settings.site_url, token)
        message = own + copies.head + copies.tail.replace(PLACEHOLDER.encode(), token.encode())
        reverse_path = sub_address(mailing_list, RouteKind.BOUNCES, token)
        return Copy(reverse_path, subscription.address.email, message)

    def _copies(
        self, post: Post, load: Callable[[], bytes], mailing_list: MailingList, language: str
    ) -> Copies:
        key = (post.id, language)
        found = self._cache.get(key)
        if found is None:
            found = copies_of(post, load(), mailing_list, language, self.settings)
            self._cache[key] = found
            while sum(len(kept.tail) for kept in self._cache.values()) > CACHED_BYTES:
                self._cache.popitem(last=False)
        return found


def copies_of(
    post: Post, raw: bytes, mailing_list: MailingList, language: str, settings: Settings
) -> Copies:
    """What all who read a language receive alike.

    Args:
        raw: the stored bytes; any line ends.
        language: of the footer: fr, en or es.
    """
    raw = _LINE_ENDS.sub(b"\r\n", raw)
    headers = Headers(split_headers(raw, 0, len(raw))[0])
    content = with_footer(
        raw,
        footer(post, mailing_list, language, settings.site_url),
        lambda text: redacted(text, settings.site_url),
    )
    mime = content.fields
    if not mime.upper().startswith(b"MIME-VERSION") and b"\r\nMIME-Version" not in mime:
        mime = b"MIME-Version: 1.0\r\n" + mime
    head = b"".join(
        (
            _identity(post, headers),
            _people(headers, mailing_list, language, settings.mail_domain, post),
            b"".join(_kept(headers, name) for name in _KEPT),
            list_headers.list_fields(mailing_list, settings.site_url),
            list_headers.archived_at(post, settings.site_url),
            list_headers.content_language(_languages(post)),
        )
    )
    return Copies(head, mime + b"\r\n" + content.body)


def footer(post: Post, mailing_list: MailingList, language: str, site_url: str) -> Footer:
    """What stands below a post: where it is on the web, and how to leave."""
    text = texts.fill(
        "footer",
        language,
        {
            "title": mailing_list.title(language),
            "address": mailing_list.address,
            "post_url": f"{site_url}/posts/{post.id}",
            "unsubscribe_url": list_headers.unsubscribe_url(site_url, PLACEHOLDER),
        },
    ).body
    lines = [html.escape(line) for line in text.splitlines() if line.strip("_ ")]
    linked = [re.sub(r"https?://\S+", r'<a href="\g<0>">\g<0></a>', line) for line in lines]
    shown = (
        '<hr style="border:0;border-top:1px solid #bbb;margin:24px 0 8px">'
        f'<p lang="{language}" style="font-size:13px;line-height:1.5;color:#555">'
        f"{'<br>'.join(linked)}</p>"
    )
    return Footer(text, shown, PLACEHOLDER.encode())


def redacted(text: str, site_url: str) -> str:
    """Without the tokens of other people's mail that an answer quotes."""
    links = rf"({re.escape(site_url)}/(?:unsubscribe|confirm|login)/)[\w-]{{8,}}"
    text = re.sub(links, r"\1…", text)
    return re.sub(r"(-(?:bounces|confirm|moderate)\+)[\w.~-]{8,}(?=@)", r"\1…", text)


def rewrites_from(author: Mailbox, mailing_list: MailingList, mail_domain: str) -> bool:
    """Whether the author's address may not stand in From.

    Nothing is known of another domain's DMARC policy without asking the DNS: `auto` keeps the
    addresses of this site's own domain only.
    """
    if not author.address or not author.address.isascii():
        return True
    if mailing_list.from_policy == FromPolicy.AUTO:
        return author.key.rpartition("@")[2] != mail_domain
    return mailing_list.from_policy == FromPolicy.ALWAYS


def mailbox_field(name: str, *boxes: Mailbox) -> bytes:
    """An address field; names beyond ASCII as encoded words, which are allowed in a phrase."""
    shown = [_mailbox(box) for box in boxes if box.address.isascii() and box.address]
    joined = ",\r\n ".join(shown)
    return f"{name}: {joined}\r\n".encode("ascii") if shown else b""


def unstructured(name: str, text: str) -> bytes:
    """A field of free text such as Subject, folded, as encoded words where it must be."""
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if text.isascii() and "=?" not in text:
        return list_headers.folded(name, text) or _encoded(name, text)
    return _encoded(name, text)


def _encoded(name: str, text: str) -> bytes:
    words = Header(text, "utf-8", header_name=name, maxlinelen=76).encode(linesep="\r\n")
    return f"{name}: {words}\r\n".encode("ascii")


def _mailbox(box: Mailbox) -> str:
    name = " ".join("".join(char if char.isprintable() else " " for char in box.name).split())
    address = re.sub(r"[\s<>]", "", box.address)
    if not name:
        return address
    if not name.isascii() or "=?" in name:
        words = Header(name, "utf-8", maxlinelen=60).encode(linesep="\r\n")
        return f"{words} <{address}>"
    if _SPECIALS.search(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{address}>"


def _identity(post: Post, headers: Headers) -> bytes:
    """What mail programs thread by, as the author's program wrote it."""
    date = b"" if Flag.BAD_DATE in post.flags else _kept(headers, "Date")
    references = _kept(headers, "References")
    return b"".join(
        (
            list_headers.message_id_field("Message-ID", [post.message_id]),
            _kept(headers, "In-Reply-To"),
            references or list_headers.message_id_field("References", post.references),
            date or list_headers.folded("Date", format_datetime(post.date)),
            _kept(headers, "Subject"),
        )
    )


def _people(
    headers: Headers, mailing_list: MailingList, language: str, mail_domain: str, post: Post
) -> bytes:
    written = mailboxes(headers.raw("from"))
    author = written[0] if written else Mailbox(post.author_name, "")
    own = Mailbox(mailing_list.title(language), mailing_list.address)
    name = author.name or author.address.partition("@")[0] or mailing_list.slug
    parts = [_kept(headers, "To"), _kept(headers, "Cc")]
    if not any(parts):
        parts.append(mailbox_field("To", own))
    if not rewrites_from(author, mailing_list, mail_domain):
        return b"".join((mailbox_field("From", author), *parts, mailbox_field("Reply-To", own)))
    via = Mailbox(f"{name} {_VIA} {own.name}", own.address)
    wanted = mailboxes(headers.raw("reply-to")) or (author,)
    personal = [box for box in wanted if box.key != own.key][:1]
    # Without the list an answer would miss it; without the author nobody could write to them.
    return b"".join(
        (
            mailbox_field("From", via),
            *parts,
            mailbox_field("Reply-To", *personal, own),
            mailbox_field("X-Original-From", author),
        )
    )


def _kept(headers: Headers, name: str) -> bytes:
    """A field as the author's program wrote it, where its bytes may be sent; else written anew."""
    value = headers.raw(name)
    if value is None:
        return b""
    lines = _LINE_ENDS.split(value.strip())
    written = f"{name}: ".encode() + b"\r\n".join(lines)
    sound = value.isascii() and max(map(len, written.split(b"\r\n"))) <= 900
    if sound and all(line.strip() for line in lines) and b"\0" not in value:
        return written + b"\r\n"
    if name in ("To", "Cc"):
        return mailbox_field(name, *mailboxes(value))
    if name in ("In-Reply-To", "References"):
        return b""
    return unstructured(name, decode_value(value)) if name != "Thread-Index" else b""


def _languages(post: Post) -> list[str]:
    if post.language != "mul":
        return [post.language]
    return [part.language for part in post.segments if part.role == Role.REPLY]
