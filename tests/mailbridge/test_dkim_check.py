"""DKIM signatures checked by ourselves, with keys of our own and answers given by the test."""

from __future__ import annotations

import base64
import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.dkim_check import Outcome, SignedMessage, canonical_body
from tests.factories import mail
from tests.mailbridge.signing import Zone, key_of, public_record, signed, zone

TEXT = "Bonjour à tous,\n\n  le marché   de printemps aura lieu le 3 mai.  \n\n\n"


def outcome(raw: bytes, lookup: Zone) -> Outcome:
    message = SignedMessage(raw)
    (signature,) = message.signatures
    return message.check(signature, lookup)


@pytest.mark.parametrize("headers", [b"simple", b"relaxed"])
@pytest.mark.parametrize("body", [b"simple", b"relaxed"])
def test_a_signature_holds_in_every_form(headers: bytes, body: bytes) -> None:
    raw = signed(mail(text=TEXT), canonicalize=(headers, body))
    assert outcome(raw, zone()) is Outcome.PASS


def test_a_changed_body_or_subject_breaks_it() -> None:
    raw = signed(mail(text=TEXT, subject="Marché"))
    assert outcome(raw.replace(b"3 mai", b"4 mai"), zone()) is Outcome.FAIL
    assert outcome(raw.replace(b"Subject: ", b"Subject: Re: "), zone()) is Outcome.FAIL


def test_a_second_author_breaks_it() -> None:
    raw = signed(mail(text=TEXT))
    assert outcome(b"From: Paul <paul@example.org>\r\n" + raw, zone()) is Outcome.FAIL


def test_a_hop_that_adds_fields_and_folds_does_not() -> None:
    raw = signed(mail(text=TEXT, subject="Marché de printemps et autres nouvelles"))
    hop = b"Received: from a by b; Mon, 1 Mar 2010 10:00:00 +0000\r\n"
    assert outcome(hop + raw, zone()) is Outcome.PASS


def test_a_withdrawn_or_missing_key_is_a_failure_and_silence_is_not() -> None:
    raw = signed(mail())
    assert outcome(raw, Zone()) is Outcome.FAIL
    withdrawn = Zone({"s1._domainkey.example.org": (b"v=DKIM1; p=",)})
    assert outcome(raw, withdrawn) is Outcome.FAIL
    assert outcome(raw, Zone(silent=True)) is Outcome.UNKNOWN


def test_the_key_of_another_does_not_fit() -> None:
    raw = signed(mail(), bits=1024)
    assert outcome(raw, zone()) is Outcome.FAIL


@pytest.mark.parametrize("mark", [b"t=y; ", b"k=ed25519; "])
def test_a_domain_that_only_tries_gives_no_verdict(mark: bytes) -> None:
    record = public_record(key_of(2048), mark).replace(b"k=rsa; k=", b"k=")
    assert outcome(signed(mail()), Zone({"s1._domainkey.example.org": (record,)})) is (
        Outcome.UNKNOWN
    )


def test_a_key_for_its_very_domain_is_not_for_those_below() -> None:
    record = Zone({"s1._domainkey.example.org": (public_record(key_of(2048), b"t=s; "),)})
    assert outcome(signed(mail(), identity=b"awa@example.org"), record) is Outcome.PASS
    below = signed(mail(), identity=b"awa@mail.example.org")
    assert outcome(below, record) is Outcome.FAIL


def test_text_added_after_a_signed_length_is_not_vouched_for() -> None:
    raw = signed(mail(text=TEXT), length=True)
    assert outcome(raw + b"Achetez !\r\n", zone()) is Outcome.UNKNOWN


def test_sha1_is_no_signature() -> None:
    raw = signed(mail(), signature_algorithm=b"rsa-sha1")
    assert outcome(raw, zone()) is Outcome.UNKNOWN


def test_an_ed25519_key_is_read_too() -> None:
    # Signed with RSA, so that the wrong kind of key is what is told.
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    content = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    record = b"v=DKIM1; k=ed25519; p=" + base64.b64encode(content)
    raw = signed(mail()).replace(b"a=rsa-sha256", b"a=ed25519-sha256", 1)
    assert outcome(raw, Zone({"s1._domainkey.example.org": (record,)})) is Outcome.FAIL


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" folded first\r\n\r\nx",
        b"DKIM-Signature: v=1\r\n\r\nx",
        b"DKIM-Signature: v=1; d=example.org\r\nFrom: a@example.org\r\n\r\nx",
        b"DKIM-Signature: ;;;=\r\nno colon here\r\n\r\nx",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s1; h=from; bh=!; b=!\r\n\r\nx",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s1; h=; bh=AAAA; b=AAAA\r\n\r\nx",
    ],
)
def test_broken_signatures_say_nothing(raw: bytes) -> None:
    message = SignedMessage(raw)
    assert all(message.check(one, zone()) is Outcome.UNKNOWN for one in message.signatures)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_signature_is_read_without_an_exception(tags: bytes, body: bytes) -> None:
    message = SignedMessage(b"DKIM-Signature: v=1; d=example.org;" + tags + b"\r\n\r\n" + body)
    assert {message.check(one, zone()) for one in message.signatures} <= {
        Outcome.UNKNOWN,
        Outcome.FAIL,
    }


@pytest.mark.parametrize(
    ("body", "relaxed", "expected"),
    [
        # The examples of RFC 6376, section 3.4.5, and what section 3.4.3 says of empty bodies.
        (b" C \r\nD \t E\r\n\r\n\r\n", True, b" C\r\nD E\r\n"),
        (b" C \r\nD \t E\r\n\r\n\r\n", False, b" C \r\nD \t E\r\n"),
        (b"", True, b""),
        (b"", False, b"\r\n"),
        (b"\r\n\r\n", True, b""),
        (b" \r\n\r\n", True, b""),
        (b"no end", False, b"no end\r\n"),
    ],
)
def test_bodies_are_brought_into_form(body: bytes, relaxed: bool, expected: bytes) -> None:
    assert canonical_body(body, relaxed=relaxed) == expected


@pytest.mark.parametrize(
    "raw",
    [
        signed(mail()) + b" " * 2_000_000,
        signed(mail()) + b"\r\n" * 1_000_000,
        b"X: y\r\n" + b" z\r\n" * 500_000 + signed(mail()),
        b"DKIM-Signature: v=1; d=example.org; b" + b" " * 100_000 + b"=\r\n\r\nx",
        b"DKIM-Signature: v=1; d=example.org; s=s;" + b" b" * 1_900 + b"=\r\n\r\nx",
    ],
    ids=["spaces", "empty lines", "folded header", "long signature", "many spaces"],
)
def test_hostile_mail_costs_little(raw: bytes) -> None:
    started = time.process_time()
    message = SignedMessage(raw)
    for one in message.signatures:
        message.check(one, zone())
    assert time.process_time() - started < 1.0
