"""From a row of `notice` to the message that leaves: the site's own mail to one address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from email.utils import format_datetime
from urllib.parse import urlsplit

from forum.domain.days import day_in_words
from forum.domain.values import LANGUAGES, Mailbox
from forum.operations.notices import NoticeKind
from forum.settings import Settings
from forum.storage.lists import MailingList
from forum.storage.mail import Notice
from mailbridge import list_headers, texts
from mailbridge.addressing import RouteKind, domain_of, sub_address
from mailbridge.header_fields import mailbox_field, unstructured
from mailbridge.mime_edit import Content, text_content
from mailbridge.outgoing import Copy
from mailbridge.reasons import advice, in_words
from mailbridge.signing_keys import message_of, ring_of

OWNER_MAIL = "owner-mail"
"""Mail to `<slug>-owner`, passed on to an owner with the original attached."""

POSTMASTER_MAIL = "postmaster-mail"
"""Mail to the postmaster, passed on to an administrator with the original attached."""

SITE_PROBLEM = "site-problem"
"""The smarthost refuses everything."""

_ANSWERS = frozenset(
    {
        NoticeKind.HELP,
        NoticeKind.UNKNOWN_COMMAND,
        NoticeKind.HELD_AUTHOR,
        NoticeKind.REFUSED_AUTHOR,
        NoticeKind.FAILED_AUTHOR,
    }
)
_CONFIRMED_BY_REPLY = frozenset(
    {
        NoticeKind.CONFIRM_SUBSCRIBE,
        NoticeKind.CONFIRM_IN_ALL,
        NoticeKind.CONFIRM_UNSUBSCRIBE,
        NoticeKind.CONFIRM_CHANGE,
        NoticeKind.INVITATION,
    }
)


@dataclass(frozen=True, slots=True)
class Attached:
    """A message passed on as it came."""

    raw: bytes
    author: Mailbox


def build(notice: Notice, settings: Settings, attached: Attached | None = None) -> Copy:
    """The message of a notice, in its language.

    It leaves with the null reverse path: RFC 3834, section 3.3, and nobody would read a bounce. A
    warning alone is sent to find out whether it comes back.

    Args:
        attached: for mail that is passed on.

    Raises:
        FileNotFoundError, KeyError: its kind or its values are not those of a template.
    """
    mailing_list = notice.mailing_list
    values = _values(notice, settings, notice.language)
    text = _text(notice, settings)
    content = text_content(text.body, "plain")
    if attached is not None:
        content = _with_attached(content, attached, notice)
    domain = domain_of(mailing_list) if mailing_list else settings.mail_domain
    identifier = f"notice-{notice.id}.{notice.queued_at.timestamp():.6f}@{domain}"
    head = b"".join(
        (
            mailbox_field("From", _from(notice, mailing_list, settings)),
            mailbox_field("To", Mailbox("", notice.recipient)),
            _reply_to(notice, mailing_list, values, attached),
            unstructured("Subject", text.subject),
            list_headers.folded("Date", format_datetime(notice.queued_at)),
            list_headers.message_id_field("Message-ID", [identifier]),
            list_headers.message_id_field("In-Reply-To", _answered(values)),
            list_headers.folded("Auto-Submitted", _auto_submitted(notice)),
            list_headers.folded("X-Auto-Response-Suppress", "All"),
            list_headers.content_language(_languages(notice)),
            b"MIME-Version: 1.0\r\n",
        )
    )
    ring = ring_of(settings.data_dir, settings.mail_domain)
    message = message_of(head + content.fields, content.body, ring)
    return Copy(_reverse_path(notice, mailing_list), notice.recipient, message)


def _languages(notice: Notice) -> tuple[str, ...]:
    """What it is written in: its own language, where that is a guess with the others below."""
    if notice.kind != NoticeKind.CONFIRM_IN_ALL:
        return (notice.language,)
    return tuple(dict.fromkeys((notice.language, *LANGUAGES)))


def _text(notice: Notice, settings: Settings) -> texts.Text:
    """The text in each of its languages, one below the other."""
    said = [
        texts.fill(notice.kind, language, _values(notice, settings, language))
        for language in _languages(notice)
    ]
    subject = " / ".join(one.subject for one in said)
    return texts.Text(subject, "\n".join(one.body for one in said))


def _reverse_path(notice: Notice, mailing_list: MailingList | None) -> str:
    token = notice.params.get("probe_token", "")
    return sub_address(mailing_list, RouteKind.BOUNCES, token) if mailing_list and token else ""


def _answered(values: dict[str, str]) -> list[str]:
    """The Message-ID of the mail that a notice answers, if it answers one."""
    identifier = values.get("in_reply_to", "").strip()
    return [identifier] if identifier else []


def _values(notice: Notice, settings: Settings, language: str) -> dict[str, str]:
    """What templates may name: the notice's own values, its list's and the site's."""
    values = {
        "recipient": notice.recipient,
        "site_url": settings.site_url,
        "moderation_url": _moderation_url(notice, settings),
        "decided_url": f"{settings.site_url}/moderation/decided",
        "postmaster_address": f"postmaster@{settings.mail_domain}",
        "mails_url": f"{settings.site_url}/account/mails",
        "account_url": f"{settings.site_url}/account",
        "unsubscribe_url": "",
        "reason": "",
    }
    if notice.mailing_list is not None:
        values |= _list_values(notice.mailing_list, language, settings.site_url)
    values |= notice.params
    if notice.params.get("token"):
        values["unsubscribe_url"] = list_headers.unsubscribe_url(
            settings.site_url, notice.params["token"]
        )
    if values.get("until"):
        day = date.fromisoformat(values["until"])
        values["until"] = day_in_words(day, language)
    if "reasons" in values:
        codes = values["reasons"].split(",")
        values["advice"] = advice(codes, language, values)
        values["reasons"] = in_words(codes, language)
    return values


