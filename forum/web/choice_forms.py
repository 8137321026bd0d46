"""The forms with which people choose how they receive a list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateField, Field, SelectMultipleField
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from forum.clock import utcnow
from forum.domain.values import LANGUAGES
from forum.operations.choices import day_of_pause, end_of_pause
from forum.operations.subscriptions import Choices
from forum.storage.people import DigestFormat, HeldMail, Subscription, SubscriptionState
from forum.web.form_base import SiteForm
from forum.web.forms import choices_of, email_field, radio_field, select_field
from forum.web.wording import DELIVERY_CHOICES, OWN_NAMES, STATE_CHOICES

LONGEST_PAUSE = timedelta(days=731)


class PauseForm(SiteForm):
    """The day on which a pause ends."""

    paused_until = DateField(
        _("Until"),
        validators=[Optional()],
        description=_("Leave it empty for a pause that lasts until you end it."),
    )

    def __init__(self, subscription: Subscription, *args: Any, **kwargs: Any) -> None:
        """Know whose mail pauses: the day begins in the list's time zone."""
        self.subscription = subscription
        super().__init__(*args, **kwargs)

    def validate_paused_until(self, field: Field) -> None:
        """A day to come, and not in a distant future."""
        if field.data is None:
            return
        ends, now = end_of_pause(self.subscription.mailing_list, field.data), utcnow()
        if not now < ends < now + LONGEST_PAUSE:
            raise ValidationError(_("Please choose a day to come, within two years."))


class ChoicesForm(PauseForm):
    """How a person receives one list."""

    state = radio_field(_("Mail"), STATE_CHOICES)
    delivery = select_field(_("How often"), DELIVERY_CHOICES)
    digest_format = select_field(
        _("Form of the daily or weekly mail"),
        [
            (DigestFormat.MIME, _("Contents with links, and each message to open and answer")),
            (DigestFormat.PLAIN, _("One plain text")),
        ],
    )
    follows_written = BooleanField(_("Send me at once the answers in threads in which I wrote"))
    bursts = BooleanField(_("Many answers within ten minutes in one thread as one mail"))
    own_posts = BooleanField(_("Send me my own messages too"))
    reads = SelectMultipleField(
        _("Languages that I read"),
        choices=choices_of(OWN_NAMES),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    translations = BooleanField(
        _("Send me the translations of messages in languages that I do not read")
    )
    language = select_field(_("Language of our own words in the mails"), OWN_NAMES)
    attachments_as_links = BooleanField(_("Attached files as links only"))
    plain_text = BooleanField(_("Plain text only"))

    @classmethod
    def of(cls, subscription: Subscription) -> ChoicesForm:
        """The form as it stands for a subscription, or as it was sent."""
        named = [code for code in subscription.reads.split(",") if code]
        shown = {
            name: getattr(subscription, name)
            for name in (
                "delivery", "digest_format", "follows_written", "bursts", "own_posts", "language",
                "attachments_as_links", "plain_text", "translations",
            )
        }  # fmt: skip
        return cls(
            subscription,
            **shown,
            state=subscription.state_at(utcnow()),
            paused_until=day_of_pause(subscription),
            reads=named or list(LANGUAGES),
        )

    def chosen(self) -> Choices:
        """What was chosen, as it is kept."""
        paused = self.state.data == SubscriptionState.PAUSED
        until = self.paused_until.data if paused else None
        where = self.subscription.mailing_list
        read = [code for code in LANGUAGES if code in (self.reads.data or ())]
        return Choices(
            state=self.state.data,
            paused_until=end_of_pause(where, until) if until else None,
            delivery=self.delivery.data,
            digest_format=self.digest_format.data,
            follows_written=self.follows_written.data,
            bursts=self.bursts.data,
            own_posts=self.own_posts.data,
            translations=self.translations.data,
            reads="" if len(read) == len(LANGUAGES) else ",".join(read),
            language=self.language.data,
            attachments_as_links=self.attachments_as_links.data,
            plain_text=self.plain_text.data,
        )


class HeldMailForm(SiteForm):
    """How a moderator hears of what waits."""

    held_mail = radio_field(
        _("Mail to me about messages that wait"),
        [
            (HeldMail.EACH, _("When one comes in, with the message attached")),
            (HeldMail.DAILY, _("Once a day, of all that waits")),
        ],
    )


class LinkForm(SiteForm):
    """Where to send the link to all choices."""

    email = email_field(_("Your email address"))
