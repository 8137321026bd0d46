"""Errors of the API as problem documents (RFC 9457)."""

from __future__ import annotations

import json

from flask import Response


def problem(status: int, title: str, detail: str = "") -> Response:
    """An error as a problem document.

    Args:
        status: The HTTP status.
        title: The kind of error in a few words, the same for all of its kind.
        detail: What went wrong this time.
    """
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    return Response(
        json.dumps(body, ensure_ascii=False), status, mimetype="application/problem+json"
    )
