"""Translations of posts: written by people, taken back, and emptied of words that must go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from forum.domain.curation import Refusal
from forum.domain.markup import redact_tokens, render_segments
from forum.domain.translation import TRANSLATION_CHARACTERS, form_to_keep, languages_lacking
from forum.domain.values import Role, Segment, TextFormat
from forum.operations.curation import (
    Refused,
    index_again,
    keep_decision,
    latest_decision,
    locked_list,
)
from forum.operations.translation_sending import cancel_translation, queue_translation
from forum.operations.versions import as_kept, check_seen, keep_html
from forum.storage.archive import Post, PostState
from forum.storage.audit import AuditEntry
from forum.storage.curation import Aspect, CurationDecision
from forum.storage.people import Account
from forum.storage.post_rows import languages_of_post
from forum.storage.translations import PostTranslation, current_translations

ACTION: Final = "translate"


def languages_to_translate(session: Session, post: Post) -> tuple[str, ...]:
    """The languages into which a post can be translated; none where there is nothing to read."""
    if post.state != PostState.VISIBLE or not post.excerpt:
        return ()
    return languages_lacking(languages_of_post(session, post))


def write_translation(
    session: Session,
    post: Post,
    language: str,
    text: str,
    now: datetime,
    account: Account | None = None,
    *,
    seen: int | None = None,
    corrections: int | None = None,
    delay: timedelta = timedelta(0),
) -> AuditEntry:
    """Add a version of a post's translation; the earlier ones are kept, and the first is mailed.

    Args:
        language: fr, en or es.
        text: Markdown; empty takes the translation away.
        seen: The version that was changed, 0 for none; None writes over any.
        corrections: `Post.corrections` of the text that was translated; None: of what stands.
        delay: How long its mailing waits, so that it can be undone.

    Raises:
        Refused: it is too long, nothing would change, another version came meanwhile, the post is
            not shown, or is in that language itself.
    """
    text = redact_tokens(as_kept(text, TRANSLATION_CHARACTERS, Refusal.LONG_TRANSLATION))
    mailing_list = locked_list(session, post.mailing_list_id)
    session.refresh(post)
    _check_post(session, post, language)
    before = current_translations(session, [post.id]).get(post.id, {}).get(language)
    check_seen(before, seen, Refused(Refusal.TRANSLATED_MEANWHILE, post.id))
    read = post.corrections if corrections is None else min(corrections, post.corrections)
    # Who reads a changed message may find that the translation says it as it stands.
    if text == (before.text if before else "") and (before is None or before.corrections == read):
        raise Refused(Refusal.NOTHING_CHANGES, post.id)
    version = PostTranslation(
        post_id=post.id, language=language, text=text, corrections=read,
        account_id=account.id if account else None, written_at=now,
    )  # fmt: skip
    keep_html(version, rendered(text, language))
    session.add(version)
    _note_languages(session, post, now)
    if text:
        queue_translation(session, version, now, delay=delay)
    elif before is not None:
        cancel_translation(session, before)
    return keep_decision(
        session, ACTION, f"post {post.id}", now, account, mailing_list,
        touched={_aspect(language): (post.id,), Aspect.LINE: (post.thread_id,)},
        before={"post": post.id, "version": version.id},
        language=language, taken_away=not text,
    )  # fmt: skip


def _check_post(session: Session, post: Post, language: str) -> None:
    if post.state != PostState.VISIBLE:
        raise Refused(Refusal.NOT_SHOWN, post.id)
    if language not in languages_to_translate(session, post):
        raise Refused(Refusal.OWN_LANGUAGE, post.id)


def rendered(text: str, language: str) -> str:
    """The HTML of a translation, of the form that a post's own has; empty for no text."""
    if not text:
        return ""
    return render_segments((Segment(Role.REPLY, text, language=language),), TextFormat.MARKDOWN)


def _aspect(language: str) -> Aspect:
    return Aspect(f"translation-{language}")


def _note_languages(session: Session, post: Post, now: datetime) -> None:
    """Let the post name the languages in which translations of it stand, and be found by them."""
    index_again(session, [post.id], now)
    session.flush()
    shown = current_translations(session, [post.id]).get(post.id, {})
    post.translated_into = form_to_keep(shown)
    session.flush()


def last_decision(session: Session, post: Post, language: str) -> int | None:
    """The decision that undoing takes the shown version away with; None where none stands."""
    return latest_decision(session, _aspect(language), [post.id])


def undo_translation(session: Session, decision: CurationDecision, now: datetime) -> None:
    """Let the version before stand again.

    Raises:
        Refused: the post was removed for good.
    """
    post = session.get(Post, decision.before["post"])
    if post is None or post.state == PostState.REMOVED:
        raise Refused(Refusal.IS_REMOVED, decision.before["post"])
    version = session.get(PostTranslation, decision.before["version"])
    if version is not None:
        version.stands = False
    _note_languages(session, post, now)
    if version is not None:
        cancel_translation(session, version)


def forget_translations(session: Session, post: Post) -> None:
    """Forget what was said in other words of a post that is removed for good."""
    session.execute(delete(PostTranslation).where(PostTranslation.post_id == post.id))
    post.translated_into = ""
