"""What clients put above another's message: header blocks, separators, drawn rules.

Every rule looks at a handful of lines at a time, each cut to a fixed length, so that the work
grows with the number of lines and never with what stands in them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

_MAX_LINE: Final = 300
_MAX_HEADER_LINES: Final = 40

_HEADER_KINDS: Final = {
    "from": "from de da von van od fra från remitente expéditeur mittente remetente от",
    "sent": "sent envoyé envoye enviado gesendet inviato enviada verzonden wysłano sendt skickat "
    "date datum data fecha dato envoyé|le envoye|le enviado|el enviada|em fecha|de|envío "
    "date|d'envoi message|du отправлено",
    "to": "to à a para an aan do til till pour destinataire destinatario destinataires "
    "destinatarios per кому",
    "subject": "subject objet objeto asunto assunto betreff oggetto onderwerp temat emne ämne "
    "sujet assumpte тема",
    "other": "cc copie copie|à copia bcc cci cco reply-to répondre|à responder|a risposta "
    "importance importancia importanza priority priorité organization organisation "
    "attachments pièces|jointes pièce|jointe adjuntos list-post newsgroups message-id "
    "sent|by mailed|by",
}
_HEADERS: Final = {
    name.replace("|", " "): kind for kind, names in _HEADER_KINDS.items() for name in names.split()
}

_ORIGINAL: Final = frozenset(
    """original message|message d'origine|message original|message initial|mail original
    |mensaje original|mensagem original|messaggio originale|ursprüngliche nachricht
    |original-nachricht|originalnachricht|oorspronkelijk bericht|oprindelig meddelelse
    |oprindelig besked|ursprungligt meddelande|opprinnelig melding|courriel original
    |missatge original|mensaje inicial|e-mail d'origine|e-mail original|reply message
    |original appointment|message de""".replace("\n", "")
    .replace("    ", "")
    .split("|")
)
_FORWARDED: Final = (
    "forwarded message", "begin forwarded message", "message transféré", "message transmis",
    "message réexpédié", "début du message réexpédié", "début du message transféré",
    "courriel transféré", "mail transféré", "transféré par", "forwarded by", "reenviado por",
    "mensaje reenviado", "inicio del mensaje reenviado", "mensagem encaminhada",
    "mensagem reencaminhada", "inizio messaggio inoltrato", "messaggio inoltrato",
    "weitergeleitete nachricht", "anfang der weitergeleiteten", "doorgestuurd bericht",
    "missatge reenviat", "forwarded mail", "mail reenviado", "correo reenviado",
    "videresendt besked", "start of forwarded message",
)  # fmt: skip
_FORWARD_END: Final = re.compile(
    r"[-*_ ]{2,}(?:end|fin|ende|fine)\b.{0,20}\b"
    r"(?:forward|transf|réexp|reenvia|inoltra|weiterge)\w*.{0,30}$",
    re.IGNORECASE,
)
_RULED: Final = "-_=*—–─ \\\t"
_RULE_CHARACTERS: Final = frozenset(_RULED)


class Kind(Enum):
    """What announces the words of somebody else."""

    WROTE = "wrote"
    """`On 3 March X wrote:` in any of its forms."""
    HEADERS = "headers"
    """A block of `From:`, `Sent:`, `To:`, `Subject:` lines."""
    FORWARD = "forward"
    """A line that says that a forwarded message follows, with its header block."""


@dataclass(frozen=True, slots=True)
class Break:
    """An attribution: lines `start` to `end`, both included."""

    start: int
    end: int
    kind: Kind
    anchored: bool = True
    """It names a time or an address: to be believed even where no `>` marks follow."""


def is_rule(line: str) -> bool:
    """Tell whether a line is only a drawn rule: two or more of `-`, `_`, `=`, `*` or dashes."""
    if len(line) < 2 or line[0] not in _RULE_CHARACTERS:
        return False
    return not line[:_MAX_LINE].strip(_RULED) and not line.isspace()


def is_forward_end(line: str) -> bool:
    """Tell whether a line closes a forwarded message."""
    return line[:1] in "-*_" and len(line) < 120 and _FORWARD_END.match(line) is not None


def header_kind(line: str) -> str | None:
    """Return the kind of a quoted header line (`from`, `sent`, `to`, `subject`, `other`)."""
    colon = line.find(":", 0, 34)
    if colon < 1:
        return None
    return _HEADERS.get(line[:colon].strip(" \t\xa0*_>").lower())


def separator_kind(line: str) -> Kind | None:
    """Say what a `-----Original Message-----` line announces, or None."""
    if len(line) > 140:
        return None
    core = line.strip(" \t\xa0-_*=>:\\").lower().replace("’", "'")
    if core in _ORIGINAL:
        return Kind.HEADERS
    if len(core) > 12 and core.startswith(_FORWARDED):
        return Kind.FORWARD
    return None


def header_block(lines: Sequence[str], start: int, announced: bool) -> int | None:
    """Return the last line of the block of quoted headers that begins at `start`, or None.

    `announced` says that a rule or a separator stands before: fewer signs are then asked for.
    """
    kinds: set[str] = set()
    last, wrapped, at = start, 0, False
    for index in range(start, min(len(lines), start + _MAX_HEADER_LINES)):
        line = lines[index][:_MAX_LINE]
        kind = header_kind(line)
        if kind is not None:
            if kind in kinds and kind != "other" and kind != "sent":
                break
            kinds.add(kind)
            last, wrapped = index, 0
            at = at or "@" in line
            continue
        if not line.strip():
            if _double_spaced(lines, index):
                continue
            break
        listing = "@" in line or line.rstrip().endswith((";", ",", "<", ">"))
        wrapped += 0 if listing else 1
        at = at or "@" in line
        if wrapped > 2:
            break
    needed = 2 if announced else 3
    real = kinds - {"other"}
    if len(real) < needed or not (at or announced or {"from", "sent", "subject"} <= real):
        return None
    if "from" not in real and not announced:
        return None
    return _with_wrapped_value(lines, last)


def _double_spaced(lines: Sequence[str], blank: int) -> bool:
    """Tell whether the block goes on after one blank line, as HTML turned into text writes it."""
    following = blank + 1
    return following < len(lines) and header_kind(lines[following]) is not None


def _with_wrapped_value(lines: Sequence[str], last: int) -> int:
    """Take in the rest of the block's last value: on the next line, or wrapped by a client."""
    line = lines[last].rstrip()
    following = lines[last + 1].strip() if last + 1 < len(lines) else ""
    after = lines[last + 2].strip() if last + 2 < len(lines) else ""
    if following and (line.endswith((":", ":**", ";", ",")) or (len(line) > 62 and not after)):
        return last + 1
    return last
