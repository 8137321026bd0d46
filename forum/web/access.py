"""Pages that not everybody may open, and what the others get."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address

from forum.extensions import db, login_manager
from forum.storage.lists import MailingList
from forum.storage.people import Account
from forum.storage.visibility import find_list, moderated_list_ids
from forum.web.reader import current_account, current_reader

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]


def the_account() -> Account:
    """The account that is signed in, behind one of the guards below."""
    account = current_account()
    if account is None:
        abort(404)
    return account


def visible_list_or_404(slug: str) -> MailingList:
    """A list that the reader may see; others do not exist for them."""
    found = find_list(db.session(), current_reader(), slug)
    if found is None:
        abort(404)
    return found


def login_page() -> ResponseReturnValue:
    """The way to the login page, and back to what was asked for."""
    answer: ResponseReturnValue = login_manager.unauthorized()
    return answer


def given_address() -> str:
    """Whom a limit counts: the address that a form was given, else who asks."""
    return request.form.get("email", "").strip().lower() or get_remote_address()


def signed_in(view: View[P]) -> View[P]:
    """Send anonymous readers to the login page."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        return login_page() if current_account() is None else view(*args, **kwargs)

    return guarded


def moderators_only(view: View[P]) -> View[P]:
    """Signed in, and moderator of some list: for others the page does not exist."""

    @signed_in
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        reader = current_reader()
        if not (reader.is_admin or moderated_list_ids(db.session(), reader)):
            abort(404)
        return view(*args, **kwargs)

    return guarded


def administrators_only(view: View[P]) -> View[P]:
    """Signed in as an administrator: for others the page does not exist."""

    @signed_in
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not current_reader().is_admin:
            abort(404)
        return view(*args, **kwargs)

    return guarded
