"""What of a message is its text and what is offered as attachments.

Follows RFC 8621, section 4.1.4, for which parts are text. A forwarded message (message/rfc822) is
an attachment, `subject.eml`; where the mail has no text of its own, the forwarded text is shown
too, below the usual head of a forward, for that is what its sender wanted read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from forum.domain.charset import decode
from forum.domain.encoded_words import decode_value
from forum.domain.flowed import unflow
from forum.domain.html_text import markdown_of
from forum.domain.mime import Part, Structure, take_apart, uudecoded, walk
from forum.domain.mojibake import repair
from forum.domain.other_text import invitation, without_enriched
from forum.domain.values import Flag, TextFormat

MAX_TEXT: Final = 1_000_000
"""Characters of text that a post can have; the rest is in the raw message, and flagged."""

MARKUP: Final = "markup"
"""Parameter of the text/plain parts we compose: `markup=markdown` says their text is Markdown."""

_ENCRYPTED_TYPES: Final = ("multipart/encrypted", "application/pgp-encrypted")
_ENRICHED_TYPES: Final = ("text/enriched", "text/richtext")
_PKCS7: Final = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_UU_BEGIN: Final = re.compile(rb"(?:\A|(?<=\n))begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n(?=[M!-`])")
_UU_END: Final = re.compile(rb"\n[` ]?\r?\nend[ \t]*(?:\r?\n|\Z)|\nend[ \t]*(?:\r?\n|\Z)")
_LINE_ENDS: Final = re.compile(r"\r+\n?")


@dataclass(frozen=True, slots=True)
class Item:
    """Something to download: a part, or a uuencoded block inside one."""

    part: Part
    span: tuple[int, int] | None = None
    """Where in the decoded content of the part the uuencoded block stands."""
    name: str | None = None
    size: int | None = None
    """Of a uuencoded block, decoded."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A message's text, and what else it holds."""

    text: str
    text_format: TextFormat
    first_text: str
    """The text of the first part alone: what no list manager adds to."""
    items: tuple[Item, ...]
    flags: frozenset[Flag]
    repairs: tuple[str, ...]
    composed_here: bool


