"""`TrialData`: one checked row a unit, the tables it came from, and the ledger; made by `open_trial` and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.design import Design
from takeup.errors import DesignError, Fault, IntakeError, PlanError
from takeup.intake.assignment import Checked, assignment_file, checked, nobody_drawn, undrawn
from takeup.intake.columns import Columns, plan_columns
from takeup.intake.faults import DataError, FaultReport, StudyError
from takeup.intake.ledger import Ledger, build_ledger
from takeup.intake.links import Link, foreign_cells, links
from takeup.intake.plan_checks import plan_faults
from takeup.intake.read import counted
from takeup.intake.tables import Opened, file_label, open_table
from takeup.intake.trial_checks import Material, arm_text, joined, trial_faults
from takeup.plan.read import PLAN_FILE, check, salvage
from takeup.plan.yamlfile import load
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from takeup.intake.schema import Field, TableSchema
    from takeup.plan.model import Outcome, Plan


ONE_GROUP: tuple[str, ...] = ("",)
"""The arms of a study without arms: one, that has no name."""


class Tables(Mapping[str, "DataFrame"]):
    """The checked tables by name; each access gives a fresh shallow copy. Its repr counts."""

    __slots__ = ("_frames",)

    def __init__(self, frames: Mapping[str, DataFrame]) -> None:
        self._frames = dict(frames)

    def __getitem__(self, name: str) -> DataFrame:
        return _copy(self._frames[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def __repr__(self) -> str:
        return f"Tables({', '.join(f'{name}: {len(frame)} rows' for name, frame in self._frames.items())})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class TrialData:
    """A trial's data, checked against the plan and the schemas. Frozen; its repr gives counts only.

    Attributes
    ----------
    tables : mapping of table -> DataFrame
        Every table of the plan, typed.
    schemas : mapping of table -> TableSchema
    drawn : Design or None
        The plan's design with the columns of `units`, control in the type of its column; None where there are no arms (`design` refuses).
    clusters : str or None
        The column of the groups that share an environment.
    ledger : Ledger
    links : tuple of Link
        How each table links to the list of units.
    notes : tuple of str
        What was found out about the files, and what deserves a look.
    columns : Columns
        Which name in the plan means which column.
    codes : mapping of table -> column -> missing code -> count
    """

    frame: DataFrame
    tables: Tables
    schemas: Mapping[str, TableSchema]
    drawn: Design | None
    clusters: str | None
    ledger: Ledger
    links: tuple[Link, ...]
    notes: tuple[str, ...]
    columns: Columns
    codes: Mapping[str, Mapping[str, Mapping[str, int]]]

    def __repr__(self) -> str:
        rows, width = self.frame.shape
        arms = f" in {len(self.ledger.arms)} arms" if self.drawn is not None else ""
        return f"TrialData({rows} units{arms}, {width} columns, {len(self.tables)} tables)"

    @property
    def design(self) -> Design:
        """The design; DesignError in a before-after study, which has no arms."""
        if self.drawn is None:
            raise DesignError(Fault("a before-after study has one group and no arms, so nothing can be compared between them", "evidence",
                                    remedy="Look at the changes; for a comparison, name the other group in the plan."))
        return self.drawn

    @property
    def units(self) -> DataFrame:
        """One row a randomised unit, in the order of its file: a fresh shallow copy.

        Columns are named as the plan writes them: bare where one table has them, else ``table.column``. Missing codes are missing.
        """
        return _copy(self.frame)

    def resolve(self, column: str) -> str:
        """The name in `units` of a column of the plan; IntakeError with the nearest name where there is none."""
        return self.columns.resolve(column)

    def field(self, column: str) -> Field:
        """The schema's field of a column of the plan; IntakeError where there is none."""
        return self.columns.field(column)

    def outcome_column(self, outcome: Outcome, wave: str) -> str:
        """The name in `units` of an outcome made of one column, at a wave; IntakeError where there is none."""
        return self.columns.names[self.columns.outcome(outcome, wave)]


