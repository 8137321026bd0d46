"""What a moderator's form says about held messages, and doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import abort, flash, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum.clock import utcnow
from forum.domain.rejections import STANDARD
from forum.domain.rules import PersonFlag, Reason
from forum.extensions import db
from forum.operations import claiming, moderation
from forum.operations.moderation import Verb, language_for
from forum.operations.recipients import Audience
from forum.operations.ruling import flag_sender, rejection_texts
from forum.storage.lists import MailingList
from forum.storage.mail import HeldMessage
from forum.web.access import the_account
from forum.web.addresses import LARGEST_KEY, whole_number
from forum.web.reader import current_reader, moderated_lists

REASON_CHARACTERS: Final = 2_000
BAN: Final = "ban"
"""Discards, and bans the sender."""

DAYS: Final = ("7", "30", "365")
"""After which a decision about a person may end."""


class NotDecided(ValueError):
    """What was typed cannot be done; the text says why, in the reader's language."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision, and what is to be done about the sender in the same step."""

    verb: Verb
    ids: tuple[int, ...]
    reason: str = ""
    template: int | None = None
    """Which of the list's reasons is told before the typed one."""
    texts: Sequence[Mapping[str, str]] | None = None
    """Where several are decided at once: the reasons that were shown; else those of the list."""
    flag: PersonFlag | None = None
    days: int | None = None
    everywhere: bool = False


def choice_of(shown_list: MailingList | None) -> Choice:
    """The decision that a form bears.

    Args:
        shown_list: The list by which the queue was filtered.

    Raises:
        NotDecided: nothing is chosen, or the reason is too long.
    """
    verb, _colon, one = request.form.get("decision", "").partition(":")
    if verb not in (*Verb, BAN):
        abort(400)
    ids = numbers([one] if one else request.form.getlist("held"))
    if not ids:
        raise NotDecided(_("Tick at least one message, or use the buttons below it."))
    # A button below a message takes what is typed there, the ones at the end theirs.
    suffix = f"-{one}" if one else ""
    reason = request.form.get(f"reason{suffix}", "").strip()
    if len(reason) > REASON_CHARACTERS:
        raise NotDecided(_("A reason has at most %(max)d characters.", max=REASON_CHARACTERS))
    flag = PersonFlag.BANNED if verb == BAN else _flag(suffix)
    texts = rejection_texts(db.session(), shown_list.id) if shown_list else STANDARD
    return Choice(
        verb=Verb.DISCARD if verb == BAN else Verb(verb),
        ids=tuple(ids),
        reason=reason,
        template=whole_number(request.form.get(f"template{suffix}", ""), 100, 0),
        texts=None if one else texts,
        flag=flag,
        days=_days(suffix),
        everywhere=f"everywhere{suffix}" in request.form and current_reader().is_admin,
    )


def decide_all(choice: Choice) -> None:
    """Do it, commit, and tell; what somebody else has decided meanwhile stays.

    Raises:
        NotDecided: a ban would strike who may not have written.
    """
    found = db.session.scalars(
        select(HeldMessage)
        .where(HeldMessage.id.in_(choice.ids), HeldMessage.mailing_list_id.in_(moderated_lists()))
        .order_by(HeldMessage.held_at, HeldMessage.id)
        # The bytes themselves are read one by one: together they may be more than the memory holds.
        .options(joinedload(HeldMessage.raw))
        .with_for_update(of=HeldMessage)
    ).all()
    if len(found) != len(choice.ids):
        abort(404)
    _spare_the_forged(choice, found)
    audience = Audience(db.session(), utcnow())
    done: list[HeldMessage] = []
    stood = 0
    for held in found:
        try:
            stood += _decide_one(choice, held, audience)
            done.append(held)
        except moderation.AlreadyDecided:
            continue
    _flag_senders(choice, done)
    claiming.release(db.session(), choice.ids)
    db.session.commit()
    _tell(choice.verb, len(done) - stood, stood, len(found) - len(done))


def _spare_the_forged(choice: Choice, found: Sequence[HeldMessage]) -> None:
    """Ban nobody for a message that bears their address and may be somebody else's.

    Raises:
        NotDecided: one of them does; nothing is decided then.
    """
    if choice.flag is not PersonFlag.BANNED:
        return
    for held in found:
        if Reason.UNVERIFIED_SENDER in held.reasons:
            raise NotDecided(
                _(
                    "“%(subject)s” may not come from %(author)s: a ban would strike the person "
                    "whose address was misused. Please discard it without a ban.",
                    subject=held.subject,
                    author=held.author_email,
                )
            )


def _tell(verb: Verb, number: int, stood: int, late: int) -> None:
    """Say what became of how many: decided, on the list already, decided by somebody else."""
    if number:
        flash(_told(verb, number), "success")
    if stood:
        flash(
            ngettext(
                "%(num)d message is on the list already, by another way: it was not posted again.",
                "%(num)d messages are on the list already, by another way: they were not posted "
                "again.",
                stood,
            )
        )
    if late:
        flash(
            ngettext(
                "Somebody else had decided on %(num)d message already.",
                "Somebody else had decided on %(num)d messages already.",
                late,
            )
        )


def numbers(texts: Sequence[str]) -> list[int]:
    """Keys of rows, each once."""
    found = (whole_number(text, LARGEST_KEY) or abort(400) for text in texts)
    return list(dict.fromkeys(found))


def _decide_one(choice: Choice, held: HeldMessage, audience: Audience) -> bool:
    """Whether what was accepted stands on the list already."""
    session, reason = db.session(), choice.reason
    if choice.verb is Verb.REJECT and choice.template is not None:
        texts = choice.texts or rejection_texts(session, held.mailing_list_id)
        if choice.template < len(texts):
            chosen = texts[choice.template][language_for(session, held)]
            reason = f"{chosen}\n\n{reason}".strip()
    return moderation.decide(
        session,
        held,
        choice.verb,
        utcnow(),
        account=the_account(),
        reason=reason,
        audience=audience,
    )


def _flag_senders(choice: Choice, decided: Sequence[HeldMessage]) -> None:
    if choice.flag is None:
        return
    now = utcnow()
    until = now + timedelta(days=choice.days) if choice.days else None
    places = {
        (held.author_id, None if choice.everywhere else held.mailing_list_id): held
        for held in decided
    }
    for (author_id, list_id), held in places.items():
        flag_sender(
            db.session(),
            author_id,
            choice.flag,
            now,
            mailing_list=held.mailing_list if list_id is not None else None,
            account=the_account(),
            until=until,
            reason=choice.reason,
        )


def _flag(suffix: str) -> PersonFlag | None:
    code = request.form.get(f"sender{suffix}", "")
    if not code:
        return None
    return PersonFlag(code) if code in set(PersonFlag) else abort(400)


def _days(suffix: str) -> int | None:
    code = request.form.get(f"days{suffix}", "")
    return int(code) if code in DAYS else None


def _told(verb: Verb, number: int) -> str:
    match verb:
        case Verb.ACCEPT:
            told = ngettext("%(num)d message is posted.", "%(num)d messages are posted.", number)
        case Verb.REJECT:
            told = ngettext(
                "%(num)d message is rejected, and its author is told.",
                "%(num)d messages are rejected, and their authors are told.",
                number,
            )
        case _:
            told = ngettext(
                "%(num)d message is discarded; nobody is told.",
                "%(num)d messages are discarded; nobody is told.",
                number,
            )
    return str(told)
