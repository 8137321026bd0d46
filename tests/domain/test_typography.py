"""The spaces of French as they are shown."""

from __future__ import annotations

import pytest

from forum.domain.typography import set_html, set_text

N, W = "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Qui vient ?", f"Qui vient{N}?"),
        ("Qui vient ? Moi !", f"Qui vient{N}? Moi{N}!"),
        ("« Le pont » : suite ; fin", f"«{W}Le pont{W}»{W}: suite{N}; fin"),
        ("On dit : « Vraiment ! »", f"On dit{W}: «{W}Vraiment{N}!{W}»"),
        ("Vraiment ?!", f"Vraiment{N}?!"),
        ("(qui vient ?)", f"(qui vient{N}?)"),
        ("Qui vient? Moi!", "Qui vient? Moi!"),
        ("à 10 :30", "à 10 :30"),
        ("drôle :-) non", "drôle :-) non"),
        ("", ""),
    ],
)
def test_no_line_breaks_before_a_mark(typed: str, shown: str) -> None:
    assert set_text(typed, "fr") == shown
    assert set_text(typed, "en") == typed


def test_tags_and_code_stay_as_they_are() -> None:
    html = (
        '<p title="a ? b">Qui vient ?</p><pre><code>a ? b : c ;</code></pre>'
        "<p>Et <code>x ;</code> ?</p>"
    )
    shown = set_html(html, "fr")
    assert f"Qui vient{N}?" in shown
    assert "<pre><code>a ? b : c ;</code></pre>" in shown
    assert "<code>x ;</code>" in shown
    assert 'title="a ? b"' in shown
    assert set_html(html, "es") == html


@pytest.mark.slow
def test_it_is_linear() -> None:
    text = "a " * 50_000 + "? " * 50_000 + "<" * 50_000
    assert len(set_html(text, "fr")) == len(text)
