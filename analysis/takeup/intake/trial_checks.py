"""What makes rows a trial: one assignment for each unit and cluster, known arms, waves that link, dates in order.

Each check takes checked frames and gives faults; rows are named by their number in the file, never by what they hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, IntakeError, listed
from takeup.intake.read import code_text, rows_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pandas import DataFrame, Series

    from takeup.intake.columns import Columns
    from takeup.plan.model import Plan


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Material:
    """The checked tables, the plan's columns and the files' names: what the checks work on."""

    plan: Plan
    columns: Columns
    frames: Mapping[str, DataFrame]
    files: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Material({len(self.frames)} tables)"

    @property
    def roster(self) -> DataFrame:
        """The table that lists the units."""
        return self.frames[self.columns.roster]

    def column(self, name: str | None) -> Series | None:
        """A column of the plan on the rows of the roster; None where it isn't named or can't be found."""
        if name is None:
            return None
        try:
            table, bare = self.columns.find(name)
        except IntakeError:
            return None
        if table == self.columns.roster:
            return self.roster[bare]
        if table not in self.frames:
            return None
        return joined(self.roster, self.frames[table], self.columns, table, [bare])[bare]

    def place(self, name: str) -> str:
        """File and column of a name in the plan."""
        table, bare = self.columns.find(name)
        return f"{self.files[table]}, column {bare}"


def joined(roster: DataFrame, other: DataFrame, columns: Columns, table: str, names: Sequence[str]) -> DataFrame:
    """Columns of another table on the rows of the roster; the first row where a key repeats, missing where there is none."""
    pointer, key = columns.lookups.get(table, (columns.unit, columns.unit))
    first = other.drop_duplicates(subset=[key])
    first = first[first[key].notna()].set_index(key)[list(names)]
    wide = {str(name): {"i": "Int64", "b": "boolean"}[dtype.kind] for name, dtype in first.dtypes.items() if getattr(dtype, "kind", "") in "ib"}
    out = first.astype(wide).reindex(roster[pointer].array)  # whole numbers stay whole where a unit has no row
    out.index = roster.index
    return out.astype({name: first.dtypes[name] for name in wide if not out[name].isna().any()})


def trial_faults(material: Material) -> list[Fault]:
    """Every fault between the rows of a trial."""
    found = [*_one_assignment(material), *_arms(material), *_draw_columns(material), *_dates(material), *_flow(material)]
    return found if len(material.roster) else [Fault("holds no row of data", material.files[material.columns.roster])]


def _rows(material: Material, mask: Any) -> str:
    return rows_in_words(material.roster.index.to_numpy()[mask])


def _one_assignment(material: Material) -> Iterator[Fault]:
    """A unit, and a cluster that was drawn whole, is in one arm."""
    roster, unit = material.roster, material.columns.unit
    treatment = material.column(material.plan.design.treatment)
    file = material.files[material.columns.roster]
    key = material.columns.schemas[material.columns.roster].primary_key
    twice = roster[unit].duplicated(keep=False).to_numpy() & roster[unit].notna().to_numpy()
    if twice.any() and key != (unit,):
        yield Fault(f"{int(twice.sum())} rows name a unit that has another row ({_rows(material, twice)})", f"{file}, column {unit}",
                    "one row a unit", "Remove the rows that were entered twice; if several are meant, let the primaryKey of the schema say so.")
    if treatment is None:
        return
    for name, drawn in (("unit", twice.any()), ("cluster", _whole_clusters(material.plan))):
        group = roster[unit] if name == "unit" else material.column(material.plan.design.clusters)
        if not drawn or group is None:
            continue
        mixed = _varies(group, treatment)
        if mixed.any():
            count = int(group[mixed].nunique())
            word = f"1 {name} stands" if count == 1 else f"{count} {name}s stand"
            remedy = {"unit": "Look up in the record of the draw which arm is right.",
                      "cluster": "Correct the arm, or let design.draw say that units were drawn and not clusters."}[name]
            where = material.place(material.plan.design.treatment)
            yield Fault(f"{word} in more than one arm ({_rows(material, mixed)})", where, f"one arm a {name}", remedy)


def _whole_clusters(plan: Plan) -> bool:
    return plan.design.draw in {"clustered", "blocked_clustered"} or (plan.design.draw == "pairs" and plan.design.clusters is not None)


def _varies(group: Series, value: Series) -> Any:
    """Rows of groups within which `value` isn't one and the same."""
    import pandas as pd

    keys, _ = pd.factorize(group)
    values, _ = pd.factorize(value)
    known = (keys >= 0) & (values >= 0)
    if not known.any():
        return np.zeros(len(group), dtype=bool)
    size = int(keys.max()) + 1
    low, high = np.full(size, np.iinfo(np.int64).max), np.full(size, -1)
    np.minimum.at(low, keys[known], values[known])
    np.maximum.at(high, keys[known], values[known])
    return known & (low != high)[np.where(keys >= 0, keys, 0)]


