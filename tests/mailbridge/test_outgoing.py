"""What leaves, byte for byte, in three languages.

The golden mails lie in tests/outbox. After a wanted change they are written anew by
`WRITE_GOLDEN_MAILS=1 python -m pytest tests/mailbridge/test_outgoing.py` and read before they are
committed.
"""

from __future__ import annotations

import email
import email.policy
import os
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy.orm import Session

from forum.domain.masking import redact_own_tokens
from forum.domain.message import parse
from forum.domain.values import Mailbox, Source
from forum.operations.notices import NoticeKind, notify
from forum.operations.publishing import publish
from forum.settings import Settings
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mail import Notice
from mailbridge import notices
from mailbridge.notices import Attached
from mailbridge.outgoing import Builder, Copy
from mailbridge.sender import rewrites_from
from tests.conftest import one_database
from tests.factories import START, Make, mail

OUTBOX = Path(__file__).parent.parent / "outbox"
LANGUAGES = ("fr", "en", "es")
TOKEN = "0123456789abcdef" * 3
SITE = "http://forum.example.org"

HTML_MAIL = (
    b"From: =?utf-8?q?Zo=C3=A9_Lef=C3=A8vre?= <zoe@example.net>\n"
    b"To: Ancrage <ancrage@lists.example.org>\n"
    b"Cc: =?utf-8?q?Mairie_d=27Alet?= <mairie@example.org>\n"
    b"Subject: =?utf-8?q?Pacte_pour_l=27emploi_=3A_compte_rendu?=\n"
    b"Date: Tue, 2 Mar 2010 18:30:00 +0100\n"
    b"Message-ID: <html@example.net>\n"
    b"In-Reply-To: <un@example.org>\n"
    b"References: <zero@example.org> <un@example.org>\n"
    b"DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=x; b=abc\n"
    b"Received: from a by b; Tue, 2 Mar 2010 18:30:01 +0100\n"
    b"Return-Path: <zoe@example.net>\n"
    b"Authentication-Results: mx.example.net; dkim=pass\n"
    b"Disposition-Notification-To: zoe@example.net\n"
    b"List-Id: <other.example.net>\n"
    b"MIME-Version: 1.0\n"
    b'Content-Type: multipart/mixed; boundary="out"\n'
    b"\n"
    b"--out\n"
    b'Content-Type: multipart/alternative; boundary="in"\n'
    b"\n"
    b"--in\n"
    b"Content-Type: text/plain; charset=iso-8859-1\n"
    b"Content-Transfer-Encoding: quoted-printable\n"
    b"\n"
    b"Voici le compte rendu, avec les chiffres de l'=E9t=E9.\n"
    b"--in\n"
    b"Content-Type: text/html; charset=utf-8\n"
    b"\n"
    b"<html><body><p>Voici le <b>compte rendu</b>, avec les chiffres.</p></body></html>\n"
    b"--in--\n"
    b"--out\n"
    b'Content-Type: text/csv; charset=utf-8; name="paniers.csv"\n'
    b'Content-Disposition: attachment; filename="paniers.csv"\n'
    b"Content-Transfer-Encoding: base64\n"
    b"\n"
    b"bW9pcyxwYW5pZXJzCm1haSw0Mgo=\n"
    b"--out--\n"
)

SIGNED_MAIL = (
    b"From: Grace Mensah <grace@lists.example.org>\n"
    b"To: ancrage@lists.example.org\n"
    b"Subject: Signed minutes\n"
    b"Date: Wed, 3 Mar 2010 09:00:00 +0000\n"
    b"Message-ID: <signed@lists.example.org>\n"
    b"MIME-Version: 1.0\n"
    b'Content-Type: multipart/signed; protocol="application/pgp-signature";\n'
    b' micalg=pgp-sha256; boundary="sig"\n'
    b"\n"
    b"--sig\n"
    b"Content-Type: text/plain; charset=us-ascii\n"
    b"\n"
    b"These are the minutes of our meeting about the local currency.\n"
    b"\n"
    b"--sig\n"
    b'Content-Type: application/pgp-signature; name="signature.asc"\n'
    b"\n"
    b"-----BEGIN PGP SIGNATURE-----\n"
    b"invented\n"
    b"-----END PGP SIGNATURE-----\n"
    b"\n"
    b"--sig--\n"
)

