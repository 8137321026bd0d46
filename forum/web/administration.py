"""Pages for administrators: the state of the site, lists, people, mail that failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from forum.clock import utcnow
from forum.config import settings
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.operations.audit import record
from forum.operations.fetching import all_fetching
from forum.operations.limits import held_by_limits
from forum.operations.lists import ListError, create_list, edit_list, grant_role, revoke_role
from forum.storage.audit import AuditEntry
from forum.storage.lists import MailingList, Mode, RoleGrant, list_by_slug
from forum.storage.mail import (
    Incoming,
    IncomingState,
)
from forum.storage.people import Account, Address, Author, account_by_email
from forum.web.access import administrators_only, the_account
from forum.web.addresses import page_number
from forum.web.list_forms import ListForm, NewListForm, RoleForm
from forum.web.site_state import count, list_rows, read_queues
from forum.web.wording import role_text

blueprint = Blueprint("administration", __name__)

ROWS_A_PAGE = 50
OPTIONS = (
    *(f"{text}_{code}" for text in ("title", "description") for code in LANGUAGES),
    "visibility",
    "posting",
    "strangers",
    "language",
    "from_policy",
    "reply_to",
    "subject_prefix",
    "mode",
    "upstream_list_id",
)
OUTSIDE = ("upstream_address", "bridge_address")


@blueprint.get("/admin")
@administrators_only
def overview() -> ResponseReturnValue:
    """The state of the site on one page."""
    failed = db.session.scalars(
        select(Incoming)
        .where(Incoming.state == IncomingState.FAILED)
        .order_by(Incoming.received_at.desc(), Incoming.id.desc())
        .limit(10)
    ).all()
    return render_template(
        "administration/overview.html",
        queues=read_queues(),
        lists=list_rows(),
        failed=failed,
        held_by_limits=held_by_limits(db.session(), settings().hourly_limits, utcnow()),
        mailboxes=all_fetching(db.session()),
    )


@blueprint.route("/admin/lists/new", methods=["GET", "POST"])
@administrators_only
def new_list() -> ResponseReturnValue:
    """Create a list."""
    form = NewListForm()
    if form.validate_on_submit() and form.has_titles():
        titles = {code: form[f"title_{code}"].data or "" for code in LANGUAGES}
        try:
            made = create_list(db.session(), form.address.data, titles, utcnow(), **_options(form))
        except ListError as error:
            db.session.rollback()
            _point_at(form, error)
        else:
            _record("create", made)
            db.session.commit()
            flash(_("The list is there."), "success")
            return redirect(url_for("administration.one_list", slug=made.slug), 303)
    return _list_page(form, None), _status(form)


@blueprint.route("/admin/lists/<slug>", methods=["GET", "POST"])
@administrators_only
def one_list(slug: str) -> ResponseReturnValue:
    """Change a list."""
    mailing_list = _the_list(slug)
    form = ListForm(obj=mailing_list)
    if form.validate_on_submit() and form.has_titles():
        try:
            edit_list(db.session(), mailing_list, **_options(form))
        except ListError as error:
            db.session.rollback()
            _point_at(form, error)
        else:
            _record("edit", mailing_list)
            db.session.commit()
            flash(_("The list is changed."), "success")
            return redirect(url_for("administration.one_list", slug=slug), 303)
    return _list_page(form, mailing_list), _status(form)


def _the_list(slug: str) -> MailingList:
    return list_by_slug(db.session(), slug) or abort(404)


def _options(form: ListForm) -> dict[str, str]:
    options = {name: form[name].data or "" for name in OPTIONS}
    # An empty outside address is none; the operation leaves what it is not given.
    return options | {name: form[name].data for name in OUTSIDE if form[name].data}


def _point_at(form: ListForm, error: ListError) -> None:
    """Put what the operation says beside the field it is about."""
    text = str(error)
    if form.mode.data == Mode.MIRRORED and "mirrored" in text:
        form.mode.errors = (_("A mirrored list needs both addresses below."),)
    elif form.bridge_address.data and form.bridge_address.data.lower() in text:
        form.bridge_address.errors = (_("Another list has this address already."),)
    elif isinstance(form, NewListForm):
        form.address.errors = (
            _("This address cannot be that of a new list, or a list has it already."),
        )
    else:
        form.mode.errors = (text,)


def _list_page(form: ListForm, mailing_list: MailingList | None) -> str:
    roles: Sequence[RoleGrant] = ()
    if mailing_list is not None:
        roles = db.session.scalars(
            select(RoleGrant)
            .where(RoleGrant.mailing_list_id == mailing_list.id)
            .order_by(RoleGrant.role, RoleGrant.id)
        ).all()
    return render_template(
        "administration/list.html",
        form=form,
        mailing_list=mailing_list,
        roles=roles,
        role_form=RoleForm(formdata=None),
        role_text=role_text,
    )


def _status(form: Any) -> int:
    return 400 if request.method == "POST" and form.is_submitted() else 200


def _record(action: str, mailing_list: MailingList, **details: Any) -> None:
    target = details.pop("target", f"list {mailing_list.slug}")
    record(
        db.session(),
        action,
        target,
        utcnow(),
        account=the_account(),
        mailing_list=mailing_list,
        **details,
    )


@blueprint.post("/admin/lists/<slug>/roles")
@administrators_only
def grant(slug: str) -> ResponseReturnValue:
    """Give an account a role on a list."""
    mailing_list = _the_list(slug)
    form = RoleForm()
    account = None
    if form.validate_on_submit():
        account = account_by_email(db.session(), form.email.data)
        if account is None:
            form.email.errors = (
                _("There is no account with this address. The person must sign in here once."),
            )
    if account is None:
        page = render_template("administration/role.html", form=form, mailing_list=mailing_list)
        return page, 400
    if grant_role(db.session(), mailing_list, account, form.role.data, utcnow()):
        _record("grant", mailing_list, target=account.email, role=form.role.data)
    db.session.commit()
    flash(_("The role is given."), "success")
    return redirect(url_for("administration.one_list", slug=slug) + "#roles", 303)


@blueprint.post("/admin/roles/<key:grant_id>/revoke")
@administrators_only
def revoke(grant_id: int) -> ResponseReturnValue:
    """Take a role back."""
    found = db.session.get(RoleGrant, grant_id) or abort(404)
    mailing_list, account, role = found.mailing_list, found.account, found.role
    if revoke_role(db.session(), mailing_list, account, role, utcnow()):
        _record("revoke", mailing_list, target=account.email, role=role)
    db.session.commit()
    flash(_("The role is taken back."), "success")
    return redirect(url_for("administration.one_list", slug=mailing_list.slug) + "#roles", 303)


@blueprint.get("/admin/accounts")
@administrators_only
def accounts() -> ResponseReturnValue:
    """Find people by name or address."""
    wanted = " ".join(request.args.get("q", "").split())[:200]
    page = page_number()
    query = select(Account).join(Author, Account.author_id == Author.id)
    if wanted:
        pattern = (
            "%" + wanted.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        )
        having = select(Address.author_id).where(Address.email.like(pattern, escape="\\"))
        query = query.where(
            or_(
                func.lower(Author.name).like(pattern, escape="\\"),
                Account.author_id.in_(having),
            )
        )
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // ROWS_A_PAGE))
    if page > pages:
        abort(404)
    rows = db.session.scalars(
        query.order_by(Account.email).limit(ROWS_A_PAGE).offset((page - 1) * ROWS_A_PAGE)
    ).all()
    return render_template(
        "administration/accounts.html",
        accounts=rows,
        roles=_roles_by_account([one.id for one in rows]),
        wanted=wanted,
        total=total,
        page=page,
        pages=pages,
        role_text=role_text,
    )


def _roles_by_account(ids: Sequence[int]) -> dict[int, list[RoleGrant]]:
    found: dict[int, list[RoleGrant]] = {}
    for one in db.session.scalars(select(RoleGrant).where(RoleGrant.account_id.in_(ids))):
        found.setdefault(one.account_id, []).append(one)
    return found


@blueprint.get("/admin/audit")
@administrators_only
def audit() -> ResponseReturnValue:
    """Who decided what, newest first."""
    page = page_number()
    pages = max(1, -(-count(AuditEntry.id) // ROWS_A_PAGE))
    if page > pages:
        abort(404)
    rows = db.session.scalars(
        select(AuditEntry)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(ROWS_A_PAGE)
        .offset((page - 1) * ROWS_A_PAGE)
    ).all()
    return render_template("administration/audit.html", entries=rows, page=page, pages=pages)


@blueprint.get("/admin/mail")
@administrators_only
def failed_mail() -> ResponseReturnValue:
    """Incoming mail on which our own code failed: kept, with the reason."""
    page = page_number()
    failed = Incoming.state == IncomingState.FAILED
    pages = max(1, -(-count(Incoming.id, failed) // ROWS_A_PAGE))
    if page > pages:
        abort(404)
    rows = db.session.scalars(
        select(Incoming)
        .where(failed)
        .order_by(Incoming.received_at.desc(), Incoming.id.desc())
        .limit(ROWS_A_PAGE)
        .offset((page - 1) * ROWS_A_PAGE)
    ).all()
    return render_template("administration/mail.html", failed=rows, page=page, pages=pages)
