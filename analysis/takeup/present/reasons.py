"""The reasons that the numbers give for themselves, sentence by sentence in the reader's language.

The rooms that compute write their reasons in English. A sentence that the catalogue knows is translated. Of those it doesn't know (what an
error said, say) a page in another language only says where they stand.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from takeup.present.catalogue import mark, words
from takeup.present.numbers import numbers
from takeup.present.reason_sentences import SENTENCES

if TYPE_CHECKING:
    from takeup.present.labels import Labels

KNOWN = (
    mark("The plan names Lin's interacted regression."),
    mark("The plan names ANCOVA."),
    mark("The plan names the difference in means."),
    mark("There is no baseline measurement to adjust for: difference in means."),
    mark("{n1} units in both arms, fewer than {n2}: difference in means, without adjustment."),
    mark("{n1} clusters in both arms, fewer than {n2}: difference in means, without adjustment."),
    mark("{n1} units in the smaller arm, at least {n2}: Lin's regression with covariates interacted with treatment."),
    mark("{n1} clusters in the smaller arm, at least {n2}: Lin's regression with covariates interacted with treatment."),
    mark("{n1} units in the smaller arm, fewer than {n2}, and {n3} in both: additive ANCOVA."),
    mark("{n1} clusters in the smaller arm, fewer than {n2}, and {n3} in both: additive ANCOVA."),
    mark("Some block has fewer than two units of an arm, so interactions with blocks can't be fitted: additive ANCOVA."),
    mark("Unequal shares treated in blocks too small to interact: difference in means weighted by block size."),
    mark("Units were drawn one by one: HC2."),
    mark("Units were drawn one by one: Neyman's variance, each arm its own, with Welch's degrees of freedom."),
    mark("Units were drawn in blocks: Neyman's variance in each block, rows less two a block degrees of freedom."),
    mark("Whole clusters were drawn: CR2 at that level."),
    mark("The design names clusters: CR2 at that level."),
    mark("Clusters within blocks: CR2 in each block, clusters less two a block degrees of freedom."),
    mark("Drawn in pairs: the variance is taken between pairs, pairs less one degrees of freedom."),
    mark("Providers exist in the treated arm only (partially nested): each provider is a cluster, each other unit its own."),
    mark("Blocks of few units with fixed effects: the variance is at the level of the block or pair (de Chaisemartin and Ramirez-Cuellar {n1})."),
    mark("Satterthwaite degrees of freedom (Bell and McCaffrey {n1})."),
    mark("Satterthwaite degrees of freedom that allow for likeness within a provider and a spread of its own in each arm (Imbens and Kolesár {n1})."),
    mark("HTZ: Hotelling's T-squared with estimated degrees of freedom."),
    mark("Degrees of freedom: rows less coefficients."),
    mark("Degrees of freedom: clusters less one."),
    mark("Normal inference."),
    mark("With {n1} degrees of freedom the test and the interval are a rough guide (Tipton {n2})."),
    mark("With {n1} degrees of freedom the test and the interval are a rough guide."),
    mark("{name}: {n1}% missing, replaced by its overall mean."),
    mark("{name}: {n1}% missing, replaced by its mean with an indicator."),
    mark("The logistic regression has no maximum (separation): use the linear model, or fewer covariates or blocks."),
    mark("Withheld: a group of fewer than {n1} people could be seen."),
    mark("Withheld: it would give another withheld number away."),
    mark("Withheld: fewer than {n1} residual degrees of freedom."),
    mark("Withheld: a few people make most of it."),
    mark("Withheld: it is a number of the outermost people."),
    mark("Withheld: it is nobody or everybody of a group."),
    mark("Withheld: beside an earlier release a group of fewer than {n1} people could be seen."),
    mark("The residuals have no variation, so there is no standard error."),
    mark("There are no degrees of freedom left for a variance."),
    mark("{n1} draws by the trial's own scheme (complete)."),
    mark("{n1} draws by the trial's own scheme (simple)."),
    mark("{n1} draws by the trial's own scheme (blocked)."),
    mark("{n1} draws by the trial's own scheme (clustered)."),
    mark("{n1} draws by the trial's own scheme (blocked_clustered)."),
    mark("{n1} draws by the trial's own scheme (pairs)."),
    mark("They keep the batches and the hidden blocks in which the trial was drawn."),
    mark("Each draws the units anew by minimisation, in the order in which they came."),
    mark("Only assignments as well balanced as the trial's rule asked are drawn."),
    mark("One outcome in the family: nothing to correct for."),
    mark("{n1} p-values corrected together."),
    mark("The groups were not drawn by lot: this is an adjusted difference, and whatever else sets them apart and isn't among the covariates "
         "is in it."),
    mark("Each row is weighted by its probability of the other group (logistic regression), which balances the covariates' means exactly."),
    mark("The comparison group is weighted to the means of the treated group (entropy balancing)."),
    mark("Least squares with the covariates entered additively."),
    mark("Difference of the changes from before to after, with the other covariates entered additively; assumes that without the programme both "
         "groups would have changed alike."),
    mark("Variance: HC2, Satterthwaite degrees of freedom (Bell and McCaffrey {n1})."),
    mark("Variance: CR2 by cluster, Satterthwaite degrees of freedom (Bell and McCaffrey {n1})."),
    mark("Variance: CR2 by provider, other rows alone, Satterthwaite degrees of freedom (Bell and McCaffrey {n1})."),
    mark("Nothing was drawn, so no draw can be asked whether it would have made these differences."),
    mark("{n1} outcomes corrected together on the same draws."),
    mark("One group measured twice, without a comparison group: a change, wherever it came from."),
    mark("Clusters share an environment: CR2 at that level, Satterthwaite degrees of freedom (Bell and McCaffrey {n1})."),
    mark("Rank and sign tests take people as independent and are left out."),
    mark("Everybody without the second measurement at the lowest, then at the highest value."),
    mark("McNemar's exact test takes people as independent, whatever their group."),
)
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9]|[a-z_][\w.]*(?:: | has )|fewer than \d)")
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?!\w)")
_NAME = re.compile(r"^([A-Za-z_][\w.]*): (?=[\d.]+% )")
_FEW = "fewer than "  # what the release puts for a small number
_PLACE = re.compile(r"\\{(\w+)\\}")


def translated(reason: str, language: str, labels: Labels | None = None) -> str:
    """A reason in the reader's language, whatever numbers and columns stand in it; of sentences that the catalogue doesn't know only where they are.

    >>> translated("Units were drawn one by one: HC2. 2 p-values corrected together.", "en")
    'Units were drawn one by one: HC2. 2 p-values corrected together.'
    >>> translated("Normal inference. Some new sentence.", "nl")
    'Normale benadering. Meer staat in het Engels in results.csv.'
    """
    if language == "en" and labels is None:
        return reason.strip()
    sentences = [sentence for sentence in _END.split(reason.strip()) if sentence]
    known = [_sentence(sentence, language, labels) for sentence in sentences]
    said = [text or sentence for text, sentence in zip(known, sentences, strict=True) if text or language == "en"]
    if len(said) < len(sentences):
        said.append(words(language).raw("More is said in English in results.csv."))
    return " ".join(said)


def _sentence(sentence: str, language: str, labels: Labels | None) -> str:
    """The sentence in the language; empty where the catalogue doesn't know it. A bare "1." is the number of a problem among several."""
    if re.fullmatch(r"[0-9]+\.", sentence):
        return sentence
    _ = words(language)
    named = _NAME.match(sentence)
    places = {}
    message = sentence
    if named is not None:
        places["name"] = _column(named[1], language, labels)
        message = "{name}: " + sentence[named.end():]
    found = _NUMBER.findall(message)
    places |= {f"n{place}": _local(number, language) for place, number in enumerate(found, start=1)}
    open_ = iter(range(1, len(found) + 1))
    message = _NUMBER.sub(lambda _match: f"{{n{next(open_)}}}", message)
    return _(message, **places) if message in KNOWN else _by_pattern(sentence, language, labels)


