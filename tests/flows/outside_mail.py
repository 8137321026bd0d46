"""How an outside list makes of a post the message that its members receive.

With the standard library's parser and generator, as Mailman does it; what this does to a message is
part of what is to be endured.
"""

from __future__ import annotations

import copy
import email
import email.charset
import email.message
import email.policy
import html
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import Header, decode_header, make_header
from email.message import Message
from email.mime.text import MIMEText
from email.utils import formataddr, make_msgid, parseaddr

from tests.flows.outside_fields import Identity, add_list_fields, footer_text
from tests.flows.outside_habits import Footer, Habits, Software

POLICY = email.policy.compat32.clone(linesep="\r\n", max_line_length=78)
_OWN = re.compile(
    r"(list-|precedence$|sender$|errors-to$|x-loop$|x-beenthere$|x-mailman|x-sequence$|archived-at$"
    r"|dkim-signature$|return-path$|received$|x-google|mailing-list$|x-original-sender$)",
    re.IGNORECASE,
)
_USUAL = re.compile(
    r"(from|to|cc|subject|date|message-id|in-reply-to|references|reply-to|mime-version|content-.*)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as the list keeps it and sends it."""

    number: int
    raw: bytes
    message_id: str
    """As its members see it, with angle brackets."""
    original_id: str
    """As its author wrote it."""
    subject: str
    author: str
    """The address in From as its author wrote it."""
    references: tuple[str, ...]
    text: str
    """The first plain text, decoded, before anything was added."""
    original: bytes
    """As its author wrote it, but for what a digest does not undo: prefix and Reply-To."""


def distributed(raw: bytes, own: Identity, habits: Habits, number: int) -> Posted:
    """Make the message that members receive."""
    message = email.message_from_bytes(raw, policy=POLICY)
    original_id = (message["Message-ID"] or make_msgid()).strip()
    author = parseaddr(str(message["From"]))[1]
    text = plain_text(message)
    references = re.findall(r"<[^<>\s]+>", f"{message['References']} {message['In-Reply-To']}")
    for name in [name for name in message if _OWN.match(name)]:
        del message[name]
    if habits.drops_unknown:
        for name in [name for name in message if not _USUAL.match(name)]:
            del message[name]
    if habits.has_prefix:
        _prefix(message, own, habits)
    if habits.reply_to_list:
        _replace(message, "Reply-To", own.address)
    if habits.strips_html:
        _strip_html(message)
    kept = message.as_bytes()
    if habits.rewrites_from:
        _rewrite_from(message, own, habits)
    if habits.rewraps or habits.encoding:
        _encode_again(message, habits)
    _add_footer(message, own, habits, original_id)
    identifier = make_msgid(domain=own.host) if habits.rewrites_ids else original_id
    _replace(message, "Message-ID", identifier)
    add_list_fields(message, own, habits, number, identifier, author)
    return Posted(
        number, message.as_bytes(), identifier, original_id, str(_subject(message)), author,
        tuple(dict.fromkeys(references)), text, kept,
    )  # fmt: skip


def plain_text(message: Message) -> str:
    """The first plain text of a message, decoded."""
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            return _decoded(part)
    return ""


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    text = payload.decode(part.get_content_charset() or "us-ascii", "replace")
    return text.replace("\r\n", "\n")


def _subject(message: Message) -> str:
    return str(make_header(decode_header(str(message["Subject"] or ""))))


def _replace(message: Message, name: str, value: str) -> None:
    del message[name]
    message[name] = value


def _prefix(message: Message, own: Identity, habits: Habits) -> None:
    """`[List] Re: subject`; Sympa leaves the answer mark in front of a prefix that is there."""
    bare = re.sub(r"\s+", " ", _subject(message))
    if habits.software is Software.SYMPA and own.prefix in f"{bare} ":
        return
    bare = bare.replace(own.prefix, "")
    marked = re.match(r"(?:(?:re|aw|sv)\s*:\s*)+", bare, re.IGNORECASE)
    answer = "Re: " if marked else ""
    bare = bare[marked.end() :] if marked else bare
    _replace(message, "Subject", _header(f"{own.prefix}{answer}{bare}", "Subject"))


def _header(text: str, name: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", header_name=name).encode()


def _rewrite_from(message: Message, own: Identity, habits: Habits) -> None:
    name, address = parseaddr(str(make_header(decode_header(str(message["From"])))))
    name = name or address.partition("@")[0]
    original = formataddr((name, address))
    shown = f"'{name}' via {own.title}" if habits.software is Software.GOOGLE else (
        f"{name} via {own.title}"
    )  # fmt: skip
    _replace(message, "From", formataddr((shown, own.address)))
    for field in habits.author_in:
        if field == "Reply-To" and habits.reply_to_list:
            field = "Cc"
        others = [one for one in message.get_all(field, []) if address not in one]
        _replace(message, field, ", ".join([*others, original]))
    if not habits.author_in:
        del message["Reply-To"]


def _strip_html(message: Message) -> None:
    """Keep the plain text alone; of HTML alone its words."""
    if message.get_content_maintype() == "multipart":
        parts = [part for part in message.walk() if part.get_content_type() == "text/plain"]
        if parts:
            _take_content(message, parts[0])
    if message.get_content_type() == "text/html":
        words = html.unescape(re.sub(r"<[^>]+>", "", _decoded(message)))
        _set_text(message, words, "plain", "")


def _take_content(message: Message, part: Message) -> None:
    for name in ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"):
        del message[name]
        if part[name]:
            message[name] = part[name]
    message.set_payload(part.get_payload())


def _set_text(part: Message, text: str, subtype: str, encoding: str) -> None:
    """Give a part a text, in UTF-8 and the encoding wanted; its parameters stay."""
    charset = email.charset.Charset("utf-8")
    wanted = encoding or ("8bit" if not text.isascii() else "7bit")
    charset.body_encoding = {
        "base64": email.charset.BASE64, "quoted-printable": email.charset.QP
    }.get(wanted)  # fmt: skip
    del part["Content-Transfer-Encoding"]
    if part.get_content_type() != f"text/{subtype}":
        del part["Content-Type"]
        part["Content-Type"] = f"text/{subtype}"
    part.set_param("charset", "utf-8")
    if charset.body_encoding is None:
        part["Content-Transfer-Encoding"] = wanted
        part.set_payload(text.encode().decode("ascii", "surrogateescape"))
    else:
        del part["MIME-Version"]
        part.set_payload(text, charset)


def _texts(message: Message) -> Iterator[Message]:
    for part in message.walk():
        if part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment":
            yield part


def _encode_again(message: Message, habits: Habits) -> None:
    for part in _texts(message):
        text = _decoded(part)
        if habits.rewraps and part.get_content_type() == "text/plain":
            text = "".join(f"{line}\n" for line in _rewrapped(text))
        _set_text(part, text, part.get_content_subtype(), habits.encoding)


def _rewrapped(text: str) -> Iterator[str]:
    for line in text.splitlines():
        mark = re.match(r"(?:> ?)*", line)
        assert mark is not None
        wrapped = textwrap.wrap(
            line[mark.end() :], 60, break_long_words=False, break_on_hyphens=False
        )
        yield from (f"{mark[0]}{one}" for one in wrapped or [""])


def _add_footer(message: Message, own: Identity, habits: Habits, identifier: str) -> None:
    if habits.footer is Footer.NONE:
        return
    added = footer_text(own, habits, identifier)
    if habits.footer is Footer.TEXT or message.get_content_type() == "text/plain":
        for part in list(_texts(message))[:2]:
            is_html = part.get_content_subtype() == "html"
            shown = f"<br>\n{html.escape(added)}" if is_html else added
            text = _decoded(part)
            text = text if text.endswith("\n") else f"{text}\n"
            _set_text(part, text + shown, part.get_content_subtype(), habits.encoding)
        return
    below = MIMEText(added, "plain", "us-ascii" if added.isascii() else "utf-8", policy=POLICY)
    below["Content-Disposition"] = "inline"
    if message.get_content_type() != "multipart/mixed":
        inner = copy.deepcopy(message)
        for name in [name for name in inner if not name.lower().startswith("content-")]:
            del inner[name]
        for name in ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"):
            del message[name]
        message["Content-Type"] = "multipart/mixed"
        message.set_payload([inner])
    message.attach(below)
