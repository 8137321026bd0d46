"""A thousand subscribers in three languages, a mail server on a bad day: each copy is counted."""

from __future__ import annotations

import http.client
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.factories import mail
from tests.flows.rough_sink import (
    CUT,
    DEFER,
    HANG_UP,
    LOSE_ANSWER,
    REFUSE,
    SLOW,
    TAKE,
    RoughSink,
)
from tests.flows.sink import Sink
from tests.flows.site import DOMAIN, Site, wait_until

LIST = f"ancrage@{DOMAIN}"
PEOPLE, POSTS = 1_000, 10
LANGUAGES = ("fr", "en", "es")
LEAVE = {"fr": b"Se d=C3=A9sabonner", "en": b"Unsubscribe:", "es": b"Cancelar su suscripci"}
MANNERS = {7: REFUSE, 13: DEFER, 31: SLOW, 43: HANG_UP, 57: CUT, 69: LOSE_ANSWER}
"""Of the people, by the last two digits of their number."""

AUTHOR = "Awa Ndiaye <awa@example.org>"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def manner(recipient: str) -> str:
    number = re.match(r"p(\d+)@", recipient)
    return MANNERS.get(int(number[1]) % 100, TAKE) if number else TAKE


@pytest.fixture
def rough() -> Iterator[RoughSink]:
    with RoughSink(manner) as sink:
        yield sink


def make_list(site: Site, posting: str = "open") -> None:
    titles = ("--title-fr", "Ancrage", "--title-en", "Anchoring", "--title-es", "Anclaje")
    site.command_here("list", "create", LIST, *titles, "--posting", posting)


def subscribe_all(site: Site, tmp_path: Path) -> None:
    rows = ["email,name,language,delivery"]
    rows += [f"p{n}@d{n % 40}.example.net,P {n},{LANGUAGES[n % 3]},each" for n in range(PEOPLE)]
    table = tmp_path / "people.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    site.command_here("subscribe", "ancrage", "--csv", str(table))


def counted(site: Site, query: str) -> dict[str, int]:
    with sqlite3.connect(site.data_dir / "passerelle.sqlite3", timeout=30) as database:
        return dict(database.execute(query).fetchall())


def states(site: Site) -> dict[str, int]:
    return counted(site, "SELECT state, count(*) FROM delivery GROUP BY state")


def time_passes(site: Site) -> None:
    """What waits for its next attempt is due."""
    with sqlite3.connect(site.data_dir / "passerelle.sqlite3", timeout=30) as database:
        database.execute(
            "UPDATE delivery SET due_at = queued_at WHERE state = 'queued' AND attempts > 0"
        )


def test_each_of_a_thousand_people_gets_each_of_ten_posts_once(
    migrated: Path, tmp_path: Path, rough: RoughSink
) -> None:
    smarthost = f"smtp://127.0.0.1:{rough.port}"
    site = Site.of(migrated, tmp_path / "var", smarthost, SMARTHOST_CONNECTIONS="3")
    make_list(site)
    subscribe_all(site, tmp_path)
    with site:
        ids = [f"post{number}@example.org" for number in range(POSTS)]
        for number, identifier in enumerate(ids):
            raw = mail(
                subject=f"Réunion {number}", author=AUTHOR, to=LIST, message_id=identifier,
                text=f"Voici les propositions de la réunion numéro {number}, à relire.\n",
            )  # fmt: skip
            site.lmtp("awa@example.org", LIST, raw)

        def tried() -> bool:
            found = states(site)
            waiting = counted(
                site,
                "SELECT state, count(*) FROM delivery WHERE attempts = 0 "
                "AND state IN ('queued', 'sending') GROUP BY state",
            )
            return sum(found.values()) == PEOPLE * POSTS and not waiting

        wait_until(tried, 600)
        number_of = Counter(manner(f"p{n}@") for n in range(PEOPLE))
        assert states(site) == {
            "sent": (PEOPLE - number_of[REFUSE] - number_of[DEFER] - number_of[CUT]
                     - number_of[LOSE_ANSWER]) * POSTS,
            "failed": number_of[REFUSE] * POSTS,
            "queued": (number_of[DEFER] + number_of[CUT] + number_of[LOSE_ANSWER]) * POSTS,
        }  # fmt: skip
        time_passes(site)
        wait_until(lambda: "queued" not in states(site) and "sending" not in states(site), 300)
        check_copies(rough, ids)
        # One day's refusals are one failure of an address.
        scores = counted(site, "SELECT subscription_id, score FROM bounce_standing")
        assert len(scores) == number_of[REFUSE]
        assert set(scores.values()) == {1.0}
        site.terminate()


def check_copies(rough: RoughSink, ids: list[str]) -> None:
    copies: dict[str, Counter[str]] = {}
    paths: dict[str, set[str]] = {}
    for one in rough.mails:
        found = re.search(rb"^Message-ID: <([^>]+)>", one.raw, re.MULTILINE)
        assert found
        copies.setdefault(one.recipient, Counter())[found[1].decode()] += 1
        paths.setdefault(one.recipient, set()).add(one.reverse_path)
        number = int(one.recipient[1:].partition("@")[0])
        assert LEAVE[LANGUAGES[number % 3]] in one.raw.replace(b"=\r\n", b"")
    for number in range(PEOPLE):
        person = f"p{number}@d{number % 40}.example.net"
        expected = {REFUSE: 0, LOSE_ANSWER: 2}.get(manner(person), 1)
        wanted = Counter(dict.fromkeys(ids, expected)) if expected else Counter()
        assert copies.get(person, Counter()) == wanted, person
    assert all(len(found) == 1 for found in paths.values())
    assert len(set().union(*paths.values())) == len(paths)
    assert 2 <= rough.at_a_time <= 3


def one_click(address: str, method: str, body: str = "") -> int:
    """What a mail program sends: no cookies, no referrer, nothing but the form of RFC 8058."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    client = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    client.request(method, parts.path, body or None, headers)
    status = client.getresponse().status
    client.close()
    return status


def test_one_click_without_cookies_ends_the_mail_and_a_get_changes_nothing(
    site: Site, sink: Sink
) -> None:
    make_list(site)
    for email in ("grace@example.net", "pilar@example.net"):
        site.command_here("subscribe", "ancrage", email)
    raw = mail(author=AUTHOR, to=LIST, message_id="one@example.org", text="Premier message.\n")
    site.lmtp("awa@example.org", LIST, raw)
    received = sink.wait_for("grace@example.net")[0].message
    assert received["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.search(r"<(https?://[^>]+)>", received["List-Unsubscribe"])
    assert found
    link = site.web + urlsplit(found[1]).path
    for method in ("GET", "HEAD"):
        assert one_click(link, method) == 200
    assert "grace@example.net" in site.command_here("members", "ancrage")
    assert one_click(link, "POST", "List-Unsubscribe=One-Click") == 200
    assert "grace@example.net" not in site.command_here("members", "ancrage")
    raw = mail(author=AUTHOR, to=LIST, message_id="two@example.org", text="Deuxième message.\n")
    site.lmtp("awa@example.org", LIST, raw)
    sink.wait_for("pilar@example.net", 2)
    time.sleep(0.5)
    assert len(sink.to("grace@example.net")) == 1
    assert one_click(link, "POST", "List-Unsubscribe=One-Click") == 200  # Pressed twice.
