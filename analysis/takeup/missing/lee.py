"""Lee's bounds: the arm that responds more is trimmed until it responds as little as the other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, MissingError
from takeup.estimate.arrays import Arrays, Codes, Floats, arrays
from takeup.estimate.rules import assignment_weights, choose, complete_blocks
from takeup.missing.interval import imbens_manski
from takeup.missing.trim import Sample, Trimmed, share_variance, spread, trimmed_difference
from takeup.results import Bounds, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pandas import DataFrame

    from takeup.design import Design

ASSUMED = "Assumes that assignment moves response in one direction only (monotone selection)."


def lee_bounds(
    frame: DataFrame, outcome: str, design: Design, *, tighten: str | Sequence[str] | None = None, arm: object = None, conf_level: float = 0.95,
) -> Bounds:
    """Bounds on the effect among those who would respond in either arm (Lee 2009).

    Parameters
    ----------
    frame : DataFrame, one row a unit of all that were assigned
    outcome : column name, missing where the unit didn't respond
    tighten : baseline columns; bounds are made in each cell of their values and averaged, with the cells' shares among the respondents of
        the untrimmed arm as weights, and are never wider in large samples
    arm : which treated arm, where there are several
    conf_level : of Imbens and Manski's interval

    Returns
    -------
    Bounds
        In the outcome's units. `trimmed_share` of the respondents of `trimmed_arm` ("treatment" or "control", empty when both arms respond
        alike) are trimmed. ``extra``: fractional (the bounds with exactly that share trimmed, for ties and small samples),
        response_treated, response_control, observed_difference (in means, of those who responded), n_responded_trimmed (respondents of the
        trimmed arm), kept_lower, kept_upper, im_critical, n_cells; with several cells, cells: from the label of each to its weight, lower and
        upper bound; with one, and where units were drawn one by one, cut_lower and cut_upper (the trimming quantiles),
        trimmed_share_std_error and std_error_population (both standard errors with variances over n).

    Raises
    ------
    EstimateError
        Unusable columns, an arm without any observed outcome.

    Notes
    -----
    The trimming quantile y_q is the smallest y with F(y) >= q. Standard errors: Lee's proposition 3 (without the term for the share
    treated) with n - 1 variances; where the design has clusters, weights or cells, the sum of squared influences of the same estimator, by
    cluster with G / (G - 1). Blocks with unequal shares treated are weighted by one over the probability of the own arm.
    Source: Lee (2009), Review of Economic Studies 76, propositions 1a, 1b and 3. Interval: Imbens and Manski (2004).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1] * 5 + [0] * 5, "y": [1, 2, 3, 4, 5, 1, 2, 3, None, None]})
    >>> found = tu.lee_bounds(trial, "y", tu.Design("arm", 0))
    >>> found.lower, found.upper, round(found.trimmed_share, 3), found.trimmed_arm
    (0.0, 1.5, 0.4, 'treatment')
    >>> found.extra["fractional"]
    (0.0, 2.0)
    """
    columns = (tighten,) if isinstance(tighten, str) else tuple(tighten or ())
    asked = arrays(frame, outcome, design, arm=arm, keep_missing=True, also=columns)
    data = complete_blocks(asked)
    gone = {"n_left_out": asked.n - data.n} if asked.n > data.n else {}
    weights, words = arm_weights(data, design)
    clusters = choose(data, design, fixed_effects=False).clusters
    cells, labels = _cells(frame, data, columns)
    parts = [_Cell.make(data, weights, cells == cell) for cell in range(int(cells.max()) + 1)] if data.n else []
    usable = bool(parts) and all(part.usable for part in parts)
    whole = _Cell.make(data, weights, np.ones(data.n, dtype=bool)) if data.n else None
    if whole is None or not usable:
        empty = sum(not part.usable for part in parts)
        return _unknown(data, conf_level, gone, f"{empty} of {len(parts)} cells have an arm without observed outcomes, so there are no bounds there.")
    exact = weights is None and clusters is None
    lower, upper = (_averaged(parts, whole, which, clusters, exact=exact) for which in ("lower", "upper"))
    still = _constant(data.y)
    if still:
        lower, upper = (replace(end, value=0.0, fractional=0.0, std_error=math.nan) for end in (lower, upper))
    low, high, c = imbens_manski(lower.value, upper.value, lower.std_error, upper.std_error, conf_level)
    reason = " ".join(filter(None, (*_reasons(parts, whole, lower, upper, one_cluster=data.n_clusters == 1, still=still), words, *data.notes)))
    return Bounds(
        outcome=data.outcome, estimand="effect among those who respond in either arm", arm=data.arm, lower=lower.value, upper=upper.value,
        std_error_lower=lower.std_error, std_error_upper=upper.std_error, conf_low=low, conf_high=high, conf_level=conf_level,
        trimmed_share=whole.trimmed_share, trimmed_arm=whole.trimmed_arm, n=data.n, n_treated=data.n_treated, n_control=data.n_control,
        n_missing=int(np.isnan(data.y).sum()), method="lee", reason=reason,
        extra=FrozenMap(
            fractional=(lower.fractional, upper.fractional), response_treated=whole.rates[0], response_control=whole.rates[1],
            kept_lower=lower.kept, kept_upper=upper.kept, im_critical=c, n_cells=len(parts),
            **_details(data, whole, weights, exact=exact and len(parts) == 1), **_by_cell(labels, lower, upper), **gone,
        ),
    )


def arm_weights(data: Arrays, design: Design) -> tuple[Floats | None, str]:
    """Weights that make the arms comparable: the analysis weights times one over the probability of the own arm where that varies."""
    weights, words = assignment_weights(data)
    if data.probability is not None or data.blocks is None or data.n == 0:
        return weights, words
    unit = data.clusters if design.draws_clusters and data.clusters is not None else np.arange(data.n)
    first = np.unique(unit, return_index=True)[1]
    blocks = data.blocks[first]
    drawn = np.bincount(blocks, weights=data.treated[first], minlength=int(data.blocks.max()) + 1)
    share = drawn / np.maximum(np.bincount(blocks, minlength=drawn.size), 1)
    p = share[data.blocks]
    if np.ptp(p) <= 1e-12:
        return weights, words
    inverse = np.where(data.treated == 1, 1.0 / p, 1.0 / (1.0 - p))
    words = "Blocks have unequal shares treated: weighted by one over the probability of the own arm."
    return inverse if weights is None else inverse * weights, words


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """The bounds of the rows of one cell; `rows` are their positions among all."""

    rows: Codes
    rates: tuple[float, float]
    treated_is_better: bool
    usable: bool
    lower: Trimmed | None = None
    upper: Trimmed | None = None
    share_variance: float = math.nan
    untrimmed: Floats

    @classmethod
    def make(cls, data: Arrays, weights: Floats | None, chosen: np.ndarray) -> _Cell:
        rows = np.flatnonzero(chosen)
        w = np.ones(rows.size) if weights is None else weights[rows]
        y, treated = data.y[rows], data.treated[rows]
        arms = {1: w * treated, 0: w * (1 - treated)}
        seen = ~np.isnan(y)
        rates = tuple(float(arms[arm][seen].sum() / arms[arm].sum()) if arms[arm].sum() > 0 else 0.0 for arm in (1, 0))
        up = rates[0] >= rates[1]
        empty: dict[str, Any] = {"rows": rows, "rates": rates, "treated_is_better": up, "untrimmed": arms[0 if up else 1] * seen}
        if min(rates) <= 0.0:
            return cls(usable=False, **empty)
        sample = Sample(y=y, better=arms[1 if up else 0], worse=arms[0 if up else 1], rank=np.zeros(rows.size, dtype=np.int64))
        top, bottom = trimmed_difference(sample, from_top=True), trimmed_difference(sample, from_top=False)
        return cls(usable=True, lower=top if up else _turned(bottom), upper=bottom if up else _turned(top),
                   share_variance=share_variance(sample), **empty)

    @property
    def trimmed_share(self) -> float:
        return 1.0 - min(self.rates) / max(self.rates)

    @property
    def trimmed_arm(self) -> str:
        if self.rates[0] == self.rates[1]:
            return ""
        return "treatment" if self.treated_is_better else "control"


def _turned(one: Trimmed) -> Trimmed:
    """The bound of control less treatment as one of treatment less control."""
    return replace(one, value=-one.value, fractional=-one.fractional, influence=-one.influence)


def _by_cell(labels: Sequence[str], lower: _End, upper: _End) -> dict[str, FrozenMap]:
    return {} if len(labels) < 2 else {"cells": FrozenMap(dict(zip(labels, zip(lower.shares, lower.values, upper.values, strict=True), strict=True)))}


def _details(data: Arrays, whole: _Cell, weights: Floats | None, *, exact: bool) -> dict[str, Any]:
    """What else a reader may ask of bounds: the difference among respondents, how many there are to trim, and where the cuts lie."""
    seen, w = ~np.isnan(data.y), np.ones(data.n) if weights is None else weights
    means = [float(np.average(data.y[side], weights=w[side])) for side in (seen & (data.treated == 1), seen & (data.treated == 0))]
    trimmed = (data.treated == 1) == whole.treated_is_better
    found: dict[str, Any] = {"observed_difference": means[0] - means[1], "n_responded_trimmed": int((seen & trimmed).sum())}
    if exact and whole.lower is not None and whole.upper is not None:
        lower, upper = whole.lower, whole.upper
        found |= {"cut_lower": lower.cut, "cut_upper": upper.cut, "trimmed_share_std_error": math.sqrt(whole.share_variance / data.n),
                  "std_error_population": (math.sqrt(lower.variance_population), math.sqrt(upper.variance_population))}
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    value: float
    fractional: float
    std_error: float
    kept: int
    shares: tuple[float, ...]
    values: tuple[float, ...]


def _averaged(cells: Sequence[_Cell], whole: _Cell, which: str, clusters: Codes | None, *, exact: bool) -> _End:
    """One bound over cells: the weights are estimated too, and their influence enters the variance."""
    ends: list[Trimmed] = [getattr(cell, which) for cell in cells]
    # respondents of the arm that isn't trimmed over all, by cell
    mass = np.array([float(whole.untrimmed[cell.rows].sum()) for cell in cells])
    shares = mass / mass.sum()
    value = float(shares @ [end.value for end in ends])
    bound, weight = np.zeros(whole.rows.size), np.zeros(whole.rows.size)
    for cell, share, end in zip(cells, shares, ends, strict=True):
        bound[cell.rows] = share * end.influence
        weight[cell.rows] = whole.untrimmed[cell.rows] / mass.sum() * (end.value - value)
    if exact:
        variance = float(shares**2 @ [end.variance for end in ends]) + float((weight * (weight + 2.0 * bound)).sum())
        std_error = math.sqrt(max(variance, 0.0)) if not math.isnan(variance) else math.nan
    else:
        std_error = spread(bound + weight, clusters)
    return _End(value=value, fractional=float(shares @ [end.fractional for end in ends]), std_error=std_error, kept=sum(end.kept for end in ends),
                shares=tuple(map(float, shares)), values=tuple(end.value for end in ends))


def _cells(frame: DataFrame, data: Arrays, columns: Sequence[str]) -> tuple[Codes, tuple[str, ...]]:
    """The cell of each row, and the labels of the cells; a missing value is a value of its own."""
    if not columns:
        return np.zeros(data.n, dtype=np.int64), ("",)
    if data.outcome in columns:
        raise MissingError(Fault("the outcome can't tighten its own bounds", "tighten"))
    rows = frame[list(columns)].iloc[data.rows].reset_index(drop=True)
    cells = np.asarray(rows.groupby(list(columns), dropna=False, observed=True, sort=False).ngroup().to_numpy(), dtype=np.int64)
    first = np.unique(cells, return_index=True)[1]
    return cells, tuple(", ".join(map(str, label)) for label in rows.astype(object).iloc[first].itertuples(index=False))


def _constant(y: Floats) -> bool:
    seen = y[~np.isnan(y)]
    return bool(np.ptp(seen) <= 1e-12 * np.abs(seen).max(initial=0.0))


def _reasons(cells: Sequence[_Cell], whole: _Cell, lower: _End, upper: _End, *, one_cluster: bool, still: bool) -> list[str]:
    reasons = [ASSUMED]
    if not whole.trimmed_arm:
        reasons.append("Both arms respond alike, so nothing is trimmed.")
    against = sum(bool(cell.trimmed_arm) and cell.trimmed_arm != whole.trimmed_arm for cell in cells)
    if against and len(cells) > 1:
        reasons.append(f"In {against} of {len(cells)} cells the other arm is trimmed, which speaks against that assumption.")
    if still:
        reasons.append("The outcome has no variation, so there is no standard error.")
    elif one_cluster:
        reasons.append("There is one cluster only, so there is no variance between clusters.")
    elif math.isnan(lower.std_error + upper.std_error):
        reasons.append("A trimmed arm has one unit left, so there is no standard error.")
    return reasons


def _unknown(data: Arrays, conf_level: float, gone: Mapping[str, int], reason: str) -> Bounds:
    return Bounds(
        outcome=data.outcome, estimand="effect among those who respond in either arm", arm=data.arm, lower=math.nan, upper=math.nan,
        conf_level=conf_level, n=data.n, n_treated=data.n_treated, n_control=data.n_control, n_missing=int(np.isnan(data.y).sum()), method="lee",
        reason=" ".join((reason, *data.notes)), extra=FrozenMap(gone),
    )
