"""An outside list as its mail shows it: who really wrote, whether it sent a message, what it adds.

Pure rules over the headers of a message and over what is known of the list (`Outside`). DMARC
(RFC 7489) makes lists write their own address into From; where the author's then stands differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from forum.domain.addresses import mailboxes
from forum.domain.headers import Headers
from forum.domain.values import Mailbox

POST_HEADER: Final = "X-Passerelle-Post"
"""On what goes out to an outside list: the list's identifier, the post's number, a keyed digest."""

_HIDDEN_IN: Final = ("x-original-from", "reply-to", "x-original-sender")
_VIA: Final = re.compile(
    r"\s+(?:via|par|por)\s+(?=\S).*$|\s*\((?:[^()]*\s)?(?:via|par|por)\s+(?=\S)[^()]*\)\s*$",
    re.IGNORECASE,
)
_LAST_VIA: Final = re.compile(
    r"^(?P<before>.*\S)\s*\([^()]*\bvia\s[^()]*\)\s*$|^(?P<name>.*\S)\s+via\s+\S.*$",
    re.IGNORECASE | re.DOTALL,
)
_INSIDE: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SERVICE: Final = re.compile(
    r"(?:bounces?|owner|owners|request|return|admin|confirm|join|leave|subscribe|unsubscribe"
    r"|subconfirm|unsubconfirm|noreply|bnc\w*|msgid|garchive)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_SERVICE_OF: Final = re.compile(
    r"(?:(?P<prefixed>owner)-(?P<behind>.+)|(?P<list>.+?)"
    r"(?:[-+](?:request|owner|bounces|join|leave|subscribe|unsubscribe|confirm|editor)(?:[+=].*)?"
    r"|\+(?:owners|managers|help|noreply|subconfirm|unsubconfirm|bnc)\b.*))",
    re.IGNORECASE,
)
_MACHINE: Final = re.compile(
    r"sympa|mailman|majordomo|listserv|listmaster|mailer-daemon|postmaster|no-?reply",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"<?(https?://[^\s<>\"]{4,900})>?", re.IGNORECASE)
_NOT_A_LETTER: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Outside:
    """What is known of the outside list that one of ours mirrors."""

    address: str
    """Lower case: where one posts."""
    list_id: str
    """RFC 2919, lower case, without angle brackets."""
    bridge: str
    """Lower case: the address of ours that is subscribed there."""
    list_id_is_given: bool = False
    """An administrator named it: mail that bears another is not the list's."""
    names: tuple[str, ...] = ()
    """What our list is called: it stands behind `via` in what we send."""
    prefixes: tuple[str, ...] = ()
    """What the list puts before subjects, as `prefix_key` gives it."""
    head: frozenset[str] = frozenset()
    """Lines it puts above each text, as `mirroring_lines.line_key` gives them."""
    tail: frozenset[str] = frozenset()
    """Lines it puts below."""

    @property
    def local(self) -> str:
        """The local part of its address."""
        return self.address.rpartition("@")[0]

    @property
    def host(self) -> str:
        """The domain of its address."""
        return self.address.rpartition("@")[2]

    def is_near(self, address: str) -> bool:
        """Whether an address, or a domain, is in the list's domain, or in one above or below it."""
        host = address.lower().rpartition("@")[2]
        if "." not in host:
            return bool(host) and host == self.host
        return (
            host == self.host
            or host.endswith(f".{self.host}")
            or (host.count(".") > 0 and self.host.endswith(f".{host}"))
        )

    def owns(self, address: str) -> bool:
        """Whether an address is the list's own: where one posts, bounces, owners, requests."""
        local, _, host = address.lower().rpartition("@")
        if address.lower() == self.address:
            return True
        if host != self.host or not local:
            return False
        if local.endswith(f"=={self.local}") or local == f"owner-{self.local}":
            return True
        rest = local.removeprefix(self.local)
        return rest != local and rest[:1] in "-+=" and _SERVICE.match(rest[1:]) is not None


def sent_by(headers: Headers, reverse_path: str | None, outside: Outside) -> bool:
    """Whether the outside list sent a message: its List-Id, Sender or return path.

    Args:
        reverse_path: Of the envelope.
    """
    written = [value.lower().rpartition("<")[2] for value in headers.get_all("list-id")]
    identifiers = [one.partition(">")[0].strip() for one in written]
    if outside.list_id in identifiers:
        return True
    if identifiers and outside.list_id_is_given:
        return False
    paths = [reverse_path or "", *headers.get_all("return-path"), *headers.get_all("sender")]
    found = (box.address for path in paths for box in mailboxes(path))
    return any(outside.owns(address) for address in found)


def service_of(address: str) -> str | None:
    """The posting address of the list that an address serves; None for no service address.

    Sympa, Mailman and Google Groups put what it is for behind the list's name (RFC 2142, section 6:
    `-request`); `""` where a list server is meant and no list, such as `sympa@lists.example.org`.
    """
    local, _, host = address.rpartition("@")
    found = _SERVICE_OF.fullmatch(local)
    served = (found["list"] or found["behind"]) if found is not None else local
    if _MACHINE.fullmatch(served):
        return ""
    return f"{served}@{host}" if found is not None else None


