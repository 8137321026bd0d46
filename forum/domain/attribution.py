"""Where somebody else's words begin: "On 3 March X wrote:" in the languages of the lists.

Every rule looks at a handful of lines at a time, each cut to a fixed length, so that the work
grows with the number of lines and never with what stands in them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from forum.domain.header_block import Break, Kind

MAX_LINES: Final = 4
"""An attribution is wrapped over this many lines at most."""
MAX_LENGTH: Final = 500
"""Characters of an attribution, all its lines together."""
_MAX_LINE: Final = 300


# The verb that closes an attribution, in the languages of the lists and their neighbours.
_VERB: Final = re.compile(
    r"(?:\b(?:a|avez|as) [ée]crit|\bwrote|\bwrites|\bsaid|\bescribi[óo]|\bescribe|\bha escrito"
    r"|\bva escriure|\bha scritto|\bscrisse|\bscrive|\bescreveu|\bschrieb|\bschreef|\bgeschreven"
    r"|\bskrev|\bnapisa[łl]\(?a?\)?|\bkirjoitti|\bírta|\ba scris|\b[eé]crivait|\bnous dit"
    r"|\bнаписала?|\bпишет|写道|寫道)"
    r"(?: (?:le|the|el|on|am|dans|in|en)\b.{0,60}|:?\s*\(.{0,40}\))?"
    r"[\s*_]*(?::|：|\.\.\.|…|-{2,})?[\s*_]*$",
    re.IGNORECASE,
)
_VERB_ROOTS: Final = (
    "crit", "wrote", "writes", "said", "escrib", "escriure", "scri", "escreveu", "schrieb",
    "schreef", "schreven", "skrev", "napisa", "kirjoitti", "írta", "dit", "написал", "пишет",
    "写道", "寫道",
)  # fmt: skip
"""One of these is in every such verb: a cheap test before the long one."""
_COMMON_VERBS: Final = (" a écrit", " wrote", " escribió", ">wrote", ">escribió")
_VERB_INSIDE: Final = re.compile(r"\b(?:schrieb|schreef|skrev|heeft)\b", re.I)
_VERB_ALONE: Final = re.compile(r"^[>\s]{0,3}(?:a\s)?\w{3,10}\s?:\s*$")
# A person who speaks of himself or of the one he speaks with: a sentence, not an attribution.
_NARRATOR: Final = re.compile(
    r"\b(?:we|i|they|he|she|it|who|nous|j|je|on|qui|il|elle|ils|elles|m|t|l|lui|leur"
    r"|(?-i:me|te|le|les|nos)|quien|que)['’ ]{0,2}"
    r"(?:(?:a|ai|avons|ont|have|has|had|also|then)\s)?$",
    re.IGNORECASE,
)
_COMMON_NOUN: Final = re.compile(
    r"(?<!\bde )(?<!\w)(?:l['’]|(?:la|le|les|el|los|las|the|une?|una|notre|nuestr[oa]|our|m[aoi]n?"
    r"|my|son|su) )[a-zà-ÿ][\w’'-]*(?: (?:de|du|des|d['’]|del|of) ?[\w’' -]{1,30})?[ ,]*$"
)
"""`la commission`, `el alcalde`: whom an author speaks of, and no mail program does."""
_CUE: Final = re.compile(
    r"[\s*_>]{0,6}(?:-{2,} )?(?:En date de ?:? ?)?"
    r"(?:(?:Le|El|On|Am|Il|Em|Op|Den|At|A|À|In|Dans|En|Kl|W dniu|Dnia|Pe|Dne|Na|La)(?=\s)"
    r"|(?:ср|пн|вт|чт|пт|сб|вс)\b)",
    re.IGNORECASE,
)
_WEEKDAY: Final = re.compile(
    r"[\s*_>]{0,6}(?:lun|mar|mer|jeu|ven|sam|dim|mon|tues?|wed|thur?s?|fri|sat|sun|mié|mie|jue"
    r"|vie|sáb|sab|dom|mo|di|mi|do|fr|sa|so|gio|seg|ter|qua|qui|sex|man|tir|ons|tor|fre|lör|pe"
    r"|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|lunes|martes|miércoles|miercoles|jueves|viernes|sábado|sabado|domingo|domenica|sabato"
    r"|(?:lune|marte|mercole|giove|vener)d[ìi]|\w{4,7}-feira|\w{3,7}tag|mittwoch|\w{3,6}dag)"
    r"[.,]{0,2}\s",
    re.IGNORECASE,
)
_QUOTING: Final = re.compile(
    r"[\s*_]{0,4}(?:Quoting|Selon|Citando a|Citando|Zitat von|Mensaje citado por|D'après)\s"
    r"[^:]{1,120}[@<\"“][^:]{0,160}:\s*$",
    re.IGNORECASE,
)
_TIME: Final = re.compile(r"\b\d{1,2}\s?[:h.]\s?\d{2}\b|\b\d{1,2}\s?[ap]\.?\s?m\b", re.IGNORECASE)
_DATE: Final = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b|\b\d{1,2}\.? (?:de )?[^\W\d]{3,10}\b"
    r"|\b[^\W\d]{3,9}\.? \d{1,2}\b|\d年"
)
_ADDRESS: Final = re.compile(r"[^\s<>\"@]{1,64}@[^\s<>\"@]{2,}")
_GMAIL_DATE: Final = re.compile(
    r"[\s*_]{0,4}\d{4}[-/]\d{1,2}[-/]\d{1,2}(?: \d{1,2}:\d{2})?(?: GMT ?[+-]\d{1,2}:\d{2})?\s+\S"
)
_GMT: Final = re.compile(r" GMT ?[+-]\d{1,2}:\d{2} ")
_NAME: Final = re.compile(r"[\s*_]{0,3}[\w.'’\"“(<@-]+(?: [\w.,'’\"”)>@<-]+){0,7}$")


def _joined(lines: Sequence[str], start: int, end: int) -> str:
    parts = [lines[index].strip(" \t\xa0*_") for index in range(start, end + 1)]
    # A soft line break that was never decoded (RFC 2045, section 6.7) still ends in "=".
    return " ".join(part for part in parts if part).replace("= ", "").replace("\xa0", " ")


def _verb_start(tail: str) -> int:
    """Return where the verb that closes an attribution begins, or -1."""
    core = tail.rstrip(" :*_")
    for verb in _COMMON_VERBS:
        if core.endswith(verb):
            return len(core) - len(verb) + 1
    match = _VERB.search(tail)
    return match.start() if match else -1


def _wrote(text: str, marked_next: bool) -> bool | None:
    """Judge joined lines: an anchored attribution, one that needs marks (False), or none."""
    tail = text[-120:].lower()
    spoken = any(root in tail for root in _VERB_ROOTS)
    if not spoken and "@" not in text and " GMT" not in text and text[-1:] not in ":：":
        return None
    address = "@" in text and _ADDRESS.search(text) is not None
    verb = _verb_start(tail) if spoken else -1
    if verb < 0:
        return True if _wrote_without_verb(text, address) else None
    before = text[-120:][:verb]
    if _NARRATOR.search(before) or (not address and _COMMON_NOUN.search(before)):
        return None
    time = _TIME.search(text) is not None
    date = _DATE.search(text) is not None
    if (address and text.count(" ") < 40) or (time and (date or _WEEKDAY.match(text))):
        return True
    if date and re.search(r"\b(?:you|vous)\b", before[-12:], re.IGNORECASE):
        return True
    named = _NAME.match(before.strip()) is not None and before.lstrip(' "“<(')[:1].isupper()
    return False if marked_next and (date or named) else None


def _wrote_without_verb(text: str, address: bool) -> bool:
    """Judge joined lines that do not close with a verb, the cheapest signs first."""
    if text.endswith((":", "：", "wrote")) and (address or _VERB_INSIDE.search(text)):
        time = _TIME.search(text) is not None
        if (time or address) and _DATE.search(text):
            inside = text.endswith(":") and _VERB_INSIDE.search(text) is not None
            if (address and time) or inside:
                return True
    if _QUOTING.match(text):
        return True
    gmail = _GMAIL_DATE.match(text) is not None
    return gmail and (address or _GMT.search(text[:60]) is not None)


def attribution_at(lines: Sequence[str], end: int, marked_next: bool) -> Break | None:
    """Find the attribution that ends on line `end`, with up to three lines before it.

    `marked_next` says that the next line that is not blank bears a quotation mark.
    """
    start, best, gaps = end, None, 0
    length = 0
    while start >= 0 and end - start - gaps < MAX_LINES:
        line = lines[start]
        if not line.strip():
            gaps += 1
            if gaps > 1 or start == end:
                break
            start -= 1
            continue
        length += len(line)
        if length > MAX_LENGTH or (
            start != end and line.rstrip()[-1] in ".!?:" and not _DATE_ABBREVIATED.search(line)
        ):
            break
        text = _joined(lines, start, end)
        anchored = _wrote(text, marked_next)
        opens = _opens(line)
        if anchored is not None and opens:
            return Break(_first_line(lines, start, end), end, Kind.WROTE, anchored)
        spoken = anchored is not None and best is None and gaps == 0
        if spoken and _stands_alone(line, text, marked_next):
            best = Break(start, end, Kind.WROTE, bool(anchored))
        start -= 1
    return best


def _first_line(lines: Sequence[str], start: int, end: int) -> int:
    """Go up from `at 10:18,` to the `On Nov 21,` that a program wrapped before it."""
    while start > 0 and end - start < MAX_LINES - 1:
        above = lines[start - 1].rstrip()
        if not above.endswith(",") or len(above) > 80 or not _opens(above):
            break
        start -= 1
    return start


_DATE_ABBREVIATED: Final = re.compile(r"[\d ]\w{2,5}\.$")


def _opens(line: str) -> bool:
    """Tell whether an attribution may begin with this line: a preposition, weekday or date."""
    head = line[:60].lstrip(" \t\xa0*_>-")
    if head[:1].isdigit():
        return _DATE.search(head) is not None or _TIME.match(head) is not None
    if _QUOTING.match(line[:_MAX_LINE]):
        return True
    if _CUE.match(line):
        return any(character.isdigit() for character in head)
    return _WEEKDAY.match(line) is not None and any(c.isdigit() for c in head)


def _stands_alone(line: str, text: str, marked_next: bool) -> bool:
    """Tell whether an attribution without a date may begin here: with a name, not midway."""
    head = line.lstrip(" \t\xa0*_")
    if head[:1] == "<" or _VERB_ALONE.match(head):
        return False
    whole = _VERB.search(text[-120:])
    if whole is None:
        return marked_next
    verb = _VERB.search(head[:_MAX_LINE][-120:])
    return not (verb and verb.start() == 0)
