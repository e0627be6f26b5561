"""Numbers in the authors' own words, bound to results: `{effect:wellbeing}` becomes the number that the sentences show, with its tie.

A number that an author types stays where it is when the data or the plan change; a placeholder doesn't. `typed` finds the numbers that
were typed although a result holds them.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, ReleaseError, ReportError, collect, listed, nearest
from takeup.plan.evidence import MAIN
from takeup.present.numbers import MINUS
from takeup.present.reading import main, section, statistics
from takeup.present.text import Span, fill, plain
from takeup.present.wording import finding
from takeup.report.document import Block, Bullets, Heading, Note, Paragraph
from takeup.report.impossible import impossible
from takeup.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from takeup.present.numbers import Kind
    from takeup.present.text import Spans
    from takeup.report.sentences import Teller

PLACE = re.compile(r"\{([a-z_]+)(?::([^{}]*))?\}")
ESTIMATE = {"effect": "estimate", "difference": "estimate", "change": "estimate", "size": "estimate", "low": "conf_low", "high": "conf_high",
            "treated": "mean_treated", "control": "mean_control", "before": "mean_before", "after": "mean_after"}
"""Placeholders of one number of an outcome's estimate, and the field each shows."""
SENTENCES = ("interval", "p", "verdict", "numbers", "matters")
NAMES = (*ESTIMATE, *SENTENCES, "takeup", "count", "cost", "result")
FORMATS: dict[str, tuple[Kind, int]] = {
    "integer": ("integer", 0), "percent": ("percent", 0), "points": ("points", 0), "p_value": ("p_value", 0),
    **{str(digits): ("number", digits) for digits in range(5)},
}
HELP = ("{effect:OUTCOME} ({difference:OUTCOME}, {change:OUTCOME}), {size:OUTCOME} (without its sign), {interval:OUTCOME}, {low:OUTCOME}, "
        "{high:OUTCOME}, {treated:OUTCOME}, {control:OUTCOME}, {before:OUTCOME}, {after:OUTCOME}, {p:OUTCOME}, {verdict:OUTCOME}, "
        "{numbers:OUTCOME}, {matters:OUTCOME}, {takeup}, {count:randomized}, {cost:one}, "
        "{result:ID:FIELD:FORMAT}; an arm may follow the outcome")
WRITTEN = re.compile(r"(?<![\w.,/-])[-\u2212]?\d+(?:[.,\u00a0\u202f ]\d{3})*(?:[.,]\d+)?(?![\w/]|[.,]\d)")
SHARE = re.compile(r"\s?(%|percent|procent|pour ?cent|in (every )?(100|a hundred)|op (de |elke )?(100|honderd)|per (100|honderd)|sur (100|cent))")
"""What follows a whole number under a hundred that is a share or a natural frequency, and not a count of arms or months."""
LARGE, OWN_DIGITS = 100.0, 2


