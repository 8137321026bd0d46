"""A person's own page: who they are here, what they receive, what became of their mail."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import delete, func, or_, select

from forum.clock import utcnow
from forum.extensions import db, limiter
from forum.operations.accounts import AccountError, set_held_mail, set_profile
from forum.operations.tokens import issue_api_token
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage, HeldState, Incoming
from forum.storage.people import Account, Address, Subscription
from forum.storage.tokens import ApiToken, TokenScope
from forum.storage.visibility import find_post
from forum.web.access import signed_in, the_account
from forum.web.addresses import page_number
from forum.web.choice_forms import ChoicesForm, HeldMailForm
from forum.web.choices import keep
from forum.web.forms import ProfileForm, TokenForm
from forum.web.reader import current_reader
from forum.web.wording import incoming_text, reason_text

blueprint = Blueprint("account", __name__)
MAILS_A_PAGE = 50


@blueprint.get("/account")
@signed_in
def show() -> ResponseReturnValue:
    """Everything a person can choose."""
    account = the_account()
    form = ProfileForm(name=account.name, language=account.language, time_zone=account.time_zone)
    return _page(account, form)


@blueprint.post("/account")
@signed_in
def save() -> ResponseReturnValue:
    """Keep name, language and time zone."""
    account = the_account()
    form = ProfileForm()
    if not form.validate_on_submit():
        return _page(account, form), 400
    try:
        set_profile(
            db.session(),
            account,
            name=form.name.data,
            language=form.language.data,
            time_zone=form.time_zone.data,
        )
    except AccountError:
        return _page(account, form), 400
    db.session.commit()
    flash(_("Your choices are kept."), "success")
    return redirect(url_for("account.show"), 303)


@blueprint.post("/account/moderation")
@signed_in
def moderation() -> ResponseReturnValue:
    """Keep how a moderator hears of what waits."""
    form = HeldMailForm()
    if not form.validate_on_submit():
        abort(400)
    set_held_mail(db.session(), the_account(), form.held_mail.data, utcnow())
    db.session.commit()
    flash(_("Your choices are kept."), "success")
    return redirect(url_for("account.show") + "#moderation", 303)


def _page(account: Account, form: ProfileForm) -> str:
    return render_template(
        "account/show.html",
        account=account,
        form=form,
        subscriptions=own_subscriptions(account),
        addresses=own_addresses(account),
        tokens=_tokens(account),
        token_form=TokenForm(formdata=None),
        held_form=HeldMailForm(formdata=None, held_mail=account.held_mail),
    )


def own_addresses(account: Account) -> Sequence[str]:
    """The addresses that the person has shown to be theirs."""
    return db.session.scalars(
        select(Address.email)
        .where(
            Address.author_id == account.author_id,
            or_(Address.confirmed_at.is_not(None), Address.email == account.email),
        )
        .order_by(Address.email)
    ).all()


def own_subscriptions(account: Account) -> Sequence[Subscription]:
    """The lists that the person is on, with any of their confirmed addresses."""
    return db.session.scalars(
        select(Subscription)
        .join(Address)
        .join(MailingList, Subscription.mailing_list_id == MailingList.id)
        .where(
            Address.author_id == account.author_id,
            or_(Address.confirmed_at.is_not(None), Address.email == account.email),
        )
        .order_by(MailingList.slug, Address.email)
    ).all()


@blueprint.route("/account/subscriptions/<key:subscription_id>", methods=["GET", "POST"])
@signed_in
def subscription(subscription_id: int) -> ResponseReturnValue:
    """How one list is received."""
    own = [one for one in own_subscriptions(the_account()) if one.id == subscription_id]
    if not own:
        abort(404)
    form = ChoicesForm.of(own[0])
    # Whoever chooses here can read us again: a bouncing address gets another chance.
    if form.validate_on_submit() and keep(own[0], form):
        db.session.commit()
        flash(_("Your choices are kept."), "success")
        return redirect(url_for("account.show") + "#lists", 303)
    status = 400 if request.method == "POST" else 200
    return render_template("account/subscription.html", form=form, subscription=own[0]), status


@blueprint.get("/account/mails")
@signed_in
def mails() -> ResponseReturnValue:
    """Where is my email? What became of each, newest first."""
    account = the_account()
    page = page_number()
    wanted = Incoming.author_email.in_(own_addresses(account))
    total = db.session.scalar(select(func.count(Incoming.id)).where(wanted)) or 0
    pages = max(1, -(-total // MAILS_A_PAGE))
    if page > pages:
        abort(404)
    rows = db.session.scalars(
        select(Incoming)
        .where(wanted)
        .order_by(Incoming.received_at.desc(), Incoming.id.desc())
        .limit(MAILS_A_PAGE)
        .offset((page - 1) * MAILS_A_PAGE)
    ).all()
    return render_template(
        "account/mails.html",
        mails=rows,
        written_here=_written_here(account),
        addresses=own_addresses(account),
        decisions=_decisions([row.id for row in rows]),
        readable=_readable(rows),
        page=page,
        pages=pages,
        incoming_text=incoming_text,
        reason_text=reason_text,
    )


def _written_here(account: Account) -> Sequence[HeldMessage]:
    """What the person wrote on the web that has met a moderator, and was not posted."""
    return db.session.scalars(
        select(HeldMessage)
        .where(
            HeldMessage.author_id == account.author_id,
            HeldMessage.incoming_id.is_(None),
            HeldMessage.author_email.in_(own_addresses(account)),
            HeldMessage.state != HeldState.ACCEPTED,
        )
        .order_by(HeldMessage.held_at.desc())
        .limit(MAILS_A_PAGE)
    ).all()


def _decisions(incoming_ids: Sequence[int]) -> dict[int, str]:
    """What moderators wrote to the mails that they rejected; discarded ones are told nothing."""
    rows = db.session.execute(
        select(HeldMessage.incoming_id, HeldMessage.decision_reason).where(
            HeldMessage.incoming_id.in_(incoming_ids), HeldMessage.state == HeldState.REJECTED
        )
    )
    return {key: reason for key, reason in rows if key is not None and reason}


def _readable(rows: Sequence[Incoming]) -> frozenset[int]:
    posts = {row.post_id for row in rows if row.post_id is not None}
    reader = current_reader()
    return frozenset(key for key in posts if find_post(db.session(), reader, key) is not None)


@blueprint.post("/account/tokens")
@limiter.limit("20 per hour")
@signed_in
def create_token() -> ResponseReturnValue:
    """Make an API token and show it, this once."""
    account = the_account()
    form = TokenForm()
    if not form.validate_on_submit():
        abort(400)
    secret = issue_api_token(db.session(), account, TokenScope(form.scope.data), utcnow())
    db.session.commit()
    return render_template("account/token.html", secret=secret, scope=form.scope.data)


@blueprint.post("/account/tokens/<key:token_id>/revoke")
@signed_in
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Make an API token useless."""
    if token_id not in {token.id for token in _tokens(the_account())}:
        abort(404)
    db.session.execute(delete(ApiToken).where(ApiToken.id == token_id))
    db.session.commit()
    flash(_("The token is revoked; programs that use it are refused from now on."), "success")
    return redirect(url_for("account.show") + "#tokens", 303)


def _tokens(account: Account) -> Sequence[ApiToken]:
    return db.session.scalars(
        select(ApiToken).where(ApiToken.account_id == account.id).order_by(ApiToken.id)
    ).all()