class _Reader:
    def __init__(self, structure: Structure, repairs: bool) -> None:
        self.structure = structure
        self.repairing = repairs
        self.flags: set[Flag] = set(structure.flags)
        self.repairs: list[str] = []
        self.items: list[Item] = []
        self.composed_here = False
        self.budget = MAX_TEXT * 2

    def text_of(self, part: Part) -> tuple[str, TextFormat]:
        """The text of one part, and how it is to be rendered."""
        if self.budget <= 0:
            self.flags.add(Flag.TRUNCATED)
            return "", TextFormat.PLAIN
        content = self.structure.content(part)
        if part.type == "text/plain" and b"begin " in content:
            content = self.without_uuencoded(part, content)
        if len(content) > MAX_TEXT * 4:
            content = content[: MAX_TEXT * 4]
            self.flags.add(Flag.TRUNCATED)
        # HTML takes ten times as long to read as plain text.
        self.budget -= len(content) * (4 if part.type == "text/html" else 1)
        decoded = decode(content, part.parameters.get("charset"))
        if not decoded.sure:
            self.flags.add(Flag.BAD_CHARSET)
        text = decoded.text
        if "\r" in text:
            text = _LINE_ENDS.sub("\n", text)
        if part.parameters.get(MARKUP) == "markdown" and part.type == "text/plain":
            self.composed_here = True
            return text, TextFormat.MARKDOWN
        text = self.repaired(text)
        return self.rendered(part, text)

    def repaired(self, text: str) -> str:
        if not self.repairing:
            return text
        text, methods = repair(text[:MAX_TEXT]) if len(text) <= MAX_TEXT else (text, ())
        self.repairs.extend(methods)
        return text

    def rendered(self, part: Part, text: str) -> tuple[str, TextFormat]:
        if part.type in ("text/html", "application/xhtml+xml"):
            markdown, whole = markdown_of(text)
            if not whole:
                self.flags.add(Flag.TRUNCATED)
            return markdown, TextFormat.MARKDOWN
        if part.type in ("text/markdown", "text/x-markdown"):
            return text, TextFormat.MARKDOWN
        if part.type in _ENRICHED_TYPES:
            return without_enriched(text, part.type), TextFormat.PLAIN
        if part.type == "text/plain" and (part.parameters.get("format") or "").lower() == "flowed":
            text = unflow(text, (part.parameters.get("delsp") or "").lower() == "yes")
        return text, TextFormat.PLAIN

    def without_uuencoded(self, part: Part, content: bytes) -> bytes:
        """Take the uuencoded files out of an old mail's text; they become attachments."""
        kept: list[bytes] = []
        at = 0
        found = _UU_BEGIN.search(content)
        while found is not None and len(self.items) < 1_000:
            end = _UU_END.search(content, found.end())
            if end is None:
                break
            kept.append(content[at : found.start()])
            span = (found.start(), end.end())
            size = len(uudecoded(content[slice(*span)]))
            self.items.append(Item(part, span, decode(found[1]).text, size))
            at = end.end()
            found = _UU_BEGIN.search(content, at)
        return b"".join((*kept, content[at:])) if kept else content

    def sort_out(self, root: Part) -> tuple[list[Part], list[Part]]:
        """The parts that are text, and the leaves that are not, in the order of the message."""
        chosen: dict[int, list[Part]] = {}
        parts = walk(root)
        for part in reversed(parts):  # Children before their parents.
            chosen[id(part)] = self.texts_in(part, chosen)
        texts = chosen[id(root)]
        alternatives = {
            id(leaf) for part in parts if part.type == "multipart/alternative" and chosen[id(part)]
            for child in part.children for leaf in _body_candidates(child)
        }  # fmt: skip
        shown = {id(part) for part in texts}
        others = [
            part
            for part in parts
            if not part.is_multipart
            and id(part) not in shown
            and id(part) not in alternatives
            and not _is_empty(part)
        ]
        return texts, others

    def texts_in(self, part: Part, chosen: dict[int, list[Part]]) -> list[Part]:
        if not part.is_multipart:
            return [part] if _is_text(part) else []
        lists = [chosen[id(child)] for child in part.children]
        if part.type == "multipart/alternative":
            return self.best_alternative([texts for texts in lists if texts])
        if part.type == "multipart/related":
            return lists[0]
        kept: list[Part] = []
        for n, (child, texts) in enumerate(zip(part.children, lists, strict=True)):
            # RFC 8621: a named text that is not the first part was attached.
            if child.is_multipart or n == 0 or child.filename() is None:
                kept.extend(texts)
        return kept

    def best_alternative(self, lists: list[list[Part]]) -> list[Part]:
        """The plain text, unless it is empty and another form is not."""
        plain = [texts for texts in lists if all(part.type == "text/plain" for part in texts)]
        for texts in (*plain, *reversed(lists)):
            if any(self.structure.content(part)[:100_000].strip() for part in texts):
                return texts
        return lists[0] if lists else []


def _is_text(part: Part) -> bool:
    return (
        part.type in ("text/plain", "text/html", "text/markdown", "application/xhtml+xml")
        and part.disposition().value != "attachment"
    )


def _body_candidates(part: Part) -> list[Part]:
    """The leaves of an alternative that are another form of the text."""
    leaves = [leaf for leaf in walk(part) if not leaf.is_multipart]
    return [
        leaf
        for n, leaf in enumerate(leaves)
        if (_is_text(leaf) or leaf.type in (*_ENRICHED_TYPES, "text/x-amp-html"))
        and (n == 0 or leaf.filename() is None)
    ]


def _is_empty(part: Part) -> bool:
    """A part of nothing, as forgotten text parts and cut messages leave them."""
    return part.start >= part.end and part.filename() is None and part.type == "text/plain"


