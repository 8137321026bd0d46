"""Translations as the pages of threads show them: open, in the place of the originals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from babel.lists import format_list
from flask import Flask
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from forum.domain.shortening import beginning, is_long
from forum.domain.translation import language_shown, languages_kept
from forum.domain.values import UNDETERMINED
from forum.i18n import current_language, language_name
from forum.storage.post_rows import PostRow
from forum.storage.translations import translation_rows
from forum.web.addresses import address_with
from forum.web.filters import moment


def init_app(app: Flask) -> None:
    """Let the template of a post say who translated it."""
    app.jinja_env.globals.update(translated_by=translated_by, original_in=original_in)


@dataclass(frozen=True, slots=True)
class ShownTranslation:
    """What stands in the place of a post's own text."""

    language: str
    html: str
    translator: str
    """Empty where it is not known any more."""
    when: Markup
    is_behind: bool
    """Whether its author changed the post since."""
    is_cut: bool
    """Whether it is so long that its beginning is shown."""


def translations_on_page(
    session: Session, posts: Sequence[PostRow], *, masked: bool, wanted: str, whole: int
) -> dict[int, ShownTranslation]:
    """What the reader sees first of the posts of a page, by post; the others show themselves.

    Args:
        masked: Whether mail addresses are hidden from the reader.
        wanted: What the address asks for: a language, `ORIGINAL`, or nothing.
        whole: The post that is to be shown however long it is; 0: none.
    """
    reader = current_language()
    chosen = {
        post.id: language
        for post in posts
        if post.translated_into
        and (language := language_shown(post.languages, post.translated_into, reader, wanted))
    }
    rows = translation_rows(session, list(chosen), set(chosen.values()), masked=masked)
    shown = {
        post_id: row
        for post_id, some in rows.items()
        for row in some
        if row.language == chosen[post_id]
    }
    return {
        post.id: ShownTranslation(
            language=row.language,
            html=row.html if post.id == whole else beginning(row.html),
            translator=row.translator,
            when=moment(row.written_at),
            is_behind=row.corrections < post.corrections,
            is_cut=is_long(row.html) and post.id != whole,
        )
        for post in posts
        if (row := shown.get(post.id))
    }


def other_translations(
    post: PostRow, shown: ShownTranslation | None
) -> tuple[tuple[str, str], ...]:
    """The languages in which a post can be read besides, each with the address to do so."""
    here = shown.language if shown else ""
    return tuple(
        (code, f"{address_with(translation=code, parent=None)}#post-{post.id}")
        for code in languages_kept(post.translated_into)
        if code != here
    )


def translated_by(name: str, own: Sequence[str]) -> str:
    """Whose work a translation is.

    Args:
        name: Of the translator; may be empty.
        own: The languages of the original.
    """
    language = _names_of(own)
    if name and language:
        return str(_("Translated from %(language)s by %(name)s", language=language, name=name))
    if name:
        return str(_("Translated by %(name)s", name=name))
    return str(
        _("Translated from %(language)s", language=language) if language else _("Translated")
    )


def original_in(own: Sequence[str]) -> str:
    """What stands folded below a translation."""
    language = _names_of(own)
    return str(
        _("The original, in %(language)s", language=language) if language else _("The original")
    )


def _names_of(languages: Sequence[str]) -> str:
    known = [language_name(code) for code in languages if code != UNDETERMINED]
    return format_list(known, locale=current_language())
