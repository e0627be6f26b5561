"""What a table must look like: Data Package v2 Table Schemas, read into frozen values.

Additions to the standard: `sensitive: true` and `unit` on a field, `dateOrder` on a table (lists of dates that follow each other), and
words in several languages wherever it has a title, a description or a label. `fieldsMatch` defaults to *equal* (the same fields, in any
order); *exact* is read as *equal*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal, get_args

from takeup.errors import Fault, IntakeError, listed, nearest

Text = str | Mapping[str, str]
Kind = Literal["string", "integer", "number", "boolean", "date", "datetime", "year"]
Bound = float | int | date | datetime
TRUE = ("true", "True", "TRUE", "1")
FALSE = ("false", "False", "FALSE", "0")
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Category:
    """A value that may stand in a column (or a code for a missing one) and its words."""

    value: str | int | float | bool
    label: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column: its type, words, categories, missing codes and limits.

    Attributes
    ----------
    format : str
        How a date is written, in the letters of strptime; empty for ISO 8601 (2019-11-30).
    ordered : bool
        Whether the categories form a scale, in the order in which they are listed.
    missing_values : tuple of Category
        Codes that mean "no answer", as text. An empty cell always does.
    sensitive : bool
        Never named with a value, a count of a value or a category in anything that leaves.
    """

    name: str
    type: Kind = "string"
    title: Text = ""
    description: Text = ""
    unit: Text = ""
    format: str = ""
    categories: tuple[Category, ...] = ()
    ordered: bool = False
    missing_values: tuple[Category, ...] = ()
    true_values: tuple[str, ...] = TRUE
    false_values: tuple[str, ...] = FALSE
    required: bool = False
    unique: bool = False
    minimum: Bound | None = None
    maximum: Bound | None = None
    pattern: str = ""
    min_length: int | None = None
    max_length: int | None = None
    sensitive: bool = False

    @property
    def nominal(self) -> bool:
        """Whether the values are labels without order, so that a mean of them says nothing: text, and codes other than 0 and 1."""
        if not self.categories:
            return self.type == "string"
        return self.type == "string" or not (self.ordered or {category.value for category in self.categories} == {0, 1})


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns whose values must stand in columns of another table."""

    fields: tuple[str, ...]
    table: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """What one table must look like."""

    name: str
    title: Text = ""
    description: Text = ""
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    date_order: tuple[tuple[str, ...], ...] = ()
    missing_values: tuple[Category, ...] = (Category(""),)
    fields_match: Literal["equal", "subset", "superset", "partial"] = "equal"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in order."""
        return tuple(field.name for field in self.fields)

    def field(self, name: str) -> Field:
        """The field with this name.

        Raises
        ------
        IntakeError
            There is none; the message holds the nearest name.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise IntakeError(Fault(f'has no field "{name}"', self.name, listed(self.names), nearest(name, self.names)))


def read_schema(path: str | Path, *, name: str = "") -> TableSchema:
    """Read a Table Schema (YAML or JSON).

    Parameters
    ----------
    name : how messages call the file; its own name when empty

    Raises
    ------
    IntakeError
        All that is wrong with the file, at once: unknown keys, types and limits, each with its place.
    """
    from takeup.intake.schema_file import read_table_schema

    return read_table_schema(Path(path), name)
