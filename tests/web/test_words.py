"""Dates, numbers and names of languages, as the readers of each language write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import pytest
from flask import Flask

from forum.domain.values import LANGUAGES
from forum.i18n import language_name
from forum.operations.moderation import Verb
from forum.resources import CHECKOUT
from forum.storage.audit import AuditEntry
from forum.web.curation_words import line_text
from forum.web.file_words import file_kind
from forum.web.filters import file_size, full_date, month_name, number, short_date

FIRST = datetime(2010, 3, 1, 9, 5, tzinfo=UTC)
LOGGED: Final = re.compile(r'\brecord\(\s*(?:db\.session\(\)|session),\s*"([a-z-]+)"')


@pytest.mark.parametrize(
    ("language", "short", "full"),
    [
        ("fr", "1er mars 2010", "lundi 1er mars 2010, 09:05 UTC"),
        ("en", "1 March 2010", "Monday, 1 March 2010, 09:05 UTC"),
        ("es", "1 de marzo de 2010", "lunes, 1 de marzo de 2010, 9:05 UTC"),
    ],
)
def test_the_first_of_a_month(app: Flask, language: str, short: str, full: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert short_date(FIRST) == short
        assert full_date(FIRST) == full


def test_only_the_first_is_ranked_in_french(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        days = [short_date(FIRST.replace(day=day)) for day in (2, 11, 21, 31)]
    assert days == ["2 mars 2010", "11 mars 2010", "21 mars 2010", "31 mars 2010"]


@pytest.mark.parametrize(
    ("language", "thousands", "size", "month"),
    [
        ("fr", "12\u202f345", "1,4\u202fMo", "mars 2010"),
        ("en", "12,345", "1.4 MB", "March 2010"),
        ("es", "12.345", "1,4 MB", "marzo de 2010"),
    ],
)
def test_numbers_and_months(
    app: Flask, language: str, thousands: str, size: str, month: str
) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert number(12_345) == thousands
        assert file_size(1_400_000) == size
        assert month_name(3, 2010) == month
        assert month_name(3) == month.split()[0]


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("fr", ["français", "multilingue", "xx-none"]),
        ("en", ["French", "Multiple languages", "xx-none"]),
        ("es", ["francés", "varios idiomas", "xx-none"]),
    ],
)
def test_languages_are_named_in_the_reader_s_own(
    app: Flask, language: str, names: list[str]
) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert [language_name(code) for code in ("fr", "mul", "xx-none")] == names


def test_every_word_of_the_log_is_said_in_a_sentence(app: Flask) -> None:
    sources = [*CHECKOUT.glob("forum/**/*.py"), *CHECKOUT.glob("mailbridge/**/*.py")]
    words = {word for file in sources for word in LOGGED.findall(file.read_text("utf-8"))}
    assert {"subscribe", "invite", "settle"} < words
    for language in LANGUAGES:
        with app.test_request_context(f"/?lang={language}"):
            for word in words | {*Verb, "grant", "revoke", "stop", "start", "undo-repairs"}:
                entry = AuditEntry(action=word, target="held 7", details={"role": "owner"})
                said = line_text(entry)
                assert said.endswith("."), word
                assert not said.startswith(word), word


def test_a_word_of_the_log_depends_on_what_it_was_done_to(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        for action, target, said in (
            ("withdraw", "post 3", "Its author took post 3 back."),
            ("withdraw", "beto@example.org", "The invitation to beto@example.org is withdrawn."),
            ("edit", "list atelier", "The list atelier has other settings."),
            ("grant", "you@example.org", "you@example.org is given a role: owner."),
        ):
            entry = AuditEntry(action=action, target=target, details={"role": "owner"})
            assert line_text(entry) == said


@pytest.mark.parametrize(
    ("content_type", "filename", "said"),
    [
        ("text/plain", "notes.txt", "Texte"),
        ("Image/PNG", "a.png", "Image"),
        ("application/octet-stream", "comptes.csv", "Tableur"),
        ("application/vnd.oasis.opendocument.spreadsheet", "x", "Tableur"),
        ("application/vnd.oasis.opendocument.text", "x", "Document"),
        ("application/octet-stream", "données", "Fichier"),
        ("chemical/x-pdb", "eau.pdb", "Fichier"),
    ],
)
def test_kinds_of_files_have_plain_words(
    app: Flask, content_type: str, filename: str, said: str
) -> None:
    with app.test_request_context("/?lang=fr"):
        assert file_kind(content_type, filename) == said
