"""What makes rows a trial: one assignment for each unit and cluster, known arms, waves that link, dates in order.

Each check takes checked frames and gives faults; rows are named by their number in the file, never by what they hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, IntakeError, listed
from takeup.intake.read import code_text, counted, rows_in_words

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


def _fault(
    material: Material, mask: Any, what: tuple[str, str, str], where: str, allowed: str = "", remedy: str = "", *, number: int | None = None
) -> Fault:
    """A fault of some rows of the roster: how many (rows, unless `number` counts something else), and which."""
    one, several, rest = what
    rows = rows_in_words(material.roster.index.to_numpy()[mask])
    return Fault(f"{counted(int(mask.sum()) if number is None else number, one, several)} {rest} ({rows})", where, allowed, remedy)


def _one_assignment(material: Material) -> Iterator[Fault]:
    """A unit, and a cluster that was drawn whole, is in one arm."""
    roster, unit, design = material.roster, material.columns.unit, material.plan.design
    treatment = material.column(design.treatment)
    place = material.place(design.treatment) if treatment is not None and design.treatment is not None else ""
    twice = roster[unit].duplicated(keep=False).to_numpy() & roster[unit].notna().to_numpy()
    if twice.any() and material.columns.schemas[material.columns.roster].primary_key != (unit,):
        where = f"{material.files[material.columns.roster]}, column {unit}"
        yield _fault(material, twice, ("row names", "rows name", "a unit that has another row"), where, "one row a unit",
                     "Remove the rows that were entered twice; if several are meant, let the primaryKey of the schema say so.")
    if treatment is None:
        return
    remedies = {"unit": "Look up in the record of the draw which arm is right.",
                "cluster": "Correct the arm, or let design.draw say that units were drawn and not clusters."}
    for name, drawn in (("unit", twice.any()), ("cluster", _whole_clusters(material.plan))):
        group = roster[unit] if name == "unit" else material.column(design.clusters)
        if drawn and group is not None and (mixed := _varies(group, treatment)).any():
            yield _fault(material, mixed, (f"{name} stands", f"{name}s stand", "in more than one arm"), place,
                         f"one arm a {name}", remedies[name], number=int(group[mixed].nunique()))


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
    if design.treatment is None or treatment is None or not len(treatment):
        return
    where = material.place(design.treatment)
    empty = treatment.isna().to_numpy()
    status = material.column(material.plan.flow.status)
    unexplained = empty if status is None else empty & status.isna().to_numpy()
    if unexplained.any() and not design.assignment:  # the record of the draw knows who wasn't drawn (yet)
        yield _fault(material, unexplained, ("unit has", "units have", "no arm"), where, "an arm for each unit",
                     "Fill it in, or let flow.status name the column that says why a unit wasn't randomised.")
    texts = treatment.map(arm_text, na_action="ignore")
    control = arm_text(design.control, boolean=treatment.dtype.kind == "b")
    if design.arms:
        known = {arm_text(arm, boolean=treatment.dtype.kind == "b") for arm in design.arms}
        strange = (~texts.isin(known)).to_numpy(dtype=bool) & ~empty
        if strange.any():
            yield _fault(material, strange, ("unit is", "units are", "in an arm that the plan doesn't name"), where, listed(design.arms),
                         "Correct the arm, or name it under design.arms.")
    present = set(texts.dropna())
    categories = {code_text(category.value) for category in material.columns.field(design.treatment).categories}
    if categories and code_text(design.control) not in categories:
        return  # said of the plan already
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
    treatment = material.column(design.treatment)
    waits = treatment.isna().to_numpy() if design.assignment and treatment is not None else np.zeros(len(material.roster), dtype=bool)
    for role, name in (("blocks", design.blocks), ("clusters", design.clusters)):
        column = material.column(name)
        if name is not None and column is not None and (empty := column.isna().to_numpy() & ~waits).any():
            yield _fault(material, empty, ("unit has", "units have", "none"), material.place(name),
                         f"a value for each unit, since it holds the {role} of the draw", "Fill the cells.")
    blocks, clusters = material.column(design.blocks), material.column(design.clusters)
    if blocks is not None and clusters is not None and _whole_clusters(material.plan) and (mixed := _varies(clusters, blocks)).any():
        assert design.blocks is not None
        yield _fault(material, mixed, ("cluster lies", "clusters lie", "in more than one block"), material.place(design.blocks),
                     "one block a cluster", "Correct the block, or the cluster.", number=int(clusters[mixed].nunique()))
    if isinstance(design.probability, str) and (chance := material.column(design.probability)) is not None and chance.dtype.kind == "f":
        values = chance.to_numpy(dtype=float, na_value=np.nan)
        odd = ~((values > 0) & (values < 1))
        if odd.any():
            yield _fault(material, odd, ("unit has", "units have", "no chance of treatment between 0 and 1"), material.place(design.probability),
                         "more than 0 and less than 1")


def _dates(material: Material) -> Iterator[Fault]:
    """Baseline isn't later than the draw, and the draw comes before follow-up."""
    drawn = material.column(material.plan.design.assigned_on)
    if drawn is None or drawn.dtype.kind != "M":  # that it holds no dates is said of the plan
        return
    for table, wave in material.columns.waves.items():
        entry = material.plan.data[table]
        bare = (entry.measured_on or "").rpartition(".")[2]
        if not bare or table not in material.frames or bare not in material.frames[table].columns:
            continue
        frame = material.frames[table]
        measured = joined(material.roster, frame, material.columns, table, [bare])[bare]
        if measured.dtype.kind != "M":
            continue
        after = material.columns.after_the_draw(table)
        if not after and wave not in material.columns.baseline:
            continue
        wrong = ((measured <= drawn) if after else (measured > drawn)).to_numpy(dtype=bool, na_value=False)
        if wrong.any():
            units = material.roster[material.columns.unit][wrong]
            rows = frame.index.to_numpy()[frame[material.columns.unit].isin(units).to_numpy()]
            said = "followed up on or before the day of the draw" if after else "measured at baseline after the day of the draw"
            what = f"{counted(int(wrong.sum()), 'unit was', 'units were')} {said} ({rows_in_words(rows)})"
            yield Fault(what, f"{material.files[table]}, column {bare}",
                        f"a date {'after' if after else 'not after'} {material.plan.design.assigned_on}", "Correct the dates, or take the rows out.")


def _flow(material: Material) -> Iterator[Fault]:
    """What the plan says was assessed and left out agrees with the rows that were randomised."""
    flow = material.plan.flow
    treatment = material.column(material.plan.design.treatment)
    if flow.assessed is None or (treatment is None and material.plan.evidence != "before_after"):
        return
    randomized = len(material.roster) if treatment is None else int(treatment.notna().sum())
    if flow.excluded and flow.assessed - sum(flow.excluded.values()) != randomized:
        left_out = sum(flow.excluded.values())
        yield Fault(f"{flow.assessed} assessed less {left_out} left out make {flow.assessed - left_out}, "
                    f"and the data hold {randomized} {_entered(material)} units", "flow.assessed",
                    remedy="Correct the numbers under flow, or the file.")
    elif flow.assessed < randomized:
        yield Fault(f"the data hold {randomized} {_entered(material)} units, more than were assessed", "flow.assessed", f"{randomized} or more")


def _entered(material: Material) -> str:
    """What a unit in the data did: it was randomised, or, where nothing was drawn, enrolled."""
    return "randomised" if material.plan.evidence == "randomized" else "enrolled"
