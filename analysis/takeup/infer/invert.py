"""Confidence intervals by inverting the test, without another draw.

Under the hypothesis of effect t the outcome is y - t D, so for every draw the effect is a - t b and its variance A - 2 t B + t**2 C: five
numbers a draw, from the same pass. The p-value is then a step function of t; its crossing of the level is found by bisection, in which a draw
that is counted at both ends of the bracket, or at neither, is settled and leaves. Once few are left, each one's own crossing is found, and the
limit is the one at which the weight of those still counted falls to the level. That supposes that a draw stays counted once it is counted on
the way to the estimate, as with a coefficient it must; otherwise the limit found is the nearest one on that side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from takeup.infer.compare import TIE, Alternative, TwoSided, root_mean_square

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Side = Literal["greater", "less", "absolute"]

DOUBLINGS = 64
FEW = 256
"""With so many draws left, all their crossings are found at once."""
ROUNDS = 200
PRECISION = 1e-15
"""Of a crossing, as a share of the standard error or of the limit itself."""
PROBES = (-1.3137, 0.6871, 2.2519)
"""Where two draws are compared to see whether they agree for every effect, in standard errors from the estimate."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The statistic of each draw as a function of the effect t: (a - t b) / sqrt(A - 2 t B + t**2 C); column 0 is the observed one.

    Attributes
    ----------
    a, b : (draws,)
    square, cross, curve : (draws,) A, B, C, or None for the bare effect
    weights : (draws,)
    """

    a: Floats
    b: Floats
    square: Floats | None
    cross: Floats | None
    curve: Floats | None
    weights: Floats

    def at(self, t: float | Floats, some: Any = slice(None)) -> Floats:
        """The statistics under effect t, one for all draws or one for each."""
        top: Floats = self.a[some] - t * self.b[some]
        if self.square is None or self.cross is None or self.curve is None:
            return top
        below = t * self.curve[some]
        below -= 2.0 * self.cross[some]
        below *= t
        below += self.square[some]
        np.maximum(below, 1e-200, out=below)
        return np.asarray(np.divide(top, np.sqrt(below, out=below), out=top))

    def excess(self, t: float | Floats, side: Side, some: Any = slice(None)) -> Floats:
        """By how much draws are more extreme than the observed one: not below 0 where they count, nan where undefined."""
        values, observed = self.at(t, some), self.at(t, slice(0, 1))
        if side == "absolute":
            return np.asarray(np.abs(values) - np.abs(observed))
        return np.asarray(values - observed if side == "greater" else observed - values)


def lines(effects: Floats, variances: Floats | None, weights: Floats) -> Lines:
    """From the effects (and variances) of the outcome, the dose and their sum, shape (3, draws)."""
    if variances is None:
        return Lines(a=effects[0], b=effects[1], square=None, cross=None, curve=None, weights=weights)
    cross = (variances[2] - variances[0] - variances[1]) / 2.0
    return Lines(a=effects[0], b=effects[1], square=variances[0], cross=cross, curve=variances[1], weights=weights)


def interval(found: Lines, *, alternative: Alternative, two_sided: TwoSided, conf_level: float) -> tuple[float, float]:
    """All effects that the test doesn't reject, as (low, high); infinite where the draws are too few to reject any."""
    if not (np.isfinite(found.a[0]) and np.isfinite(found.b[0]) and found.b[0] != 0.0):
        return float("nan"), float("nan")
    level = 1.0 - conf_level
    sides: tuple[Side, Side] = ("absolute", "absolute") if two_sided == "absolute" else ("greater", "less")
    if alternative != "two-sided":
        sides, share = (alternative, alternative), level
    else:
        sides = sides[::-1] if found.b[0] < 0.0 else sides
        share = level if two_sided == "absolute" else level / 2.0
    always = _always(found, sides[0])
    low = -float("inf") if alternative == "less" else _limit(found, sides[0], share, -1.0, always)
    high = float("inf") if alternative == "greater" else _limit(found, sides[1], share, 1.0, always)
    return low, high


