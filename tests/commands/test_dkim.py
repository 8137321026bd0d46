"""`passerelle dkim`."""

from __future__ import annotations

import pytest

from forum.settings import Settings
from mailbridge.signing_keys import ring_of
from tests.commands.conftest import Run, one_line


def test_a_key_is_made_and_signs_at_once(run: Run, settings: Settings) -> None:
    ring = ring_of(settings.data_dir, settings.mail_domain)
    assert ring.signer() is None
    printed = run("dkim", "create", "--selector", "S1")
    assert printed.out.startswith("v=DKIM1; k=rsa; p=MII")
    assert printed.out.count("\n") == 1
    assert "s1._domainkey.lists.example.org" in printed.err
    signer = ring.signer()
    assert signer is not None
    assert signer.selector == "s1"
    assert run("dkim", "show").out == printed.out


def test_keys_change_without_a_gap(run: Run) -> None:
    old = run("dkim", "create", "--selector", "old").out
    new = run("dkim", "create", "--later").out
    assert old != new
    rows = run("dkim", "ls", "--json").json
    assert [row["signs"] for row in rows] == [True, False]
    name = rows[1]["selector"]
    assert name.startswith("p20")
    run("dkim", "use", name)
    assert run("dkim", "ls").out.splitlines()[1].split("\t")[:2] == [name, "signs"]
    assert run("dkim", "show", name).out == new
    run("dkim", "remove", "old")
    assert [row["selector"] for row in run("dkim", "ls", "--json").json] == [name]


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "--selector", "one"),
        ("create", "--selector", "no selector"),
        ("show", "unknown"),
        ("use", "unknown"),
        ("remove", "unknown"),
        ("remove", "one"),
    ],
)
def test_bad_input_is_told_in_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    run("dkim", "create", "--selector", "one")
    assert one_line(run("dkim", *arguments, status=2))


def test_without_a_key_there_is_none_to_show(run: Run) -> None:
    assert one_line(run("dkim", "show", status=2))
    assert run("dkim", "ls").out == ""
