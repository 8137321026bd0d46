"""`passerelle topic`."""

from __future__ import annotations

import pytest

from tests.commands.conftest import Run, one_line

DAYS = ("--start", "2010-03-01", "--end", "2010-03-31")
TITLES = ("--title-fr", "Les écoles", "--title-en", "Schools", "--title-es", "Las escuelas")
ADD = ("topic", "add", "ancrage", "--tag", "Écoles", *DAYS, *TITLES)


def test_topics_are_announced_shown_changed_and_removed(run: Run, ancrage: str) -> None:
    assert run(*ADD, "--product-fr", "Un cahier").last == "added [écoles]"
    assert run("topic", "ls", ancrage).out == "écoles\t2010-03-01\t2010-03-31\t0\tSchools\n"
    changed = run("topic", "edit", ancrage, "ECOLES", "--end", "2010-04-30", "--title-en", "School")
    assert changed.last == "changed [écoles]"
    (shown,) = run("topic", "ls", ancrage, "--json").json
    assert shown == {
        "tag": "écoles",
        "titles": {"fr": "Les écoles", "en": "School", "es": "Las escuelas"},
        "products": {"fr": "Un cahier"},
        "starts_on": "2010-03-01",
        "ends_on": "2010-04-30",
        "threads": 0,
    }
    assert run("topic", "remove", ancrage, "[écoles]").last == "removed [écoles]"
    assert run("topic", "ls", ancrage).out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("topic", "add", "ancrage", *TITLES, *DAYS),
        ("topic", "add", "ancrage", "--tag", "eau", *DAYS),
        (*ADD, "--end", "2010-02-01"),
        (*ADD, "--end", "demain"),
        (*ADD, "--remind-days", "400"),
        (*ADD, "--tag", "ancrage"),
        ("topic", "edit", "ancrage", "eau", "--title-fr", "L’eau"),
        ("topic", "remove", "ancrage", "eau"),
        ("topic", "ls", "nowhere"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(
    run: Run, ancrage: str, arguments: tuple[str, ...]
) -> None:
    assert one_line(run(*arguments, status=2))
    assert run("topic", "ls", ancrage).out == ""
    run(*ADD)
    assert one_line(run("topic", "edit", ancrage, "ecoles", status=2))
