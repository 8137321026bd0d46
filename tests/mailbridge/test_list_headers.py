"""Headers are raw, folded, ASCII, and cannot be injected into."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from forum.domain.values import Mailbox
from forum.storage.lists import MailingList
from mailbridge import list_headers
from mailbridge.header_fields import mailbox_field, unstructured

FIELD = re.compile(rb"[A-Za-z-]+: [^\r\n]*(\r\n[ \t][^\r\n]*)*\r\n")
ANY_TEXT = st.text(max_size=400)


def a_list(title: str = "Ancrage territorial", slug: str = "ancrage") -> MailingList:
    return MailingList(
        slug=slug,
        address=f"{slug}@lists.example.org",
        title_fr=title, title_en=title, title_es=title,
        language="fr",
    )  # fmt: skip


@given(ANY_TEXT)
def test_no_text_brings_a_field_of_its_own(text: str) -> None:
    for field in (
        list_headers.folded("X-Field", f"a {text}"),
        unstructured("Subject", text or "x"),
        mailbox_field("From", Mailbox(text, "awa@example.org")),
    ):
        assert field == b"" or FIELD.fullmatch(field), field
        assert field.isascii()
        assert all(len(line) <= 998 for line in field.split(b"\r\n"))


@given(ANY_TEXT)
def test_list_fields_bear_no_encoded_words(title: str) -> None:
    mailing_list = a_list(title)
    fields = list_headers.list_fields(mailing_list, "https://forum.example.org")
    fields += list_headers.recipient_fields(mailing_list, "https://forum.example.org", "0" * 48)
    assert b"=?utf-8?" not in fields.lower()
    assert fields.isascii()
    assert fields.count(b"List-Id:") == 1
    names = [line.split(b":")[0] for line in fields.split(b"\r\n") if line[:1] not in (b" ", b"")]
    assert names == [
        b"List-Id", b"List-Post", b"List-Help", b"List-Archive", b"List-Owner",
        b"List-Subscribe", b"Precedence", b"List-Unsubscribe", b"List-Unsubscribe-Post",
    ]  # fmt: skip


def test_a_long_list_unsubscribe_is_folded_and_not_encoded() -> None:
    site = "https://" + "forum." * 20 + "example.org"
    field = list_headers.recipient_fields(a_list(), site, "0123456789abcdef" * 3)
    assert f"<{site}/unsubscribe/{'0123456789abcdef' * 3}>".encode() in field
    assert b"<mailto:ancrage-unsubscribe@lists.example.org>" in field
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in field


def test_an_accented_title_loses_its_accents_in_list_id() -> None:
    fields = list_headers.list_fields(a_list('Économie <sociale> et "solidaire"'), "http://x.org")
    assert b'List-Id: "Economie sociale et solidaire" <ancrage.lists.example.org>' in fields


@given(st.lists(ANY_TEXT, max_size=200))
def test_ids_of_any_kind_make_a_valid_field(ids: list[str]) -> None:
    field = list_headers.message_id_field("References", ids)
    assert field == b"" or FIELD.fullmatch(field)


def test_of_very_many_references_the_first_and_the_newest_stay() -> None:
    ids = [f"m{n}@example.org" for n in range(500)]
    field = list_headers.message_id_field("References", ids)
    assert b"<m0@example.org>" in field
    assert b"<m499@example.org>" in field
    assert b"<m200@example.org>" not in field


def test_typographic_marks_in_a_title_stay_readable_in_list_id() -> None:
    fields = list_headers.list_fields(a_list("L’économie «sociale» – ici"), "http://x.org")
    assert b'List-Id: "L\'economie sociale - ici" <ancrage.lists.example.org>' in fields
