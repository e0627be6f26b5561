"""Confidence intervals by inverting the test, without another draw.

Under the hypothesis of effect t the outcome is y - t D, so for every draw the effect is a - t b and its variance A - 2 t B + t**2 C: five
numbers a draw, from the same pass. The p-value is then a step function of t; its crossing of the level is found by bisection, in which a draw
that is counted at both ends of the bracket, or at neither, is settled and leaves. That supposes that a draw stays counted once it is counted on
the way to the estimate, as with a coefficient it must; otherwise the limit found is the nearest one on that side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from takeup.infer.compare import TIE, Alternative, TwoSided, root_mean_square

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Side = Literal["greater", "less", "absolute"]

DOUBLINGS = 64
HALVINGS = 200
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

    def at(self, t: float, some: Any = slice(None)) -> Floats:
        """The statistics under effect t."""
        top: Floats = self.a[some] - t * self.b[some]
        if self.square is None or self.cross is None or self.curve is None:
            return top
        below = self.square[some] - 2.0 * t * self.cross[some] + t * t * self.curve[some]
        return np.asarray(top / np.sqrt(np.maximum(below, 1e-200)))

    def counted(self, t: float, side: Side, some: Any = slice(None)) -> Flags:
        """Which draws are at least as extreme as the observed one; undefined ones aren't."""
        values, observed = self.at(t, some), float(self.at(t, slice(0, 1))[0])
        if side == "absolute":
            return np.asarray(np.abs(values) >= abs(observed))
        return np.asarray(values >= observed if side == "greater" else values <= observed)


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
    if alternative == "greater":
        return _limit(found, "greater", level, -1.0), float("inf")
    if alternative == "less":
        return -float("inf"), _limit(found, "less", level, 1.0)
    sides: tuple[Side, Side] = ("absolute", "absolute") if two_sided == "absolute" else ("greater", "less")
    share = level if two_sided == "absolute" else level / 2.0
    if found.b[0] < 0.0:
        sides = sides[::-1]
    return _limit(found, sides[0], share, -1.0), _limit(found, sides[1], share, 1.0)


def _limit(found: Lines, side: Side, share: float, direction: float) -> float:
    """Where, going from the estimate in one direction, the weight of the counted draws falls to `share` of all."""
    centre = float(found.a[0] / found.b[0])
    step = _step(found)
    always = _always(found, side, centre, step)
    room = share * found.weights.sum() * (1.0 + 1e-12) - found.weights[always].sum()
    if room < 0.0:
        return direction * float("inf")
    active = np.flatnonzero(~always & np.isfinite(found.a))
    inside = centre
    for doubling in range(DOUBLINGS):
        outside = centre + direction * step * 2.0**doubling
        if found.weights[active][found.counted(outside, side, active)].sum() <= room:
            break
        inside = outside
    else:
        return direction * float("inf")
    near, far = found.counted(inside, side, active), found.counted(outside, side, active)
    for _ in range(HALVINGS):
        room -= found.weights[active][near & far].sum()
        active, near, far = active[near != far], near[near != far], far[near != far]
        middle = 0.5 * (inside + outside)
        if middle in {inside, outside} or not active.size:
            break
        here = found.counted(middle, side, active)
        if found.weights[active][here].sum() <= room:
            outside, far = middle, here
        else:
            inside, near = middle, here
    return outside


def _step(found: Lines) -> float:
    size = np.sqrt(max(found.square[0], 0.0)) if found.square is not None else root_mean_square(found.a)
    scale = float(size / abs(found.b[0]))
    return scale if np.isfinite(scale) and scale > 0 else 1.0


def _always(found: Lines, side: Side, centre: float, step: float) -> Flags:
    """Draws that tie with the observed one whatever the effect: the same assignment, or its mirror image."""
    same = np.ones(found.a.size, dtype=bool)
    for probe in PROBES:
        values = found.at(centre + probe * step)
        if side == "absolute":
            values = np.abs(values)
        same &= np.abs(values - values[0]) <= TIE * float(root_mean_square(values))
    return same