def _by_pattern(sentence: str, language: str, labels: Labels | None) -> str:
    for message, pattern in _patterns():
        match = pattern.fullmatch(sentence)
        if match is not None:
            places = {name: _filled(name, text, language, labels) for name, text in match.groupdict().items()}
            text = words(language)(message, **places) if places else words(language).raw(message)
            return text[0].upper() + text[1:] if message.startswith("{n1}") else text
    return ""


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    number, other = r"(?:[Ff]ewer than )?-?\d[\d,]*(?:\.\d+)?", r".+?"
    return tuple((message, re.compile(_PLACE.sub(lambda place: f"(?P<{place[1]}>{number if re.fullmatch(r'n[0-9]', place[1]) else other})",
                                                 re.escape(message)))) for message in (*KNOWN, *SENTENCES))


def _filled(name: str, text: str, language: str, labels: Labels | None) -> str:
    if name in {"name", "columns"}:
        return ", ".join(_column(column, language, labels) for column in text.split(", "))
    if name == "weights":
        return text.capitalize()
    return _local(text, language) if re.fullmatch(r"n[0-9]", name) else text


def _column(name: str, language: str, labels: Labels | None) -> str:
    return name if labels is None else labels.variable(name, language)


def _local(number: str, language: str) -> str:
    """A number of an English sentence in the language's own signs; a year has none and stays."""
    if number.lower().startswith(_FEW):
        _ = words(language)
        return _("fewer than {n}", n=_local(number[len(_FEW):], language))
    if "," not in number and "." not in number:
        return number
    return numbers(language).decimal(float(number.replace(",", "")), len(number.partition(".")[2]))
