"""Compliance with assignment: who received the programme in each arm, how much assignment moved that, and who the compliers are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from takeup.describe.compliers import complier_profile, received_column
from takeup.estimate.arrays import Floats, arrays
from takeup.estimate.columns import numeric
from takeup.estimate.linear import ROUNDING, ancova
from takeup.results import NAN, Estimate, FrozenMap, Provenance, Result, ResultSet, Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame

    from takeup.design import Design

__all__ = ["ArmReceipt", "Compliance", "DoseStep", "compliance", "complier_profile"]

STEPS = 12
"""A dose with more distinct values than this is shown at this many quantiles of those who received any."""
CAVEAT = (
    "People with different doses chose them: outcomes by dose received aren't effects of dose. Only the arms as assigned compare like with like."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmReceipt(Result):
    """One arm: rows assigned with a known receipt, those who received any of the programme, and the dose.

    `rate` is received / n; `mean_dose` and `sd_dose` (n - 1) are over all n, nan for a 0/1 programme; `n_missing` rows have no receipt recorded.
    """

    arm: str
    n: int
    received: int
    rate: float
    mean_dose: float = NAN
    sd_dose: float = NAN
    n_missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseStep(Result):
    """One rung of the dose ladder: shares of both arms that received at least `dose`.

    `weight` is the share of the effect per unit of dose that this step carries (Angrist and Imbens 1995, theorem 1); nan where
    the ladder shows quantiles only. A negative weight contradicts monotonicity.
    """

    dose: float
    treated: int
    control: int
    share_treated: float
    share_control: float
    weight: float = NAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Compliance(Result):
    """Take-up of the programme by arm.

    Attributes
    ----------
    outcome : str
        The column of what was received.
    arm, control : str
        The two arms that `share` compares.
    sided : {"one", "two"}
        one: at most one of the two arms departs from its assignment. two: some controls received the programme and some of the
        treated didn't (for a dose: some controls received any, and some of the treated none).
    share : Estimate
        Effect of assignment on receiving (the first stage, with blocks and the design's variance): the share of compliers.
    first_stage_f : float
        The square of its t; inf when everybody complies.
    always_takers, never_takers : float
        Shares of people who receive, or don't, whatever their arm: the control rate and one less the treated rate, assuming nobody
        defies. People are counted, not weighted, here and in `arms`; `share` has the design's weights and blocks.
    dose : bool
        Whether what was received is an amount.
    arms : tuple of ArmReceipt
        Control first, then every treated arm.
    ladder : tuple of DoseStep
        For a dose, from low to high; the treated below the lowest step received nothing (`refusals`).
    """

    outcome: str
    arm: str
    control: str
    sided: Literal["one", "two"]
    share: Estimate
    first_stage_f: float
    always_takers: float
    never_takers: float
    dose: bool
    arms: tuple[ArmReceipt, ...]
    ladder: tuple[DoseStep, ...] = ()
    n: int = 0
    n_missing: int = 0
    reason: str = ""
    extra: FrozenMap = field(default_factory=FrozenMap)
    provenance: Provenance = field(default_factory=Provenance)

    @property
    def refusals(self) -> int:
        """People assigned to the arm who received nothing."""
        return next(row.n - row.received for row in self.arms if row.arm == self.arm)

    def to_frame(self) -> DataFrame:
        """One row an arm: arm, n, received, rate, mean_dose, sd_dose, n_missing."""
        from pandas import DataFrame

        return DataFrame([row.to_dict() for row in self.arms])

    def results(self) -> ResultSet:
        """The same as single results: counts and shares of each arm, the ladder, and the first stage."""
        return ResultSet((*self._statistics(), self.share))

    def _statistics(self) -> Iterator[Statistic]:
        for row in self.arms:
            fixed = {"table": "compliance", "variable": self.outcome, "arm": row.arm, "n": row.n}
            yield Statistic(**fixed, kind="count", value=float(row.n), count=row.n, unit="people")  # type: ignore[arg-type]
            yield Statistic(**fixed, level="received", kind="share", value=row.rate, count=row.received,  # type: ignore[arg-type]
                            reason="" if row.n else "Nobody in this arm has a receipt on record.")
            if self.dose:
                for kind, value in (("mean", row.mean_dose), ("sd", row.sd_dose)):
                    reason = "Too few people for it." if math.isnan(value) else ""
                    yield Statistic(**fixed, level="dose", kind=kind, value=value, reason=reason)  # type: ignore[arg-type]
        for step in self.ladder:
            for arm, count, share in ((self.control, step.control, step.share_control), (self.arm, step.treated, step.share_treated)):
                total = next(row.n for row in self.arms if row.arm == arm)
                yield Statistic(table="dose_ladder", variable=self.outcome, level=f"at least {step.dose:g}", arm=arm, kind="share", value=share,
                                n=total, count=count, reason=CAVEAT, extra=FrozenMap(weight=step.weight))


def compliance(frame: DataFrame, design: Design, *, arm: object = None, conf_level: float = 0.95) -> Compliance:
    """Describe who received the programme, by arm, and how much assignment moved it.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    design : `received` is needed: 0/1, or a numeric dose
    arm : which treated arm the first stage compares with control, where there are several
    conf_level : of the first stage's interval

    Returns
    -------
    Compliance

    Raises
    ------
    EstimateError, DescribeError
        Unknown or unusable columns, `received` not declared, an arm without a known receipt.

    Notes
    -----
    Shares of always-takers, never-takers and compliers assume monotonicity (Angrist, Imbens and Rubin 1996): nobody receives the
    programme because of being assigned to control.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1] * 4 + [0] * 4, "came": [1, 1, 0, 1, 0, 0, 0, 0]})
    >>> found = tu.compliance(trial, tu.Design("arm", 0, received="came"))
    >>> found.sided, round(found.share.estimate, 3)
    ('one', 0.75)
    """
    column = received_column(design)
    data = arrays(frame, column, design, arm=arm, needs=("received",))
    dose = not bool(np.isin(data.y, (0.0, 1.0)).all())
    share = ancova(frame, column, design, arm=arm, conf_level=conf_level).replace(estimand="take-up", method="first_stage")
    treated, control = data.y[data.treated == 1], data.y[data.treated == 0]
    all_treated, no_control = bool((treated > 0).all()), bool((control == 0).all())
    exact = all_treated and no_control and not dose and min(treated.size, control.size) > 1  # a first stage without error
    strength = math.inf if exact and math.isnan(share.std_error) else share.statistic**2
    return Compliance(
        outcome=column, arm=data.arm, control=data.control, sided="one" if all_treated or no_control else "two", share=share,
        first_stage_f=strength, always_takers=float((control > 0).mean()), never_takers=float((treated == 0).mean()), dose=dose,
        arms=_arms(frame, design, column, dose=dose), ladder=_ladder(treated, control) if dose else (), n=data.n, n_missing=data.n_missing,
        reason=f"{share.reason} {CAVEAT}" if dose else share.reason,
    )


def _arms(frame: DataFrame, design: Design, column: str, *, dose: bool) -> tuple[ArmReceipt, ...]:
    values, assigned = numeric(frame[column], column), frame[design.treatment]
    labels = [design.control, *sorted((value for value in assigned.dropna().unique() if value != design.control), key=str)]
    rows = []
    for label in labels:
        here = values[np.asarray((assigned == label).to_numpy(dtype=bool, na_value=False))]
        known = here[~np.isnan(here)]
        rows.append(ArmReceipt(
            arm=str(label), n=int(known.size), received=int((known != 0).sum()), rate=float((known != 0).mean()) if known.size else NAN,
            mean_dose=float(known.mean()) if dose and known.size else NAN, sd_dose=float(known.std(ddof=1)) if dose and known.size > 1 else NAN,
            n_missing=int(here.size - known.size),
        ))
    return tuple(rows)


def _ladder(treated: Floats, control: Floats) -> tuple[DoseStep, ...]:
    """Shares with at least each dose above the lowest value; weights where every value is a step."""
    both = np.concatenate([treated, control])
    values = np.unique(both)
    steps, every = values[1:], values.size - 1 <= STEPS
    if not every:
        some = both[both > values[0]]
        steps = np.unique(np.quantile(some, np.arange(STEPS) / STEPS, method="inverted_cdf"))
    gap = np.diff(values)
    moved = float(treated.mean() - control.mean())
    out = []
    for position, step in enumerate(steps):
        above = [int((arm >= step).sum()) for arm in (treated, control)]
        shares = above[0] / treated.size, above[1] / control.size
        weight = gap[position] * (shares[0] - shares[1]) / moved if every and abs(moved) > ROUNDING * np.abs(values).max() else NAN
        counts = {"treated": above[0], "control": above[1], "share_treated": shares[0], "share_control": shares[1]}
        out.append(DoseStep(dose=float(step), weight=float(weight), **counts))  # type: ignore[arg-type]
    return tuple(out)
