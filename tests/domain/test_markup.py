"""Text becomes HTML that is safe, complete, and quick to make."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.markdown_limits import is_tame
from forum.domain.markup import plain_excerpt, render_markdown, render_plain, render_segments
from forum.domain.sanitizing import TAGS, sanitize
from forum.domain.values import Role, Segment, TextFormat

REL = 'rel="nofollow noopener noreferrer"'


class Outline(HTMLParser):
    """The text of a page, and whatever in it could act."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.dangers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.dangers.append(tag)
        for name, value in attrs:
            scheme = re.match(r"[\s\x00-\x20]*([a-z][a-z0-9+.\s-]*):", value or "", re.IGNORECASE)
            if name.startswith("on") or name in ("style", "srcset"):
                self.dangers.append(name)
            if name in ("href", "src") and scheme:
                if scheme[1].lower() not in ("http", "https", "mailto"):
                    self.dangers.append(value or "")
                if name == "src":
                    self.dangers.append(value or "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(html: str) -> Outline:
    outline = Outline()
    outline.feed(html)
    outline.close()
    return outline


class TestMarkdown:
    def test_the_usual_marks(self) -> None:
        html = render_markdown("# Titre\n\nUn *mot* **fort**\net `code`\n\n- a\n- b\n\n> cité")
        assert "<h1>Titre</h1>" in html
        assert "<em>mot</em> <strong>fort</strong><br>\net <code>code</code>" in html
        assert "<li>a</li>\n<li>b</li>" in html
        assert "<blockquote>\n<p>cité</p>\n</blockquote>" in html

    def test_tables_keep_their_alignment_and_code_its_text(self) -> None:
        html = render_markdown("|a|b|\n|-|-:|\n|1|2|\n\n```py\nx < http://x.example.org\n```")
        assert '<td align="right">2</td>' in html
        assert "<pre><code>x &lt; http://x.example.org\n</code></pre>" in html

    def test_raw_html_is_shown_as_it_was_typed(self) -> None:
        assert render_markdown("<b>gras</b>") == "<p>&lt;b&gt;gras&lt;/b&gt;</p>"

    def test_bare_addresses_become_links(self) -> None:
        html = render_markdown("voir www.example.org et <https://example.net/?a=1&b=2>.")
        assert f'<a href="http://www.example.org" {REL}>www.example.org</a>' in html
        assert f'<a href="https://example.net/?a=1&amp;b=2" {REL}>' in html

    def test_images_of_other_hosts_become_links(self) -> None:
        html = render_markdown("![un plan](https://example.org/plan.png)")
        assert html == f'<p><a href="https://example.org/plan.png" {REL}>un plan</a></p>'

    def test_an_image_in_a_link_leaves_the_link_and_its_words(self) -> None:
        html = render_markdown("[![plan](https://x.example.org/i.png)](https://example.org)")
        assert html == f'<p><a href="https://example.org" {REL}><span>plan</span></a></p>'

    def test_a_posts_own_attachment_is_shown(self) -> None:
        html = render_markdown("![plan](/posts/3/attachments/0/plan.png)")
        assert html == '<p><img alt="plan" src="/posts/3/attachments/0/plan.png"></p>'

    @pytest.mark.parametrize(
        "path", ["/logout", "//example.org/a.png", "/posts/3/attachments/0/../x"]
    )
    def test_an_image_names_no_other_path(self, path: str) -> None:
        assert "<img" not in render_markdown(f"![x]({path})")

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            ("brackets never closed", "[" * 20_000),
            ("brackets one inside the other", "[" * 10_000 + "]" * 10_000),
            ("images never closed", "![" * 10_000),
            ("targets never closed", "[a](" * 6_000),
            ("references never closed", "[a][b" * 5_000),
            ("quotations one inside the other", "> " * 10_000),
            ("lists one inside the other", "\n".join("    " * i + "- a" for i in range(150))),
            ("a rule that is none", "- " * 10_000 + "a"),
            ("headings without a blank line", "#a\n" * 10_000),
            ("underlined headings", "a\n-\n" * 10_000),
            ("definitions of nothing", "[a]:\n" * 8_000),
            ("emphasis never closed", "*a **b " * 5_000),
            ("emphasis among emphasis", "a**" + "b*" * 20_000),
            ("tags never closed", "<a " * 15_000),
            ("ampersands", "&" * 40_000),
            ("cells and ticks", "a|a\n-|-\n" + "|`" * 10_000),
            ("items and blank lines", "- a\n\n" * 8_000),
            ("one address after the other", "www.a.example-" * 3_000),
            ("numbered lists in one line", "1.         1. 1. \n" * 1_100),
        ],
    )
    def test_hostile_input_is_rendered_quickly_and_whole(self, kind: str, text: str) -> None:
        render_markdown("warm *up*")
        start = time.process_time()
        html = render_markdown(text)
        assert time.process_time() - start < 0.2, kind
        assert html

    def test_a_long_ordinary_text_is_still_markdown(self) -> None:
        paragraph = (
            "Voici *le* compte rendu de la [réunion](https://example.org/a) du **3 mars**.\n\n"
        )
        assert is_tame(paragraph * 150)
        assert "<em>le</em>" in render_markdown(paragraph * 150)

    def test_a_text_beyond_the_limits_is_shown_as_typed(self) -> None:
        assert render_markdown("[*a*" * 5_000).startswith("<p>[*a*[*a*")


