"""Simple HTML is read the short way exactly as the long way reads it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forum.domain.html_text import markdown_of, parsed_markdown
from forum.domain.simple_html import MAX_DEPTH, MAX_LENGTH, simple_markdown

OUTLOOK = (
    '<html><body>\n<p class="MsoNormal" style="margin:0"><span lang="FR">Bonjour à tous,</span></p>'
    '\n<p class="MsoNormal"><span lang="FR"><o:p>&nbsp;</o:p></span></p>\n'
    '<p class="MsoNormal"><span lang="FR">Le marché ouvre à 8&nbsp;h&nbsp;;<br>\nvenez '
    "nombreux.</span></p>\n</body></html>\n"
)

SIMPLE = [
    OUTLOOK,
    "",
    "no tag at all",
    "<!DOCTYPE html><body><div>One<br/>two</div><div><br></div><div>three</div></body>",
    "<p>never closed<p>nor this<div>one <span>within</span> another",
    "</p>closed, never opened",
    "<p>1. a number</p><p>- a dash</p><p>+ a plus</p><p>-- </p><p>Ann</p>",
    "<p>a\\*b \\ c</p><p>&lt;b&gt; &amp; &#8217;&eacute;&quot;</p><p>&gt; quoted</p>",
    "a <span> b </span> c <p> d </p>\n\n e<br> f <br> <br> g",
    "<p>&amp;- after an entity</p><p>x&nbsp;1. y</p>",
    "<FONT SIZE=2>Old <BR> program</FONT>",
]
NOT_SIMPLE = [
    "<b>bold</b>",
    '<a href="https://example.org/">here</a>',
    "<blockquote>quoted</blockquote>",
    "<ul><li>one</ul>",
    "a < b",
    "R&D",
    "&nosuch;",
    "&#133;",
    "<!-- a comment never closed",
    "a</div>b",
    "a</br>b",
    "<p/>x",
    "<?xml version='1.0'?>",
    "<p title='a>b'>x</p>",
    "<p" + " x" * MAX_LENGTH,
    "<span>" * (MAX_DEPTH + 1),
]


@pytest.mark.parametrize("html", SIMPLE + NOT_SIMPLE)
def test_both_ways_lead_to_the_same_text(html: str) -> None:
    assert markdown_of(html) == parsed_markdown(html)


@pytest.mark.parametrize("html", SIMPLE)
def test_paragraphs_and_line_ends_go_the_short_way(html: str) -> None:
    assert simple_markdown(html) is not None


@pytest.mark.parametrize("html", NOT_SIMPLE)
def test_all_else_goes_the_long_way(html: str) -> None:
    assert simple_markdown(html) is None


TAGS = (
    "<p>", "</p>", '<p class="a b">', "<div>", "</div>", "<br>", "<br />", '<span lang="FR">',
    "</span>", "<font size=2>", "</font>", "<o:p>", "</o:p>", "<html>", "<body>", "</body>",
    "</html>", "<!DOCTYPE html>",
)  # fmt: skip
TEXTS = (
    " ", "\n", "  ", "\t", "a", "b c", "1. x", "- y", "-- ", "+ z", "> q", "12.", ".", "-", "\\",
    "\\*", "*x*", "_u_", "#h", "[a](b)", "\n2. ", "&nbsp;", "&amp;", "&lt;", "&gt;", "&eacute;",
    "&quot;", "&#8217;", "&#39;", "é", "\xa0", "\u202f", "&", "<",
)  # fmt: skip
PIECES = st.sampled_from(TAGS + TEXTS)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
@example("<div>a</div> <p>\xa0 - b")
def test_whatever_is_read_the_short_way_is_read_as_the_long_way_does(html: str) -> None:
    assert markdown_of(html) == parsed_markdown(html)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="<>/pdivbrsan \n=\"'&;#1-.é\xa0!", max_size=40))
def test_no_text_is_read_otherwise_for_being_short(html: str) -> None:
    assert markdown_of(html) == parsed_markdown(html)
