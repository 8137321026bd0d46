"""The forms of the pages on which people write, decide and choose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _
from flask_wtf.file import MultipleFileField
from wtforms import (
    EmailField,
    Field,
    Form,
    HiddenField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from forum.domain.compose import is_blank
from forum.operations.accounts import NAME_CHARACTERS, AccountError, check_email, check_name
from forum.storage.tokens import TokenScope
from forum.web.form_base import SiteForm
from forum.web.wording import DELIVERY_CHOICES, OWN_NAMES

TEXT_CHARACTERS: Final = 200_000
SUBJECT_CHARACTERS: Final = 250


def stripped(text: str | None) -> str | None:
    """Without space around it."""
    return text.strip() if text else text


def one_line(text: str | None) -> str | None:
    """With single spaces for line ends."""
    return " ".join(text.split()) if text else text


def _seen(text: str | None) -> str | None:
    return "" if text and is_blank(text) else text


def is_email(form: Form, field: Field) -> None:
    """Whether this can be an email address."""
    if not field.data:
        return
    try:
        check_email(field.data)
    except AccountError:
        raise ValidationError(
            _("This is not an email address; one looks like name@example.org.")
        ) from None


def is_name(form: Form, field: Field) -> None:
    """Whether this can be the name of a person; its length is looked at elsewhere."""
    if not field.data or len(field.data) > NAME_CHARACTERS:
        return
    try:
        check_name(field.data)
    except AccountError:
        raise ValidationError(
            _("A name holds no “<”, “>” or “@”, and no invisible characters.")
        ) from None


def email_field(label: Any, *, needed: bool = True) -> EmailField:
    """An email address."""
    rules: list[Any] = [is_email]
    if needed:
        rules.insert(0, DataRequired(_("Please give an email address.")))
    keys = {"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}
    return EmailField(label, filters=[stripped], validators=rules, render_kw=keys)


def name_field(*rules: Any) -> StringField:
    """The name of a person."""
    too_long = _("A name has at most %(max)d characters.", max=NAME_CHARACTERS)
    return StringField(
        _("Your name, as others read it"),
        filters=[one_line],
        validators=[*rules, Length(max=NAME_CHARACTERS, message=too_long), is_name],
        render_kw={"autocomplete": "name"},
    )


def choices_of(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """Codes with their words, as a field takes them."""
    return [SelectChoice(str(value), label) for value, label in pairs]


def select_field(label: Any, pairs: Iterable[tuple[str, Any]], *rules: Any) -> SelectField:
    """One of several, in a list that opens."""
    return SelectField(
        label,
        choices=choices_of(pairs),
        validators=rules,
        invalid_choice_message=_("Please choose one of these."),
    )


def radio_field(label: Any, pairs: Iterable[tuple[str, Any]], default: str = "") -> RadioField:
    """One of several, all seen at once."""
    return RadioField(
        label,
        choices=choices_of(pairs),
        default=str(default),
        invalid_choice_message=_("Please choose one of these."),
    )


def zones(present: str) -> list[SelectChoice]:
    """The time zones of cities, and the one that is chosen already."""
    names = {name for name in available_timezones() if "/" in name and name[:4] != "Etc/"}
    # A zone that stands keeps its place; what was only typed does not get one.
    names |= {"UTC", present} & available_timezones()
    return choices_of((name, name.replace("_", " ")) for name in sorted(names))


class LoginForm(SiteForm):
    """An address, and a password for those who have one."""

    email = email_field(_("Your email address"))
    password = PasswordField(
        _("Password"), validators=[Optional()], render_kw={"autocomplete": "current-password"}
    )
    next = HiddenField()


class ProfileForm(SiteForm):
    """What a person tells of themselves."""

    name = name_field(DataRequired(_("Please give a name.")))
    language = select_field(_("Language of the pages and of our mail to you"), OWN_NAMES)
    time_zone = select_field(_("Time zone"), ())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the zones of cities, and the one the person has."""
        super().__init__(*args, **kwargs)
        self.time_zone.choices = zones(kwargs.get("time_zone") or "UTC")


class TokenForm(SiteForm):
    """What a new API token allows."""

    scope = radio_field(
        _("What the token allows"),
        [
            (TokenScope.READ, _("Read what I may read")),
            (TokenScope.WRITE, _("Read, and write in my name")),
        ],
        default=TokenScope.READ,
    )


class JoinForm(SiteForm):
    """Joining a list without an account."""

    email = email_field(_("Your email address"))
    name = name_field(Optional())
    language = select_field(_("Language of our mail to you"), OWN_NAMES)


class JoinHereForm(SiteForm):
    """Joining a list with an account: the address is confirmed already."""

    delivery = select_field(_("How often"), DELIVERY_CHOICES)
    language = select_field(_("Language of our mail to you"), OWN_NAMES)


class AnswerForm(SiteForm):
    """A text, its language, files."""

    text = TextAreaField(
        _("Your text"),
        filters=[_seen],
        validators=[
            DataRequired(_("There is no text yet.")),
            Length(
                max=TEXT_CHARACTERS,
                message=_("The text has more than %(max)d characters.", max=TEXT_CHARACTERS),
            ),
        ],
    )
    language = select_field(
        _("Language of your text"),
        [("", _("Recognise it from the text")), *OWN_NAMES],
        Optional(),
    )
    attachments = MultipleFileField(_("Attached files"))


class ComposeForm(AnswerForm):
    """The same with a subject: it starts a thread."""

    subject = StringField(
        _("Subject"),
        filters=[_seen, one_line],
        validators=[
            DataRequired(_("A thread needs a subject.")),
            Length(
                max=SUBJECT_CHARACTERS,
                message=_("A subject has at most %(max)d characters.", max=SUBJECT_CHARACTERS),
            ),
        ],
        render_kw={"autocomplete": "off"},
    )
