"""Codes that the tables keep, said in the reader's language."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from forum.domain.days import day_in_words
from forum.domain.rules import Reason
from forum.i18n import current_language
from forum.operations.choices import Change
from forum.storage.choices import InvitationState
from forum.storage.lists import RoleName
from forum.storage.mail import HeldState, IncomingState
from forum.storage.people import DeliveryMode, SubscriptionState

OWN_NAMES = (("fr", "Français"), ("en", "English"), ("es", "Español"))
"""The languages of the interface, each in its own words."""


def reason_text(code: str) -> str:
    """Why a message was held or refused, as a whole sentence."""
    sentences: dict[str, str] = {
        Reason.TOO_LARGE: _("The message is larger than this site takes."),
        Reason.UNVERIFIED_SENDER: _("It could not be verified that the author really sent it."),
        Reason.NO_AUTHOR: _("The message names no author."),
        Reason.STRANGER: _("The author is not subscribed to the list."),
        Reason.MODERATED_LIST: _("On this list a moderator reads every message first."),
        Reason.CLOSED_THREAD: _("The thread is closed."),
        Reason.EMPTY: _("The message is empty."),
        Reason.UNREADABLE: _("The message could not be read."),
        Reason.NOT_FROM_OUTSIDE: _(
            "It came to the bridge of this mirrored list, and not from the outside list."
        ),
        Reason.CAME_BACK_CHANGED: _(
            "It bears the mark of a post that was sent from here, and its text is another."
        ),
        Reason.BANNED: _("You may not write to this list."),
        Reason.HELD_ALWAYS: _("A moderator reads every message of this author first."),
        Reason.FIRST_POST: _("It is the author's first message to the list."),
        Reason.SPAM: _("The mail server takes the message for spam."),
        Reason.WORDS: _("The message holds words that a moderator wants to read first."),
        Reason.LINKS: _("The message holds many links."),
        Reason.RECIPIENTS: _("The message went to many addresses at once."),
        Reason.LANGUAGE: _("The message is in a language that the list does not use."),
    }
    return sentences.get(code, code)


def incoming_text(state: str) -> str:
    """What became of an incoming message."""
    sentences: dict[str, str] = {
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
    return sentences.get(state, state)


def held_text(state: str) -> str:
    """What a moderator decided, in one word."""
    words: dict[str, str] = {
        HeldState.HELD: _("waiting"),
        HeldState.ACCEPTED: _("accepted"),
        HeldState.REJECTED: _("rejected"),
        HeldState.DISCARDED: _("discarded"),
    }
    return words.get(state, state)


def role_text(role: str) -> str:
    """The name of a role on a list."""
    words: dict[str, str] = {
        RoleName.OWNER: _("owner"),
        RoleName.MODERATOR: _("moderator"),
        RoleName.TRANSLATOR: _("translator"),
    }
    return words.get(role, role)


DELIVERY_CHOICES = (
    (DeliveryMode.EACH, _l("Each message as it comes")),
    (DeliveryMode.DAILY, _l("One mail a day")),
    (DeliveryMode.WEEKLY, _l("One mail a week")),
    (DeliveryMode.NONE, _l("No mail: I read on the web")),
)
STATE_CHOICES = (
    (SubscriptionState.ACTIVE, _l("Send me mail")),
    (SubscriptionState.PAUSED, _l("Pause: send me nothing")),
)


def change_text(change: Change, subject: str) -> str:
    """What is asked to be confirmed, as a whole sentence.

    Args:
        subject: Of the thread that it is about, if it is about one.
    """
    sentences: dict[str, str] = {
        "each": _("From then on each message comes to you at once."),
        "daily": _("From then on you receive one mail a day."),
        "weekly": _("From then on you receive one mail a week."),
        "none": _("From then on you receive no mail, except of threads that you follow."),
        "pause": _("From then on nothing is sent to you, until you ask for it again."),
        "resume": _("From then on mail is sent to you again."),
        "follow": _("From then on each message of “%(subject)s” comes at once.", subject=subject),
        "mute": _("From then on nothing of “%(subject)s” is sent to you.", subject=subject),
    }
    if change.until:
        day = day_in_words(date.fromisoformat(change.until), current_language())
        return str(_("From then on nothing is sent to you until %(day)s.", day=day))
    return str(sentences[change.code])


def invitation_text(state: str) -> str:
    """What became of an invitation, as `forum.operations.invitations.state_of` has it."""
    words: dict[str, str] = {
        "expired": _("expired"),
        InvitationState.SENT: _("waiting"),
        InvitationState.ACCEPTED: _("joined"),
        InvitationState.DECLINED: _("declined"),
        InvitationState.WITHDRAWN: _("withdrawn"),
    }
    return words.get(state, state)
