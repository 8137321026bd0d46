"""The JSON API, version 1: a bearer token or nobody known; a cookie is never looked at."""

from __future__ import annotations

from flask import Blueprint, Flask

from forum.extensions import csrf
from forum.web.api import openapi, reading, writing

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
reading.add_to(blueprint)
writing.add_to(blueprint)
openapi.add_to(blueprint)


def init_app(app: Flask) -> None:
    """Join the API to the app; without cookies no request can be forged (CSRF)."""
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)
