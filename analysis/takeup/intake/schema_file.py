"""Reads a Table Schema file into the values of `takeup.intake.schema`, noting every fault on the way."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from takeup.errors import Fault, IntakeError, collect, listed, nearest
from takeup.intake.schema import FALSE, KINDS, TRUE, Bound, Category, Field, ForeignKey, Kind, TableSchema, Text
from takeup.plan.yamlfile import Document, Steps, load
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_MATCHES = ("equal", "exact", "subset", "superset", "partial")
_TABLE_KEYS = ("$schema", "name", "title", "description", "fields", "fieldsMatch", "primaryKey", "foreignKeys", "uniqueKeys", "dateOrder",
               "missingValues")
_FIELD_KEYS = ("name", "type", "title", "description", "format", "unit", "categories", "categoriesOrdered", "missingValues", "trueValues",
               "falseValues", "constraints", "sensitive", "example", "rdfType")
_CONSTRAINT_KEYS = ("required", "unique", "minimum", "maximum", "pattern", "minLength", "maxLength", "enum")
_LANGUAGES = ("en", "nl", "fr")


def read_table_schema(path: Path, name: str = "") -> TableSchema:
    """See `takeup.intake.schema.read_schema`."""
    schema, faults = schema_and_faults(path, name)
    collect(IntakeError, faults)
    assert schema is not None
    return schema


def schema_and_faults(path: Path, name: str = "") -> tuple[TableSchema | None, tuple[Fault, ...]]:
    """The schema as far as it can be read, and all that is wrong with it; IntakeError where the file isn't YAML."""
    name = name or path.name
    document = load(path, IntakeError, name=name)
    reader = _Reader(document, name)
    schema = reader.table(path.stem)
    return schema, (*document.faults, *reader.faults)


