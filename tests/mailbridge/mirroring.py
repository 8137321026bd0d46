"""A mirrored list and its outside list, for tests: what goes out, and what comes back of it."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage

from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.config import search_index
from forum.operations.writing import write_post
from forum.settings import Settings
from forum.storage.archive import Post
from forum.storage.lists import MailingList
from forum.storage.mail import Incoming
from forum.storage.people import Account
from mailbridge.receive import Envelope, receive
from mailbridge.transport import MemoryTransport
from mailbridge.worker import Worker
from tests.factories import START, Make

OUTSIDE = "atelier@listes.example.net"
BRIDGE = "pont-atelier@lists.example.org"
OWN = "atelier@lists.example.org"
LONG = "Voici nos propositions pour la rencontre de printemps, avec les dates et les lieux.\n"
FOOTER = (
    "\n-- \n_______________________________________________\nAtelier mailing list\n"
    f"{OUTSIDE}\nhttps://listes.example.net/info/atelier\n"
)


@dataclass
class Mirror:
    """Both sides of a mirrored list, at a time that the test sets."""

    session: Session
    settings: Settings
    make: Make
    mailing_list: MailingList
    now: datetime = START
    transport: MemoryTransport = field(default_factory=MemoryTransport)
    traces: int = 0

    def wait(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def write(self, account: Account, subject: str, text: str = LONG, parent: Post | None = None):
        """A post on the web."""
        disposition = write_post(
            self.session,
            self.mailing_list,
            account,
            subject_line=subject,
            text=text,
            now=self.now,
            max_bytes=1_000_000,
            parent=parent,
        )
        self.session.commit()
        return self.session.get_one(Post, disposition.post_id)

    def work(self) -> None:
        """All that the worker has to do."""
        self.session.commit()
        with_kept = Session(self.session.get_bind(), expire_on_commit=False)
        worker = Worker(
            session=with_kept,
            settings=self.settings,
            transport=self.transport,
            index=search_index(),
            now=lambda: self.now,
        )
        worker.drain()
        with_kept.close()
        self.session.expire_all()

    def went_out(self) -> list[EmailMessage]:
        """What the outside list was sent, oldest first."""
        return [parsed(raw) for _, recipient, raw in self.transport.sent if recipient == OUTSIDE]

    def arrives(
        self, raw: bytes, to: str = BRIDGE, path: str = "atelier-bounces@listes.example.net"
    ) -> Incoming:
        """Mail for one of our addresses; gives what became of it."""
        self.traces += 1
        trace = f"Received: by mx{self.traces}.example.org; {self.now:%H:%M:%S}\r\n".encode()
        receive(self.session, Envelope(path, to), trace + raw, self.now, self.settings)
        newest = select(Incoming).order_by(Incoming.id.desc()).limit(1)
        return self.session.scalars(newest).one()

    def posts(self) -> list[Post]:
        return list(self.session.scalars(select(Post).order_by(Post.id)))


def mirror_of(
    session: Session, settings: Settings, make: Make, slug: str = "atelier", **options: str
) -> Mirror:
    """A list that mirrors the outside list, or another."""
    options = {"upstream_address": OUTSIDE, "bridge_address": BRIDGE, **options}
    made = make.mailing_list(slug, mode="mirrored", **options)
    make.commit()
    return Mirror(session, settings, make, made)


def member(mirror: Mirror, email: str = "awa@example.org", name: str = "Awa Ndiaye") -> Account:
    """An account that writes on the web and reads there."""
    account = mirror.make.account(email, name)
    mirror.make.subscriber(mirror.mailing_list, email, delivery="none")
    mirror.make.commit()
    return account


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def passed_on(
    raw: bytes | EmailMessage,
    *,
    prefix: str = "",
    footer: str = "",
    new_id: str = "",
    hides: bool = False,
    answers_to_author: bool = True,
    drops_fields: bool = False,
    drops_list_fields: bool = False,
    archived_at: str = "",
) -> bytes:
    """What the outside list makes of a message for its subscribers."""
    message = parsed(raw) if isinstance(raw, bytes) else parsed(raw.as_bytes())
    if hides:
        author = message["From"].addresses[0]
        del message["From"], message["Reply-To"]
        message["From"] = f'"{author.display_name} via Atelier" <{OUTSIDE}>'
        if answers_to_author:
            message["Reply-To"] = f"{author.display_name} <{author.addr_spec}>"
    if prefix:
        subject = str(message["Subject"])
        del message["Subject"]
        message["Subject"] = f"{prefix} {subject}"
    if new_id:
        del message["Message-ID"]
        message["Message-ID"] = f"<{new_id}>"
    if drops_fields:
        for name in [name for name in message if name.lower().startswith("x-")]:
            del message[name]
    if footer:
        part = message.get_body(("plain",))
        assert part is not None
        part.set_content(part.get_content() + footer)
    if not drops_list_fields:
        message["List-Id"] = "Atelier <atelier.listes.example.net>"
        message["List-Post"] = f"<mailto:{OUTSIDE}>"
        message["Precedence"] = "list"
    if archived_at:
        message["Archived-At"] = f"<{archived_at}>"
    return message.as_bytes(policy=email.policy.SMTP)
