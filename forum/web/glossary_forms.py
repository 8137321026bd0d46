"""The forms of a glossary, and what is wrong with what was given."""

from __future__ import annotations

from typing import Final

from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField, TextAreaField

from forum.domain.glossary import MOST_FORMS, NOTE_CHARACTERS, TERM_CHARACTERS, Concept
from forum.domain.glossary_files import HEADER, MOST_CONCEPTS, BadLine, Fault, concept_of
from forum.domain.values import LANGUAGES
from forum.web.form_base import SiteForm
from forum.web.forms import one_line

_ROWS: Final = {"rows": 3, "class": "short"}


class ConceptForm(SiteForm):
    """One concept; a form of its terms a line."""

    fr = TextAreaField(lazy_gettext("French"), render_kw=_ROWS | {"lang": "fr"})
    en = TextAreaField(lazy_gettext("English"), render_kw=_ROWS | {"lang": "en"})
    es = TextAreaField(lazy_gettext("Spanish"), render_kw=_ROWS | {"lang": "es"})
    note = StringField(lazy_gettext("What it means here"), filters=[one_line])

    @classmethod
    def of(cls, concept: Concept) -> ConceptForm:
        """The form as it stands for a concept."""
        forms = {code: "\n".join(concept.forms(code)) for code in LANGUAGES}
        return cls(note=concept.note, **forms)

    def concept(self) -> Concept | BadLine:
        """What was written."""
        forms = {code: (self[code].data or "").splitlines() for code in LANGUAGES}
        return concept_of(forms, self.note.data or "")


class GlossaryFileForm(SiteForm):
    """A file of concepts."""

    file = FileField(
        lazy_gettext("CSV or TBX file"),
        validators=[FileRequired(lazy_gettext("Please choose a file."))],
    )


def fault_text(bad: BadLine) -> str:
    """What is wrong with a concept, as a whole sentence; with its line where it has one."""
    sentence = _sentence(bad)
    if not bad.number:
        return sentence
    return str(gettext("Line %(number)d: %(sentence)s", number=bad.number, sentence=sentence))


def _sentence(bad: BadLine) -> str:
    value = bad.value
    match bad.fault:
        case Fault.CSV:
            return str(gettext("This is not CSV."))
        case Fault.XML:
            return str(gettext("This is not XML."))
        case Fault.ENTITY:
            return str(gettext("Declarations of entities are refused."))
        case Fault.HEADER:
            return str(gettext("A CSV file begins with %(header)s.", header=",".join(HEADER)))
        case Fault.LONE:
            return str(gettext("A concept needs at least two terms."))
        case Fault.TERM:
            return str(gettext("“%(value)s” is no term.", value=value))
        case Fault.LONG:
            return str(gettext("A term has at most %(max)d characters.", max=TERM_CHARACTERS))
        case Fault.FORMS:
            return str(
                gettext("A concept has at most %(max)d forms in a language.", max=MOST_FORMS)
            )
        case Fault.NOTE:
            return str(gettext("A note has at most %(max)d characters.", max=NOTE_CHARACTERS))
        case Fault.MANY:
            return str(gettext("A glossary has at most %(max)d concepts.", max=MOST_CONCEPTS))
