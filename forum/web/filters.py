"""How templates write times, numbers, sizes, languages and names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from typing import Final

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import format_decimal
from babel.units import format_unit
from flask import Flask
from flask_babel import gettext
from markupsafe import Markup

from forum import i18n
from forum.clock import utcnow
from forum.domain.days import LOCALES, day_in_words
from forum.domain.masking import mask_addresses_text
from forum.domain.parallel import folded_to
from forum.domain.typography import set_text
from forum.domain.values import MULTIPLE, UNDETERMINED, Flag
from forum.web.addresses import (
    absolute,
    address_with,
    asset,
    list_path,
    own_path,
    whole_number,
)
from forum.web.reader import current_reader

IN_WORDS: Final = timedelta(days=28)
JUST_NOW: Final = timedelta(seconds=60)


def init_app(app: Flask) -> None:
    """Make the filters known to the templates."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        iso=iso,
        in_words=in_words,
        day=day_text,
        full_date=full_date,
        short_date=short_date,
        number=number,
        file_size=file_size,
        language_code=language_code,
        near_pages=near_pages,
        shown=shown,
        seen_by=seen_by,
        set_text=set_text,
        folded_to=folded_to,
        person=person,
        month_name=month_name,
        flag_text=flag_text,
    )
    app.jinja_env.globals.update(
        absolute=absolute,
        address_with=address_with,
        asset=asset,
        language_badge=badge,
        language_badges=badges,
        list_path=list_path,
        moment_of=moment,
        own_path=own_path,
        own_language_name=own_language_name,
        current_reader=current_reader,
    )


def moment(when: datetime) -> Markup:
    """A `time` element: in words while it is near, a date later, in full for those who hover."""
    if utcnow() - when < IN_WORDS:
        return _time_element(when, full_date(when), in_words(when))
    # Most of an archive is old, and what is said of old times does not change.
    return _old_moment(when, _locale(), i18n.current_zone())


def moments(whens: Iterable[datetime]) -> list[Markup]:
    """Several of them."""
    now, locale, zone = utcnow(), _locale(), i18n.current_zone()
    return [
        moment(when) if now - when < IN_WORDS else _old_moment(when, locale, zone) for when in whens
    ]


def badge(code: str) -> Markup:
    """A language: `FR`, with the full name for those who hover or listen; nothing for `und`."""
    return _badge(code, i18n.current_language())


def badges(codes: Iterable[str]) -> Markup:
    """Several languages."""
    return _badges(tuple(codes), i18n.current_language())


@lru_cache(maxsize=8192)
def _old_moment(when: datetime, locale: str, zone: tzinfo) -> Markup:
    return _time_element(when, _full_date(when, locale, zone), _date(when, "long", locale, zone))


def _time_element(when: datetime, title: str, text: str) -> Markup:
    return Markup('<time datetime="{}" title="{}">{}</time>').format(iso(when), title, text)


@lru_cache(maxsize=512)
def _badge(code: str, language: str) -> Markup:
    if not code or code == UNDETERMINED:
        return Markup("")
    return Markup(
        '<span class="badge" title="{name}"><span aria-hidden="true">{code}</span>'
        '<span class="visually-hidden">{name}</span></span>'
    ).format(name=i18n.language_name(code), code=language_code(code))


@lru_cache(maxsize=512)
def _badges(codes: tuple[str, ...], language: str) -> Markup:
    return Markup(" ").join([_badge(code, language) for code in codes])


def iso(when: datetime) -> str:
    """A moment as machines read it: ISO 8601, UTC."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_text(day: date) -> str:
    """A day in the reader's language: `3 March 2010`."""
    return day_in_words(day, i18n.current_language())


def in_words(when: datetime) -> str:
    """A moment in words while it is near (`3 days ago`), as a date later."""
    age = utcnow() - when
    if timedelta(0) <= age < JUST_NOW:
        return str(gettext("just now"))
    if timedelta(0) <= age < IN_WORDS:
        return format_timedelta(-age, add_direction=True, locale=_locale())
    return short_date(when)


def short_date(when: datetime) -> str:
    """The day of a moment in the reader's zone: `3 March 2010`."""
    return _date(when, "long", _locale(), i18n.current_zone())


