"""Effects by subgroup from one joint model, the contrasts between them, and one test that they are equal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import EstimateError, Fault, is_design
from takeup.estimate.arrays import Arrays, Codes, Floats, arrays, choose_arm, dummies
from takeup.estimate.columns import columns_exist
from takeup.estimate.linear import Fit, combination, least_squares, left_out, noted, thin, uncertainty
from takeup.estimate.rules import Inference, assignment_weights, choose
from takeup.estimate.tails import check_level
from takeup.estimate.wald import wald
from takeup.results import Estimate, FrozenMap, ResultSet, Test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame, Series

    from takeup.design import Design

MOST_LEVELS = 20
"""A column with more values than this isn't a subgroup: it has to be grouped first."""


def subgroups(
    frame: DataFrame, outcome: str, by: str, design: Design, *, covariates: Sequence[str] = (), conf_level: float = 0.95,
    se_type: str | None = None, df: str | None = None, arm: object = None,
) -> ResultSet:
    """Effect of assignment within each level of `by`, each level's contrast with the first, and the joint test that all are equal.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column name, in any units; the estimates are in the same units
    by : column measured before assignment whose values define the subgroups; categories keep their order, numbers are sorted
    covariates : additive, with slopes common to the levels; the design's blocks enter as dummies
    se_type, df : as in `ancova`; None leaves them to the design

    Returns
    -------
    ResultSet
        In this order: an `Estimate` a level (term "by: level"), an `Estimate` a further level for its contrast with the first
        (term "by: level - first"), and a `Test` (term "by: joint"): Wald's F that all contrasts are zero, with the design's variance; with
        HC2 or CR2 the denominator is that of the HTZ test.

    Raises
    ------
    EstimateError
        Unknown or unusable columns; fewer than two levels, or too many.

    Notes
    -----
    Whether subgroups differ is read from the contrasts and the joint test, never from one level being significant and another not.
    Assumes assignment as declared. Sources: Tipton and Pustejovsky (2015), Journal of Educational and Behavioral Statistics 40, section 3.2.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 0] * 6, "lone": ["no"] * 6 + ["yes"] * 6, "score": [5, 4, 6, 4, 7, 6, 9, 4, 8, 5, 9, 3]})
    >>> found = tu.subgroups(trial, "score", "lone", tu.Design("arm", 0))
    >>> [(row.term, round(row.estimate, 2)) for row in found[:3]]
    [('lone: no', 1.33), ('lone: yes', 4.67), ('lone: yes - no', 3.33)]
    >>> found["lone: joint"].df
    1.0
    """
    check_level(conf_level)
    covariates = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    is_design(design, EstimateError)
    columns_exist(frame, (outcome, by, *design.columns, *covariates))
    _allowed(by, outcome, design)
    known = frame[frame[by].notna()]
    data = arrays(known, outcome, design, covariates=[name for name in covariates if name != by], arm=arm)
    unknown = _without_level(frame, by, design, arm)
    data = replace(data, n_missing=data.n_missing + unknown)
    names, position = _levels(known[by].iloc[data.rows], by)
    weights, words = assignment_weights(data, data.blocks)
    inference = choose(data, design, se_type=se_type, df=df, fixed_effects=data.blocks is not None)
    fit, first = _fit(data, position, weights)
    # block dummies come after the levels' own and lose their first by design, which needs no sentence
    data = noted(data, words, left_out(fit, data.names, first - len(data.names)),
                 f"{unknown} rows without a value of {by} are left out." if unknown else "")
    rows: list[Estimate | Test] = []
    for level, name in enumerate(names):
        found = combination(data, fit, _unit(fit, {first + level: 1.0}), inference, method="subgroups", conf_level=conf_level, term=f"{by}: {name}",
                            extra={"by": by, "level": name})
        rows.append(_counted(found, data, position == level, inference))
    for level, name in enumerate(names[1:], start=1):
        rows.append(combination(data, fit, _unit(fit, {first + level: 1.0, first: -1.0}), inference, method="subgroups", conf_level=conf_level,
                                estimand="ITT contrast", term=f"{by}: {name} - {names[0]}", extra={"by": by, "level": name, "reference": names[0]}))
    rows.append(_joint(data, fit, first, len(names), inference, by=by, conf_level=conf_level))
    return ResultSet(tuple(rows))


