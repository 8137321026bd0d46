"""In which language and time zone a reader is answered, and words that need both."""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from flask import Flask, Response, g, has_request_context, request
from flask_babel import get_locale
from flask_login import current_user

from forum.domain.values import LANGUAGES
from forum.extensions import babel
from forum.resources import resource

COOKIE: Final = "lang"
COOKIE_SECONDS: Final = 365 * 24 * 3600
DEFAULT_LANGUAGE: Final = "en"


def init_app(app: Flask) -> None:
    """Bind Flask-Babel and the language cookie to the app."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(resource("translations"))
    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT_LANGUAGE
    babel.init_app(app, locale_selector=select_language, timezone_selector=select_time_zone)
    app.after_request(_keep_language)
    app.jinja_env.globals.update(
        language_name=language_name, current_language=current_language, languages=LANGUAGES
    )


def select_language() -> str:
    """An account's own setting, else `?lang=`, else the cookie, else Accept-Language."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    if current_user.is_authenticated:
        return str(current_user.language)
    for wish in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    return request.accept_languages.best_match(LANGUAGES) or DEFAULT_LANGUAGE


def select_time_zone() -> str | None:
    """The account's own zone; UTC for others."""
    if not has_request_context() or not current_user.is_authenticated:
        return None
    try:
        ZoneInfo(current_user.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None
    return str(current_user.time_zone)


def current_language() -> str:
    """The interface language of this request or of the surrounding `force_locale`."""
    locale = get_locale()
    return str(locale.language) if locale else DEFAULT_LANGUAGE


def language_name(code: str) -> str:
    """The name of a language in the interface language: `français`, `French`, `francés`.

    Args:
        code: BCP 47; an unknown one is given back as it is.
    """
    try:
        locale: Any = Locale.parse(code, sep="-")
    except Exception:
        return code
    return str(locale.get_language_name(current_language()) or code)


def _keep_language(response: Response) -> Response:
    wish = request.args.get("lang")
    if wish in LANGUAGES and not getattr(g, "language_kept", False):
        response.set_cookie(
            COOKIE,
            wish,
            max_age=COOKIE_SECONDS,
            samesite="Lax",
            httponly=True,
            secure=request.is_secure,
        )
    return response
