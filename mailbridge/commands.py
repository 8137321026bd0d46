"""What people ask of a list by mail: help, joining, leaving, confirming; in three languages."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from forum.domain import language as languages
from forum.domain.subject import parse_subject
from forum.domain.values import LANGUAGES, Role, Segment, Submission
from forum.operations import subscriptions, tokens
from forum.operations.accounts import AccountError
from forum.operations.notices import NoticeKind, notify
from forum.storage.lists import MailingList, Visibility, roles_of
from forum.storage.people import TokenKind, account_by_email, subscription_of
from mailbridge.addressing import Route, RouteKind


class Verb(StrEnum):
    """What is asked."""

    HELP = "help"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    CONFIRM = "confirm"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Command:
    """One command as it was understood."""

    verb: Verb
    language: str | None = None
    """Of the word, where only one language has it."""
    token: str = ""
    word: str = ""
    """As written, for the answer to what was not understood."""


# Without accents, lower case.
_WORDS: Final[dict[Verb, dict[str, tuple[str, ...]]]] = {
    Verb.HELP: {
        "en": ("help", "info"),
        "fr": ("aide", "aidez-moi", "mode d'emploi"),
        "es": ("ayuda", "instrucciones"),
    },
    Verb.SUBSCRIBE: {
        "en": ("subscribe", "join"),
        "fr": ("abonner", "abonnement", "s'abonner", "inscrire", "inscription", "m'abonner"),
        "es": ("suscribir", "suscribirme", "suscribirse", "suscripcion", "alta", "subscribir"),
    },
    Verb.UNSUBSCRIBE: {
        "en": ("unsubscribe", "leave", "remove", "signoff"),
        "fr": (
            "desabonner", "desabonnement", "se desabonner", "me desabonner", "desinscrire",
            "desinscription", "quitter",
        ),
        "es": (
            "desuscribir", "desuscribirme", "desuscribirse", "baja", "darme de baja",
            "darse de baja", "dar de baja", "cancelar", "desubscribir",
        ),
    },
    Verb.CONFIRM: {
        "en": ("confirm",),
        "fr": ("confirmer", "confirmation"),
        "es": ("confirmar", "confirmacion"),
    },
}  # fmt: skip

_KNOWN: Final = {
    word: (verb, language)
    for verb, by_language in _WORDS.items()
    for language, words in by_language.items()
    for word in words
}
_LONGEST_FIRST: Final = sorted(_KNOWN, key=len, reverse=True)
_TOKEN: Final = re.compile(r"[0-9A-Za-z_-]{16,128}")
_LINES_LOOKED_AT: Final = 5


def read_command(submission: Submission) -> Command:
    """The command in the subject, else in the first line of the text."""
    asked = parse_subject(submission.subject).base
    found = _read_line(asked)
    if found is not None:
        return found
    lines = [line.strip() for line in submission.text[:5000].split("\n") if line.strip()]
    for line in lines[:_LINES_LOOKED_AT]:
        found = None if line.startswith(">") else _read_line(line)
        if found is not None:
            return found
        break
    return Command(Verb.UNKNOWN, word=(asked or (lines[0] if lines else ""))[:80])


def obey(
    session: Session,
    route: Route,
    mailing_list: MailingList,
    submission: Submission,
    now: datetime,
    site_url: str,
) -> str:
    """Do what a person's mail to a list's command address asks; the caller commits.

    For people's mail only: automatic mail never gets here, so that it never confirms anything.

    Returns:
        What was asked, for the log of incoming mail.
    """
    command = _command(route, submission)
    language = answer_language(session, mailing_list, submission, command.language)
    asking = _Asking(session, mailing_list, submission, language, now, site_url)
    match command.verb:
        case Verb.SUBSCRIBE:
            asking.subscribe()
        case Verb.UNSUBSCRIBE:
            asking.unsubscribe()
        case Verb.CONFIRM:
            asking.confirm(command.token)
        case Verb.HELP:
            asking.answer(NoticeKind.HELP)
        case Verb.UNKNOWN:
            asking.answer(NoticeKind.UNKNOWN_COMMAND, command=command.word)
    return str(command.verb)


def is_for_owners(
    session: Session, route: Route, mailing_list: MailingList, submission: Submission
) -> bool:
    """Whether a person asks something of a private list to which they do not belong.

    Nothing is answered then, for every answer would tell what the list is: its owners decide.
    """
    if mailing_list.visibility != Visibility.PRIVATE or route.kind is RouteKind.CONFIRM:
        return False
    email = submission.author.key
    if subscription_of(session, mailing_list.id, email) is not None:
        return False
    account = account_by_email(session, email)
    if account is None:
        return True
    return not (account.is_admin or roles_of(session, account.id, mailing_list.id))


def answer_language(
    session: Session, mailing_list: MailingList, submission: Submission, of_word: str | None
) -> str:
    """The sender's language: as they chose it, else of their command, else of their text.

    Args:
        of_word: the language of the command's word, if it has one.
    """
    email = submission.author.key
    subscription = subscription_of(session, mailing_list.id, email) if email else None
    if subscription is not None:
        return subscription.language
    account = account_by_email(session, email) if email else None
    if account is not None:
        return account.language
    return of_word or _written_in(submission) or mailing_list.language


@dataclass(frozen=True, slots=True)
class _Asking:
    """One person's request and what is needed to answer it."""

    session: Session
    mailing_list: MailingList
    submission: Submission
    language: str
    now: datetime
    site_url: str

    def subscribe(self) -> None:
        """Ask the address itself; who is on the list is welcomed again, with their link."""
        try:
            subscriptions.request_subscribe(
                self.session,
                self.mailing_list,
                self.submission.author.address,
                self.now,
                name=self.submission.author.name,
                language=self.language,
                site_url=self.site_url,
            )
        except AccountError:
            return  # There is nobody who could be answered.

    def unsubscribe(self) -> None:
        """Ask the address itself; who is not on the list is told nothing."""
        subscriptions.request_unsubscribe(
            self.session,
            self.mailing_list,
            self.submission.author.address,
            self.now,
            language=self.language,
            site_url=self.site_url,
        )

    def confirm(self, secret: str) -> None:
        """Whatever the secret was sent for; one of another list is not this list's to use."""
        for kind in (TokenKind.SUBSCRIBE, TokenKind.UNSUBSCRIBE):
            token = tokens.peek(self.session, kind, secret, self.now)
            if token is None or token.mailing_list_id != self.mailing_list.id:
                continue
            if kind is TokenKind.SUBSCRIBE:
                subscriptions.confirm_subscribe(self.session, secret, self.now)
            else:
                subscriptions.confirm_unsubscribe(self.session, secret, self.now)
            return

    def answer(self, kind: NoticeKind, **params: str) -> None:
        """Answer the author of the mail, if there is an address to answer to."""
        recipient = self.submission.author.key
        if "@" not in recipient:
            return
        notify(
            self.session,
            kind,
            recipient,
            self.language,
            self.now,
            mailing_list=self.mailing_list,
            in_reply_to=self.submission.message_id or "",
            **params,
        )


