"""What templates show is escaped as markupsafe escapes it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from forum.web.lean_templates import LeanTemplate, escaped


class Shown:
    """Says itself how it is shown."""

    def __html__(self) -> str:
        return "<b>&amp;</b>"


class Texty(str):
    """A kind of text that shows itself in another way."""

    __slots__ = ()

    def __html__(self) -> str:
        return "<i>other</i>"


@given(st.text() | st.integers() | st.floats(allow_nan=False) | st.none() | st.booleans())
def test_any_value_is_escaped_as_elsewhere(value: object) -> None:
    assert escaped(value) == str(escape(value))


@pytest.mark.parametrize(
    "value", ["", "<&>'\"", Markup("<b>"), Shown(), Texty("a"), Texty("<"), Decimal("1.5"), ["<"]]
)
def test_what_shows_itself_keeps_doing_so(value: object) -> None:
    assert escaped(value) == str(escape(value))


def test_the_pages_are_such_templates_and_escape(app: Flask) -> None:
    source = (
        "{{ typed }}|{{ made }}|{{ typed|upper }}|{{ own }}"
        "{% set kept %}{{ typed }}{% endset %}|{{ kept }}"
    )
    template = app.jinja_env.from_string(source)
    page = template.render(typed="<script>", made=Markup("<p>"), own=Texty("<"))
    assert isinstance(template, LeanTemplate)
    assert page == ("&lt;script&gt;|<p>|&lt;SCRIPT&gt;|<i>other</i>|&lt;script&gt;")


def test_a_macro_and_a_joined_text_are_not_escaped_twice(app: Flask) -> None:
    source = (
        "{% macro named(name) %}<b>{{ name }}</b>{% endmacro %}"
        "{{ named(typed) }}|{{ named(typed) ~ typed }}|{{ typed ~ '' }}"
    )
    page = app.jinja_env.from_string(source).render(typed="<")
    assert page == "<b>&lt;</b>|<b>&lt;</b>&lt;|&lt;"
