"""Glossaries as files: CSV for spreadsheets, TBX (ISO 30042) for programs of translators.

The CSV has a column a language and one for a note; the forms of a term stand in one cell between
semicolons, the term itself first. Of TBX the editions 2008 (`martif`) and 2019 (`tbx`) are read,
the second is written.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from xml.parsers import expat
from xml.sax.saxutils import escape

from forum.domain.glossary import (
    MOST_FORMS,
    NOTE_CHARACTERS,
    TERM_CHARACTERS,
    Concept,
    Term,
    says_something,
)
from forum.domain.spreadsheet import harmless, plain
from forum.domain.values import LANGUAGES

HEADER: Final = (*LANGUAGES, "note")
BETWEEN: Final = ";"

LARGEST_FILE: Final = 4_000_000
"""Bytes."""

MOST_CONCEPTS: Final = 5_000
"""In one glossary."""


class Fault(StrEnum):
    """What is wrong with a line, or with a concept."""

    CSV = "csv"
    XML = "xml"
    ENTITY = "entity"
    HEADER = "header"
    LONE = "lone"
    TERM = "term"
    LONG = "long"
    FORMS = "forms"
    NOTE = "note"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class BadLine:
    """One line that cannot be read."""

    number: int
    """From 1; where a concept of TBX begins."""
    fault: Fault
    value: str = ""
    """What stands there."""


@dataclass(frozen=True, slots=True)
class GlossaryFile:
    """A file as it was understood."""

    concepts: tuple[Concept, ...]
    faults: tuple[BadLine, ...]
    """Where there are some, nothing is to be taken in."""


def concept_of(
    forms: Mapping[str, Iterable[str]], note: str = "", number: int = 0
) -> Concept | BadLine:
    """A concept made of what somebody wrote, or what is wrong with it.

    Args:
        forms: by language; empty ones and those that come twice do not count.
        number: of the line.
    """
    terms = dict.fromkeys(
        Term(language, text)
        for language in LANGUAGES
        for text in (" ".join(form.split()) for form in forms.get(language, ()))
        if text
    )
    note = " ".join(note.split())
    if len(terms) < 2:
        return BadLine(number, Fault.LONE, next((term.text for term in terms), ""))
    for term in terms:
        if len(term.text) > TERM_CHARACTERS:
            return BadLine(number, Fault.LONG, term.text[:40])
        if not says_something(term):
            return BadLine(number, Fault.TERM, term.text)
    for language in LANGUAGES:
        if sum(term.language == language for term in terms) > MOST_FORMS:
            return BadLine(number, Fault.FORMS, language)
    if len(note) > NOTE_CHARACTERS:
        return BadLine(number, Fault.NOTE, note[:40])
    return Concept(tuple(terms), note)


def read_csv(text: str) -> GlossaryFile:
    """The concepts of a file with the header `fr,en,es,note`.

    Args:
        text: columns may be absent and stand in another order; empty lines do not count; commas
            or semicolons part the columns, whichever stand in the header.
    """
    return _parted(_csv_rows(text.removeprefix("\ufeff")))


def _csv_rows(text: str) -> Iterator[Concept | BadLine]:
    first = text.partition("\n")[0]
    delimiter = next((mark for mark in ("\t", ";") if mark in first), ",")
    rows = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        header = [cell.strip().lower() for cell in next(rows, [])]
        if not set(header) <= set(HEADER) or not set(header) & set(LANGUAGES):
            yield BadLine(1, Fault.HEADER, ",".join(header)[:80])
            return
        for row in rows:
            if any(cell.strip() for cell in row):
                cells = dict(zip(header, (plain(cell.strip()) for cell in row), strict=False))
                forms = {code: cells.get(code, "").split(BETWEEN) for code in LANGUAGES}
                yield concept_of(forms, cells.get("note", ""), rows.line_num)
    except csv.Error as error:
        yield BadLine(rows.line_num, Fault.CSV, str(error))


def write_csv(concepts: Iterable[Concept]) -> str:
    """Concepts as `read_csv` reads them."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(HEADER)
    for concept in concepts:
        cells = [f"{BETWEEN} ".join(concept.forms(code)) for code in LANGUAGES]
        writer.writerow(harmless(cell) for cell in (*cells, concept.note))
    return written.getvalue()


def _parted(found: Iterable[Concept | BadLine]) -> GlossaryFile:
    concepts: list[Concept] = []
    faults: list[BadLine] = []
    for one in found:
        if isinstance(one, BadLine):
            faults.append(one)
        else:
            concepts.append(one)
    if len(concepts) > MOST_CONCEPTS:
        faults.append(BadLine(MOST_CONCEPTS + 2, Fault.MANY))
    return GlossaryFile(tuple(concepts), tuple(faults))