class TestPlain:
    def test_paragraphs_and_line_ends_are_kept(self) -> None:
        assert render_plain("a\nb\n\n\nc\r\nd") == "<p>a<br>\nb</p>\n<p>c<br>\nd</p>"

    def test_marks_and_tags_are_only_text(self) -> None:
        assert render_plain("*a* <b> & # c") == "<p>*a* &lt;b&gt; &amp; # c</p>"

    def test_indentation_and_columns_are_kept(self) -> None:
        text = "".join(read(render_plain("nom    prix\n  pain    1 €")).words)
        assert text.replace("\xa0", " ") == "nom    prix\n  pain    1 €"

    @pytest.mark.parametrize(
        ("text", "target", "rest"),
        [
            ("voir http://example.org/a.", "http://example.org/a", "."),
            ("<https://example.org/a?b=1&c=2>", "https://example.org/a?b=1&amp;c=2", "&gt;"),
            ("(voir www.example.org)", "http://www.example.org", ")"),
            ("https://example.org/a_(b)", "https://example.org/a_(b)", "</p>"),
            ("« http://example.org/é »", "http://example.org/é", " »"),
            ("http://example.org/»,", "http://example.org/", "»,"),
        ],
    )
    def test_an_address_ends_where_the_sentence_goes_on(
        self, text: str, target: str, rest: str
    ) -> None:
        html = render_plain(text)
        assert f'<a href="{target}" {REL}>' in html
        assert html.split("</a>")[1].startswith(rest)

    @pytest.mark.parametrize(
        "text", ["http://", "www.", "a@www.example.org", "javascript:alert(1)"]
    )
    def test_what_is_no_web_address_is_no_link(self, text: str) -> None:
        assert "<a" not in render_plain(text)

    def test_ten_megabytes_take_little_time_and_lose_nothing(self) -> None:
        text = "http://example.org ana@example.org > * [ mot " * 230_000
        start = time.process_time()
        html = render_plain(text)
        assert time.process_time() - start < 2
        assert html.count("mot") == 230_000


class TestSegments:
    def test_a_quotation_is_folded_under_its_attribution(self) -> None:
        segments = [
            Segment(Role.ATTRIBUTION, "Le 3 mars 2010,\nAna a écrit :"),
            Segment(Role.QUOTATION, "Shall we go?\nTomorrow?", "en"),
            Segment(Role.REPLY, "Oui, allons-y.", "fr"),
            Segment(Role.SIGNATURE, "-- \nLuc\nAlet"),
            Segment(Role.FOOTER, "____\nListe Exemple\nhttp://example.org"),
        ]
        assert render_segments(segments, TextFormat.PLAIN) == (
            '<details class="segment quotation" lang="en">'
            "<summary>Le 3 mars 2010, Ana a écrit :</summary>"
            "<blockquote><p>Shall we go?<br>\nTomorrow?</p></blockquote></details>\n"
            '<div class="segment reply" lang="fr"><p>Oui, allons-y.</p></div>\n'
            '<details class="segment signature"><summary>Luc …</summary>'
            "<div><p>-- <br>\nLuc<br>\nAlet</p></div></details>\n"
            '<details class="segment footer"><summary>Liste Exemple …</summary>'
            "<div><p>____<br>\nListe Exemple<br>\n"
            f'<a href="http://example.org" {REL}>http://example.org</a></p></div></details>'
        )

    def test_a_signature_that_is_only_a_name_is_not_folded(self) -> None:
        segments = [Segment(Role.REPLY, "Oui"), Segment(Role.SIGNATURE, "-- \nLuc")]
        assert render_segments(segments, TextFormat.PLAIN).endswith(
            '<div class="segment signature"><p>-- <br>\nLuc</p></div>'
        )

    def test_a_quotation_without_attribution_tells_its_first_line(self) -> None:
        segments = [Segment(Role.QUOTATION, "\nUne <idée>\nautre"), Segment(Role.REPLY, "Oui")]
        html = render_segments(segments, TextFormat.PLAIN)
        assert "<summary>Une &lt;idée&gt; …</summary>" in html

    def test_a_post_that_only_quotes_shows_it_open(self) -> None:
        html = render_segments([Segment(Role.QUOTATION, "Transmis")], TextFormat.PLAIN)
        assert re.match(r'<details[^>]* open=""', html)

    def test_no_words_of_a_very_long_attribution_are_lost(self) -> None:
        attribution = "mot " * 200 + "fin :"
        segments = [Segment(Role.ATTRIBUTION, attribution), Segment(Role.QUOTATION, "x")]
        html = render_segments([*segments, Segment(Role.REPLY, "y")], TextFormat.PLAIN)
        assert html.index("…</summary>") < html.index("fin :")

    def test_an_attribution_of_nothing_is_shown(self) -> None:
        segments = [Segment(Role.ATTRIBUTION, "Ana a écrit :"), Segment(Role.REPLY, "Oui")]
        html = render_segments(segments, TextFormat.PLAIN)
        assert html.startswith('<div class="segment attribution"><p>Ana a écrit :</p></div>')

    @pytest.mark.parametrize("language", ["und", "mul", 'fr" onclick="x', ""])
    def test_only_a_real_language_is_named(self, language: str) -> None:
        html = render_segments([Segment(Role.REPLY, "Oui", language)], TextFormat.PLAIN)
        assert html == '<div class="segment reply"><p>Oui</p></div>'

    def test_markdown_is_rendered_in_replies_and_quotations(self) -> None:
        segments = [Segment(Role.REPLY, "*oui*"), Segment(Role.QUOTATION, "**non**")]
        html = render_segments(segments, TextFormat.MARKDOWN)
        assert "<em>oui</em>" in html
        assert "<strong>non</strong>" in html

    def test_an_empty_body_gives_nothing(self) -> None:
        assert render_segments([Segment(Role.REPLY, " \n")], TextFormat.PLAIN) == ""


