"""The plan's outcomes as columns: `ID` at follow-up and `ID.baseline` before the draw, beside the columns of the units.

From here on only an outcome's id travels; no room after this one knows from which columns it was made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from takeup.errors import Fault, MeasureError, TakeupError, collect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pandas import DataFrame, Series

    from takeup.intake.trial import TrialData
    from takeup.measure.rights import Rights
    from takeup.plan.model import Outcome, Plan

BASELINE = ".baseline"
"""What follows an outcome's id in the name of its baseline column."""


EDGE = 1e-6
"""How far a value may lie outside the support: files in single precision are off by less."""


def baseline_of(outcome: Outcome) -> str | None:
    """The analysis frame's column with the outcome's own baseline, None where it wasn't measured before the draw."""
    return outcome.id + BASELINE if outcome.has_baseline else None


def analysis_frame(plan: Plan, trial: TrialData, rights: Rights | None = None) -> DataFrame:
    """The units with the plan's outcomes added, one column an outcome and one more where it has a baseline.

    Parameters
    ----------
    plan : Plan
    trial : TrialData
    rights : Rights, optional
        The catalogue and the rights that the units hold (`measure.rights`), for outcomes made of a right.

    Returns
    -------
    DataFrame
        One row a unit: the columns of ``trial.units``, then the outcomes as float64 with nan for missing. A column comes as it is, a
        scale by its own scoring rule, an index over the outcomes it names (those for which `better` points the other way turned round).

    Raises
    ------
    MeasureError
        All outcomes that can't be made, at once: an unknown scale, text where numbers are needed, a binary outcome with other values
        than 0 and 1, values outside the support, an id that is already the name of another column.
    """
    units = trial.units
    faults = _parts_fault(plan)
    made: dict[str, Series] = {}
    for position, outcome in enumerate(plan.outcomes):
        faults += _clash(units, trial, outcome, position)
        for wave, name in () if outcome.index else _columns(outcome):
            try:
                made[name] = _observed(units, plan, trial, outcome, wave, rights)
            except TakeupError as error:
                faults += [_placed(fault, position) for fault in error.faults]
    collect(MeasureError, [*faults, *_values(made, plan)])
    frame: DataFrame = units.assign(**made)
    for position, outcome in enumerate(plan.outcomes):
        for _, name in _columns(outcome) if outcome.index else ():
            try:
                frame[name] = _index(frame, plan, trial, outcome, baseline=name.endswith(BASELINE))
            except TakeupError as error:
                faults += [_placed(fault, position) for fault in error.faults]
    collect(MeasureError, faults)
    return frame


def _columns(outcome: Outcome) -> list[tuple[str, str]]:
    """Wave and column name of what is made: follow-up, and baseline where there is one."""
    columns = [(outcome.follow_up, outcome.id)]
    baseline = baseline_of(outcome)
    return columns if baseline is None else [*columns, (outcome.waves[0], baseline)]


def _observed(units: DataFrame, plan: Plan, trial: TrialData, outcome: Outcome, wave: str, rights: Rights | None) -> Series:
    if outcome.right is not None:
        from pandas import Series

        from takeup.measure.rights import outcome_values

        return Series(outcome_values(rights, outcome, wave), index=units.index, dtype="float64")
    if outcome.scale is not None or outcome.rule is not None:
        from takeup.measure.scales import score

        items = items_at(plan, trial, outcome, wave)
        return score(units, outcome.scale or _stated(outcome, items), items).astype("float64")
    return _numbers(units[trial.outcome_column(outcome, wave)])


def items_at(plan: Plan, trial: TrialData, outcome: Outcome, wave: str) -> list[str]:
    """The units' columns of an outcome's items at a wave, in the order of the plan."""
    return [item_column(plan, trial, item, wave) for item in outcome.items]


def _stated(outcome: Outcome, items: list[str]) -> dict[str, object]:
    """The plan's own scoring rule for these columns, in the form that scales are scored by."""
    assert outcome.rule is not None
    turned = {name.rpartition(".")[2] for name in outcome.rule.reverse}
    said = outcome.rule.model_dump(exclude_none=True)
    return {**said, "range": list(outcome.rule.range), "reverse": [name for name in items if name.rpartition(".")[2] in turned]}


def item_column(plan: Plan, trial: TrialData, item: str, wave: str) -> str:
    """The units' column of a scale's item at a wave."""
    if "." in item:
        return trial.resolve(item)
    tables = [name for name, table in plan.data.items() if (table.wave or name) == wave and name in trial.schemas]
    holding = [name for name in tables if any(field.name == item for field in trial.schemas[name].fields)]
    return trial.resolve(f"{holding[0]}.{item}" if len(holding) == 1 else item)


