"""Words that say that something was brought about, in three languages: what a study without a comparison group may not write.

Words are known by stem, whole words only, in any of the three languages whatever the language of the text, for a French sentence in an English
report is no less wrong. What is allowed is the one sentence that says that no effect can be shown, and set phrases that only look alike.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from takeup.present.catalogue import LANGUAGES, mark, words
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOT_SHOWN = mark("No effect of the programme can be shown this way.")
"""The one sentence that may name what the study doesn't show."""
SET_PHRASES = ("en effet",)
_EN = r"""
effect(?:s|ive|ively|iveness)?
impact(?:s|ed|ful|ing)?
caus(?:e|es|ed|ing|al|ally|ality|ation|ative)
because of|due to|owing to|thanks to|as a consequence|consequences? of|attributable
(?:led|leads?|leading) to
result(?:ed|ing) in|(?:it|which|that|this|programme|project) results in|(?:a|the) result of (?:the|this|our|taking)
attribut(?:e|es|ed|ing|ion) (?:\w+ ){0,3}?to
(?:brought|br[io]ng(?:s|ing)?) (?:\w+ ){0,3}?about
ma(?:de|kes?|king) (?:a|the|all the|no|little|little or no) (?:\w+ )?difference
influenc(?:e|es|ed|ing)
contribut(?:e|es|ed|ing|ions?) to
PROGRAMME (?:\w+ )?(?:works?|worked|helps?|helped|improve[sd]?|raise[sd]?|increase[sd]?|boost(?:s|ed)?|reduce[sd]?|lower(?:s|ed)|changed)
PROGRAMME (?:\w+ )?(?:strengthen(?:s|ed)|empower(?:s|ed)|enable[sd]?|produce[sd]?|generate[sd]?)
"""
_NL = r"""
effect(?:en|ief|ieve|iever|iefst|iviteit)?
impact
oorza(?:ak|ken)|veroorza\w*|causa(?:al|le|liteit)
gevolg(?:en)? van|(?:als|ten) gevolge? van
dankzij|teweeg\w*|bewerkstellig\w*|beïnvloed\w*|invloed(?:en|rijk|rijke)?|geresulteerd
(?:door|vanwege|wegens) (?:(?:het|de|dit|deze|dat|ons|onze) )?(?:PROGRAMME|deelname|deel te nemen|de groep)
leid(?:t|de|den|en) (?:[\w-]+ ){0,4}?tot|geleid (?:[\w-]+ ){0,2}?tot|tot (?:[\w-]+ ){0,4}?geleid|ertoe (?:\w+ )?(?:geleid|leidt|leidde|leidden)
toe te schrijven|toeschrij\w+|toegeschreven|schrij(?:ft|ven|f) (?:[\w-]+ ){0,5}?toe
resulte(?:er|ert|ren|erde|erden) (?:\w+ )?in
(?:draagt|dragen|droeg|droegen) (?:\w+ )?bij|bijgedragen|bijdrage aan
maak(?:t|te|ten)? (?:een|het) (?:\w+ )?verschil|(?:het|een) (?:\w+ )?verschil (?:ge)?maak\w*
PROGRAMME (?:\w+ )?(?:werkt|werkte|helpt|hielp|verbetert|verbeterde|verhoogt|verhoogde|vergroot|vergrootte|versterkt|versterkte)
PROGRAMME (?:\w+ )?(?:vermindert|verminderde|verlaagt|verlaagde|zorgt|zorgde|maakt|maakte)
"""
_FR = r"""
effets?
efficac\w*
impact(?:s|é|ée|és|ées|er|ent|e)?
caus(?:e|es|é|ée|és|ées|er|ent|ant|al|ale|ales|aux|alité|ait|alement)
grâce (?:à|au|aux)|en raison d(?:e|u|es|')|(?:dû|due|dus|dues) (?:à|au|aux)
entraîn(?:e|es|é|ée|és|ées|er|ent|ant|ait)
provoqu\w+|engendr\w+|suscit(?:e|é|ée|er|ent|és|ées)|(?:a|ont) généré
attribu(?:able|ables)|attribu(?:é|ée|és|ées|er|e|ent|ons) (?:[\w'-]+ ){0,2}?(?:à|au|aux)
conséquences?|résult(?:e|ent|é|er|ant) (?:de|du|des|d')
(?:mène|mènent|mené|menée|mener|conduit|conduite|conduisent|conduire) (?:\w+ )?(?:à|au|aux)
abouti(?:t|ssent|r)? (?:\w+ )?(?:à|au|aux)
influen(?:ce|ces|cé|cée|cés|cées|cer|cent|çait|çant)
contribu(?:e|é|er|ent|ant|ait|tion|tions) (?:\w+ )?(?:à|au|aux)
(?:a|ont|avait|aura|auront) (?:\w+ )?permis
fai(?:t|re|sait) (?:la|une|toute la) différence
PROGRAMME (?:fonctionne|marche|aide|améliore|augmente|renforce|réduit|change|permet)
PROGRAMME (?:a|ont) (?:\w+ )?(?:fonctionné|marché|aidé|amélioré|augmenté|renforcé|réduit|changé)
"""
_PROGRAMME = {
    "en": "(?:programmes?|projects?|miriam|mission|guidance|coaching|approach|method|interventions?)",
    "nl": "(?:programma(?:'s)?|project(?:en)?|miriam|mission|begeleiding|aanpak|traject(?:en)?|methode|interventie|werking)",
    "fr": "(?:programmes?|projets?|miriam|mission|accompagnement|approche|méthode|intervention|suivi)",
}
STEMS: Mapping[str, tuple[str, ...]] = FrozenMap({
    language: tuple(line.replace("PROGRAMME", _PROGRAMME[language]) for line in lines.strip().splitlines())
    for language, lines in (("en", _EN), ("nl", _NL), ("fr", _FR))
})
"""By language, what a text may not say: pieces of regular expressions, matched as whole words whatever their case."""


