"""People translate posts: the page beside the original, and what waits for translators."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from forum.clock import utcnow
from forum.config import settings
from forum.domain.compose import is_blank
from forum.domain.curation import Refusal
from forum.domain.translation import TRANSLATION_CHARACTERS, languages_kept
from forum.domain.values import LANGUAGES
from forum.extensions import db, limiter
from forum.operations.curation import Refused
from forum.operations.curation_posts import is_own
from forum.operations.curation_undoing import undo
from forum.operations.translation import (
    languages_to_translate,
    last_decision,
    rendered,
    write_translation,
)
from forum.operations.translation_sending import count_for_translation, has_left
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.post_rows import languages_of_post
from forum.storage.translations import PostTranslation, translations_of
from forum.storage.untranslated import POSTS_A_PAGE, untranslated_posts
from forum.storage.versions import newest_by_language
from forum.storage.visibility import find_post, may_moderate, may_translate
from forum.web.access import login_page, signed_in, the_account, visible_list_or_404
from forum.web.addresses import LARGEST_KEY, whole_number
from forum.web.curation_words import refusal_text
from forum.web.places import place_of
from forum.web.reader import current_account, current_reader
from forum.web.written_language import language_to_write

blueprint = Blueprint("translating", __name__)


@blueprint.route("/posts/<key:post_id>/translate", methods=["GET", "POST"])
@limiter.limit("20 per minute;200 per hour", methods=["POST"])
def write(post_id: int) -> ResponseReturnValue:
    """Translate a post into one language, beside the original; earlier versions stand below."""
    post = find_post(db.session(), current_reader(), post_id) or abort(404)
    if current_account() is None:
        return login_page()
    allowed = _languages_for_reader(post) or abort(404)
    language = language_to_write(post.mailing_list, allowed)
    if request.method == "GET":
        return _page(post, language, allowed)
    text = request.form.get("text", "")
    if "preview" in request.form:
        preview = _preview(text, language)
        return _page(post, language, allowed, text=text, preview=preview, as_read=True)
    is_mailed = not is_blank(text) and _mailed_to(post, language) > 0
    try:
        write_translation(
            db.session(), post, language, text, utcnow(), the_account(),
            seen=_number("seen"), corrections=_number("corrections"),
            delay=timedelta(seconds=settings().undo_seconds),
        )  # fmt: skip
    except Refused as refused:
        db.session.rollback()
        as_read = refused.refusal is not Refusal.TRANSLATED_MEANWHILE
        error = refusal_text(refused)
        return _page(post, language, allowed, text=text, error=error, as_read=as_read), 400
    db.session.commit()
    flash(_told(post, language, text, is_mailed), "success")
    # To the head of the page, where what was done is told, with its undoing.
    return redirect(place_of(post, language).partition("#")[0], 303)


@blueprint.route("/posts/<key:post_id>/translate/undo", methods=["GET", "POST"])
@limiter.limit("20 per minute;200 per hour", methods=["POST"])
def take_back(post_id: int) -> ResponseReturnValue:
    """Take back what was written last; its text is shown to write on."""
    post = find_post(db.session(), current_reader(), post_id) or abort(404)
    if current_account() is None:
        return login_page()
    allowed = _languages_for_reader(post) or abort(404)
    language = language_to_write(post.mailing_list, allowed)
    last = _to_take_back(post, language) or abort(404)
    # Sent once more, or after somebody else's, it would take back the version before, unseen.
    if request.method == "GET" or _number("version") != last.id:
        return render_template(
            "translating/undo.html", post=post, language=language, version=last.id
        )
    text = last.text
    decision = last_decision(db.session(), post, language) or abort(404)
    undo(db.session(), decision, utcnow(), the_account())
    db.session.commit()
    told = _("The translation is taken back. Here is its text.")
    nothing_stands = language not in languages_kept(post.translated_into)
    if nothing_stands and has_left(db.session(), post.id, language):
        told = " ".join((told, _("Some people have received it by mail already.")))
    flash(told, "success")
    return _page(post, language, allowed, text=text)


@blueprint.get("/lists/<slug>/translate")
@signed_in
def waiting(slug: str) -> ResponseReturnValue:
    """The newest posts of a list that nobody has translated into a language yet."""
    mailing_list = visible_list_or_404(slug)
    if not may_translate(db.session(), current_reader(), mailing_list.id):
        abort(404)
    language = language_to_write(mailing_list, LANGUAGES)
    before = whole_number(request.args.get("before", ""), LARGEST_KEY)
    posts = untranslated_posts(db.session(), mailing_list.id, language, before)
    return render_template(
        "translating/waiting.html",
        mailing_list=mailing_list,
        language=language,
        posts=posts[:POSTS_A_PAGE],
        before=before,
        more=len(posts) > POSTS_A_PAGE,
    )


@blueprint.app_template_global()
def translates_here(mailing_list: MailingList) -> bool:
    """Whether the reader may translate everybody's posts of a list."""
    return may_translate(db.session(), current_reader(), mailing_list.id)