def _moderation_url(notice: Notice, settings: Settings) -> str:
    held_id = notice.params.get("held_id", "")
    page = f"/moderation/held/{held_id}" if held_id else "/moderation"
    return f"{settings.site_url}{page}"


def _list_values(mailing_list: MailingList, language: str, site_url: str) -> Mapping[str, str]:
    title = mailing_list.title(language)
    return {
        "title": title,
        "list_title": title,
        "welcome": mailing_list.welcome(language),
        "slug": mailing_list.slug,
        "mail_domain": domain_of(mailing_list),
        "address": mailing_list.address,
        "list_url": f"{site_url}/lists/{mailing_list.slug}/",
        "outgoing_url": f"{site_url}/lists/{mailing_list.slug}/outgoing",
        # What ends a subscription whose token is not at hand.
        "unsubscribe_url": sub_address(mailing_list, RouteKind.UNSUBSCRIBE),
        "request_address": sub_address(mailing_list, RouteKind.REQUEST),
        "subscribe_address": sub_address(mailing_list, RouteKind.SUBSCRIBE),
        "owner_address": sub_address(mailing_list, RouteKind.OWNER),
    }


def _from(notice: Notice, mailing_list: MailingList | None, settings: Settings) -> Mailbox:
    if mailing_list is None:
        name = urlsplit(settings.site_url).hostname or "Passerelle"
        return Mailbox(f"Passerelle ({name})", f"no-reply@{settings.mail_domain}")
    kind = RouteKind.OWNER if notice.kind == OWNER_MAIL else RouteKind.REQUEST
    return Mailbox(mailing_list.title(notice.language), sub_address(mailing_list, kind))


def _reply_to(
    notice: Notice,
    mailing_list: MailingList | None,
    values: Mapping[str, str],
    attached: Attached | None,
) -> bytes:
    if attached is not None and not values.get("decision_token"):
        return mailbox_field("Reply-To", attached.author)
    if mailing_list is None:
        return b""
    if notice.kind in _CONFIRMED_BY_REPLY and values.get("secret"):
        address = sub_address(mailing_list, RouteKind.CONFIRM, values["secret"])
    elif values.get("decision_token"):
        address = sub_address(mailing_list, RouteKind.MODERATE, values["decision_token"])
    else:
        address = sub_address(mailing_list, RouteKind.OWNER)
    return mailbox_field("Reply-To", Mailbox("", address))


def _auto_submitted(notice: Notice) -> str:
    # RFC 3834, section 5: an answer to a message, or of the site's own accord.
    return "auto-replied" if notice.kind in _ANSWERS else "auto-generated"


def _with_attached(content: Content, attached: Attached, notice: Notice) -> Content:
    boundary = f"=_notice-{notice.id}-{notice.queued_at.timestamp():.6f}".encode()
    raw = attached.raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    parts = (
        b"--%s\r\n%s\r\n%s\r\n" % (boundary, content.fields, content.body),
        b"--%s\r\nContent-Type: message/rfc822\r\n" % boundary,
        b'Content-Disposition: attachment; filename="message.eml"\r\n\r\n%s' % raw,
        b"\r\n--%s--\r\n" % boundary,
    )
    head = b'Content-Type: multipart/mixed;\r\n boundary="%s"\r\n' % boundary
    return Content(head, b"".join(parts))
