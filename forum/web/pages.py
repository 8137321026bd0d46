"""Help and about: texts kept as Markdown files beside this module, one for each language."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from flask import Blueprint, render_template
from flask_babel import gettext
from markupsafe import Markup

from forum.config import settings
from forum.domain.markup import render_markdown
from forum.i18n import current_language

FOLDER: Final = Path(__file__).parent / "pages"

blueprint = Blueprint("pages", __name__)


@blueprint.get("/help")
def help_page() -> str:
    """How to take part, by mail and on the web, and how to search."""
    return _show("help", gettext("Help"))


@blueprint.get("/about")
def about() -> str:
    """What this site is, and what it keeps of its readers."""
    return _show("about", gettext("About this site"))


def _show(name: str, title: str) -> str:
    site = settings()
    body = _rendered(name, current_language(), site.mail_domain, site.site_url)
    return render_template("page.html", title=title, body=body)


@cache
def _rendered(name: str, language: str, mail_domain: str, site_url: str) -> Markup:
    text = (FOLDER / f"{name}.{language}.md").read_text(encoding="utf-8")
    for placeholder, value in (("mail_domain", mail_domain), ("site_url", site_url)):
        text = text.replace(f"%({placeholder})s", value)
    # Addresses in narrow columns break at their sign.
    end = f"{mail_domain}</code></td>"
    html = render_markdown(text).replace(f"@{end}", f"@<wbr>{end}")
    # Our own text, and sanitised like everybody's.
    return Markup(html)  # noqa: S704
