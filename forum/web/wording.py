"""Codes that the tables keep, said in the reader's language."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from forum.domain.rules import Reason
from forum.storage.lists import RoleName
from forum.storage.mail import HeldState, IncomingState
from forum.storage.people import DeliveryMode, SubscriptionState

OWN_NAMES = (("fr", "Français"), ("en", "English"), ("es", "Español"))
"""The languages of the interface, each in its own words."""


def reason_text(code: str) -> str:
    """Why a message was held or refused, as a whole sentence."""
    sentences = {
        Reason.TOO_LARGE: _("The message is larger than this site takes."),
        Reason.UNVERIFIED_SENDER: _("It could not be verified that the author really sent it."),
        Reason.NO_AUTHOR: _("The message names no author."),
        Reason.STRANGER: _("The author is not subscribed to the list."),
        Reason.MODERATED_LIST: _("On this list a moderator reads every message first."),
        Reason.CLOSED_THREAD: _("The thread is closed."),
        Reason.EMPTY: _("The message is empty."),
        Reason.UNREADABLE: _("The message could not be read."),
    }
    return sentences.get(code, code)  # type: ignore[call-overload, no-any-return]


def incoming_text(state: str) -> str:
    """What became of an incoming message."""
    sentences = {
        IncomingState.RECEIVED: _("Received; it will be looked at in a moment."),
        IncomingState.POSTED: _("Posted."),
        IncomingState.HELD: _("It awaits a moderator."),
        IncomingState.REJECTED: _("Refused."),
        IncomingState.DISCARDED: _("Set aside; it was not posted."),
        IncomingState.DUPLICATE: _("We had this message already, so it was not posted twice."),
        IncomingState.COMMAND: _("A command to the list; it was carried out or answered."),
        IncomingState.BOUNCE: _("A mail server told us that a mail could not be delivered."),
        IncomingState.AUTOMATIC: _("An automatic answer; such mail is never posted."),
        IncomingState.ECHO: _("A copy of something written here; it was recognised."),
        IncomingState.FAILED: _(
            "Something went wrong on our side. Your message is kept, and the administrators see it."
        ),
    }
    return sentences.get(state, state)  # type: ignore[call-overload, no-any-return]


def held_text(state: str) -> str:
    """What a moderator decided, in one word."""
    words = {
        HeldState.HELD: _("waiting"),
        HeldState.ACCEPTED: _("accepted"),
        HeldState.REJECTED: _("rejected"),
        HeldState.DISCARDED: _("discarded"),
    }
    return words.get(state, state)  # type: ignore[call-overload, no-any-return]


def role_text(role: str) -> str:
    """The name of a role on a list."""
    words = {
        RoleName.OWNER: _("owner"),
        RoleName.MODERATOR: _("moderator"),
        RoleName.TRANSLATOR: _("translator"),
    }
    return words.get(role, role)  # type: ignore[call-overload, no-any-return]


DELIVERY_CHOICES = (
    (DeliveryMode.EACH, _l("Each message as it comes")),
    (DeliveryMode.DAILY, _l("One mail a day")),
    (DeliveryMode.WEEKLY, _l("One mail a week")),
    (DeliveryMode.NONE, _l("No mail: I read on the web")),
)
STATE_CHOICES = (
    (SubscriptionState.ACTIVE, _l("Send me mail")),
    (SubscriptionState.PAUSED, _l("Pause: send nothing until I come back here")),
)
