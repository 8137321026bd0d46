"""What an outside list says of itself: its names, its footer, its header fields."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from tests.flows.outside_habits import Habits, Software


@dataclass(frozen=True, slots=True)
class Identity:
    """What a list is called."""

    address: str
    title: str

    @property
    def local(self) -> str:
        """The local part of its address."""
        return self.address.partition("@")[0]

    @property
    def host(self) -> str:
        """The domain of its address."""
        return self.address.partition("@")[2]

    @property
    def prefix(self) -> str:
        """What stands in front of subjects."""
        return f"[{self.title}] "


def footer_text(own: Identity, habits: Habits, identifier: str) -> str:
    """What a list says below each message."""
    leave = f"{own.local}-leave@{own.host}"
    match habits.software:
        case Software.MAILMAN2:
            return (
                f"{'_' * 47}\n{own.title} mailing list\n{own.address}\n"
                f"https://{own.host}/mailman/listinfo/{own.local}\n"
            )
        case Software.MAILMAN3:
            return (
                f"{'_' * 47}\n{own.title} mailing list -- {own.address}\n"
                f"To unsubscribe send an email to {leave}\n"
            )
        case Software.GOOGLE:
            # The address of the message itself: no two footers are alike.
            return (
                f"-- \nYou received this message because you are subscribed to the Google Groups "
                f'"{own.title}" group.\nTo unsubscribe from this group and stop receiving emails '
                f"from it, send an email to {own.local}+unsubscribe@{own.host}.\nTo view this "
                f"discussion visit https://groups.{own.host}/d/msgid/{own.local}/"
                f"{identifier.strip('<>')}.\n"
            )
    return (
        f"\n{'-' * 60}\nListe {own.title} : {own.address}\n"
        f"Pour se désabonner : https://{own.host}/sympa/sigrequest/{own.local}\n"
    )


def add_list_fields(
    message: Message, own: Identity, habits: Habits, number: int, identifier: str, author: str
) -> None:
    """Add the header fields by which a list tells that it passed a message on."""
    message["List-Id"] = f"{own.title} <{own.address.replace('@', '.')}>"
    message["List-Post"] = f"<mailto:{own.address}>"
    message["Precedence"] = "list"
    bounces = f"{own.local}-bounces@{own.host}"
    match habits.software:
        case Software.SYMPA:
            message["Sender"] = f"{own.local}-request@{own.host}"
            message["Errors-To"] = f"{own.local}-owner@{own.host}"
            message["X-Loop"] = own.address
            message["X-Sequence"] = str(number)
            message["List-Help"] = f"<mailto:sympa@{own.host}?subject=help>"
            message["List-Owner"] = f"<mailto:{own.local}-request@{own.host}>"
        case Software.MAILMAN2:
            message["X-BeenThere"] = own.address
            message["X-Mailman-Version"] = "2.1.39"
            message["Errors-To"] = bounces
            message["Sender"] = f'"{own.title}" <{bounces}>'
            message["List-Archive"] = f"<https://{own.host}/pipermail/{own.local}/>"
        case Software.MAILMAN3:
            message["X-Mailman-Version"] = "3.3.10"
            message["X-MailFrom"] = author
            message["List-Owner"] = f"<mailto:{own.local}-owner@{own.host}>"
            message["X-Mailman-Rule-Misses"] = "dmarc-mitigation; no-senders; approved; loop"
        case Software.GOOGLE:
            message["Sender"] = own.address
            message["X-BeenThere"] = own.address
            message["X-Original-Sender"] = author
            message["Mailing-list"] = f"list {own.address}; contact {own.local}+owners@{own.host}"
            message["X-Google-Group-Id"] = "104729000113"
    if habits.archived_at:
        message["Archived-At"] = f"<{archive_url(own, identifier)}>"


def archive_url(own: Identity, identifier: str) -> str:
    """Where the list's own archive shows a message."""
    return f"https://{own.host}/arc/{own.local}/{identifier.strip('<>')}"


def reverse_path(own: Identity, habits: Habits, number: int) -> str:
    """The return path under which a message leaves."""
    match habits.software:
        case Software.SYMPA:
            return f"{own.local}-owner@{own.host}"
        case Software.GOOGLE:
            return f"{own.local}+bncBD{number:06d}@{own.host}"
    return f"{own.local}-bounces@{own.host}"
