"""A mirrored list and its outside list while people write on both, and what each then holds."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from sqlalchemy.orm import Session

from forum.app import create_app
from forum.clock import utcnow
from forum.extensions import db
from forum.operations.accounts import create_account
from forum.operations.fetching import fetch_from
from forum.operations.lists import create_list
from forum.operations.subscriptions import subscribe
from forum.operations.tokens import issue_api_token
from forum.settings import Settings
from forum.storage.lists import MailingList
from forum.storage.people import Account
from forum.storage.tokens import TokenScope
from tests.factories import mail
from tests.flows.mirror_sides import Held, held_by, key_of, shown, write_on_the_web
from tests.flows.outside_habits import Habits
from tests.flows.outside_list import OutsideList, OutsideWorld
from tests.flows.outside_mail import Posted
from tests.flows.site import DOMAIN, Site

HOST = "listes.example.net"
WRITERS = {"grace@example.org": "Grace Reyes", "awa@example.org": "Awa Ndiaye"}
"""Who writes on the web."""
MEMBERS = {
    "imane@example.com": "Imane Zeroual",
    "joan@example.com": "Joan Müller",
    "mateo@example.com": "Mateo Ríos",
}
"""Who writes on the outside list."""
THANKS = "Merci !"
_THANKED = frozenset({4, 7})
SUBJECTS = ("Semences paysannes", "Marché d'été", "Monedas locales", "Water and land", "Réunion")
WORDS = (
    ("Les semences", "La cooperativa", "The weavers", "Nos jardins", "Los molinos", "Our bakers",
     "Le marché"),
    ("partagent depuis longtemps", "necesitan todavía", "have begun to lend", "ont rassemblé",
     "ofrecen cada invierno", "will keep together", "cherchent partout", "describen en su carta"),
    ("trente sacs de graines", "dos talleres abiertos", "a library of tools", "une charte commune",
     "rutas por la montaña", "the accounts of the harvest", "des fours à bois",
     "un mapa de fuentes", "letters from the coast"),
    ("à Poitiers.", "en Dakar.", "near the old station.", "avant la Saint-Jean.",
     "con sus vecinos."),
)  # fmt: skip
"""What the contributions are made of: no two say the same."""


def with_lists(
    site: Site,
    names: list[str],
    mailboxes: Mapping[str, str] = MappingProxyType({}),
    password: str = "",
) -> dict[str, str]:
    """Make mirrored lists and their writers; gives each writer's token, by address.

    Args:
        mailboxes: From which the mail of some is fetched, by name; all with the same password.
    """
    with inside(site) as (session, settings):
        accounts, tokens = writers(session)
        for name in names:
            made = new_list(
                session,
                f"{name}@{DOMAIN}",
                accounts,
                mode="mirrored",
                upstream_address=f"{name}@{HOST}",
                bridge_address=bridge_of(name),
            )
            if name in mailboxes:
                key = settings.resolved_secret_key()
                fetch_from(session, made, mailboxes[name], password, key, utcnow())
    return tokens


@contextmanager
def inside(site: Site) -> Iterator[tuple[Session, Settings]]:
    """A session on a site's database, committed at the end."""
    settings = Settings.load(site.environ)
    with create_app(settings).app_context():
        yield db.session(), settings
        db.session.commit()
        db.session.remove()
        db.engine.dispose()


def writers(session: Session) -> tuple[list[Account], dict[str, str]]:
    """Accounts of those who write on the web, and their tokens by address."""
    accounts = [create_account(session, *one, utcnow()) for one in WRITERS.items()]
    tokens = [issue_api_token(session, one, TokenScope.WRITE, utcnow()) for one in accounts]
    return accounts, dict(zip(WRITERS, tokens, strict=True))


def new_list(
    session: Session, address: str, accounts: Sequence[Account], **options: str
) -> MailingList:
    """A list with members who read it on the web alone."""
    title = f"Liste {address.partition('@')[0]}"
    titles = dict.fromkeys(("fr", "en", "es"), title)
    made = create_list(session, address, titles, utcnow(), **options)
    for account in accounts:
        subscribe(session, made, account.email, utcnow(), delivery="none")
    return made


