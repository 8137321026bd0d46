"""Whose word on spam is believed."""

from __future__ import annotations

import pytest

from mailbridge.spam import marked_spam

SERVER = "mx.example.org"
RESULTS = "Authentication-Results: mx.example.org; spf=pass\n"
RECEIVED = "Received: from away.example.net by mx.example.org; Mon, 1 Mar 2010 09:00:00 +0000\n"
REST = "From: zoe@example.net\nSubject: x\n\nBonjour\n"


def message(*fields: str) -> bytes:
    return "".join((*fields, REST)).encode()


@pytest.mark.parametrize(
    "mark",
    [
        "X-Spam: Yes\n",
        "X-Spam-Flag: YES\n",
        "X-Spam-Status: Yes, score=9.1 required=5.0 tests=A,B\n",
        "X-Spamd-Result: default: True [16.50 / 15.00]; BAYES(1.00)[]\n",
        "X-Rspamd-Action: add header\n",
    ],
)
def test_a_mark_beside_the_trusted_results_is_heard(mark: str) -> None:
    assert marked_spam(message(RESULTS, mark, RECEIVED), SERVER)
    assert marked_spam(message(mark, RESULTS, RECEIVED), SERVER)


@pytest.mark.parametrize(
    "mark",
    [
        "X-Spam-Flag: NO\n",
        "X-Spam-Status: No, score=-1.0 required=5.0\n",
        "X-Spamd-Result: default: False [1.50 / 15.00]\n",
        "X-Rspamd-Action: no action\n",
    ],
)
def test_an_acquittal_is_no_mark(mark: str) -> None:
    assert not marked_spam(message(RESULTS, mark, RECEIVED), SERVER)


def test_what_came_with_the_message_is_not_believed() -> None:
    mark = "X-Spam: Yes\n"
    assert not marked_spam(message(RESULTS, RECEIVED, mark), SERVER)
    assert not marked_spam(message(mark, RECEIVED), SERVER)
    other = RESULTS.replace("mx.example.org", "mx.example.net")
    assert not marked_spam(message(other, mark, RECEIVED), SERVER)


def test_without_a_trusted_server_no_mark_is_believed() -> None:
    assert not marked_spam(message(RESULTS, "X-Spam: Yes\n", RECEIVED), "")