def full_date(when: datetime) -> str:
    """A moment in full in the reader's zone: `Wednesday 3 March 2010, 10:05 UTC`."""
    return _full_date(when, _locale(), i18n.current_zone())


def month_name(month: object, year: object = None) -> str:
    """The name of a month, with the year where there is one; the year alone without a month.

    Args:
        month: 1 to 12, as a number or as text; anything else is no month.
        year: A year that is known to be one.
    """
    known, of_year = whole_number(str(month or ""), 12), str(year or "")
    if known is None:
        return of_year
    first = date(int(of_year or 2000), known, 1)
    if not of_year:
        return format_date(first, "LLLL", locale=_locale())
    # Spanish puts a word between month and year: `marzo de 2010`.
    return format_skeleton("yMMMM", first, locale=_locale())


def number(value: float) -> str:
    """A number with the marks of the reader's language."""
    # Below a thousand there is nothing to mark, and pages are full of small numbers.
    if isinstance(value, int) and 0 <= value < 1000:
        return str(value)
    return _number(value, _locale())


def file_size(size: int) -> str:
    """A size in bytes, in the unit that suits it: `1.4 MB`, `1,4 Mo`."""
    for unit, factor in (("megabyte", 1_000_000), ("kilobyte", 1_000)):
        if size >= factor:
            value = round(size / factor, 1 if size < 10 * factor else None)
            return format_unit(value, f"digital-{unit}", length="short", locale=_locale())
    return format_unit(size, "digital-byte", length="long", locale=_locale())


def language_code(code: str) -> str:
    """What a language badge shows: `FR`; three dots for several."""
    return "…" if code == MULTIPLE else code.upper()


@cache
def own_language_name(code: str) -> str:
    """The name of a language in itself: `français`."""
    return str(Locale.parse(code).get_display_name(code))


def near_pages(page: int, pages: int) -> list[int | None]:
    """The page numbers a pager shows: both ends, the neighbours, and None for a gap."""
    wanted = sorted({1, 2, page - 1, page, page + 1, pages - 1, pages} & set(range(1, pages + 1)))
    shown_pages: list[int | None] = []
    for place, value in enumerate(wanted):
        gap = value - wanted[place - 1] if place else 1
        if gap == 2:
            shown_pages.append(value - 1)
        elif gap > 2:
            shown_pages.append(None)
        shown_pages.append(value)
    return shown_pages


def shown(text: str) -> str:
    """A subject, a name or a file name as this reader may see it."""
    return seen_by(text, "@" in text and current_reader().is_anonymous)


def seen_by(text: str, masked: bool) -> str:
    """The same for a reader from whom mail addresses are hidden, or not."""
    return mask_addresses_text(text) if masked and "@" in text else text


def person(name: str) -> str:
    """An author's name as this reader may see it; never empty."""
    return shown(name) or str(gettext("Unknown author"))


def flag_text(flag: str) -> str:
    """What readers should know of an odd message; empty for what only moderators care about."""
    match flag:
        case Flag.BAD_DATE:
            return str(gettext("Its date was missing or impossible: this is when it arrived."))
        case Flag.BAD_CHARSET:
            return str(gettext("Some letters could not be read and may be wrong."))
        case Flag.BAD_STRUCTURE:
            return str(gettext("This message was damaged; what could be read is shown."))
        case Flag.TRUNCATED:
            return str(gettext("This message is very long; its beginning is shown."))
        case Flag.UNREADABLE:
            return str(gettext("This message could not be read."))
        case Flag.ENCRYPTED:
            return str(gettext("This message is encrypted; it cannot be shown."))
        case _:
            return ""


def _locale() -> str:
    language = i18n.current_language()
    return LOCALES.get(language, language)


@lru_cache(maxsize=4096)
def _number(value: float, locale: str) -> str:
    return format_decimal(value, locale=locale)


@lru_cache(maxsize=4096)
def _full_date(when: datetime, locale: str, zone: tzinfo) -> str:
    there = when.astimezone(zone)
    clock = format_time(there, "short", tzinfo=zone, locale=locale)
    return f"{_date(when, 'full', locale, zone)}, {clock} {there.tzname()}"


@lru_cache(maxsize=4096)
def _date(when: datetime, style: str, locale: str, zone: tzinfo) -> str:
    return day_in_words(when.astimezone(zone).date(), locale, style)
