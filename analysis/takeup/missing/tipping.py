"""How wrong must the imputation be to change the conclusion: delta-adjusted imputation and its tipping points."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.errors import Fault, MissingError, collect
from takeup.estimate.columns import Floats, columns_exist, numeric
from takeup.missing.impute import impute
from takeup.missing.pool import pool
from takeup.results import NAN, Estimate, Provenance, Result, ResultSet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pandas import DataFrame

    from takeup.design import Design


@dataclass(frozen=True, slots=True, kw_only=True)
class TippingPoint(Result):
    """The pooled estimate as missing outcomes are moved away from where the imputation put them.

    Attributes
    ----------
    deltas : tuple of float
        What was added to the imputed outcomes of the moved arm, in the outcome's units, in order.
    estimates : tuple of Estimate
        Pooled, one a delta.
    moved : {"treatment", "control", "both"}
    below, above : float
        The delta nearest to 0, below and above it, at which the interval starts or stops to hold 0 (between two deltas by linear
        interpolation of the limit that crosses); nan where that doesn't happen within the deltas.
    """

    outcome: str
    moved: str
    deltas: tuple[float, ...]
    estimates: tuple[Estimate, ...]
    below: float = NAN
    above: float = NAN
    n_imputed: int = 0
    reason: str = ""
    provenance: Provenance = field(default_factory=Provenance)

    def results(self) -> ResultSet:
        """One estimate a delta; `term` says which."""
        return ResultSet(tuple(one.replace(term=f"delta {delta:+g}") for delta, one in zip(self.deltas, self.estimates, strict=True)))

    def to_frame(self) -> DataFrame:
        """One row a delta: delta, estimate, std_error, conf_low, conf_high, p_value."""
        from pandas import DataFrame

        names = ("estimate", "std_error", "df", "conf_low", "conf_high", "p_value")
        rows = [{"delta": delta, **{name: getattr(one, name) for name in names}} for delta, one in zip(self.deltas, self.estimates, strict=True)]
        return DataFrame(rows)


def tipping_point(
    frame: DataFrame, outcome: str, design: Design, *, columns: Sequence[str] = (), covariates: Sequence[str] = (),
    deltas: Sequence[float] | None = None,
    moved: Literal["treatment", "control", "both"] = "treatment", method: Literal["ancova", "lin", "difference_in_means"] = "ancova", m: int = 20,
    seed: int = 0, arm: object = None, conf_level: float = 0.95,
) -> TippingPoint:
    """Add delta to the imputed outcomes of an arm, estimate again, and find where the conclusion turns.

    Parameters
    ----------
    frame, outcome, design : as everywhere
    columns : further columns of the imputation model; the outcome and the covariates are in it
    covariates : of the estimator
    deltas : in the outcome's units; 21 steps from -1 to 1 standard deviation of the observed control outcomes when None
    moved : the arm whose imputed outcomes are moved; "both" moves them in opposite directions (treated by delta, controls by -delta)
    method : the estimator of each completed data set
    m, seed : of the imputation, made once
    arm : which treated arm, where there are several

    Returns
    -------
    TippingPoint

    Raises
    ------
    MissingError, EstimateError
        Unusable columns and options, as `impute` and the estimator say.

    Notes
    -----
    At delta 0 this is the analysis under missing at random; delta is how much worse (better) non-respondents fare than respondents alike
    in all columns. Source: Rubin (1977); Carpenter and Kenward (2013), Multiple Imputation and its Application, section 10.3.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> from takeup.missing.tipping import tipping_point
    >>> trial = pd.DataFrame({"arm": [1, 0] * 8, "y": [5, 1, 6, 2, 4, 3, 5, 2, 6, None, None, 1, 5, 3, 4, 2]})
    >>> curve = tipping_point(trial, "y", tu.Design("arm", 0), deltas=[-20, -10, 0], m=5, method="difference_in_means")
    >>> curve.estimates[2].estimate > curve.estimates[0].estimate, -20 < curve.below < 0
    (True, True)
    """
    estimator = _estimator(method)
    covariates = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    columns_exist(frame, (outcome, *design.columns, *covariates))
    values = numeric(frame[outcome], outcome)
    steps = _steps(values[(frame[design.treatment] == design.control).to_numpy(dtype=bool, na_value=False)], deltas, moved)
    names = tuple(dict.fromkeys((outcome, *covariates, *((columns,) if isinstance(columns, str) else columns))))
    completed = impute(frame, design, columns=names, m=m, seed=seed)
    absent = np.isnan(values)
    is_control = (frame[design.treatment] == design.control).to_numpy(dtype=bool)
    direction = {"treatment": ~is_control, "control": is_control, "both": np.where(is_control, -1.0, 1.0)}[moved] * absent
    options: dict[str, Any] = {"arm": arm, "conf_level": conf_level} | ({} if method == "difference_in_means" else {"covariates": covariates})
    bases = [numeric(one[outcome], outcome) for one in completed]
    pairs = list(zip(completed, bases, strict=True))
    estimates = tuple(
        pool([estimator(one.assign(**{outcome: base + delta * direction}), outcome, design, **options) for one, base in pairs]) for delta in steps
    )
    below, above, reason = _crossings(steps, estimates)
    return TippingPoint(
        outcome=outcome, moved=moved, deltas=tuple(map(float, steps)), estimates=estimates, below=below, above=above, n_imputed=int(absent.sum()),
        reason=reason, provenance=Provenance(seed=seed),
    )


def _estimator(method: str) -> Callable[..., Estimate]:
    from takeup.estimate.difference import difference_in_means
    from takeup.estimate.linear import ancova, lin

    known: dict[str, Callable[..., Estimate]] = {"ancova": ancova, "lin": lin, "difference_in_means": difference_in_means}
    if method not in known:
        raise MissingError(Fault(f'"{method}" is no estimator of this curve', "method", ", ".join(known)))
    return known[method]


def _steps(control: Floats, deltas: Sequence[float] | None, moved: str) -> Floats:
    faults = []
    if moved not in {"treatment", "control", "both"}:
        faults.append(Fault(f'"{moved}" is no arm to move', "moved", "treatment, control, both"))
    if deltas is None:
        seen = control[~np.isnan(control)]
        if seen.size < 2 or np.ptp(seen) == 0:
            faults.append(Fault("the observed control outcomes don't vary, so there is no standard deviation to step by", "deltas",
                                remedy="Give the deltas in the outcome's units."))
        collect(MissingError, faults)
        return np.asarray(np.linspace(-1.0, 1.0, 21) * seen.std(ddof=1))
    steps = np.asarray(sorted(float(delta) for delta in deltas))
    if not steps.size or not np.isfinite(steps).all():
        faults.append(Fault("are finite numbers, at least one", "deltas"))
    collect(MissingError, faults)
    return steps


def _crossings(steps: Floats, estimates: tuple[Estimate, ...]) -> tuple[float, float, str]:
    """Where the interval's relation to 0 changes, nearest to delta 0 on either side."""
    low, high = np.array([one.conf_low for one in estimates]), np.array([one.conf_high for one in estimates])
    if np.isnan(low + high).any():
        return math.nan, math.nan, "Some deltas have no interval, so no tipping point is looked for."
    points: list[float] = []
    for limit in (low, high):
        for i in np.flatnonzero(np.sign(limit[1:]) * np.sign(limit[:-1]) <= 0):
            step = limit[i + 1] - limit[i]
            points.append(float(steps[i] - limit[i] * (steps[i + 1] - steps[i]) / step) if step != 0 else float(steps[i]))
    under, over = [point for point in points if point <= 0], [point for point in points if point >= 0]
    reason = "" if points else "The conclusion is the same at every delta."
    return max(under, default=math.nan), min(over, default=math.nan), reason
