"""Sentences in templates: in the reader's language, whatever was asked before."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string
from flask_babel import force_locale
from markupsafe import Markup

from forum.i18n import current_language, current_zone

ACCEPTED = {"fr": "Listes", "en": "Lists", "es": "Listas"}
POSTS = "{{ ngettext('%(num)s post', '%(num)s posts', number) }}"


@pytest.mark.parametrize("language", ["fr", "en", "es", "fr"])
def test_a_sentence_is_in_the_language_of_the_request(app: Flask, language: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert render_template_string("{{ _('Lists') }}") == ACCEPTED[language]


def test_a_forced_language_holds_inside_and_not_after(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert current_language() == "fr"
        with force_locale("es"):
            assert current_language() == "es"
            assert render_template_string("{{ _('Lists') }}") == "Listas"
        assert render_template_string("{{ _('Lists') }}") == "Listes"


def test_values_are_escaped_unless_they_are_html(app: Flask) -> None:
    template = "{{ _('begun by %(name)s', name=name) }}"
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert render_template_string(template, name="<b>") == "begun by &lt;b&gt;"
        assert render_template_string(template, name=Markup("<b>x</b>")) == "begun by <b>x</b>"


def test_numbers_choose_their_form(app: Flask) -> None:
    for language, number, words in (
        ("fr", 0, "0 message"),
        ("fr", 2, "2 messages"),
        ("en", 0, "0 posts"),
        ("en", 1, "1 post"),
        ("es", 1, "1 mensaje"),
    ):
        with app.test_request_context(headers={"Accept-Language": language}):
            assert render_template_string(POSTS, number=number) == words


def test_the_zone_is_utc_for_those_who_chose_none(app: Flask) -> None:
    with app.test_request_context():
        assert str(current_zone()) == "UTC"
    assert current_language() == "en"