PLAIN_MAIL = mail(
    subject="Monnaies locales : où en est-on ?",
    text="Bonjour,\n\nla monnaie locale compte déjà quarante commerces à Séville.\n\nAwa\n",
    message_id="plain@example.org",
)

MAILS = {"plain": PLAIN_MAIL, "html": HTML_MAIL, "signed": SIGNED_MAIL}


def is_golden(name: str, message: bytes) -> None:
    """Compare with the golden mail of that name, or write it."""
    path = OUTBOX / f"{name}.eml"
    if os.environ.get("WRITE_GOLDEN_MAILS") == "1":
        path.write_bytes(message)
    assert message == path.read_bytes()


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    return make.mailing_list()


class Outbox:
    """Posts of a list and the copies that are made of them."""

    def __init__(self, session: Session, settings: Settings, make: Make, where: MailingList):
        self.session, self.settings, self.make, self.where = session, settings, make, where

    def post(self, raw: bytes) -> Post:
        submission = parse(raw, START + timedelta(days=9))
        return publish(self.session, self.where, submission, START, source=Source.EMAIL, mail=False)

    def copy(self, raw: bytes, language: str = "fr", token: str = TOKEN) -> Copy:
        subscription = self.make.subscriber(self.where, language=language)
        subscription.token = token
        return Builder(self.settings).build(self.post(raw), lambda: raw, subscription)

    def message(self, raw: bytes, **options: Any) -> EmailMessage:
        copy = self.copy(raw, **options)
        found = email.message_from_bytes(copy.message, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        return found


@pytest.fixture
def outbox(session: Session, settings: Settings, make: Make, ancrage: MailingList) -> Outbox:
    return Outbox(session, settings, make, ancrage)


@one_database
@pytest.mark.parametrize("name", MAILS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_golden_copies(outbox: Outbox, name: str, language: str) -> None:
    copy = outbox.copy(MAILS[name], language)
    is_golden(f"{name}.{language}", copy.message)
    assert copy.reverse_path == f"ancrage-bounces+{TOKEN}@lists.example.org"
    assert b"\n" not in copy.message.replace(b"\r\n", b"")
    assert b"\r" not in copy.message.replace(b"\r\n", b"")
    assert max(len(line) for line in copy.message.split(b"\r\n")) <= 998


def test_what_mail_programs_thread_by_is_kept(outbox: Outbox) -> None:
    message = outbox.message(HTML_MAIL)
    assert message["Message-ID"] == "<html@example.net>"
    assert message["In-Reply-To"] == "<un@example.org>"
    assert message["References"] == "<zero@example.org> <un@example.org>"
    assert message["Date"] == "Tue, 02 Mar 2010 18:30:00 +0100"
    assert message["Subject"] == "Pacte pour l'emploi : compte rendu"
    assert message["To"] == "Ancrage <ancrage@lists.example.org>"
    assert message["Cc"].addresses[0].addr_spec == "mairie@example.org"


def test_trace_and_foreign_list_fields_are_dropped(outbox: Outbox) -> None:
    message = outbox.message(HTML_MAIL)
    for name in (
        "DKIM-Signature",
        "Received",
        "Return-Path",
        "Authentication-Results",
        "Disposition-Notification-To",
    ):
        assert message[name] is None, name
    assert message.get_all("List-Id") == ['"Territorial anchoring" <ancrage.lists.example.org>']


def test_an_author_elsewhere_speaks_through_the_list_and_stays_reachable(outbox: Outbox) -> None:
    message = outbox.message(HTML_MAIL)
    assert message["From"].addresses[0].addr_spec == "ancrage@lists.example.org"
    assert message["From"].addresses[0].display_name == "Zoé Lefèvre via Ancrage territorial"
    answers = [box.addr_spec for box in message["Reply-To"].addresses]
    assert answers == ["ancrage@lists.example.org", "zoe@example.net"]
    assert "zoe@example.net" in message["X-Original-From"]


def test_an_author_of_this_domain_keeps_the_address_and_answers_reach_both(
    outbox: Outbox,
) -> None:
    message = outbox.message(SIGNED_MAIL)
    assert message["From"] == "Grace Mensah <grace@lists.example.org>"
    answers = [box.addr_spec for box in message["Reply-To"].addresses]
    assert answers == ["ancrage@lists.example.org", "grace@lists.example.org"]
    assert message["X-Original-From"] is None


@pytest.mark.parametrize(
    ("policy", "address", "rewritten"),
    [
        ("auto", "a@example.net", True),
        ("auto", "A@LISTS.example.org", False),
        ("auto", "a@sub.lists.example.org", True),
        ("keep", "a@example.net", False),
        ("always", "a@lists.example.org", True),
        ("keep", "", True),
    ],
)
def test_the_lists_policy_says_whose_address_stays(
    make: Make, policy: str, address: str, rewritten: bool
) -> None:
    found = make.mailing_list(from_policy=policy)
    assert rewrites_from(Mailbox("A", address), found, "lists.example.org") is rewritten


def test_a_second_recipients_copy_differs_in_the_token_alone(
    outbox: Outbox, settings: Settings, make: Make, ancrage: MailingList
) -> None:
    post = outbox.post(HTML_MAIL)
    builder = Builder(settings)
    one, two = make.subscriber(ancrage, language="fr"), make.subscriber(ancrage, language="fr")
    loaded: list[int] = []

    def load() -> bytes:
        loaded.append(1)
        return HTML_MAIL

    first, second = builder.build(post, load, one), builder.build(post, load, two)
    assert loaded == [1]
    assert first.message.count(one.token.encode()) == 4
    assert first.message.replace(one.token.encode(), two.token.encode()) == second.message


def test_a_token_in_a_quoted_footer_is_not_passed_on(outbox: Outbox) -> None:
    quoted = mail(
        text=f"Oui !\n\n> Se désabonner : {SITE}/unsubscribe/{'f' * 48}\n"
        f"> ancrage-confirm+{'e' * 48}@lists.example.org\n"
    )
    message = outbox.message(quoted)
    assert "f" * 48 not in message.get_content()
    assert "e" * 48 not in message.get_content()
    assert f"{SITE}/unsubscribe/{TOKEN}" in message.get_content()


def test_a_token_in_a_link_that_a_mail_filter_wrapped_is_not_passed_on(outbox: Outbox) -> None:
    wrapped = quote(f"{SITE}/unsubscribe/{'f' * 48}", safe="")
    quoted = mail(text=f"Oui !\n\n> https://safe.example.com/?url={wrapped}&data=05\n")
    content = outbox.message(quoted).get_content()
    assert "f" * 48 not in content
    assert "&data=05" in content


def test_nothing_else_is_redacted() -> None:
    text = f"voir {SITE}/posts/12 et {SITE}/unsubscribe/ ou liste-bounces@example.org"
    assert redact_own_tokens(text, SITE) == text


@pytest.mark.parametrize(
    "headers",
    [
        "From: awa@example.org\nSubject: \xe9t\xe9\nTo: \xc9lan <a@b.org>\n",
        "Subject: a\n b\n\tc\n",
        "From: A <a@example.org>\nSubject: =?utf-8?q?a=0D=0ABcc:_evil@example.net?=\n",
        f"From: A <a@example.org>\nReferences: {'<x@example.org> ' * 400}\n",
        'From: "a\\r\\nBcc: evil@example.net" <a@example.org>\nSubject: x\n',
        f"From: a@example.org\nSubject: {'long ' * 400}\nCc: {'a@example.org, ' * 300}\n",
        "",
    ],
)
def test_odd_headers_make_sound_mail(outbox: Outbox, headers: str) -> None:
    copy = outbox.copy(headers.encode("latin-1") + b"\nBonjour\n")
    head = copy.message.split(b"\r\n\r\n")[0]
    assert head.isascii()
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    message = email.message_from_bytes(copy.message, policy=email.policy.default)
    assert message["Bcc"] is None
    assert message["Message-ID"]
    assert message["Date"]
    assert not message.defects


def notice(session: Session, kind: str, language: str, where: MailingList | None) -> Notice:
    params = {
        "link": f"{SITE}/confirm/{TOKEN}",
        "hours": "24",
        "secret": TOKEN,
        "token": TOKEN,
        "subject": "Paniers d'été",
        "author": "Zoé <zoe@example.net>",
        "reasons": "moderated-list,closed-thread",
        "reason": "Merci de raccourcir.\nCordialement",
        "command": "bonjour",
        "unknown": "yes",
        "reply": "550 not you",
        "since": "2010-03-01 10:00",
        "postmaster_address": "postmaster@lists.example.org",
        "in_reply_to": "q@example.net",
        "inviter": "Awa Ndiaye",
        "message": "Nous parlons de monnaies locales,\net vous y avez toute votre place.",
        "days": "14",
        "until": "2010-04-01",
        "change_pause_until": "yes",
        "number": "2",
        "rows": "- Paniers d'été\n- Marché\n",
        "addresses": "- grace@example.net\n  550 5.1.1 no such user",
        "decision_token": TOKEN if kind in TO_MODERATORS else "",
        "held_id": "12" if kind in TO_MODERATORS else "",
        "post_id": "12",
        "accepted": "yes",
        "by": "Marie",
        "name": "Awa Ndiaye",
        "account": "awa@example.org",
        "topic": "Monnaies locales",
        "product": "Un chapitre du dossier",
        "tag": "monnaies",
        "ends": "2010-04-01",
        "query": "monnaie lang:fr",
        "search_url": f"{SITE}/search?q=monnaie+lang%3Afr&sort=newest",
        "searches_url": f"{SITE}/account/searches",
    }
    row = notify(session, NoticeKind.LOGIN, "awa@example.org", language, START, mailing_list=where)
    row.kind, row.params = kind, params
    return row


TO_MODERATORS = ("held-moderator", "held-unclear")
PASSED_ON = (notices.OWNER_MAIL, notices.POSTMASTER_MAIL)
OF_THE_SITE = (
    *(
        "login",
        "confirm-address",
        "saved-search",
        "held-digest",
        notices.SITE_PROBLEM,
        notices.POSTMASTER_MAIL,
    ),
    *("confirm-erasure", "erasure-asked", "erasure-refused", "erased"),
)
KINDS = [*(str(kind) for kind in NoticeKind), *PASSED_ON, notices.SITE_PROBLEM]


@one_database
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_golden_notices(
    session: Session, settings: Settings, ancrage: MailingList, kind: str, language: str
) -> None:
    where = None if kind in OF_THE_SITE else ancrage
    attached = None
    if kind in (*PASSED_ON, *TO_MODERATORS):
        attached = Attached(PLAIN_MAIL, Mailbox("Zoé", "zoe@example.net"))
    copy = notices.build(notice(session, kind, language, where), settings, attached)
    is_golden(f"notice.{kind}.{language}", copy.message)
    assert copy.reverse_path == ""
    message = email.message_from_bytes(copy.message, policy=email.policy.default)
    assert message["Auto-Submitted"] in ("auto-generated", "auto-replied")
    others = [one for one in LANGUAGES if one != language]
    in_all = kind == NoticeKind.CONFIRM_IN_ALL
    assert message["Content-Language"] == ", ".join([language, *others] if in_all else [language])
    assert b"%(" not in copy.message
    assert b"[[" not in copy.message


def test_a_confirmation_is_answered_to_its_token(
    session: Session, settings: Settings, ancrage: MailingList
) -> None:
    copy = notices.build(notice(session, "confirm-subscribe", "fr", ancrage), settings)
    message = email.message_from_bytes(copy.message, policy=email.policy.default)
    assert message["Reply-To"] == f"ancrage-confirm+{TOKEN}@lists.example.org"


def test_an_empty_reason_leaves_its_paragraph_out(
    session: Session, settings: Settings, ancrage: MailingList
) -> None:
    row = notice(session, "rejected", "en", ancrage)
    row.params = {"subject": "x", "reason": ""}
    copy = notices.build(row, settings)
    assert b"writes to you" not in copy.message