def _limit(found: Lines, side: Side, share: float, direction: float, always: Flags) -> float:
    """Where, going from the estimate in one direction, the weight of the counted draws falls to `share` of all."""
    inside, step, near = _centre(found), _step(found), None
    room = share * found.weights.sum() * (1.0 + 1e-12) - found.weights[always].sum()
    weights = np.where(always | ~np.isfinite(found.a), 0.0, found.weights)
    if room < 0.0:
        return direction * float("inf")
    for doubling in range(DOUBLINGS):
        outside = _centre(found) + direction * step * 2.0**doubling
        far = found.excess(outside, side) >= 0.0
        if weights[far].sum() <= room:
            break
        inside, near = outside, far
    else:
        return direction * float("inf")
    near = found.excess(inside, side) >= 0.0 if near is None else near
    room -= weights[near & far].sum()
    active = np.flatnonzero((near != far) & (weights > 0.0))  # counted at one end of the bracket only: at the other one where not `near`
    near, weights = near[active], weights[active]
    while active.size > FEW:
        middle = 0.5 * (inside + outside)
        if middle in {inside, outside}:
            return outside
        here = found.excess(middle, side, active) >= 0.0
        if weights[here].sum() <= room:
            outside, settled, kept = middle, near & here, near != here
        else:
            inside, settled, kept = middle, here & ~near, near == here
        room -= weights[settled].sum()
        active, near, weights = active[kept], near[kept], weights[kept]
    crossings = _crossings(found, side, active, inside, outside, step)
    order = np.argsort(direction * crossings)
    counted = weights[near].sum() + np.cumsum(np.where(near, -weights, weights)[order])
    passed = np.flatnonzero(counted <= room)
    return float(crossings[order[passed[0]]]) if passed.size else outside


def _crossings(found: Lines, side: Side, active: Ints, inside: float, outside: float, step: float) -> Floats:
    """Where each of the draws begins or ceases to count between two effects: secants that keep the bracket (Illinois), now and then a halving."""
    low, high = np.full(active.size, inside), np.full(active.size, outside)
    at_low, at_high = found.excess(low, side, active), found.excess(high, side, active)
    began, stayed = at_low >= 0.0, np.zeros(active.size, dtype=bool)
    close = PRECISION * max(abs(inside), abs(outside), step)
    for number in range(ROUNDS):
        width = high - low
        if (np.abs(width) <= close).all():
            break
        # never nearer to an end than half of what is close enough: an end that has met the crossing would stay alone for long
        nearest = np.minimum(0.5 * close / np.maximum(np.abs(width), close), 0.5)
        part = np.full(active.size, 0.5)
        np.divide(at_low, at_low - at_high, out=part, where=(at_low != at_high) & (number % 4 < 3))
        middle = low + np.clip(part, nearest, 1.0 - nearest) * width
        here = found.excess(middle, side, active)
        below = (here >= 0.0) == began
        at_high = np.where(below, np.where(stayed, 0.5 * at_high, at_high), here)
        at_low = np.where(below, here, np.where(stayed, at_low, 0.5 * at_low))
        low, high, stayed = np.where(below, middle, low), np.where(below, high, middle), below
    return high


def _centre(found: Lines) -> float:
    return float(found.a[0] / found.b[0])


def _step(found: Lines) -> float:
    size = np.sqrt(max(found.square[0], 0.0)) if found.square is not None else root_mean_square(found.a)
    scale = float(size / abs(found.b[0]))
    return scale if np.isfinite(scale) and scale > 0 else 1.0


def _always(found: Lines, side: Side) -> Flags:
    """Draws that tie with the observed one whatever the effect: the same assignment, or its mirror image."""
    same = np.ones(found.a.size, dtype=bool)
    for probe in PROBES:
        values = found.at(_centre(found) + probe * _step(found))
        if side == "absolute":
            values = np.abs(values)
        same &= np.abs(values - values[0]) <= TIE * float(root_mean_square(values))
    return same
