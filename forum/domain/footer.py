"""What machines append to a message: list footers, disclaimers, antivirus lines, banners."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from forum.domain.header_block import is_rule

MAX_TAIL: Final = 80
"""Lines with text, from the end, in which a footer is looked for."""
_HINTED: Final = 16
"""Lines at the end that bear a hint where there is a footer."""
_STRANGERS: Final = 3
"""Paragraphs at the end that are no footers, after which none is looked for."""
_LOOKED_AT: Final = 300

_HINTS: Final = (
    "ubscri", "suscri", "sabon", "sinsc", "listinfo", "mailing", "liste d", "lista de", "de baja",
    "virus", "confiden", "intended", "destin", "google", "yahoo", "sympa", "disclaimer", "imprim",
    "printing", "environ", "ᐧ", "avast", "received this", "caution", "attention",
)  # fmt: skip
"""One of these is in every footer: where none is, nothing more is looked at."""
_RULED_HINTS: Final = (
    "hotmail", "messenger", "messagerie", "imp, ", "laposte", "wanadoo", "windows live",
    "correo gratis", "free.fr", "caramail",
)  # fmt: skip
"""Or one of these, under a drawn rule."""

_LIST: Final = re.compile(
    r"mailing[ -]?list|mailman|listinfo|/sympa|liste de (?:diffusion|discussion)|liste de? \S+@"
    r"|lista de (?:correo|distribuci[óo]n|discusi[óo]n)|unsubscri|d[ée]s?abonn|d[ée]sinscri"
    r"|se d[ée]sinscrire|darse de baja|dar(?:te|me|se)? de baja|desuscri|cancelar (?:su|tu|la)"
    r" (?:suscri|subscri)"
    r"|googlegroups|google groups|yahoo! ?group|yahoogrou|you (?:received|are receiving) this"
    r"|vous (?:recevez|avez re[çc]u) (?:ce|cet)|(?:has recibido|recibi[óo]|recibe) este"
    r"|usted ha recibido|to (?:post|subscribe|leave) |pour (?:quitter|se d[ée]s|vous d[ée]s)"
    r"|para (?:salir|abandonar|cancelar|darse)|gestion de (?:votre|l')? ?abonnement",
    re.IGNORECASE,
)
_LIST_WORDS: Final = (
    "mailing list", "listinfo", "/sympa", "liste de diffusion", "lista de distribuc", "unsubscri",
    "désabonn",
)  # fmt: skip
"""What the footers of most lists say: under a drawn rule no more is asked."""
_OPENING: Final = re.compile(
    r"[\s*_>|]{0,4}(?:"
    r"(?:this|the (?:information|content)s?).{0,60}(?:e-?mail|message|communication|transmission)"
    r"s?\b.{0,160}(?:confidential|intended|privileged|scanned|checked for viruses)"
    r"|(?:ce|cet|le pr[ée]sent) (?:e-?mail|message|courriel|courrier|document).{0,160}"
    r"(?:confidentiel|destin|[ée]tabli|v[ée]rifi[ée] par|antivirus|virus)"
    r"|(?:les|toutes les) informations (?:contenues|figurant) dans ce"
    r"|l'absence de virus|garanti sans virus|(?:provenance|mail) certifi[ée]"
    r"|(?:este|el presente) (?:e-?mail|mensaje|correo|documento|mail).{0,160}"
    r"(?:confiden|dirigid|destinatari|analizado|virus|libre)"
    r"|la informaci[óo]n (?:contenida|incluida)|aviso (?:legal|de confidencialidad)\b"
    r"|se ha comprobado que|el software de antivirus|no se encontraron virus"
    r"|(?:questo|il presente) (?:messaggio|e-?mail).{0,160}(?:riservat|analizzato|destinat)"
    r"|le informazioni contenute|diese (?:e-?mail|nachricht).{0,120}(?:vertraulich|viren)"
    r"|esta mensagem.{0,120}(?:confidencia|destin)"
    r"|(?:sans|libre de|livre de) virus\.?|virus-free|no virus found|no se han? encontrado virus"
    r"|aucun virus (?:trouv|d[ée]tect)|checked by avg|scanned by|e-?mail (?:scanned|protected)"
    r"|.{0,60}(?:avast|avg|norton|mcafee|kaspersky|bitdefender)\b.{0,60}(?:antivirus|virus)?[.:]?\s*$"
    r"|avast|www\.(?:avast|avg)\.com"
    r"|(?:p |🌳 ?)?(?:please )?(?:consider the environment|think (?:of|about) the environment"
    r"|before printing|avant d'imprimer|pensez (?:à|a) l'environnement|antes de imprimir"
    r"|n'imprimez|merci de n'imprimer|por favor,? (?:no imprima|piense en|considere))"
    r"|disclaimer\W*$|avertissement\W*$|confidentiality notice|avis de confidentialit[ée]"
    r"|caution:.{0,60}external|caution:.{0,80}originated|attention ?:.{0,80}(?:externe|extérieur)"
    r"|ᐧ\s*$)",
    re.IGNORECASE,
)


ORIGINAL_MARK: Final = "?translation=original"
"""Ends the address of the original in the head of a translation that is mailed."""

_HEAD_LINES: Final = 4
_TRANSLATED: Final = re.compile(
    r"\W{0,4}(?:translated|a translation|traduit|une traduction|traducido|una traducci[óo]n)\b",
    re.IGNORECASE,
)


def footer_lines(lines: Sequence[str], plain: Sequence[int]) -> set[int]:
    """Return the lines that a list, a company or a scanner appended.

    `plain` are the indices, in order, of the lines with text that bear no quotation mark.
    """
    found: set[int] = set()
    if _hinted(lines, _end(lines, plain)):
        found = _appended(lines, plain[-MAX_TAIL:])
    if len(plain) > 1 and plain[0] not in found:
        found |= _banner(lines, plain[0])
    return found | _translation_heads(lines, plain)


def _translation_heads(lines: Sequence[str], plain: Sequence[int]) -> set[int]:
    """Find what our own mails say above a translation, where it is quoted without marks."""
    found: set[int] = set()
    for position, index in enumerate(plain):
        if ORIGINAL_MARK not in lines[index]:
            continue
        for first in range(position, max(-1, position - _HEAD_LINES), -1):
            if _TRANSLATED.match(lines[plain[first]][:_LOOKED_AT]):
                found.update(plain[first : position + 1])
                break
    return found


def _end(lines: Sequence[str], plain: Sequence[int]) -> Sequence[int]:
    """Return the lines at the end of which one bears a hint where there is a footer."""
    paragraphs, below = 0, 0
    tail = plain[-_HINTED:]
    for position in range(len(tail) - 1, -1, -1):
        index = tail[position]
        if below - index > 1 and not is_rule(lines[below]):
            paragraphs += 1
            if paragraphs == _STRANGERS:
                return tail[position + 1 :]
        below = index
    return tail


def _hinted(lines: Sequence[str], indices: Sequence[int]) -> bool:
    hay = "\n".join([lines[index][:_LOOKED_AT] for index in indices]).lower()
    for hint in _HINTS:  # A generator takes longer than the search.
        if hint in hay:
            return True
    ruled = [index for index in indices if _is_ruled(lines[index])]
    return bool(ruled) and any(hint in hay for hint in _RULED_HINTS)


def _is_ruled(first: str) -> bool:
    """Tell whether a paragraph's first line is a drawn rule, plain or as some lists draw it."""
    return is_rule(first) or first.lstrip().startswith(("--~", "-~-"))


