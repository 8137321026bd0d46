"""The forms with which a list is made, changed and run."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    Field,
    Form,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from forum.domain.values import LANGUAGES
from forum.operations.invitations import WORD_CHARACTERS
from forum.operations.lists import PREFIX_CHARACTERS, TITLE_CHARACTERS, WELCOME_CHARACTERS
from forum.storage.lists import (
    FromPolicy,
    Mode,
    Posting,
    ReplyTo,
    RoleName,
    Strangers,
    Visibility,
)
from forum.web.form_base import SiteForm
from forum.web.forms import email_field, one_line, select_field, zones
from forum.web.wording import OWN_NAMES

ADDRESSES_CHARACTERS: Final = 20_000


def title_field(label: Any) -> StringField:
    """The title of a list."""
    too_long = _("A title has at most %(max)d characters.", max=TITLE_CHARACTERS)
    rules = [Length(max=TITLE_CHARACTERS, message=too_long)]
    return StringField(label, filters=[one_line], validators=rules)


def is_prefix(form: Form, field: Field) -> None:
    """Whether this can stand before subjects: one name, with or without its brackets."""
    inner = (field.data or "").removeprefix("[").removesuffix("]")
    if set(inner) & set("[]") or not inner.isprintable():
        raise ValidationError(_("A prefix is one name in brackets, such as [ancrage]."))


def prefix_field(label: Any) -> StringField:
    too_long = _("A prefix has at most %(max)d characters.", max=PREFIX_CHARACTERS)
    rules = [Length(max=PREFIX_CHARACTERS, message=too_long), is_prefix]
    return StringField(label, filters=[one_line], validators=rules)


class ListBasics(SiteForm):
    """What owners and administrators decide about a list."""

    title_fr = title_field(_("Title in French"))
    title_en = title_field(_("Title in English"))
    title_es = title_field(_("Title in Spanish"))
    description_fr = StringField(_("What the list is for, in French"), filters=[one_line])
    description_en = StringField(_("What the list is for, in English"), filters=[one_line])
    description_es = StringField(_("What the list is for, in Spanish"), filters=[one_line])
    posting = select_field(
        _("Whose messages are posted at once"),
        [
            (Posting.MEMBERS, _("Those of subscribers")),
            (Posting.OPEN, _("Everybody's")),
            (Posting.MODERATED, _("Nobody's: a moderator reads every message first")),
        ],
    )
    strangers = select_field(
        _("Messages of people who are not subscribed"),
        [
            (Strangers.HOLD, _("Keep them for a moderator")),
            (Strangers.DISCARD, _("Set them aside without asking")),
        ],
    )
    language = select_field(_("Language of notices to unknown people"), OWN_NAMES)
    from_policy = select_field(
        _("Sender of the mails"),
        [
            (FromPolicy.AUTO, _("The author where that arrives safely, else the list")),
            (FromPolicy.KEEP, _("Always the author")),
            (FromPolicy.ALWAYS, _("Always the list")),
        ],
    )
    reply_to = select_field(
        _("Where answers by mail go"),
        [
            (ReplyTo.BOTH, _("To the list and to the author")),
            (ReplyTo.LIST, _("To the list")),
            (ReplyTo.AUTHOR, _("To the author")),
        ],
    )
    subject_prefix = prefix_field(_("Prefix of the subjects in mails"))

    def has_titles(self) -> bool:
        """Whether there is a title in each language; what is missing is said at its field."""
        missing = [code for code in LANGUAGES if not self[f"title_{code}"].data]
        for code in missing:
            self[f"title_{code}"].errors = (_("A list needs a title in each language."),)
        return not missing


class ListForm(ListBasics):
    """What administrators decide besides."""

    visibility = select_field(
        _("Who may read"),
        [
            (Visibility.PUBLIC, _("Everybody")),
            (Visibility.PRIVATE, _("Subscribers only")),
        ],
    )
    mode = select_field(
        _("Who sends to the subscribers"),
        [
            (Mode.HOSTED, _("This site")),
            (Mode.MIRRORED, _("An outside list, which is mirrored here")),
        ],
    )
    upstream_address = email_field(_("Address of the outside list"), needed=False)
    bridge_address = email_field(_("Our address on the outside list"), needed=False)
    upstream_list_id = StringField(
        _("List-Id of the outside list, where it differs"), filters=[one_line]
    )


class NewListForm(ListForm):
    """The same with the address, which never changes."""

    address = email_field(_("Address of the list"))


class RoleForm(SiteForm):
    """Who gets which role on a list."""

    email = email_field(_("Email address of the account"))
    role = select_field(
        _("Role"),
        [
            (RoleName.MODERATOR, _("moderator")),
            (RoleName.OWNER, _("owner")),
            (RoleName.TRANSLATOR, _("translator")),
        ],
    )


def _lines(text: str | None) -> str | None:
    """With the line ends that mail texts have; forms send both characters."""
    return text.strip().replace("\r\n", "\n") if text else text


def _welcome_field(label: Any) -> TextAreaField:
    too_long = _("A welcome has at most %(max)d characters.", max=WELCOME_CHARACTERS)
    rules = [Length(max=WELCOME_CHARACTERS, message=too_long)]
    return TextAreaField(
        label, filters=[_lines], validators=rules, render_kw={"rows": 6, "class": "short"}
    )


class ListSettingsForm(ListBasics):
    """What the owners of a list decide."""

    time_zone = select_field(_("Time zone"), ())
    digest_hour = SelectField(
        _("When daily and weekly mails leave"),
        coerce=int,
        choices=[SelectChoice(hour, f"{hour:02}:00") for hour in range(24)],
        invalid_choice_message=_("Please choose one of these."),
    )
    welcome_fr = _welcome_field(_("Welcome to new subscribers, in French"))
    welcome_en = _welcome_field(_("Welcome to new subscribers, in English"))
    welcome_es = _welcome_field(_("Welcome to new subscribers, in Spanish"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the zones of cities, and the one the list has."""
        super().__init__(*args, **kwargs)
        self.time_zone.choices = zones(kwargs["obj"].time_zone)


class InvitationForm(SiteForm):
    """Whom to invite, and a word to them."""

    emails = TextAreaField(
        _("Email addresses, one a line"),
        validators=[
            DataRequired(_("Please give an email address.")),
            Length(max=ADDRESSES_CHARACTERS, message=_("These are too many at once.")),
        ],
        render_kw={
            "rows": 5,
            "class": "short",
            "spellcheck": "false",
            "autocapitalize": "none",
        },
    )
    message = TextAreaField(
        _("A personal word"),
        filters=[_lines],
        validators=[
            Optional(),
            Length(
                max=WORD_CHARACTERS,
                message=_("A personal word has at most %(max)d characters.", max=WORD_CHARACTERS),
            ),
        ],
        render_kw={"rows": 4, "class": "short"},
    )
    language = select_field(
        _("Language of the mail, for people whose own we do not know"), OWN_NAMES
    )


class MemberFileForm(SiteForm):
    """A file of people to subscribe."""

    file = FileField(_("CSV file"), validators=[FileRequired(_("Please choose a file."))])
    welcome = BooleanField(_("Mail a welcome to those who are new"))