class _Unbound(Exception):  # noqa: N818  # caught in this file, never seen by a user
    """A placeholder that names no result."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.fault = (what, remedy)


def bound(blocks: tuple[Block, ...], tell: Teller, where: str) -> tuple[Block, ...]:
    """The authors' blocks with every placeholder replaced by the number it names.

    Parameters
    ----------
    blocks : tuple of blocks
        What `report.words.blocks` made of a section.
    tell : Teller
        The released results, in one language.
    where : str
        The file, for messages.

    Raises
    ------
    ReportError
        Every placeholder that names no result, with what there is.
    """
    faults: list[Fault] = []

    def filled(spans: Spans) -> Spans:
        return tuple(part for span in spans for part in _filled(span, tell, where, faults))

    out = tuple(_each(block, filled) for block in blocks)
    collect(ReportError, faults)
    return out


def _each(block: Block, filled: Callable[[Spans], Spans]) -> Block:
    if isinstance(block, Paragraph | Note):
        return replace(block, spans=filled(block.spans))
    if isinstance(block, Bullets):
        return replace(block, items=tuple(filled(item) for item in block.items))
    if isinstance(block, Heading):
        return replace(block, text=plain(filled((Span(text=block.text),))))
    return block


def _filled(span: Span, tell: Teller, where: str, faults: list[Fault]) -> Iterator[Span]:
    position = 0
    for match in PLACE.finditer(span.text):
        if match.start() > position:
            yield replace(span, text=span.text[position:match.start()])
        position = match.end()
        try:
            found = named(match[1], [part.strip() for part in (match[2] or "").split(":") if part.strip()], tell)
        except _Unbound as error:
            what, remedy = error.fault
            faults.append(Fault(f'the placeholder "{match[0]}" {what}', where, HELP, remedy))
            continue
        for part in found:
            yield replace(part, strong=span.strong, emphasis=span.emphasis)
    if position < len(span.text):
        yield replace(span, text=span.text[position:])


def named(name: str, parts: list[str], tell: Teller) -> Spans:
    """The spans of one placeholder, its name and what follows the colons."""
    if name in ESTIMATE or name in SENTENCES:
        return _of_estimate(name, _estimate(parts, tell), tell)
    if name == "takeup":
        return (_share(parts, tell),)
    if name == "count":
        return (_count(parts, tell),)
    if name == "cost":
        return (_cost(parts, tell),)
    if name == "result":
        return (_any(parts, tell),)
    raise _Unbound("isn't known", nearest(name, NAMES))


def _estimate(parts: list[str], tell: Teller) -> Estimate:
    outcomes = [outcome.id for outcome in tell.labels.plan.outcomes]
    if not parts:
        raise _Unbound("names no outcome", f"Outcomes: {listed(outcomes)}.")
    found = list(main(tell.released, tell.evidence, parts[0], parts[1] if len(parts) > 1 else None))
    if not found:
        raise _Unbound("names no outcome of the plan with a result", nearest(parts[0], outcomes))
    if len(found) > 1:
        raise _Unbound("could be of several arms", f"Add the arm: {listed(item.arm for item in found)}.")
    first: Estimate = found[0]
    return first


def _of_estimate(name: str, estimate: Estimate, tell: Teller) -> Spans:
    if name == "p":
        return (tell.number.of(estimate, "p_value", "p_value"),)
    told = finding(estimate, tell.labels, tell.language)
    if name in SENTENCES[2:]:
        spans: Spans = {"verdict": told.says, "numbers": told.numbers, "matters": told.matters}[name]
        return spans
    if name == "interval":
        return fill(tell._.raw("{low} to {high}"), low=_shown(told.numbers, "conf_low", estimate, tell, signed=True),
                    high=_shown(told.numbers, "conf_high", estimate, tell, signed=True))
    return (_shown(told.numbers, ESTIMATE[name], estimate, tell, signed=name != "size"),)


def _shown(spans: Spans, field: str, estimate: Estimate, tell: Teller, *, signed: bool) -> Span:
    """A number just as the sentence about the result shows it, with or without its sign."""
    span = next((span for span in spans if span.field == field), None)
    if span is None:
        span = tell.number.of(estimate, field, "number", 2)
        if span.value is None or math.isnan(span.value):
            return replace(span, text=tell._("withheld"))
    if field.startswith("mean_"):
        return span
    bare = span.text.removeprefix(MINUS)
    negative = span.value is not None and span.value < 0 and any(character in "123456789" for character in bare)
    return replace(span, text=MINUS + bare if signed and negative else bare, scale=abs(span.scale))


def _share(parts: list[str], tell: Teller) -> Span:
    control = str(tell.labels.plan.design.control)
    found = [item for item in statistics(section(tell.released, "compliance"), table="compliance", kind="share")
             if (item.arm == parts[0] if parts else item.arm != control)]
    if len(found) != 1:
        arms = [item.arm for item in statistics(section(tell.released, "compliance"), table="compliance", kind="share")]
        raise _Unbound("names no single arm whose take-up is known", f"Arms: {listed(arms)}." if arms else "The plan names no column of take-up.")
    return tell.number.of(found[0], "value", "percent", 0)


def _count(parts: list[str], tell: Teller) -> Span:
    kinds = dict.fromkeys(item.variable for item in section(tell.released, "flow"))
    variable, arm = (*parts, "", "")[:2]
    found = [item for item in statistics(section(tell.released, "flow"), variable=variable, level="") if item.arm == arm]
    if not found:
        raise _Unbound("names no count of the flow", nearest(variable, kinds) or f"Counts: {listed(kinds)}; some have an arm.")
    return tell.number.of(found[-1], "value", "integer")


def _cost(parts: list[str], tell: Teller) -> Span:
    results = section(tell.released, "cost")
    what, arm = (*parts, "", "")[:2]
    control = str(tell.labels.plan.design.control)
    if what == "one":
        found: list[Any] = [item for item in results if isinstance(item, Estimate) and "side" not in item.extra and arm in {"", item.arm}]
    else:
        found = [item for item in statistics(results, variable=what) if (item.arm == arm if arm else item.arm != control)]
    if len(found) != 1:
        raise _Unbound("names no result of the chapter of cost", "There are {cost:one}, {cost:hours} and {cost:euros}, with an arm where there are "
                       "several." if len(results) else "The plan says nothing of costs.")
    return tell.number.of(found[0], "estimate" if what == "one" else "value", "number", 1 if what == "hours" else 0)


def _any(parts: list[str], tell: Teller) -> Span:
    if len(parts) < 2 or (len(parts) > 2 and parts[2] not in FORMATS):
        raise _Unbound("needs the id of a result, a field, and a format where two decimals aren't meant", f"Formats: {listed(FORMATS)}.")
    try:
        result = tell.released.find(parts[0])
    except ReleaseError as error:
        raise _Unbound("names no result", error.faults[0].remedy) from None
    span = tell.number.of(result, parts[1], *(FORMATS[parts[2]] if len(parts) > 2 else ("number", 2)))
    if span.value is None or (math.isnan(span.value) and span.text != tell._("withheld")):
        raise _Unbound(f'asks for a field "{parts[1]}" that the result doesn\'t have')
    return span


def typed(text: str, tell: Teller, where: str) -> tuple[Fault, ...]:
    """The numbers in an author's Markdown that a result holds, each with the placeholder to write instead; and percentages that can't be.

    A number counts as typed when it stands as the report would show it: with decimals, as a count of a hundred or more, or as a share
    ("34 %", "34 in every 100"); or with decimals of the author's own choice, where two of its digits or more are those of a result. Years, links and
    placeholders are left alone.
    """
    known = _known(tell)
    plain_text = PLACE.sub(lambda match: " " * len(match[0]), re.sub(r"\(?https?://\S+", lambda match: " " * len(match[0]), text))
    faults = {}
    for match in WRITTEN.finditer(plain_text):
        number = _bare(match[0])
        whole = re.fullmatch(r"\d+", number)
        if whole and float(number) < LARGE and not SHARE.match(plain_text, match.end()):
            continue
        for id_, field, place in _equal(number, known):
            faults[match[0]] = Fault(f"the number {match[0]} was typed, and equals a result ({id_}, {field})", where,
                                     remedy=f"Write {place} so that it follows the data." if place else "Bind it to the result.")
    return (*faults.values(), *impossible(text, tell, where))


def _bare(text: str) -> str:
    """A number without sign, grouping and the language's own decimal sign: "1.801" of a Dutch text is "1801", "0,05" is "0.05"."""
    text = text.lstrip("-" + MINUS)
    grouped = re.fullmatch(r"\d{1,3}([.,\u00a0\u202f ])\d{3}(?:\1\d{3})*(?:[.,]\d+)?", text)
    if grouped is not None and not text.startswith("0"):
        text = text.replace(grouped[1], "")
    return text.replace(",", ".")