def _banner(lines: Sequence[str], first: int) -> set[int]:
    """Find a warning that a company put above the text."""
    line = lines[first][:_LOOKED_AT]
    return (
        {first}
        if line.lstrip(" *_[").lower().startswith(("caution", "attention", "external"))
        and _OPENING.match(line)
        else set()
    )


def _paragraphs(lines: Sequence[str], indices: Sequence[int]) -> list[list[int]]:
    """Cut the lines at blank lines and at drawn rules; a rule begins a paragraph."""
    result: list[list[int]] = []
    for index in indices:
        joined = result and result[-1][-1] == index - 1 and not is_rule(lines[index])
        if joined:
            result[-1].append(index)
        else:
            result.append([index])
    return result


def _appended(lines: Sequence[str], tail: Sequence[int]) -> set[int]:
    """Walk back over the paragraphs at the end for as long as they may be appended ones.

    A paragraph that is not a footer by itself counts as one only under a drawn rule or between
    two that are; the walk ends at the third that is not.
    """
    paragraphs = _paragraphs(lines, tail)
    start, strangers = len(paragraphs), 0
    for position in range(len(paragraphs) - 1, -1, -1):
        paragraph = paragraphs[position]
        if _is_footer(lines, paragraph):
            start, strangers = position, 0
        elif not is_rule(lines[paragraph[0]]) or len(paragraph) > 1:
            strangers += 1
            if strangers == _STRANGERS:
                break
    if start and start < len(paragraphs) and _only_rule(lines, paragraphs[start - 1]):
        start -= 1
    return {index for paragraph in paragraphs[start:] for index in paragraph}


