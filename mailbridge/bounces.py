"""What a mail to a bounce address says: which address failed, for good or not.

Fields first (RFC 3464; Exim's X-Failed-Recipients), then qmail's form, then the words of mail
servers in three languages, and `flufl.bounce` last, guarded. Who it is about, the return path has
said already (VERP): the address found here is only shown.
"""

from __future__ import annotations

import email
import logging
import re
from dataclasses import dataclass
from typing import Final

from flufl.bounce import all_failures

from forum.domain.bounce_words import Failure, failure_of, plain, says_something, status_of
from forum.domain.mime import Structure, take_apart, walk

log = logging.getLogger("passerelle.bounces")

STATUS_TYPES: Final = ("message/delivery-status", "message/global-delivery-status")
LONGEST_REPORT: Final = 100_000
LONGEST_REPLY: Final = 500

_FIELD: Final = re.compile(r"^([A-Za-z][A-Za-z0-9-]*)[ \t]*:[ \t]*(.*)$")
_LOOSE_STATUS: Final = re.compile(
    rb"^Final-Recipient:.*?(?=\r?\n[ \t]*\r?\n|\Z)", re.MULTILINE | re.DOTALL | re.IGNORECASE
)
_QMAIL: Final = re.compile(
    r"^<([^<>\s]+@[^<>\s]+)>:[ \t]*\n(.*?)(?=^<[^<>\s]+@[^<>\s]+>:|^--- |\n[ \t]*\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
_QMAIL_SAYS: Final = re.compile(
    r"qmail|failure notice|permanent error|could not be delivered|no pud|n'a pas pu"
)
_ADDRESS: Final = re.compile(r"[^\s<>\"'(),;:]+@[A-Za-z0-9.-]+[A-Za-z0-9]")
_DELAY: Final = re.compile(
    r"(delivery|message) .{0,60}(delayed|temporarily)|delayed mail|will (be retried|retry|keep try)"
    r"|still (being )?(try|retri)|not yet been delivered|no action is required|warning: "
    r"|livraison .{0,40}retard|remise .{0,30}(retard|differ)|nouvelle tentative|pas encore (pu|ete)"
    r"|entrega .{0,40}(retras|demor)|se (volvera|seguira) .{0,10}intent|todavia no"
)
_ORIGINAL: Final = re.compile(
    r"^(-{3,} ?(this is a copy|below this line|original message|message d'origine|mensaje original)"
    r"|return-path:|received: )", re.MULTILINE | re.IGNORECASE
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """What a bounce says."""

    failure: Failure | None
    """None for a delay, and for a mail that arrived after all."""
    status: str = ""
    """An enhanced status code (RFC 3463)."""
    reply: str = ""
    """What the refusing server said, in one line."""
    recipient: str = ""
    """The address that failed, where it is named; lower case."""


def read_fields(raw: bytes) -> Report | None:
    """What the fields of RFC 3464 say; None where there are none. Never raises."""
    return _by_fields(take_apart(raw))


def read(raw: bytes, text: str) -> Report | None:
    """Understand a bounce; None where it does not say that anything failed. Never raises.

    Only for what a mail server sent to a bounce address: people quote bounces too.

    Args:
        raw: the message.
        text: its own readable text, decoded.
    """
    structure = take_apart(raw)
    told = _ORIGINAL.split(text[:LONGEST_REPORT])[0]
    report = _by_fields(structure) or _by_header(structure, told)
    if report is not None:
        return report
    return _by_qmail(told) or _by_words(structure, told) or _by_library(raw, told)


def _by_fields(structure: Structure) -> Report | None:
    groups: list[dict[str, str]] = []
    for part in walk(structure.root):
        if part.type in STATUS_TYPES:
            # Some write the report as a message of its own: its fields are those of the part.
            head = structure.raw[max(0, part.start - 2_000) : part.start]
            body = structure.content(part)[:LONGEST_REPORT]
            groups += _groups(body) or _groups(head)
    if not groups:
        # The structure is broken, or a gateway has made one text of it.
        loose = _LOOSE_STATUS.findall(structure.raw[: LONGEST_REPORT * 2])
        groups = [group for block in loose[:50] for group in _groups(block)]
    reports = [report for group in groups if (report := _of_group(group)) is not None]
    failed = [report for report in reports if report.failure is not None]
    found = failed or reports
    return found[0] if found else None


def _groups(content: bytes) -> list[dict[str, str]]:
    """The fields of each recipient (RFC 3464, section 2.3), names in lower case."""
    groups: list[dict[str, str]] = [{}]
    name = ""
    for line in content.decode("utf-8", "replace").splitlines():
        found = _FIELD.match(line)
        if not line.strip():
            groups.append({})
            name = ""
        elif line[0] in " \t" and name:
            groups[-1][name] += " " + line.strip()
        elif found is not None:
            name = found[1].lower()
            groups[-1].setdefault(name, found[2].strip())
    return [group for group in groups if "action" in group or "status" in group]


def _of_group(group: dict[str, str]) -> Report | None:
    action = group.get("action", "").strip().lower().split(" ")[0].strip(";")
    status = status_of(group.get("status", ""))
    named = group.get("final-recipient") or group.get("original-recipient", "")
    recipient = _address(named) or _address(group.get("original-recipient", ""))
    reply = _one_line(group.get("diagnostic-code", "").partition(";")[2].strip())
    if action in ("delayed", "delivered", "relayed", "expanded"):
        return Report(None, status, reply, recipient)
    if not action and not status.startswith(("4", "5")):
        return None
    # RFC 3464, section 2.3.3: failed. A 4xx that is final was tried for days.
    failure = failure_of(status, reply) or Failure.SOFT
    return Report(failure, status, reply or status, recipient)


def _by_header(structure: Structure, told: str) -> Report | None:
    """Exim without RFC 3464, and Gmail's old form."""
    failed = structure.headers().get("x-failed-recipients")
    if not failed:
        return None
    return _told(told, _address(failed))


def _by_qmail(told: str) -> Report | None:
    """qmail and those who write alike: `<address>:`, and below it the reason."""
    if not _QMAIL_SAYS.search(plain(told)[:2_000]):
        return None
    found = _QMAIL.search(told.replace("\r\n", "\n"))
    return _told(found[2], found[1].lower()) if found is not None else None


def _by_words(structure: Structure, told: str) -> Report | None:
    subject = plain(structure.headers().get("subject") or "")
    if _DELAY.search(subject) or (_DELAY.search(plain(told)) and not _is_final(told)):
        return Report(None, status_of(told))
    if not says_something(told):
        return None
    return _told(told, _address(told))


def _is_final(told: str) -> bool:
    """Whether a status of class 5 stands in a text that speaks of delays too."""
    return status_of(told).startswith("5")


def _told(text: str, recipient: str) -> Report:
    failure = failure_of("", text) or Failure.SOFT
    lines = [line for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if says_something(line)] or lines
    return Report(failure, status_of(text), _one_line(" ".join(telling[:3])), recipient)


def _by_library(raw: bytes, told: str) -> Report | None:
    try:
        temporary, permanent = all_failures(email.message_from_bytes(raw[:LONGEST_REPORT]))
    except Exception:
        # It raises on malformed mail of several kinds: then nothing is known.
        log.warning("bounce not read by the library size=%d", len(raw))
        return None
    named = sorted(address.decode("ascii", "replace").lower() for address in permanent | temporary)
    if not named:
        return None
    failure = failure_of("", told) or (Failure.HARD if permanent else Failure.SOFT)
    return Report(failure, status_of(told), _one_line(told), named[0])


def _address(text: str) -> str:
    found = _ADDRESS.search(text)
    return found[0].lower() if found is not None else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_REPLY]
