"""Words that tell a language: short, frequent, and of one language of the table alone."""

from __future__ import annotations

from typing import Final

_FUNCTION_WORDS: Final = {
    "fr": "est les des une dans pour vous nous qui sur avec mais sont cette ces aux du et été être "
    "plus très je il ils même où leur votre notre c'est d'une qu'il n'est aussi sans donc à",
    "en": "the of and to is that for it with as are this be have from not or by we you your our "
    "has was will can which would there their they but i'm it's",
    "es": "el los las y del pero muy también más su sus está hay nosotros lo al es un unos ser "
    "este esta fue nos qué cómo están según cuando porque desde hasta",
    "pt": "os uma não são mais também você em dos das pelo pela foi ao às muito nós isso seu",
    "it": "il gli di che è non sono della nel dei alla anche più questo questa ma delle perché",
    "ca": "els amb és per al dels són aquest aquesta però també pel i d'una no hi ha seva",
    "de": "der die das und ist nicht ein eine mit den von zu auf für sich auch dem wir sie es",
    "nl": "het een van zijn niet ook voor met op aan dat de wordt wij naar maar deze",
}


def _distinctive() -> dict[str, str]:
    owners: dict[str, str] = {}
    shared: set[str] = set()
    for language, words in _FUNCTION_WORDS.items():
        for word in words.split():
            if word in owners:
                shared.add(word)
            owners[word] = language
    return {word: language for word, language in owners.items() if word not in shared}


_OWNERS: Final = _distinctive()
"""The one language of this table that a word belongs to."""
_MORE: Final = {
    "fr": "le ses leurs notre elle elles cet ça fait faire peut peuvent comme tout tous toute "
    "toutes ont avait avons avez sera depuis pendant alors après avant deux ans moi lui dont "
    "chaque quand quel quelle quelques encore toujours jamais beaucoup rien chez ceux celle doit "
    "leur ont été sur par au",
    "es": "ella ellos esto estos estas ese esa eso así donde quien mismo misma mismos sólo otro "
    "otros otra otras hacer puede pueden tiene tienen años ya nuestra nuestro nuestros nuestras "
    "ahora entonces mientras aunque después fueron sido había han son ha gran muchos muchas si sí "
    "sin le les una con para por como su",
}
"""Words that few neighbours share: too weak alone, good where many others agree."""
_EVERYWHERE: Final = frozenset(
    ("de", "no", "se", "ha", "dos", "la", "en", "que", "a", "o", "al", "me", "te", "un")
)
"""Words that the tables give to one language and several write."""
_CLEAR_WORDS: Final = 7
"""Different words of one language that make a text clearly its."""
_CLEAR_SHARE: Final = 0.85
"""Of all that were found; what is left are names and borrowed words."""


def _voters() -> dict[str, str]:
    known = {word for words in _FUNCTION_WORDS.values() for word in words.split()}
    more = [(word, language) for language, words in _MORE.items() for word in words.split()]
    shared = {word for word, language in more for other, its in more
              if word == other and language != its}  # fmt: skip
    new = {word: language for word, language in more if word not in known | shared}
    return {word: its for word, its in (_OWNERS | new).items() if word not in _EVERYWHERE}


_VOTERS: Final = _voters()
_VOTING: Final = frozenset(_VOTERS)
_VOTING_FOR: Final = {
    language: frozenset(word for word, its in _VOTERS.items() if its == language)
    for language in _FUNCTION_WORDS
}
_NO_WORDS: Final[frozenset[str]] = frozenset()


def telling_words(text: str) -> frozenset[str]:
    """The words of a text that tell a language."""
    return _VOTING.intersection(text.lower().split())


def clear_majority(found: frozenset[str]) -> tuple[str, float] | None:
    """The language that telling words clearly speak and its share of them, or None."""
    if len(found) < _CLEAR_WORDS:
        return None
    count, language = max(
        [(len(found & words), language) for language, words in _VOTING_FOR.items()]
    )
    share = count / len(found)
    return (language, share) if count >= _CLEAR_WORDS and share >= _CLEAR_SHARE else None


def speaking(found: frozenset[str], language: str) -> int:
    """How many telling words are of a language."""
    return len(found & _VOTING_FOR.get(language, _NO_WORDS))
