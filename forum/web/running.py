"""The pages of those who run a list: who may open them, and the way between them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from flask import abort
from flask.typing import ResponseReturnValue

from forum.extensions import db
from forum.storage.lists import MailingList
from forum.storage.visibility import Reader, may_moderate, may_run
from forum.web.access import login_page, visible_list_or_404
from forum.web.reader import current_account, current_reader, moderated_lists

View = Callable[[MailingList], ResponseReturnValue]
May = Callable[[Reader, MailingList], bool]


def for_owners(view: View) -> Callable[[str], ResponseReturnValue]:
    """For owners of the list and administrators: for others the page does not exist."""
    return _for(view, runs)


def for_moderators(view: View) -> Callable[[str], ResponseReturnValue]:
    """For moderators and owners of the list, and administrators."""
    return _for(view, _moderates)


def for_administrators(view: View) -> Callable[[str], ResponseReturnValue]:
    """For administrators alone."""
    return _for(view, lambda reader, _list: reader.is_admin)


def runs(reader: Reader, mailing_list: MailingList) -> bool:
    """Whether a reader is shown the pages of owners."""
    return may_run(db.session(), reader, mailing_list.id)


def _moderates(reader: Reader, mailing_list: MailingList) -> bool:
    return may_moderate(db.session(), reader, mailing_list.id)


def runs_here(mailing_list: MailingList) -> bool:
    """Whether the page of a list leads to its settings."""
    reader = current_reader()
    return not reader.is_anonymous and runs(reader, mailing_list)


def invites_here(mailing_list: MailingList) -> bool:
    """Whether the page of a list leads to its invitations."""
    return mailing_list.id in moderated_lists()


def _for(view: View, may: May) -> Callable[[str], ResponseReturnValue]:
    @wraps(view)
    def guarded(slug: str) -> ResponseReturnValue:
        # First whether the list is there for the reader: a login page would tell of it.
        mailing_list = visible_list_or_404(slug)
        if current_account() is None:
            return login_page()
        if not may(current_reader(), mailing_list):
            abort(404)
        return view(mailing_list)

    return guarded
