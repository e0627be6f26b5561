"""What a brief says of costs, and which results a document shows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.reading import section, statistic, statistics
from takeup.present.tables.mechanism import one_more
from takeup.present.text import Span, fill
from takeup.report.document import Callout, FigureBlock, TableBlock
from takeup.report.html import running_text
from takeup.results import Estimate, Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.present.text import Spans
    from takeup.report.document import Document
    from takeup.report.sentences import Teller


def changed(tell: Teller) -> tuple[Spans, ...]:
    """Of a before-after study how many improved in the first outcome, and how much of its change could come back by itself."""
    if tell.evidence != "before_after":
        return ()
    from takeup.report.changed import improved, regression

    return (*tuple(improved(tell))[:1], *tuple(regression(tell))[1:2])


def costs(tell: Teller) -> Iterator[Spans]:
    """Hours and euros a case, the cost of one more, and how far it moves with the assumptions."""
    results = section(tell.released, "cost")
    control = str(tell.labels.plan.design.control)
    raw, number, labels, language = tell._.raw, tell.number, tell.labels, tell.language

    def of(variable: str, arm: str) -> Span | None:
        found: Statistic | None = statistic(results, variable=variable, arm=arm)
        return None if found is None or math.isnan(found.value) else number.of(found, "value", "number", 1 if variable == "hours" else 0)

    for item in statistics(results, variable="euros"):
        hours, spent, other = of("hours", item.arm), of("euros", item.arm), of("euros", control)
        if item.arm != control and hours is not None and spent is not None and other is not None:
            yield fill(raw("In \u201c{arm}\u201d {hours} hours and {euros} euros a case on average; in \u201c{control_arm}\u201d {control} euros."),
                       arm=labels.arm(item.arm, language), control_arm=labels.control(language), hours=hours, euros=spent, control=other)
    estimates = [item for item in results if isinstance(item, Estimate) and math.isfinite(item.estimate)]
    for base in (item for item in estimates if "side" not in item.extra):
        level = number.percent(base.conf_level)
        euros = number.of(base, "estimate", "number", 0)
        fields: dict[str, Span | str] = {"what": one_more(labels, base.outcome, language), "euros": euros, "level": level}
        if math.isfinite(base.conf_low) and math.isfinite(base.conf_high):
            yield fill(raw("One more ({what}) cost {euros} euros ({level} confidence interval {low} to {high})."), **fields,
                       low=number.of(base, "conf_low", "number", 0), high=number.of(base, "conf_high", "number", 0))
        else:
            yield fill(raw("One more ({what}) cost {euros} euros; the {level} confidence interval has no end, because no effect at all can't be "
                           "ruled out."), **fields)
        others = sorted((item for item in estimates if "side" in item.extra and item.arm == base.arm), key=lambda item: item.estimate)
        if others:
            yield fill(raw("With other assumptions on the cost of an hour and the hours beside: between {low} and {high} euros."),
                       low=number.of(others[0], "estimate", "number", 0), high=number.of(others[-1], "estimate", "number", 0))


def result_ids(document: Document) -> Iterator[str]:
    """The ids of the results that a document shows, in reading order."""
    for block in document.walk():
        if isinstance(block, Callout):
            yield from (span.result_id for line in block.lines for span in line if span.result_id)
        elif isinstance(block, TableBlock):
            yield from (cell.result_id for row in block.table.rows for cell in row.cells if cell.result_id)
        elif isinstance(block, FigureBlock):
            yield from (cell.result_id for row in block.figure.data.rows for cell in row.cells if cell.result_id)
    yield from (span.result_id for spans in running_text(document) for span in spans if span.result_id)
