"""Who is reading, and in which kind of transaction."""

from __future__ import annotations

from typing import Final

from flask import Flask, request
from flask_login import current_user
from werkzeug.exceptions import Unauthorized

from forum.extensions import db
from forum.operations.tokens import api_token
from forum.storage.base import set_reading
from forum.storage.people import Account
from forum.storage.tokens import ApiToken
from forum.storage.visibility import Reader, moderated_list_ids

MODERATED: Final = "passerelle.moderated_lists"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: Flask) -> None:
    """Let safe requests read without waiting for writers, and templates know the reader."""
    app.before_request(_choose_transaction)
    app.teardown_request(_forget_transaction)
    app.jinja_env.globals.update(moderates_something=moderates_something)


def current_account() -> Account | None:
    """The account signed in by cookie."""
    # Pages ask often, and each use of the proxy looks the account up anew.
    account = current_user._get_current_object()
    return account if account.is_authenticated else None


def current_reader() -> Reader:
    """Who reads this page: the account signed in by cookie, or nobody known."""
    return Reader.of(current_account())


def bearer() -> ApiToken | None:
    """The token of the Authorization header; None where there is none.

    Raises:
        Unauthorized: there is one, and it is not good.
    """
    if "Authorization" not in request.headers:
        return None
    # RFC 6750, section 2.1; the scheme's case does not matter (RFC 9110, section 11.1).
    scheme, _, secret = request.headers["Authorization"].partition(" ")
    token = api_token(db.session(), secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise Unauthorized("The token is not known.")
    return token


def bearer_reader() -> Reader:
    """Who calls the API: a token's account, or nobody known; never a cookie."""
    token = bearer()
    return Reader.of(token.account if token else None)


def any_reader() -> Reader:
    """Who asks for bytes: a token's account where one is shown, else as for pages.

    Raises:
        Unauthorized: a token is shown, and it is not good.
    """
    # Browsers send other schemes, as Basic, to a proxy before us, with every request.
    shown = request.headers.get("Authorization", "").partition(" ")[0].lower() == "bearer"
    token = bearer() if shown else None
    return Reader.of(token.account) if token else current_reader()


def moderated_lists() -> frozenset[int]:
    """The lists whose queue the reader decides on; asked of the database once a request."""
    found: frozenset[int] | None = request.environ.get(MODERATED)
    if found is None:
        found = moderated_list_ids(db.session(), current_reader())
        request.environ[MODERATED] = found
    return found


def moderates_something() -> bool:
    """Whether the menu shows the moderation queue."""
    return bool(moderated_lists())


def _choose_transaction() -> None:
    set_reading(request.method in SAFE_METHODS)


def _forget_transaction(error: BaseException | None) -> None:
    set_reading(False)
