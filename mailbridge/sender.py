"""Who a post's copies are from, where answers to them go, and what stands before the subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import object_session

from forum.domain.addresses import mailboxes
from forum.domain.encoded_words import decode_value
from forum.domain.headers import Headers
from forum.domain.mirroring import real_author
from forum.domain.subject import parse_subject
from forum.domain.values import Mailbox
from forum.storage.archive import Post
from forum.storage.lists import FromPolicy, MailingList, ReplyTo
from forum.storage.mirror import outside_of
from mailbridge.authentication import asks_for_proof
from mailbridge.dns_text import LookupFailed, TxtLookup
from mailbridge.header_fields import kept, mailbox_field, unstructured

_VIA: Final = "via"
"""In every language: address books and filters know the author by it, whoever received the mail."""

FREEMAIL: Final = frozenset((
    "aol.com", "free.fr", "gmail.com", "gmx.com", "gmx.fr", "googlemail.com", "hotmail.com",
    "hotmail.es", "hotmail.fr", "icloud.com", "laposte.net", "live.com", "live.fr", "mac.com",
    "mail.com", "me.com", "msn.com", "orange.fr", "outlook.com", "outlook.es", "outlook.fr",
    "proton.me", "protonmail.com", "sfr.fr", "telefonica.net", "wanadoo.fr", "yahoo.com",
    "yahoo.es", "yahoo.fr", "ymail.com",
))  # fmt: skip
"""Large hosts of private mailboxes, whose own users are most of a list's readers. Whatever policy
they publish, they know their own mail and put what comes from elsewhere in its name among the junk
or refuse it; and the policy of any of them may change on a day without notice."""


def people_fields(
    headers: Headers,
    post: Post,
    mailing_list: MailingList,
    language: str,
    *,
    mail_domain: str,
    lookup: TxtLookup | None,
) -> bytes:
    """From, To, Cc, Reply-To, and X-Original-From where the list speaks for the author.

    Args:
        headers: of the post's own message.
        lookup: asks the DNS; None where that is not wanted.
    """
    author, wanted = _author(headers, post, mailing_list)
    own = Mailbox(mailing_list.title(language), mailing_list.address)
    personal = [box for box in wanted if box.address and box.key != own.key][:1]
    answers = mailbox_field("Reply-To", *_answered(mailing_list.reply_to, own, personal))
    if not rewrites_from(author, mailing_list, mail_domain, lookup):
        return b"".join((mailbox_field("From", author), _to_and_cc(headers, own), answers))
    name = author.name or author.address.partition("@")[0] or mailing_list.slug
    # Where answers go to the list alone, who wants to write to the author finds them in Cc.
    copied = personal if mailing_list.reply_to == ReplyTo.LIST else []
    return b"".join(
        (
            mailbox_field("From", Mailbox(f"{name} {_VIA} {own.name}", own.address)),
            _to_and_cc(headers, own, copied),
            answers,
            mailbox_field("X-Original-From", author),
        )
    )


def _author(
    headers: Headers, post: Post, mailing_list: MailingList
) -> tuple[Mailbox, Sequence[Mailbox]]:
    """Who wrote a post, and where answers to them go.

    What an outside list has put on a message is not the author's: neither in From nor in Reply-To.
    """
    written = mailboxes(headers.raw("from"))
    author = written[0] if written else Mailbox(post.author_name, "")
    session = object_session(post)
    outside = outside_of(session, mailing_list) if session is not None else None
    if outside is None:
        return author, mailboxes(headers.raw("reply-to")) or (author,)
    author = real_author(headers, outside, author)
    return author, (author,)


def rewrites_from(
    author: Mailbox, mailing_list: MailingList, mail_domain: str, lookup: TxtLookup | None = None
) -> bool:
    """Whether the author's address may not stand in From.

    With the policy `auto` it stays where it arrives: at this site's own domain, and at domains that
    do not ask for mail in their name to be proved (DMARC, RFC 7489), which is not known without
    asking the DNS, nor where that gives no answer.
    """
    if not author.address or not author.address.isascii():
        return True
    if mailing_list.from_policy != FromPolicy.AUTO:
        return mailing_list.from_policy == FromPolicy.ALWAYS
    domain = author.key.rpartition("@")[2]
    if domain == mail_domain:
        return False
    if lookup is None or domain in FREEMAIL:
        return True
    try:
        return asks_for_proof(domain, lookup)
    except LookupFailed:
        return True


def subject_field(headers: Headers, mailing_list: MailingList) -> bytes:
    """The subject as written; with the list's prefix, once, behind the marks of an answer."""
    if not mailing_list.subject_prefix:
        return kept(headers, "Subject")
    subject = prefixed(decode_value(headers.raw("subject") or b""), mailing_list.subject_prefix)
    return unstructured("Subject", subject)


def prefixed(subject: str, prefix: str) -> str:
    """A subject with a prefix in brackets that stands there once, whatever programs have stacked.

    Behind `Re:`, so that programs which look for their own mark at the front do not add another.
    """
    taken = parse_subject(subject, (prefix,))
    marks = [one for one in taken.prefixes if not one.startswith("[") or one == "[Fwd:]"]
    unlike: dict[str, str] = {}
    for mark in marks:
        unlike.setdefault(mark.casefold(), mark)
    return " ".join([*unlike.values(), prefix, taken.base]).strip()


def _answered(policy: str, own: Mailbox, personal: Sequence[Mailbox]) -> Sequence[Mailbox]:
    if policy == ReplyTo.LIST or not personal:
        return (own,)
    # The list first: a program that takes one of several then answers to all readers.
    return personal if policy == ReplyTo.AUTHOR else (own, *personal)


def _to_and_cc(headers: Headers, own: Mailbox, copied: Sequence[Mailbox] = ()) -> bytes:
    to, cc = kept(headers, "To"), kept(headers, "Cc")
    if not to and not cc:
        to = mailbox_field("To", own)
    named = mailboxes(headers.raw("to")) + mailboxes(headers.raw("cc"))
    missing = [box for box in copied if box.key not in {one.key for one in named}]
    if missing:
        cc = mailbox_field("Cc", *mailboxes(headers.raw("cc")), *missing)
    return to + cc
