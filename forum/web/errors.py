"""What readers see when something is not there or goes wrong."""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, make_response, render_template, request
from flask_babel import lazy_gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError

from forum.extensions import db
from forum.web.addresses import safe_path
from forum.web.api.problems import problem

log = logging.getLogger(__name__)

_KNOWN: Final = {
    401: (
        lazy_gettext("This needs a token"),
        lazy_gettext("The token that was sent is not known here, or none was sent."),
    ),
    403: (
        lazy_gettext("This is not open to you"),
        lazy_gettext("Sign in with an address that is subscribed to this list."),
    ),
    404: (
        lazy_gettext("There is nothing here"),
        lazy_gettext("The address may be mistyped, or what it named is gone or not yours to read."),
    ),
    405: (
        lazy_gettext("This cannot be done so"),
        lazy_gettext("The page does not take this kind of request."),
    ),
    413: (
        lazy_gettext("That is too large"),
        lazy_gettext(
            "Send less at once, or smaller attachments. "
            "The back button of your browser leads to what you typed."
        ),
    ),
    429: (
        lazy_gettext("Too many requests"),
        lazy_gettext("Wait a minute and try again."),
    ),
}
_OLD_FORM: Final = (
    lazy_gettext("This form is no longer valid"),
    lazy_gettext("Go back, load the page again and send the form once more."),
)
_NOT_UNDERSTOOD: Final = (
    lazy_gettext("This request could not be understood"),
    lazy_gettext("Go back and try again."),
)
_OUR_FAULT: Final = (
    lazy_gettext("Something went wrong on our side"),
    lazy_gettext("It has been noted. Try again in a moment."),
)


def init_app(app: Flask) -> None:
    """Show every error as a page in the reader's language, or as a problem document."""
    app.register_error_handler(HTTPException, show)
    app.register_error_handler(Exception, fail)


def show(error: HTTPException) -> Response:
    """An error that has an HTTP status of its own."""
    if error.response is not None or error.code is None or error.code < 400:
        return make_response(error.get_response())
    if request.path.startswith("/api/"):
        response = problem(error.code, error.name, error.description or "")
    else:
        response = make_response(_page(error), error.code)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers.setdefault(name, value)
    if error.code == 401:
        # RFC 9110, section 15.5.2: a 401 says how to do better.
        response.headers["WWW-Authenticate"] = 'Bearer realm="Passerelle"'
    return response


def fail(error: Exception) -> Response:
    """An error of ours: logged in full, shown without a word of what it was."""
    log.error("request failed: %s", request.endpoint, exc_info=error)
    try:
        db.session.rollback()
        return show(InternalServerError())
    except SQLAlchemyError:
        # Without a database there is no account to greet and no menu to show.
        return Response("Passerelle: 500\n", 500, mimetype="text/plain")


def _page(error: HTTPException) -> str:
    title, explanation = _words(error)
    return render_template("error.html", title=title, explanation=explanation, back=_back(error))


def _back(error: HTTPException) -> str:
    """The path of the form that could not be read; the browser often keeps what was typed there."""
    if error.code != 413 or request.url_rule is None:
        return ""
    came = urlsplit(request.referrer or "")
    return safe_path(came.path, "") if came.netloc == request.host else ""


def _words(error: HTTPException) -> tuple[str, str]:
    if isinstance(error, CSRFError):
        title, explanation = _OLD_FORM
    else:
        fallback = _OUR_FAULT if (error.code or 0) >= 500 else _NOT_UNDERSTOOD
        title, explanation = _KNOWN.get(error.code or 0, fallback)
    return str(title), str(explanation)