def _numbers(column: Series) -> Series:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if not (is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype)):
        try:
            column = column.astype("object").astype("Float64")
        except (TypeError, ValueError):
            raise MeasureError(Fault("holds text or categories where an outcome needs numbers", "column")) from None
    return column.astype("Float64").astype("float64")


def _index(frame: DataFrame, plan: Plan, trial: TrialData, outcome: Outcome, *, baseline: bool) -> Series:
    from takeup.measure import indices

    make: Callable[..., Series] = indices.klk_index if outcome.index_method == "klk" else indices.anderson_index
    parts = [plan.outcome(name) for name in outcome.index]
    columns = [part.id + BASELINE if baseline else part.id for part in parts]
    turned = [column for column, part in zip(columns, parts, strict=True) if part.better != outcome.better]
    if trial.drawn is None:
        return _of_one_group(make, frame, parts, outcome, baseline=baseline)
    return make(frame, columns, trial.design, reverse=turned).astype("float64")


def _of_one_group(make: Callable[..., Series], frame: DataFrame, parts: list[Outcome], outcome: Outcome, *, baseline: bool) -> Series:
    """An index of a study without arms: at both waves in the units of the first, whose people stand for control."""
    import pandas as pd

    from takeup.design import Design

    names = [part.id for part in parts]
    waves = [frame[[name + end for name in names]].set_axis(names, axis=1).assign(takeup_wave=place) for place, end in enumerate((BASELINE, ""))]
    turned = [part.id for part in parts if part.better != outcome.better]
    both = make(pd.concat(waves, ignore_index=True), names, Design("takeup_wave", 0), reverse=turned)
    mine = both.iloc[: len(frame)] if baseline else both.iloc[len(frame):]
    return mine.set_axis(frame.index).astype("float64")


def _parts_fault(plan: Plan) -> list[Fault]:
    """What is wrong with the parts that indices name."""
    by_id: Mapping[str, Outcome] = {outcome.id: outcome for outcome in plan.outcomes}
    faults = []
    for position, outcome in enumerate(plan.outcomes):
        where = f"outcomes[{position}].index"
        nested = [name for name in outcome.index if by_id[name].index]
        if nested:
            faults.append(Fault(f"{', '.join(nested)} is an index itself", where, remedy="Name the outcomes it is made of."))
        bare = [name for name in outcome.index if outcome.has_baseline and not by_id[name].has_baseline]
        if bare:
            faults.append(Fault(f"{', '.join(bare)} has no baseline, so the index has none", where, remedy="Leave the baseline out of its waves."))
    return faults


def _clash(units: DataFrame, trial: TrialData, outcome: Outcome, position: int) -> list[Fault]:
    """An outcome's id may be the name of the column it is made of, and of no other."""
    own = set()
    if outcome.column is not None:
        try:
            own = {trial.outcome_column(outcome, wave) for wave in outcome.waves}
        except TakeupError:
            return []  # said already
    taken = [name for _, name in _columns(outcome) if name in units.columns and name not in own]
    return [Fault(f'the id "{outcome.id}" is the name of another column', f"outcomes[{position}].id", remedy="Choose another id.") for _ in taken[:1]]


def _values(made: Mapping[str, Series], plan: Plan) -> list[Fault]:
    """Values that the plan says an outcome can't have, counted and not shown."""
    faults = []
    for position, outcome in enumerate(plan.outcomes):
        for _, name in _columns(outcome):
            if name not in made:
                continue
            values = made[name].to_numpy(dtype=float)
            values = values[~np.isnan(values)]
            where = f"outcomes[{position}]"
            if outcome.kind == "binary":
                odd = int((~np.isin(values, (0.0, 1.0))).sum())
                fault = Fault(f"{odd} values of the binary outcome are neither 0 nor 1", f"{where}.kind", "0 and 1", "Recode them in the crosswalk.")
            else:
                low, high = outcome.support or (-np.inf, np.inf)
                odd = int(((values < low - EDGE) | (values > high + EDGE)).sum())
                fault = Fault(f"{odd} values lie outside the support", f"{where}.support", f"{low:g} to {high:g}")
            if odd:
                faults.append(fault)
    return faults


def _placed(fault: Fault, position: int) -> Fault:
    """A fault of one outcome with its path in the plan."""
    where = fault.where if fault.where.startswith("outcomes[") else f"outcomes[{position}]{'.' + fault.where if fault.where else ''}"
    return Fault(fault.what, where, fault.allowed, fault.remedy)
