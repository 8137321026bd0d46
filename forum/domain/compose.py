"""What somebody wrote on the web as a message: RFC 5322 bytes like any other mail's.

The Markdown goes out as text/plain with the parameter `markup=markdown`, which mail programs
ignore and `reading` honours: the text then comes back exactly as it was written. The rendered
HTML stands beside it for mail programs that show it. Headers are written here and not by
`EmailMessage`, which turns long References into encoded words that no program threads by.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64encode
from email.utils import format_datetime
from typing import Final
from urllib.parse import quote

from forum.domain.charset import clean
from forum.domain.values import Draft, Mailbox, UploadedFile

USER_AGENT: Final = "Passerelle"

_LINE: Final = 76
_ID: Final = re.compile(r"[!-;=?-~]{1,900}\Z")
_ADDRESS: Final = re.compile(r"[!-;=?-~]+@[!-;=?-~]+\Z")
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}\Z")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*\Z")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+\Z")
_LINE_ENDS: Final = re.compile(r"\r\n?")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CRLF: Final = b"\r\n"


def compose(draft: Draft, html: str) -> bytes:
    """The message of a draft, with CRLF line ends; equal drafts give equal bytes.

    `html` is the rendered text, already safe. Ids and addresses that could not stand in a header
    are left out; line breaks and other control characters in any value become spaces.
    """
    text = normalised(draft.text)
    seed = hashlib.sha256(f"{draft.message_id}\n{text}".encode("utf-8", "replace")).hexdigest()
    body = _alternative(text, html, draft.language, f"=_a{seed[:30]}")
    if draft.attachments:
        body = _mixed(body, draft.attachments, f"=_m{seed[:30]}")
    return _CRLF.join((*_headers(draft), b"MIME-Version: 1.0", body))


def normalised(text: str) -> str:
    """A text as it can be stored and sent: line ends `\\n`, no control characters."""
    return clean(_LINE_ENDS.sub("\n", text)).removeprefix("\ufeff")


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen: spaces, control and direction characters alone."""
    return not any(char.isprintable() and not char.isspace() for char in text)


def _headers(draft: Draft) -> list[bytes]:
    lines = [
        b"From: " + _mailbox(draft.author),
        b"To: " + _mailbox(Mailbox(draft.list_name, draft.list_address)),
        b"Subject: " + _text(draft.subject, len("Subject: ")),
        b"Date: " + format_datetime(draft.date).encode("ascii"),
    ]
    if _ID.match(draft.message_id):
        lines.append(b"Message-ID: <" + draft.message_id.encode("ascii") + b">")
    if draft.in_reply_to and _ID.match(draft.in_reply_to):
        lines.append(b"In-Reply-To: <" + draft.in_reply_to.encode("ascii") + b">")
    references = [f"<{known}>".encode("ascii") for known in draft.references if _ID.match(known)]
    if references:
        # Raw and folded between ids (RFC 5322, section 3.6.4), never encoded.
        lines.append(b"References: " + (_CRLF + b" ").join(references))
    if draft.language and _LANGUAGE.match(draft.language):
        lines.append(b"Content-Language: " + draft.language.encode("ascii"))
    lines.append(b"User-Agent: " + USER_AGENT.encode("ascii"))
    return lines


def _mailbox(mailbox: Mailbox) -> bytes:
    address = mailbox.address.encode("ascii") if _ADDRESS.match(mailbox.address) else b""
    name = _flat(mailbox.name)
    if not name:
        return b"<" + address + b">" if address else b"undisclosed:;"
    if name.isascii() and len(name) < 60 and "=?" not in name:
        if _ATOMS.match(name):
            shown = name.encode("ascii")
        else:
            shown = b'"' + re.sub(rb'([\\"])', rb"\\\1", name.encode("ascii")) + b'"'
    else:
        shown = _encoded_words(name, 10)
    return shown + b" <" + address + b">"


def _flat(value: str) -> str:
    return " ".join(_CONTROLS.sub(" ", clean(value)).split())


def _text(value: str, used: int) -> bytes:
    value = _flat(value)
    if value.isascii() and len(value) + used < _LINE and "=?" not in value:
        return value.encode("ascii")
    return _encoded_words(value, used)


