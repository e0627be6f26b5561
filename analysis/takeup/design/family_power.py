"""Power of a family of outcomes under family-wise control: the chance to find one of them, each of them, all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.errors import DesignError, Fault, collect, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = np.ndarray[Any, np.dtype[np.float64]]
Control = Literal["bonferroni", "holm", "romano_wolf", "none"]
CONTROLS = ("bonferroni", "holm", "romano_wolf", "none")
LEVELS = 20_000
"""Draws under the null by which the step-down's critical values are found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyPower:
    """Chances of finding the effects of a family.

    Attributes
    ----------
    each : chance for each outcome
    any, all : chance to find at least one, and every one
    method : the correction
    draws, mc_error : of the simulation; the largest Monte-Carlo standard error of the chances
    """

    each: tuple[float, ...]
    any: float
    all: float
    method: str
    draws: int
    mc_error: float


def family_power(
    shifts: Sequence[float], *, correlation: float = 0.0, alpha: float = 0.05, method: Control = "holm", draws: int = 50_000, seed: int = 0,
) -> FamilyPower:
    """Simulate the test statistics of a family and count what the correction finds, two-sided.

    Parameters
    ----------
    shifts : effect over standard error of each outcome (0 for one without effect)
    correlation : between any two of the statistics, as between the outcomes
    method : bonferroni, holm, romano_wolf (step-down over the joint distribution) or none

    Raises
    ------
    DesignError
        Numbers out of range, an unknown correction.

    Notes
    -----
    Statistics are normal with variance 1: large samples, or a t with many degrees of freedom. Holm (1979); Romano and Wolf (2005,
    Econometrica 73) with critical values from the joint null.

    Examples
    --------
    >>> from takeup.design.family_power import family_power
    >>> found = family_power([2.8, 2.8], method="none")
    >>> abs(found.any - (1 - 0.2 ** 2)) < 0.01
    True
    """
    k = len(shifts)
    low = -1.0 / (k - 1) if k > 1 else -1.0
    faults = [Fault("no outcome is named", "shifts")] if not k else []
    faults += [Fault("isn't a finite number", "shifts")] if not all(map(math.isfinite, shifts)) else []
    faults += [Fault("isn't known", "method", listed(CONTROLS))] if method not in CONTROLS else []
    faults += [Fault("no set of outcomes has this correlation", "correlation", f"{low:.3g} to 1")] if not low <= correlation <= 1 else []
    faults += [Fault("lies between 0 and 1", "alpha")] if not 0 < alpha < 1 else []
    collect(DesignError, faults)
    root: Floats = np.asarray(np.linalg.cholesky(np.full((k, k), correlation) + (1.0 - correlation + 1e-12) * np.eye(k)), dtype=np.float64)
    rng = np.random.default_rng([seed, k])
    noise = rng.standard_normal((draws, k)) @ root.T
    size = np.abs(noise + np.asarray(shifts, dtype=float))
    found = _found(size, method, alpha, root, rng)
    chances = np.array([*found.mean(axis=0), found.any(axis=1).mean(), found.all(axis=1).mean()])
    return FamilyPower(each=tuple(float(one) for one in chances[:k]), any=float(chances[k]), all=float(chances[k + 1]), method=method, draws=draws,
                       mc_error=float(np.sqrt(chances * (1.0 - chances) / draws).max()))


def _found(size: Floats, method: str, alpha: float, root: Floats, rng: np.random.Generator) -> Floats:
    """Which outcomes are found in each draw, shape (draws, k)."""
    from scipy.special import ndtri

    k = size.shape[1]
    if method in {"none", "bonferroni"}:
        return np.asarray(size > -ndtri(alpha / (2.0 if method == "none" else 2.0 * k)), dtype=float)
    order = np.argsort(-size, axis=1)
    ranked = np.take_along_axis(size, order, axis=1)
    if method == "holm":
        cut: Floats = np.asarray(-ndtri(alpha / (2.0 * np.arange(k, 0, -1))))
    else:  # the maximum over those not yet found; with one correlation for all, only their number matters
        null = np.abs(rng.standard_normal((LEVELS, k)) @ root.T)
        cut = np.array([np.quantile(null[:, :left].max(axis=1), 1.0 - alpha) for left in range(k, 0, -1)])
    passed = np.cumprod(ranked > cut, axis=1)
    out = np.zeros(size.shape)
    np.put_along_axis(out, order, passed.astype(float), axis=1)
    return out
