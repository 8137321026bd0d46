"""`passerelle thread`, `post` and `undo`: what keeps threads readable, at the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click
from flask.cli import with_appcontext

from forum.clock import utcnow
from forum.commands.errors import BadInput, Failure
from forum.commands.lookup import ID, the_list
from forum.domain.curation import LABELS, Refusal
from forum.extensions import db
from forum.operations import curation, curation_placing, curation_posts, curation_threads
from forum.operations.curation_moving import move
from forum.operations.curation_removing import remove
from forum.operations.curation_undoing import undo
from forum.storage.audit import AuditEntry

_UNKNOWN: Final = frozenset(
    {
        Refusal.NO_POST, Refusal.NO_THREAD, Refusal.NO_DECISION, Refusal.BAD_TAG,
        Refusal.TOO_MANY_TAGS, Refusal.BAD_LABEL, Refusal.NO_SUBJECT, Refusal.NO_REASON,
    }
)  # fmt: skip
"""What makes no sense (exit status 2); the rest cannot be done (1)."""


def _decide(decision: Callable[[], AuditEntry], *lines: Callable[[], object]) -> None:
    """Carry a decision out, commit, and print its number in the audit log last.

    Args:
        lines: What is printed before it.

    Raises:
        BadInput: what was named is not there, or is not a tag, a label, a subject.
        Failure: it cannot be done, or not any more.
    """
    try:
        entry = decision()
        told = [str(line()) for line in lines]
        db.session.commit()
    except curation.Refused as refused:
        db.session.rollback()
        kind = BadInput if refused.refusal in _UNKNOWN else Failure
        raise kind(str(refused)) from None
    for line in told:
        click.echo(line)
    click.echo(entry.id)


def _thread(thread_id: int) -> Any:
    return curation.thread_now(db.session(), thread_id)


def _post(post_id: int) -> Any:
    return curation.post_now(db.session(), post_id)


@click.group("thread")
def thread_group() -> None:
    """Keep threads readable; each prints the decision's number last, which `undo` takes."""


@thread_group.command("split")
@click.argument("post_id", type=ID)
@click.option("--subject", default="", help="Of the new thread; else it bears the post's.")
@click.option("--alone", is_flag=True, help="Leave the answers to the post behind.")
@with_appcontext
def split_command(post_id: int, subject: str, alone: bool) -> None:
    """Let a thread of its own begin with post POST_ID; prints its number and the decision's."""
    made: list[int] = []

    def decision() -> AuditEntry:
        entry, thread = curation_placing.split(
            db.session(), _post(post_id), utcnow(), subject=subject, alone=alone
        )
        made.append(thread.id)
        return entry

    _decide(decision, lambda: made[0])


@thread_group.command("merge")
@click.argument("thread_id", metavar="ID", type=ID)
@click.argument("into_id", type=ID)
@with_appcontext
def merge_command(thread_id: int, into_id: int) -> None:
    """Hang thread ID below the first post of thread INTO_ID; its address leads there."""
    _decide(
        lambda: curation_placing.merge(db.session(), _thread(thread_id), _thread(into_id), utcnow())
    )


@thread_group.command("move")
@click.argument("thread_id", metavar="ID", type=ID)
@click.argument("slug")
@with_appcontext
def move_command(thread_id: int, slug: str) -> None:
    """Move thread ID to the list SLUG; nobody is mailed again."""
    target = the_list(slug)
    _decide(lambda: move(db.session(), _thread(thread_id), target, utcnow()))


@thread_group.command("retitle")
@click.argument("thread_id", metavar="ID", type=ID)
@click.argument("subject", default="")
@click.option("--fr", help="What readers in French see; empty takes it away.")
@click.option("--en", help="In English.")
@click.option("--es", help="In Spanish.")
@with_appcontext
def retitle_command(
    thread_id: int, subject: str, fr: str | None, en: str | None, es: str | None
) -> None:
    """Call thread ID something else: SUBJECT for all, or by language."""
    given = {"fr": fr, "en": en, "es": es}
    titles = {language: title for language, title in given.items() if title is not None}
    if not subject.strip() and not titles:
        raise BadInput("give a SUBJECT, or --fr, --en or --es")
    _decide(
        lambda: curation_threads.retitle(
            db.session(), _thread(thread_id), subject, utcnow(), titles=titles
        )
    )


