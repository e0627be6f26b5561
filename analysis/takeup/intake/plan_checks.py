"""What the plan asks of the tables, checked on their schemas: columns exist, fit their role, and were known before the draw."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from takeup.errors import Fault, IntakeError, listed, nearest
from takeup.intake.read import code_text
from takeup.plan.consistency import columns_named
from takeup.plan.yamlfile import Steps, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.intake.columns import Columns
    from takeup.intake.schema import Field
    from takeup.plan.model import Outcome, Plan

_NUMBERS = frozenset({"integer", "number", "boolean"})
_ROLES = {
    "received": (_NUMBERS, "0 and 1, or a number"),
    "probability": (frozenset({"number"}), "a number between 0 and 1"),
    "weights": (frozenset({"integer", "number"}), "a number"),
    "assigned_on": (frozenset({"date", "datetime"}), "a date"),
}
_BEFORE = ("covariates", "balance", "subgroups")


def plan_faults(plan: Plan, columns: Columns) -> list[Fault]:
    """Every column that the plan names and that can't serve, with its path in the plan."""
    named = columns_named(plan.model_dump(by_alias=True))
    found = [fault for path, column in named if path[0] != "outcomes" for fault in _named(columns, path, column)]
    for position, outcome in enumerate(plan.outcomes):
        found += _outcome(columns, outcome, ("outcomes", position))
    for table, entry in plan.data.items():
        if entry.measured_on:
            found += _measured_on(columns, table, entry.measured_on)
    found += _control(plan, columns)
    found += _spread(plan, columns)
    return [*found, *_ids_of_one_type(columns), *_known_before(plan, columns)]


def _named(columns: Columns, path: Steps, column: str) -> Iterator[Fault]:
    where = dotted(path)
    try:
        field = columns.field(column)
    except IntakeError as error:
        yield from (replace(fault, where=where) for fault in error.faults)
        return
    kinds, allowed = _ROLES.get(str(path[-1]), (None, ""))
    if kinds is not None and (field.type not in kinds or (path[-1] == "received" and field.categories and field.nominal)):
        yield Fault(f'"{column}" is of type {field.type}{" with labels" if field.nominal and field.categories else ""}', where, allowed,
                    "Change its type in the schema, and recode it with a crosswalk where needed.")
    if path == ("flow", "status") and not field.categories:
        yield Fault(f'"{column}" has no categories', where, "a column whose schema lists the reasons as categories")


def _spread(plan: Plan, columns: Columns) -> Iterator[Fault]:
    """The columns of the roll-out's table, which isn't one row a unit."""
    if plan.rollout is None or plan.rollout.table not in columns.schemas:
        return
    schema = columns.schemas[plan.rollout.table]
    for key in ("unit", "period", "adopted", "outcome", "people"):
        name = getattr(plan.rollout, key)
        if name is not None and name not in schema.names:
            yield Fault(f'the table {plan.rollout.table} has no column "{name}"', f"rollout.{key}", listed(schema.names), nearest(name, schema.names))


def _outcome(columns: Columns, outcome: Outcome, path: Steps) -> Iterator[Fault]:
    if outcome.column is not None:
        for wave in outcome.waves:
            try:
                table, name = columns.outcome(outcome, wave)
            except IntakeError as error:
                yield from (replace(fault, where=dotted((*path, "column"))) for fault in error.faults)
                continue
            yield from _is_number(columns.schemas[table].field(name), (*path, "column"))
    for position, item in enumerate(outcome.items):
        for wave in outcome.waves:
            try:
                table, name = columns.at_wave(item, wave, alone=len(outcome.waves) == 1)
            except IntakeError as error:
                yield from (replace(fault, where=dotted((*path, "items", position))) for fault in error.faults)
                continue
            yield from _is_number(columns.schemas[table].field(name), (*path, "items", position))


