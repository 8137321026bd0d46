"""An outside list as its mail shows it: authors, echoes, lines, prefixes."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.domain.headers import Headers
from forum.domain.mirroring import (
    Outside,
    name_key,
    real_author,
    sent_by,
    service_of,
    without_prefix,
)
from forum.domain.mirroring_echo import around, same_subject
from forum.domain.mirroring_lines import line_key, lists_lines
from forum.domain.values import Mailbox

OUTSIDE = Outside(
    address="atelier@listes.example.net",
    list_id="atelier.listes.example.net",
    bridge="pont@lists.example.org",
    names=("Atelier du fleuve",),
)
LIST = "atelier@listes.example.net"
LUZ = ("Luz Vega", "luz@example.net")


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("Luz Vega", "", ("Luz Vega", LIST)),
        ("Luz Vega via Atelier", "Reply-To: Luz Vega <luz@example.net>", LUZ),
        ("Luz Vega via Atelier", f"Reply-To: {LIST}, luz@example.net", LUZ),
        ("'Luz Vega' via Atelier", "X-Original-From: luz@example.net", LUZ),
        ("'Luz Vega' via Atelier", "X-Original-Sender: luz@example.net", LUZ),
        ("Luz (luz@example.net via atelier)", "", ("Luz", "luz@example.net")),
        ("Luz Vega (via atelier Mailing List)", "", ("Luz Vega", "")),
        ("Luz Vega via Atelier", f"Reply-To: {LIST}", ("Luz Vega", "")),
        ("Luz Vega via Atelier", f"Reply-To: {LIST}\nCc: Ana <a@x.org>, Luz Vega <luz@example.net>",
         LUZ),
        ("Luz Vega via Atelier", f"Reply-To: {LIST}\nCc: Ana <a@x.org>, b@x.org", ("Luz Vega", "")),
        ("Luz via Roma via Atelier", "", ("Luz via Roma", "")),
    ],
)  # fmt: skip
def test_the_hidden_author_is_found(name: str, fields: str, expected: tuple[str, str]) -> None:
    headers = Headers.of(f"{fields}\nSubject: x\n\ntext".encode())
    if expected[1] == LIST:
        expected = (expected[0], "")
    found = real_author(headers, OUTSIDE, Mailbox(name, LIST))
    assert (found.name, found.address) == expected


@pytest.mark.parametrize(
    ("address", "posting"),
    [
        (LIST, None),
        ("product-owners@listes.example.net", None),
        ("join-us@listes.example.net", None),
        ("sympa-users@listes.example.net", None),
        ("mailman-digest@listes.example.net", None),
        ("requests@listes.example.net", None),
        ("atelier-leave@listes.example.net", LIST),
        ("atelier-request@listes.example.net", LIST),
        ("atelier-owner@listes.example.net", LIST),
        ("owner-atelier@listes.example.net", LIST),
        ("atelier-bounces+luz=example.net@listes.example.net", LIST),
        ("atelier-confirm+3f9a62@listes.example.net", LIST),
        ("atelier+unsubscribe@listes.example.net", LIST),
        ("ville-nord-editor@listes.example.net", "ville-nord@listes.example.net"),
        ("sympa@listes.example.net", ""),
        ("mailman-owner@listes.example.net", ""),
        ("no-reply@listes.example.net", ""),
    ],
)
def test_a_service_address_names_the_list_that_it_serves(address: str, posting: str | None) -> None:
    assert service_of(address) == posting


def test_an_author_who_is_not_hidden_stays() -> None:
    headers = Headers.of(b"Reply-To: other@example.net\n\n")
    written = Mailbox("Luz via Roma", "luz@example.net")
    assert real_author(headers, OUTSIDE, written) == written


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        ("List-Id: Atelier <atelier.listes.example.net>", "", True),
        ("List-Id: Other <other.listes.example.net>", "", False),
        ("List-Id: Other <other.listes.example.net>", "atelier-bounces@listes.example.net", True),
        ("Sender: atelier-request@listes.example.net", "", True),
        ("Sender: ateliers@listes.example.net", "", False),
        ("", "atelier-bounces@elsewhere.example", False),
        ("", "atelier+bncABC@listes.example.net", True),
        ("X-List-Id: atelier.listes.example.net", "luz@example.net", False),
    ],
)
def test_who_sent_it(fields: str, path: str, expected: bool) -> None:
    assert sent_by(Headers.of(f"{fields}\n\n".encode()), path, OUTSIDE) is expected


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[atelier] Rencontre", "Rencontre"),
        ("Re: [Atelier] Rencontre", "Re: Rencontre"),
        ("[atelier] Re: [atelier] Rencontre", "Re: Rencontre"),
        ("[atelier 1234] Rencontre", "Rencontre"),
        ("[agenda] Rencontre", "[agenda] Rencontre"),
        ("[atelier]", "[atelier]"),
        ("Rencontre de l'atelier", "Rencontre de l'atelier"),
    ],
)
def test_the_lists_own_prefix_is_left_out(written: str, shown: str) -> None:
    assert without_prefix(written, OUTSIDE) == shown


def test_names_are_compared_without_what_lists_add() -> None:
    for name in ("Awa NDIAYE", "'Awa Ndiaye' via Atelier", "Awa Ndiaye (via atelier Mailing List)"):
        assert name_key(name) == "awandiaye"


def test_a_footer_under_a_rule_is_found_where_it_is_known() -> None:
    lines = ["Bonjour", "", "-- ", "Luz", "______", "Gazette 12", "https://x.example/a?b=1"]
    known = Outside(
        address=LIST, list_id="", bridge="",
        tail=frozenset({line_key("Gazette 99"), line_key("https://x.example/other")}),
    )  # fmt: skip
    plain = [place for place, line in enumerate(lines) if line]
    assert lists_lines(lines, plain, known) == {4, 5, 6}


WORDS = st.lists(
    st.text(string.ascii_letters + "éèñç", min_size=1, max_size=9), min_size=1, max_size=60
)
FOOTERS = st.sampled_from(
    (
        "",
        f"\n____________\nAtelier mailing list\n{LIST}\n",
        f"\n-- \nYou received this message because you are subscribed. {LIST}\n",
        "\n\nhttps://listes.example.net/info/atelier\n",
    )
)
PREFIXES = st.sampled_from(("", "[atelier] ", "[Atelier 12] ", "Re: [atelier] "))


def wrapped(words: list[str], width: int) -> str:
    lines, line = [], ""
    for word in words:
        if line and len(line) + len(word) >= width:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return "\n".join([*lines, line]) + "\n"


@settings(max_examples=150, deadline=None)
@given(WORDS, WORDS, st.integers(10, 80), FOOTERS, PREFIXES)
def test_what_went_out_is_known_whatever_a_list_does_to_it(
    words: list[str], subject: list[str], width: int, footer: str, prefix: str
) -> None:
    ours, title = wrapped(words, 70), " ".join(subject[:8])
    found = around(ours, wrapped(words, width) + footer)
    assert found is not None
    assert found.is_lists_own(OUTSIDE)
    assert same_subject(title, f"{prefix}{title}")


@settings(max_examples=150, deadline=None)
@given(WORDS, st.data())
def test_one_word_more_or_less_is_another_text(words: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(words) - 1))
    changed = [*words[:place], "zzzzzzzzzz", *words[place + data.draw(st.integers(0, 1)) :]]
    found = around(wrapped(words, 70), wrapped(changed, 70))
    assert found is None or not found.is_lists_own(OUTSIDE)
