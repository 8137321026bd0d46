"""What a refusal is about: the address, for good, or something that may pass.

The enhanced status code first (RFC 3463), then the words of mail servers in three languages, then
the SMTP code (RFC 5321, section 4.2.3).
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final


class Failure(StrEnum):
    """How much a bounce says of an address."""

    HARD = "hard"
    """There is no such mailbox, or it takes no mail any more."""
    SOFT = "soft"
    """Full, out of reach, too large, taken for spam: nothing is wrong with the address itself."""


_STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CODE: Final = re.compile(r"(?<![\d.])([45]\d\d)(?=[\s-])")

_FULL: Final = re.compile(
    r"over ?-?quota|quota (is )?(exceeded|exhausted|full)|mailbox( size)? (is )?(too )?(full|large)"
    r"|exceed(s|ed)? .{0,40}(quota|limit|storage|size)|insufficient .{0,30}(storage|space)"
    r"|out of (storage|space)|disk full|(user|account) is (over|full)|storage (limit|quota)"
    r"|boite .{0,60}pleine|quota .{0,12}depasse|espace .{0,40}insuffisant"
    r"|buzon .{0,60}lleno|cuota .{0,20}(superad|excedid)|espacio .{0,20}insuficiente"
)
_PASSING: Final = re.compile(
    r"\bspam|black ?-?list|block ?-?list|blocked|reputation|\b(dmarc|dkim|spf)\b|\bsender"
    r"|grey-?list|rate limit|too many|message (size|too (big|large))|relaying|virus|sent too"
    r"|authentication required|timed? ?out|multiple retries|\d attempts|hop count|indesirable"
    r"|temporairement|reessay|temporalmente|no deseado|unable to relay"
)
_GONE: Final = re.compile(
    r"(user|recipient|mailbox|address|account|person|addressee) .{0,60}?(unknown|not (be )?found|"
    r"(does|do|did) ?(not|n't) exist|not exist|invalid|disabled|deleted|deactivated|suspended|"
    r"discontinued|inactive|closed|unavailable|not (a )?(valid|known|listed|available))"
    r"|(unknown|invalid|bad|no such|nonexistent|non-existent|inactive|disabled|undeliverable)"
    r" (\S+ )?(or \S+ )?(user|recipient|mailbox|address|account|person|local part|destination)"
    r"|does(n't| not) (exist|have an? .{0,20}account|have a mailbox)|no mailbox( here)?"
    r"|no (such )?user here|unrouteable|unroutable|no longer (valid|available|active|exists|in use|"
    r"works|employed)|(host|domain)( name)? .{0,40}not found|not our customer|isn't a valid"
    r"|couldn't be found|could not be found|wasn't found|host unknown"
    r"|(utilisateur|destinataire|adresse|compte|boite)\W.{0,60}?(inconnu|introuvable|inexistant|"
    r"desactive|ferme|supprime|n'existe|n'a pas ete trouve|invalide)"
    r"|(usuario|destinatario|direccion|cuenta|buzon)\W.{0,60}?(desconocid|inexistente|no existe|"
    r"no encontrad|no se (ha |pudo )?encontr|desactivad|cerrad|suprimid|eliminad|invalid|no valid)"
)

_OF_SENDER: Final = re.compile(
    r"relay(ing)? (access )?(is )?(denied|not (permitted|allowed)|prohibited|refused)"
    r"|(unable|not (permitted|allowed|authori[sz]ed)|do not|don't) (to )?relay"
    r"|authentication (is )?required|not authenticated|client host rejected"
    r"|sender address rejected|not owned by user"
)
"""What a server says of whoever hands mail over; many say it of each recipient, at RCPT."""

_HARD_DETAILS: Final = {
    # RFC 3463, section 3.2, and the registry of RFC 5248: 1.5 is a good address, 1.7 and 1.8 are
    # about the sender's.
    "1": frozenset({"0", "1", "2", "3", "4", "6", "9", "10"}),
    "2": frozenset({"1", "4"}),
    "4": frozenset({"4"}),
    "7": frozenset({"13", "17"}),
}
_SAYS_NOTHING: Final = frozenset({"0.0", "1.0", "2.0", "3.0", "4.0", "5.0", "7.0", "4.1", "5.4"})
"""Details used for everything by some servers: the words decide."""
_OF_AN_ADDRESS: Final = frozenset(
    {"1.1", "1.2", "1.3", "1.6", "1.10", "2.1", "4.4", "7.13", "7.17"}
)
"""Details that no words can make uncertain."""
_ADDRESS_SUBJECTS: Final = frozenset({"1", "2"})


def status_of(text: str) -> str:
    """The first enhanced status code in a text, such as `5.1.1`; `""` where there is none."""
    found = _STATUS.search(text)
    return found[0] if found else ""


def failure_of(status: str, reply: str) -> Failure | None:
    """How much a refusal says of the address; None where it is none.

    Args:
        status: Of the Status field (RFC 3464, section 2.3.4), or `""`.
        reply: What the other side said, in one line.
    """
    words = plain(reply)
    found = _STATUS.fullmatch(status.strip()) or _STATUS.search(words)
    own = _STATUS.search(words)
    if found is not None and own is not None and f"{found[2]}.{found[3]}" in _SAYS_NOTHING:
        found = own  # The gateway says "failed", the server behind it says why.
    if found is None:
        return _by_code(words)
    if found[1] == "2":
        return None
    detail = f"{found[2]}.{found[3]}"
    if found[1] == "4":
        return Failure.SOFT
    if detail in _SAYS_NOTHING:
        return _by_words(words) or _by_code(words, Failure.HARD)
    # Beyond 99 are details that servers have made up themselves.
    invented = len(found[3]) > 2 and found[2] in _ADDRESS_SUBJECTS
    known = invented or found[3] in _HARD_DETAILS.get(found[2], frozenset())
    if known and detail not in _OF_AN_ADDRESS:
        return _by_words(words) or Failure.HARD
    return Failure.HARD if known or _by_words(words) is Failure.HARD else Failure.SOFT


def is_about_address(reply: str) -> bool:
    """Whether a reply of the smarthost names the recipient's address or mailbox as the fault."""
    found = _STATUS.search(reply)
    if found is not None:
        return found[2] in _ADDRESS_SUBJECTS
    return _GONE.search(plain(reply)) is not None


def is_about_sender(reply: str) -> bool:
    """Whether a reply of the smarthost refuses whoever sends, whatever the recipient."""
    return not is_about_address(reply) and _OF_SENDER.search(plain(reply)) is not None


def says_something(text: str) -> bool:
    """Whether a text names a status or gives one of the known reasons."""
    words = plain(text)
    return _STATUS.search(words) is not None or _by_words(words) is not None


def plain(text: str) -> str:
    """Lower case without accents, white space collapsed; at most 20,000 characters."""
    folded = unicodedata.normalize("NFKD", text[:20_000].lower().replace("’", "'"))
    return " ".join("".join(c for c in folded if not unicodedata.combining(c)).split())


def _by_words(words: str) -> Failure | None:
    if _FULL.search(words) or _PASSING.search(words):
        return Failure.SOFT
    return Failure.HARD if _GONE.search(words) else None


def _by_code(words: str, otherwise: Failure | None = None) -> Failure | None:
    told = _by_words(words)
    if told is not None:
        return told
    code = _CODE.search(words + " ")
    if code is None:
        return otherwise
    # 550 mailbox unavailable, 551 not local, 553 name not allowed; 552 and 554 say less.
    return Failure.HARD if code[1] in ("550", "551", "553") else Failure.SOFT
