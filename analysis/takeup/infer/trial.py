"""A trial's null distribution: outcomes of a frame read, grouped and passed over the draws together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.design.assign import check_seed, layout
from takeup.design.redraw import Hidden
from takeup.design.scheme import scheme
from takeup.errors import EstimateError, Fault, InferError, collect, is_design
from takeup.estimate.arrays import arrays, choose_arm
from takeup.estimate.columns import columns_exist, numeric
from takeup.infer.anew import drawn_anew
from takeup.infer.compare import studentized as over_standard_error
from takeup.infer.null import Null, null_distribution
from takeup.infer.statistics import Group, columns, statistic

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.design.scheme import Scheme
    from takeup.estimate.arrays import Arrays

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Covariates = Sequence[str] | Mapping[str, Sequence[str]]

MOST_DRAWS = 100_000_000


@dataclass(frozen=True, slots=True, eq=False)
class TrialNull:
    """Null distributions of the outcomes asked for, in that order; column 0 of each is the observed assignment.

    Attributes
    ----------
    effects, variances : (outcomes, 1 + draws) in units of `scale` and its square
    statistics : (outcomes, 1 + draws) what is compared
    scale : (outcomes,) 0 for a constant outcome
    dose : (outcomes, 2, 1 + draws) effects on the dose and variances of it, and `joint` (outcomes, 1 + draws) the variances of outcome plus dose:
        what an interval needs; None without one
    dose_scale : (outcomes,)
    """

    data: tuple[Arrays, ...]
    found: Scheme
    null: Null
    effects: Floats
    variances: Floats
    statistics: Floats
    scale: Floats
    dose: Floats | None
    joint: Floats | None
    dose_scale: Floats


def trial_null(
    frame: DataFrame, outcomes: Sequence[str], design: Design, *, covariates: Covariates, method: str, studentized: bool, draws: int, seed: int,
    interval: bool, null: float, arm: object, backend: Executor | None,
) -> TrialNull:
    """Read the outcomes and make one pass for all of them.

    Raises
    ------
    DesignError, EstimateError, InferError
        Whatever keeps the draw from being made, the columns from being used or the options from being followed.
    """
    check_draws(draws)
    check_seed(seed)
    is_design(design, InferError)
    if isinstance(design.redraw, Hidden):
        raise InferError(Fault(design.redraw.said, remedy=design.redraw.remedy))
    drawn = scheme(frame, design)
    chosen = drawn.labels[1] if arm is None and len(drawn.labels) == 2 else choose_arm(frame[design.treatment], design, arm)
    code = next(code for code, label in enumerate(drawn.labels) if code and label == chosen)
    data = read(frame, outcomes, design, covariates, method, chosen)
    if drawn.drawer is not None and len(drawn.labels) > 2:
        everybody = frame.assign(**{design.treatment: frame[design.treatment].where(frame[design.treatment] == chosen, design.control)})
        whole = read(everybody, outcomes, design, covariates, method, chosen)
        made, scale = drawn_anew(drawn, code, whole, method=method, draws=draws, seed=seed, null=null, backend=backend)
        compared = over_standard_error(made.effects, made.variances) if studentized else made.effects
        return TrialNull(data=data, found=drawn, null=made, effects=made.effects, variances=made.variances, statistics=compared, scale=scale,
                         dose=None, joint=None, dose_scale=np.ones(len(data)))
    found = drawn.contrast(code)
    return null_of(data, found, design, method=method, studentized=studentized, draws=draws, seed=seed, interval=interval, null=null, backend=backend)


def null_of(
    data: Sequence[Arrays], found: Scheme, design: Design, *, method: str, studentized: bool, draws: int, seed: int, interval: bool = False,
    null: float = 0.0, backend: Executor | None = None,
) -> TrialNull:
    """The null distributions of outcomes that have been read; `found` is the draw of their two arms."""
    place = layout(found)
    groups = _groups(data, method, null)
    made = [columns(group, interval=interval) for group in groups]
    statistics = tuple(statistic(group, part.values, design, method, found, place, studentized=studentized)
                       for group, part in zip(groups, made, strict=True))
    passed = null_distribution(found, place, statistics, draws=draws, seed=seed, backend=backend)
    k = len(data)
    own, dosed, joined = (np.zeros(k, dtype=np.int64) for _ in range(3))
    scale, dose_scale = np.empty(k), np.ones(k)
    row = 0
    for group, part in zip(groups, made, strict=True):
        positions, size = np.array(group.positions), len(group.positions)
        scale[positions], dose_scale[positions] = part.scale, part.dose_scale
        own[positions], dosed[positions], joined[positions] = row + np.arange(size), row + size, row + size + 1 + np.arange(size)
        row += part.values.shape[1]
    effects, variances = _picked(passed.effects, own), _picked(passed.variances, own)
    if (scale == 0).any():
        effects, variances = (np.where(scale[:, None] == 0, np.nan, values) for values in (effects, variances))
    dose = np.stack([passed.effects[dosed], passed.variances[dosed]], axis=1) if interval else None
    joint = passed.variances[joined] if interval else None
    return TrialNull(data=tuple(data), found=found, null=passed, effects=effects, variances=variances,
                     statistics=over_standard_error(effects, variances) if studentized else effects, scale=scale, dose=dose, joint=joint,
                     dose_scale=dose_scale)


def _picked(values: Floats, rows: Ints) -> Floats:
    """Some rows; no copy is made of all of them."""
    return values if rows.size == len(values) and (rows == np.arange(rows.size)).all() else values[rows]


def check_draws(draws: int) -> None:
    """Draws are a whole number above zero."""
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or not 0 < draws <= MOST_DRAWS:
        raise InferError(Fault("the number of draws is a whole number", "draws", f"1 to {MOST_DRAWS:,}"))


def names_of(outcomes: str | Sequence[str]) -> tuple[str, ...]:
    """The outcomes asked for, each once."""
    names = (outcomes,) if isinstance(outcomes, str) else tuple(outcomes)
    if not names:
        raise InferError(Fault("no outcome is named", "outcomes"))
    if len(set(names)) < len(names):
        raise InferError(Fault("an outcome is named more than once", "outcomes"))
    return names


def read(frame: DataFrame, outcomes: Sequence[str], design: Design, covariates: Covariates, method: str, arm: object) -> tuple[Arrays, ...]:
    """The arrays of each outcome; outcomes with the same missing rows and covariates are read once."""
    unknown = [name for name in covariates if name not in outcomes] if isinstance(covariates, Mapping) else []
    if unknown:
        raise InferError(Fault(f'covariates are given for "{unknown[0]}", which isn\'t among the outcomes', "covariates"))
    found: list[Arrays] = []
    faults: list[Fault] = []
    read: dict[tuple[bytes, tuple[str, ...]], Arrays] = {}
    for outcome in outcomes:
        own = covariates.get(outcome, ()) if isinstance(covariates, Mapping) else covariates
        own = () if method == "difference_in_means" else (own,) if isinstance(own, str) else tuple(own)
        try:
            columns_exist(frame, (outcome,))
            y = numeric(frame[outcome], outcome)
            pattern = (np.isnan(y).tobytes(), own)
            if pattern in read and outcome not in own:
                found.append(replace(read[pattern], outcome=outcome, y=y[read[pattern].rows]))
                continue
            one = arrays(frame, outcome, design, covariates=own, arm=arm, needs=("received",) if method == "cace" else ())
            found.append(read.setdefault(pattern, one))
        except EstimateError as error:
            faults += [fault for fault in error.faults if fault not in faults]
    collect(EstimateError, faults)
    return tuple(found)


def _groups(data: Sequence[Arrays], method: str, null: float) -> list[Group]:
    """Outcomes with the same rows and covariates together, in order of first appearance."""
    members: dict[tuple[bytes, tuple[str, ...]], list[int]] = {}
    for position, one in enumerate(data):
        members.setdefault((one.rows.tobytes(), one.names), []).append(position)
    groups = []
    for positions in members.values():
        first = data[positions[0]]
        dose = first.treated
        if method == "cace":
            assert first.received is not None
            dose = first.received
        y = np.column_stack([data[place].y - null * dose for place in positions])
        groups.append(Group(data=first, positions=tuple(positions), y=y, dose=dose))
    return groups
