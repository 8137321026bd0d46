"""The text inside files that people attach: PDF, DOCX, ODT and plain text.

What is read here came from anywhere: it is bounded in size, entities of XML are refused, and the
caller gives it a process of its own with limits of time and memory.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, Final
from xml.parsers import expat

from forum.domain.charset import decode

LARGEST_FILE: Final = 20_000_000
"""Bytes; a larger one is not read."""

MOST_CHARACTERS: Final = 200_000
"""Of one file; the rest of a longer text is not searched."""

MOST_UNZIPPED: Final = 60_000_000
"""Bytes of one part of a DOCX or ODT file."""

MOST_PAGES: Final = 500

_BY_TYPE: Final = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.oasis.opendocument.text": "odt",
    "text/plain": "txt",
}
_BY_ENDING: Final = {"pdf": "pdf", "docx": "docx", "odt": "odt", "txt": "txt"}
_CHUNK: Final = 65_536


class NotReadableError(ValueError):
    """It is not the kind of file that it is said to be, or is locked or too large."""


def kind_of(filename: str, content_type: str) -> str | None:
    """`pdf`, `docx`, `odt` or `txt`; None for what is not read.

    Args:
        filename: its ending counts where the type says nothing: mail programs send PDF files as
            `application/octet-stream`.
    """
    known = _BY_TYPE.get(content_type.lower())
    return known or _BY_ENDING.get(filename.rpartition(".")[2].lower())


def text_of(kind: str, content: bytes) -> str:
    """The text of a file, at most `MOST_CHARACTERS`.

    Raises:
        NotReadableError: nothing can be read.
    """
    if len(content) > LARGEST_FILE:
        raise NotReadableError("too large")
    pieces: list[str] = []
    length = 0
    for piece in _READERS[kind](content):
        pieces.append(piece)
        length += len(piece)
        if length > MOST_CHARACTERS:
            break
    return "".join(pieces)[:MOST_CHARACTERS].replace("\0", "")


def _plain(content: bytes) -> Iterator[str]:
    if b"\0" in content[:1_000] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotReadableError("not text")
    yield decode(content[: 4 * MOST_CHARACTERS]).text


def _pdf(content: bytes) -> Iterator[str]:
    import pypdf

    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise NotReadableError("locked")
        for page in reader.pages[:MOST_PAGES]:
            yield page.extract_text() + "\n"
    except NotReadableError:
        raise
    except Exception as error:
        # Of broken files it raises whatever the breakage leads to.
        raise NotReadableError(str(error)) from error


def _docx(content: bytes) -> Iterator[str]:
    return _zipped(content, "word/document.xml", inside={"t"}, ends={"p", "br", "tab"})


def _odt(content: bytes) -> Iterator[str]:
    return _zipped(content, "content.xml", inside={"p", "h"}, ends={"p", "h", "s", "tab"})


_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    expat.ExpatError,
    EOFError,
    KeyError,
    OSError,
    RuntimeError,  # Encrypted; NotImplementedError, an unknown compression, is one too.
)


def _zipped(content: bytes, name: str, inside: set[str], ends: set[str]) -> Iterator[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(name) as part:
            text = _Text(inside, ends)
            size = 0
            while chunk := part.read(_CHUNK):
                size += len(chunk)
                if size > MOST_UNZIPPED:
                    raise NotReadableError("too large")
                yield text.read(chunk)
            text.read(b"", is_last=True)
    except _UNREADABLE as error:
        raise NotReadableError(str(error)) from error


class _Text:
    """The text of some elements of an XML document, read as it comes."""

    def __init__(self, inside: set[str], ends: set[str]) -> None:
        self._inside, self._ends = inside, ends
        self._depth = 0
        self._found: list[str] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = _refuse

    def read(self, chunk: bytes, *, is_last: bool = False) -> str:
        self._found.clear()
        self._parser.Parse(chunk, is_last)
        return "".join(self._found)

    def _start(self, name: str, _attributes: Any) -> None:
        if name.rpartition(" ")[2] in self._inside:
            self._depth += 1

    def _end(self, name: str) -> None:
        name = name.rpartition(" ")[2]
        if name in self._inside:
            self._depth -= 1
        if name in self._ends:
            self._found.append(" " if name in ("s", "tab") else "\n")

    def _characters(self, text: str) -> None:
        if self._depth:
            self._found.append(text)


def _refuse(*_declared: Any) -> None:
    raise NotReadableError("declarations of entities are refused")


_READERS: Final[dict[str, Callable[[bytes], Iterator[str]]]] = {
    "pdf": _pdf,
    "docx": _docx,
    "odt": _odt,
    "txt": _plain,
}
