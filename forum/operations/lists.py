"""Making and changing lists, and who holds which role on them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from forum.domain.digest_schedule import is_time_zone
from forum.domain.mirroring import service_of
from forum.domain.values import LANGUAGES
from forum.operations.accounts import AccountError, check_email
from forum.operations.mirroring_out import stop_upstream
from forum.storage.lists import (
    FromPolicy,
    MailingList,
    Mode,
    Posting,
    ReplyTo,
    RoleGrant,
    RoleName,
    Strangers,
    Visibility,
    list_by_address,
    list_by_slug,
)
from forum.storage.people import Account

SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
TITLE_CHARACTERS = 200
WELCOME_CHARACTERS = 5_000
PREFIX_CHARACTERS = 40
OF_THE_SITE = frozenset({"postmaster", "abuse"})
"""What stands before the at sign in the site's own addresses (RFC 2142, sections 4 and 5)."""

RESERVED_ENDINGS = (
    "-subscribe",
    "-unsubscribe",
    "-confirm",
    "-request",
    "-owner",
    "-bounces",
    "-moderate",
)
"""Such a local part would be read as another list's address."""
CHOICES: dict[str, tuple[str, ...]] = {
    "mode": tuple(Mode),
    "visibility": tuple(Visibility),
    "posting": tuple(Posting),
    "strangers": tuple(Strangers),
    "from_policy": tuple(FromPolicy),
    "reply_to": tuple(ReplyTo),
    "language": LANGUAGES,
}
TEXTS = ("title", "description", "welcome")
FREE = frozenset(
    {
        "upstream_address",
        "bridge_address",
        "upstream_list_id",
        "outgoing_stopped",
        "hourly_limit",
        "subject_prefix",
        "time_zone",
        "digest_hour",
        *(f"{text}_{language}" for text in TEXTS for language in LANGUAGES),
    }
)


class ListError(ValueError):
    """A list that cannot be made or changed so; the text says why."""


def create_list(
    session: Session, address: str, titles: dict[str, str], now: datetime, **options: Any
) -> MailingList:
    """Make a list; its slug is the address's local part.

    Args:
        titles: By language: fr, en and es, none empty.
        options: Columns of `mailing_list`, as `edit_list` takes them.

    Raises:
        ListError: the address, a title or an option is no good, or the list exists.
    """
    try:
        address = check_email(address)
    except AccountError as error:
        raise ListError(str(error)) from None
    slug = address.partition("@")[0]
    if not SLUG.fullmatch(slug) or slug.endswith(RESERVED_ENDINGS) or slug in OF_THE_SITE:
        raise ListError(f"{slug!r} cannot name a list")
    if list_by_slug(session, slug) or list_by_address(session, address):
        raise ListError(f"there is a list {slug} already")
    missing = [language for language in LANGUAGES if not titles.get(language, "").strip()]
    if missing:
        raise ListError(f"a title is missing for: {', '.join(missing)}")
    mailing_list = MailingList(slug=slug, address=address, created_at=now)
    for language in LANGUAGES:
        setattr(mailing_list, f"title_{language}", _title(titles[language]))
    _apply(session, mailing_list, options)
    session.add(mailing_list)
    session.flush()
    return mailing_list


def edit_list(session: Session, mailing_list: MailingList, **options: Any) -> None:
    """Change columns of a list; None leaves one as it is.

    Raises:
        ListError: no such option, or a value it cannot have.
    """
    before = mailing_list.mode
    _apply(session, mailing_list, options)
    if before == Mode.MIRRORED and mailing_list.mode == Mode.HOSTED:
        # The list is here now: what still waits for the outside list has no way to go.
        stop_upstream(session, mailing_list)
    session.flush()


def _apply(session: Session, mailing_list: MailingList, options: dict[str, Any]) -> None:
    for name, value in options.items():
        if value is None:
            continue
        if name in CHOICES and value not in CHOICES[name]:
            raise ListError(f"{name} must be one of {', '.join(CHOICES[name])}, not {value!r}")
        if name not in CHOICES and name not in FREE:
            raise ListError(f"a list has no {name}")
        if name == "time_zone" and not is_time_zone(value):
            raise ListError(f"{value!r} is no time zone, such as Europe/Paris")
        if name == "digest_hour" and value not in range(24):
            raise ListError(f"the hour of digests must be from 0 to 23, not {value!r}")
        if name in ("upstream_address", "bridge_address"):
            value = _outside_address(session, mailing_list, name, value)
        if name == "upstream_list_id":
            value = _list_id(value)
        if name.startswith("title_"):
            value = _title(value)
        if name.startswith("welcome_") and len(value) > WELCOME_CHARACTERS:
            raise ListError(f"a welcome has at most {WELCOME_CHARACTERS} characters")
        if name == "subject_prefix":
            value = _prefix(value)
        setattr(mailing_list, name, value)
    _check_mirror(mailing_list)


