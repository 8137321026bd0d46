"""Automatic mail is told from people's, in three languages, by headers before subjects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.automatic import Automatic, classify
from tests.factories import mail

PERSON = "awa@example.org"


def report(kind: str) -> bytes:
    content_type = f'Content-Type: multipart/report; report-type={kind}; boundary="b"\nX-Was: x'
    return mail(subject="x").replace(b"Content-Type: text/plain", content_type.encode())


@pytest.mark.parametrize("path", [None, "", "<>", "MAILER-DAEMON@mx.example.org"])
def test_the_null_path_and_daemons_are_machines(path: str | None) -> None:
    assert classify(mail(), path) is not None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("delivery-status", Automatic.BOUNCE),
        ("feedback-report", Automatic.COMPLAINT),
        ("disposition-notification", Automatic.RECEIPT),
    ],
)
def test_reports_are_told_by_their_type(kind: str, expected: Automatic) -> None:
    assert classify(report(kind), PERSON) is expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Auto-Submitted", "auto-replied (vacation)"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("X-Failed-Recipients", "somebody@example.net"),
        ("Precedence", "auto_reply"),
        ("X-Autoreply", "yes"),
        ("Return-Path", "<>"),
    ],
)
def test_a_header_that_says_so_is_enough(name: str, content: str) -> None:
    assert classify(mail(**{name: content}), PERSON) is not None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Precedence", "list"),
        ("Precedence", "bulk"),
        ("Auto-Submitted", "no"),
        ("X-Auto-Response-Suppress", "DR, RN"),
        ("Return-Path", "<awa@example.org>"),
    ],
)
def test_these_headers_alone_mean_nothing(name: str, content: str) -> None:
    assert classify(mail(**{name: content}), PERSON) is None


@pytest.mark.parametrize(
    "subject",
    [
        "Réponse automatique : marché de printemps",
        "Absence du bureau",
        "Message d’absence : Re: pacte",
        "Non remis : votre courrier",
        "Notification d'état de remise",
        "Automatic reply: spring market",
        "Out of Office: Re: minutes",
        "Undelivered Mail Returned to Sender",
        "Read receipt: minutes",
        "Respuesta automática: mercado",
        "Fuera de la oficina",
        "No se puede entregar: acta",
        "Notificación de estado de entrega",
        "Accusé de lecture (affiché) : compte rendu",
    ],
)
def test_subjects_of_machines_in_three_languages(subject: str) -> None:
    assert classify(mail(subject=subject), PERSON) is not None


@pytest.mark.parametrize(
    "subject",
    [
        "Absence du bureau de l'association le 3 mai",
        "Livraison des paniers : problème mardi",
        "Delivery problem with the vegetable boxes",
        "Re: Out of office politics in the cooperative",
        "Fuera de la oficina de empleo",
        "TR: Réponse automatique",
        "Error de entrega de las cestas del martes",
        "Read the minutes",
        "Warning: frost tonight",
    ],
)
def test_people_may_write_about_offices_and_deliveries(subject: str) -> None:
    assert classify(mail(subject=subject), PERSON) is None


def test_an_own_copy_is_an_echo_and_another_lists_mail_is_not() -> None:
    raw = mail(List_Id='"Ancrage" <ancrage.lists.example.org>')
    assert classify(raw, PERSON, ("ancrage.lists.example.org",)) is Automatic.ECHO
    assert classify(raw, PERSON, ("autre.lists.example.org",)) is None


@given(st.binary(max_size=600))
def test_any_bytes_are_classified_without_an_exception(raw: bytes) -> None:
    assert classify(raw, PERSON) in (None, *Automatic)


def test_a_post_that_another_site_sends_on_is_a_persons() -> None:
    passed_on = {"X_Auto_Response_Suppress": "OOF, AutoReply", "X_Passerelle_Post": "a.b 1 c"}
    assert classify(mail(**passed_on), PERSON) is None


def test_a_list_that_passes_an_absence_reply_on_does_not_make_it_a_post() -> None:
    raw = mail(subject="[Terres] Absence du bureau : Re: minutes", List_Id="<terres.example.org>")
    assert classify(raw, PERSON) is Automatic.REPLY