class TestExcerpt:
    def test_it_is_the_authors_own_first_words(self) -> None:
        segments = [
            Segment(Role.QUOTATION, "cité"),
            Segment(Role.REPLY, "Bonjour  à\ntous, écrivez à ana@example.org pour venir"),
        ]
        assert plain_excerpt(segments, 200) == "Bonjour à tous, écrivez à ana@… pour venir"
        assert plain_excerpt(segments, 20) == "Bonjour à tous…"

    def test_where_nothing_is_their_own_it_is_what_they_quote(self) -> None:
        assert plain_excerpt([Segment(Role.QUOTATION, "cité")], 20) == "cité"

    def test_marks_of_markdown_are_left_out(self) -> None:
        segments = [Segment(Role.REPLY, "# Titre\n\n- un *mot* [ici](https://example.org)")]
        assert plain_excerpt(segments, 80, TextFormat.MARKDOWN) == "Titre un mot ici"

    @given(st.text(), st.integers(1, 50))
    def test_it_is_never_longer_than_asked(self, text: str, limit: int) -> None:
        assert len(plain_excerpt([Segment(Role.REPLY, text)], limit)) <= limit


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVa\tScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "<javascript:alert(1)>",
    '[x](http://a.example "onmouseover=alert(1)")',
    'http://a.example/"onmouseover="alert(1)',
    "[x]: javascript:alert(1)\n\n[x]",
    "```<script>\nalert(1)\n```",
    "<details open ontoggle=alert(1)>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "\x02klzzwxh:0000\x03<img src=http://x.example/i.gif>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<style>@import 'http://x.example'</style>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_an_author_types_acts(attack: str) -> None:
    roles = [Segment(role, attack, attack) for role in Role]
    for html in (
        render_markdown(attack),
        render_plain(attack),
        render_segments(roles, TextFormat.PLAIN),
        render_segments(roles, TextFormat.MARKDOWN),
        sanitize(attack),
    ):
        assert read(html).dangers == []


@given(st.text(alphabet=st.sampled_from("<>[]()!*_`#-=|&;:/\\\"' \nab.@xjhtps\x02\x03\x00")))
def test_any_text_is_rendered_safely(text: str) -> None:
    for html in (render_markdown(text), render_plain(text)):
        assert read(html).dangers == []
        assert sanitize(html) == html


def test_of_a_link_that_leads_nowhere_the_words_stay() -> None:
    html = render_markdown("[here *now*](javascript:alert(1)), [there](https://example.org)")
    assert html.startswith("<p>here <em>now</em>, <a href=")
    hostile = sanitize('<a title="x><img src=q onerror=a()>">words</a>')
    assert hostile == "words"


def test_headings_of_a_post_stand_below_its_own() -> None:
    segment = Segment(Role.REPLY, "# Plan\n\n##### Détail\n\n`<h1>`\n", "fr")
    html = render_segments([segment], TextFormat.MARKDOWN)
    assert "<h3>Plan</h3>" in html
    assert "<h6>Détail</h6>" in html
    assert "&lt;h1&gt;" in html
