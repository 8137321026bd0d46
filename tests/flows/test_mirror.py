"""An outside list and the forum are the same conversation, whatever the outside list does to mail.

Each list stands for one habit, or for the habits of one software together. All are mirrored by one
site and written to at the same time.
"""

from __future__ import annotations

import json
import mailbox
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.mirror_run import Run, bridge_of, with_lists
from tests.flows.mirror_sides import Held, numbers_of, rows, wait_while_moving, waiting_of
from tests.flows.outside_habits import COMBINED, MAILMAN3, SWITCHES, SYMPA, WHOLE, DigestForm
from tests.flows.outside_list import OutsideWorld
from tests.flows.site import Site
from tests.mailbridge.imap_server import PASSWORD, ImapServer, running

LIKE = {f"like-{name}": habits for name, habits in WHOLE.items()}
HABITS = {**SWITCHES, **LIKE, **COMBINED, "by-imap": MAILMAN3, "by-maildir": SYMPA}
POSTS = 50
ROUND = 5

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@dataclass
class Mirrored:
    """All lists, when everything has been written."""

    site: Site
    world: OutsideWorld
    runs: dict[str, Run]


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Mirrored]:
    """Fifty posts on each list, half of them on the web, in rounds; then everything at rest."""
    directory = tmp_path_factory.mktemp("mirror")
    with OutsideWorld() as world, running(ImapServer()) as server:
        site = Site.of(migrated, directory / "var", world.url, FETCH_SECONDS="1")
        maildir = mailbox.Maildir(directory / "box")
        mailboxes = {"by-imap": server.url, "by-maildir": f"maildir:{directory / 'box'}"}
        tokens = with_lists(site, list(HABITS), mailboxes, PASSWORD)
        with site:
            runs = {name: Run(name, habits, world, site, tokens) for name, habits in HABITS.items()}
            world.doors[bridge_of("by-imap")] = lambda path, to, raw: server.add(raw)
            world.doors[bridge_of("by-maildir")] = lambda path, to, raw: maildir.add(raw) and None
            for number in range(0, POSTS, ROUND):
                for run in runs.values():
                    run.round(ROUND)
                settle(site, world, runs, number + ROUND)
            yield Mirrored(site, world, runs)


def settle(site: Site, world: OutsideWorld, runs: dict[str, Run], number: int) -> None:
    """Wait until both sides of every list hold so many posts; moderators and digests do theirs."""
    late: dict[str, tuple[int, int, int]] = {}

    def is_settled() -> bool:
        for run in runs.values():
            run.outside.release()
            run.outside.send_digest()
        here, waiting = numbers_of(site), waiting_of(site)
        late.clear()
        for name, run in runs.items():
            counted = (here[name], len(run.outside.archive), waiting.get(name, 0))
            if counted != (number, number, 0):
                late[name] = counted
        return all(min(counted[:2]) >= number and not counted[2] for counted in late.values())

    try:
        wait_while_moving(world, is_settled)
    except AssertionError as error:
        raise AssertionError(f"{error}: posts here, there and waiting are {late}") from None
    world.settle()


@pytest.mark.parametrize("name", HABITS)
def test_both_sides_hold_the_same_posts_in_the_same_threads(mirrored: Mirrored, name: str) -> None:
    run = mirrored.runs[name]
    here, there = run.held_here(), run.held_there()
    assert here.total() == there.total() == POSTS
    assert {one.key: one.parent for one in there if one.key in run.written} == run.written
    if run.habits.digest is DigestForm.PLAIN:
        # RFC 1153 does not say what a message answers: the thread is found, by the subject.
        assert in_threads(here) == in_threads(there)
    else:
        assert here == there


def in_threads(held: Counter[Held]) -> Counter[tuple[str, str]]:
    """What is in which thread, whatever stands below what."""
    return Counter((one.key, one.thread) for one in held.elements())


@pytest.mark.parametrize("name", HABITS)
def test_nothing_went_out_twice_and_no_echo_was_posted(mirrored: Mirrored, name: str) -> None:
    run = mirrored.runs[name]
    assert (run.by_web, run.by_list) == (POSTS // 2, POSTS // 2)
    assert run.outside.received == POSTS
    assert run.outside.refused == []
    assert waiting_of(mirrored.site).get(name, 0) == 0
    states = dict(
        rows(
            mirrored.site,
            "SELECT state, COUNT(*) FROM incoming JOIN mailing_list"
            " ON mailing_list.id = incoming.mailing_list_id WHERE slug = ? GROUP BY state",
            name,
        )
    )
    copies = run.habits.copies
    assert states.get("posted", 0) == POSTS // 2
    assert states.get("echo", 0) == POSTS // 2 * copies
    assert set(states) <= {"posted", "echo", "duplicate", "automatic"}


@pytest.mark.parametrize("name", [*LIKE, "all-rewritten"])
def test_the_status_says_that_both_sides_are_the_same(
    mirrored: Mirrored, name: str, tmp_path: Path
) -> None:
    run, archive = mirrored.runs[name], tmp_path / "outside.mbox"
    archive.write_bytes(run.outside.as_mbox())
    command = ("mirror", "status", name, "--json", "--against", str(archive))
    status = json.loads(mirrored.site.command_here(*command))
    assert (status["both"], status["waiting"], status["missing"]) == (POSTS, 0, 0)


def test_what_was_fetched_stays_where_it_was(mirrored: Mirrored) -> None:
    found = rows(mirrored.site, "SELECT source, taken, skipped, error FROM fetching")
    assert sorted(one[1:] for one in found) == [(POSTS, 0, "")] * 2
    assert all(one[0].startswith(("imap://", "maildir:")) for one in found)


def test_every_mail_was_taken_and_nothing_failed(mirrored: Mirrored) -> None:
    assert mirrored.world.failures == []
    assert "Traceback" not in mirrored.site.errors()