def read(raw: bytes, repairs: bool = True, structure: Structure | None = None) -> Reading:
    """Read a message's text and list what else it holds; never raises.

    `repairs` set to False leaves wrongly decoded text as it is.
    """
    structure = structure or take_apart(raw)
    reader = _Reader(structure, repairs)
    texts, others = reader.sort_out(structure.root)
    places = {id(part): n for n, part in enumerate(walk(structure.root))}
    pieces = [reader.text_of(part) for part in texts]
    reader.items.extend(Item(part) for part in others)
    reader.items.sort(key=lambda item: (places[id(item.part)], item.span or (0, 0)))
    first = next((text for text, _ in pieces if text.strip()), "")
    if not first:
        pieces.extend(_substitutes(reader, others))
    _flag_encrypted(reader, first)
    text, text_format = _joined(pieces)
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
        reader.flags.add(Flag.TRUNCATED)
    return Reading(
        text, text_format, first, tuple(reader.items), frozenset(reader.flags),
        tuple(dict.fromkeys(reader.repairs)), reader.composed_here,
    )  # fmt: skip


def _joined(pieces: list[tuple[str, TextFormat]]) -> tuple[str, TextFormat]:
    pieces = [(text, kind) for text, kind in pieces if text.strip()]
    markdown = any(kind is TextFormat.MARKDOWN for _, kind in pieces)
    joined = "\n\n".join(
        text if n == len(pieces) - 1 else text.rstrip("\n") for n, (text, _) in enumerate(pieces)
    )
    return joined, TextFormat.MARKDOWN if markdown else TextFormat.PLAIN


def _flag_encrypted(reader: _Reader, text: str) -> None:
    root = reader.structure.root
    sealed = root.type in _ENCRYPTED_TYPES or "-----BEGIN PGP MESSAGE-----" in text
    for part in walk(root):
        if part.type in _ENCRYPTED_TYPES:
            sealed = True
        elif part.type in _PKCS7:
            kind = (part.parameters.get("smime-type") or "enveloped-data").lower()
            sealed = sealed or kind in ("enveloped-data", "authenveloped-data")
    if sealed:
        reader.flags.add(Flag.ENCRYPTED)


def _substitutes(reader: _Reader, others: list[Part]) -> list[tuple[str, TextFormat]]:
    """The text of a mail without its own: forwarded mails, enriched text, an invitation."""
    found: list[tuple[str, TextFormat]] = []
    for part in others[:50]:
        if part.type == "message/rfc822":
            found.append(_forwarded(reader, part))
        elif part.type in _ENRICHED_TYPES and not part.filename():
            found.append(reader.text_of(part))
            reader.items = [item for item in reader.items if item.part is not part]
        elif part.type == "text/calendar":
            found.append((_invitation(reader, part), TextFormat.PLAIN))
    return found


def _forwarded(reader: _Reader, part: Part) -> tuple[str, TextFormat]:
    inner = take_apart(reader.structure.content(part)[: MAX_TEXT * 4])
    within = _Reader(inner, reader.repairing)
    texts, _ = within.sort_out(inner.root)
    text, kind = _joined([within.text_of(leaf) for leaf in texts[:50]])
    reader.repairs.extend(within.repairs)
    headers = inner.headers()
    head = "".join(
        f"{name}: {value}\n"
        for name in ("From", "Date", "Subject", "To")
        if (value := headers.get(name))
    )
    return f"---------- Forwarded message ----------\n{head}\n{text}".rstrip() + "\n", kind


def _invitation(reader: _Reader, part: Part) -> str:
    content = reader.structure.content(part)[:200_000]
    return invitation(decode(content, part.parameters.get("charset")).text)


def item_content(structure: Structure, item: Item) -> bytes:
    """The bytes of something to download."""
    content = structure.content(item.part)
    if item.span is not None:
        return uudecoded(content[slice(*item.span)])
    return content


def item_subject(structure: Structure, part: Part) -> str:
    """The subject of a forwarded message, for its file name."""
    inner = take_apart(structure.content(part)[:100_000])
    value = inner.headers().raw("subject")
    return decode_value(value) if value else ""
