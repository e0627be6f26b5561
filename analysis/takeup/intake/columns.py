"""Which column a name in the plan means: a bare name where one table has it, ``table.column`` where several do.

Decided on the plan and the schemas alone; no row is read. A table whose rows are the units (its primary key is the unit's column,
or it has no key of its own) and a table that units point to (a village, a centre) lend their columns to the frame of units.
A table with several rows a unit (contacts, rights held) stays apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from takeup.errors import Fault, IntakeError, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from takeup.intake.schema import Field, TableSchema
    from takeup.plan.model import Outcome, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of the frame of units and where each comes from.

    Attributes
    ----------
    unit : name of the unit's column, in all tables
    roster : the table that lists the units and holds, or points to, the treatment
    unit_tables : tables with at most one row a unit, the roster first
    lookups : tables that units point to -> (the roster's column, the key it points to)
    waves : table -> its wave, for the tables of units that hold one
    names : (table, column) -> the name in the frame of units
    baseline, follow_ups : waves before and after the draw
    """

    unit: str
    roster: str
    unit_tables: tuple[str, ...]
    lookups: Mapping[str, tuple[str, str]]
    waves: Mapping[str, str]
    schemas: Mapping[str, TableSchema]
    names: Mapping[tuple[str, str], str]
    baseline: tuple[str, ...]
    follow_ups: tuple[str, ...]

    def find(self, column: str) -> tuple[str, str]:
        """The table and column that a name in the plan means.

        Raises
        ------
        IntakeError
            No table has it, several have it, or its table has several rows a unit.
        """
        table, dot, bare = column.rpartition(".")
        if dot:
            return self._in_table(table, bare)
        if bare == self.unit:
            return self.roster, bare
        having = [(table, name) for table, name in self.names if name == bare and not (table != self.roster and name == self.unit)]
        if len(having) == 1:
            return having[0]
        if having:
            options = [f"{table}.{bare}" for table, _ in having]
            raise IntakeError(Fault(f'{len(having)} tables have a column "{bare}"', allowed=" or ".join(options), remedy="Say which one is meant."))
        apart = [name for name, schema in self.schemas.items() if bare in schema.names]
        if apart:
            raise IntakeError(self._several_rows(apart[0]))
        known = dict.fromkeys(name for _, name in self.names)
        raise IntakeError(Fault(f'no table has a column "{bare}"', allowed=listed(known, 30), remedy=nearest(bare, known)))

    def resolve(self, column: str) -> str:
        """The name in the frame of units; IntakeError as `find`."""
        return self.names[self.find(column)]

    def field(self, column: str) -> Field:
        """The schema's field; IntakeError as `find`."""
        table, name = self.find(column)
        return self.schemas[table].field(name)

    def at_wave(self, column: str, wave: str, *, alone: bool) -> tuple[str, str]:
        """The table and column of a measurement at a wave.

        Parameters
        ----------
        alone : whether it was measured once, so that any one table may hold it

        Raises
        ------
        IntakeError
            No table of the wave has it, or several have.
        """
        if "." in column:
            return self.find(column)
        having = [(table, name) for table, name in self.names if name == column and self.waves.get(table) == wave]
        if len(having) == 1:
            return having[0]
        if having:
            options = " or ".join(f"{table}.{column}" for table, _ in having)
            what = f'{len(having)} tables of the wave {wave} have a column "{column}"'
            raise IntakeError(Fault(what, allowed=options, remedy="Keep it in one of them."))
        tables = [table for table, its in self.waves.items() if its == wave]
        if alone:
            return self.find(column)
        known = [name for table in tables for name in self.schemas[table].names]
        raise IntakeError(Fault(f'no table of the wave {wave} has a column "{column}"', allowed=listed(known), remedy=nearest(column, known)))

    def outcome(self, outcome: Outcome, wave: str) -> tuple[str, str]:
        """The table and column of an outcome made of one column; IntakeError as `at_wave`."""
        if outcome.column is None:
            raise IntakeError(Fault(f'the outcome "{outcome.id}" isn\'t made of one column', "outcomes"))
        return self.at_wave(outcome.column, wave, alone=len(outcome.waves) == 1)

    def after_the_draw(self, table: str) -> bool:
        """Whether a table was measured after the draw."""
        return self.waves.get(table) in self.follow_ups

    def _in_table(self, table: str, column: str) -> tuple[str, str]:
        schema = self.schemas.get(table)
        if schema is None:
            raise IntakeError(Fault(f'there is no table "{table}"', allowed=listed(self.schemas), remedy=nearest(table, self.schemas)))
        if column not in schema.names:
            what = f'the table {table} has no column "{column}"'
            raise IntakeError(Fault(what, allowed=listed(schema.names, 30), remedy=nearest(column, schema.names)))
        if column == self.unit and table in self.unit_tables:
            return self.roster, column
        if (table, column) not in self.names:
            raise IntakeError(self._several_rows(table))
        return table, column

    def _several_rows(self, table: str) -> Fault:
        tables = " or ".join((*self.unit_tables, *self.lookups))
        return Fault(f"the table {table} isn't one row a unit",
                     remedy=f"Name a column of {tables}; if {table} has one row a unit, let the primaryKey of its schema be {self.unit}.")


