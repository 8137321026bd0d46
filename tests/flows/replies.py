"""Answers as four mail programs write them: their headers, their quotations, their bodies."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Final

from tests.flows.sink import Received

ENGLISH: Final = "We agree with the proposal for the spring market, and we can bring two tables."
FRENCH: Final = (
    "Nous sommes d’accord avec cette proposition, et nous pouvons apporter deux tables au marché."
)
SPANISH: Final = (
    "Estamos de acuerdo con la propuesta, y podemos llevar dos mesas al mercado de primavera."
)


def _quoted(received: Received) -> str:
    lines = received.text().replace("\r\n", "\n").rstrip("\n").split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _in_html(received: Received) -> str:
    return "<br>\n".join(html.escape(line) for line in received.text().splitlines())


def _ids(received: Received) -> tuple[str, str]:
    """In-Reply-To and References of an answer (RFC 5322, section 3.6.4)."""
    headers = received.message
    own = headers["Message-ID"]
    return own, f"{headers['References'] or ''} {own}".strip()


def _subject(received: Received, mark: str) -> str:
    bare = re.sub(r"^(re|tr|rép|sv) ?: *", "", received.message["Subject"], flags=re.I)
    return f"{mark} {bare}"


def gmail(received: Received, author: str, to: str) -> bytes:
    """On the web: text above, the rest in a `gmail_quote`; References before In-Reply-To."""
    parent, references = _ids(received)
    message = EmailMessage()
    message["MIME-Version"] = "1.0"
    message["References"] = references
    message["In-Reply-To"] = parent
    message["From"] = author
    message["Date"] = "Mon, 1 Mar 2010 12:00:00 +0100"
    message["Message-ID"] = "<CAGmail0001=tok+Z9@mail.example.com>"
    message["Subject"] = _subject(received, "Re:")
    message["To"] = to
    said = (
        "Le lun. 1 mars 2010 à 10:00, Awa Ndiaye via Ancrage <ancrage@lists.example.org> a écrit :"
    )
    message.set_content(f"{FRENCH}\n\n{said}\n\n{_quoted(received)}\n", charset="utf-8")
    message.add_alternative(
        f'<div dir="ltr">{html.escape(FRENCH)}</div><br><div class="gmail_quote">'
        f'<div dir="ltr" class="gmail_attr">{html.escape(said)}<br></div><blockquote '
        'class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid #ccc;'
        f'padding-left:1ex">{_in_html(received)}</blockquote></div>',
        subtype="html",
    )
    return message.as_bytes()


def outlook(received: Received, author: str, to: str) -> bytes:
    """Text above, a block of headers and the whole mail below it without marks; Thread-Index."""
    parent, references = _ids(received)
    message = EmailMessage()
    message["From"] = author
    message["To"] = to
    message["Subject"] = _subject(received, "RE:")
    message["Thread-Topic"] = re.sub(r"^\w+: ", "", received.message["Subject"])
    message["Thread-Index"] = base64.b64encode(b"\x01\xca" + b"i" * 20 + b"\x00" * 5).decode()
    message["Date"] = "Mon, 1 Mar 2010 11:00:00 +0000"
    message["Message-ID"] = "<AM0PR01MB0001.eurprd01.prod.example.com>"
    message["References"] = references
    message["In-Reply-To"] = parent
    message["Accept-Language"] = "en-GB"
    message["Content-Language"] = "en-GB"
    message["X-MS-Has-Attach"] = ""
    block = (
        "From: Awa Ndiaye via Ancrage <ancrage@lists.example.org>\n"
        "Sent: 01 March 2010 09:00\nTo: ancrage@lists.example.org\n"
        f"Subject: {received.message['Subject']}\n"
    )
    message.set_content(f"{ENGLISH}\n\nGrace\n\n{block}\n{received.text()}", charset="utf-8")
    shown = "<br>".join(
        f"<b>{name}:</b> {html.escape(value)}"
        for name, _, value in (line.partition(": ") for line in block.splitlines())
    )
    message.add_alternative(
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><body><div class="WordSection1">'
        f'<p class="MsoNormal">{ENGLISH}<o:p></o:p></p><p class="MsoNormal">Grace</p>'
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        f'<p class="MsoNormal">{shown}<o:p></o:p></p></div><p class="MsoNormal">'
        f"{_in_html(received)}</p></div></body></html>",
        subtype="html",
    )
    return message.as_bytes()


def apple_mail(received: Received, author: str, to: str) -> bytes:
    """Flowed plain text, the quotation below with its attribution; boundaries of its own."""
    parent, references = _ids(received)
    text = (
        f"{ENGLISH}\n\n> On 1 Mar 2010, at 10:00, Awa Ndiaye via Ancrage "
        f"<ancrage@lists.example.org> wrote:\n> \n{_quoted(received)}\n"
    )
    head = (
        f"From: {author}\nContent-Type: text/plain;\n\tcharset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n"
        "Mime-Version: 1.0 (Mac OS X Mail 13.4 \\(3608.120.23.2.4\\))\n"
        f"Subject: {_subject(received, 'Re:')}\nDate: Mon, 1 Mar 2010 12:30:00 +0100\n"
        f"References: {_folded(references)}\nTo: {to}\nIn-Reply-To: {parent}\n"
        "Message-Id: <0A1B2C3D-0001-4E5F-8899-AABBCCDDEEFF@example.com>\n"
        "X-Mailer: Apple Mail (2.3608.120.23.2.4)\n\n"
    )
    return (head + text).encode()


def thunderbird(received: Received, author: str, to: str) -> bytes:
    """format=flowed, the quotation above, the answer below it, a signature after `-- `."""
    parent, references = _ids(received)
    first, rest = SPANISH.split(", y ")
    text = (
        "El 1/3/10 a las 10:00, Awa Ndiaye via Ancrage escribió:\n"
        f"{_quoted(received)}\n\n{first}, y \n{rest}\n\n-- \nPilar Ríos\nCooperativa del puente\n"
    )
    head = (
        f"Message-ID: <4d5e6f70-0001-7a8b-9c0d-1e2f3a4b5c6d@example.com>\n"
        "Date: Mon, 1 Mar 2010 13:00:00 +0100\nMIME-Version: 1.0\n"
        "User-Agent: Mozilla Thunderbird\n"
        f"Subject: {_subject(received, 'Re:')}\nContent-Language: es-ES\nTo: {to}\n"
        f"References: {_folded(references)}\nFrom: {author}\nIn-Reply-To: {parent}\n"
        "Content-Type: text/plain; charset=UTF-8; format=flowed\n"
        "Content-Transfer-Encoding: 8bit\n\n"
    )
    return (head + text).encode()


def _folded(references: str) -> str:
    return "\n ".join(references.split())


PROGRAMS: Final[dict[str, tuple[Callable[[Received, str, str], bytes], str, str]]] = {
    "Gmail": (gmail, FRENCH, "fr"),
    "Outlook": (outlook, f"{ENGLISH}\n\nGrace", "en"),
    "Apple Mail": (apple_mail, ENGLISH, "en"),
    "Thunderbird": (thunderbird, SPANISH, "es"),
}
"""Each with what its owner wrote, and in which language."""
