"""Why a message was not simply posted, in words of the three languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from forum.domain.rules import Reason
from forum.domain.values import LANGUAGES
from mailbridge.list_headers import ascii_only

_WORDS: Final[dict[str, dict[str, str]]] = {
    Reason.TOO_LARGE: {
        "fr": "Le message est trop volumineux.",
        "en": "The message is too large.",
        "es": "El mensaje es demasiado grande.",
    },
    Reason.UNVERIFIED_SENDER: {
        "fr": "Nous n’avons pas pu vérifier que le message vient bien de la personne indiquée.",
        "en": "We could not verify that the message really comes from its author.",
        "es": "No hemos podido comprobar que el mensaje venga realmente de la persona indicada.",
    },
    Reason.NO_AUTHOR: {
        "fr": "Le message ne nomme aucun auteur.",
        "en": "The message names no author.",
        "es": "El mensaje no nombra a ningún autor.",
    },
    Reason.STRANGER: {
        "fr": "L’adresse d’envoi n’est pas abonnée à la liste.",
        "en": "The sending address is not subscribed to the list.",
        "es": "La dirección de envío no está suscrita a la lista.",
    },
    Reason.MODERATED_LIST: {
        "fr": "Chaque message de cette liste est lu par la modération.",
        "en": "Every message to this list is read by a moderator.",
        "es": "La moderación lee todos los mensajes de esta lista.",
    },
    Reason.CLOSED_THREAD: {
        "fr": "Le fil de discussion est clos.",
        "en": "The thread is closed.",
        "es": "El hilo está cerrado.",
    },
    Reason.EMPTY: {
        "fr": "Le message est vide.",
        "en": "The message is empty.",
        "es": "El mensaje está vacío.",
    },
    Reason.UNREADABLE: {
        "fr": "Le message n’a pas pu être lu.",
        "en": "The message could not be read.",
        "es": "No se ha podido leer el mensaje.",
    },
    Reason.NOT_FROM_OUTSIDE: {
        "fr": "Le message est arrivé par la passerelle sans venir de la liste extérieure.",
        "en": "The message came to the bridge, and not from the outside list.",
        "es": "El mensaje llegó por la pasarela y no viene de la lista externa.",
    },
    Reason.CAME_BACK_CHANGED: {
        "fr": "Le message porte la marque d’un envoi de ce site, mais son texte a changé.",
        "en": "The message bears the mark of one sent from here, and its text is another.",
        "es": "El mensaje lleva la marca de uno enviado desde aquí, pero su texto es otro.",
    },
    Reason.BANNED: {
        "fr": "Vous ne pouvez pas écrire à cette liste.",
        "en": "You may not write to this list.",
        "es": "Usted no puede escribir a esta lista.",
    },
    Reason.HELD_ALWAYS: {
        "fr": "La modération lit d’abord chaque message de cette personne.",
        "en": "A moderator reads every message of this author first.",
        "es": "La moderación lee primero todos los mensajes de esta persona.",
    },
    Reason.FIRST_POST: {
        "fr": "C’est le premier message de cette personne à la liste.",
        "en": "It is the author’s first message to the list.",
        "es": "Es el primer mensaje de esta persona a la lista.",
    },
    Reason.SPAM: {
        "fr": "Le serveur de courrier tient le message pour indésirable.",
        "en": "The mail server takes the message for spam.",
        "es": "El servidor de correo considera el mensaje como no deseado.",
    },
    Reason.WORDS: {
        "fr": "Le message contient des mots que la modération veut lire d’abord.",
        "en": "The message holds words that a moderator wants to read first.",
        "es": "El mensaje contiene palabras que la moderación quiere leer primero.",
    },
    Reason.LINKS: {
        "fr": "Le message contient beaucoup de liens.",
        "en": "The message holds many links.",
        "es": "El mensaje contiene muchos enlaces.",
    },
    Reason.RECIPIENTS: {
        "fr": "Le message est parti à de nombreuses adresses à la fois.",
        "en": "The message went to many addresses at once.",
        "es": "El mensaje salió hacia muchas direcciones a la vez.",
    },
    Reason.LANGUAGE: {
        "fr": "Le message est dans une langue que la liste n’emploie pas.",
        "en": "The message is in a language that the list does not use.",
        "es": "El mensaje está en un idioma que la lista no usa.",
    },
}
_ADVICE: Final[dict[str, dict[str, str]]] = {
    Reason.TOO_LARGE: {
        "fr": "Déposez les gros fichiers ailleurs et envoyez le lien, ou réduisez les images.",
        "en": "Put large files elsewhere and send the link, or make the pictures smaller.",
        "es": "Ponga los archivos grandes en otro sitio y envíe el enlace, o reduzca las imágenes.",
    },
    Reason.UNVERIFIED_SENDER: {
        "fr": "Si le message n’est pas de vous, ne faites rien : la modération le lira. S’il est de"
        " vous, écrivez depuis votre messagerie habituelle, ou sur le site.",
        "en": "If the message is not yours, do nothing: a moderator will read it. If it is yours,"
        " write from your usual mail service, or on the site.",
        "es": "Si el mensaje no es suyo, no haga nada: lo leerá la moderación. Si es suyo, escriba"
        " desde su servicio de correo habitual o en el sitio.",
    },
    Reason.STRANGER: {
        "fr": "Pour que vos messages paraissent aussitôt, abonnez-vous : %(subscribe_address)s",
        "en": "To have your messages published at once, subscribe: %(subscribe_address)s",
        "es": "Para que sus mensajes se publiquen enseguida, suscríbase: %(subscribe_address)s",
    },
    Reason.CLOSED_THREAD: {
        "fr": "Pour reprendre le sujet, écrivez un nouveau message plutôt qu’une réponse.",
        "en": "To take the matter up again, write a new message rather than an answer.",
        "es": "Para retomar el asunto, escriba un mensaje nuevo en lugar de una respuesta.",
    },
    Reason.EMPTY: {
        "fr": "Écrivez le texte dans le message lui-même et envoyez-le de nouveau.",
        "en": "Write the text in the message itself and send it again.",
        "es": "Escriba el texto en el propio mensaje y envíelo de nuevo.",
    },
    Reason.UNREADABLE: {
        "fr": "Envoyez-le de nouveau en texte simple, ou écrivez sur le site.",
        "en": "Send it again as plain text, or write on the site.",
        "es": "Envíelo de nuevo como texto sin formato o escriba en el sitio.",
    },
}
_NOTHING_TO_DO: Final = {
    "fr": "Vous n’avez rien à faire : il est inutile de l’envoyer une seconde fois.",
    "en": "There is nothing you need to do, and no need to send it again.",
    "es": "Usted no tiene que hacer nada y no hace falta enviarlo otra vez.",
}
_OTHER: Final = {
    "fr": "Une règle de la liste l’a retenu.",
    "en": "A rule of the list has stopped it.",
    "es": "Una regla de la lista lo ha detenido.",
}


def in_words(codes: Iterable[str], language: str) -> str:
    """The reasons as sentences in one language.

    Args:
        codes: of `forum.domain.rules.Reason`; others get a general sentence.
        language: fr, en or es.
    """
    sentences = (_WORDS.get(code, _OTHER)[language] for code in codes)
    return " ".join(dict.fromkeys(sentences)) or _OTHER[language]


def advice(codes: Iterable[str], language: str, values: Mapping[str, str]) -> str:
    """What an author can do about these reasons, as sentences in one language.

    Args:
        codes: of `forum.domain.rules.Reason`.
        language: fr, en or es.
        values: what the sentences may name: `subscribe_address`.
    """
    found = [_ADVICE[code][language] for code in codes if code in _ADVICE]
    return " ".join(found or [_NOTHING_TO_DO[language]]) % values


def smtp_refusal(codes: Iterable[str]) -> str:
    """A refusal for the SMTP dialogue: one line of ASCII for each language.

    RFC 5321, section 4.2: replies are ASCII, so that accents are left out.
    """
    known = tuple(codes)
    status = "552 5.3.4" if Reason.TOO_LARGE in known else "550 5.7.1"
    lines = [f"{status} {ascii_only(in_words(known, language))}" for language in LANGUAGES]
    return "\r\n".join([*(f"{line[:3]}-{line[4:]}" for line in lines[:-1]), lines[-1]])
