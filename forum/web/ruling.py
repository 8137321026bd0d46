"""A list's rules, the reasons its moderators can choose, and how people are met, on one page."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from forum.clock import utcnow
from forum.domain.rejections import CHARACTERS, MOST
from forum.domain.rules import ListRules
from forum.domain.rules.words import PATTERN_CHARACTERS, PATTERNS, parts_of
from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.operations.ruling import (
    flags_on,
    lift_flag,
    rejection_texts,
    set_rejection_texts,
    set_rules,
)
from forum.storage.lists import MailingList
from forum.storage.rules import rules_of
from forum.web.access import the_account
from forum.web.addresses import LARGEST_KEY, whole_number
from forum.web.reader import current_reader
from forum.web.running import for_moderators, runs

NUMBERS: Final = ("max_links", "max_bytes", "max_recipients")
KILOBYTE: Final = 1_000

blueprint = Blueprint("ruling", __name__)


class _Mistake(ValueError):
    """What was typed is no rule; the text says why, in the reader's language."""


@blueprint.get("/lists/<slug>/rules")
@for_moderators
def show(mailing_list: MailingList) -> ResponseReturnValue:
    """See the rules; owners can change them."""
    return _page(mailing_list)


@blueprint.post("/lists/<slug>/rules")
@for_moderators
def save(mailing_list: MailingList) -> ResponseReturnValue:
    """Change the rules or the reasons, or meet somebody like everybody again."""
    action = request.form.get("action", "")
    if action != "lift" and not runs(current_reader(), mailing_list):
        abort(404)
    try:
        match action:
            case "rules":
                set_rules(
                    db.session(), mailing_list, _typed_rules(), utcnow(), account=the_account()
                )
            case "reasons":
                set_rejection_texts(
                    db.session(), mailing_list, _typed_reasons(), utcnow(), account=the_account()
                )
            case "lift":
                _lift(mailing_list)
            case _:
                abort(400)
    except _Mistake as mistake:
        db.session.rollback()
        return _page(mailing_list, str(mistake)), 400
    db.session.commit()
    flash(_("Your choices are kept."), "success")
    return redirect(url_for("ruling.show", slug=mailing_list.slug), 303)


def _page(mailing_list: MailingList, error: str = "") -> str:
    texts = [dict(one) for one in rejection_texts(db.session(), mailing_list.id)]
    return render_template(
        "running/rules.html",
        mailing_list=mailing_list,
        rules=rules_of(db.session(), mailing_list.id),
        texts=[*texts, dict.fromkeys(LANGUAGES, "")][:MOST],
        flags=flags_on(db.session(), mailing_list, utcnow()),
        may_change=runs(current_reader(), mailing_list),
        typed=request.form,
        error=error,
    )


def _typed_rules() -> ListRules:
    words = tuple(dict.fromkeys(filter(None, map(str.strip, _lines("words")))))
    if len(words) > PATTERNS:
        raise _Mistake(_("At most %(max)d words or phrases.", max=PATTERNS))
    for word in words:
        if not parts_of(word) or len(word) > PATTERN_CHARACTERS:
            raise _Mistake(_("“%(word)s” is no word or phrase.", word=word[:40]))
    numbers: dict[str, Any] = {name: _number(name) for name in NUMBERS}
    if numbers["max_bytes"] is not None:
        numbers["max_bytes"] *= KILOBYTE
    return ListRules(
        first_post="first_post" in request.form,
        spam="spam" in request.form,
        words=words,
        languages=tuple(code for code in LANGUAGES if code in request.form.getlist("languages")),
        **numbers,
    )


def _lines(name: str) -> list[str]:
    return request.form.get(name, "").splitlines()


def _number(name: str) -> int | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    found = whole_number(text, 1_000_000, 0)
    if found is None:
        raise _Mistake(_("“%(text)s” is not a whole number.", text=text[:20]))
    return found


def _typed_reasons() -> list[dict[str, str]]:
    found = []
    for index in range(MOST):
        one = {code: request.form.get(f"text-{index}-{code}", "").strip() for code in LANGUAGES}
        if not any(one.values()):
            continue
        if not all(one.values()):
            raise _Mistake(_("A reason needs its words in each language."))
        if max(map(len, one.values())) > CHARACTERS:
            raise _Mistake(_("A reason has at most %(max)d characters.", max=CHARACTERS))
        found.append(one)
    return found


def _lift(mailing_list: MailingList) -> None:
    author_id = whole_number(request.form.get("person", ""), LARGEST_KEY)
    if author_id is None or not lift_flag(
        db.session(), author_id, utcnow(), mailing_list=mailing_list, account=the_account()
    ):
        raise NotFound
