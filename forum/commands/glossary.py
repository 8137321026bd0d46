"""`passerelle glossary`: a list's glossary as a file, in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click
from flask.cli import with_appcontext

from forum.clock import utcnow
from forum.commands.errors import BadInput, Failure, first_of
from forum.commands.lookup import the_list
from forum.domain.glossary import MOST_FORMS, NOTE_CHARACTERS, TERM_CHARACTERS
from forum.domain.glossary_files import (
    HEADER,
    LARGEST_FILE,
    MOST_CONCEPTS,
    BadLine,
    Fault,
    read_csv,
    read_tbx,
    write_csv,
    write_tbx,
)
from forum.extensions import db
from forum.operations.glossary import TooManyError, import_concepts
from forum.storage.base import reading
from forum.storage.glossary import concepts_of_list

FORMATS: Final = ("csv", "tbx")

_FORMAT: Final = click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Default: as the file's name ends."
)


@click.group("glossary")
def glossary_group() -> None:
    """Read a list's glossary from a file, or write it to one."""


@glossary_group.command("import")
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_FORMAT
@with_appcontext
def read(slug: str, file: Path, form: str | None) -> None:
    """Take the concepts of FILE into the glossary of the list SLUG, all or none.

    A CSV file has the header fr,en,es,note; several forms of a term stand between semicolons. A
    concept whose term is there already gets the forms that are new.
    """
    mailing_list = the_list(slug)
    try:
        data = file.read_bytes() if file.stat().st_size <= LARGEST_FILE else None
        if data is None:
            raise BadInput(f"{file} has more than {LARGEST_FILE} bytes")
        is_tbx = _form(file, form) == "tbx"
        found = read_tbx(data) if is_tbx else read_csv(data.decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read as UTF-8 text: {error}") from None
    if found.faults:
        told = first_of([_fault_text(one) for one in found.faults])
        raise BadInput(f"{file}: nothing was taken in: {told}")
    try:
        done = import_concepts(db.session(), mailing_list, found.concepts, utcnow())
    except TooManyError:
        raise Failure(f"a glossary has at most {MOST_CONCEPTS} concepts") from None
    db.session.commit()
    click.echo(f"added={done.added} changed={done.changed} known={done.known}")


@glossary_group.command("export")
@click.argument("slug")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@_FORMAT
@with_appcontext
def write(slug: str, file: Path, form: str | None) -> None:
    """Write the glossary of the list SLUG to FILE; - is the standard output."""
    with reading():
        mailing_list = the_list(slug)
        concepts = concepts_of_list(db.session(), mailing_list.id)
        language = mailing_list.language
        title = mailing_list.title(language)
    is_tbx = _form(file, form) == "tbx"
    text = write_tbx(concepts, title, language) if is_tbx else write_csv(concepts)
    if str(file) == "-":
        click.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error}") from None
    click.echo(f"written={len(concepts)}")


def _form(file: Path, form: str | None) -> str:
    return form or ("tbx" if file.suffix.lower() in (".tbx", ".xml") else "csv")


def _fault_text(bad: BadLine) -> str:
    sentences = {
        Fault.CSV: bad.value,
        Fault.XML: f"this is not XML: {bad.value}",
        Fault.ENTITY: "declarations of entities are refused",
        Fault.HEADER: f"the header must be of {','.join(HEADER)}, or the file be TBX",
        Fault.LONE: "a concept needs at least two terms",
        Fault.TERM: f"{bad.value!r} is no term",
        Fault.LONG: f"a term has at most {TERM_CHARACTERS} characters",
        Fault.FORMS: f"a concept has at most {MOST_FORMS} forms in a language",
        Fault.NOTE: f"a note has at most {NOTE_CHARACTERS} characters",
        Fault.MANY: f"a glossary has at most {MOST_CONCEPTS} concepts",
    }
    return f"line {bad.number}: {sentences[bad.fault]}"


COMMANDS: Final = (glossary_group,)
