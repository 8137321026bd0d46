"""Address lists of mail in every broken form (RFC 5322, section 3.4, and what programs write)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from forum.domain.charset import decode
from forum.domain.encoded_words import MAX_VALUE, decode_value, unfold
from forum.domain.values import Mailbox

MAX_MAILBOXES: Final = 5_000

_WORDS: Final = re.compile(r"(?:=\?[^?\s]{1,60}\?[bBqQ]\?.{0,4000}?\?=\s*)+", re.DOTALL)
_TOKEN: Final = re.compile(
    r'"((?:[^"\\]|\\.)*)"?|<([^<>]*)>?|\\.|[,;:()]|[^"\\,;:<>()]+|.', re.DOTALL
)
_USUAL: Final = re.compile(
    rb"\s*(?:\"([\w .'+&/-]*)\"|([\w .'+&/-]*?))\s*"
    rb"<([\w.+-]{1,64})@([A-Za-z0-9.-]{1,250}\w)>\s*\Z"
)
_MARK: Final = re.compile("\x00(\\d+)\x00")
_ADDRESS: Final = re.compile(r"[^\s\"<>(),;:]+@[^\s\"<>(),;:]+")
_OBSCURED: Final = re.compile(r"([^\s<>@]+) (?:at|chez|arroba|\(at\)) ([\w-]+(?:\.[\w-]+)+)\Z")
_SPACES: Final = re.compile(r"\s+")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_INVISIBLE: Final = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def mailboxes(value: str | bytes | None) -> tuple[Mailbox, ...]:
    """The mailboxes of an address header, groups flattened; `()` for nothing readable.

    Give the raw bytes where they are at hand: an encoded word may hold commas, so that a list is
    taken apart first and decoded after. Never raises.
    """
    if not value:
        return ()
    raw = value if isinstance(value, bytes) else value.encode("utf-8", "replace")
    return _cached(raw) if len(raw) < 300 else _mailboxes(raw)


def _mailboxes(raw: bytes) -> tuple[Mailbox, ...]:
    usual = _USUAL.match(raw)
    if usual is not None:
        name = b" ".join((usual[1] or usual[2] or b"").split()).decode("ascii")
        domain = usual[4].decode("ascii").lower()
        address = f"{usual[3].decode('ascii')}@{domain}"
        return (Mailbox(name if name.lower() != address.lower() else "", address),)
    text = decode(unfold(raw[:MAX_VALUE])).text.replace("\x00", "")
    words: list[str] = []

    def keep(found: re.Match[str]) -> str:
        words.append(decode_value(found[0].encode("utf-8", "replace")))
        return f"\x00{len(words) - 1}\x00" + (" " if found[0][-1:].isspace() else "")

    if "=?" in text:
        text = _WORDS.sub(keep, text)
    return _assemble(text, words)


# People write often, and to the same lists.
_cached = lru_cache(maxsize=4096)(_mailboxes)


def _assemble(text: str, words: list[str]) -> tuple[Mailbox, ...]:
    found: list[Mailbox] = []
    names: list[str] = []
    comments: list[str] = []
    address: str | None = None
    grouped = ";" in text
    depth = 0
    for token in _TOKEN.finditer(text):
        piece = token[0]
        if depth or piece == "(" or piece == ")":
            depth = _comment(piece, depth, comments)
        elif token[1] is not None:
            names.append(_ESCAPED.sub(r"\1", token[1]))
        elif token[2] is not None:
            if address is None or "@" not in address:
                address = token[2]
        elif piece in ",;":
            _flush(found, names, comments, address, words)
            names, comments, address = [], [], None
            if len(found) >= MAX_MAILBOXES:
                break
        elif piece == ":" and grouped and address is None:
            names, comments = [], []  # RFC 5322, section 3.4: the name of a group.
        else:
            names.append(piece)
    _flush(found, names, comments, address, words)
    return tuple(found)


def _comment(piece: str, depth: int, comments: list[str]) -> int:
    if piece == "(":
        if depth == 0:
            comments.append("")
        return depth + 1
    if piece == ")":
        return max(0, depth - 1)
    comments[-1] += piece
    return depth


def _flush(
    found: list[Mailbox], names: list[str], comments: list[str], address: str | None,
    words: list[str],
) -> None:  # fmt: skip
    name = "".join(names)
    if address is None:
        spec = _ADDRESS.search(name)
        local = _OBSCURED.match(name.strip()) if spec is None else None
        if spec is not None:
            address = spec[0]
            name = name[: spec.start()] + " " + name[spec.end() :]
        elif local is not None:  # How web archives hide addresses.
            address, name = f"{local[1]}@{local[2]}", ""
    shown = _shown(name, words) or _shown(" ".join(comments), words)
    mailbox = Mailbox(shown, _address(address or "", words))
    if mailbox.name.lower() == mailbox.key:
        mailbox = Mailbox("", mailbox.address)
    if mailbox.name or mailbox.address:
        found.append(mailbox)


def _shown(name: str, words: list[str]) -> str:
    name = _fill(name, words)
    name = _SPACES.sub(" ", _INVISIBLE.sub(" ", name)).strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1].strip()
    return name[:300]


def _fill(text: str, words: list[str]) -> str:
    if "\x00" not in text:
        return text
    return _MARK.sub(lambda mark: words[int(mark[1])], text)


def _address(written: str, words: list[str]) -> str:
    written = _fill(written, words).strip()
    if written.startswith("@") and ":" in written:  # RFC 5322, section 4.4: obsolete routes.
        written = written.rpartition(":")[2]
    if written[:7].lower() == "mailto:":
        written = written[7:].partition("?")[0]
    if "(" in written:
        written = re.sub(r"\([^()]*\)", "", written)
    written = _INVISIBLE.sub("", "".join(written.split())).strip("<>,;'")
    obscured = _OBSCURED.match(" ".join(_fill(written, words).split()))
    if obscured is not None:
        written = f"{obscured[1]}@{obscured[2]}"
    local, at, domain = written.rpartition("@")
    if not at:
        return written[:320]
    return f"{local}@{domain.rstrip('.').lower()}"[:320]
