"""Which rights a profile opens, and why, in words of the reader's language; facts keep the names that a profile writes them with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from takeup.present.catalogue import mark, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.measure.eligibility import Condition
    from takeup.measure.rights_catalogue import Answer, Catalogue, Text

GROUPS = ((True, mark("Open ({n} of {total})")), (None, mark("Not known ({n} of {total})")), (False, mark("Closed ({n} of {total})")))
SIGNS = {True: "+", False: "-", None: "?"}
COMPARED = {
    "==": mark("{fact} is {value}"), "!=": mark("{fact} is not {value}"), "<": mark("{fact} is less than {value}"),
    "<=": mark("{fact} is at most {value}"), ">": mark("{fact} is more than {value}"), ">=": mark("{fact} is at least {value}"),
    "in": mark("{fact} is one of {value}"),
}
WHOLE = re.compile(r"(?<=[0-9])[.]0(?![0-9])")


def rights_answers(catalogue: Catalogue, answers: tuple[Answer, ...], language: str = "en") -> list[str]:
    """Rights that are open, those that hang on facts the profile lacks, and those that are closed, line by line.

    Each condition carries a sign: + met, - not met, ? not known.
    """
    _ = words(language)
    lines: list[str] = []
    for state, heading in GROUPS:
        found = [answer for answer in answers if answer.eligible is state]
        lines += [_(heading, n=str(len(found)), total=str(len(answers)))]
        lines += [line for answer in found for line in _lines(catalogue, answer, language)]
        lines.append("")
    return lines[:-1]


def _lines(catalogue: Catalogue, answer: Answer, language: str) -> Iterator[str]:
    _, right = words(language), answer.right
    domain, level = (_said(text, language) for text in (catalogue.domains[right.domain], catalogue.levels[right.level]))
    yield f"  {_said(right.labels, language)} [{domain}, {level}]"
    for condition in answer.conditions:
        yield f"    {SIGNS[condition.met]} {_condition(condition, language)}"
    if answer.missing:
        yield "    " + _("needs: {facts}", facts=", ".join(answer.missing))
    if answer.eligible is not False:
        yield "    " + _("source: {source}", source=right.source)


def _condition(condition: Condition, language: str) -> str:
    text = condition.text
    if condition.kind in COMPARED:
        text = words(language)(COMPARED[condition.kind], fact=condition.left, value=condition.right)
    return WHOLE.sub("", text)


def _said(text: Text, language: str) -> str:
    return text if isinstance(text, str) else text[language]
