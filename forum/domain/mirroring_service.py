"""The outside list's own mail to the bridge: what it asks, tells or sends back.

Known by where it comes from (one of the list's service addresses) and by what marks it as not a
post; only then do words, in three languages, tell one kind from another. Habits of Sympa, Mailman
2 and 3 and Google Groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from forum.domain.addresses import mailboxes
from forum.domain.headers import Headers, message_ids
from forum.domain.mirroring import Outside
from forum.domain.values import Mailbox


class ServiceKind(StrEnum):
    """What a mail of the outside list's own is."""

    CONFIRMATION = "confirmation"
    """It asks whether the bridge is to be subscribed (or to stay so)."""
    MODERATION = "moderation"
    """Something of ours awaits a moderator there."""
    REFUSAL = "refusal"
    """Something of ours was refused there."""
    PROBE = "probe"
    """It tries whether the bridge can be reached."""
    WELCOME = "welcome"
    BOUNCE = "bounce"
    """A mail server could not deliver what we sent (RFC 3464)."""
    OTHER = "other"


ANSWERABLE: Final = frozenset({ServiceKind.CONFIRMATION, ServiceKind.PROBE, ServiceKind.OTHER})
"""Kinds that an answer is expected to; the others only tell."""

_SYSTEM: Final = re.compile(
    r"(?:sympa|mailman(?:-\w+)?|listmaster|majordomo|listserv|lists?|noreply|no-reply|postmaster"
    r"|mailer-daemon|bounces?)(?:[+=-].*)?$",
    re.IGNORECASE,
)
_CONFIRMS_BY_ADDRESS: Final = re.compile(r"[-+](?:confirm|subconfirm)[+=-]?", re.IGNORECASE)
_COMMAND: Final = re.compile(
    r"^[ \t>]*(?P<command>(?:auth|confirm)\s+[0-9a-z]{6,64}(?:[ \t]+[\w.@+= -]{1,120})?)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_MAILTO: Final = re.compile(r"mailto:[^\s<>\"]{3,400}", re.IGNORECASE)
_CONFIRM_WORDS: Final = re.compile(
    r"(?:confirm\w*).{0,200}(?:subscri|abonn|inscri|suscri|membership|join)"
    r"|(?:subscri|abonn|inscri|suscri|invit)\w*.{0,200}confirm",
    re.IGNORECASE | re.DOTALL,
)
_MODERATION_WORDS: Final = re.compile(
    r"mod[eé]rat|moderaci|approv|approb|aprob|awaits|being held|en attente|retenid|pendiente",
    re.IGNORECASE,
)
_REFUSAL_WORDS: Final = re.compile(
    r"reject|refus|rechaz|not (?:allowed|authori[sz]ed|permitted)|pas autoris|no (?:est[aá] )?autor"
    r"|denied|non distribu",
    re.IGNORECASE,
)
_PROBE_WORDS: Final = re.compile(r"\bprobe\b|\bsonde\b|\bsonda\b", re.IGNORECASE)
_WELCOME_WORDS: Final = re.compile(r"welcome to|bienvenue|bienvenid", re.IGNORECASE)
_ID: Final = re.compile(r"^[ \t>]*message-id:\s*(<[^<>\s]{3,900}>)", re.IGNORECASE | re.MULTILINE)
_LOOKED_AT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Service:
    """A mail of the outside list's own."""

    kind: ServiceKind
    about: tuple[str, ...]
    """Message-IDs that it names: of what it is about."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The answer that a mail asks for."""

    recipient: Mailbox
    subject: str
    text: str
    """Line ends `\\n`; the command that the list waits for, where the mail names one."""


def recognise(
    headers: Headers, subject: str, text: str, outside: Outside, *, is_bounce: bool
) -> Service | None:
    """What a mail to the bridge is, if it is the outside list's own and no post; never raises.

    Args:
        subject: Decoded.
        text: Of the message, with what is attached to it as text.
        is_bounce: Whether its form is that of a failed delivery.
    """
    about = _about(headers, text)
    if is_bounce:
        return Service(ServiceKind.BOUNCE, about)
    if not _is_service(headers, outside):
        return None
    return Service(_kind(headers, subject, text[:_LOOKED_AT]), about)


def expected_answer(headers: Headers, subject: str, text: str, outside: Outside) -> Expected | None:
    """The reply that a service mail expects; None where it names nobody of the list to answer.

    An address in it that holds the whole command (`mailto:sympa@…?subject=AUTH …`) goes first, as
    no reply is read for one; else it is answered as any mail, its subject kept.
    """
    found = _by_link(text[:_LOOKED_AT], outside)
    if found is not None:
        return found
    command = _COMMAND.search(text[:_LOOKED_AT])
    for name in ("reply-to", "from"):
        for value in headers.raw_all(name):
            for box in mailboxes(value):
                if outside.is_near(box.key):
                    body = f"{command['command'].strip()}\n" if command else "ok\n"
                    return Expected(box, subject, body)
    return None


def _is_service(headers: Headers, outside: Outside) -> bool:
    """Whether a machine of the list wrote, to us: not what it passes on of people's posts."""
    if (headers.get("x-list-administrivia") or "").strip().lower() == "yes":
        return True
    senders = [box.key for value in headers.raw_all("from") for box in mailboxes(value)]
    if not any(_is_machine(address, outside) for address in senders):
        return False
    recipients = {
        box.key for name in ("to", "cc") for value in headers.raw_all(name)
        for box in mailboxes(value)
    }  # fmt: skip
    # What the owner writes to the list comes from such an address too, but by way of the list.
    return headers.get("list-post") is None or outside.address not in recipients


def _is_machine(address: str, outside: Outside) -> bool:
    if address == outside.address or not outside.is_near(address):
        return False
    return outside.owns(address) or _SYSTEM.match(address.rpartition("@")[0]) is not None


def _kind(headers: Headers, subject: str, text: str) -> ServiceKind:
    senders = " ".join(filter(None, (headers.get("from"), headers.get("reply-to"))))
    if _CONFIRMS_BY_ADDRESS.search(senders) or _COMMAND.search(subject):
        return ServiceKind.CONFIRMATION
    for pattern, kind in (
        (_PROBE_WORDS, ServiceKind.PROBE),
        (_REFUSAL_WORDS, ServiceKind.REFUSAL),
        (_MODERATION_WORDS, ServiceKind.MODERATION),
        (_CONFIRM_WORDS, ServiceKind.CONFIRMATION),
        (_WELCOME_WORDS, ServiceKind.WELCOME),
    ):
        if pattern.search(subject):
            return kind
    # A notice of moderation holds a command too, which takes the message back.
    if _COMMAND.search(text):
        return ServiceKind.CONFIRMATION
    for pattern, kind in (
        (_REFUSAL_WORDS, ServiceKind.REFUSAL),
        (_CONFIRM_WORDS, ServiceKind.CONFIRMATION),
        (_MODERATION_WORDS, ServiceKind.MODERATION),
        (_WELCOME_WORDS, ServiceKind.WELCOME),
    ):
        if pattern.search(text):
            return kind
    return ServiceKind.OTHER


def _about(headers: Headers, text: str) -> tuple[str, ...]:
    named = [
        one
        for name in ("in-reply-to", "references", "x-failed-message-id", "original-message-id")
        for value in headers.get_all(name)
        for one in message_ids(value)
    ]
    inside = (one for written in _ID.findall(text[:200_000]) for one in message_ids(written))
    return tuple(dict.fromkeys((*named, *inside)))[:50]


def _by_link(text: str, outside: Outside) -> Expected | None:
    for address, subject, body in _links(text):
        wanted = f"{subject}\n{body}"
        if outside.is_near(address) and _COMMAND.search(wanted):
            return Expected(Mailbox("", address), subject, f"{body or subject}\n")
    return None


def _links(text: str) -> Iterator[tuple[str, str, str]]:
    for found in _MAILTO.findall(text):
        try:
            parts = urlsplit(found.rstrip(".,;)>"))
            asked = parse_qs(parts.query, max_num_fields=20)
        except ValueError:
            continue
        subject, body = (asked.get(name, [""])[0].strip() for name in ("subject", "body"))
        flat = " ".join(subject.split())
        yield unquote(parts.path).strip().lower(), flat, body