class _Reader:
    """Reads one schema and notes every fault."""

    def __init__(self, document: Document, name: str) -> None:
        self.document = document
        self.name = name
        self.faults: list[Fault] = []

    def table(self, stem: str) -> TableSchema | None:
        data = self._block(self.document.data, (), _TABLE_KEYS)
        rows = data.get("fields")
        if not isinstance(rows, list) or not rows:
            self._fault("a schema needs a list of its columns", ("fields",), remedy="Write fields: and below it - name: ... for each column.")
            return None
        missing = self._codes(data.get("missingValues"), ("missingValues",)) or (Category(""),)
        fields = [field for i, row in enumerate(rows) if (field := self._field(row, ("fields", i), missing))]
        names = [field.name for field in fields]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._fault(f'the field "{name}" stands more than once', ("fields",))
        keys = self._names(data.get("primaryKey"), ("primaryKey",), names)
        match = self._one_of(data.get("fieldsMatch", "equal"), ("fieldsMatch",), _MATCHES)
        kinds = {field.name: field.type for field in fields}
        order = self._lists(data, "dateOrder", names)
        for name in dict.fromkeys(name for names_ in order for name in names_ if kinds[name] not in {"date", "datetime"}):
            self._fault(f'"{name}" is of type {kinds[name]}, and only dates follow each other', ("dateOrder",), "fields of type date or datetime")
        return TableSchema(
            name=str(data.get("name") or stem), title=self._words(data, "title", ()), description=self._words(data, "description", ()),
            fields=tuple(fields), primary_key=keys, missing_values=missing,
            foreign_keys=self._foreign_keys(data.get("foreignKeys"), names),
            unique_keys=self._lists(data, "uniqueKeys", names), date_order=order,
            fields_match=cast("Any", "equal" if match == "exact" else match),
        )

    def _field(self, row: object, path: Steps, missing: tuple[Category, ...]) -> Field | None:
        data = self._block(row, path, _FIELD_KEYS)
        name = data.get("name")
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,119}", name):
            if isinstance(row, dict):
                self._fault("a field needs a name", (*path, "name"), "letters, digits and _, beginning with a letter",
                            "Rename the column with a crosswalk if the file writes it otherwise.")
            return None
        kind = cast("Kind", self._one_of(data.get("type", "string"), (*path, "type"), KINDS))
        limits = self._block(data.get("constraints") or {}, (*path, "constraints"), _CONSTRAINT_KEYS)
        if data.get("type", "string") not in KINDS:  # nothing can be said of its limits
            limits, data = {}, {**data, "categories": None}
        at = (*path, "constraints")
        listed_values = data.get("categories", limits.get("enum"))
        categories = self._categories(listed_values, (*path, "categories"), kind)
        low, high = (self._bound(limits.get(key), (*at, key), kind) for key in ("minimum", "maximum"))
        if low is not None and high is not None and low > high:  # type: ignore[operator]  # one kind of value each
            self._fault("the minimum is above the maximum", at)
        return Field(
            name=name, type=kind, title=self._words(data, "title", path), description=self._words(data, "description", path),
            unit=self._words(data, "unit", path), format=self._format(data.get("format"), (*path, "format"), kind), categories=categories,
            ordered=self._flag(data, "categoriesOrdered", path), sensitive=self._flag(data, "sensitive", path),
            missing_values=self._codes(data["missingValues"], (*path, "missingValues")) if "missingValues" in data else missing,
            true_values=self._strings(data, "trueValues", path, TRUE), false_values=self._strings(data, "falseValues", path, FALSE),
            required=self._flag(limits, "required", at), unique=self._flag(limits, "unique", at), minimum=low, maximum=high,
            pattern=self._pattern(limits.get("pattern"), (*at, "pattern"), kind),
            min_length=self._length(limits.get("minLength"), (*at, "minLength"), kind),
            max_length=self._length(limits.get("maxLength"), (*at, "maxLength"), kind),
        )

    def _block(self, data: object, path: Steps, keys: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(data, dict):
            self._fault("must be a block of keys", path, listed(keys, 20))
            return {}
        for key in data:
            if key not in keys:
                self._fault(f'unknown key "{key}"', path, listed(keys, 20), nearest(key, keys))
        return {str(key): value for key, value in data.items()}

    def _words(self, data: Mapping[str, Any], key: str, path: Steps) -> Text:
        return self._text(data.get(key, ""), (*path, key))

    def _text(self, value: object, path: Steps) -> Text:
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, dict):
            for language, words in value.items():
                if language not in _LANGUAGES:
                    self._fault(f'unknown language "{language}"', path, listed(_LANGUAGES), nearest(language, _LANGUAGES))
                elif not isinstance(words, str):
                    self._fault("words must be text", (*path, language), remedy="Put them between quotes.")
            return FrozenMap({str(language): str(words).strip() for language, words in value.items()})
        if value is None:
            return ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        self._fault("words must be text, or one text a language", path, listed(_LANGUAGES), "Put them between quotes.")
        return ""

    def _coded(self, value: object, path: Steps) -> list[tuple[Any, Text, Steps]]:
        """Values with labels, in any of the ways the standard allows: a list of values or of {value, label}."""
        if value is None:
            return []
        if isinstance(value, str | int | float):
            value = [value]
        if not isinstance(value, list):
            self._fault("must be a list of values, or of value and label", path)
            return []
        found: list[tuple[Any, Text, Steps]] = []
        for i, item in enumerate(value):
            at = (*path, i)
            if isinstance(item, dict):
                row = self._block(item, at, ("value", "label"))
                if "value" not in row:
                    self._fault("has no value", at)
                    continue
                found.append((row["value"], self._text(row.get("label", ""), (*at, "label")), at))
            else:
                found.append((item, "", at))
        return found

    def _codes(self, value: object, path: Steps) -> tuple[Category, ...]:
        return tuple(Category("" if code is None else str(code), label) for code, label, _ in self._coded(value, path))

    def _categories(self, value: object, path: Steps, kind: str) -> tuple[Category, ...]:
        fits: Callable[[object], bool] = {
            "string": lambda v: isinstance(v, str), "boolean": lambda v: isinstance(v, bool),
            "integer": lambda v: isinstance(v, int) and not isinstance(v, bool), "year": lambda v: isinstance(v, int) and not isinstance(v, bool),
            "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
        }.get(kind, lambda v: False)  # noqa: ARG005
        found = self._coded(value, path)
        for code, _, at in found:
            if not fits(code):
                self._fault(f"a category of a field of type {kind} must itself be {kind}", at,
                            remedy="Put it between quotes." if kind == "string" else "")
        fitting = [Category(code, label) for code, label, _ in found if fits(code)]
        once = {category.value: category for category in reversed(fitting)}
        if len(once) < len(fitting):
            self._fault("a category stands twice", path)
        return tuple(reversed(once.values()))  # the first of each, so that the tables can be read and their problems told as well

    def _bound(self, value: object, path: Steps, kind: str) -> Bound | None:
        if value is None:
            return None
        if kind == "datetime" and isinstance(value, str | date):
            try:
                return datetime.fromisoformat(str(value))
            except ValueError:
                pass
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if (kind in {"integer", "number", "year"} and number) or (kind == "date" and isinstance(value, date)):
            return cast("Bound", value)
        words = {"integer": "a number", "number": "a number", "year": "a year", "date": "a date such as 2019-11-30", "datetime": "a date and time"}
        self._fault(f"doesn't fit a field of type {kind}", path, words.get(kind, "nothing: this type has no order"))
        return None

    def _pattern(self, value: object, path: Steps, kind: str) -> str:
        if value is None:
            return ""
        try:
            re.compile(str(value))
        except re.error:
            self._fault("isn't a regular expression", path)
            return ""
        return str(self._only_text(value, path, kind) or "")

    def _length(self, value: object, path: Steps, kind: str) -> int | None:
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self._fault("must be a whole number, 0 or more", path)
            return None
        return cast("int | None", self._only_text(value, path, kind))

    def _only_text(self, value: object, path: Steps, kind: str) -> object:
        if kind == "string":
            return value
        self._fault(f"a field of type {kind} can't have it", path, "fields of type string")
        return None

    def _format(self, value: object, path: Steps, kind: str) -> str:
        if value in {None, "default"}:
            return ""
        if not isinstance(value, str) or kind not in {"date", "datetime"} or "%" not in value:
            self._fault("says how a date is written", path, "letters of strptime such as %d/%m/%Y, on fields of type date or datetime")
            return ""
        return value

    def _one_of(self, value: object, path: Steps, options: Sequence[str]) -> str:
        if value in options:
            return str(value)
        self._fault(f'"{value}" isn\'t known', path, listed(options), nearest(value, options))
        return options[0]

    def _flag(self, data: Mapping[str, Any], key: str, path: Steps) -> bool:
        value = data.get(key, False)
        if not isinstance(value, bool):
            self._fault("must be true or false", (*path, key))
        return value is True

    def _strings(self, data: Mapping[str, Any], key: str, path: Steps, default: tuple[str, ...]) -> tuple[str, ...]:
        if key not in data:
            return default
        return tuple(code.value for code in self._codes(data[key], (*path, key)) if isinstance(code.value, str))

    def _names(self, value: object, path: Steps, known: Sequence[str]) -> tuple[str, ...]:
        names = [] if value is None else [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(item, str) for item in names):
            self._fault("must be the name of a field, or a list of names", path)
            return ()
        for item in names:
            if item not in known:
                self._fault(f'names "{item}", which is no field of this schema', path, listed(known), nearest(item, known))
        return tuple(item for item in names if item in known)

    def _lists(self, data: Mapping[str, Any], key: str, known: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        value = data.get(key) or []
        if not isinstance(value, list):
            self._fault("must be a list of lists of names", (key,))
            return ()
        return tuple(self._names(item, (key, i), known) for i, item in enumerate(value))

    def _foreign_keys(self, value: object, known: Sequence[str]) -> tuple[ForeignKey, ...]:
        found = []
        if value is not None and not isinstance(value, list):
            self._fault("must be a list", ("foreignKeys",))
        for i, item in enumerate(value if isinstance(value, list) else []):
            at = ("foreignKeys", i)
            data = self._block(item, at, ("fields", "reference"))
            reference = self._block(data.get("reference") or {}, (*at, "reference"), ("resource", "fields"))
            fields = self._names(data.get("fields"), (*at, "fields"), known)
            targets = reference.get("fields") or []
            targets = [targets] if isinstance(targets, str) else targets
            if not isinstance(targets, list) or not fields or len(targets) != len(fields):
                self._fault("needs fields, and reference with as many fields", at)
                continue
            found.append(ForeignKey(fields, str(reference.get("resource") or ""), tuple(map(str, targets))))
        return tuple(found)

    def _fault(self, what: str, path: Steps, allowed: str = "", remedy: str = "") -> None:
        where = self.document.where(path)
        self.faults.append(Fault(what, f"{self.name}: {where}" if where else self.name, allowed, remedy))
