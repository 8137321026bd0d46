"""Headers that keep browsers from doing more than our pages need."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response

from forum.config import settings

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
YEAR: Final = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Put the headers on every response that does not have its own."""
    app.after_request(add_headers)


def add_headers(response: Response) -> Response:
    """The headers of one response; a stricter one set by a view stays."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if settings().site_url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
    return response
