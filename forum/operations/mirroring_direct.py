"""Mail that somebody sent to us and to the outside list too: one post, whichever copy was first.

The outside list may give its copy another Message-ID, another Date or no author's address: then
neither an id nor the digest of the content tells that both are one mail.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from forum.domain.mirroring import Outside
from forum.domain.mirroring_echo import Around, around, is_short, same_author, same_subject
from forum.domain.values import Mailbox, Source, Submission
from forum.operations.mirroring import ECHO_WINDOW
from forum.operations.raw import text_of
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mirror import MirrorSighting
from forum.storage.people import Address


def post_by_outside(
    session: Session, mailing_list: MailingList, submission: Submission, outside: Outside
) -> Post | None:
    """The post that the outside list's copy of a mail became; None where there is none.

    It has the same author, subject and words within two days. Where it is dated at the same second
    it is that mail, whatever the list put around it; else no more may stand there than is known for
    the list's, and a short text is not enough: two honest "merci" both stay.

    Args:
        submission: As it came to us directly.
    """
    for post in _near(session, mailing_list, submission):
        if not _is_by(session, post, submission):
            continue
        found = _around(submission, post)
        if found is None:
            continue
        if post.date == submission.date:
            return post
        if not is_short(submission.text) and found.is_lists_own(outside):
            return post
    return None


def _near(session: Session, mailing_list: MailingList, submission: Submission) -> Iterator[Post]:
    """What came by way of the outside list in those days, under that subject."""
    rows = session.execute(
        select(Post.id, Post.subject)
        .outerjoin(MirrorSighting, MirrorSighting.post_id == Post.id)
        .where(
            Post.mailing_list_id == mailing_list.id,
            Post.date.between(submission.date - ECHO_WINDOW, submission.date + ECHO_WINDOW),
            Post.raw_id.is_not(None),
            or_(MirrorSighting.id.is_not(None), Post.source == Source.IMPORT),
        )
        .distinct()
        .order_by(Post.id)
    ).all()
    for post_id, subject in rows:
        if same_subject(submission.subject, subject) or same_subject(subject, submission.subject):
            yield session.get_one(Post, post_id)


def _is_by(session: Session, post: Post, submission: Submission) -> bool:
    """Whether a post's author is the mail's; a name stands for an address that the list hid."""
    known = session.scalars(
        select(Address.email).where(Address.author_id == post.author_id).order_by(Address.id)
    ).all()
    if submission.author.key in known:
        return True
    shown = next((address for address in known if "@" in address), "")
    author = Mailbox(post.author_name, shown)
    return same_author([submission.author.name], frozenset({submission.author.key}), author)


def _around(submission: Submission, post: Post) -> Around | None:
    """What the list put around the text; None where that is not whole in the post's."""
    theirs, text_format = text_of(post)
    found = around(submission.text, theirs)
    if found is None and text_format != submission.text_format:
        found = around(submission.text, theirs, without_links=True)
    return found