def bridge_of(name: str) -> str:
    """The bridge address of a list."""
    return f"pont-{name}@{DOMAIN}"


@dataclass
class Run:
    """One list, mirrored, over fifty posts."""

    name: str
    habits: Habits
    world: OutsideWorld
    site: Site
    tokens: dict[str, str]
    outside: OutsideList = field(init=False)
    written: dict[str, str] = field(default_factory=dict)
    """What was written: the key of each post and of what it answers, thanks left out."""
    by_web: int = 0
    by_list: int = 0
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        address = f"{self.name}@{HOST}"
        self.outside = self.world.new_list(address, self.name.title(), self.habits)
        self.outside.members |= {*MEMBERS, bridge_of(self.name)}
        self.world.doors[bridge_of(self.name)] = self.site.lmtp

    def round(self, size: int) -> None:
        """Write so many posts, in turn on the web and on the list, each below an earlier one."""
        begun = sorted(self.written)
        mine, theirs = shown(self.site, self.name), list(self.outside.archive)
        for number in itertools.islice(self.numbers, size):
            starts = number % 6 == 0 or not begun
            parent = "" if starts else begun[number * 7 % len(begun)]
            key = f"Contribution {number:02d}"
            thanks = number % 10 in _THANKED and not starts
            text = f"{THANKS}\n" if thanks else contribution(number)
            if not thanks:
                self.written[key] = parent
            if number % 2 == 0:
                self.by_web += 1
                token = list(self.tokens.values())[number // 2 % len(self.tokens)]
                subject = f"{SUBJECTS[number % len(SUBJECTS)]} {number}"
                write_on_the_web(self.site, self.name, token, subject, text, mine.get(parent))
            else:
                self.by_list += 1
                self._on_the_list(number, parent, text, theirs)

    def _on_the_list(self, number: int, parent: str, text: str, archive: list[Posted]) -> None:
        address, name = list(MEMBERS.items())[number // 2 % len(MEMBERS)]
        fields = {}
        subject = f"{SUBJECTS[number % len(SUBJECTS)]} {number}"
        if parent:
            answered = next(one for one in archive if key_of(one.text) == parent)
            subject = re.sub(r"^((?:\[[^]]*\] ?)?)(?:Re: )?", r"Re: \1", answered.subject)
            fields["in_reply_to"] = answered.message_id.strip("<>")
            before = [one.strip("<>") for one in answered.references]
            fields["references"] = " ".join([*before, fields["in_reply_to"]])
            text += f"\nLe 3 mars, {answered.author} a écrit :\n> {answered.text.splitlines()[0]}\n"
        raw = mail(
            author=f"{name} <{address}>",
            subject=subject,
            text=text,
            to=self.outside.own.address,
            message_id=f"{self.name}.{number}@example.com",
            date=datetime.now(UTC) - timedelta(minutes=5) + timedelta(seconds=number),
            **fields,
        )
        self.world.write(address, self.outside.own.address, raw)

    def held_here(self) -> Counter[Held]:
        """What the forum holds."""
        return held_by(self.site, self.name, next(iter(self.tokens.values())))

    def held_there(self) -> Counter[Held]:
        """What the outside list holds, threaded as its members' programs do: by References."""
        numbers = {one.message_id: n for n, one in enumerate(self.outside.archive)}
        parents: dict[int, int] = {}
        for number, one in enumerate(self.outside.archive):
            known = [numbers[other] for other in one.references if other in numbers]
            if known:
                parents[number] = known[-1]

        def root(number: int) -> int:
            while number in parents:
                number = parents[number]
            return number

        def key(number: int) -> str:
            return key_of(self.outside.archive[number].text)

        return Counter(
            Held(key(n), key(parents[n]) if n in parents else "", key(root(n)))
            for n in range(len(self.outside.archive))
        )


def contribution(number: int) -> str:
    """A text like no other."""
    said = " ".join(some[number % len(some)] for some in WORDS)
    return f"Contribution {number:02d} : {said}\n"
