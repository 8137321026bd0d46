"""Bounces, delays and complaints as mail servers write them; all people and hosts are invented."""

from __future__ import annotations

from email.message import EmailMessage

TO = "ancrage-bounces+0123@lists.example.org"
RETURNED = (
    "From: Awa Ndiaye <awa@example.org>\nTo: ancrage@lists.example.org\n"
    "Subject: Monnaies locales\nMessage-ID: <m1@example.org>\n"
)


def dsn(
    text: str,
    fields: str,
    *,
    author: str = "MAILER-DAEMON@mx.example.net (Mail Delivery System)",
    subject: str = "Undelivered Mail Returned to Sender",
    charset: str = "utf-8",
    reporting: str = "Reporting-MTA: dns; mx.example.net\n",
) -> bytes:
    """A report in the form of RFC 3464.

    Args:
        fields: of the recipient's group.
    """
    return (
        f"Return-Path: <>\nFrom: {author}\nTo: {TO}\nSubject: {subject}\n"
        "Date: Mon, 01 Mar 2010 09:05:00 +0000\nMessage-ID: <dsn1@mx.example.net>\n"
        "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status;\n boundary="=_b"\n\n'
        f"--=_b\nContent-Type: text/plain; charset={charset}\n"
        f"Content-Transfer-Encoding: 8bit\n\n{text}\n"
        f"--=_b\nContent-Type: message/delivery-status\n\n{reporting}\n{fields}\n"
        f"--=_b\nContent-Type: text/rfc822-headers\n\n{RETURNED}\n--=_b--\n"
    ).encode(charset)


def plain(text: str, subject: str, author: str = "MAILER-DAEMON@mx.example.net") -> bytes:
    """A bounce of nothing but text."""
    message = EmailMessage()
    message["From"] = author
    message["To"] = TO
    message["Subject"] = subject
    message.set_content(text, charset="utf-8")
    return message.as_bytes()


POSTFIX = dsn(
    "This is the mail system at host mx.example.net.\n\nI'm sorry to have to inform you that your "
    "message could not\nbe delivered to one or more recipients.\n\n<grace@example.net>: host "
    "in.example.net[192.0.2.7] said: 550 5.1.1\n    <grace@example.net>: Recipient address "
    "rejected: User unknown (in reply to\n    RCPT TO command)\n",
    "Final-Recipient: rfc822; grace@example.net\nOriginal-Recipient: rfc822;Grace@example.net\n"
    "Action: failed\nStatus: 5.1.1\nRemote-MTA: dns; in.example.net\n"
    "Diagnostic-Code: smtp; 550 5.1.1 <grace@example.net>: Recipient address\n"
    "    rejected: User unknown\n",
)
POSTFIX_DELAY = dsn(
    "This is the mail system at host mx.example.net.\n\n"
    "THIS IS A WARNING ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\n"
    "Your message could not be delivered for more than 4 hour(s).\n"
    "It will be retried until it is 5 day(s) old.\n",
    "Final-Recipient: rfc822; grace@example.net\nAction: delayed\nStatus: 4.4.1\n"
    "Diagnostic-Code: X-Postfix; connect to in.example.net[192.0.2.7]:25: Connection timed\n"
    "    out\n"
    "Will-Retry-Until: Sat, 06 Mar 2010 09:00:00 +0000\n",
    subject="Delayed Mail (still being retried)",
)
FULL = dsn(
    "<grace@example.net>: the mailbox is full\n",
    "Final-Recipient: rfc822; grace@example.net\nAction: failed\nStatus: 4.2.2\n"
    "Diagnostic-Code: smtp; 452 4.2.2 Mailbox full\n",
)
OVER_QUOTA = dsn(
    "<grace@example.net>: over quota\n",
    "Final-Recipient: rfc822; grace@example.net\nAction: failed\nStatus: 5.2.2\n"
    "Diagnostic-Code: smtp; 552 5.2.2 The user you are trying to contact is over quota\n",
)
GMAIL = dsn(
    "** Address not found **\n\nYour message wasn't delivered to grace@example.net because the "
    "address couldn't be found.\n\nThe response was:\n\n550 5.1.1 The email account that you tried "
    "to reach does not exist.\n",
    "Final-Recipient: rfc822; grace@example.net\nAction: failed\nStatus: 5.1.1\n"
    "Remote-MTA: dns; gmail-smtp-in.l.example.com. (192.0.2.9, the server for the domain\n"
    " example.net.)\nDiagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach\n"
    " does not exist.\n 550 5.1.1 Please try double-checking the address\n"
    "Last-Attempt-Date: Mon, 01 Mar 2010 01:05:00 -0800 (PST)\n",
    author="Mail Delivery Subsystem <mailer-daemon@googlemail.example.com>",
    subject="Delivery Status Notification (Failure)",
)
EXCHANGE = dsn(
    "Delivery has failed to these recipients or groups:\n\ngrace@example.net\nThe email address "
    "you entered couldn't be found.\n\nDiagnostic information for administrators:\n\n"
    "Generating server: EX01.example.net\n\ngrace@example.net\n"
    "Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found'\n",
    "Final-Recipient: rfc822;grace@example.net\nAction: failed\nStatus: 5.1.10\n"
    "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found\n"
    "X-Display-Name: Grace Reyes\n",
    author="Microsoft Outlook <postmaster@example.net>",
    subject="Undeliverable: Monnaies locales",
    reporting="Reporting-MTA: dns;EX01.example.net\nReceived-From-MTA: dns;mx.example.org\n",
)
FRENCH = dsn(
    "Échec de la remise pour ces destinataires ou groupes :\n\ngrace@example.net\n"
    "L’adresse de courrier que vous avez entrée est introuvable.\n",
    "Final-Recipient: rfc822;grace@example.net\nAction: failed\nStatus: 5.0.0\n"
    "Diagnostic-Code: smtp;550 Utilisateur inconnu\n",
    subject="Non remis : Monnaies locales",
)
SPANISH = plain(
    "Este mensaje fue creado automáticamente por el servidor de correo.\n\n"
    "No se pudo entregar su mensaje a la siguiente dirección:\n\n  grace@example.net\n"
    "    550 La cuenta no existe en este servidor\n",
    "Error de entrega del correo",
)
FRENCH_FULL = plain(
    "Bonjour,\n\nVotre message n'a pas pu être remis à grace@example.net :\n"
    "la boîte aux lettres du destinataire est pleine.\n",
    "Courrier non distribué",
)
EXIM = plain(
    "This message was created automatically by mail delivery software.\n\n"
    "A message that you sent could not be delivered to one or more of its\n"
    "recipients. This is a permanent error. The following address(es) failed:\n\n"
    "  grace@example.net\n"
    "    SMTP error from remote mail server after RCPT TO:<grace@example.net>:\n"
    "    host in.example.net [192.0.2.7]: 550 No such user here\n\n"
    "------ This is a copy of the message, including all the headers. ------\n\n"
    f"{RETURNED}\nBonjour, la boîte est pleine de propositions.\n",
    "Mail delivery failed: returning message to sender",
).replace(b"\nTo: ", b"\nX-Failed-Recipients: grace@example.net\nTo: ", 1)
EXIM_DELAY = plain(
    "This message was created automatically by mail delivery software.\n"
    "A message that you sent has not yet been delivered to one or more of its\n"
    "recipients after more than 24 hours on the queue on mx.example.net.\n\n"
    "No action is required on your part. Delivery attempts will continue for\nsome time.\n",
    "Warning: message 1abcde-000001-AB delayed 24 hours",
)
QMAIL = plain(
    "Hi. This is the qmail-send program at mx.example.net.\n"
    "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
    "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
    "<grace@example.net>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
    "--- Below this line is a copy of the message.\n\nReturn-Path: <awa@example.org>\n",
    "failure notice",
)
NO_FIELDS = dsn("Something went wrong.\n", "X-Nothing: here\n")
VACATION = (
    f"Return-Path: <>\nFrom: Grace Reyes <grace@example.net>\nTo: {TO}\n"
    "Subject: Out of office: Monnaies locales\nAuto-Submitted: auto-replied (vacation)\n"
    "Precedence: bulk\nContent-Type: text/plain; charset=utf-8\n\n"
    "I am away until 15 March. My old address no longer exists: 550 5.1.1 user unknown.\n"
).encode()
UNMARKED_ABSENCE = (
    f"Return-Path: <>\nFrom: Grace Reyes <grace@example.net>\nTo: {TO}\nSubject: Away\n\n"
    "The address camille@example.net does not exist any more, and my mailbox is full.\n"
).encode()
EIGHT_BIT_SOUP = b"From: MAILER-DAEMON\nSubject: failure notice\n\n\xff\xfe\x00<a@b.c>:\n\xe9\xe8"