def open_files(path: str | Path, *, allow: Sequence[str | Path] = ()) -> tuple[Plan, TrialData]:
    """Read a plan and its data; what is wrong with both is said at once.

    Parameters
    ----------
    path : the plan file, or its folder
    allow : as in `open_trial`

    Raises
    ------
    PlanError, IntakeError
        The plan's faults, the data's, or both (`StudyError`, which is a PlanError and an IntakeError). With a faulty plan the data are
        checked as far as what remains of it allows.
    """
    path = Path(path)
    path = path / PLAN_FILE if path.is_dir() else path
    document = load(path, PlanError)
    try:
        plan = check(document)
    except PlanError as error:
        rest, whole = salvage(document)
        if rest is not None:
            more = _all_faults(rest, path.parent, allow, whole=whole)[0]
            if more.messages:
                raise StudyError(FaultReport(faults=tuple(dict.fromkeys((*error.faults, *more.faults))), cells=more.cells)) from None
        raise
    return plan, open_trial(plan, path.parent, allow=allow)


def open_trial(plan: Plan, folder: str | Path, *, allow: Sequence[str | Path] = (), record: bool = True) -> TrialData:
    """Read, check and link all data files of a plan.

    Parameters
    ----------
    folder : the plan's folder, from which its paths are read
    allow : further folders in which data files may lie
    record : whether the arms are held against the record of the draw; not where the draw is made up

    Raises
    ------
    IntakeError
        Everything that is wrong with files, schemas, columns, cells and the trial, at once (`DataError`: cell by cell in its
        `report`). Messages name files, columns and row numbers, never a value.
    """
    report, material, opened, found = _all_faults(plan, Path(folder), allow, record=record)
    if report.messages or material is None:
        raise DataError(report)
    return _trial(material, opened, found, checked(material, Path(folder)) if record else Checked())


def _all_faults(
    plan: Plan, folder: Path, allow: Sequence[str | Path], *, whole: bool = True, record: bool = True,
) -> tuple[FaultReport, Material | None, dict[str, Opened], tuple[Link, ...]]:
    """Open everything and note all that is wrong. `whole`: whether the plan says enough to check the trial, not only the files."""
    opened = {name: open_table(plan, name, folder, tuple(map(Path, allow))) for name in plan.data}
    schemas = {name: table.schema for name, table in opened.items() if table.schema is not None}
    frames = {name: table.frame for name, table in opened.items() if table.frame is not None}
    files = {name: file_label(plan, name) for name in plan.data}
    dangling, more = foreign_cells(frames, schemas, files) if whole else ([], [])
    faults = [*(fault for table in opened.values() for fault in table.faults), *more]
    cells = (*(cells for table in opened.values() for cells in table.bad), *dangling)
    found: tuple[Link, ...] = ()
    material = None
    if whole and len(schemas) == len(plan.data):  # without all schemas, a column that isn't found may be in the one that is missing
        try:
            columns = plan_columns(plan, schemas)
        except IntakeError as error:
            faults += error.faults
        else:
            faults += plan_faults(plan, columns)
            material = Material(plan=plan, columns=columns, frames=frames, files=files)
            of_draw: tuple[Fault, ...] = ()
            if columns.roster in frames:
                found, unlinked = links(material)
                of_draw = checked(material, folder).faults if record else ()
                faults += [*trial_faults(material), *unlinked, *of_draw]
            elif undrawn(plan, folder):
                of_draw = (nobody_drawn(plan, columns.roster, folder),)
                faults += of_draw
            faults = [fault for fault in faults if fault.where not in _of_the_draw(plan, of_draw)]
    return FaultReport(faults=tuple(dict.fromkeys(faults)), cells=cells), material, opened, found


def _of_the_draw(plan: Plan, faults: Sequence[Fault]) -> set[str]:
    """Where the plan names the assignment file, if the record of the draw has faults of its own: then that says it all."""
    return {f"data.{name}.file" for name, table in plan.data.items() if faults and table.file == assignment_file(plan)}


def _trial(material: Material, opened: Mapping[str, Opened], found: tuple[Link, ...], drawn: Checked) -> TrialData:
    design_plan, columns = material.plan.design, material.columns
    treatment = material.column(design_plan.treatment)
    kept = np.ones(len(material.roster), dtype=bool) if treatment is None else treatment.notna().to_numpy()
    units = _plain_labels(_units(material, kept), material)
    design = None if treatment is None else replace(_design(material, units), redraw=drawn.redraw)
    arms, arm = ONE_GROUP, np.zeros(len(units), dtype=np.int64)
    if design is not None:
        arms, arm = _arms(units[design.treatment], design.control)
    tables = Tables({name: frame.reset_index(drop=True) for name, frame in material.frames.items()})
    clusters = None if design_plan.clusters is None else columns.resolve(design_plan.clusters)
    return TrialData(
        frame=units, tables=tables, schemas=FrozenMap(columns.schemas), drawn=design, clusters=clusters,
        ledger=build_ledger(material, units, kept, arms, arm), links=found, columns=columns,
        notes=(*(note for table in opened.values() for note in table.notes), *_notes(material, found, kept), *drawn.notes),
        codes=FrozenMap({name: table.codes for name, table in opened.items()}),
    )