_ENTRY: Final = frozenset({"conceptEntry", "termEntry"})
_LANGUAGE: Final = frozenset({"langSec", "langSet"})
_NOTES: Final = frozenset({"definition", "note", "context", "subjectField"})


def read_tbx(data: bytes) -> GlossaryFile:
    """The concepts of a TBX file; terms in other languages than ours are left out.

    Declarations of entities are refused: they could stand for a text of any length.
    """
    reader = _TbxReader()
    try:
        reader.parser.Parse(data, True)
    except _RefusedError as refused:
        return GlossaryFile((), (BadLine(refused.line, Fault.ENTITY),))
    except expat.ExpatError as error:
        return GlossaryFile((), (BadLine(error.lineno, Fault.XML, expat.ErrorString(error.code)),))
    if not reader.found:
        return GlossaryFile((), (BadLine(1, Fault.HEADER, reader.root),))
    return _parted(reader.found)


class _RefusedError(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


@dataclass(slots=True)
class _Entry:
    line: int
    forms: dict[str, list[str]] = field(default_factory=lambda: {code: [] for code in LANGUAGES})
    note: str = ""


class _TbxReader:
    """Takes what expat tells; only the text of terms and notes is kept."""

    def __init__(self) -> None:
        self.found: list[Concept | BadLine] = []
        self.root = ""
        self._entry: _Entry | None = None
        self._language = ""
        self._text: list[str] | None = None
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.EntityDeclHandler = self._entity

    def _entity(self, *_declared: Any) -> None:
        raise _RefusedError(self.parser.CurrentLineNumber)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        name = name.rpartition(" ")[2]
        self.root = self.root or name
        if name in _ENTRY:
            self._entry = _Entry(self.parser.CurrentLineNumber)
            self._language = ""
        elif name in _LANGUAGE:
            written = attributes.get("http://www.w3.org/XML/1998/namespace lang", "")
            self._language = written.partition("-")[0].lower()
        elif name == "term" or _is_note(name, attributes):
            self._text = []

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        name = name.rpartition(" ")[2]
        entry = self._entry
        if name in _LANGUAGE:
            self._language = ""
        elif name in _ENTRY and entry is not None:
            self.found.append(concept_of(entry.forms, entry.note, entry.line))
            self._entry = None
        elif self._text is not None and name in ("term", "descrip", "note"):
            text, self._text = "".join(self._text).strip(), None
            if entry is None:
                return
            if name != "term":
                entry.note = entry.note or text
            elif self._language in entry.forms:
                entry.forms[self._language].append(text)


def _is_note(name: str, attributes: Mapping[str, str]) -> bool:
    return name == "note" or (name == "descrip" and attributes.get("type") in _NOTES)


def write_tbx(concepts: Iterable[Concept], title: str, language: str) -> str:
    """Concepts as TBX-Basic of 2019, in the style whose elements are the same for all dialects.

    Args:
        title: of the glossary.
        language: of the title.
    """
    entries = "".join(_entry(number, one) for number, one in enumerate(concepts, start=1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<tbx type="TBX-Basic" style="dca" xml:lang="{language}"'
        ' xmlns="urn:iso:std:iso:30042:ed-2">\n'
        f"<tbxHeader><fileDesc><titleStmt><title>{_xml(title)}</title></titleStmt>"
        "<sourceDesc><p>Passerelle</p></sourceDesc></fileDesc></tbxHeader>\n"
        f"<text><body>\n{entries}</body></text>\n</tbx>\n"
    )


def _entry(number: int, concept: Concept) -> str:
    note = f'<descrip type="definition">{_xml(concept.note)}</descrip>\n' if concept.note else ""
    sections = []
    for language in LANGUAGES:
        terms = [term for term in concept.terms if term.language == language]
        if terms:
            inner = "".join(map(_section, range(len(terms)), terms))
            sections.append(f'<langSec xml:lang="{language}">{inner}</langSec>\n')
    return f'<conceptEntry id="c{number}">\n{note}{"".join(sections)}</conceptEntry>\n'


def _section(place: int, term: Term) -> str:
    kind = "acronym" if term.is_acronym else "variant" if place else "fullForm"
    return (
        f"<termSec><term>{_xml(term.text)}</term>"
        f'<termNote type="termType">{kind}</termNote></termSec>'
    )


def _xml(text: str) -> str:
    return escape("".join(letter for letter in text if letter.isprintable()))
