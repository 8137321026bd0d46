"""The digests of an outside list: RFC 1153 and multipart/digest, as Mailman and Sympa do."""

from __future__ import annotations

import email
import textwrap
from collections.abc import Sequence
from email.header import decode_header, make_header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formatdate, make_msgid, parseaddr

from tests.flows.outside_fields import Identity, footer_text
from tests.flows.outside_habits import DigestForm, Habits, Software
from tests.flows.outside_mail import POLICY, Posted, plain_text

_PLAIN_FIELDS = ("Date", "From", "To", "Cc", "Subject", "Message-ID", "Keywords", "Content-Type")


def digest(posted: Sequence[Posted], own: Identity, habits: Habits, issue: int) -> bytes:
    """One digest of some messages, in the form and with the manners of the list."""
    sympa = habits.software is Software.SYMPA
    subject = f"{own.title} digest" if sympa else f"{own.title} Digest, Vol 7, Issue {issue}"
    if habits.digest is DigestForm.MIME:
        message = _mime(posted, own, habits, subject)
    else:
        message = MIMEText(_plain(posted, own, habits, subject), "plain", "utf-8", policy=POLICY)
    del message["Subject"]
    message["From"] = f"{own.local}-request@{own.host}"
    message["To"] = own.address
    message["Reply-To"] = own.address
    message["Subject"] = subject
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain=own.host)
    message["Precedence"] = "list"
    message["List-Id"] = f"{own.title} <{own.address.replace('@', '.')}>"
    if sympa:
        message["X-Loop"] = own.address
    else:
        message["X-BeenThere"] = own.address
    return message.as_bytes()


def _parsed(one: Posted) -> Message:
    return email.message_from_bytes(one.original, policy=POLICY)


def _said(message: Message, name: str) -> str:
    value = " ".join(str(message[name] or "").split())
    return str(make_header(decode_header(value)))


def _topics(posted: Sequence[Posted]) -> str:
    lines = []
    for number, one in enumerate(posted, 1):
        message = _parsed(one)
        name, address = parseaddr(_said(message, "From"))
        topic = f"{number:2}. {_said(message, 'Subject')} ({name or address})"
        lines += textwrap.wrap(topic, 68, initial_indent="  ", subsequent_indent="      ")
    return "Today's Topics:\n\n" + "\n".join(lines) + "\n"


def _masthead(own: Identity) -> str:
    return (
        f"Send {own.title} mailing list submissions to\n\t{own.address}\n\n"
        "To subscribe or unsubscribe via the World Wide Web, visit\n"
        f"\thttps://{own.host}/lists/{own.local}\n"
        f"or, via email, send a message with subject or body 'help' to\n"
        f"\t{own.local}-request@{own.host}\n\n"
        "When replying, please edit your Subject line so it is more specific\n"
        f'than "Re: Contents of {own.title} digest..."\n'
    )


def _plain(posted: Sequence[Posted], own: Identity, habits: Habits, subject: str) -> str:
    counted = habits.software is not Software.SYMPA
    pieces = [_masthead(own), "\n\n", _topics(posted), "\n\n", "-" * 70, "\n\n"]
    for number, one in enumerate(posted, 1):
        message = _parsed(one)
        head = [f"Message: {number}"] if counted else []
        for name in _PLAIN_FIELDS:
            if message[name]:
                folded = textwrap.wrap(f"{name}: {_said(message, name)}", 70)
                head.append("\n\t".join(folded))
        text = plain_text(message) + _scrubbed(message, own)
        pieces += ["\n".join(head), "\n\n", text if text.endswith("\n") else f"{text}\n", "\n"]
        pieces += ["-" * 30, "\n\n"]
    if counted:
        pieces += ["Subject: Digest Footer\n\n", footer_text(own, habits, "")]
        pieces += ["\n\n", "-" * 30, "\n\n"]
    closing = f"End of {subject}"
    pieces += [closing, "\n", "*" * len(closing), "\n"]
    return "".join(pieces)


def _scrubbed(message: Message, own: Identity) -> str:
    """What Mailman says in the place of the other form of a text."""
    if not any(part.get_content_type() == "text/html" for part in message.walk()):
        return ""
    return (
        "-------------- next part --------------\nAn HTML attachment was scrubbed...\n"
        f"URL: <https://{own.host}/pipermail/{own.local}/attachments/20100301/1a/a.html>\n"
    )


def _mime(posted: Sequence[Posted], own: Identity, habits: Habits, subject: str) -> Message:
    whole = MIMEMultipart("mixed", policy=POLICY)
    if habits.software is not Software.SYMPA:
        whole.attach(_text(_masthead(own), subject))
    whole.attach(_text(_topics(posted), f"Today's Topics ({len(posted)} messages)"))
    inside: MIMEBase = MIMEMultipart("digest", policy=POLICY)
    for one in posted:
        inside.attach(MIMEMessage(_parsed(one), policy=POLICY))
    whole.attach(inside)
    if habits.software is not Software.SYMPA:
        whole.attach(_text(footer_text(own, habits, ""), "Digest Footer"))
    return whole


def _text(text: str, description: str) -> MIMEText:
    part = MIMEText(text, "plain", "us-ascii" if text.isascii() else "utf-8", policy=POLICY)
    part["Content-Description"] = description
    return part
