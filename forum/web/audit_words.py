"""Decisions that are not on threads or posts, as sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from flask_babel import gettext as _

from forum.domain.rules.values import PersonFlag
from forum.web.wording import role_text


class Entry(Protocol):
    """A line of the log, however it was read."""

    @property
    def action(self) -> str:
        """The command's word."""

    @property
    def target(self) -> str:
        """What it was done to: `held 3`, or an address."""

    @property
    def details(self) -> dict[str, Any]:
        """What belongs to it."""


def number_of(entry: Entry) -> str:
    """The number at the end of what it was done to."""
    return entry.target.rpartition(" ")[2]


def _accepted(entry: Entry) -> str:
    if not entry.details.get("duplicate"):
        return str(_("Held message %(number)s is accepted.", number=number_of(entry)))
    number, post = number_of(entry), entry.details.get("post")
    return str(_("Held message %(number)s is a copy of post %(post)s.", number=number, post=post))


def _flagged(entry: Entry) -> str:
    number = number_of(entry)
    match entry.details.get("flag"):
        case PersonFlag.ACCEPT:
            return str(_("What person %(number)s sends is always accepted.", number=number))
        case PersonFlag.HOLD:
            return str(_("What person %(number)s sends always waits.", number=number))
    return str(_("Person %(number)s may no longer write.", number=number))


def _role(entry: Entry) -> str:
    return role_text(str(entry.details.get("role", "")))


SENTENCES: Final[dict[str, Callable[[Entry], str]]] = {
    "accept": _accepted,
    "reject": lambda entry: _("Held message %(number)s is rejected.", number=number_of(entry)),
    "discard": lambda entry: _("Held message %(number)s is discarded.", number=number_of(entry)),
    "grant": lambda entry: _(
        "%(person)s is given a role: %(role)s.", person=entry.target, role=_role(entry)
    ),
    "revoke": lambda entry: _(
        "A role of %(person)s is taken back: %(role)s.", person=entry.target, role=_role(entry)
    ),
    "create": lambda entry: _("The list %(name)s is made.", name=number_of(entry)),
    "edit": lambda entry: _("The list %(name)s has other settings.", name=number_of(entry)),
    "subscribe": lambda entry: _("%(person)s is put on the list.", person=entry.target),
    "unsubscribe": lambda entry: _("%(person)s is taken off the list.", person=entry.target),
    "invite": lambda entry: _("An invitation is sent to %(person)s.", person=entry.target),
    "withdraw": lambda entry: _("The invitation to %(person)s is withdrawn.", person=entry.target),
    "rename": lambda entry: _("Person %(number)s has another name.", number=number_of(entry)),
    "ask-erasure": lambda entry: _("Person %(number)s asks to be erased.", number=number_of(entry)),
    "refuse-erasure": lambda entry: _(
        "The erasure of person %(number)s is refused.", number=number_of(entry)
    ),
    "erase": lambda entry: _("Person %(number)s is erased.", number=number_of(entry)),
    "erased": lambda entry: _(
        "All texts are searched for person %(number)s, who is erased; changed: %(changed)s.",
        number=number_of(entry), changed=entry.details.get("changed", "–"),
    ),
    "settle": lambda entry: _("A report on post %(number)s is settled.", number=number_of(entry)),
    "rules": lambda entry: _("The rules of the list are changed."),
    "reasons": lambda entry: _("The list's own reasons for refusals are changed."),
    "flag": _flagged,
    "unflag": lambda entry: _(
        "Nothing special holds for person %(number)s any more.", number=number_of(entry)
    ),
    "undo-repairs": lambda entry: _(
        "Post %(number)s is shown as it came, without repairs.", number=number_of(entry)
    ),
    "redo-repairs": lambda entry: _(
        "Post %(number)s is shown repaired again.", number=number_of(entry)
    ),
    "bounce": lambda entry: _(
        "Mail to %(person)s is stopped: it could not be delivered.", person=entry.target
    ),
    "resume": lambda entry: _("Mail to %(person)s goes out again.", person=entry.target),
    "complaint": lambda entry: _(
        "%(person)s marked mail of the list as unwanted.", person=entry.target
    ),
    "stop": lambda entry: _("All mail of the list is stopped."),
    "start": lambda entry: _("The mail of the list goes out again."),
    "send": lambda entry: _(
        "Post %(number)s is sent to the outside list again.", number=number_of(entry)
    ),
    "unlearn": lambda entry: _("A line is shown as text of the posts again."),
    "answer": lambda entry: _("A mail of the outside list is answered."),
    "close": lambda entry: _("A mail of the outside list is put away."),
}  # fmt: skip
"""By the command's word; with posts and threads, some of these words say something else."""
