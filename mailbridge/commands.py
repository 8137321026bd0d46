"""What people ask of a list by mail: help, joining, leaving, confirming; in three languages."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain import language as languages
from forum.domain.values import LANGUAGES, Role, Segment, Submission
from forum.operations import choices, invitations, subscriptions, tokens
from forum.operations.accounts import AccountError
from forum.operations.choices import Change
from forum.operations.notices import NoticeKind, notify
from forum.storage.archive import MessageLink, Post, Thread
from forum.storage.choices import Following
from forum.storage.lists import MailingList, Visibility, roles_of
from forum.storage.people import (
    DeliveryMode,
    Subscription,
    SubscriptionState,
    account_by_email,
    subscription_of,
)
from forum.storage.tokens import TokenKind
from mailbridge.addressing import Route, RouteKind
from mailbridge.command_words import Command, Verb, read_command

_CHANGES: Final = {
    Verb.EACH: Change(delivery=DeliveryMode.EACH),
    Verb.DAILY: Change(delivery=DeliveryMode.DAILY),
    Verb.WEEKLY: Change(delivery=DeliveryMode.WEEKLY),
    Verb.NO_MAIL: Change(delivery=DeliveryMode.NONE),
    Verb.PAUSE: Change(state=SubscriptionState.PAUSED),
    Verb.RESUME: Change(state=SubscriptionState.ACTIVE),
    Verb.FOLLOW: Change(following=Following.FOLLOW),
    Verb.MUTE: Change(following=Following.MUTE),
}
CONFIRMED: Final = (
    TokenKind.SUBSCRIBE,
    TokenKind.UNSUBSCRIBE,
    TokenKind.CHANGE,
    TokenKind.INVITATION,
)
_PLACE: Final = re.compile(r"/(threads|posts)/(\d{1,9})\b")


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
    language = known_language(session, mailing_list, submission, command.language)
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
            asking.not_understood(command, "unknown")
        case _:
            asking.change(command)
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


def answer_language(session: Session, mailing_list: MailingList, submission: Submission) -> str:
    """The language in which a sender is answered: theirs, else the list's."""
    return known_language(session, mailing_list, submission, None) or mailing_list.language


def known_language(
    session: Session, mailing_list: MailingList, submission: Submission, of_word: str | None
) -> str | None:
    """The sender's language: as they chose it, else of their command, else of their text.

    Args:
        of_word: The language of the command's word, if it has one.
    """
    email = submission.author.key
    subscription = subscription_of(session, mailing_list.id, email) if email else None
    if subscription is not None:
        return subscription.language
    account = account_by_email(session, email) if email else None
    if account is not None:
        return account.language
    return of_word or _written_in(submission)


@dataclass(frozen=True, slots=True)
class _Asking:
    """One person's request and what is needed to answer it."""

    session: Session
    mailing_list: MailingList
    submission: Submission
    language: str | None
    """Of who asks; None where it is not known."""
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
            site_url=self.site_url,
        )

    def change(self, command: Command) -> None:
        """Mail the subscriber what changes their choices; others learn how to join."""
        subscription = subscription_of(
            self.session, self.mailing_list.id, self.submission.author.key
        )
        if subscription is None:
            self.answer(NoticeKind.HELP)
        elif command.verb is Verb.SETTINGS:
            choices.request_settings(self.session, subscription, self.now, self.site_url)
        else:
            self._change(subscription, command)

    def _change(self, subscription: Subscription, command: Command) -> None:
        change = _CHANGES[command.verb]
        if change.following:
            thread = named_thread(self.session, self.mailing_list, self.submission)
            change = replace(change, thread_id=str(thread.id) if thread else "")
        if command.until is not None:
            change = replace(change, until=command.until.isoformat())
        is_past = command.until is not None and (
            choices.end_of_pause(self.mailing_list, command.until) <= self.now
        )
        if is_past:
            self.not_understood(command, "past_day")
        elif change.following and not change.thread_id:
            self.not_understood(command, "no_thread")
        else:
            choices.request_change(self.session, subscription, change, self.now, self.site_url)

    def not_understood(self, command: Command, why: str) -> None:
        """Say what is missing, and what is understood.

        Args:
            why: A paragraph of the template: `unknown`, `past_day` or `no_thread`.
        """
        self.answer(NoticeKind.UNKNOWN_COMMAND, command=command.word, **{why: "yes"})

    def confirm(self, secret: str) -> None:
        """Whatever the secret was sent for; one of another list is not this list's to use."""
        for kind in CONFIRMED:
            token = tokens.peek(self.session, kind, secret, self.now)
            if token is not None and token.mailing_list_id == self.mailing_list.id:
                self._confirm(kind, secret)
                return

    def _confirm(self, kind: TokenKind, secret: str) -> None:
        match kind:
            case TokenKind.SUBSCRIBE:
                subscriptions.confirm_subscribe(self.session, secret, self.now)
            case TokenKind.INVITATION:
                invitations.accept_invitation(self.session, secret, self.now)
            case TokenKind.CHANGE:
                changed = choices.confirm_change(self.session, secret, self.now)
                if changed is not None:
                    self._tell_changed(changed)
            case _:
                subscriptions.confirm_unsubscribe(self.session, secret, self.now)

    def _tell_changed(self, subscription: Subscription) -> None:
        notify(
            self.session,
            NoticeKind.CHANGED,
            subscription.address.email,
            subscription.language,
            self.now,
            mailing_list=self.mailing_list,
            token=subscription.token,
        )

    def answer(self, kind: NoticeKind, **params: str) -> None:
        """Answer the author of the mail, if there is an address to answer to."""
        recipient = self.submission.author.key
        if "@" not in recipient:
            return
        notify(
            self.session,
            kind,
            recipient,
            self.language or self.mailing_list.language,
            self.now,
            mailing_list=self.mailing_list,
            in_reply_to=self.submission.message_id or "",
            **params,
        )


def named_thread(
    session: Session, mailing_list: MailingList, submission: Submission
) -> Thread | None:
    """The thread of a list that a mail is about: by what it answers, or by an address in it."""
    answered = [*submission.in_reply_to, *reversed(submission.references)][:50]
    found = session.scalar(
        select(MessageLink.thread_id)
        .where(MessageLink.mailing_list_id == mailing_list.id, MessageLink.message_id.in_(answered))
        .limit(1)
    )
    place = _PLACE.search(f"{submission.subject}\n{submission.text[:2000]}")
    if found is None and place is not None and place[1] == "posts":
        found = session.scalar(select(Post.thread_id).where(Post.id == int(place[2])))
    elif found is None and place is not None:
        found = int(place[2])
    thread = session.get(Thread, found) if found is not None else None
    if thread is not None and thread.merged_into_id is not None:
        thread = session.get(Thread, thread.merged_into_id)
    return thread if thread and thread.mailing_list_id == mailing_list.id else None


def _command(route: Route, submission: Submission) -> Command:
    if route.kind is RouteKind.CONFIRM:
        return Command(Verb.CONFIRM, token=route.token)
    read = read_command(submission)
    if route.kind is RouteKind.SUBSCRIBE:
        return Command(Verb.SUBSCRIBE, read.language)
    if route.kind is RouteKind.UNSUBSCRIBE:
        return Command(Verb.UNSUBSCRIBE, read.language)
    return read


def _written_in(submission: Submission) -> str | None:
    text = submission.text[:2000].strip()
    if len(text.split()) < 5:
        return None
    _, found = languages.tag_languages([Segment(Role.REPLY, text)], declared=None, inherited=())
    return found if found in LANGUAGES else None