def _check_mirror(mailing_list: MailingList) -> None:
    upstream, bridge = mailing_list.upstream_address, mailing_list.bridge_address
    if mailing_list.mode == Mode.MIRRORED and not (upstream and bridge):
        raise ListError("a mirrored list needs an upstream address and a bridge address")
    if upstream and upstream == mailing_list.address:
        raise ListError("a list cannot mirror itself: the upstream address is its own")
    if bridge and bridge == mailing_list.address:
        raise ListError("the bridge address must differ from the list's own: people write to that")
    if bridge and bridge == upstream:
        raise ListError("the bridge address must differ from the upstream address")


def _list_id(text: str) -> str | None:
    """The identifier of RFC 2919, also where the whole header was given."""
    inner = text.strip().removeprefix("List-Id:").strip()
    if inner.endswith(">"):
        inner = inner.rpartition("<")[2].removesuffix(">")
    if not inner:
        return None
    if not re.fullmatch(r"[^\s<>@]{1,250}", inner) or not inner.isprintable():
        raise ListError(f"{text!r} is no List-Id, such as atelier.lists.example.org")
    return inner.lower()


def _title(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise ListError("a list needs a title in each language")
    if len(text) > TITLE_CHARACTERS:
        raise ListError(f"a title has at most {TITLE_CHARACTERS} characters")
    return text


def _prefix(text: str) -> str:
    """A prefix as subjects bear it: in brackets, which is how it is known in answers."""
    text = " ".join(text.split())
    inner = text.removeprefix("[").removesuffix("]").strip()
    if set(inner) & set("[]") or not inner.isprintable():
        raise ListError("a subject prefix is one name in brackets, such as [ancrage]")
    if len(inner) > PREFIX_CHARACTERS:
        raise ListError(f"a subject prefix has at most {PREFIX_CHARACTERS} characters")
    return f"[{inner}]" if inner else ""


def _outside_address(session: Session, mailing_list: MailingList, name: str, value: str) -> str:
    try:
        value = check_email(value)
    except AccountError as error:
        raise ListError(str(error)) from None
    with session.no_autoflush:
        holder = list_by_address(session, value)
    if name == "upstream_address":
        _check_upstream(value)
        return value
    if holder is not None and holder is not mailing_list:
        raise ListError(f"{value} is an address of {holder.slug} already")
    local = value.partition("@")[0]
    # Mail for another list's people would come to this bridge.
    with session.no_autoflush:
        other = list_by_slug(session, local)
    if (other is not None and other is not mailing_list) or local.endswith(RESERVED_ENDINGS):
        raise ListError(f"{value} cannot be a bridge address: {local} has a meaning already")
    return value


def _check_upstream(address: str) -> None:
    """Posts that went to a service address would be commands, or land with the owners."""
    posting = service_of(address)
    if posting == "":
        raise ListError(
            f"{address} is a list server's own address: give the address that people post to"
        )
    if posting is not None:
        raise ListError(
            f"{address} is a service address of a list: give the address that people post to, "
            f"such as {posting}"
        )


def grant_role(
    session: Session, mailing_list: MailingList, account: Account, role: str, now: datetime
) -> bool:
    """Give an account a role on a list; False where it had it.

    Raises:
        ListError: there is no such role.
    """
    if role not in tuple(RoleName):
        raise ListError(f"the role must be one of {', '.join(RoleName)}")
    found = session.scalar(
        select(RoleGrant).where(
            RoleGrant.mailing_list_id == mailing_list.id,
            RoleGrant.account_id == account.id,
            RoleGrant.role == role,
        )
    )
    if found is not None:
        return False
    session.add(RoleGrant(mailing_list_id=mailing_list.id, account_id=account.id, role=role))
    session.flush()
    return True


def revoke_role(
    session: Session, mailing_list: MailingList, account: Account, role: str, now: datetime
) -> bool:
    """Take a role back; False where the account had it not."""
    revoked = session.scalar(
        delete(RoleGrant)
        .where(
            RoleGrant.mailing_list_id == mailing_list.id,
            RoleGrant.account_id == account.id,
            RoleGrant.role == role,
        )
        .returning(RoleGrant.role)
    )
    return revoked is not None
