"""Who is on a list: found, taken off, downloaded, and put on by a file."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from forum.clock import utcnow
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.operations.accounts import NAME_CHARACTERS
from forum.operations.member_files import (
    HEADER,
    BadLine,
    Fault,
    MemberFile,
    read_members,
    write_members,
)
from forum.operations.members import (
    WANTED_CHARACTERS,
    count_members,
    join_all,
    members_of,
    take_off,
)
from forum.storage.lists import MailingList
from forum.storage.people import DeliveryMode, Subscription
from forum.web.access import the_account
from forum.web.addresses import LARGEST_KEY, page_number, whole_number
from forum.web.caching import keep_private
from forum.web.list_forms import MemberFileForm
from forum.web.running import for_administrators, for_owners

blueprint = Blueprint("members", __name__)

ROWS_A_PAGE = 50
FAULTS_SHOWN = 50


@blueprint.get("/lists/<slug>/members")
@for_owners
def show(mailing_list: MailingList) -> ResponseReturnValue:
    """The subscribers, by address, found by a part of name or address."""
    wanted = " ".join(request.args.get("q", "").split())[:WANTED_CHARACTERS]
    page = page_number()
    total = count_members(db.session(), mailing_list, wanted)
    pages = max(1, -(-total // ROWS_A_PAGE))
    if page > pages:
        abort(404)
    return render_template(
        "running/members.html",
        mailing_list=mailing_list,
        members=members_of(
            db.session(),
            mailing_list,
            wanted,
            offset=(page - 1) * ROWS_A_PAGE,
            limit=ROWS_A_PAGE,
        ),
        wanted=wanted,
        total=total,
        page=page,
        pages=pages,
    )


@blueprint.get("/lists/<slug>/members.csv")
@for_owners
def download(mailing_list: MailingList) -> ResponseReturnValue:
    """All of them as a file that can be read in again."""
    answer = Response(write_members(members_of(db.session(), mailing_list)), mimetype="text/csv")
    name = f"{mailing_list.slug}-members.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return keep_private(answer)


@blueprint.route("/lists/<slug>/members/remove", methods=["GET", "POST"])
@for_owners
def remove(mailing_list: MailingList) -> ResponseReturnValue:
    """Take somebody off the list, after a page that asks."""
    key = whole_number(request.values.get("member", ""), LARGEST_KEY)
    found = db.session.get(Subscription, key) if key else None
    if found is None or found.mailing_list_id != mailing_list.id:
        abort(404)
    if request.method == "GET":
        return render_template("running/remove.html", mailing_list=mailing_list, member=found)
    email = found.address.email
    take_off(db.session(), found, utcnow(), the_account())
    db.session.commit()
    flash(_("%(email)s is not subscribed any more.", email=email), "success")
    return redirect(url_for("members.show", slug=mailing_list.slug), 303)


@blueprint.route("/lists/<slug>/members/add", methods=["GET", "POST"])
@for_administrators
def add(mailing_list: MailingList) -> ResponseReturnValue:
    """Subscribe everybody in a file without confirmation, or nobody."""
    form = MemberFileForm()
    found = MemberFile((), ())
    if form.validate_on_submit():
        try:
            found = read_members(form.file.data.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            form.file.errors = (_("The file is no text in UTF-8."),)
        else:
            if not found.faults:
                return _add(mailing_list, found, form.welcome.data)
            form.file.errors = (_("Nobody was subscribed, for some lines cannot be read."),)
    status = 400 if request.method == "POST" else 200
    page = render_template(
        "running/add.html",
        mailing_list=mailing_list,
        form=form,
        faults=[fault_text(one) for one in found.faults[:FAULTS_SHOWN]],
        more=max(0, len(found.faults) - FAULTS_SHOWN),
        header=",".join(HEADER),
    )
    return page, status


def _add(mailing_list: MailingList, found: MemberFile, with_welcome: bool) -> ResponseReturnValue:
    added = join_all(
        db.session(),
        mailing_list,
        found.people,
        utcnow(),
        account=the_account(),
        with_welcome=with_welcome,
    )
    db.session.commit()
    flash(
        ngettext("%(num)s person is subscribed.", "%(num)s people are subscribed.", added),
        "success",
    )
    there = len(found.people) - added
    if there:
        flash(
            ngettext(
                "%(num)s person was on it already.", "%(num)s people were on it already.", there
            )
        )
    return redirect(url_for("members.show", slug=mailing_list.slug), 303)


def fault_text(bad: BadLine) -> str:
    """What is wrong with a line of a file, as a whole sentence."""
    number, value = bad.number, bad.value
    match bad.fault:
        case Fault.HEADER:
            told = _(
                "Line %(number)d: it must be %(header)s.", number=number, header=",".join(HEADER)
            )
        case Fault.ADDRESS:
            told = _(
                "Line %(number)d: “%(value)s” is not an email address.", number=number, value=value
            )
        case Fault.NAME:
            told = _(
                "Line %(number)d: a name has at most %(max)d characters.",
                number=number,
                max=NAME_CHARACTERS,
            )
        case Fault.LANGUAGE:
            told = _(
                "Line %(number)d: the language is %(words)s, not “%(value)s”.",
                number=number,
                words=", ".join(LANGUAGES),
                value=value,
            )
        case Fault.DELIVERY:
            told = _(
                "Line %(number)d: the delivery is %(words)s, not “%(value)s”.",
                number=number,
                words=", ".join(DeliveryMode),
                value=value,
            )
        case _other:
            told = _("Line %(number)d: this is not CSV.", number=number)
    return str(told)
