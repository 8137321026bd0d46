"""ARC seals on copies, checked by dkimpy, which knows nothing of our code."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import dkim
import pytest
from sqlalchemy.orm import Session

from forum.settings import Settings
from mailbridge.arc import chain_of
from mailbridge.outgoing import Builder
from tests.factories import Make, mail
from tests.mailbridge.signing import Zone, holds, install_key, key_of, public_record, signed, zone
from tests.mailbridge.test_outgoing import Outbox

RECORD = public_record(key_of(2048))
RESULTS = (
    b"Authentication-Results: mx.example.org; dkim=pass (good) header.d=example.org header.s=s1;\n"
    b" spf=pass smtp.mailfrom=awa@example.org; dmarc=pass header.from=example.org;\n"
    b" auth=pass smtp.auth=secret-login\n"
)
PLAIN = mail(message_id="arc@example.org")


def answer(name: bytes, timeout: int = 5) -> bytes:
    return RECORD


def verdict(message: bytes) -> tuple[bytes, int]:
    """dkimpy's word for a chain, and how many sets it has."""
    found, results, _ = dkim.arc_verify(message, dnsfunc=answer)
    return found, len(results)


Copy = Callable[..., bytes]


@pytest.fixture
def copy(session: Session, settings: Settings, make: Make) -> Copy:
    """A copy of a mail on a site that seals."""
    install_key(settings.data_dir)
    kept = replace(settings, arc=True, trusted_authserv="mx.example.org")
    outbox = Outbox(session, kept, make, make.mailing_list())

    def build(raw: bytes, lookup: Zone | None = None, **changes: object) -> bytes:
        subscription = make.subscriber(outbox.where)
        builder = Builder(replace(kept, **changes), lookup=lookup)
        return builder.build(outbox.post(raw), lambda: raw, subscription).message

    return build


def test_the_findings_of_the_trusted_server_are_sealed(copy: Copy) -> None:
    message = copy(RESULTS + PLAIN)
    assert verdict(message) == (dkim.CV_Pass, 1)
    assert holds(message, RECORD)
    head = message.partition(b"\r\n\r\n")[0]
    told = re.sub(rb"\s+", b" ", head.partition(b"ARC-Authentication-Results: ")[2])
    assert told.startswith(
        b"i=1; mx.example.org; dkim=pass header.d=example.org header.s=s1; "
        b"spf=pass smtp.mailfrom=awa@example.org; dmarc=pass header.from=example.org; auth=pass "
    )
    assert b"secret-login" not in message


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"dmarc=pass", b"dmarc=fail"),
        lambda raw: raw.replace(b"propositions", b"menaces"),
        lambda raw: raw.replace(b"cv=none", b"cv=pass"),
        lambda raw: raw.replace(b"Subject: ", b"Subject: Not "),
    ],
)
def test_a_change_breaks_the_seal(copy: Copy, change: Callable[[bytes], bytes]) -> None:
    message = copy(RESULTS + PLAIN)
    assert change(message) != message
    assert verdict(change(message))[0] == dkim.CV_Fail


def test_a_chain_that_holds_goes_on(copy: Copy) -> None:
    first = copy(RESULTS + PLAIN)
    again = RESULTS.replace(b"auth=pass", b"arc=pass") + first.replace(b"arc@", b"two@")
    message = copy(again)
    assert verdict(message) == (dkim.CV_Pass, 2)


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN,
        RESULTS.replace(b"mx.example.org", b"other.example.net") + PLAIN,
        RESULTS + b"ARC-Seal: i=1; cv=none; b=x\n" + PLAIN,
        RESULTS + b"ARC-Seal: nonsense\n" + PLAIN,
        RESULTS.replace(b"auth=pass", b"arc=fail")
        + b"ARC-Seal: i=1; b=x\nARC-Message-Signature: i=1; b=x\n"
        + b"ARC-Authentication-Results: i=1; x; none\n" + PLAIN,
    ],
)  # fmt: skip
def test_what_is_not_known_is_not_sealed(copy: Copy, raw: bytes) -> None:
    message = copy(raw)
    assert b"ARC-" not in message
    assert holds(message, RECORD)


def test_nothing_is_sealed_unless_it_is_wanted(copy: Copy) -> None:
    assert b"ARC-" not in copy(RESULTS + PLAIN, arc=False)


def test_what_we_found_ourselves_is_sealed(copy: Copy) -> None:
    raw = signed(mail(author="Awa <awa@example.org>"))
    message = copy(raw, zone(), trusted_authserv="", dns=True)
    assert verdict(message) == (dkim.CV_Pass, 1)
    assert b"i=1; lists.example.org;" in message
    assert b"dmarc=pass header.from=example.org" in re.sub(rb"\s+", b" ", message)


def test_a_chain_is_checked_by_us_where_nobody_else_did(copy: Copy, settings: Settings) -> None:
    first = copy(RESULTS + PLAIN)
    kept = replace(settings, trusted_authserv="mx.example.org", dns=True)
    records = Zone({"s1._domainkey.lists.example.org": (RECORD,)})
    chain = chain_of(RESULTS + first, kept, records)
    assert chain is not None
    assert (chain.instance, len(chain.earlier)) == (2, 3)
    assert chain_of(RESULTS + first, kept, None) is None
    assert chain_of(RESULTS + first + b"more\r\n", kept, records) is None
    assert chain_of(RESULTS + first, kept, Zone(silent=True)) is None
