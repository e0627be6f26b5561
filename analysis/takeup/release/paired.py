"""What a table of two measurements tells: who had something at the start, at the end, gained it or lost it add up to one another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from takeup.release.precision import width_of
from takeup.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from takeup.release.rules import Rules
    from takeup.release.told import Told

PAIRS, YES = ".pairs", ".yes"
"""What follows an outcome's id in the variable of its four paired cells, and of its shares among those who answered twice."""
FIRST, LAST = (("kept", "lost"), ("kept", "gained"))
Tie = tuple[tuple["Told", ...], tuple[float, ...], float, float, str]
"""Cells, their weights, the lowest and highest sum, and the result that tells it."""


def ties(every: Iterable[Told], items: Iterable[Any], rules: Rules) -> Iterator[Tie]:
    """The relations between paired cells, shares of the same people and the change between them."""
    cells: dict[str, dict[str, Told]] = {}
    shares: dict[str, dict[str, Told]] = {}
    for piece in every:
        if piece.variable.endswith(PAIRS):
            cells.setdefault(piece.variable.removesuffix(PAIRS), {})[piece.level] = piece
        elif piece.variable.endswith(YES):
            shares.setdefault(piece.variable.removesuffix(YES), {})[piece.wave] = piece
    for name, found in cells.items():
        waves = list(shares.get(name, {}).values())
        for share, parts in zip((waves[0], waves[-1]) if len(waves) > 1 else (), (FIRST, LAST), strict=False):
            if all(part in found for part in parts):
                yield (share, *(found[part] for part in parts)), (-1.0, 1.0, 1.0), 0.0, 0.0, ""
    for item in items:
        known = cells.get(item.outcome, {}) if isinstance(item, Estimate) and item.estimand == "change" else {}
        if {"gained", "lost"} <= set(known) and math.isfinite(item.estimate):
            n, half = known["gained"].total, 0.0 if rules.base == 1 else width_of(item) / 2
            moved = known["gained"].people - known["lost"].people
            if abs(moved / n - item.estimate) < 1e-6:
                yield ((known["gained"], known["lost"]), (1.0, -1.0), (item.estimate - half) * n, (item.estimate + half) * n, item.provenance.id)
