"""`passerelle list` and `passerelle role`."""

from __future__ import annotations

import pytest

from tests.commands.conftest import Run, one_line

TITLES = ("--title-fr", "Ancrage", "--title-en", "Anchoring", "--title-es", "Anclaje")


def test_a_new_list_has_the_documented_defaults(run: Run) -> None:
    run("list", "create", "atelier7-w7tf@lists.example.org", *TITLES)
    shown = run("list", "show", "atelier7-w7tf", "--json").json
    assert shown["slug"] == "atelier7-w7tf"
    assert shown["title"] == {"fr": "Ancrage", "en": "Anchoring", "es": "Anclaje"}
    kept = [shown[name] for name in ("mode", "visibility", "posting", "language", "from_policy")]
    assert kept == ["hosted", "public", "members", "en", "auto"]


def test_every_option_of_create_is_kept(run: Run) -> None:
    options = {
        "visibility": "private",
        "posting": "moderated",
        "language": "es",
        "from-policy": "always",
        "mode": "mirrored",
        "upstream": "ancrage@sympa.example.net",
        "bridge-address": "pont@lists.example.org",
        "upstream-list-id": "ancrage.sympa.example.net",
    }
    given = [part for name, value in options.items() for part in (f"--{name}", value)]
    run("list", "create", "ancrage@lists.example.org", *TITLES, *given)
    shown = run("list", "show", "ancrage", "--json").json
    assert (shown["visibility"], shown["posting"], shown["language"]) == (
        "private",
        "moderated",
        "es",
    )
    assert shown["mode"] == "mirrored"
    assert shown["upstream_address"] == "ancrage@sympa.example.net"
    assert shown["bridge_address"] == "pont@lists.example.org"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("list", "create", "no address", *TITLES), 2),
        (("list", "create", "x@lists.example.org", "--title-fr", "Seul"), 2),
        (("list", "create", "x@lists.example.org", *TITLES, "--visibility", "secret"), 2),
        (("list", "create", "x@lists.example.org", *TITLES, "--mode", "mirrored"), 2),
        (("list", "create", "ancrage-owner@lists.example.org", *TITLES), 2),
        (("list", "create", "ancrage@lists.example.org", *TITLES), 2),
        (("list", "create", "ancrage@other.example.org", *TITLES), 2),
        (("list", "create", "x@lists.example.org", *TITLES, "--title-fr", "x" * 201), 2),
        (("list", "edit", "ancrage", "--title-fr", "x" * 201), 2),
        (("list", "edit", "ancrage", "--title-fr", " "), 2),
        (("list", "create", "x@lists.example.org", "--title-fr", "\udcff"), 2),
        (("list", "edit", "ancrage", "--reply-to", "everybody"), 2),
        (("list", "edit", "ancrage", "--subject-prefix", "x" * 41), 2),
        (("list", "edit", "ancrage", "--subject-prefix", "[a] [b]"), 2),
        (("list", "show", "unknown"), 2),
        (("list", "edit", "unknown", "--language", "fr"), 2),
        (("list", "edit", "ancrage"), 2),
        (("role", "grant", "ancrage", "nobody@example.net", "owner"), 2),
        (("role", "grant", "ancrage", "nobody@example.net", "king"), 2),
    ],
)
def test_bad_input_is_told_in_one_line(
    run: Run, ancrage: str, arguments: tuple[str, ...], status: int
) -> None:
    assert one_line(run(*arguments, status=status))


def test_edit_changes_what_is_given_and_nothing_else(run: Run, ancrage: str) -> None:
    before = run("list", "show", ancrage, "--json").json
    run("list", "edit", ancrage, "--posting", "open", "--title-es", "Arraigo")
    after = run("list", "show", ancrage, "--json").json
    assert after["posting"] == "open"
    assert after["title"] == {**before["title"], "es": "Arraigo"}
    assert {**after, "posting": "", "title": ""} == {**before, "posting": "", "title": ""}


