"""Which threads of a list are wanted: read from the address, and said in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import request
from flask_babel import gettext as _

from forum.extensions import db
from forum.i18n import language_name
from forum.storage.browsing import ThreadFilter
from forum.storage.list_sizes import ListSize
from forum.storage.visibility import Reader
from forum.web import charts
from forum.web.addresses import address_with, whole_number
from forum.web.filters import month_name

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2199


@dataclass(frozen=True, slots=True)
class Applied:
    """One condition, and the way to the same threads without it."""

    words: str
    address: str


def wanted_threads(reader: Reader) -> ThreadFilter:
    """The conditions of this page's address; what cannot be read is none."""
    start, end = _period(request.args.get("year", ""), request.args.get("month", ""))
    return ThreadFilter(
        language=request.args.get("language", "").strip().lower()[:20],
        tag=request.args.get("tag", "").strip().lower()[:100],
        started_from=start,
        started_before=end,
        unanswered="unanswered" in request.args,
        written_by=reader.author_id if "mine" in request.args else None,
    )


def applied(wanted: ThreadFilter) -> list[Applied]:
    """The conditions in words, each with the way out of it."""
    found = []
    if wanted.language:
        words = _("with posts in this language: %(name)s", name=language_name(wanted.language))
        found.append(Applied(words, address_with(language=None, page=None)))
    if wanted.started_from:
        period = month_name(request.args.get("month"), request.args.get("year"))
        words = _("begun in this time: %(period)s", period=period)
        found.append(Applied(words, address_with(year=None, month=None, page=None)))
    if wanted.tag:
        words = _("with this tag: %(tag)s", tag=wanted.tag)
        found.append(Applied(words, address_with(tag=None, page=None)))
    if wanted.unanswered:
        found.append(Applied(_("without an answer"), address_with(unanswered=None, page=None)))
    if wanted.written_by is not None:
        words = _("in which you wrote")
        found.append(Applied(words, address_with(mine=None, page=None)))
    return found


def years_of(list_id: int, size: ListSize) -> list[int]:
    """The years in which something was written, the newest first."""
    counts = charts.counts_of_list(db.session(), list_id, size)
    return sorted({year for year, _month in counts}, reverse=True)


def _period(year: str, month: str) -> tuple[datetime | None, datetime | None]:
    """A year, or a month of it, as a half-open span of time; nothing where there is none."""
    number, first = whole_number(year, LAST_YEAR, FIRST_YEAR), whole_number(month, 12)
    if number is None:
        return None, None
    if first is not None:
        after = (number, first + 1) if first < 12 else (number + 1, 1)
        return datetime(number, first, 1, tzinfo=UTC), datetime(*after, 1, tzinfo=UTC)
    return datetime(number, 1, 1, tzinfo=UTC), datetime(number + 1, 1, 1, tzinfo=UTC)
