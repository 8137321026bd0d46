"""Decisions on threads and posts, and why they are refused, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask_babel import gettext as _

from forum.domain.curation import SENTENCES
from forum.i18n import language_name
from forum.operations.curation import Refused
from forum.storage.curation_lines import Line


def refusal_text(refused: Refused) -> str:
    """Why a decision cannot be carried out."""
    return str(_(SENTENCES[refused.refusal], number=refused.number))


def label_text(label: str) -> str:
    """A label of the method."""
    words = {
        "illustrate": _("illustrate"),
        "debate": _("debate"),
        "propose": _("propose"),
    }
    return str(words.get(label, label))


def line_text(line: Line) -> str:
    """What was decided, as a whole sentence; what is no decision on posts, by its code."""
    say = _SENTENCES.get(line.action)
    return str(say(line)) if say and line.is_decision else f"{line.action} {line.target}"


def _number(line: Line) -> str:
    return line.target.rpartition(" ")[2]


def _detail(line: Line, name: str) -> str:
    return str(line.details.get(name, ""))


def _retitled(line: Line) -> str:
    titles = [_detail(line, "subject"), *line.details.get("titles", {}).values()]
    shown = " / ".join(dict.fromkeys(title for title in titles if title))
    return str(_("The thread is called “%(title)s”.", title=shown))


def _labelled(line: Line) -> str:
    labels = [label_text(one) for one in _detail(line, "labels").split(",") if one]
    return str(_("Labels: %(labels)s.", labels=", ".join(labels) or "–"))


def _tagged(line: Line) -> str:
    tags = _detail(line, "tags").replace(",", ", ")
    return str(_("Tags: %(tags)s.", tags=tags or "–"))


def _synthesis(line: Line) -> str:
    language = language_name(_detail(line, "language"))
    if line.details.get("taken_away"):
        return str(_("The synthesis in %(language)s is taken away.", language=language))
    return str(_("The synthesis is written in %(language)s.", language=language))


_SENTENCES: Final[dict[str, Callable[[Line], str]]] = {
    "split": lambda line: _(
        "Thread %(thread)s begins with post %(number)s, out of thread %(source)s.",
        thread=_detail(line, "thread"), number=_number(line), source=_detail(line, "from"),
    ),
    "merge": lambda line: _(
        "Thread %(number)s is merged into thread %(into)s.",
        number=_number(line), into=_detail(line, "into"),
    ),
    "move": lambda line: _(
        "Thread %(number)s is moved from the list %(source)s to the list %(target)s.",
        number=_number(line), source=_detail(line, "from"), target=_detail(line, "to"),
    ),
    "reparent": lambda line: _(
        "Post %(number)s stands below post %(parent)s.",
        number=_number(line), parent=_detail(line, "parent"),
    ),
    "retitle": _retitled,
    "pin": lambda line: _("The thread is pinned."),
    "unpin": lambda line: _("The thread is no longer pinned."),
    "close": lambda line: _("The thread is closed."),
    "reopen": lambda line: _("The thread is open again."),
    "tag": _tagged,
    "untag": _tagged,
    "label": _labelled,
    "synthesis": _synthesis,
    "hide": lambda line: _("Post %(number)s is hidden.", number=_number(line)),
    "restore": lambda line: _("Post %(number)s is shown again.", number=_number(line)),
    "withdraw": lambda line: _("Its author took post %(number)s back.", number=_number(line)),
    "edit": lambda line: _("Its author changed post %(number)s.", number=_number(line)),
    "remove": lambda line: _("Post %(number)s is removed for good.", number=_number(line)),
    "undo": lambda line: _("Decision %(number)s is undone.", number=_detail(line, "undone")),
}  # fmt: skip
