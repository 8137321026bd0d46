"""The form in which a text is written: what fills it, what stands beside it, what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from os import SEEK_END
from typing import Any, Final

from flask import Flask, request
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from forum.clock import utcnow
from forum.config import settings
from forum.domain import markup
from forum.domain.values import Role, Source, UploadedFile
from forum.extensions import db
from forum.storage.archive import Post, PostState, Thread
from forum.storage.drafts import Draft, draft_of
from forum.storage.lists import MailingList
from forum.web.audience import audience_text, awaits_moderator
from forum.web.filters import file_size, person
from forum.web.forms import AnswerForm, ComposeForm
from forum.web.reader import current_account, moderated_lists

BASE64_OVERHEAD: Final = 1.38
"""RFC 2045, section 6.8: four characters for three bytes, and a line end after 76."""
ROOM_FOR_TEXT: Final = 1_000_000
GENEROUS_BYTES: Final = 200_000_000
GENEROUS_TEXT: Final = 10_000_000
QUOTED_CHARACTERS: Final = 20_000


def init_app(app: Flask) -> None:
    """Make known to the templates what stands beside the form."""
    app.jinja_env.globals.update(
        answer_form=new_answer_form,
        blank_answer_form=blank_answer_form,
        own_draft=own_draft,
        who_receives=who_receives,
        is_read_first=is_read_first,
        just_written=just_written,
        largest_attachments=largest_attachments,
    )


def blank_answer_form() -> AnswerForm:
    """The form in which nothing is written yet."""
    return AnswerForm(formdata=None)


def new_answer_form(parent: Post | None, draft: Draft | None) -> AnswerForm:
    """A form for a thread's page, with a draft or the words to be answered where there are."""
    form = AnswerForm(formdata=None)
    fill(form, draft)
    if parent is not None and "quote" in request.args:
        form.text.data = with_quotation(form.text.data, parent)
    return form


def fill(form: AnswerForm, draft: Draft | None) -> None:
    """Put a draft into a form that is shown for the first time."""
    if draft is None:
        return
    form.text.data, form.language.data = draft.text, draft.language
    if isinstance(form, ComposeForm):
        form.subject.data = draft.subject


def with_quotation(written: str | None, parent: Post) -> str:
    """What is written already, and after it the words that are to be answered."""
    return f"{written.rstrip()}\n\n{quoted(parent)}" if written else quoted(parent)


def own_draft(mailing_list: MailingList, thread: Thread | None) -> Draft | None:
    """What the reader has begun to write for a thread, or for a new one."""
    account = current_account()
    if account is None:
        return None
    return draft_of(db.session(), account.id, mailing_list.id, thread.id if thread else None)


def who_receives(mailing_list: MailingList, thread: Thread | None = None) -> Markup:
    """How many people get what is written here, in words."""
    account, thread_id = current_account(), thread.id if thread else None
    return audience_text(db.session(), mailing_list, account, thread_id)


def is_read_first(mailing_list: MailingList) -> bool:
    """Whether a moderator reads what the signed-in person writes before others do."""
    account = current_account()
    if account is None or mailing_list.id in moderated_lists():
        return False
    return awaits_moderator(db.session(), mailing_list, account)


def just_written(thread: Thread) -> Post | None:
    """The reader's own post of the last seconds in a thread: its mailing can be undone."""
    account, seconds = current_account(), settings().undo_seconds
    if account is None or not seconds:
        return None
    return db.session.scalar(
        select(Post)
        .where(
            Post.thread_id == thread.id,
            Post.author_id == account.author_id,
            Post.source == Source.WEB,
            Post.state == PostState.VISIBLE,
            Post.arrived_at > utcnow() - timedelta(seconds=seconds),
        )
        .order_by(Post.id.desc())
        .limit(1)
    )


def largest_attachments() -> int:
    """How many bytes of files fit into one message."""
    room = settings().max_message_bytes - ROOM_FOR_TEXT
    return max(0, int(room / BASE64_OVERHEAD)) // 100_000 * 100_000


def quoted(post: Post) -> str:
    """The own words of a post as a Markdown quotation, and room to answer."""
    own = "\n\n".join(part.text.strip() for part in post.segments if part.role == Role.REPLY)
    lines = own[:QUOTED_CHARACTERS].strip().splitlines()
    name = person(post.author_name or post.author.name)
    introduction = _("%(name)s wrote:", name=name)
    return "\n".join((introduction, "", *(f"> {line}".rstrip() for line in lines), "", ""))


def read_generously(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Read also what is too large, from who is signed in: so the text beside it is not lost.

    Called before anything looks at the form. Werkzeug puts files on the disk; of those that are too
    large nothing is read but the size.
    """
    if request.method == "POST" and current_account() is not None:
        request.max_content_length = max(GENEROUS_BYTES, 2 * settings().max_message_bytes)
        request.max_form_memory_size = GENEROUS_TEXT


def too_large(form: AnswerForm) -> str:
    """That the files do not fit into one message, and what does; empty where they do."""
    total = sum(storage.stream.seek(0, SEEK_END) for storage in _sent_files(form))
    if total <= largest_attachments():
        return ""
    return str(
        _(
            "These files are too large together: %(size)s; at most %(limit)s can be sent. "
            "Nothing was sent, and your text is kept.",
            size=file_size(total),
            limit=file_size(largest_attachments()),
        )
    )


def names_of_files(form: AnswerForm) -> list[str]:
    """The names of what was attached."""
    return [str(storage.filename) for storage in _sent_files(form)]


def files_of(form: AnswerForm) -> Sequence[UploadedFile]:
    """What was attached."""
    files = []
    for storage in _sent_files(form):
        storage.stream.seek(0)
        kind = storage.mimetype or "application/octet-stream"
        files.append(UploadedFile(str(storage.filename), kind, storage.stream.read()))
    return files


def _sent_files(form: AnswerForm) -> list[FileStorage]:
    # A file field that was left empty is sent as a file without a name.
    return [one for one in form.attachments.data or () if getattr(one, "filename", "")]


def preview_of(form: AnswerForm) -> Markup | None:
    """The text as it will be shown, where that was asked for."""
    if "preview" not in request.form or form.text.errors or not form.text.data:
        return None
    # Made by the same function as the post, and sanitised there.
    return Markup(markup.below_the_post(markup.render_markdown(form.text.data)))
