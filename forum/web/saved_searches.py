"""The searches that a person keeps, and their feeds."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from forum.clock import utcnow
from forum.config import search_index
from forum.domain.query import parse
from forum.extensions import db
from forum.operations.saved_searches import MOST, SearchNotSavedError, save_search
from forum.search import Sort
from forum.search.widening import widened
from forum.storage.archive import Post
from forum.storage.post_rows import posts_where
from forum.storage.saved_searches import SavedSearch, Told, searches_of
from forum.storage.visibility import Reader, visible_list_ids
from forum.web.access import signed_in, the_account
from forum.web.caching import keep_private
from forum.web.feeds import ENTRIES, feed

blueprint = Blueprint("saved_searches", __name__)


@blueprint.record_once
def know_in_templates(state: BlueprintSetupState) -> None:
    """Let pages offer how often a search is told."""
    state.app.jinja_env.globals.update(told_choices=told_choices)


def told_choices() -> list[tuple[str, str]]:
    """How often new hits are mailed, in words."""
    return [
        (Told.WEEKLY, str(_("Once a week, when there is something new"))),
        (Told.DAILY, str(_("Once a day, when there is something new"))),
        (Told.NEVER, str(_("No mail"))),
    ]


@blueprint.get("/account/searches")
@signed_in
def show() -> ResponseReturnValue:
    """All of them."""
    searches = searches_of(db.session(), the_account().id)
    return render_template("account/searches.html", searches=searches)


@blueprint.post("/account/searches")
@signed_in
def save() -> ResponseReturnValue:
    """Keep the search `q`."""
    told = _told()
    try:
        save_search(db.session(), the_account(), request.form.get("q", ""), told, utcnow())
    except SearchNotSavedError:
        flash(
            _("This search cannot be saved: it is empty, or you have %(max)d already.", max=MOST),
            "error",
        )
        searches = searches_of(db.session(), the_account().id)
        return render_template("account/searches.html", searches=searches), 400
    db.session.commit()
    flash(_("The search is saved."), "success")
    return redirect(url_for("saved_searches.show"), 303)


@blueprint.post("/account/searches/<key:search_id>")
@signed_in
def change(search_id: int) -> ResponseReturnValue:
    """Hear of new hits more or less often."""
    search = _own(search_id)
    search.told = _told()
    db.session.commit()
    flash(_("Your choices are kept."), "success")
    return redirect(url_for("saved_searches.show"), 303)


@blueprint.post("/account/searches/<key:search_id>/delete")
@signed_in
def drop(search_id: int) -> ResponseReturnValue:
    """Forget a search; its feed ends."""
    db.session.delete(_own(search_id))
    db.session.commit()
    flash(_("The search is deleted."), "success")
    return redirect(url_for("saved_searches.show"), 303)


@blueprint.get("/searches/<token>/feed.atom")
def private_feed(token: str) -> Response:
    """The newest posts of a saved search, as its owner may see them now."""
    search = db.session.scalar(select(SavedSearch).where(SavedSearch.token == token))
    if search is None:
        abort(404)
    lists = visible_list_ids(db.session(), Reader.of(search.account))
    query, _added = widened(db.session(), parse(search.text), lists)
    hits = search_index().find(query, lists, 1, ENTRIES, Sort.NEWEST)
    posts = posts_where(
        db.session(),
        Post.id.in_([hit.post_id for hit in hits.hits]),
        # The account may have left a list since the index looked.
        Post.mailing_list_id.in_(lists),
        members_html=False,
        order=(Post.date.desc(), Post.id.desc()),
    )
    title = _("Search: %(query)s", query=search.text)
    answer = feed(title, url_for("searching.search", q=search.text), posts, search.created_at)
    # A secret stands in the address.
    return keep_private(answer)


def _told() -> Told:
    given = request.form.get("told", Told.WEEKLY)
    return Told(given) if given in set(Told) else abort(400)


def _own(search_id: int) -> SavedSearch:
    found = db.session.get(SavedSearch, search_id)
    if found is None or found.account_id != the_account().id:
        abort(404)
    return found
