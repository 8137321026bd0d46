"""The signed-in reader's choice of language; everybody else's is a link with `?lang=`."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request
from flask_login import login_required
from werkzeug.wrappers import Response

from forum.domain.values import LANGUAGES
from forum.extensions import db
from forum.operations.accounts import set_language
from forum.web.addresses import safe_path
from forum.web.reader import current_account

blueprint = Blueprint("languages", __name__)


@blueprint.post("/language")
@login_required  # type: ignore[untyped-decorator]
def choose() -> Response:
    """Keep the language with the account and go back to the page."""
    account = current_account()
    language = request.form.get("language", "")
    if account is None or language not in LANGUAGES:
        abort(400)
    set_language(db.session(), account, language)
    db.session.commit()
    return redirect(safe_path(request.form.get("next", "")), 303)