@dataclass(frozen=True, slots=True)
class Causal:
    """A causal word: as it stands, the language it is of, and the words around it."""

    word: str
    language: str
    around: str


def causal_words(text: str) -> tuple[Causal, ...]:
    """The causal words of a text, in the order in which they stand.

    >>> [found.word for found in causal_words("The programme led to better sleep; l'effet est clair. Because it rained.")]
    ['led to', 'effet']
    """
    flat = _allowed().sub(lambda match: "\u2026" * len(match[0]), normal(text))
    found: dict[int, Causal] = {}
    for language, pattern in _patterns().items():
        for match in pattern.finditer(flat):
            found.setdefault(match.start(), Causal(match[0], language, flat[max(0, match.start() - 40): match.end() + 40].strip()))
    return tuple(found[place] for place in sorted(found))


def normal(text: str) -> str:
    r"""A text as one line: ligatures and odd spaces undone, words that were broken over a line joined, by whatever hyphen.

    >>> normal("the ef\u00ad\nfect of a pro-\ngramme")
    'the effect of a programme'
    """
    plain = unicodedata.normalize("NFKC", text).replace("\u2019", "'")
    plain = re.sub(r"(?<=[^\W\d_])[-\u2010\u00ad]\s*\n\s*(?=[^\W\d_])", "", plain).replace("\u00ad", "")
    return re.sub(r"\s+", " ", plain)


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    """One pattern a language. A word ends where no letter follows: names of files and columns are parted by signs."""
    return {language: re.compile(rf"(?<![^\W\d_])(?:{'|'.join(stems)})(?![^\W\d_])", re.IGNORECASE) for language, stems in STEMS.items()}


@lru_cache(maxsize=1)
def _allowed() -> re.Pattern[str]:
    return re.compile("|".join(rf"(?<![^\W\d_]){re.escape(phrase)}(?![^\W\d_])" for phrase in _phrases()), re.IGNORECASE)


def _phrases() -> Iterator[str]:
    yield from SET_PHRASES
    for language in LANGUAGES:
        yield normal(words(language)(NOT_SHOWN)).rstrip(".")
