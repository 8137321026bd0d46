"""Factories: they write through the operations, as the entrances do."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from sqlalchemy.orm import Session

from forum.domain.message import parse
from forum.domain.values import Source
from forum.operations.accounts import create_account
from forum.operations.lists import create_list, grant_role
from forum.operations.publishing import publish
from forum.operations.subscriptions import subscribe
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.people import Account, Subscription

START = datetime(2010, 3, 1, 9, 0, tzinfo=UTC)
TITLES = {
    "fr": "Ancrage territorial",
    "en": "Territorial anchoring",
    "es": "Anclaje territorial",
}


def mail(
    *,
    subject: str = "Monnaies locales",
    text: str = "Bonjour à tout le monde, voici nos propositions pour la rencontre de printemps.\n",
    author: str = "Awa Ndiaye <awa@example.org>",
    to: str = "ancrage@lists.example.org",
    message_id: str = "",
    in_reply_to: str = "",
    references: str = "",
    date: datetime = START,
    **headers: str,
) -> bytes:
    """A mail as a plain program writes it; ids without angle brackets, several between spaces."""
    message = EmailMessage()
    message["From"] = author
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(date)
    if message_id:
        message["Message-ID"] = f"<{message_id}>"
    if in_reply_to:
        message["In-Reply-To"] = f"<{in_reply_to}>"
    if references:
        message["References"] = " ".join(f"<{one}>" for one in references.split())
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text, charset="utf-8")
    return message.as_bytes()


@dataclass
class Make:
    """Rows with sensible defaults; nothing is committed but by `commit`."""

    session: Session
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    @staticmethod
    def mail(**fields: Any) -> bytes:
        """A mail; see the function of that name."""
        return mail(**fields)

    def mailing_list(
        self, slug: str = "ancrage", domain: str = "lists.example.org", **options: Any
    ) -> MailingList:
        """A hosted public list for its members."""
        return create_list(self.session, f"{slug}@{domain}", TITLES, START, **options)

    def subscriber(
        self, mailing_list: MailingList, email: str = "", language: str = "fr", **options: Any
    ) -> Subscription:
        """An address on a list."""
        email = email or f"person{next(self.numbers)}@example.net"
        return subscribe(self.session, mailing_list, email, START, language=language, **options)

    def account(self, email: str = "", name: str = "Camille Roy", **options: Any) -> Account:
        """A web login; its pages are in English unless told otherwise."""
        options.setdefault("language", "en")
        email = email or f"account{next(self.numbers)}@example.net"
        return create_account(self.session, email, name, START, **options)

    def moderator(self, mailing_list: MailingList, email: str = "", **options: Any) -> Account:
        """An account that moderates a list."""
        account = self.account(email, **options)
        grant_role(self.session, mailing_list, account, "moderator", START)
        return account

    def post(
        self,
        mailing_list: MailingList,
        *,
        source: Source = Source.EMAIL,
        mail_out: bool = False,
        **fields: Any,
    ) -> Post:
        """A post of a list, made from a mail; `fields` are those of `mail`."""
        number = next(self.numbers)
        fields.setdefault("message_id", f"m{number}@example.org")
        fields.setdefault("date", START + timedelta(hours=number))
        fields.setdefault("to", mailing_list.address)
        submission = parse(mail(**fields), START + timedelta(days=400))
        return publish(
            self.session,
            mailing_list,
            submission,
            START + timedelta(hours=number),
            source=source,
            mail=mail_out,
        )

    def commit(self) -> None:
        """As the entrances do."""
        self.session.commit()
