"""Only the trusted server's word counts, and no word is not a failure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.headers import Headers
from mailbridge.authentication import Verdict, established, trusted_results, verdict
from tests.factories import mail
from tests.mailbridge.signing import Zone, signed, zone

TRUSTED = "mx.lists.example.org"


def headers(*fields: str, author: str = "Awa <awa@example.org>") -> Headers:
    return Headers.of("".join(f"{line}\r\n" for line in (*fields, f"From: {author}", "")).encode())


def results(text: str, server: str = TRUSTED) -> str:
    return f"Authentication-Results: {server}; {text}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dmarc=pass header.from=example.org", Verdict.PASS),
        ("dmarc=fail (p=reject) header.from=example.org", Verdict.FAIL),
        ("dkim=pass header.d=example.org", Verdict.PASS),
        ("dkim=pass (2048-bit key; secure) header.d=mail.example.org header.i=@mail.example.org",
         Verdict.PASS),
        ("dkim=pass header.d=evil.example.net", Verdict.NONE),
        ("spf=pass smtp.mailfrom=awa@example.org", Verdict.PASS),
        ("dkim=fail reason=\"bad; signature\" header.d=example.org; spf=fail", Verdict.FAIL),
        ("dkim=fail header.d=example.org; spf=pass smtp.mailfrom=example.org", Verdict.PASS),
        ("dkim=pass header.d=example.org; dmarc=fail header.from=example.org", Verdict.FAIL),
        ("spf=softfail smtp.mailfrom=example.org", Verdict.NONE),
        ("dkim=temperror; spf=none", Verdict.NONE),
        ("none", Verdict.NONE),
    ],
)  # fmt: skip
def test_the_verdict_of_the_trusted_server(text: str, expected: Verdict) -> None:
    assert verdict(headers(results(text)), TRUSTED) is expected


def test_another_servers_word_counts_for_nothing() -> None:
    forged = headers(results("dmarc=pass header.from=example.org", server="mx.example.net"))
    assert verdict(forged, TRUSTED) is Verdict.NONE
    assert verdict(forged, "") is Verdict.NONE


def test_a_forged_copy_below_the_trusted_one_counts_for_nothing() -> None:
    found = verdict(
        headers(
            results("spf=none"),
            "Received: from outside by mx.lists.example.org; Mon, 1 Mar 2010 10:00:00 +0000",
            results("dmarc=pass header.from=example.org"),
        ),
        TRUSTED,
    )
    assert found is Verdict.NONE


def test_two_headers_of_one_server_are_read_together() -> None:
    found = headers(results("spf=fail"), results("dkim=pass header.d=example.org"))
    assert verdict(found, TRUSTED) is Verdict.PASS


def test_a_top_level_domain_is_not_an_alignment() -> None:
    assert verdict(headers(results("dkim=pass header.d=org")), TRUSTED) is Verdict.NONE


@given(st.text(max_size=300))
def test_any_header_is_read_without_an_exception(text: str) -> None:
    line = " ".join(text.encode("utf-8", "replace").decode("utf-8", "replace").split())
    trusted_results(headers(f"Authentication-Results: {TRUSTED}; {line}"), TRUSTED)


def test_a_valid_signature_of_the_authors_domain_passes() -> None:
    assert established(signed(mail()), "", zone()) is Verdict.PASS
    below = signed(mail(author="Awa <awa@mail.example.org>"))
    assert established(below, "", zone()) is Verdict.PASS


def test_without_a_signature_nothing_is_known() -> None:
    assert established(mail(), "", zone()) is Verdict.NONE
    assert established(mail(), "", zone(dmarc=b"v=DMARC1; p=none")) is Verdict.NONE


@pytest.mark.parametrize("policy", [b"v=DMARC1; p=reject", b"v=DMARC1 ; sp=none; p = quarantine"])
def test_without_a_signature_a_domain_that_asks_for_one_is_believed(policy: bytes) -> None:
    assert established(mail(), "", zone(dmarc=policy)) is Verdict.FAIL
    assert established(signed(mail()), "", zone(dmarc=policy)) is Verdict.PASS


def test_the_policy_for_domains_below_is_that_of_their_parent() -> None:
    raw = mail(author="Awa <awa@mail.example.org>")
    assert established(raw, "", zone(dmarc=b"v=DMARC1; p=reject")) is Verdict.FAIL
    assert established(raw, "", zone(dmarc=b"v=DMARC1; p=reject; sp=none")) is Verdict.NONE


def test_a_broken_signature_of_the_authors_domain_fails() -> None:
    broken = signed(mail()).replace(b"Bonjour", b"Bonsoir")
    assert established(broken, "", zone()) is Verdict.FAIL


def test_the_signature_of_another_domain_proves_and_spoils_nothing() -> None:
    other = zone()
    other.records["s1._domainkey.example.net"] = other.records["s1._domainkey.example.org"]
    raw = signed(mail(), domain="example.net")
    assert established(raw, "", other) is Verdict.NONE
    assert established(raw.replace(b"Bonjour", b"Bonsoir"), "", other) is Verdict.NONE


def test_where_the_dns_is_silent_nothing_is_known() -> None:
    raw = signed(mail())
    assert established(raw, "", Zone(silent=True)) is Verdict.NONE
    assert established(mail(), "", Zone(silent=True)) is Verdict.NONE


def test_the_trusted_servers_word_is_taken_before_our_own_check() -> None:
    raw = signed(mail())
    told = f"{results('dmarc=fail header.from=example.org')}\r\n".encode() + raw
    dns = zone()
    assert established(told, TRUSTED, dns) is Verdict.FAIL
    assert dns.asked == []
    assert established(told, "mx.other.example", dns) is Verdict.PASS


def test_without_look_ups_nothing_is_asked() -> None:
    assert established(signed(mail()), "", None) is Verdict.NONE


def test_an_author_without_a_domain_is_not_asked_for() -> None:
    dns = zone()
    assert established(mail(author="undisclosed"), "", dns) is Verdict.NONE
    assert dns.asked == []
