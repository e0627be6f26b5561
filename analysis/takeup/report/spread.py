"""What the report says of a roll-out after the trial."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.numbers import effect_digits
from takeup.present.tables.rollout import overall, subject
from takeup.present.text import fill, said
from takeup.release.suppress import is_withheld

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.present.text import Spans
    from takeup.report.sentences import Teller


def rollout(tell: Teller) -> Iterator[Spans]:
    """How it spread, the overall number, and that no lot was drawn."""
    _, item = tell._, overall(tell.released)
    if item is None:
        return
    if math.isnan(item.estimate) or is_withheld(item):
        yield said(_("The programme later came to other places. What that changed can't be told from these data."))
        return
    digits, number = effect_digits(item.std_error), tell.number
    line = _.raw("The programme later came to {n} places, to some sooner than to others. Where it had come, \u201c{what}\u201d differed by "
                 "{difference} ({low} to {high}) from what the course of places without it lets expect.")
    yield fill(line, n=number.integer(int(item.extra["places"])), what=subject(tell.labels, tell.language),
               difference=number.of(item, "estimate", "number", digits), low=number.of(item, "conf_low", "number", digits),
               high=number.of(item, "conf_high", "number", digits))
    yield said(_("No lot was drawn here: this takes it that all places would have changed alike without the programme."))