def _is_number(field: Field, path: Steps) -> Iterator[Fault]:
    if field.type not in _NUMBERS:
        yield Fault(f'"{field.name}" is of type {field.type}', dotted(path), listed(sorted(_NUMBERS)),
                    "An outcome is a number: recode it with a crosswalk, 1 for yes and 0 for no.")
    elif field.categories and field.nominal and len(field.categories) == 2:
        yield Fault(f'the two categories of "{field.name}" aren\'t 0 and 1', dotted(path), "0 and 1", "Recode them with a crosswalk.")
    elif field.categories and field.nominal:
        yield Fault(f'the categories of "{field.name}" are labels without an order', dotted(path),
                    "numbers, or categoriesOrdered: true in the schema")


def _measured_on(columns: Columns, table: str, column: str) -> Iterator[Fault]:
    schema, bare = columns.schemas[table], column.rpartition(".")[2]
    where = f"data.{table}.measured_on"
    if bare not in schema.names:
        yield Fault(f'the table {table} has no column "{bare}"', where, listed(schema.names, 30), nearest(bare, schema.names))
    elif schema.field(bare).type not in {"date", "datetime"}:
        yield Fault(f'"{bare}" is of type {schema.field(bare).type}', where, "a date")


def _control(plan: Plan, columns: Columns) -> Iterator[Fault]:
    """Control, and the arms that have words, are categories of the treatment where it has them."""
    if plan.design.treatment is None:
        return
    try:
        field = columns.field(plan.design.treatment)
    except IntakeError:
        return
    categories = [code_text(category.value) for category in field.categories]
    named = [("design.control", plan.design.control), *(("design.arms", arm) for arm in plan.design.arms if arm != plan.design.control)]
    for where, arm in named:
        if categories and code_text(arm) not in categories:
            yield Fault(f'"{arm}" is no category of the treatment', where, listed(categories), nearest(arm, categories))


def _ids_of_one_type(columns: Columns) -> Iterator[Fault]:
    kinds = {table: columns.schemas[table].field(columns.unit).type for table in columns.schemas if columns.unit in columns.schemas[table].names}
    if len(set(kinds.values())) > 1:
        said = listed(f"{table}: {kind}" for table, kind in kinds.items())
        yield Fault(f'the unit\'s column "{columns.unit}" has different types in different tables ({said})', "design.unit",
                    remedy="Give it one type in all schemas; string where an id may begin with a zero.")


def _known_before(plan: Plan, columns: Columns) -> Iterator[Fault]:
    """Nothing that happened after the draw may adjust, describe or divide the arms, or form the blocks of the draw.

    Conditioning on a variable that the treatment may have changed biases the effect (Rosenbaum 1984).
    """
    after = dict(_after(plan, columns))
    for path, column in columns_named(plan.model_dump(by_alias=True)):
        if not (path[0] == "analyses" and path[1] in _BEFORE) and path not in (("design", "blocks"), ("design", "clusters")):
            continue
        try:
            place = columns.find(column)
        except IntakeError:
            continue
        reason = after.get(place) or (f"the table {place[0]} was measured after the draw" if columns.after_the_draw(place[0]) else "")
        if reason:
            yield Fault(f'"{column}" can\'t stand here: {reason}, so the treatment may have changed it and comparing on it would bias the effect',
                        dotted(path), "columns measured before the draw", _earlier(columns, place))


def _after(plan: Plan, columns: Columns) -> Iterator[tuple[tuple[str, str], str]]:
    """Columns known to come from after the draw, and why."""
    design = plan.design
    for name, reason in ((design.treatment, "it is the treatment"), (design.received, "it says who took the programme up"),
                         (design.nested_in, "providers came with the treatment"), (plan.flow.status, "it says who left")):
        if name is not None:
            try:
                yield columns.find(name), reason
            except IntakeError:
                continue
    for outcome in plan.outcomes:
        for name in (outcome.column, *outcome.items):
            if name is not None:
                try:
                    place = columns.at_wave(name, outcome.follow_up, alone=len(outcome.waves) == 1)
                except IntakeError:
                    continue
                yield place, f"it belongs to the outcome {outcome.id} at follow-up"


def _earlier(columns: Columns, place: tuple[str, str]) -> str:
    """The same column at baseline, where there is one."""
    _, name = place
    for table, wave in columns.waves.items():
        if wave in columns.baseline and (table, name) in columns.names:
            return f'Use "{columns.names[table, name]}".'
    return "Take it out."
