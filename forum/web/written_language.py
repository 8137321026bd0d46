"""The language in which somebody is to write what stands in several: a synthesis, a translation."""

from __future__ import annotations

from flask import abort, request

from forum.domain.values import LANGUAGES
from forum.i18n import current_language
from forum.storage.lists import MailingList


def language_to_write(mailing_list: MailingList, allowed: tuple[str, ...]) -> str:
    """What `language=` asks for, else the reader's, the list's, or the first that is allowed.

    One of the interface's that is not allowed is answered with 404.
    """
    wanted = request.values.get("language", "")
    if wanted in allowed:
        return wanted
    if wanted in LANGUAGES:
        abort(404)
    preferred = (current_language(), mailing_list.language)
    return next((code for code in preferred if code in allowed), allowed[0])
