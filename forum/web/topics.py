"""A list's calendar of topics: read by who reads the list, kept by its moderators."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.clock import utcnow
from forum.domain.calendar_file import CalendarEvent, calendar
from forum.domain.topics import today_of
from forum.extensions import db
from forum.i18n import current_language
from forum.operations import topics as operations
from forum.storage.lists import MailingList
from forum.storage.topics import Topic, TopicRow, threads_by_tag, topic_row, topics_of
from forum.web.access import the_account, visible_list_or_404
from forum.web.addresses import LARGEST_KEY, absolute, whole_number
from forum.web.reader import moderated_lists
from forum.web.running import for_moderators
from forum.web.topic_forms import TopicForm

blueprint = Blueprint("topics", __name__)


@blueprint.record_once
def know_in_templates(state: BlueprintSetupState) -> None:
    """Let the page of a list show what is open."""
    state.app.jinja_env.globals.update(calendar_of=calendar_of)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A list's topics by how they stand today."""

    open: tuple[TopicRow, ...]
    coming: tuple[TopicRow, ...]
    over: tuple[TopicRow, ...]
    """The latest first."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever announced."""
        return not (self.open or self.coming or self.over)


def calendar_of(mailing_list: MailingList) -> Calendar:
    """The topics of a list, in one query."""
    today = today_of(utcnow(), mailing_list.time_zone)
    rows = topics_of(db.session(), mailing_list.id)
    running = [row for row in rows if row.is_open(today)]
    return Calendar(
        open=tuple(sorted(running, key=lambda row: row.ends_on)),
        coming=tuple(row for row in rows if row.starts_on > today),
        over=tuple(row for row in reversed(rows) if row.ends_on < today),
    )


@blueprint.get("/lists/<slug>/topics")
def show(slug: str) -> str:
    """All topics, and for moderators the ways to change them."""
    mailing_list = visible_list_or_404(slug)
    found = calendar_of(mailing_list)
    tags = [row.tag for row in (*found.open, *found.coming, *found.over)]
    return render_template(
        "topics/show.html",
        mailing_list=mailing_list,
        calendar=found,
        threads=threads_by_tag(db.session(), mailing_list.id, tags) if tags else {},
        keeps=mailing_list.id in moderated_lists(),
    )


@blueprint.get("/lists/<slug>/topics.ics")
def feed(slug: str) -> Response:
    """The same for people's calendars, in the reader's language."""
    mailing_list = visible_list_or_404(slug)
    language = current_language()
    rows = topics_of(db.session(), mailing_list.id)
    text = calendar(mailing_list.title(language), [_event(slug, row, language) for row in rows])
    return Response(text, mimetype="text/calendar")


def _event(slug: str, row: TopicRow, language: str) -> CalendarEvent:
    page = absolute(url_for("topics.show", slug=slug))
    threads = absolute(url_for("reading.show_list", slug=slug, tag=row.tag))
    return CalendarEvent(
        # RFC 7986, section 5.3: an identifier that tells of nobody's host or address.
        key=str(uuid5(NAMESPACE_URL, f"{page}#{row.id}")),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        title=row.title(language),
        description="\n".join(filter(None, (row.product(language), f"[{row.tag}]"))),
        address=threads,
        changed_at=row.changed_at,
    )


@blueprint.route("/lists/<slug>/topics/edit", methods=["GET", "POST"])
@for_moderators
def edit(mailing_list: MailingList) -> ResponseReturnValue:
    """Announce a topic, or change the one that `topic` names."""
    row = _row(mailing_list) if "topic" in request.values else None
    form = TopicForm()
    if request.method == "GET" and row is not None:
        form = TopicForm.of(row)
    if form.validate_on_submit() and _is_kept(mailing_list, row, form):
        flash(_("The calendar is changed."), "success")
        return redirect(url_for("topics.show", slug=mailing_list.slug), 303)
    status = 400 if request.method == "POST" else 200
    page = render_template("topics/edit.html", mailing_list=mailing_list, form=form, row=row)
    return page, status


@blueprint.post("/lists/<slug>/topics/remove")
@for_moderators
def remove(mailing_list: MailingList) -> ResponseReturnValue:
    """Take a topic out of the calendar."""
    row = _row(mailing_list)
    operations.remove_topic(db.session(), mailing_list, row, utcnow(), the_account())
    db.session.commit()
    flash(_("The calendar is changed."), "success")
    return redirect(url_for("topics.show", slug=mailing_list.slug), 303)


def _is_kept(mailing_list: MailingList, row: Topic | None, form: TopicForm) -> bool:
    session, fields, now, account = db.session(), form.fields(), utcnow(), the_account()
    try:
        if row is None:
            operations.add_topic(session, mailing_list, fields, now, account)
        else:
            operations.change_topic(session, mailing_list, row, fields, now, account)
    except operations.TopicError as error:
        db.session.rollback()
        form.refuse(error.fault)
        return False
    db.session.commit()
    return True


def _row(mailing_list: MailingList) -> Topic:
    number = whole_number(request.values.get("topic", ""), LARGEST_KEY)
    found = topic_row(db.session(), mailing_list.id, number) if number else None
    return found or abort(404)
