"""A furnished site: the demonstration archive, a workshop, people, mail that waits."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

import forum
from forum.app import create_app
from forum.clock import utcnow
from forum.domain.values import MULTIPLE
from forum.extensions import db
from forum.operations.accounts import login_link
from forum.operations.choices import request_settings
from forum.operations.invitations import invite
from forum.operations.lists import grant_role
from forum.operations.synthesis import write_synthesis
from forum.operations.topics import TopicFields, add_topic
from forum.search.indexer import pending
from forum.settings import Settings
from forum.storage.archive import Post, Thread
from forum.storage.base import reading
from forum.storage.lists import MailingList, list_by_slug
from forum.storage.mail import Notice
from forum.storage.people import Account, Subscription, account_by_email
from forum.storage.translations import PostTranslation
from tests.factories import START, Make, mail
from tests.flows.site import DOMAIN, Site, wait_until

LANGUAGES = ("fr", "en", "es")
ADMINS = {language: f"admin-{language}@example.net" for language in LANGUAGES}
AWA, PILAR, GRACE = "awa@example.net", "pilar@example.net", "grace@example.net"
MEMBERS = ((AWA, "Awa Ndiaye", "fr"), (PILAR, "Pilar Ríos", "es"), (GRACE, "Grace Reyes", "en"))
DEMO = "ancrage-territorial"
WORKSHOP = "atelier"
THIRTY = 30
_DEMO_MAILS = Path(forum.__file__).parent / "demo" / DEMO


@dataclass(frozen=True, slots=True)
class Rooms:
    """Keys of what the pages show."""

    demo_thread: int
    demo_post: int
    parallel_thread: int
    """Where a post says the same in three languages."""
    translated_thread: int
    translated_post: int
    """Of that thread: what somebody translated into English and Spanish."""
    long_thread: int
    long_post: int
    subscription: int
    token: str
    """Of that subscription's footer."""
    choices: str
    """The secret of the link to its choices."""
    invitation: str


@dataclass(frozen=True, slots=True)
class House:
    """The site, the app behind it, and the keys of its rooms."""

    site: Site
    app: Flask
    rooms: Rooms

    def login_path(self, address: str) -> str:
        """Where the button stands that signs somebody in, once."""
        with self.app.app_context():
            link = login_link(db.session(), address, "/", utcnow(), "")
            db.session.commit()
        return urlsplit(link).path

    def write(self, **fields: str) -> int:
        """A mail to the workshop, from Awa unless told; gives its thread."""
        fields.setdefault("author", f"Awa Ndiaye <{AWA}>")
        self.send(**fields)
        found = self.site.browser().json(f"/api/v1/messages/{fields['message_id']}")
        thread: int = found["thread_id"]
        return thread

    def send(
        self, *, to: str = f"{WORKSHOP}@{DOMAIN}", date: datetime = START, **fields: str
    ) -> None:
        """Hand a mail in as the local mail server does."""
        author = re.search(r"\S+@[^\s>]+", fields["author"])
        assert author is not None
        self.site.lmtp(author[0].lstrip("<"), to, mail(to=to, date=date, **fields))

    def wait_for_index(self) -> None:
        """Until every post can be found."""
        wait_until(lambda: self._pending() == 0)

    def _pending(self) -> int:
        with self.app.app_context(), reading():
            return pending(db.session())


@contextmanager
def open_house(site: Site) -> Iterator[House]:
    """Furnish a site, and let it serve."""
    site.command_here("demo")
    app = create_app(Settings.load(site.environ))
    with app.app_context():
        rooms = _furnish(Make(db.session()))
        db.session.commit()
    with site:
        house = House(site, app, rooms)
        _hold(house)
        house.wait_for_index()
        yield house
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _furnish(make: Make) -> Rooms:
    session = make.session
    workshop = make.mailing_list(WORKSHOP)
    for address, name, language in MEMBERS:
        make.account(address, name, language=language)
        make.subscriber(workshop, address, language, name=name)
    for language, address in ADMINS.items():
        make.account(address, "Camille Roy", language=language, is_admin=True)
        subscription = make.subscriber(workshop, address, language, name="Camille Roy")
    pilar = make.account("relecture@example.net", "Pilar Ríos", language="en")
    grant_role(session, workshop, pilar, "moderator", START)
    long_post = _thirty_posts(make)
    session.flush()
    _sum_up(make, long_post)
    demo = list_by_slug(session, DEMO)
    assert demo is not None
    longest = session.scalars(
        select(Thread).where(Thread.mailing_list_id == demo.id).order_by(Thread.post_count.desc())
    ).first()
    assert longest is not None
    translated = session.scalars(select(PostTranslation).order_by(PostTranslation.id)).first()
    assert translated is not None
    return Rooms(
        demo_thread=longest.id,
        demo_post=_first_post(session, longest.id),
        parallel_thread=_parallel_thread(session, demo),
        translated_thread=translated.post.thread_id,
        translated_post=translated.post_id,
        long_thread=long_post.thread_id,
        long_post=long_post.id,
        subscription=subscription.id,
        token=subscription.token,
        choices=_choices_secret(session, subscription),
        invitation=_invitation_secret(session, workshop),
    )


