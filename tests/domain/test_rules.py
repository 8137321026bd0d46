"""Posting rules: each a reason or None, together a disposition."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from forum.domain.rules import (
    Accept,
    Discard,
    Hold,
    Judgement,
    PostingPolicy,
    Reason,
    Reject,
    judge,
)
from forum.domain.values import Flag, Mailbox, Submission, TextFormat

SUBMISSION = Submission(
    raw=b"x" * 100,
    message_id="a@example.org",
    in_reply_to=(),
    references=(),
    author=Mailbox("Awa", "awa@example.org"),
    recipients=(),
    subject="Monnaies",
    date=datetime(2010, 3, 1, tzinfo=UTC),
    text="Bonjour",
    text_format=TextFormat.PLAIN,
    attachments=(),
    content_digest="0" * 64,
)
MEMBER = PostingPolicy(
    max_bytes=1000,
    members_only=True,
    moderated=False,
    discards_strangers=False,
    author_is_member=True,
    author_is_moderator=False,
    sender_authenticated=False,
    sender_failed=False,
)
STRANGER = replace(MEMBER, author_is_member=False)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (MEMBER, Accept()),
        (STRANGER, Hold((Reason.STRANGER,))),
        (replace(STRANGER, members_only=False), Accept()),
        (replace(STRANGER, discards_strangers=True), Discard((Reason.STRANGER,))),
        (replace(STRANGER, author_is_moderator=True), Accept()),
        (replace(MEMBER, moderated=True), Hold((Reason.MODERATED_LIST,))),
        (replace(MEMBER, max_bytes=99), Reject((Reason.TOO_LARGE,))),
        (replace(STRANGER, max_bytes=99), Discard((Reason.TOO_LARGE,))),
        (replace(MEMBER, sender_failed=True), Hold((Reason.UNVERIFIED_SENDER,))),
        (replace(MEMBER, thread_closed=True), Hold((Reason.CLOSED_THREAD,))),
        (
            replace(STRANGER, moderated=True),
            Hold((Reason.STRANGER, Reason.MODERATED_LIST)),
        ),
    ],
)
def test_what_becomes_of_a_message(policy: PostingPolicy, expected: Judgement) -> None:
    assert judge(SUBMISSION, policy) == expected


def test_a_moderator_passes_a_moderated_list_only_when_it_is_surely_them() -> None:
    policy = replace(MEMBER, moderated=True, author_is_moderator=True)
    assert judge(SUBMISSION, policy) == Hold((Reason.MODERATED_LIST,))
    assert judge(SUBMISSION, replace(policy, sender_authenticated=True)) == Accept()


def test_a_stranger_is_never_answered_in_the_dialogue() -> None:
    for changes in ({"max_bytes": 1}, {"discards_strangers": True}, {"moderated": True}):
        assert not isinstance(judge(SUBMISSION, replace(STRANGER, **changes)), Reject)


def test_an_empty_message_without_a_file_waits() -> None:
    assert judge(replace(SUBMISSION, text=" \n"), MEMBER) == Hold((Reason.EMPTY,))


def test_what_cannot_be_read_is_for_a_moderator() -> None:
    unreadable = replace(SUBMISSION, text="", flags=(Flag.UNREADABLE,))
    assert judge(unreadable, MEMBER) == Hold((Reason.UNREADABLE,))


def test_a_message_without_an_author_waits() -> None:
    nobody = replace(SUBMISSION, author=Mailbox("", ""))
    assert judge(nobody, replace(STRANGER, members_only=False)) == Hold((Reason.NO_AUTHOR,))
