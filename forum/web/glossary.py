"""A list's glossary: read by who reads the list, kept by its moderators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from forum.clock import utcnow
from forum.domain.glossary import terms_in
from forum.domain.glossary_files import (
    HEADER,
    LARGEST_FILE,
    MOST_CONCEPTS,
    BadLine,
    GlossaryFile,
    read_csv,
    read_tbx,
    write_csv,
    write_tbx,
)
from forum.domain.values import Role, Segment
from forum.extensions import db
from forum.i18n import current_language
from forum.operations import glossary as operations
from forum.storage.archive import Post, PostSegment, PostState
from forum.storage.glossary import GlossaryConcept, concept_row, concepts_of_list, has_glossary
from forum.storage.lists import MailingList
from forum.storage.visibility import find_thread
from forum.web.access import the_account, visible_list_or_404
from forum.web.addresses import LARGEST_KEY, whole_number
from forum.web.glossary_forms import ConceptForm, GlossaryFileForm, fault_text
from forum.web.reader import current_reader, moderated_lists
from forum.web.running import for_moderators

FAULTS_SHOWN: Final = 50

blueprint = Blueprint("glossary", __name__)


@blueprint.record_once
def know_in_templates(state: BlueprintSetupState) -> None:
    """Let the pages of lists and threads lead here."""
    state.app.jinja_env.globals.update(has_glossary=_has_glossary)


def _has_glossary(mailing_list: MailingList) -> bool:
    return has_glossary(db.session(), mailing_list.id)


@blueprint.get("/lists/<slug>/glossary")
def show(slug: str) -> str:
    """All concepts, and for moderators the ways to change them."""
    return _page(visible_list_or_404(slug), GlossaryFileForm(formdata=None))


def _page(mailing_list: MailingList, form: GlossaryFileForm, faults: Sequence[BadLine] = ()) -> str:
    return render_template(
        "glossary/show.html",
        mailing_list=mailing_list,
        concepts=concepts_of_list(db.session(), mailing_list.id),
        keeps=mailing_list.id in moderated_lists(),
        form=form,
        header=",".join(HEADER),
        faults=[fault_text(one) for one in faults[:FAULTS_SHOWN]],
        more=max(0, len(faults) - FAULTS_SHOWN),
    )


@blueprint.get("/lists/<slug>/glossary.<any(csv, tbx):file_format>")
def download(slug: str, file_format: str) -> Response:
    """All of it as a file."""
    mailing_list = visible_list_or_404(slug)
    concepts = concepts_of_list(db.session(), mailing_list.id)
    if file_format == "csv":
        answer = Response(write_csv(concepts), mimetype="text/csv")
    else:
        language = current_language()
        text = write_tbx(concepts, mailing_list.title(language), language)
        # RFC 7303: XML of a kind that has no type of its own.
        answer = Response(text, mimetype="application/xml")
    name = f"{mailing_list.slug}-glossary.{file_format}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@blueprint.route("/lists/<slug>/glossary/edit", methods=["GET", "POST"])
@for_moderators
def edit(mailing_list: MailingList) -> ResponseReturnValue:
    """Add a concept, or change the one that `concept` names."""
    row = _row(mailing_list) if "concept" in request.values else None
    form = ConceptForm()
    if request.method == "GET" and row is not None:
        known = {one.id: one for one in concepts_of_list(db.session(), mailing_list.id)}
        form = ConceptForm.of(known[row.id])
    if form.validate_on_submit():
        concept = form.concept()
        if isinstance(concept, BadLine):
            form.fr.errors = (fault_text(concept),)
        else:
            session, account = db.session(), the_account()
            try:
                if row is None:
                    operations.add_concept(session, mailing_list, concept, utcnow(), account)
                else:
                    operations.change_concept(
                        session, mailing_list, row, concept, utcnow(), account
                    )
            except operations.TooManyError:
                form.fr.errors = (_("A glossary has at most %(max)d concepts.", max=MOST_CONCEPTS),)
            else:
                db.session.commit()
                flash(_("The glossary is changed."), "success")
                return _back(mailing_list)
    status = 400 if request.method == "POST" else 200
    page = render_template("glossary/edit.html", mailing_list=mailing_list, form=form, row=row)
    return page, status


@blueprint.post("/lists/<slug>/glossary/remove")
@for_moderators
def remove(mailing_list: MailingList) -> ResponseReturnValue:
    """Take a concept away."""
    row = _row(mailing_list)
    operations.remove_concept(db.session(), mailing_list, row, utcnow(), the_account())
    db.session.commit()
    flash(_("The glossary is changed."), "success")
    return _back(mailing_list)


@blueprint.post("/lists/<slug>/glossary/import")
@for_moderators
def take_in(mailing_list: MailingList) -> ResponseReturnValue:
    """Take in a file, all of it or nothing."""
    form = GlossaryFileForm()
    found = GlossaryFile((), ())
    if form.validate_on_submit():
        try:
            found = _read(form.file.data.read(LARGEST_FILE + 1))
            if not found.faults:
                done = operations.import_concepts(
                    db.session(), mailing_list, found.concepts, utcnow(), the_account()
                )
                db.session.commit()
                _tell(done)
                return _back(mailing_list)
            form.file.errors = (_("Nothing was taken in, for some lines cannot be read."),)
        except UnicodeDecodeError:
            form.file.errors = (_("The file is no text in UTF-8."),)
        except operations.TooManyError:
            form.file.errors = (_("A glossary has at most %(max)d concepts.", max=MOST_CONCEPTS),)
    return _page(mailing_list, form, found.faults), 400


def _read(data: bytes) -> GlossaryFile:
    if len(data) > LARGEST_FILE:
        raise operations.TooManyError
    if data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return read_tbx(data)
    return read_csv(data.decode("utf-8-sig"))


def _tell(done: operations.Imported) -> None:
    flash(ngettext("%(num)s concept is new.", "%(num)s concepts are new.", done.added), "success")
    if done.changed:
        flash(
            ngettext(
                "%(num)s concept got new terms.", "%(num)s concepts got new terms.", done.changed
            )
        )
    if done.known:
        flash(ngettext("%(num)s was there already.", "%(num)s were there already.", done.known))


@blueprint.get("/threads/<key:thread_id>/terms")
def of_thread(thread_id: int) -> str:
    """The terms of the glossary that the posts of a thread name, with their equivalents."""
    thread = find_thread(db.session(), current_reader(), thread_id) or abort(404)
    concepts = concepts_of_list(db.session(), thread.mailing_list_id)
    rows = db.session.execute(
        select(PostSegment.text, PostSegment.language)
        .join(Post, Post.id == PostSegment.post_id)
        .where(
            Post.thread_id == thread.id,
            Post.state == PostState.VISIBLE,
            PostSegment.role == Role.REPLY,
        )
        .order_by(Post.position, PostSegment.position)
    )
    found = terms_in((Segment(Role.REPLY, row.text, row.language) for row in rows), concepts)
    named = [(one, found[one.id]) for one in concepts if one.id in found]
    return render_template(
        "glossary/thread.html", mailing_list=thread.mailing_list, thread=thread, named=named
    )


def _row(mailing_list: MailingList) -> GlossaryConcept:
    key = whole_number(request.values.get("concept", ""), LARGEST_KEY)
    found = concept_row(db.session(), mailing_list.id, key) if key else None
    return found or abort(404)


def _back(mailing_list: MailingList) -> ResponseReturnValue:
    return redirect(url_for("glossary.show", slug=mailing_list.slug), 303)
