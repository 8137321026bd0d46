"""Text wrapped as format=flowed for the way, and what comes back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.flowed import WIDTH, flow, unflow

LONG = "La monnaie locale compte quarante commerces et nous voulons en convaincre cent de plus. "


def as_meant(text: str) -> str:
    """What comes back: without spaces at line ends, quotation marks written one way."""
    lines = []
    for line in text.split("\n"):
        marks = re.match(r"(?:> ?)*", line)
        assert marks is not None
        depth, content = marks[0].count(">"), line[marks.end() :]
        content = content if content == "-- " else content.rstrip(" ")
        lines.append(">" * depth + (" " * bool(content) * bool(depth)) + content)
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        LONG.strip(),
        f"> {LONG.strip()}",
        f"> > {LONG.strip()}\n> court\n\nOui.",
        f"    code : {LONG.strip()}",
        f"```\n{LONG.strip()}\n```\n{LONG.strip()}",
        f"| a | {LONG.strip()} |",
        "From here on\n  indented\n-- \nAwa",
        "https://forum.example.org/" + "x" * 200,
        f"voir https://forum.example.org/{'x' * 200} et {LONG.strip()}",
        "deux  espaces   " * 12 + "fin",
        f"-- {'x' * 200} {LONG.strip()}",
        "",
    ],
)
def test_what_was_wrapped_comes_back(text: str) -> None:
    assert unflow(flow(text)) == as_meant(text)


@given(
    st.lists(
        st.text(st.sampled_from("abé  >|-`F\u00a0"), max_size=200)
        | st.sampled_from(["-- ", "From x", "```", LONG * 3, "> " + LONG, ">> " + LONG])
    ).map("\n".join)
)
def test_any_text_comes_back(text: str) -> None:
    assert unflow(flow(text)) == as_meant(text)


def test_lines_are_short_and_words_whole() -> None:
    wrapped = flow(LONG * 9)
    lines = wrapped.split("\n")
    assert max(map(len, lines)) <= WIDTH
    assert all(line.endswith(" ") for line in lines[:-1])
    assert set(" ".join(lines).split()) == set(LONG.split())


def test_line_ends_of_the_author_stay() -> None:
    assert flow("un  \ndeux \ntrois") == "un\ndeux\ntrois"