def _equal(number: str, known: dict[str, tuple[str, str, str, tuple[float, ...]]]) -> tuple[tuple[str, str, str], ...]:
    """The result, its field and its placeholder that a typed number equals; none where there is no such result."""
    if number in known:
        return (known[number][:3],)
    decimals = len(number.partition(".")[2])
    if not decimals or len(number.replace(".", "").lstrip("0")) < OWN_DIGITS:
        return ()
    return tuple(found[:3] for found in known.values() if number in {f"{value:.{decimals}f}" for value in found[3]})[:1]


def _known(tell: Teller) -> dict[str, tuple[str, str, str, tuple[float, ...]]]:
    """Every number that the sentences of the study show: as text, with its result, its field, its placeholder, and its value in full."""
    out: dict[str, tuple[str, str, str, tuple[float, ...]]] = {}

    def add(span: Span, place: str) -> None:
        number = re.sub(r"[^\d.,\u00a0\u202f]", "", span.text)
        if span.value is not None and not math.isnan(span.value) and number:
            values = (abs(span.value), abs(span.value * span.scale))
            out.setdefault(_bare(number.strip("\u00a0\u202f")), (span.result_id, span.field, place, values))

    several = len(tell.labels.plan.design.arms) > 2
    fields: Mapping[str, str] = {**{field: name for name, field in reversed(ESTIMATE.items())}, "estimate": MAIN[tell.evidence][1]}
    for estimate in tell.main():
        end = f"{estimate.outcome}:{estimate.arm}" if several else estimate.outcome
        for span in finding(estimate, tell.labels, tell.language).numbers:
            if span.field in fields:
                add(span, f"{{{fields[span.field]}:{end}}}")
    for item in section(tell.released, "flow"):
        if not item.level:
            add(tell.number.of(item, "value", "integer"), f"{{count:{item.variable}{':' + item.arm if item.arm else ''}}}")
    for item in statistics(section(tell.released, "compliance"), table="compliance", kind="share"):
        add(tell.number.of(item, "value", "percent", 0), f"{{takeup:{item.arm}}}")
    return out
