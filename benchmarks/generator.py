"""Archives of any size, always the same: threads in three languages as a real list has them.

One in twenty messages has HTML beside its text, three in a hundred an attachment; answers quote
what they answer and carry References. Nothing is random but by the seed.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random
from typing import Final

from forum.domain.mbox import mbox_entry

START: Final = datetime(1996, 1, 8, 8, 0, tzinfo=UTC)
HTML_SHARE: Final = 0.05
ATTACHMENT_SHARE: Final = 0.03
ANSWER_SHARE: Final = 0.72

_SUBJECTS: Final = {
    "fr": ("monnaie locale", "jardin partagé", "budget participatif", "rencontre d'automne"),
    "en": ("local currency", "shared garden", "participatory budget", "autumn meeting"),
    "es": ("moneda local", "huerto compartido", "presupuesto participativo", "encuentro de otoño"),
}
_OPENINGS: Final = {
    "fr": ("Bonjour à toutes et à tous,", "Chères amies, chers amis,", "Merci pour ce message."),
    "en": ("Dear all,", "Hello everybody,", "Thank you for this message."),
    "es": ("Hola a todas y todos:", "Estimadas amigas y amigos:", "Gracias por el mensaje."),
}
_SUBJECT_PARTS: Final = {
    "fr": ("la commune", "notre réseau", "le groupe de travail", "chaque quartier", "l'école"),
    "en": ("the council", "our network", "the working group", "every district", "the school"),
    "es": ("el municipio", "nuestra red", "el grupo de trabajo", "cada barrio", "la escuela"),
}
_VERBS: Final = {
    "fr": ("prépare", "propose depuis longtemps", "voudrait discuter", "a refusé", "étudie"),
    "en": ("prepares", "has long proposed", "would like to discuss", "has refused", "studies"),
    "es": ("prepara", "propone desde hace tiempo", "quisiera discutir", "rechazó", "estudia"),
}
_OBJECTS: Final = {
    "fr": ("une charte pour les habitants", "les comptes de l'année passée", "un nouveau marché"),
    "en": ("a charter for the inhabitants", "the accounts of last year", "a new market"),
    "es": ("una carta para los habitantes", "las cuentas del año pasado", "un mercado nuevo"),
}
_ENDINGS: Final = {
    "fr": ("avant la fin du mois de {word}.", "avec l'aide de {word}, si tout va bien."),
    "en": ("before the end of {word}.", "with the help of {word}, if all goes well."),
    "es": ("antes de fin de {word}.", "con la ayuda de {word}, si todo va bien."),
}
_SYLLABLES: Final = ("ba", "co", "dré", "fi", "gou", "lan", "mé", "no", "pla", "que", "ri", "sol")
_NAMES: Final = ("Awa Ndiaye", "Luis Ortega", "Camille Roy", "Ana Ríos", "Jean Petit", "Eva Lind")
_WROTE: Final = {
    "fr": "Le {date}, {name} a écrit :",
    "en": "On {date}, {name} wrote:",
    "es": "El {date}, {name} escribió:",
}


def messages(
    count: int,
    seed: int = 1,
    attachment_bytes: int = 20_000,
    paragraphs: tuple[int, int] = (2, 6),
) -> Iterator[bytes]:
    """So many messages of one list, oldest first.

    Args:
        attachment_bytes: Of each attachment, before encoding.
        paragraphs: How many each author writes: from, and below.
    """
    random = Random(seed)
    recent: list[tuple[str, list[str], str, str, str, list[str]]] = []
    moment = START
    for number in range(count):
        moment += timedelta(seconds=random.randrange(600, 7_200))
        message_id = f"{number}.{random.getrandbits(40):x}@mail.example.org"
        name = f"{random.choice(_NAMES)} {random.randrange(400)}"
        parent = random.choice(recent) if recent and random.random() < ANSWER_SHARE else None
        language = (
            parent[3] if parent and random.random() < 0.9 else random.choice(("fr", "en", "es"))
        )
        text = _text(random, language, paragraphs)
        if parent is None:
            subject = f"{random.choice(_SUBJECTS[language])} {_word(random)} {number}"
            references: list[str] = []
            lines = text
        else:
            subject = parent[2] if parent[2].startswith("Re: ") else f"Re: {parent[2]}"
            references = [*parent[1], parent[0]][-12:]
            wrote = _WROTE[language].format(date=moment.strftime("%d/%m/%Y"), name=parent[4])
            lines = [*text, "", wrote, *(f"> {line}" for line in parent[5][:12])]
        yield _message(
            random, number, message_id, references, name, subject, moment, lines, attachment_bytes
        )
        recent.append((message_id, references, subject, language, name, text))
        if len(recent) > 60:
            recent.pop(random.randrange(30))


def write_mbox(path: Path, count: int, seed: int = 1, attachment_bytes: int = 20_000) -> int:
    """An mbox file of so many messages; gives its size in bytes."""
    with path.open("wb") as stream:
        for number, raw in enumerate(messages(count, seed, attachment_bytes)):
            stream.write(mbox_entry(raw, START + timedelta(hours=number)))
        return stream.tell()


def _message(
    random: Random, number: int, message_id: str, references: list[str], name: str,
    subject: str, moment: datetime, lines: list[str], attachment_bytes: int,
) -> bytes:  # fmt: skip
    address = name.lower().replace(" ", ".").replace("í", "i") + "@example.org"
    head = [
        f"Received: from mail.example.org by lists.example.org; {format_datetime(moment)}",
        f"From: {_encoded(name)} <{address}>",
        "To: ancrage@lists.example.org",
        f"Subject: {_encoded(f'[ancrage] {subject}')}",
        f"Date: {format_datetime(moment)}",
        f"Message-ID: <{message_id}>",
        "MIME-Version: 1.0",
    ]
    if references:
        head.append(f"In-Reply-To: <{references[-1]}>")
        head.append("References: " + "\n ".join(f"<{one}>" for one in references))
    text = "\n".join(lines) + "\n"
    chance = random.random()
    plain = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + text
    boundary = f"=_{number}"
    if chance < HTML_SHARE:
        page = "<html><body>" + "".join(f"<p>{line}</p>" for line in lines) + "</body></html>\n"
        other = "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + page
        kind = "alternative"
    elif chance < HTML_SHARE + ATTACHMENT_SHARE:
        content = base64.encodebytes(random.randbytes(attachment_bytes)).decode("ascii")
        other = (
            f'Content-Type: application/pdf; name="carte-{number}.pdf"\n'
            f'Content-Disposition: attachment; filename="carte-{number}.pdf"\n'
            f"Content-Transfer-Encoding: base64\n\n{content}"
        )
        kind = "mixed"
    else:
        return ("\n".join(head) + "\n" + plain).encode("utf-8")
    head.append(f'Content-Type: multipart/{kind}; boundary="{boundary}"')
    parts = f"--{boundary}\n{plain}\n--{boundary}\n{other}\n--{boundary}--\n"
    return ("\n".join(head) + "\n\n" + parts).encode("utf-8")


def _encoded(text: str) -> str:
    if text.isascii():
        return text
    return "=?utf-8?b?" + base64.b64encode(text.encode("utf-8")).decode("ascii") + "?="


def _word(random: Random) -> str:
    return "".join(random.choice(_SYLLABLES) for _ in range(random.randrange(2, 5)))


def _text(random: Random, language: str, paragraphs: tuple[int, int]) -> list[str]:
    lines = [random.choice(_OPENINGS[language]), ""]
    for _ in range(random.randrange(*paragraphs)):
        for _ in range(random.randrange(1, 5)):
            ending = random.choice(_ENDINGS[language]).format(word=_word(random))
            parts = (_SUBJECT_PARTS, _VERBS, _OBJECTS)
            # With invented words between, so that no two sentences are taken for one another.
            sentence = " ".join(
                f"{random.choice(part[language])} {_word(random)}" for part in parts
            )
            lines.append(f"{sentence[0].upper()}{sentence[1:]} {ending}")
        lines.append("")
    return lines[:-1]