@pytest.mark.parametrize(
    ("given", "kept"), [("ancrage", "[ancrage]"), ("[ Ancrage  7 ]", "[Ancrage 7]"), ("", "")]
)
def test_a_subject_prefix_stands_in_brackets(run: Run, ancrage: str, given: str, kept: str) -> None:
    run("list", "edit", "ancrage", "--subject-prefix", given, "--reply-to", "author")
    shown = run("list", "show", "ancrage", "--json").json
    assert (shown["subject_prefix"], shown["reply_to"]) == (kept, "author")


def test_ls_shows_a_line_for_each_list(run: Run, ancrage: str) -> None:
    run("list", "create", "voyages@lists.example.org", *TITLES)
    lines = run("list", "ls").out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["ancrage", "voyages"]
    assert [one["slug"] for one in run("list", "ls", "--json").json] == ["ancrage", "voyages"]


def test_roles_are_given_and_taken_back_and_both_are_on_record(run: Run, ancrage: str) -> None:
    run("account", "create", "marie@example.net", "--name", "Marie")
    run("role", "grant", ancrage, "marie@example.net", "moderator")
    run("role", "grant", ancrage, "marie@example.net", "moderator")
    run("role", "revoke", ancrage, "marie@example.net", "moderator")
    actions = [entry["action"] for entry in run("audit", ancrage, "--json").json]
    assert actions == ["create", "grant", "revoke"]


MIRRORED = ("--mode", "mirrored", "--upstream", "atelier@listes.example.net")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (MIRRORED, "needs an upstream address and a bridge address"),
        ((*MIRRORED, "--bridge-address", "ancrage@lists.example.org"), "differ from the list's"),
        ((*MIRRORED, "--bridge-address", "atelier@listes.example.net"), "differ from the upstream"),
        ((*MIRRORED, "--bridge-address", "autre@lists.example.org"), "autre already"),
        ((*MIRRORED, "--bridge-address", "autre-owner@lists.example.org"), "has a meaning already"),
        ((*MIRRORED, "--bridge-address", "no address"), "is not an email address"),
        (("--upstream", "ancrage@lists.example.org"), "cannot mirror itself"),
        (("--upstream-list-id", "two words"), "is no List-Id"),
        (("--upstream", "atelier-leave@listes.example.net"), "such as atelier@listes.example.net"),
        (("--upstream", "sympa@listes.example.net"), "the address that people post to"),
    ],
)
def test_a_mirror_that_cannot_work_is_refused(
    run: Run, ancrage: str, options: tuple[str, ...], told: str
) -> None:
    run("list", "create", "autre@lists.example.org", *TITLES)
    printed = run("list", "edit", ancrage, *options, status=2)
    assert one_line(printed)
    assert told in printed.err


def test_a_list_becomes_a_mirror_and_hosted_again(run: Run, ancrage: str) -> None:
    bridge = ("--bridge-address", "pont@lists.example.org")
    run(
        "list", "edit", ancrage, *MIRRORED, *bridge, "--upstream-list-id", "A <Atelier.example.net>"
    )
    shown = run("list", "show", ancrage, "--json").json
    assert shown["mode"] == "mirrored"
    assert shown["upstream_list_id"] == "atelier.example.net"
    run("list", "edit", ancrage, "--mode", "hosted")
    assert run("list", "show", ancrage, "--json").json["mode"] == "hosted"


def test_all_outgoing_mail_of_a_list_is_stopped_and_started(run: Run) -> None:
    run("list", "create", "ancrage@lists.example.org", *TITLES)
    assert run("list", "show", "ancrage", "--json").json["outgoing_stopped"] is False
    run("list", "edit", "ancrage", "--outgoing", "stopped", "--hourly-limit", "500")
    shown = run("list", "show", "ancrage", "--json").json
    assert (shown["outgoing_stopped"], shown["hourly_limit"]) == (True, 500)
    run("list", "edit", "ancrage", "--outgoing", "running")
    shown = run("list", "show", "ancrage", "--json").json
    assert (shown["outgoing_stopped"], shown["hourly_limit"]) == (False, 500)
    run("list", "edit", "ancrage", "--outgoing", "perhaps", status=2)
    run("list", "edit", "ancrage", "--hourly-limit", "-1", status=2)
