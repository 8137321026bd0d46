"""The message that goes out to an outside list: a post, or an answer to the list's own mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email.utils import format_datetime
from typing import Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from forum.domain.headers import Headers, message_ids, split_headers
from forum.domain.masking import redact_own_tokens
from forum.domain.message import parse
from forum.domain.mirroring import POST_HEADER
from forum.domain.values import Flag, Mailbox
from forum.operations.mirroring_notices import expected_answer
from forum.operations.raw import load_raw, newest_raw
from forum.operations.translated import ID_PREFIX
from forum.settings import Settings
from forum.storage.archive import MessageLink, Post
from forum.storage.lists import MailingList
from forum.storage.mirror import MirrorDelivery, MirrorNotice, MirrorSighting
from mailbridge import list_headers, mirror_token
from mailbridge.header_fields import LINE_ENDS, kept, mailbox_field, unstructured
from mailbridge.mime_edit import Content, redacted_content, text_content
from mailbridge.outgoing import Copy
from mailbridge.signing_keys import KeyRing, message_of

_VIA: Final = "via"
_KEPT: Final = ("Organization", "Thread-Topic", "Thread-Index", "Content-Language", "Keywords")


class NothingToSend(LookupError):
    """What was to be sent is gone, or names nobody to send it to."""


def build(session: Session, delivery: MirrorDelivery, settings: Settings, ring: KeyRing) -> Copy:
    """The message of one delivery, from the bridge address to the outside list.

    Raises:
        NothingToSend: the post was removed, or the list is no mirror any more.
    """
    mailing_list = delivery.mailing_list
    if not mailing_list.upstream_address or not mailing_list.bridge_address:
        raise NothingToSend("the list has no outside list")
    if delivery.notice is not None:
        return _answer(session, delivery.notice, mailing_list, ring)
    post = delivery.post
    if post is None or post.raw is None:
        raise NothingToSend("the post was removed")
    raw = LINE_ENDS.sub(b"\r\n", load_raw(post.raw))
    headers = Headers(split_headers(raw, 0, len(raw))[0])
    # Of what its author made of it since, the text and files alone: it is one message out there.
    newest = newest_raw(session, post) or post.raw
    sent = LINE_ENDS.sub(b"\r\n", load_raw(newest))
    content = redacted_content(sent, lambda text: redact_own_tokens(text, settings.site_url))
    known_as = _known_outside(session, mailing_list, post)
    head = b"".join(
        (
            list_headers.message_id_field("Message-ID", [post.message_id]),
            _references(post, headers, known_as),
            _date(post, headers),
            kept(headers, "Subject"),
            _people(post, headers, mailing_list),
            _tokens(post, headers, mailing_list, settings),
            b"".join(kept(headers, name) for name in _KEPT),
            # People's programs are not to answer it for them: the answer would come to the bridge.
            b"X-Auto-Response-Suppress: OOF, AutoReply\r\n",
            _mime(content),
        )
    )
    message = message_of(head, content.body, ring)
    return Copy(mailing_list.bridge_address, mailing_list.upstream_address, message)


def _people(post: Post, headers: Headers, mailing_list: MailingList) -> bytes:
    """From the bridge, which is subscribed there; answers go to the list and come back to us."""
    title = mailing_list.title(mailing_list.language)
    upstream = Mailbox("", mailing_list.upstream_address or "")
    name = post.author_name or post.author.name or mailing_list.slug
    via = Mailbox(f"{name} {_VIA} {title}", mailing_list.bridge_address or "")
    return b"".join(
        (
            mailbox_field("From", via),
            mailbox_field("To", upstream),
            mailbox_field("Reply-To", upstream),
        )
    )


def _tokens(post: Post, headers: Headers, mailing_list: MailingList, settings: Settings) -> bytes:
    own = mirror_token.token(mailing_list.list_id, post.id, settings.resolved_secret_key())
    values = [*mirror_token.foreign_tokens(headers, mailing_list), own]
    return b"".join(list_headers.folded(POST_HEADER, value) for value in values)


def _date(post: Post, headers: Headers) -> bytes:
    written = b"" if Flag.BAD_DATE in post.flags else kept(headers, "Date")
    return written or list_headers.folded("Date", format_datetime(post.date))


def _references(post: Post, headers: Headers, known_as: Callable[[str], str | None]) -> bytes:
    """References, with the ids under which the outside list knows what is answered.

    A list that writes ids of its own knows our posts by those alone.
    """
    answered = message_ids(" ".join(headers.get_all("in-reply-to")))[:1]
    references: list[str] = []
    for one in (*post.references, *answered):
        other = known_as(one)
        references += [one] if other is None else [one, other]
    parent = answered[-1] if answered else (post.references[-1] if post.references else "")
    known = known_as(parent) or parent
    ordered = [one for one in dict.fromkeys(references) if one != known]
    fields = list_headers.message_id_field("In-Reply-To", [known] if answered else [])
    return fields + list_headers.message_id_field("References", [*ordered, known] if known else [])


def _known_outside(
    session: Session, mailing_list: MailingList, post: Post
) -> Callable[[str], str | None]:
    """For each id that a post refers to, another under which the outside list knows the post.

    That under which it came from there; for a translation, of which it knows nothing, at least the
    post's own.
    """
    if not post.references:
        return lambda _: None
    rows = session.execute(
        select(MessageLink.message_id, func.coalesce(MirrorSighting.message_id, Post.message_id))
        .join(Post, Post.id == MessageLink.post_id)
        .outerjoin(
            MirrorSighting,
            and_(MirrorSighting.post_id == Post.id, MirrorSighting.message_id != ""),
        )
        .where(
            MessageLink.mailing_list_id == mailing_list.id,
            MessageLink.message_id.in_(post.references[-50:]),
            or_(MirrorSighting.id.is_not(None), MessageLink.message_id.like(f"{ID_PREFIX}%")),
        )
        .order_by(MirrorSighting.id)
    ).all()
    ids: dict[str, list[str]] = {}
    for written, seen in rows:
        ids.setdefault(written, []).append(seen)
    return lambda one: None if one in ids.get(one, [one]) else ids[one][0]


def _mime(content: Content) -> bytes:
    fields = content.fields
    if b"mime-version" not in fields.lower():
        return b"MIME-Version: 1.0\r\n" + fields
    return fields


def _answer(
    session: Session, notice: MirrorNotice, mailing_list: MailingList, ring: KeyRing
) -> Copy:
    """The reply that a mail of the outside list's own expects."""
    expected = expected_answer(session, notice)
    if expected is None or not expected.recipient.address:
        raise NothingToSend("the mail names nobody to answer")
    asked = parse(load_raw(notice.incoming.raw), notice.arrived_at)
    content = text_content(expected.text, "plain")
    answered: Sequence[str] = [asked.message_id] if asked.message_id else []
    own = f"mirror-answer-{notice.id}.{notice.arrived_at:%Y%m%d%H%M%S}"
    domain = mailing_list.address.rpartition("@")[2]
    bridge = Mailbox("", mailing_list.bridge_address or "")
    head = b"".join(
        (
            mailbox_field("From", bridge),
            mailbox_field("To", expected.recipient),
            unstructured("Subject", expected.subject),
            list_headers.folded("Date", format_datetime(notice.closed_at or notice.arrived_at)),
            list_headers.message_id_field("Message-ID", [f"{own}@{domain}"]),
            list_headers.message_id_field("In-Reply-To", answered),
            list_headers.message_id_field("References", answered),
            _mime(content),
        )
    )
    message = message_of(head, content.body, ring)
    return Copy(bridge.address, expected.recipient.address, message)
