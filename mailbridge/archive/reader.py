"""An archive, whatever its form, as a stream of messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final

from mailbridge.archive.containers import Member, members
from mailbridge.archive.found import (
    LARGEST,
    ArchiveError,
    Fault,
    Format,
    Found,
    Item,
    Reading,
)
from mailbridge.archive.mbox_reader import BOM, MboxReader
from mailbridge.archive.mmdf_reader import read_mmdf
from mailbridge.archive.old_pages import Numbering, read_page
from mailbridge.archive.recognise import Kind, is_maildir_file, maildir_seconds, recognise
from mailbridge.archive.window import DAMAGE, as_damage

_WHOLE: Final = (Kind.MESSAGE, Kind.EMLX)


def read_archive(
    path: Path, wanted: Format, reading: Reading, old_name: str = "", *, largest: int = LARGEST
) -> Iterator[Item]:
    """All messages of a file or folder, or of the standard input for `-`.

    What is noticed on the way goes into `reading`. Nothing is held in memory but the message at
    hand.

    Args:
        wanted: The form; AUTO recognises each file by itself.
        old_name: The list's name in the addresses of the web archive it comes from.
        largest: Bytes above which a message is put aside with its head.

    Raises:
        ArchiveError: there is no such file, or nothing in it is mail.
    """
    numbering = Numbering(old_name.lower())
    any_mail = False
    for member in members(path, reading):
        kind = _kind(member, wanted)
        if kind is None:
            reading.skipped.append(member.name)
            continue
        if kind is Kind.PAGE:
            page = read_page(member.path, member.content.head, numbering)
            if page is not None:
                yield page
            continue
        any_mail = True
        yield from _messages(member, kind, wanted, reading, numbering, largest)
    if not any_mail:
        raise ArchiveError(_complaint(path, wanted, reading))


def begun(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, after its first message was read.

    Raises:
        ArchiveError: there is none; nothing needs to be made ready for it then.
    """
    read: list[Item] = []
    for item in items:
        read.append(item)
        if isinstance(item, Found):
            break
    return chain(read, items)


def check_archive(path: Path, wanted: Format) -> None:
    """Make sure that something in a path is mail, reading no more than is needed.

    Raises:
        ArchiveError: it is not.
    """
    reading = Reading()
    for member in members(path, reading):
        if _kind(member, wanted) not in (None, Kind.PAGE):
            return
    raise ArchiveError(_complaint(path, wanted, reading))


def _complaint(path: Path, wanted: Format, reading: Reading) -> str:
    if reading.damaged:
        name, reason = next(iter(reading.damaged.items()))
        return f"{name} cannot be read: {reason}"
    form = "mail" if wanted is Format.AUTO else wanted.value
    return f"{path} is no archive: there is no {form} in it"


def _kind(member: Member, wanted: Format) -> Kind | None:
    kind = recognise(member.content.head, member.path)
    match wanted:
        case Format.MBOX | Format.PIPERMAIL:
            allowed: tuple[Kind, ...] = (Kind.MBOX, Kind.MMDF, Kind.PAGE)
        case Format.MAILDIR:
            return Kind.MESSAGE if is_maildir_file(member.path) else None
        case Format.EML:
            allowed = _WHOLE
        case _:
            allowed = tuple(Kind)
    return kind if kind in allowed else None


def _messages(
    member: Member, kind: Kind, wanted: Format, reading: Reading, numbering: Numbering, largest: int
) -> Iterator[Found]:
    if kind in _WHOLE:
        yield numbering.numbered_file(_one(member, kind, reading, largest), member.path)
        return
    if kind is Kind.MMDF:
        found: Iterator[Found] = read_mmdf(member.content, member.name, reading, largest=largest)
    else:
        found = iter(MboxReader(member.content, member.name, reading, largest=largest))
    numbering.begin(member.path, wanted)
    for one in found:
        yield numbering.numbered(one)


def _one(member: Member, kind: Kind, reading: Reading, largest: int) -> Found:
    """The message of a file that holds one."""
    pieces: list[bytes] = []
    size = 0
    fault: Fault | None = None
    try:
        while size <= largest and (piece := member.content.read(1 << 20)):
            pieces.append(piece)
            size += len(piece)
    except DAMAGE as error:
        fault = Fault.DAMAGED
        reading.damaged[member.name] = as_damage(error)
    raw = b"".join(pieces).removeprefix(BOM)
    if size > largest:
        raw, fault = raw[:largest], Fault.TOO_LARGE
    if kind is Kind.EMLX:
        length, _, rest = raw.partition(b"\n")
        raw = rest[: int(length)]
    if not raw.strip():
        fault = fault or Fault.EMPTY
    seconds = maildir_seconds(member.path) if is_maildir_file(member.path) else None
    arrived = member.modified if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return Found(raw, member.name, 0, 0, arrived, fault, alone=True)
