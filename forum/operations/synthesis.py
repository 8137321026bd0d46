"""Syntheses of threads: written, translated, taken back, and emptied of words that must go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.curation import Refusal
from forum.domain.markup import render_markdown
from forum.domain.synthesis import (
    SYNTHESIS_CHARACTERS,
    linked_posts,
    numbers_in,
    shares_words,
    with_links,
    with_numbers,
)
from forum.domain.values import LANGUAGES, Role
from forum.operations.curation import Refused, keep_decision, locked_list
from forum.operations.versions import as_kept, blank, check_seen, keep_html
from forum.storage.archive import Post, Thread
from forum.storage.audit import AuditEntry
from forum.storage.curation import Aspect, CurationDecision
from forum.storage.people import Account
from forum.storage.synthesis import (
    SynthesisVersion,
    current_versions,
    positions_of,
    posts_at,
)

ACTION: Final = "synthesis"


def original_of(versions: Mapping[str, SynthesisVersion]) -> SynthesisVersion | None:
    """Of what is shown in several languages, what the others translate.

    Args:
        versions: By language, as `current_versions` gives them.
    """
    own = [one for one in versions.values() if one.source_id is None]
    return min(own or versions.values(), key=lambda one: one.id, default=None)


def languages_to_translate(versions: Mapping[str, SynthesisVersion]) -> tuple[str, ...]:
    """The languages in which translators may write a synthesis: all but the original's.

    There are none before a moderator has written one; moderators write in any.
    """
    original = original_of(versions)
    return tuple(code for code in LANGUAGES if original and code != original.language)


def write_synthesis(
    session: Session,
    thread: Thread,
    language: str,
    text: str,
    now: datetime,
    account: Account | None = None,
    *,
    seen: int | None = None,
) -> AuditEntry:
    """Add a version of a thread's synthesis; the earlier ones are kept.

    Where it stands in another language already, what is written is a translation of that.

    Args:
        language: fr, en or es.
        text: Markdown; `#3` names a post by its number. Empty takes it away.
        seen: The version that was changed, 0 for none; None writes over any.

    Raises:
        Refused: it is too long, nothing would change, or another version came meanwhile.
    """
    text = as_kept(text, SYNTHESIS_CHARACTERS, Refusal.LONG_SYNTHESIS)
    mailing_list = locked_list(session, thread.mailing_list_id)
    versions = current_versions(session, thread.id)
    before = versions.get(language)
    check_seen(before, seen, Refused(Refusal.CHANGED_MEANWHILE, thread.id))
    kept = kept_text(session, thread, text)
    source = _source(versions, language)
    # Who translates may find that what was said anew is said by the translation as it stands.
    if kept == (before.text if before else "") and (before is None or before.source_id == source):
        raise Refused(Refusal.NOTHING_CHANGES, thread.id)
    version = SynthesisVersion(
        thread_id=thread.id, language=language, text=kept, source_id=source,
        account_id=account.id if account else None, written_at=now,
    )  # fmt: skip
    keep_html(version, render_markdown(kept) if kept else "")
    session.add(version)
    session.flush()
    return keep_decision(
        session, ACTION, f"thread {thread.id}", now, account, mailing_list,
        touched={Aspect(f"synthesis-{language}"): (thread.id,), Aspect.LINE: (thread.id,)},
        before={"version": version.id},
        language=language, version=version.id, taken_away=not kept,
    )  # fmt: skip


def _source(versions: Mapping[str, SynthesisVersion], language: str) -> int | None:
    original = original_of(versions)
    return original.id if original and original.language != language else None


def kept_text(session: Session, thread: Thread, text: str) -> str:
    """What is typed, with links in the place of numbers of posts."""
    positions = {number - 1 for number in numbers_in(text)}
    if not positions:
        return text
    found = posts_at(session, thread.id, positions)
    return with_links(text, {position + 1: post for position, post in found.items()})


def numbers_of(session: Session, version: SynthesisVersion) -> dict[int, int]:
    """The numbers, from 1, that the posts named in a version bear now."""
    wanted = linked_posts(version.text)
    if not wanted:
        return {}
    found = positions_of(session, version.thread_id, wanted)
    return {post: position + 1 for post, position in found.items()}


def typed_text(session: Session, version: SynthesisVersion) -> str:
    """A version as it is written on."""
    return with_numbers(version.text, numbers_of(session, version))


def undo_writing(session: Session, decision: CurationDecision, now: datetime) -> None:
    """Let the version before stand again."""
    version = session.get(SynthesisVersion, decision.before["version"])
    if version is not None:
        version.stands = False
        session.flush()


def forget_words_of(session: Session, post: Post) -> None:
    """Empty the versions that hold the words of a post; who wrote them, and when, stays.

    These are what was sent to the list as that post, and what quotes it. What only names it goes
    on leading to its place.
    """
    own = "\n".join(part.text for part in post.segments if part.role == Role.REPLY)
    query = select(SynthesisVersion).where(
        (SynthesisVersion.thread_id == post.thread_id) | (SynthesisVersion.post_id == post.id)
    )
    for version in session.scalars(query):
        if version.post_id == post.id or shares_words(version.text, own):
            blank(version)
    session.flush()
