"""What an account has read."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from forum.storage.archive import Thread
from forum.storage.people import Account
from forum.storage.reading_marks import ListMark, ThreadMark, newest_post_id, unread_posts


def open_list(session: Session, account: Account, list_id: int) -> bool:
    """Begin to count what is new in a list for an account; True where it begins now."""
    if session.get(ListMark, (account.id, list_id)) is not None:
        return False
    mark = ListMark(
        account_id=account.id, mailing_list_id=list_id, post_id=newest_post_id(session, list_id)
    )
    session.add(mark)
    return True


def mark_list_read(session: Session, account: Account, list_id: int) -> None:
    """Count everything in a list as read."""
    open_list(session, account, list_id)
    session.flush()
    mark = session.get_one(ListMark, (account.id, list_id))
    mark.post_id = max(mark.post_id, newest_post_id(session, list_id))


def mark_thread_read(
    session: Session, account: Account, thread: Thread, seen: Collection[int]
) -> bool:
    """Count the posts that were on a page as read; True where that changes anything.

    What is unread on other pages stays so: the mark goes up to the first of those.

    Args:
        seen: The numbers of the posts that were shown.
    """
    unread = {
        one.post_id for one in unread_posts(session, account.id, account.author_id, thread.id)
    }
    if not unread & set(seen):
        return False
    left = unread - set(seen)
    upto = min(left) - 1 if left else max(unread)
    mark = session.get(ThreadMark, (account.id, thread.id))
    if mark is None:
        session.add(ThreadMark(account_id=account.id, thread_id=thread.id, post_id=upto))
        return True
    changes = upto > mark.post_id
    mark.post_id = max(mark.post_id, upto)
    return changes
