"""From an address of the envelope to what is meant by it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations.lists import OF_THE_SITE
from forum.storage.lists import MailingList, Mode, list_by_address


class RouteKind(StrEnum):
    """What mail to an address asks for."""

    POST = "post"
    BRIDGE = "bridge"
    """From the outside list that this one mirrors."""
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    CONFIRM = "confirm"
    REQUEST = "request"
    OWNER = "owner"
    BOUNCES = "bounces"
    MODERATE = "moderate"
    POSTMASTER = "postmaster"
    """Of the site as a whole: whoever runs it."""


POSTING_KINDS: Final = frozenset({RouteKind.POST, RouteKind.BRIDGE})

_WITH_TOKEN: Final = frozenset({RouteKind.CONFIRM, RouteKind.MODERATE})

_SUB_ADDRESS: Final = re.compile(
    r"(?P<slug>.{1,64})-(?P<kind>subscribe|unsubscribe|confirm|request|owner|bounces|moderate)"
    r"(?:\+(?P<token>[A-Za-z0-9._~-]{1,200}))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Route:
    """Where mail to one address goes."""

    kind: RouteKind
    mailing_list_id: int | None
    """None for the postmaster alone."""
    slug: str
    token: str = ""
    """As written: its case matters."""


def resolve(session: Session, address: str, mail_domain: str) -> Route | None:
    """Find what an address of this site means; None where it means nothing.

    A list's own address, its bridge address, and `<slug>` with or without a suffix, at MAIL_DOMAIN
    or at the domain of the list's own address; the postmaster also without a domain (RFC 5321,
    section 4.5.1), and where abuse is reported (RFC 2142). Case matters in tokens alone.

    Args:
        address: from RCPT TO, without angle brackets.
        mail_domain: the setting, lower case.
    """
    plain = address.lower().rstrip(".")
    if plain == "postmaster" or plain in {f"{name}@{mail_domain}" for name in OF_THE_SITE}:
        return Route(RouteKind.POSTMASTER, None, "")
    local, at, domain = address.rpartition("@")
    if not at or not local or len(address) > 320:
        return None
    domain = domain.lower().rstrip(".")
    found = list_by_address(session, f"{local}@{domain}")
    if found is not None:
        is_own = found.address == f"{local}@{domain}".lower()
        return _route(RouteKind.POST if is_own else RouteKind.BRIDGE, found)
    found = _list_of(session, local, domain, mail_domain)
    if found is not None:
        return _route(RouteKind.POST, found)
    return _sub_route(session, local, domain, mail_domain)


def _sub_route(session: Session, local: str, domain: str, mail_domain: str) -> Route | None:
    match = _SUB_ADDRESS.fullmatch(local)
    if match is None:
        return None
    kind = RouteKind(match["kind"].lower())
    token = match["token"] or ""
    if kind in _WITH_TOKEN and not token:
        return None
    found = _list_of(session, match["slug"], domain, mail_domain)
    return None if found is None else _route(kind, found, token)


def _list_of(session: Session, slug: str, domain: str, mail_domain: str) -> MailingList | None:
    found = session.scalar(select(MailingList).where(MailingList.slug == slug.lower()))
    if found is None or domain not in (mail_domain, domain_of(found)):
        return None
    return found


def _route(kind: RouteKind, mailing_list: MailingList, token: str = "") -> Route:
    if kind is RouteKind.BRIDGE and mailing_list.mode != Mode.MIRRORED:
        kind = RouteKind.POST
    return Route(kind, mailing_list.id, mailing_list.slug, token)


def domain_of(mailing_list: MailingList) -> str:
    """The domain of a list's own address, lower case."""
    return mailing_list.address.rpartition("@")[2].lower()


def sub_address(mailing_list: MailingList, kind: RouteKind, token: str = "") -> str:
    """The address of a list for one purpose, such as `<slug>-request@…`."""
    suffix = f"+{token}" if token else ""
    return f"{mailing_list.slug}-{kind}{suffix}@{domain_of(mailing_list)}"
