"""What a reader sees of the demonstration archive: own words apart from quotes, text mended."""

from __future__ import annotations

import email
from functools import cache
from pathlib import Path

import pytest

import forum
from forum.domain.body import segment
from forum.domain.flowed import unflow
from forum.domain.mojibake import repair
from forum.domain.values import Role, Segment

ARCHIVE = Path(forum.__file__).parent / "demo"
HTML_ONLY = "voyages-apprenants/007"
TEXTS = [
    f"{path.parent.name}/{path.stem}"
    for path in sorted(ARCHIVE.glob("*/*.eml"))
    if f"{path.parent.name}/{path.stem}" != HTML_ONLY
]


@cache
def segments_of(name: str) -> tuple[Segment, ...]:
    message = email.message_from_bytes((ARCHIVE / f"{name}.eml").read_bytes())
    part = next(p for p in message.walk() if p.get_content_maintype() == "text")
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    text = payload.decode(part.get_content_charset("ascii"))
    if part.get_param("format") == "flowed":
        text = unflow(text)
    return segment(repair(text)[0])


def words_of(name: str, role: Role) -> str:
    return "\n".join(part.text for part in segments_of(name) if part.role is role)


@pytest.mark.parametrize("name", TEXTS)
def test_own_words_are_found_whole_and_alone(name: str) -> None:
    own = words_of(name, Role.REPLY)
    assert 60 <= len(own.split()) <= 350
    assert not [line for line in own.split("\n") if line.startswith((">", "_____", "-- ", "-----"))]
    for mark in (" wrote:", "a écrit", "escribió:", "Sent from my", "Enviado desde mi", "[mailto:"):
        assert mark not in own


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        # Answers between quoted parts keep their order.
        ("ancrage-territorial/002", "reply attribution quotation reply quotation reply quotation"),
        # Outlook in Spanish, above what it answers; Zimbra in French; a phone.
        ("ancrage-territorial/011", "reply signature attribution quotation"),
        ("ancrage-territorial/006", "reply signature attribution quotation"),
        ("ancrage-territorial/022", "reply signature attribution quotation"),
        # A surname that begins like a French attribution is a name.
        ("ancrage-territorial/008", "reply signature"),
        # Below what it answers, with the list's footer at the end.
        ("voyages-apprenants/003", "reply signature attribution quotation footer"),
        ("ancrage-territorial/038", "attribution quotation reply signature footer"),
    ],
)
def test_the_parts_of_a_mail_stand_in_their_order(name: str, roles: str) -> None:
    found = " ".join(part.role.value for part in segments_of(name))
    assert found.startswith(roles)


def test_the_misread_post_is_shown_repaired() -> None:
    own = words_of("ancrage-territorial/013", Role.REPLY)
    assert "Je découvre l’échange en rentrant de tournée." in own
    assert "«\u00a0la distance se mesure" in own
    assert "Êtes-vous" in own
    assert not set("ŽŠÕÇÈÊˆ™æ") & set(own.replace("Êtes", ""))


def test_the_forwarded_advice_is_not_the_forwarders_own_word() -> None:
    assert "côte à côte" not in words_of("ancrage-territorial/034", Role.REPLY)
    assert "côte à côte" in words_of("ancrage-territorial/034", Role.QUOTATION)
