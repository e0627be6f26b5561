"""The reasons that the numbers give for themselves, sentence by sentence in the reader's language.

The rooms that compute write their reasons in English. A sentence that the catalogue knows is translated; one it doesn't know is shown as it is.
"""

from __future__ import annotations

import re

from takeup.present.catalogue import mark, words

KNOWN = (
    mark("Units were drawn one by one: HC2."),
    mark("Whole clusters were drawn: CR2 at that level."),
    mark("The design names clusters: CR2 at that level."),
    mark("Providers exist in the treated arm only (partially nested): each provider is a cluster, each other unit its own."),
    mark("Blocks of few units with fixed effects: the variance is at the level of the block or pair (de Chaisemartin and Ramirez-Cuellar 2024)."),
    mark("Satterthwaite degrees of freedom (Bell and McCaffrey 2002)."),
    mark("Degrees of freedom: rows less coefficients."),
    mark("Degrees of freedom: clusters less one."),
    mark("Normal inference."),
    mark("The residuals have no variation, so there is no standard error."),
    mark("There are no degrees of freedom left for a variance."),
)
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


def translated(reason: str, language: str) -> str:
    """A reason in the reader's language as far as the catalogue knows its sentences.

    >>> translated("Units were drawn one by one: HC2. Normal inference.", "en")
    'Units were drawn one by one: HC2. Normal inference.'
    """
    _ = words(language)
    return " ".join(_.raw(sentence) for sentence in _END.split(reason.strip()))