def plan_columns(plan: Plan, schemas: Mapping[str, TableSchema]) -> Columns:
    """Work out the columns of the units.

    Raises
    ------
    IntakeError
        No table has the unit's column, or none the treatment.
    """
    prefix, _, unit = plan.design.unit.rpartition(".")
    having = {name: schema for name, schema in schemas.items() if unit in schema.names}
    if not having:
        known = dict.fromkeys(name for schema in schemas.values() for name in schema.names)
        raise IntakeError(Fault(f'no table has a column "{unit}"', "design.unit", listed(known, 30), nearest(unit, known)))
    one_row = [name for name, schema in having.items() if schema.primary_key in {(), (unit,)}]
    if not one_row:
        raise IntakeError(Fault("no table has one row a unit", "design.unit", f"a schema with primaryKey: [{unit}], or without a primaryKey"))
    roster = _roster(plan, schemas, one_row, prefix)
    tables = (roster, *(name for name in one_row if name != roster))
    lookups = _lookups(schemas, roster, unit)
    waves = {name: table.wave or name for name, table in plan.data.items() if name in tables}
    first = dict.fromkeys(outcome.waves[0] for outcome in plan.outcomes if outcome.has_baseline)
    later = dict.fromkeys(wave for outcome in plan.outcomes for wave in (outcome.waves[1:] if outcome.has_baseline else outcome.waves))
    named = {*first, *later, "baseline", "endline"}
    follow_ups = tuple(wave for wave in (*later, "endline") if wave not in first and wave != "baseline")
    return Columns(
        unit=unit, roster=roster, unit_tables=tables, lookups=lookups, schemas=schemas, names=dict(_names(schemas, tables, lookups, unit)),
        waves={table: wave for table, wave in waves.items() if wave in named}, baseline=tuple(dict.fromkeys((*first, "baseline"))),
        follow_ups=tuple(dict.fromkeys(follow_ups)),
    )


def _roster(plan: Plan, schemas: Mapping[str, TableSchema], one_row: list[str], prefix: str) -> str:
    """The table that the design names, else the one with the treatment, else the one that points to it."""
    if prefix in one_row:
        return prefix
    table, _, treatment = (plan.design.treatment or "").rpartition(".")
    holding = [name for name, schema in schemas.items() if treatment in schema.names and (not table or name == table)]
    direct = [name for name in holding if name in one_row]
    if direct:
        return direct[0]
    clusters = (plan.design.clusters or "").rpartition(".")[2]
    pointing = [name for name in one_row if any(key.table in holding for key in schemas[name].foreign_keys) or clusters in schemas[name].names]
    plain = [name for name in one_row if not plan.data[name].wave and name not in {"baseline", "endline"}]
    return (pointing or plain or one_row)[0]


def _lookups(schemas: Mapping[str, TableSchema], roster: str, unit: str) -> dict[str, tuple[str, str]]:
    """Tables with one row for each value of a column of the roster."""
    found = {}
    for name, schema in schemas.items():
        if name == roster or unit in schema.names or len(schema.primary_key) != 1:
            continue
        key = schema.primary_key[0]
        pointers = [link.fields[0] for link in schemas[roster].foreign_keys if link.table == name and link.references == (key,)]
        if pointers or key in schemas[roster].names:
            found[name] = (pointers[0] if pointers else key, key)
    return found


def _names(
    schemas: Mapping[str, TableSchema], tables: tuple[str, ...], lookups: Mapping[str, tuple[str, str]], unit: str
) -> Iterator[tuple[tuple[str, str], str]]:
    """Bare names where they are unique among the tables that make up the units, else table.column."""
    sources = [(table, field.name) for table in tables for field in schemas[table].fields if field.name != unit]
    sources += [(table, field.name) for table, (_, key) in lookups.items() for field in schemas[table].fields if field.name != key]
    bare = [name for _, name in sources]
    yield (tables[0], unit), unit
    for table, name in sources:
        yield (table, name), name if bare.count(name) == 1 and name != unit else f"{table}.{name}"
