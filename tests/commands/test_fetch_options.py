"""`passerelle list edit --fetch`: where a list's mail is fetched from."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from forum.extensions import db
from forum.operations.sealing import unseal
from forum.settings import Settings
from forum.storage.fetching import Fetching
from tests.commands.conftest import Run, one_line

IMAP = "imaps://pont@mail.example.org/INBOX"


def shown(run: Run, slug: str) -> str | None:
    source: str | None = run("list", "show", slug, "--json").json["fetch"]
    return source


def test_a_password_comes_by_standard_input_and_is_shown_nowhere(
    app: Flask, run: Run, ancrage: str, settings: Settings
) -> None:
    printed = run("list", "edit", ancrage, "--fetch", IMAP, "--fetch-password-stdin",
                  given="s3cret word\n")  # fmt: skip
    shows = [printed, run("list", "show", ancrage), run("audit")]
    assert not any("s3cret" in one.out + one.err for one in shows)
    assert shown(run, ancrage) == IMAP
    with app.app_context():
        sealed = db.session.scalars(select(Fetching.sealed_password)).one()
    assert unseal(sealed, settings.resolved_secret_key()) == "s3cret word"


def test_a_maildirs_path_is_kept_whole(
    run: Run, ancrage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    mailbox.Maildir(tmp_path / "box")
    run("list", "edit", ancrage, "--fetch", "maildir:box")
    assert shown(run, ancrage) == f"maildir:{tmp_path / 'box'}"


def test_fetching_is_ended_by_an_option_of_its_own(run: Run, ancrage: str, tmp_path: Path) -> None:
    mailbox.Maildir(tmp_path / "box")
    run("list", "edit", ancrage, "--fetch", f"maildir:{tmp_path / 'box'}")
    run("list", "edit", ancrage, "--no-fetch")
    assert shown(run, ancrage) is None


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ((), "there is no folder {path}"),
        (("{path}",), "{path} is no Maildir: it has no folder cur, new, tmp"),
        (("{path}/cur", "{path}/new"), "{path} is no Maildir: it has no folder tmp"),
    ],
)
def test_a_folder_that_is_no_maildir_is_refused(
    run: Run, ancrage: str, tmp_path: Path, there: tuple[str, ...], told: str
) -> None:
    path = tmp_path / "box"
    for one in there:
        Path(one.format(path=path)).mkdir(parents=True)
    printed = run("list", "edit", ancrage, "--fetch", f"maildir:{path}", status=2)
    assert one_line(printed)
    assert told.format(path=path) in printed.err
    assert shown(run, ancrage) is None


def test_other_options_leave_it_as_it_is(run: Run, ancrage: str) -> None:
    run("list", "edit", ancrage, "--fetch", IMAP, "--fetch-password-stdin", given="x\n")
    run("list", "edit", ancrage, "--language", "fr")
    run("list", "edit", ancrage, "--fetch", IMAP)
    assert shown(run, ancrage) == IMAP


@pytest.mark.parametrize(
    ("options", "given"),
    [
        (("--fetch", "imaps://pont:s3cret@mail.example.org/INBOX"), ""),
        (("--fetch", IMAP), ""),
        (("--fetch", IMAP, "--fetch-password-stdin"), ""),
        (("--fetch", "pop3://x"), ""),
        (("--fetch", "maildir:"), ""),
        (("--fetch", IMAP, "--no-fetch"), ""),
        (("--fetch-password-stdin",), "x\n"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(
    run: Run, ancrage: str, options: tuple[str, ...], given: str
) -> None:
    printed = run("list", "edit", ancrage, *options, status=2, given=given)
    assert one_line(printed)
    assert "s3cret" not in printed.err
    assert shown(run, ancrage) is None
