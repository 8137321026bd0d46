"""What goes out by mail: stopped and started by a list's owners, resumed by who receives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import joinedload

from forum.clock import utcnow
from forum.config import settings
from forum.domain.sending_limits import list_scope
from forum.extensions import db
from forum.operations import bounces, limits
from forum.operations.outgoing import set_stopped
from forum.storage.browsing import read_columns
from forum.storage.lists import MailingList, RoleGrant, RoleName
from forum.storage.mail import Delivery, SendState
from forum.storage.people import Account, Address, Subscription, SubscriptionState
from forum.storage.sending import SmarthostFault, current_fault
from forum.web.access import signed_in, the_account
from forum.web.addresses import LARGEST_KEY, whole_number
from forum.web.reader import current_account
from forum.web.running import for_owners

blueprint = Blueprint("outgoing", __name__)

DECISIONS: Final = ("stop", "start")


@dataclass(frozen=True, slots=True)
class Sending:
    """How a list's outgoing mail stands."""

    mailing_list: MailingList
    waiting: int
    bouncing: int
    held: limits.Held | None
    """The limit of the list, where it holds mail back now."""


@blueprint.get("/lists/<slug>/outgoing")
@for_owners
def show(mailing_list: MailingList) -> ResponseReturnValue:
    """What waits, what comes back, and the button that stops it all."""
    return render_template(
        "outgoing/show.html",
        sending=sending_of(mailing_list, limits_reached()),
        mailing_list=mailing_list,
        fault=current_fault(db.session()),
        stopped=bounces.stopped_of(db.session(), mailing_list),
        failed=_failed(mailing_list),
    )


@blueprint.post("/lists/<slug>/outgoing")
@for_owners
def decide(mailing_list: MailingList) -> ResponseReturnValue:
    """Stop all outgoing mail of a list, start it, or send to an address again."""
    decision, _colon, key = request.form.get("decision", "").partition(":")
    if decision == "resume":
        _resume_one(mailing_list, whole_number(key, LARGEST_KEY) or abort(400))
    elif decision in DECISIONS:
        set_stopped(db.session(), mailing_list, decision == "stop", utcnow(), the_account())
        flash(_stopped_told(decision), "success")
    else:
        abort(400)
    db.session.commit()
    return redirect(url_for("outgoing.show", slug=mailing_list.slug), 303)


@blueprint.post("/account/subscriptions/<key:subscription_id>/resume")
@signed_in
def resume(subscription_id: int) -> ResponseReturnValue:
    """Have mail sent again to an address of one's own from which it came back."""
    found = [one for one in stopped_subscriptions() if one.id == subscription_id]
    if not found:
        abort(404)
    mailing_list = found[0].mailing_list
    missed = bounces.resume(db.session(), found[0], utcnow(), the_account())
    db.session.commit()
    flash(_missed_told(missed), "success")
    return redirect(url_for("reading.show_list", slug=mailing_list.slug), 303)


def limits_reached() -> list[limits.Held]:
    """The limits that hold mail back now."""
    return limits.held_by_limits(db.session(), settings().hourly_limits, utcnow())


def sending_of(mailing_list: MailingList, held: Sequence[limits.Held]) -> Sending:
    """How a list's outgoing mail stands now."""
    session, now = db.session(), utcnow()
    own = list_scope(mailing_list.id)
    bouncing = session.scalar(
        select(func.count(Subscription.id)).where(
            Subscription.mailing_list_id == mailing_list.id,
            Subscription.state == SubscriptionState.BOUNCING,
        )
    )
    return Sending(
        mailing_list,
        limits.waiting_for(session, mailing_list, now),
        bouncing or 0,
        next((one for one in held if one.scope == own), None),
    )


def owned_sending() -> list[Sending]:
    """How the outgoing mail of the reader's own lists stands; for administrators, of all."""
    account = current_account()
    if account is None:
        return []
    query = select(MailingList).order_by(MailingList.slug)
    if not account.is_admin:
        own = select(RoleGrant.mailing_list_id).where(
            RoleGrant.account_id == account.id, RoleGrant.role == RoleName.OWNER
        )
        query = query.where(MailingList.id.in_(own))
    held = limits_reached()
    return [sending_of(one, held) for one in db.session.scalars(query).all()]


def stopped_subscriptions() -> Sequence[Subscription]:
    """The reader's own subscriptions to which nothing is sent, because mail came back."""
    account = current_account()
    if account is None:
        return ()
    values = {"author": account.author_id, "email": account.email}
    stopped = read_columns(db.session(), _stopped_query(), **values).scalars().all()
    if not stopped:
        return ()
    return db.session.scalars(
        select(Subscription)
        .where(Subscription.id.in_(stopped))
        .options(joinedload(Subscription.mailing_list), joinedload(Subscription.address))
        .order_by(Subscription.id)
    ).all()


@cache
def _stopped_query() -> Select[int]:
    # Asked on every page of who is signed in.
    return (
        select(Subscription.id)
        .join(Address, Address.id == Subscription.address_id)
        .where(
            Address.author_id == bindparam("author"),
            Subscription.state == SubscriptionState.BOUNCING,
            or_(Address.confirmed_at.is_not(None), Address.email == bindparam("email")),
        )
    )


def smarthost_fault() -> SmarthostFault | None:
    """Since when nothing can be sent at all, if so."""
    return current_fault(db.session())


@blueprint.record_once
def _tell_templates(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(
        owned_sending=owned_sending,
        stopped_subscriptions=stopped_subscriptions,
        smarthost_fault=smarthost_fault,
    )


def _resume_one(mailing_list: MailingList, subscription_id: int) -> None:
    subscription = db.session.get(Subscription, subscription_id)
    if subscription is None or subscription.mailing_list_id != mailing_list.id:
        abort(404)
    if subscription.state == SubscriptionState.BOUNCING:
        account: Account = the_account()
        bounces.resume(db.session(), subscription, utcnow(), account)
    flash(_("Mail is sent to %(email)s again.", email=subscription.address.email), "success")


def _failed(mailing_list: MailingList) -> int:
    counted = (
        select(func.count(Delivery.id))
        .join(Subscription, Subscription.id == Delivery.subscription_id)
        .where(Subscription.mailing_list_id == mailing_list.id, Delivery.state == SendState.FAILED)
    )
    return db.session.scalar(counted) or 0


def _stopped_told(decision: str) -> str:
    if decision == "stop":
        told = _("Nothing of this list goes out any more, until you start it again.")
    else:
        told = _("What waited goes out now.")
    return str(told)


def _missed_told(missed: int) -> str:
    told = _("You receive the mail of this list again.")
    if missed:
        told = ngettext(
            "You receive the mail of this list again. %(num)d message came meanwhile: it is here.",
            "You receive the mail of this list again. %(num)d messages came meanwhile: they are "
            "here.",
            missed,
        )
    return str(told)
