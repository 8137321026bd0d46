"""Decisions on threads and posts, and why they are refused, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask_babel import gettext as _

from forum.domain.curation import SENTENCES
from forum.i18n import language_name
from forum.operations.curation import Refused
from forum.web import audit_words
from forum.web.audit_words import Entry, number_of


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


def line_text(line: Entry) -> str:
    """What was decided, as a whole sentence."""
    known = (_SENTENCES, audit_words.SENTENCES)
    if not line.target.startswith(("post ", "thread ")):
        known = (audit_words.SENTENCES, _SENTENCES)
    say = known[0].get(line.action) or known[1].get(line.action)
    # A later version may have written it.
    return str(say(line)) if say else f"{line.action} {line.target}"


def _detail(line: Entry, name: str) -> str:
    return str(line.details.get(name, ""))


def _retitled(line: Entry) -> str:
    titles = [_detail(line, "subject"), *line.details.get("titles", {}).values()]
    shown = " / ".join(dict.fromkeys(title for title in titles if title))
    return str(_("The thread is called “%(title)s”.", title=shown))


def _labelled(line: Entry) -> str:
    labels = [label_text(one) for one in _detail(line, "labels").split(",") if one]
    return str(_("Labels: %(labels)s.", labels=", ".join(labels) or "–"))


def _tagged(line: Entry) -> str:
    tags = _detail(line, "tags").replace(",", ", ")
    return str(_("Tags: %(tags)s.", tags=tags or "–"))


def _synthesis(line: Entry) -> str:
    language = language_name(_detail(line, "language"))
    if line.details.get("taken_away"):
        return str(_("The synthesis in %(language)s is taken away.", language=language))
    return str(_("The synthesis is written in %(language)s.", language=language))


def _translated(line: Entry) -> str:
    number, language = number_of(line), language_name(_detail(line, "language"))
    if line.details.get("taken_away"):
        return str(
            _("The translation of post %(number)s into %(language)s is taken away.",
              number=number, language=language)
        )  # fmt: skip
    return str(_("Post %(number)s is translated into %(language)s.",
                 number=number, language=language))  # fmt: skip


def _topic(line: Entry) -> str:
    tag = _detail(line, "tag")
    match line.action:
        case "topic-add":
            return str(_("The topic [%(tag)s] is announced.", tag=tag))
        case "topic-remove":
            return str(_("The topic [%(tag)s] is taken out of the calendar.", tag=tag))
    return str(_("The topic [%(tag)s] is changed: %(changes)s.", tag=tag, changes=_changes(line)))


def _concept(line: Entry) -> str:
    state = line.details.get("now_is") or line.details.get("was") or {}
    terms = " / ".join(text for _language, text in state.get("terms", ()))
    match line.action:
        case "glossary-add":
            return str(_("The glossary has a new concept: %(terms)s.", terms=terms))
        case "glossary-remove":
            return str(_("A concept is taken out of the glossary: %(terms)s.", terms=terms))
    return str(_("A concept of the glossary is changed: %(changes)s.", changes=_changes(line)))


def _changes(line: Entry) -> str:
    """What was and what is, of all that differs."""
    was, now_is = (_leaves(line.details.get(name) or {}) for name in ("was", "now_is"))
    names = [name for name in {**was, **now_is} if was.get(name) != now_is.get(name)]
    pairs = (f"{was.get(name) or '–'} → {now_is.get(name) or '–'}" for name in names)
    return "; ".join(pairs) or "–"


def _leaves(state: dict[str, Any]) -> dict[str, str]:
    """The single texts of a topic or a concept, by what they are."""
    found: dict[str, str] = {}
    for name, value in state.items():
        if isinstance(value, dict):
            found |= {f"{name}.{code}": str(text) for code, text in value.items()}
        elif isinstance(value, list):
            for language, text in value:
                key = f"{name}.{language}"
                found[key] = f"{found[key]}, {text}" if key in found else str(text)
        elif value is not None:
            found[name] = str(value)
    return found


_SENTENCES: Final[dict[str, Callable[[Entry], str]]] = {
    "split": lambda line: _(
        "Thread %(thread)s begins with post %(number)s, out of thread %(source)s.",
        thread=_detail(line, "thread"), number=number_of(line), source=_detail(line, "from"),
    ),
    "merge": lambda line: _(
        "Thread %(number)s is merged into thread %(into)s.",
        number=number_of(line), into=_detail(line, "into"),
    ),
    "move": lambda line: _(
        "Thread %(number)s is moved from the list %(source)s to the list %(target)s.",
        number=number_of(line), source=_detail(line, "from"), target=_detail(line, "to"),
    ),
    "reparent": lambda line: _(
        "Post %(number)s stands below post %(parent)s.",
        number=number_of(line), parent=_detail(line, "parent"),
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
    "translate": _translated,
    "hide": lambda line: _("Post %(number)s is hidden.", number=number_of(line)),
    "restore": lambda line: _("Post %(number)s is shown again.", number=number_of(line)),
    "withdraw": lambda line: _("Its author took post %(number)s back.", number=number_of(line)),
    "edit": lambda line: _("Its author changed post %(number)s.", number=number_of(line)),
    "remove": lambda line: _("Post %(number)s is removed for good.", number=number_of(line)),
    **dict.fromkeys(("topic-add", "topic-edit", "topic-remove"), _topic),
    **dict.fromkeys(("glossary-add", "glossary-edit", "glossary-remove"), _concept),
    "glossary-import": lambda line: _(
        "A file was taken into the glossary. New concepts: %(added)s; changed: %(changed)s.",
        added=_detail(line, "added"), changed=_detail(line, "changed"),
    ),
    "undo": lambda line: _("Decision %(number)s is undone.", number=_detail(line, "undone")),
}  # fmt: skip
