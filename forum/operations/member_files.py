"""The CSV file of a list's members, read with an error for each bad line, and written."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from forum.domain.spreadsheet import harmless, plain
from forum.domain.values import LANGUAGES
from forum.operations.accounts import NAME_CHARACTERS, AccountError, check_email
from forum.operations.members import Joining
from forum.storage.people import DeliveryMode, Subscription

HEADER: Final = ("email", "name", "language", "delivery")


class Fault(StrEnum):
    """What is wrong with a line."""

    CSV = "csv"
    HEADER = "header"
    ADDRESS = "address"
    NAME = "name"
    LANGUAGE = "language"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class BadLine:
    """One line that cannot be read."""

    number: int
    """From 1."""
    fault: Fault
    value: str
    """What stands there."""


@dataclass(frozen=True, slots=True)
class MemberFile:
    """A file as it was understood."""

    people: tuple[Joining, ...]
    faults: tuple[BadLine, ...]
    """Where there are some, nobody is to be subscribed."""


def read_members(text: str) -> MemberFile:
    """The people of a file with the header `email,name,language,delivery`.

    Args:
        text: Columns may be absent, but for the address, and stand in another order; empty lines
            do not count.
    """
    people: list[Joining] = []
    faults: list[BadLine] = []
    for found in _read(text):
        if isinstance(found, BadLine):
            faults.append(found)
        else:
            people.append(found)
    return MemberFile(tuple(people), tuple(faults))


def _read(text: str) -> Iterator[Joining | BadLine]:
    rows = csv.reader(text.removeprefix("\ufeff").splitlines(), skipinitialspace=True, strict=True)
    try:
        header = tuple(cell.strip().lower() for cell in next(rows, []))
        if "email" not in header or not set(header) <= set(HEADER):
            yield BadLine(1, Fault.HEADER, ",".join(header))
            return
        for row in rows:
            if any(cell.strip() for cell in row):
                cells = (plain(cell.strip()) for cell in row)
                yield _person(dict(zip(header, cells, strict=False)), rows.line_num)
    except csv.Error as error:
        yield BadLine(rows.line_num, Fault.CSV, str(error))


def _person(cells: dict[str, str], number: int) -> Joining | BadLine:
    language = cells.get("language", "").lower() or None
    delivery = cells.get("delivery", "").lower() or DeliveryMode.EACH
    name = cells.get("name", "")
    if language is not None and language not in LANGUAGES:
        return BadLine(number, Fault.LANGUAGE, language)
    if delivery not in tuple(DeliveryMode):
        return BadLine(number, Fault.DELIVERY, delivery)
    if len(name) > NAME_CHARACTERS:
        return BadLine(number, Fault.NAME, name[:20])
    try:
        return Joining(check_email(cells["email"]), name, language, delivery)
    except (AccountError, KeyError):
        return BadLine(number, Fault.ADDRESS, cells.get("email", ""))


def write_members(subscriptions: Iterable[Subscription]) -> str:
    """The members of a list as `read_members` reads them."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(HEADER)
    for one in subscriptions:
        cells = (one.address.email, one.address.author.name, one.language, one.delivery)
        writer.writerow(harmless(cell) for cell in cells)
    return written.getvalue()