def passed_on_by(headers: Headers, outside: Outside) -> bool:
    """Whether the outside list is a Passerelle list, and its token says that it passed this on."""
    return any(list_id == outside.list_id for list_id, _, _ in tokens_of(headers))


def tokens_of(headers: Headers) -> Iterator[tuple[str, str, str]]:
    """The tokens of a message: list identifier in lower case, number of the post, digest."""
    for value in headers.get_all(POST_HEADER):
        parts = value.split()
        if len(parts) == 3:
            yield parts[0].lower(), parts[1], parts[2].lower()


def archived_at(headers: Headers) -> str:
    """The outside list's own link to a message (RFC 5064); `""` where it gives none."""
    for name in ("archived-at", "x-archived-at"):
        for value in headers.get_all(name):
            found = _LINK.search(value)
            if found is not None:
                return found[1]
    return ""


def real_author(headers: Headers, outside: Outside, written: Mailbox) -> Mailbox:
    """Who wrote a message that the list may have put its own address on.

    The address stands in X-Original-From (Sympa, Google), in Reply-To (Mailman), in Cc (Mailman 3
    where answers go to the list), or inside the name (Sympa's `Name (name@example.org via list)`).
    Where it is nowhere, a name is left, with an empty address.

    Args:
        written: As From has it.
    """
    if not outside.owns(written.key) and written.key != _posting_address(headers):
        return written
    name = without_last_via(written.name)
    for field in _HIDDEN_IN:
        for value in headers.raw_all(field):
            for box in mailboxes(value):
                if box.address and not outside.owns(box.key):
                    return Mailbox(_bare(box.name) or name, box.address)
    copied = _namesake(headers, name, outside)
    if copied is not None:
        return copied
    inside = _INSIDE.search(written.name)
    if inside is not None and not outside.owns(inside[0]):
        shown = _bare(name.replace(inside[0], "")) or inside[0].partition("@")[0]
        return Mailbox(shown, inside[0])
    return Mailbox(name, "") if name else written


def _namesake(headers: Headers, name: str, outside: Outside) -> Mailbox | None:
    """Who is copied under the very name that stands before `via`."""
    wanted = name_key(name)
    for value in headers.raw_all("cc") if wanted else ():
        for box in mailboxes(value):
            if box.address and name_key(box.name) == wanted and not outside.owns(box.key):
                return Mailbox(name, box.address)
    return None


def without_last_via(name: str) -> str:
    """A name without the `via List` that a list has put behind it."""
    name = name.strip()
    found = _LAST_VIA.match(name)
    if found is not None:
        name = found["name"] or found["before"]
    return _bare(name)


def name_key(name: str) -> str:
    """A display name as it is compared: without any `via …`, letters alone, case folded."""
    bare = _VIA.sub("", _bare(name))
    return _NOT_A_LETTER.sub("", bare.casefold())


def is_via_ours(name: str, outside: Outside) -> bool:
    """Whether a display name says `via` and one of our list's names, as what we send does."""
    said = " ".join(name.casefold().split())
    return any(f" via {' '.join(one.casefold().split())}" in said for one in outside.names if one)


def without_prefix(subject: str, outside: Outside) -> str:
    """A subject without what the outside list put before it, answer marks kept.

    The list's own name in brackets counts from the beginning, the rest once it was learned.
    """
    known = {*outside.prefixes, outside.local}
    rest, marks = subject.strip(), ""
    while True:
        mark = _ANSWER_MARK.match(rest)
        if mark is not None:
            marks, rest = marks + mark[0], rest[mark.end() :]
            continue
        found = _PREFIX.match(rest)
        if found is None or found.end() == len(rest):
            break
        key = prefix_key(found[0])
        if key not in known and key.removesuffix(" #") not in known:
            break
        rest = rest[found.end() :]
    return f"{marks}{rest}".strip() if rest else subject


def prefix_key(prefix: str) -> str:
    """A prefix of subjects as it is compared: without brackets, numbers as one sign."""
    bare = prefix.strip().strip("[](){}: ").casefold()
    return re.sub(r"[\s:#-]*\d+", " #", bare) if re.search(r"\d", bare) else bare


def leading_prefix(subject: str) -> str:
    """The first thing before a subject that may be a list's, behind answer marks; else `""`."""
    rest = subject.strip()
    while (mark := _ANSWER_MARK.match(rest)) is not None:
        rest = rest[mark.end() :]
    found = _PREFIX.match(rest)
    return found[0] if found is not None and found.end() < len(rest) else ""


_ANSWER_MARK: Final = re.compile(
    r"\s*(?:re|rép|rep|réf|ref|aw|sv|res|rv|tr|fwd?|wg|vs|antw)"
    r"\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：]\s*",
    re.IGNORECASE,
)
_PREFIX: Final = re.compile(
    r"\s*(?:\[[^\[\]]{1,80}\]|\([^()]{1,60}\)|\{[^{}]{1,60}\}|[\w.-]{2,40}\s?:)\s*"
)


def _posting_address(headers: Headers) -> str:
    found = re.search(r"<mailto:([^>?\s]+)", headers.get("list-post") or "", re.IGNORECASE)
    return found[1].lower() if found is not None else ""


def _bare(name: str) -> str:
    """A name without the quotation marks that Google puts around it."""
    return name.strip().strip("'\"‘’“”").strip()