def _fit(data: Arrays, position: Codes, weights: Floats | None) -> tuple[Fit, int]:
    """One regression with an intercept and an effect for each level; the effects' first column."""
    levels = dummies(position)
    blocks = np.zeros((data.n, 0)) if data.blocks is None else dummies(data.blocks)
    base = np.column_stack([levels, blocks, data.covariates])
    return least_squares(np.column_stack([base, levels * data.treated[:, None]]), data.y, weights), base.shape[1]


def _unit(fit: Fit, places: dict[int, float]) -> Floats:
    contrast = np.zeros(fit.kept.size)
    for place, value in places.items():
        contrast[place] = value
    return contrast


def _counted(found: Estimate, data: Arrays, inside: np.ndarray, inference: Inference) -> Estimate:
    """The same with the counts of the level."""
    treated = int(data.treated[inside].sum())
    clusters = None if inference.clusters is None else int(np.unique(inference.clusters[inside]).size)
    return found.replace(n=int(inside.sum()), n_treated=treated, n_control=int(inside.sum()) - treated, n_clusters=clusters)


def _joint(data: Arrays, fit: Fit, first: int, levels: int, inference: Inference, *, by: str, conf_level: float) -> Test:
    there = [first + level for level in range(levels) if fit.kept[first + level]]
    contrasts = np.array([_unit(fit, {place: 1.0, there[0]: -1.0})[fit.kept] for place in there[1:]])
    trouble = thin(data, fit, inference)
    if len(there) < 2:
        trouble = "Fewer than two levels have both arms, so there can't be a joint test."
    scale = float(np.abs(data.y).max())
    for contrast in contrasts if not trouble else ():
        std_error, _, problem = uncertainty(fit, contrast, inference, scale=scale)
        trouble = trouble or ("" if std_error > 0 else problem)
    missing = levels - len(there)
    note = f"{missing} of {levels} levels lack an arm and aren't in the test." if missing and not trouble else ""
    kind = "HTZ: Hotelling's T-squared with estimated degrees of freedom." if inference.df_rule in {"bell_mccaffrey", "nested"} else "Wald F test."
    base: dict[str, Any] = {
        "outcome": data.outcome, "term": f"{by}: joint", "arm": data.arm, "n": data.n, "method": "subgroups", "conf_level": conf_level,
        "n_clusters": None if inference.clusters is None else int(np.unique(inference.clusters).size), "extra": FrozenMap(by=by, levels=levels),
    }
    if trouble:
        return Test(reason=" ".join(part for part in (trouble, kind, inference.reason) if part), **base)
    joint = wald(fit, contrasts, inference)
    reason = " ".join(part for part in (joint.problem, note, kind, inference.reason) if part)
    return Test(statistic=joint.statistic, df=joint.df, df_denominator=joint.df_denominator, p_value=joint.p_value, reason=reason, **base)


def _allowed(by: str, outcome: str, design: Design) -> None:
    if by in {outcome, design.treatment, design.received}:
        raise EstimateError(Fault("a subgroup is measured before assignment: the outcome, the arm and what was received can't be one", "by"))


def _without_level(frame: DataFrame, by: str, design: Design, arm: object) -> int:
    """Rows of the two arms whose level isn't known."""
    assigned = frame[design.treatment]
    chosen = choose_arm(assigned, design, arm)
    return int((frame[by].isna() & ((assigned == chosen) | (assigned == design.control)).fillna(value=False)).sum())


def _levels(column: Series, by: str) -> tuple[tuple[str, ...], Codes]:
    """Names of the levels in order, and each row's position among them."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    values = list(column.unique())
    if len(values) > MOST_LEVELS:
        raise EstimateError(Fault(f"has {len(values)} different values, at most {MOST_LEVELS} make subgroups", by, remedy="Group them first."))
    if len(values) < 2:
        raise EstimateError(Fault("has one value only in the rows that are analysed", by))
    categories = getattr(column.dtype, "categories", None)
    numbers = is_numeric_dtype(column.dtype) and not is_bool_dtype(column.dtype)
    if categories is not None:
        ordered = [value for value in categories if value in set(values)]
    else:
        ordered = sorted(values) if numbers else sorted(values, key=str)
    position = np.zeros(len(column), dtype=np.int64)
    for place, value in enumerate(ordered):
        position[(column == value).to_numpy(dtype=bool, na_value=False)] = place
    return tuple(f"{value:g}" if numbers else str(value) for value in ordered), position