def bare_complaint(token: str) -> bytes:
    """As Microsoft's programme for senders writes: our message, and no report."""
    return (
        "From: <staff@mail.example.com>\nTo: postmaster@lists.example.org\n"
        "Subject: complaint about message from 192.0.2.7\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="=_m"\n\n'
        "--=_m\nContent-Type: message/rfc822\nContent-Disposition: inline\n\n"
        "X-HmXmrOriginalRecipient: grace@example.net\n"
        f"List-Unsubscribe: <http://forum.example.org/unsubscribe/{token}>\n"
        "Subject: Monnaies locales\n\nBonjour.\n--=_m--\n"
    ).encode()


def complaint(
    token: str,
    *,
    kind: str = "abuse",
    agent: str = "Yahoo!-Mail-Feedback/2.0",
    site: str = "http://forum.example.org",
    whole: bool = True,
) -> bytes:
    """A feedback report; `whole` returns the message (Yahoo), else its headers (Microsoft)."""
    ours = (
        f"Return-Path: <ancrage-bounces+{token}@lists.example.org>\n"
        "From: Awa Ndiaye via Ancrage <ancrage@lists.example.org>\nTo: [redacted]\n"
        f"List-Unsubscribe: <{site}/unsubscribe/{token}>,\n <mailto:ancrage-unsubscribe@"
        "lists.example.org>\nSubject: Monnaies locales\nMessage-ID: <m1@example.org>\n"
    )
    returned = "message/rfc822" if whole else "text/rfc822-headers"
    return (
        "From: <feedback@arf.mail.example.com>\nTo: postmaster@lists.example.org\n"
        "Subject: FW: Monnaies locales\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="=_f"\n\n'
        "--=_f\nContent-Type: text/plain\n\nThis is an abuse report.\n"
        f"--=_f\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\n"
        f"User-Agent: {agent}\nVersion: 0.1\nOriginal-Mail-From: <redacted@example.com>\n"
        "Arrival-Date: Mon, 01 Mar 2010 09:00:00 +0000\nReported-Domain: lists.example.org\n\n"
        f"--=_f\nContent-Type: {returned}\nContent-Disposition: inline\n\n{ours}\n"
        f"{'Bonjour.' if whole else ''}\n--=_f--\n"
    ).encode()
