"""What the outside list has to say itself: known, shown to moderators, answered by a button."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.operations import mirroring_notices, mirroring_status
from forum.storage.mail import IncomingState
from forum.storage.mirror import MirrorNotice
from tests.factories import mail
from tests.mailbridge.mirroring import BRIDGE, Mirror, parsed, passed_on

HOST = "listes.example.net"
TOKEN = "3f9a62c1d07e4b5f8a9b0c1d2e3f4a5b6c7d8e9f"
CONFIRMATIONS = {
    "mailman 2": (
        {"author": f"atelier-request@{HOST}", "subject": f"confirm {TOKEN}"},
        "Mailing list subscription confirmation notice. Reply to this message, keeping the "
        "Subject: header intact.\n",
        (f"atelier-request@{HOST}", f"confirm {TOKEN}"),
    ),
    "mailman 3": (
        {
            "author": f"atelier-confirm+{TOKEN}@{HOST}",
            "subject": f"Your confirmation is needed to join the atelier@{HOST} mailing list.",
        },
        "Email Address Registration Confirmation. Simply reply to this message.\n",
        (f"atelier-confirm+{TOKEN}@{HOST}", "Your confirmation is needed"),
    ),
    "sympa": (
        {"author": f"SYMPA <sympa@{HOST}>", "subject": "Confirmation d'abonnement"},
        "Pour confirmer, cliquez :\nmailto:sympa@listes.example.net?subject=AUTH%20a1b2c3d4%20"
        "SUBSCRIBE%20atelier\n",
        (f"sympa@{HOST}", "AUTH a1b2c3d4 SUBSCRIBE atelier"),
    ),
    "sympa by reply": (
        {"author": f"sympa@{HOST}", "subject": "Comando que debe confirmar"},
        "Responda a este mensaje dejando esta línea:\n\nAUTH a1b2c3d4 ADD atelier\n",
        (f"sympa@{HOST}", "Comando que debe confirmar"),
    ),
    "google": (
        {
            "author": f"atelier+subconfirm@{HOST}",
            "subject": "Request to join the atelier group",
            "Reply_To": f"atelier+subconfirm=abcdef@{HOST}",
        },
        "To confirm, reply to this message.\n",
        (f"atelier+subconfirm=abcdef@{HOST}", "Request to join"),
    ),
}


@dataclass
class Service:
    mirror: Mirror

    def arrives(self, text: str, path: str = f"atelier-bounces@{HOST}", **fields: str):
        return self.mirror.arrives(mail(to=BRIDGE, text=text, **fields), path=path)

    def notice(self) -> MirrorNotice:
        return self.mirror.session.scalars(select(MirrorNotice)).one()


@pytest.fixture
def service(mirror: Mirror) -> Service:
    return Service(mirror)


@pytest.mark.parametrize("software", CONFIRMATIONS)
def test_a_confirmation_is_answered_by_a_button(service: Service, software: str) -> None:
    fields, text, (recipient, subject) = CONFIRMATIONS[software]
    row = service.arrives(text, message_id="ask@listes.example.net", **fields)
    assert (row.state, row.reasons) == (IncomingState.AUTOMATIC, ["outside-confirmation"])
    service.mirror.work()
    assert service.mirror.transport.sent == []
    session = service.mirror.session
    mirroring_notices.answer(session, service.notice(), None, service.mirror.now)
    session.commit()
    service.mirror.work()
    service.mirror.work()
    ((path, sent_to, raw),) = service.mirror.transport.sent
    sent = parsed(raw)
    assert (path, sent_to) == (BRIDGE, recipient)
    assert sent["From"] == BRIDGE
    assert sent["Subject"].startswith(subject)
    assert sent["In-Reply-To"] == "<ask@listes.example.net>"
    if software == "sympa by reply":
        assert sent.get_content().strip() == "AUTH a1b2c3d4 ADD atelier"


def test_what_was_answered_is_not_answered_twice(service: Service) -> None:
    fields, text, _ = CONFIRMATIONS["mailman 2"]
    service.arrives(text, **fields)
    session, now = service.mirror.session, service.mirror.now
    mirroring_notices.answer(session, service.notice(), None, now)
    with pytest.raises(mirroring_notices.CannotAnswer):
        mirroring_notices.answer(session, service.notice(), None, now)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Your message to Atelier awaits moderator approval", "Is being held."),
        ("Votre message à la liste atelier est en attente de modération", "Patience."),
        ("Su mensaje a la lista atelier está pendiente de moderación", "Espere."),
    ],
)
def test_a_notice_of_moderation_is_attached_to_its_post(
    service: Service, awa, subject: str, text: str
) -> None:
    mirror = service.mirror
    post = mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    about = f"{text}\n\n    Rencontre de printemps\n"
    row = service.arrives(about, author=f"atelier-owner@{HOST}", subject=subject)
    assert row.reasons == ["outside-moderation"]
    mirror.wait(minutes=61)
    (waiting,) = mirroring_status.waiting(mirror.session, mirror.mailing_list, mirror.now)
    assert waiting.post.id == post.id
    assert [one.kind for one in waiting.notices] == ["moderation"]


def test_a_bounce_of_what_went_out_is_attached_to_its_post(service: Service, awa) -> None:
    mirror = service.mirror
    post = mirror.write(awa, "Rencontre de printemps")
    mirror.work()
    returned = (
        "From: mailer-daemon@mx.example.com\r\nTo: pont-atelier@lists.example.org\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nDate: Mon, 01 Mar 2010 09:05:00 +0000\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Final-Recipient: rfc822; atelier@listes.example.net\r\nAction: failed\r\n"
        "Status: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{post.message_id}>\r\n"
        "\r\n--b--\r\n"
    )
    row = mirror.arrives(returned.encode(), path="")
    assert (row.state, row.reasons, row.post_id) == (
        IncomingState.BOUNCE, ["outside-bounce"], post.id,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("author", "subject"),
    [
        # Words alone make nobody a machine of the list.
        ("Luz <luz@example.net>", "confirm 3f9a62c1d07e4b5f8a9b0c1d2e3f4a5b6c7d8e9f"),
        ("Sympa <sympa@elsewhere.example>", "Confirmation d'abonnement"),
    ],
)
def test_what_only_sounds_like_the_lists_own_mail_is_held(
    service: Service, author: str, subject: str
) -> None:
    row = service.arrives(
        "AUTH a1b2c3d4 ADD atelier\n", author=author, subject=subject, path="x@y.example"
    )
    assert row.state == IncomingState.HELD


def test_a_post_about_confirmations_is_a_post(mirror: Mirror) -> None:
    written = mail(author="Luz <luz@example.net>", subject="Please confirm your subscription")
    assert mirror.arrives(passed_on(written)).state == IncomingState.POSTED


def test_an_owner_who_writes_to_the_list_is_an_author(mirror: Mirror) -> None:
    written = mail(author=f"Owners <atelier-owner@{HOST}>", to=f"atelier@{HOST}")
    assert mirror.arrives(passed_on(written)).state == IncomingState.POSTED


def test_an_absence_reply_through_the_list_is_no_post(mirror: Mirror, session: Session) -> None:
    answer = mail(
        author="Luz <luz@example.net>", subject="Respuesta automática: Rencontre",
        Auto_Submitted="auto-replied",
    )  # fmt: skip
    assert mirror.arrives(passed_on(answer)).state == IncomingState.AUTOMATIC
    assert mirror.posts() == []