def _units(material: Material, kept: Any) -> DataFrame:
    """The randomised rows of the roster, with the columns of the other tables beside them."""
    import pandas as pd

    columns = material.columns
    roster = material.roster[kept]
    parts = [roster.rename(columns={name: columns.names[columns.roster, name] for name in roster.columns})]
    for table in (*columns.unit_tables[1:], *columns.lookups):
        names = [name for place, name in columns.names if place == table]
        part = joined(roster, material.frames[table], columns, table, names)
        parts.append(part.rename(columns={name: columns.names[table, name] for name in names}))
    units: DataFrame = pd.concat(parts, axis=1).reset_index(drop=True)
    return units


def _plain_labels(units: DataFrame, material: Material) -> DataFrame:
    """Arms, blocks, clusters and providers as plain values: they are labels of the draw, not categories to be tabulated."""
    import pandas as pd

    design = material.plan.design
    plain: dict[str, Any] = {}
    for name in (design.treatment, design.blocks, design.clusters, design.nested_in):
        if name is None:
            continue
        column = units[material.columns.resolve(name)]
        if isinstance(column.dtype, pd.CategoricalDtype):
            texts = material.columns.field(name).type == "string"
            plain[str(column.name)] = column.astype("string" if texts else "Int64" if column.isna().any() else "int64")
    return units.assign(**plain)


def _design(material: Material, units: DataFrame) -> Design:
    """The plan's design on the columns of the units."""
    plan = material.plan.design
    assert plan.treatment is not None

    def named(column: str | None) -> str | None:
        return None if column is None else material.columns.resolve(column)

    treatment = material.columns.resolve(plan.treatment)
    boolean = units[treatment].dtype.kind == "b"
    wanted = arm_text(plan.control, boolean=boolean)
    control = next(value for value in units[treatment].unique().tolist() if arm_text(value, boolean=boolean) == wanted)
    return Design(
        treatment=treatment, control=control, draw=plan.draw, blocks=named(plan.blocks), clusters=named(plan.clusters),
        probability=named(plan.probability) if isinstance(plan.probability, str) else plan.probability, nested_in=named(plan.nested_in),
        received=named(plan.received), weights=named(plan.weights),
    )


def _arms(treatment: Series, control: object) -> tuple[tuple[str, ...], Any]:
    """Labels of the arms, control first, and each unit's position in them."""
    values = [control, *sorted((value for value in treatment.unique().tolist() if value != control), key=str)]
    codes = np.full(len(treatment), -1, dtype=np.int64)
    for position, value in enumerate(values):
        codes[(treatment == value).to_numpy(dtype=bool)] = position
    return tuple(map(str, values)), codes


def _notes(material: Material, found: tuple[Link, ...], kept: Any) -> Iterator[str]:
    """What deserves a look and is no fault."""
    for link in found:
        if link.without and link.table in material.columns.unit_tables:
            yield f"{link.table}: {link.without} of {len(material.roster)} units have no row in it."
        if link.unlinked:
            yield f"{link.table}: {link.unlinked} rows are of people who aren't among the units; they count as assessed, not randomised."
    if not kept.all():
        yield f"{counted(int((~kept).sum()), 'row has no arm; it counts', 'rows have no arm; they count')} as assessed, not randomised."
    provider, treatment = material.column(material.plan.design.nested_in), material.column(material.plan.design.treatment)
    if provider is not None and treatment is not None:
        control = treatment.map(arm_text, na_action="ignore") == arm_text(material.plan.design.control, boolean=treatment.dtype.kind == "b")
        stray = int((control.to_numpy(dtype=bool, na_value=False) & provider.notna().to_numpy()).sum())
        if stray:
            who = counted(stray, "unit of the control arm has", "units of the control arm have")
            yield f"{who} a provider ({material.plan.design.nested_in}), which should exist in treated arms only."


def _copy(frame: DataFrame) -> DataFrame:
    """Shallow where pandas copies on write (3 and later), deep before."""
    import pandas as pd

    return frame.copy(deep=int(pd.__version__.split(".", maxsplit=1)[0]) < 3)

