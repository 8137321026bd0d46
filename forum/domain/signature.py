"""How people and their devices sign: `-- ` blocks, mobile lines, the name under a closing formula.

The closing formula itself ("Bien cordialement", "Un abrazo") is the author's own word and stays
with the text; what stands under it names the author and is a signature.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

MAX_BLOCK: Final = 24
"""Lines with text under a `-- ` that still make a signature."""
MAX_BLOCK_LENGTH: Final = 2_000
"""Characters of such a block."""
MAX_ZONE: Final = 14
"""Lines under a closing formula that are looked at."""

_DEVICE: Final = re.compile(
    r"[\s*_(\[]{0,4}(?:"
    r"Envoy[ée]e? (?:de (?:mon|ma|mes)|depuis|à partir|a partir|avec|par mon|via|du|gr[âa]ce)\b"
    r"|Message envoy[ée] (?:depuis|de|avec|par)\b"
    r"|(?:Obtenez|T[ée]l[ée]charge[zr]|Obtenir|Get|Download|Obt[ée]n|Obtener|Obtenga|Descargar"
    r"|Obter|Obtenha|Scarica|Ottieni|Hol dir) (?:BlueMail|Outlook|Yahoo|l'application)\b"
    r"|Sent (?:from|with|via|using|by) (?:my|a|an|the|Mail|Outlook|Yahoo|Gmail|Proton|Samsung"
    r"|Type|Black|Windows|i|Sparrow|Blue|K-9|Nine|Post|Aqua|Thunder|Spark|Air|Tuta|Front"
    r"|Superhuman|Zoho|AOL)\w*"
    r"|Enviado? (?:desde|por|con|de mi|do meu|da minha|a partir|pelo|via|mediante)\b"
    r"|Enviat (?:des|amb|per)\b"
    r"|Inviato (?:da|dal|con|tramite)\b|(?:Von|Mit) mein\w{1,3} .{1,40} (?:gesendet|geschickt)"
    r"|Gesendet (?:von|mit|über|aus)\b|(?:Sendt fra|Skickat från"
    r"|Verstuurd vanaf|Verzonden (?:vanaf|met))\b"
    r"|Diese Nachricht wurde von meinem|Excuse (?:my brevity|brevity)|via mobile$"
    r"|(?:Veuillez )?excuse[rz] (?:ma bri[èe]vet[ée]|la bri[èe]vet[ée])"
    r"|Disculpe? (?:mi|la) brevedad)",
    re.IGNORECASE,
)
_DEVICE_WORDS: Final = (
    "env", "mess", "obt", "tél", "tel", "get", "down", "desc", "scar", "ott", "hol", "sen", "inv",
    "von", "mit", "ges", "skic", "ver", "dies", "exc", "via", "veu", "disc",
)  # fmt: skip
"""How every device line begins: a cheap test before the long one."""
_DEVICE_STARTS: Final = frozenset(word[:3] for word in _DEVICE_WORDS)
"""Their first three letters: one look-up tells most lines off."""
_BEFORE_WORDS: Final = frozenset(" \t\xa0*_([")
"""What may stand before the first word of a formula or a device line."""
_DEVICE_HEAD: Final = re.compile(
    r"(?:Envoyé (?:à partir de|depuis|de)|Télécharger|Obtenir|Obtenez|Get|Sent from|Enviado desde"
    r"|Obtener|Descargar)$",
    re.IGNORECASE,
)
_MAX_DEVICE_HEAD: Final = 40
"""Characters of a line that holds one of these, indented."""
_DEVICE_TAIL: Final = re.compile(
    r"(?:Courrier|Mail|Correo|pour (?:Windows|Android|iOS)|para (?:Windows|Android|iOS)"
    r"|for (?:Windows|Android|iOS)|Outlook (?:pour|para|for) \w+|Outlook|Yahoo Mail.{0,20})$",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"<[^>]{0,400}>|\(https?:[^)]{0,400}\)|\[|\]|https?://\S{1,400}")

_CLOSING: Final = re.compile(
    r"[\s*_]{0,4}(?:(?:bien|très|tres|tr[eè]s|amicalement et)\s)?(?:"
    r"cordiale?ment|(?:(?:avec|recevez|acceptez|receive|mes|nos|meilleures|sinc[èe]res|cordiales"
    r"|amicales|solidaires|respectueuses|bonnes|cordiais|cordiali|distinti) ){0,3}"
    r"(?:salutations|saluts|amiti[ée]s|pens[ée]es|saudações|saluti|salutacions)\b"
    r"|(?:bien )?(?:à|a) (?:vous|toi|tous|toutes)(?: (?:et|tou(?:te)?s).{0,20})?[,.!]*$"
    r"|amicalement|fraternellement|respectueusement|sinc[èe]rement|solidairement|affectueusement"
    r"|chaleureusement|(?:grosses |gros )?(?:bises?|bisous|baisers)\b"
    r"|(?:à|a) (?:bient[ôo]t|\+|plus|tr[eè]s vite)|sentiments d[ée]vou[ée]s|votre bien d[ée]vou[ée]"
    r"|nous vous prions d|je vous prie d"
    r"|veuillez (?:agr[ée]er|recevoir|croire)"
    r"|bonne (?:journ[ée]e|soir[ée]e|fin de|semaine|r[ée]ception|continuation)|bon week|bon we\b"
    r"|merci(?: (?:d'avance|beaucoup|bien|par avance|à vous|encore))?[\s,.!]*$"
    r"|(?:(?:with|my|our|kind(?:est)?|best|warm(?:est)?|many|all|very) ){0,3}"
    r"(?:regards|wishes|greetings)[\s,.!]*$"
    r"|(?:yours|sincerely|cheers|warmly|respectfully|cordially|love|take care|all the best|best)"
    r"(?: (?:truly|sincerely|faithfully|yours|always|ever))?[\s,.!]*$"
    r"|(?:many )?(?:thanks|thank you|thx)"
    r"(?: (?:so much|again|in advance|a lot|very much))?[\s,.!]*$"
    r"|(?:(?:un|con|mis|muchos|reciba|reciban|recibe|le|les|cordiales|atentos|afectuosos) ){0,3}"
    r"(?:saludos?|cordial saludo|fuerte abrazo|gran abrazo|abrazos?|abraço|abraços|besos?)\b"
    r"|atentamente|atte\b|cordialmente|afectuosamente|fraternalmente|(?:muy )?agradecid[oa]s?[,.]*$"
    r"|(?:muchas )?gracias(?: de antemano| por todo)?[\s,.!]*$|hasta (?:pronto|luego)"
    r"|atenciosamente|(?:muito )?obrigad[oa][\s,.!]*$|grazie(?: mille)?[\s,.!]*$"
    r"|(?:mit )?(?:freundlichen|besten|lieben|viele[nr]?|herzliche[nr]?|schöne) gr[üu](?:ß|ss)en?"
    r"|mfg\b|lg\b|hilsen|med venlig hilsen|mvh\b|met vriendelijke groet"
    r")",
    re.IGNORECASE,
)
_CLOSING_WORDS: Final = (
    "cord", "bien", "très", "tres", "amic", "avec", "rece", "acce", "mes", "nos", "meill", "sinc",
    "soli", "resp", "bonn", "dist", "salu", "amit", "pens", "saud", "à ", "a ", "frat", "affe",
    "chal", "gros", "bis", "bais", "sent", "votre", "nous", "je vous", "veui", "bon ", "merci",
    "with", "my ", "our", "kind", "best", "warm", "many", "all", "very", "rega", "wish", "gree",
    "yours", "chee", "love", "take", "thank", "thx", "un ", "con ", "mis ", "much", "reci", "le ",
    "les", "aten", "afec", "fuer", "gran", "abra", "beso", "atte", "muy", "agra", "grac", "hasta",
    "muit", "obri", "graz", "mit ", "freu", "lieb", "viel", "herz", "schö", "mfg", "lg", "hils",
    "med ", "mvh", "met ",
)  # fmt: skip
"""How every formula begins: a cheap test before the long one."""
_CLOSING_STARTS: Final = frozenset(word[:2] for word in _CLOSING_WORDS)
"""Their first two letters: one look-up tells most lines off."""
_MAX_FORMULA: Final = 60
"""Characters of a line that is nothing but a formula, unless it is one of the long ones."""
_LONG_FORMULAS: Final = ("nous vous", "je vous", "veui")
_LONG_STARTS: Final = frozenset(formula[:2] for formula in _LONG_FORMULAS)
_TAIL_CLOSING: Final = re.compile(
    r"[.!?]\s(?:bien |très )?(?:cordialement|à vous|à toi|amicalement|salutations|atentamente"
    r"|saludos|un abrazo|best regards|kind regards|regards|cheers)[\s,.!]*$",
    re.IGNORECASE,
)
_ITEM_MARKS: Final = frozenset(("- ", "* ", "+ ", "• ", "– ", "— "))
_PARTICLES: Final = frozenset(
    ("de", "du", "des", "d", "la", "le", "les", "el", "los", "y", "e", "et", "and", "von", "van",
     "der", "den", "di", "da", "do", "dos", "del", "della", "ben", "al")
)  # fmt: skip
_NAME_WORD: Final = re.compile(r"[(\"“]?[^\W\d_][\w.'’-]*[,.)\"”]?$")
_PHONE: Final = re.compile(r"(?:\+|\(|\b0|\b\d)[\d\s().+/-]{7,}\d")
_DIGIT: Final = re.compile(r"\d")
"""Every telephone number and every street line holds one."""
_HAS_LINK: Final = re.compile(r"@|://|www\.", re.IGNORECASE)
_LINKED: Final = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]+\.\w|https?://|\bwww\.", re.IGNORECASE)
_LABEL: Final = re.compile(
    r"\W{0,4}(?:t[ée]l|tel|telf|t[ée]l[ée]phone"
    r"|tel[ée]fono|phone|mob|mobile|m[óo]vil|m[óo]bil|port|portable|fax|cell?|gsm|skype|web|site"
    r"|e-?mail|mail|courriel|correo|adresse|direcci[óo]n|address|contact|direct|jabber|twitter"
    r"|mastodon|blog|t|m|f|p|w)\b\s*(?:[.:]|num|e-?mail|t[ée]l)",
    re.IGNORECASE,
)
_STREET: Final = re.compile(
    r"\W{0,3}\d{1,4}(?:[-/]\d{1,4})?\s?(?:bis|ter|quater|[a-d])?,?\s(?:\w{2,15}\s){0,3}?"
    r"(?:rue|avenue|av|bd|boulevard"
    r"|all[ée]e|place|chemin|impasse|cours|route|quai|square|street|st|road|rd|lane|ln|avenue|ave"
    r"|boulevard|hill|drive|square)\b"
    r"|(?:calle|c/|avda?|avenida|plaza|paseo|carrer)\b.{1,40}\d|.{0,20}\b(?:BP|CS) \d"
    r"|[\w\s,.'’/-]{0,40}\b(?:F-?|E-?|CH-?|B-?)?\d{4,5}\s+[^\W\d]",
    re.IGNORECASE,
)


def is_delimiter(line: str) -> bool:
    """Tell whether a line is the signature delimiter `-- ` (RFC 3676, section 4.3) or a kin."""
    core = line.strip(" \t\xa0")
    return core in {"--", "—", "––", "——", r"\--", r"\-\-", "- --", "―"} or (
        len(core) > 3 and core[0] == "—" and not core.strip("—")
    )


def is_device_line(line: str) -> bool:
    """Tell whether a mail program or telephone signed with this line."""
    head = line[:12].lstrip(" \t*_([").lower()
    if head[:3] not in _DEVICE_STARTS or len(line) > 400 or not head.startswith(_DEVICE_WORDS):
        return False
    if _DEVICE.match(line) is None:
        return False
    core = _LINK.sub("", line).strip(" \t*_.()")
    # "Sent from my desk, is much easier than ..." is a sentence.
    return len(core) <= 72 and ", " not in core and ". " not in core


def device_lines(lines: Sequence[str], own: Sequence[int]) -> set[int]:
    """Find the device signatures among the last lines of a piece of own text.

    A signature that HTML broke over lines ("Envoyé à partir de / Courrier / pour Windows") is
    taken whole.
    """
    found: set[int] = set()
    tail = own[-12:]
    for position, index in enumerate(tail):
        line = lines[index]
        if line[:3].lower() not in _DEVICE_STARTS and line[0] not in _BEFORE_WORDS:
            continue
        if is_device_line(line):
            found.add(index)
        elif len(line) > _MAX_DEVICE_HEAD or _DEVICE_HEAD.match(line.strip()) is None:
            continue
        for follower in tail[position + 1 : position + 4]:
            if _DEVICE_TAIL.match(_LINK.sub("", lines[follower]).strip()) is None:
                break
            found.update((index, follower))
    return found


def is_closing(line: str) -> bool:
    """Tell whether a line is, or ends in, a closing formula."""
    if len(line) > 160:
        return False
    start = line[:2].lower()
    if (start in _CLOSING_STARTS or line[:1] in _BEFORE_WORDS) and (
        len(line) < _MAX_FORMULA or start in _LONG_STARTS
    ):
        head = line[:60].lstrip(" \t*_").lower()
        if head.startswith(_CLOSING_WORDS) and _CLOSING.match(line):
            return len(line) < _MAX_FORMULA or head.startswith(_LONG_FORMULAS)
    end = line[-60:]
    if ". " not in end and "! " not in end and "? " not in end:
        return False
    return _TAIL_CLOSING.search(end.lower()) is not None


def is_name(line: str) -> bool:
    """Tell whether a line reads like the name of one or two people, perhaps in capitals."""
    core = line.strip(" \t\xa0*_-–—,~/")
    if not 1 < len(core) <= 48 or core[-1] in "!?:;":
        return False
    words = core.split()
    if len(words) > 6:
        return False
    capitals = 0
    for word in words:
        if word.lower().strip(".'’") in _PARTICLES or word in {"&", "-", "/"}:
            continue
        if not _NAME_WORD.match(word):
            return False
        if not word.lstrip('("“')[0].isupper():
            return len(words) == 1 and core.isalpha() and len(core) <= 12
        capitals += 1
    return capitals > 0


def is_contact(line: str) -> bool:
    """Tell whether a line holds a telephone number, an address of any kind or a site."""
    core = line.strip()
    if not core or len(core) > 100:
        return False
    words = core.count(" ") + 1
    if _LABEL.match(core) or (_HAS_LINK.search(core) and _LINKED.search(core)):
        return words <= 10 and core[-1] not in "?!"
    if _DIGIT.search(core) is None:
        return False
    if _PHONE.search(core):
        return words <= 12
    return words <= 12 and core[-1] not in "?!:" and _STREET.match(core) is not None


def _is_title(line: str) -> bool:
    """Tell whether a line may state a function or an organisation: short, not a sentence."""
    core = line.strip(" \t\xa0*_")
    return (
        0 < len(core) <= 70
        and core[-1] not in ".?!:;,"
        and core.count(" ") < 10
        and (core[0].isupper() or core[0] in '"“«|&📧📱☎@')
    )


def signed_lines(lines: Sequence[str], own: Sequence[int]) -> set[int]:
    """Find the lines under a closing formula, or at the very end, that name the author.

    `own` are the indices of the lines with text of one piece of own text, in order.
    """
    zone = own[-MAX_ZONE:]
    for position in range(len(zone) - 1, -1, -1):
        if is_closing(lines[zone[position]]):
            return _under_closing(lines, zone[position + 1 :])
    return _bare_block(lines, zone, whole=len(zone) == len(own))


def _under_closing(lines: Sequence[str], zone: Sequence[int]) -> set[int]:
    found: set[int] = set()
    unbroken = True
    for index in zone:
        line = lines[index]
        is_item = _is_item(lines, index)
        names = not is_item and (is_name(line) or (found and _is_title(line)))
        if (unbroken and names) or (is_contact(line) and not is_item):
            found.add(index)
        else:
            unbroken = False
    return found


def _is_item(lines: Sequence[str], index: int) -> bool:
    """Tell whether a line is one of several items of a list, and no name after a dash."""
    mark = lines[index].lstrip()[:2]
    if mark not in _ITEM_MARKS:
        return False
    around = (*lines[max(0, index - 2) : index], *lines[index + 1 : index + 3])
    return any(line.lstrip().startswith(mark) for line in around)


def _bare_block(lines: Sequence[str], zone: Sequence[int], whole: bool) -> set[int]:
    """Find a name followed by ways to reach the author, standing at the end without a formula."""
    contacts = 0
    for position in range(len(zone) - 1, -1, -1):
        line = lines[zone[position]]
        if is_contact(line) and not _is_item(lines, zone[position]):
            contacts += 1
        elif _is_item(lines, zone[position]):
            break
        elif contacts and is_name(line) and (position or not whole):
            following = zone[position + 1 :]
            if is_contact(lines[following[0]]) or _is_title(lines[following[0]]):
                return set(zone[position:])
        elif not _is_title(line):
            break
    return set()
