"""Reasons that moderators can choose when they reject, where their list has none of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CHARACTERS: Final = 1_000
"""Of one text in one language."""

MOST: Final = 20
"""Texts of one list."""

STANDARD: Final[tuple[Mapping[str, str], ...]] = (
    {
        "fr": "Le message s’écarte du sujet de la liste.",
        "en": "The message is not about the subject of this list.",
        "es": "El mensaje se aparta del tema de la lista.",
    },
    {
        "fr": "Le message s’en prend à une personne. Écrivez-le de nouveau en parlant des idées.",
        "en": "The message attacks a person. Please write it again and speak of the ideas.",
        "es": "El mensaje ataca a una persona. Escríbalo de nuevo hablando de las ideas.",
    },
    {
        "fr": "Le message est long ou cite beaucoup. Raccourcissez-le et envoyez-le de nouveau.",
        "en": "The message is long or quotes a lot. Please shorten it and send it again.",
        "es": "El mensaje es largo o cita mucho. Acórtelo y envíelo de nuevo.",
    },
    {
        "fr": "La liste ne publie pas d’annonces commerciales.",
        "en": "The list does not publish advertisements.",
        "es": "La lista no publica anuncios comerciales.",
    },
)
