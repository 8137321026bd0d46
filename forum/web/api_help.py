"""The API tried from the help: a form, the request it makes, and the answer; no script needed."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, current_app, render_template, request

from forum.extensions import limiter
from forum.web.addresses import LARGEST_KEY, absolute, whole_number

SHOWN: Final = 20_000
"""Characters of an answer."""

CALLS: Final = ("search", "lists", "thread", "post")

blueprint = Blueprint("api_help", __name__)


@blueprint.get("/help/api")
@limiter.limit("60 per minute")
def show() -> str:
    """Ask the API as a program without a token would, and show what it says."""
    call, value = request.args.get("call", ""), request.args.get("value", "").strip()[:200]
    path = _path(call, value)
    status, answer = _asked(path) if path else ("", "")
    return render_template(
        "api_help.html",
        call=call if call in CALLS else CALLS[0],
        value=value,
        address=absolute(path) if path else "",
        status=status,
        answer=answer[:SHOWN],
        is_cut=len(answer) > SHOWN,
        description=absolute("/api/v1/openapi.json"),
    )


def _path(call: str, value: str) -> str:
    number = whole_number(value, LARGEST_KEY)
    match call:
        case "search":
            return f"/api/v1/search?{urlencode({'q': value, 'per_page': 3})}"
        case "lists":
            return "/api/v1/lists"
        case "thread" | "post":
            return f"/api/v1/{call}s/{number or 0}"
        case _:
            return ""


def _asked(path: str) -> tuple[str, str]:
    """The status and the body of an answer, as nobody in particular gets it."""
    with current_app.test_request_context(path):
        response = current_app.full_dispatch_request()
    body = response.get_json(force=True)
    return response.status, json.dumps(body, ensure_ascii=False, indent=2)
