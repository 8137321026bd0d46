"""Numbers of posts in a synthesis, and words that it shares with a post."""

from __future__ import annotations

import pytest

from forum.domain.synthesis import (
    numbers_in,
    renumbered,
    shares_words,
    with_links,
    with_numbers,
)

POSTS = {1: 11, 2: 12, 30: 40}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Voir #2.", "Voir [#2](/posts/12)."),
        ("(#1, #30)", "([#1](/posts/11), [#30](/posts/40))"),
        ("#3 manque", "#3 manque"),
        ("# 2 et ## titre", "# 2 et ## titre"),
        ("a#2 &#2; #2b #02", "a#2 &#2; #2b #02"),
        ("`#2` reste", "`#2` reste"),
        ("```\n#2\n```\n#2", "```\n#2\n```\n[#2](/posts/12)"),
        ("[voir #2](http://example.org/#2)", "[voir #2](http://example.org/#2)"),
        ("http://example.org/#2", "http://example.org/#2"),
    ],
)
def test_numbers_become_links_where_they_name_posts(typed: str, kept: str) -> None:
    assert with_links(typed, POSTS) == kept


def test_links_are_written_and_shown_with_the_numbers_of_today() -> None:
    kept = "Voir [#2](/posts/12) et [#9](/posts/99)."
    assert with_numbers(kept, {12: 5}) == "Voir #5 et [#9](/posts/99)."
    html = (
        '<a href="/posts/12" rel="x">#2</a> <a href="/posts/99">#9</a> <a href="/posts/12">ici</a>'
    )
    assert renumbered(html, {12: 5}) == html.replace(">#2<", ">#5<")
    assert numbers_in("#2 `#3` #4") == {2, 4}


def test_six_words_in_a_row_are_a_quotation_whatever_stands_between() -> None:
    post = "Elle habite au 12, rue des Lilas, à Lyon."
    assert shares_words("On lit : « elle habite — au 12 RUE des Lilas »", post)
    assert not shares_words("On lit que « elle habite au 12 » quelque part, rue des Lilas.", post)
    assert not shares_words("Oui, merci.", "Oui, merci.")
