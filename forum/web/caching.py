"""What browsers and proxies may keep: checked copies for all, nothing shared of the signed-in."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request
from flask_login import current_user

YEAR: Final = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Label every response, and answer 304 where the reader has it already."""
    app.after_request(label)


def label(response: Response) -> Response:
    """Set Cache-Control and, for what anonymous readers get, an ETag (RFC 9110, section 8.8.3)."""
    if request.endpoint == "static":
        # The address holds a digest of the content.
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response
    if "Cache-Control" in response.headers:
        return response
    if _is_personal():
        return keep_private(response)
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(("Cookie", "Accept-Language"))
    if request.method in ("GET", "HEAD") and response.status_code == 200:
        if not response.is_streamed:
            response.add_etag()
        response.make_conditional(request)
    return response


def keep_private(response: Response) -> Response:
    """What holds a secret, or stands behind one: nothing on the way may keep it."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _is_personal() -> bool:
    return "Authorization" in request.headers or bool(current_user.is_authenticated)
