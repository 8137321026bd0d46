"""Words too common to search for, by language: function words only, never words of content.

They are written with their accents, because the accent may be all that tells a word of content
from one of grammar: `été` is not `et`, `maïs` is not `mais`, `sûr` is not `sur`. Participles and
nouns that happen to be forms of an auxiliary (`été`, `avoir`, `fue`) are left out on purpose, and
so are words of grammar that are common nouns beside (`car`, `or`, `pas`, `will`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_FRENCH = """
a ai ainsi as au aucun aucune aussi autre autres aux avait avaient avec avez avons c ce ceci cela
celle celles celui ces cet cette ceux chaque chez ci comme comment d dans de des dont donc du elle
elles en encore entre es est et étaient était étant êtes eu eux il ils j je jusque l la là
laquelle le lequel les lesquelles lesquels leur leurs lorsque lui m ma mais me même mêmes mes mon
n ne ni nos notre nous on ont ou où par parce pendant peu peut plus pour pourquoi puis puisque qu
quand que quel quelle quelles quels qui quoi s sa sans se sera serait seront ses si soit sommes
son sont sous sur t ta te tes toi ton tous tout toute toutes très tu un une vers vos votre vous y
à ça
"""

_ENGLISH = """
a about after all also am an and any are as at be because been before being both but by can could
did do does doing don down each few for from further had has have having he her here hers him his
how i if in into is it its itself just me more most my no nor not now of off on once only or other
our ours out over own s same she should so some such t than that the their theirs them then there
these they this those through to too under until up us very was we were what when where which
while who whom why with would you your yours
"""

_SPANISH = """
a al algo algunas algunos ante aquel aquella aquellas aquellos aquí así aún aunque cada como cómo
con contra cual cuál cuales cuando cuándo de del desde donde dónde durante e el él ella ellas
ellos en entre era eran eres es esa esas ese eso esos esta está estaba están estas este esto estos
ha había han has hasta hay he la las le les lo los más me mi mí mis muy ni no nos nosotros o os
otra otras otro otros para pero poco por porque pues que qué quien quién quienes se sea ser si sí
sido sin sobre son soy su sus también tan tanto te ti tu tú tus un una unas uno unos vosotros y ya
yo
"""

STOP_WORDS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "fr": frozenset(_FRENCH.split()),
        "en": frozenset(_ENGLISH.split()),
        "es": frozenset(_SPANISH.split()),
    }
)
"""By language, lower case, with accents."""
