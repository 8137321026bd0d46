"""Days in words, in the three languages."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from babel.dates import format_date

# English readers of three continents: the day comes before the month.
LOCALES: Final = {"en": "en_GB"}
FIRST_OF_MONTH: Final = re.compile(r"\b1(?= \D)")


def day_in_words(day: date, language: str, style: str = "long") -> str:
    """A day in a language: `3 March 2010`, `1er mars 2010`.

    Args:
        language: fr, en or es.
        style: Babel's: long, medium, full.
    """
    text = format_date(day, style, locale=LOCALES.get(language, language))
    # French counts the days, but for the first, which it ranks; the CLDR patterns cannot say so.
    return FIRST_OF_MONTH.sub("1er", text) if language == "fr" else text