def _languages_for_reader(post: Post) -> tuple[str, ...]:
    """The languages into which the reader may translate a post."""
    session, reader = db.session(), current_reader()
    if not (is_own(post, the_account()) or may_translate(session, reader, post.mailing_list_id)):
        return ()
    return languages_to_translate(session, post)


def _number(name: str) -> int:
    return whole_number(request.form.get(name, ""), LARGEST_KEY, 0) or 0


def _preview(text: str, language: str) -> Markup | None:
    if is_blank(text) or len(text) > TRANSLATION_CHARACTERS:
        return None
    # Made by the same function as what is kept.
    return Markup(rendered(text, language))  # noqa: S704


def _mailed_to(post: Post, language: str) -> int:
    """To how many people what is written now goes by mail."""
    return count_for_translation(db.session(), post, language, utcnow(), the_account())


def _told(post: Post, language: str, text: str, is_mailed: bool) -> str:
    """What became of what was written, and how to take it back."""
    kept, gone = _("The translation is kept."), _("The translation is taken away.")
    told = gone if is_blank(text) else kept
    seconds = settings().undo_seconds
    if is_mailed and seconds:
        told = " ".join((told, _("It is mailed in %(seconds)d seconds.", seconds=seconds)))
    back = url_for("translating.take_back", post_id=post.id, language=language)
    links = ((back, _("Undo")), (f"#post-{post.id}", _("See the post")))
    shown = Markup(" · ").join(Markup('<a href="{}">{}</a>').format(*link) for link in links)
    return Markup("{} {}").format(told, shown)


def _to_take_back(post: Post, language: str) -> PostTranslation | None:
    """The last version that stands, if it is the reader's own or they moderate."""
    session = db.session()
    standing = [one for one in translations_of(session, post.id, language) if one.stands]
    if not standing:
        return None
    is_own_text = standing[0].account_id == the_account().id
    moderates = may_moderate(session, current_reader(), post.mailing_list_id)
    return standing[0] if is_own_text or moderates else None


def _page(
    post: Post,
    language: str,
    allowed: tuple[str, ...],
    *,
    text: str | None = None,
    preview: Markup | None = None,
    error: str = "",
    as_read: bool = False,
) -> str:
    """The page, of what stands now.

    Args:
        as_read: Whether the form goes on from what its writer had read when they began, so that
            they are told of what others keep before they have done.
    """
    history = translations_of(db.session(), post.id, language)
    standing = [one for one in reversed(history) if one.stands]
    current = newest_by_language(standing).get(language)
    if text is None:
        text = current.text if current else ""
    return render_template(
        "translating/write.html",
        post=post,
        place=place_of(post),
        mailing_list=post.mailing_list,
        own_languages=languages_of_post(db.session(), post),
        language=language,
        allowed=allowed,
        text=text,
        seen=_number("seen") if as_read else current.id if current else 0,
        corrections=_number("corrections") if as_read else post.corrections,
        preview=preview,
        error=error,
        history=history,
        current=current,
        is_behind=current is not None and current.corrections < post.corrections,
        can_take_back=_to_take_back(post, language) is not None,
        longest=TRANSLATION_CHARACTERS,
        mailed_to=_mailed_to(post, language),
    )