_ADVERTISED: Final = re.compile(
    r"hotmail|windows ?live|messenger|msn\b|yahoo!?|imp, the internet|laposte\.net|wanadoo|caramail"
    r"|correo gratis|free\.fr|messagerie (?:gratuite|la poste)|sent (?:via|using|through)\b",
    re.IGNORECASE,
)


def _only_rule(lines: Sequence[str], paragraph: Sequence[int]) -> bool:
    return len(paragraph) == 1 and is_rule(lines[paragraph[0]])


def _is_footer(lines: Sequence[str], paragraph: Sequence[int]) -> bool:
    first = lines[paragraph[0]][:_LOOKED_AT]
    ruled = _is_ruled(first)
    if ruled and len(paragraph) == 1:
        return False
    if not _hinted(lines, paragraph[:20]):
        return False
    if ruled and len(paragraph) <= 20:
        whole = "\n".join([lines[index][:_LOOKED_AT] for index in paragraph]).lower()
        if any(word in whole for word in _LIST_WORDS):
            return True
    opening = " ".join([lines[index].strip()[:_LOOKED_AT] for index in paragraph[ruled:4]])
    opening = opening[:_LOOKED_AT]
    if _OPENING.match(opening):
        return True
    if not ruled and (len(paragraph) > 6 or len(first) > 160):
        return False
    if len(paragraph) > 20:
        return False
    if ruled and len(first) > 15 and len(paragraph) < 7 and _ADVERTISED.search(opening):
        return True
    hits = sum(1 for index in paragraph if _LIST.search(lines[index][:_LOOKED_AT]))
    return hits > 0 if ruled else hits > 1 or (hits == 1 and _imperative(opening))


_IMPERATIVE: Final = re.compile(
    r"[\s*_-]{0,4}(?:to unsubscribe|to leave|unsubscribe|you (?:received|are receiving) this"
    r"|pour (?:se |vous )?(?:d[ée]s|quitter)|se d[ée]s|d[ée]sabonnement"
    r"|vous (?:recevez|avez re[çc]u) ce"
    r"|para (?:darse|cancelar|salir|abandonar|desuscri)|darse de baja|(?:has recibido|recibe|usted"
    r" ha recibido) este|liste de (?:diffusion|discussion) \S"
    r"|lista de (?:correo|distribuci[óo]n|discusi[óo]n) \S"
    r"|\S{1,40} mailing list\b)",
    re.IGNORECASE,
)


def _imperative(opening: str) -> bool:
    return _IMPERATIVE.match(opening) is not None