def _simple(name: str, does: str, deed: Callable[..., AuditEntry]) -> None:
    """Add a command that takes a thread alone."""

    @thread_group.command(name, help=does)
    @click.argument("thread_id", metavar="ID", type=ID)
    @with_appcontext
    def command(thread_id: int) -> None:
        _decide(lambda: deed(db.session(), _thread(thread_id), utcnow()))


_simple("pin", "Keep thread ID at the head of its list.", curation_threads.pin)
_simple("unpin", "Let thread ID take its place by date again.", curation_threads.unpin)
_simple("close", "Let thread ID take no more answers.", curation_threads.close)
_simple("reopen", "Let thread ID take answers again.", curation_threads.reopen)


@thread_group.command("tag")
@click.argument("thread_id", metavar="ID", type=ID)
@click.argument("tags", nargs=-1, required=True)
@with_appcontext
def tag_command(thread_id: int, tags: tuple[str, ...]) -> None:
    """Add TAGS to thread ID; commas may stand between them."""
    text = ",".join(tags)
    _decide(lambda: curation_threads.tag(db.session(), _thread(thread_id), text, utcnow()))


@thread_group.command("untag")
@click.argument("thread_id", metavar="ID", type=ID)
@click.argument("tags", nargs=-1, required=True)
@with_appcontext
def untag_command(thread_id: int, tags: tuple[str, ...]) -> None:
    """Take TAGS off thread ID."""
    text = ",".join(tags)
    _decide(lambda: curation_threads.untag(db.session(), _thread(thread_id), text, utcnow()))


@thread_group.command("label")
@click.argument("thread_id", metavar="ID", type=ID)
@click.argument("labels", nargs=-1, type=click.Choice(LABELS))
@with_appcontext
def label_command(thread_id: int, labels: tuple[str, ...]) -> None:
    """Say what thread ID is for, in the words of the method; no LABELS take them off."""
    _decide(lambda: curation_threads.label(db.session(), _thread(thread_id), labels, utcnow()))


@click.group("post")
def post_group() -> None:
    """Decide on one post; each prints the decision's number last."""


@post_group.command("reparent")
@click.argument("post_id", metavar="ID", type=ID)
@click.argument("parent_id", type=ID)
@with_appcontext
def reparent_command(post_id: int, parent_id: int) -> None:
    """Hang post ID, with its answers, below post PARENT_ID of the same list."""
    _decide(
        lambda: curation_placing.reparent(
            db.session(),
            _post(post_id),
            curation.post_now(db.session(), parent_id, with_removed=True),
            utcnow(),
        )
    )


@post_group.command("hide")
@click.argument("post_id", metavar="ID", type=ID)
@click.option("--reason", default="", help="Kept in the audit log.")
@with_appcontext
def hide_command(post_id: int, reason: str) -> None:
    """Take post ID out of pages, search, feeds and counts; moderators still see it."""
    _decide(lambda: curation_posts.hide(db.session(), _post(post_id), utcnow(), reason=reason))


@post_group.command("restore")
@click.argument("post_id", metavar="ID", type=ID)
@with_appcontext
def restore_command(post_id: int) -> None:
    """Show the hidden post ID again."""
    _decide(lambda: curation_posts.restore(db.session(), _post(post_id), utcnow()))


@post_group.command("remove")
@click.argument("post_id", metavar="ID", type=ID)
@click.option("--reason", default="removed by an administrator", help="Shown in its place.")
@with_appcontext
def remove_command(post_id: int, reason: str) -> None:
    """Remove post ID for good, bytes too: it cannot be undone, and copies stay refused."""
    _decide(lambda: remove(db.session(), _post(post_id), utcnow(), reason=reason))


@click.command("undo")
@click.argument("audit_id", type=ID)
@with_appcontext
def undo_command(audit_id: int) -> None:
    """Take decision AUDIT_ID back; where a later one stands in the way, it is named."""
    _decide(lambda: undo(db.session(), audit_id, utcnow()))


COMMANDS: Final = (thread_group, post_group, undo_command)