def _command(route: Route, submission: Submission) -> Command:
    if route.kind is RouteKind.CONFIRM:
        return Command(Verb.CONFIRM, token=route.token)
    read = read_command(submission)
    if route.kind is RouteKind.SUBSCRIBE:
        return Command(Verb.SUBSCRIBE, read.language)
    if route.kind is RouteKind.UNSUBSCRIBE:
        return Command(Verb.UNSUBSCRIBE, read.language)
    return read


def _read_line(line: str) -> Command | None:
    plain = plain_words(line)
    for word in _LONGEST_FIRST:
        if not plain.startswith(word) or plain[len(word) : len(word) + 1].isalnum():
            continue
        rest = plain[len(word) :].strip(" .:;!")
        verb, language = _KNOWN[word]
        if verb is Verb.CONFIRM:
            token = _TOKEN.search(line[len(word) :])
            return Command(verb, language, token[0]) if token else None
        # A sentence that merely begins with such a word is no command.
        if len(rest.split()) > 3:
            return None
        return Command(verb, language, word=line[:80])
    return None


def plain_words(line: str) -> str:
    """Without accents, in lower case, with plain apostrophes and single spaces."""
    text = unicodedata.normalize("NFKD", line[:300].replace("’", "'"))
    text = "".join(char for char in text if not unicodedata.combining(char)).lower()
    return " ".join(text.split()).lstrip("\"'«“*-– ")


def _written_in(submission: Submission) -> str | None:
    text = submission.text[:2000].strip()
    if len(text.split()) < 5:
        return None
    _, found = languages.tag_languages([Segment(Role.REPLY, text)], declared=None, inherited=())
    return found if found in LANGUAGES else None
