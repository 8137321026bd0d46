"""In which language and time zone a reader is answered, and words that need both."""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from flask import Flask, Response, g, has_request_context, request, session
from flask_babel import get_locale, get_timezone, get_translations
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

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
        _=text_of_template,
        gettext=text_of_template,
        ngettext=plural_of_template,
        language_name=language_name,
        current_language=current_language,
        languages=LANGUAGES,
        # What every page shows; some templates have languages of their own.
        site_languages=LANGUAGES,
    )


def select_language() -> str:
    """`?lang=`, else an account's own setting, else the cookie, else Accept-Language."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    wish = request.args.get("lang")
    if wish in LANGUAGES:
        return wish
    if current_user.is_authenticated:
        return str(current_user.language)
    kept = request.cookies.get(COOKIE)
    if kept in LANGUAGES:
        return kept
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
    # Pages ask hundreds of times, and Flask-Babel's own way to what it has chosen is long.
    try:
        return str(g._flask_babel.babel_locale.language)
    except (AttributeError, RuntimeError):  # Not chosen yet, or no context at all.
        locale = get_locale()
        return str(locale.language) if locale else DEFAULT_LANGUAGE


def current_zone() -> tzinfo:
    """The reader's time zone; UTC for those who did not choose one."""
    try:
        zone: tzinfo | None = g._flask_babel.babel_tzinfo
    except (AttributeError, RuntimeError):
        zone = get_timezone()
    return zone or UTC


@pass_eval_context
def text_of_template(context: EvalContext, text: str, /, **variables: object) -> str:
    """A sentence of a template in the reader's language; safe HTML where the template escapes.

    Args:
        variables: The values of its placeholders, which are escaped unless they are Markup.
    """
    if not context.autoescape:
        return str(get_translations().ugettext(text)) % variables
    if variables:
        return _sentence(current_language(), text) % variables
    return _finished_sentence(current_language(), text)


@pass_eval_context
def plural_of_template(
    context: EvalContext, singular: str, plural: str, num: int, /, **variables: object
) -> str:
    """The same for a sentence with a number, which fills the placeholder `num`."""
    if not context.autoescape:
        translated = str(get_translations().ungettext(singular, plural, num))
        return translated % {"num": num, **variables}
    if variables:
        sentence = _numbered_sentence(current_language(), singular, plural, num)
        return sentence % {"num": num, **variables}
    return _finished_number(current_language(), singular, plural, num)


# The catalogues do not change while we run. The language is a key; what it is, `get_translations`
# knows from the same context.


@lru_cache(maxsize=4096)
def _sentence(language: str, text: str) -> Markup:
    return Markup(get_translations().ugettext(text))  # noqa: S704  Our own catalogues.


@lru_cache(maxsize=4096)
def _finished_sentence(language: str, text: str) -> Markup:
    # A percent sign is written twice in every sentence, also in one without placeholders.
    return _sentence(language, text) % {}


@lru_cache(maxsize=4096)
def _numbered_sentence(language: str, singular: str, plural: str, num: int) -> Markup:
    return Markup(get_translations().ungettext(singular, plural, num))  # noqa: S704  The same.


@lru_cache(maxsize=8192)
def _finished_number(language: str, singular: str, plural: str, num: int) -> Markup:
    return _numbered_sentence(language, singular, plural, num) % {"num": num}


def language_name(code: str) -> str:
    """The name of a language in the interface language: `français`, `French`, `francés`.

    Args:
        code: BCP 47; an unknown one is given back as it is.
    """
    return _language_name(code, current_language())


@lru_cache(maxsize=1024)
def _language_name(code: str, language: str) -> str:
    try:
        locale: Any = Locale.parse(code, sep="-")
    except Exception:
        # No locale has this code, but it may have a name: `mul`, several languages.
        return str(Locale.parse(language).languages.get(code, code))
    return str(locale.get_language_name(language) or code)


def _keep_language(response: Response) -> Response:
    wish = request.args.get("lang")
    # With an account it is for this page alone: the account keeps another.
    if wish in LANGUAGES and "_user_id" not in session:
        response.set_cookie(
            COOKIE,
            wish,
            max_age=COOKIE_SECONDS,
            samesite="Lax",
            httponly=True,
            secure=request.is_secure,
        )
    return response