def _encoded_words(value: str, used: int) -> bytes:
    """RFC 2047, section 2: words of 75 characters at most, never splitting a character."""
    words: list[bytes] = []
    piece = b""
    room = 45 - max(0, used * 3 // 4)
    for char in value:
        encoded = char.encode("utf-8", "replace")
        if len(piece) + len(encoded) > max(room, 12):
            words.append(piece)
            piece, room = b"", 45
        piece += encoded
    if piece:
        words.append(piece)
    return (_CRLF + b" ").join(b"=?utf-8?b?" + b64encode(word) + b"?=" for word in words)


def _alternative(text: str, html: str, language: str | None, boundary: str) -> bytes:
    plain = _leaf("text/plain; charset=utf-8; markup=markdown", text)
    document = _leaf("text/html; charset=utf-8", _document(normalised(html), language))
    return _multipart("alternative", boundary, [plain, document])


def _document(html: str, language: str | None) -> str:
    lang = f' lang="{language}"' if language and _LANGUAGE.match(language) else ""
    return (
        f'<!DOCTYPE html>\n<html{lang}>\n<head><meta charset="utf-8"></head>\n'
        f"<body>\n{html}\n</body>\n</html>\n"
    )


def _leaf(content_type: str, text: str) -> bytes:
    lines = [_quoted_printable(line) for line in text.split("\n")]
    return _CRLF.join((
        f"Content-Type: {content_type}".encode("ascii"),
        b"Content-Transfer-Encoding: quoted-printable",
        b"",
        _CRLF.join(lines),
    ))  # fmt: skip


def _quoted_printable(line: str) -> bytes:
    """One line in quoted-printable (RFC 2045, section 6.7), `From ` and lone dots made safe."""
    encoded = binascii.b2a_qp(line.encode("utf-8", "replace"), quotetabs=False, istext=False)
    encoded = encoded.replace(b"=\r\n", b"=\n").replace(b"=\n", b"=\r\n")
    if encoded.startswith(b"From "):
        return b"=46" + encoded[1:]
    if encoded.startswith(b"."):
        return b"=2E" + encoded[1:]
    if encoded.endswith((b" ", b"\t")):
        return encoded[:-1] + (b"=20" if encoded.endswith(b" ") else b"=09")
    return encoded


def _multipart(kind: str, boundary: str, parts: list[bytes]) -> bytes:
    # "=_" cannot stand in quoted-printable or base64: the boundary is in no part.
    delimiter = b"--" + boundary.encode("ascii")
    pieces = [f'Content-Type: multipart/{kind}; boundary="{boundary}"'.encode("ascii"), b""]
    for part in parts:
        pieces += [delimiter, part]
    return _CRLF.join((*pieces, delimiter + b"--", b""))


def _mixed(body: bytes, files: tuple[UploadedFile, ...], boundary: str) -> bytes:
    return _multipart("mixed", boundary, [body, *(_attached(file) for file in files)])


def _attached(file: UploadedFile) -> bytes:
    kind = file.content_type.lower().partition(";")[0].strip()
    if not _TYPE.match(kind) or kind.startswith(("multipart/", "message/")):
        kind = "application/octet-stream"
    coded = b64encode(file.content)
    lines = [coded[n : n + _LINE] for n in range(0, len(coded), _LINE)]
    return _CRLF.join((
        f"Content-Type: {kind}".encode("ascii"),
        b"Content-Disposition: attachment;" + _CRLF + b" " + _filename(file.filename),
        b"Content-Transfer-Encoding: base64",
        b"",
        *lines,
    ))  # fmt: skip


def _filename(name: str) -> bytes:
    """The filename parameter: quoted where it is short ASCII, else in pieces (RFC 2231)."""
    name = _flat(name)
    if name.isascii() and len(name) < 60:
        return b'filename="' + re.sub(rb'([\\"])', rb"\\\1", name.encode("ascii")) + b'"'
    coded = "utf-8''" + quote(name.encode("utf-8", "replace"), safe="")
    pieces: list[str] = []
    while coded:
        cut = 50
        if len(coded) > cut and "%" in coded[cut - 2 : cut]:
            cut = coded.rindex("%", 0, cut)
        pieces.append(coded[:cut])
        coded = coded[cut:]
    return (b";" + _CRLF + b" ").join(
        f"filename*{n}*={piece}".encode("ascii") for n, piece in enumerate(pieces)
    )
