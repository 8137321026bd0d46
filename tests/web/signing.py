"""Signing a test's browser in, without the walk through the mail."""

from __future__ import annotations

from flask import g, has_app_context
from flask.testing import FlaskClient

from forum.storage.people import Account


def sign_in(client: FlaskClient, account: Account) -> None:
    """Give the browser the session cookie that a login gives."""
    with client.session_transaction() as cookie:
        cookie["_user_id"] = account.get_id()
        cookie["_fresh"] = True
    if has_app_context():
        # The context of the `session` fixture outlives requests, and Flask-Login keeps who reads.
        g.pop("_login_user", None)
