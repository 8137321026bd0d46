"""Whatever a moderator can decide leaves a line in the audit log.

Read off the code itself: a decision that somebody adds later and that writes no line fails here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("operations", "web", "commands")
RECORD = "forum.operations.audit.record"
DECIDES = ("moderators_only", "for_moderators", "for_owners", "administrators_only")
"""What stands before pages of those who run lists or the site."""

OF_ONESELF = {
    f"forum.operations.{name}"
    for name in (
        "accounts.set_held_mail",
        "drafts.keep_draft",
        "erasure_requests.ask",
        "identity.claim_address",
        "saved_searches.save_search",
        "tokens.issue_api_token",
    )
}
"""What people do about themselves alone."""

DECIDES_NOTHING = {
    f"forum.operations.{name}"
    for name in (
        "audit.record",
        "claiming.claim",
        "curation_authors.can_edit",
        "curation_authors.report",
        "erasure_requests.asked",
        "identity.claimed",
        "telling_moderators.decision_token",
        "translation_sending.count_for_translation",
    )
}

NOTED_BY_CALLERS = {
    f"forum.operations.{name}"
    for name in (
        "invitations.invite",
        "invitations.withdraw",
        "lists.create_list",
        "lists.edit_list",
        "lists.grant_role",
        "lists.revoke_role",
        "mirroring_learning.unlearn",
    )
}
"""Whose line the page or the command writes: it knows best what was typed."""

EXCEPT = OF_ONESELF | DECIDES_NOTHING | NOTED_BY_CALLERS


@dataclass
class Module:
    """What the code of a module calls, by function."""

    name: str
    names: dict[str, str] = field(default_factory=dict)
    """What imported names stand for."""
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    calls: dict[str, frozenset[str]] = field(default_factory=dict)

    def called(self, name: str) -> frozenset[str]:
        """What a function of this module names that could be a function."""
        if name not in self.functions:
            return frozenset()
        if name not in self.calls:
            self.calls[name] = frozenset(self._called(self.functions[name]))
        return self.calls[name]

    def _called(self, function: ast.FunctionDef) -> Iterator[str]:
        for node in ast.walk(function):
            if isinstance(node, ast.Name):
                if node.id in self.functions:
                    yield f"{self.name}.{node.id}"
                elif node.id in self.names:
                    yield self.names[node.id]
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                yield f"{self.names.get(node.value.id, '')}.{node.attr}"


@cache
def modules() -> dict[str, Module]:
    found = {}
    for path in (path for room in ROOMS for path in ROOT.glob(f"forum/{room}/**/*.py")):
        module = Module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                module.functions[node.name] = node
            elif isinstance(node, ast.ImportFrom):
                for one in node.names:
                    module.names[one.asname or one.name] = f"{node.module}.{one.name}"
        found[module.name] = module
    return found


@cache
def reached(name: str) -> frozenset[str]:
    """All functions of ours that a function may call, however far down."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        module, _, function = waiting.pop().rpartition(".")
        new = modules()[module].called(function) - seen if module in modules() else frozenset()
        seen |= new
        waiting += new
    return frozenset(seen)


def verbs() -> Iterator[str]:
    """Operations that are told who decides, and when."""
    for module in modules().values():
        for name, node in module.functions.items():
            arguments = {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
            is_public = module.name.startswith("forum.operations") and not name.startswith("_")
            whole = f"{module.name}.{name}"
            if is_public and {"now", "account"} <= arguments and whole not in EXCEPT:
                yield whole


def pages() -> Iterator[str]:
    """What takes forms from those who run lists or the site."""
    for module in modules().values():
        for name, node in module.functions.items():
            marks = [ast.unparse(one) for one in node.decorator_list]
            if any("post(" in one or "POST" in one for one in marks) and set(DECIDES) & set(marks):
                yield f"{module.name}.{name}"


def without_a_line(names: Iterator[str]) -> list[str]:
    return [name for name in names if RECORD not in reached(name)]


def test_every_verb_leaves_a_line() -> None:
    assert without_a_line(verbs()) == []


def test_every_form_of_those_in_charge_leaves_a_line() -> None:
    assert without_a_line(pages()) == []


def callers() -> Iterator[str]:
    """Pages and commands that use what writes no line itself; the archive to try is nobody's."""
    for module in modules().values():
        if module.name.startswith("forum.operations") or module.name.endswith(".demo"):
            continue
        for name, node in module.functions.items():
            is_entrance = bool(node.decorator_list)
            if is_entrance and NOTED_BY_CALLERS & reached(f"{module.name}.{name}"):
                yield f"{module.name}.{name}"


def test_whoever_uses_what_writes_no_line_writes_it() -> None:
    assert without_a_line(callers()) == []


def test_the_exceptions_are_there() -> None:
    for name in EXCEPT:
        module, _, function = name.rpartition(".")
        assert function in modules()[module].functions, name


def test_the_code_was_read() -> None:
    assert len(set(verbs())) > 30
    assert len(set(pages())) > 20
    assert len(set(callers())) > 5
