"""The form of a topic, and what is wrong with what was given."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import gettext, lazy_gettext
from wtforms import DateField, IntegerField, StringField
from wtforms.validators import InputRequired

from forum.domain.topics import SENTENCES, USUAL_REMINDER, TopicFault
from forum.domain.values import LANGUAGES
from forum.operations.topics import TopicFields
from forum.storage.topics import Topic
from forum.web.form_base import SiteForm
from forum.web.forms import one_line

_FIELD_OF: Final = {
    TopicFault.TITLES: "title_fr",
    TopicFault.LONG_TITLE: "title_fr",
    TopicFault.LONG_PRODUCT: "product_fr",
    TopicFault.DAYS: "ends_on",
    TopicFault.REMINDER: "remind_days",
}


def _text(label: Any, code: str) -> StringField:
    return StringField(label, filters=[one_line], render_kw={"lang": code})


def _day(label: Any) -> DateField:
    return DateField(label, validators=[InputRequired(lazy_gettext("Please give a day."))])


class TopicForm(SiteForm):
    """One topic."""

    tag = StringField(lazy_gettext("Tag"), filters=[one_line])
    title_fr = _text(lazy_gettext("Title in French"), "fr")
    title_en = _text(lazy_gettext("Title in English"), "en")
    title_es = _text(lazy_gettext("Title in Spanish"), "es")
    starts_on = _day(lazy_gettext("First day"))
    ends_on = _day(lazy_gettext("Last day"))
    product_fr = _text(lazy_gettext("What is to come of it, in French"), "fr")
    product_en = _text(lazy_gettext("What is to come of it, in English"), "en")
    product_es = _text(lazy_gettext("What is to come of it, in Spanish"), "es")
    remind_days = IntegerField(
        lazy_gettext("Days before its end that subscribers are reminded"),
        default=USUAL_REMINDER,
        validators=[InputRequired(lazy_gettext(SENTENCES[TopicFault.REMINDER]))],
        render_kw={"inputmode": "numeric"},
    )

    @classmethod
    def of(cls, row: Topic) -> TopicForm:
        """The form as it stands for a topic."""
        texts = {f"title_{code}": row.titles.get(code, "") for code in LANGUAGES}
        texts |= {f"product_{code}": row.products.get(code, "") for code in LANGUAGES}
        return cls(
            tag=row.tag, starts_on=row.starts_on, ends_on=row.ends_on,
            remind_days=row.remind_days, **texts,
        )  # fmt: skip

    def fields(self) -> TopicFields:
        """What was given."""
        return TopicFields(
            tag=self.tag.data or "",
            titles={code: self[f"title_{code}"].data or "" for code in LANGUAGES},
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            products={code: self[f"product_{code}"].data or "" for code in LANGUAGES},
            remind_days=self.remind_days.data,
        )

    def refuse(self, fault: TopicFault) -> None:
        """Say what is wrong, beside the field that it is about."""
        field = self[_FIELD_OF.get(fault, "tag")]
        field.errors = (gettext(SENTENCES[fault]),)