def _arms(material: Material) -> Iterator[Fault]:
    """Every unit has an arm, arms are those of the plan, and both control and treatment occur."""
    design = material.plan.design
    treatment = material.column(design.treatment)
    if treatment is None or not len(treatment):
        return
    where = material.place(design.treatment)
    empty = treatment.isna().to_numpy()
    status = material.column(material.plan.flow.status)
    unexplained = empty if status is None else empty & status.isna().to_numpy()
    if unexplained.any():
        yield Fault(f"{int(unexplained.sum())} units have no arm ({_rows(material, unexplained)})", where, "an arm for each unit",
                    "Fill it in, or let flow.status name the column that says why a unit wasn't randomised.")
    texts = treatment.map(arm_text, na_action="ignore")
    control = arm_text(design.control, boolean=treatment.dtype.kind == "b")
    if design.arms:
        known = {arm_text(arm, boolean=treatment.dtype.kind == "b") for arm in design.arms}
        strange = (~texts.isin(known)).to_numpy(dtype=bool) & ~empty
        if strange.any():
            yield Fault(f"{int(strange.sum())} units are in an arm that the plan doesn't name ({_rows(material, strange)})", where,
                        listed(design.arms), "Correct the arm, or name it under design.arms.")
    present = set(texts.dropna())
    if present and control not in present:
        yield Fault("no unit is in the control arm", "design.control", listed(design.arms) if design.arms else "a value of the treatment column",
                    f"Check control: against {where}.")
    elif present == {control}:
        yield Fault("no unit is in a treated arm", where, "at least two arms")


def arm_text(arm: object, *, boolean: bool = False) -> str:
    """An arm as text, to compare the plan's with the file's."""
    text = code_text(arm)
    return {"0": "false", "1": "true", "False": "false", "True": "true"}.get(text, text) if boolean else text


def _draw_columns(material: Material) -> Iterator[Fault]:
    """Blocks and clusters are known for each unit, a block holds whole clusters, and a probability is one."""
    design = material.plan.design
    for role, name in (("blocks", design.blocks), ("clusters", design.clusters)):
        column = material.column(name)
        if name is not None and column is not None and (empty := column.isna().to_numpy()).any():
            yield Fault(f"{int(empty.sum())} units have none ({_rows(material, empty)})", material.place(name),
                        f"a value for each unit, since it holds the {role} of the draw", "Fill the cells.")
    blocks, clusters = material.column(design.blocks), material.column(design.clusters)
    if blocks is not None and clusters is not None and _whole_clusters(material.plan) and (mixed := _varies(clusters, blocks)).any():
        assert design.blocks is not None
        yield Fault(f"{int(clusters[mixed].nunique())} clusters lie in more than one block ({_rows(material, mixed)})", material.place(design.blocks),
                    "one block a cluster", "Correct the block, or the cluster.")
    if isinstance(design.probability, str) and (chance := material.column(design.probability)) is not None:
        values = chance.to_numpy(dtype=float, na_value=np.nan)
        odd = ~((values > 0) & (values < 1))
        if odd.any():
            yield Fault(f"{int(odd.sum())} units have no chance of treatment between 0 and 1 ({_rows(material, odd)})",
                        material.place(design.probability), "more than 0 and less than 1")


def _dates(material: Material) -> Iterator[Fault]:
    """Baseline isn't later than the draw, and the draw comes before follow-up."""
    drawn = material.column(material.plan.design.assigned_on)
    if drawn is None:
        return
    for table, wave in material.columns.waves.items():
        entry = material.plan.data[table]
        bare = (entry.measured_on or "").rpartition(".")[2]
        if not bare or table not in material.frames or bare not in material.frames[table].columns:
            continue
        frame = material.frames[table]
        measured = joined(material.roster, frame, material.columns, table, [bare])[bare]
        after = material.columns.after_the_draw(table)
        if not after and wave not in material.columns.baseline:
            continue
        wrong = ((measured <= drawn) if after else (measured > drawn)).to_numpy(dtype=bool, na_value=False)
        if wrong.any():
            units = material.roster[material.columns.unit][wrong]
            rows = frame.index.to_numpy()[frame[material.columns.unit].isin(units).to_numpy()]
            said = "were followed up on or before the day of the draw" if after else "have their baseline after the day of the draw"
            yield Fault(f"{int(wrong.sum())} units {said} ({rows_in_words(rows)})", f"{material.files[table]}, column {bare}",
                        f"a date {'after' if after else 'not after'} {material.plan.design.assigned_on}", "Correct the dates, or take the rows out.")


def _flow(material: Material) -> Iterator[Fault]:
    """What the plan says was assessed and left out agrees with the rows that were randomised."""
    flow = material.plan.flow
    treatment = material.column(material.plan.design.treatment)
    if flow.assessed is None or treatment is None:
        return
    randomized = int(treatment.notna().sum())
    if flow.excluded and flow.assessed - sum(flow.excluded.values()) != randomized:
        yield Fault(f"{flow.assessed} assessed less {sum(flow.excluded.values())} left out make {flow.assessed - sum(flow.excluded.values())}, "
                    f"and the data hold {randomized} randomised units", "flow.assessed", remedy="Correct the numbers under flow, or the file.")
    elif flow.assessed < randomized:
        yield Fault(f"the data hold {randomized} randomised units, more than were assessed", "flow.assessed", f"{randomized} or more")