def _choices_secret(session: Session, subscription: Subscription) -> str:
    request_settings(session, subscription, utcnow(), "")
    return _newest_link(session)


def _invitation_secret(session: Session, workshop: MailingList) -> str:
    word = "Nous parlons de monnaies locales.\nVenez !"
    inviter = session.scalars(select(Account).where(Account.email == ADMINS["fr"])).one()
    invite(
        session,
        workshop,
        ["lila@example.org"],
        utcnow(),
        site_url="",
        account=inviter,
        message=word,
    )
    return _newest_link(session)


def _newest_link(session: Session) -> str:
    notice = session.scalars(select(Notice).order_by(Notice.id.desc())).first()
    assert notice is not None
    return notice.params["link"].rpartition("/")[2]


def _parallel_thread(session: Session, demo: MailingList) -> int:
    in_several = Post.mailing_list_id == demo.id, Post.language == MULTIPLE
    query = select(Post.thread_id).where(*in_several).order_by(Post.position)
    return session.scalars(query).first() or 0


def _first_post(session: Session, thread_id: int) -> int:
    query = select(Post.id).where(Post.thread_id == thread_id).order_by(Post.position)
    return session.scalars(query).first() or 0


def _thirty_posts(make: Make) -> Post:
    """A long discussion with the texts of the demonstration archive; gives its first post."""
    workshop = list_by_slug(make.session, WORKSHOP)
    assert workshop is not None
    first: Post | None = None
    for number, path in enumerate(sorted(_DEMO_MAILS.glob("*.eml"))[:THIRTY]):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        body = message.get_body(("plain",))
        text = body.get_content() if body is not None else "Sans texte\n"
        parent = f"long{max(0, number - 1 - number % 3)}@example.net" if number else ""
        post = make.post(
            workshop,
            subject="Re: " * bool(number) + "Préparer le dossier de la rencontre",
            text=text,
            author=str(message["From"]),
            message_id=f"long{number}@example.net",
            in_reply_to=parent,
            date=START + timedelta(hours=number),
        )
        first = first or post
    assert first is not None
    return first


def _sum_up(make: Make, post: Post) -> None:
    """A synthesis of its thread in three languages, and topics in the calendar of its list."""
    texts = {"fr": "Accord sur la date (#2) ; le lieu reste ouvert.", "en": "The date is agreed.",
             "es": "Hay acuerdo sobre la fecha."}  # fmt: skip
    for language, text in texts.items():
        account = account_by_email(make.session, ADMINS[language])
        write_synthesis(make.session, post.thread, language, text, utcnow(), account)
    today = utcnow().date()
    for tag, begins in (("monnaies", -9), ("eau", 30), ("bus", -99)):
        titles = dict.fromkeys(LANGUAGES, f"Préparer la rencontre : {tag}")
        start = today + timedelta(days=begins)
        fields = TopicFields(tag, titles, start, start + timedelta(days=20), {"fr": "Un cahier"}, 0)
        add_topic(make.session, post.mailing_list, fields, utcnow())


def _hold(house: House) -> None:
    """Two strangers' mails that wait for a moderator."""
    for number, subject in enumerate(("Question sur la rencontre", "Une visite à Poitiers")):
        house.send(
            subject=subject,
            text="Bonjour, nous ne sommes pas encore abonnés à cette liste, mais nous voudrions "
            "savoir si la rencontre de printemps est ouverte à d’autres groupes.\n\nZoé\n",
            author=f"Zoé Diop <zoe{number}@example.org>",
            message_id=f"attente{number}@example.org",
        )
