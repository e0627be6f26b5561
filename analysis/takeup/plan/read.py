"""Reads a plan file: every fault at once, each with its place, what is allowed and the nearest name, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError

from takeup.errors import Fault, PlanError, collect, listed, nearest
from takeup.plan.consistency import Finding, all_findings
from takeup.plan.model import Part, Plan
from takeup.plan.yamlfile import Document, Steps, load

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PLAN_FILE = "plan.yaml"


def read(path: str | Path) -> Plan:
    """Read the pre-analysis plan of a study.

    Parameters
    ----------
    path : the plan file, or the folder that holds ``plan.yaml``

    Returns
    -------
    Plan
        Frozen. Data files aren't opened here; see `takeup.intake.trial.open_trial`.

    Raises
    ------
    PlanError
        All faults at once, each with its path in the file (``outcomes[0].scale``), what is allowed and the nearest name.
    """
    path = Path(path)
    if path.is_dir():
        path = path / PLAN_FILE
    return check(load(path, PlanError))


def check(document: Document) -> Plan:
    """The plan in a YAML document; see `read`."""
    plan, placed = _findings(document)
    order = sorted(range(len(placed)), key=lambda i: (_line(document, placed[i][0]), i))
    told = [replace(fault, where=document.where(path)) for path, fault in (placed[i] for i in order)]
    collect(PlanError, [*document.faults, *told])
    assert plan is not None
    return plan


def _findings(document: Document) -> tuple[Plan | None, list[Finding]]:
    """The plan where its form is right, and all that is wrong, with its path."""
    if not isinstance(document.data, dict):
        return None, [((), Fault("a plan is a block of keys", allowed=listed(_keys(Plan), 20)))]
    plan, form = None, []
    try:
        plan = Plan.model_validate(document.data)
    except ValidationError as error:
        form = _form_findings(document.data, error.errors(include_url=False, include_context=True))
    found = all_findings(document.data)
    if any(kind != "value_error" for kind, _, _ in form) or found:
        form = [item for item in form if item[0] != "value_error"]  # the rules say it with its place
    return plan, [*((path, fault) for _, path, fault in form), *found]


def salvage(document: Document) -> tuple[Plan | None, bool]:
    """What can still be checked of a plan with faults: the plan with harmless parts in their place, and whether it is enough to check the trial.

    The first is None where not even the files can be checked. Only ever used to find more faults, never to compute.
    """
    whole = True
    for _ in range(3):
        plan, placed = _findings(document)
        if plan is not None and not placed:
            return plan, whole
        if not isinstance(document.data, dict):
            return None, False
        data = deepcopy(document.data)
        for path, _ in placed:
            whole = _mend(data, path) and whole
        document = Document(data, document.lines)
    return None, False


_STAND_INS: dict[str, Any] = {
    "takeup": 1, "study": "unread", "title": "unread", "evidence": "randomized", "data": {},
    "design": {"unit": "unread", "treatment": "unread", "control": "unread"},
    "outcomes": [{"id": "unread", "right": "unread"}], "analyses": {"seed": 0},
}


def _mend(data: dict[str, Any], path: Steps) -> bool:
    """Put something harmless where `path` is wrong; False where the trial can't be checked any more."""
    head, rest = (str(path[0]) if path else ""), path[1:]
    part = data.get(head)
    if head == "outcomes" and rest and isinstance(part, list) and isinstance(rest[0], int) and rest[0] < len(part):
        part[rest[0]] = {"id": f"unread_{rest[0]}", "right": "unread"}
        return True
    if head == "data" and rest and isinstance(part, dict):
        table = part.get(rest[0])
        if isinstance(table, dict) and len(rest) > 1 and rest[1] not in {"file", "schema"}:
            table.pop(rest[1], None)
            return True
        part.pop(rest[0], None)
        return False
    if head in {"design", "analyses"} and rest and isinstance(part, dict):
        one_group = head == "design" and data.get("evidence") == "before_after"
        needed = rest[0] in _STAND_INS[head] and not (one_group and rest[0] != "unit")
        part.pop(rest[0], None)
        if rest[0] == "draw" and data.get("evidence") in {"before_after", "comparison"}:
            part["draw"] = "none"
        if needed:
            part[rest[0]] = _STAND_INS[head][rest[0]]
        return head == "analyses" or not needed
    data.pop(head, None)
    if head in _STAND_INS:
        data[head] = deepcopy(_STAND_INS[head])
    return head not in {"data", "design"}


def _line(document: Document, path: Steps) -> int:
    return next((document.lines[path[:size]] for size in range(len(path), 0, -1) if path[:size] in document.lines), 0)


def _form_findings(data: Mapping[str, Any], errors: Iterable[ErrorDetails]) -> list[tuple[str, Steps, Fault]]:
    """Pydantic's errors in plain words, one a place: the branches of "this or that" are told as one."""
    told: dict[Steps, tuple[str, Fault]] = {}
    for error in errors:
        path, branch = _place(data, error["loc"], missing=error["type"] == "missing")
        given = error["input"]
        words = isinstance(given, Mapping)
        if branch and (words if str(error["loc"][-1]).endswith("str") else error["type"] in {"dict_type", "mapping_type"} and not words):
            continue  # the other branch than the one that was written: one text, or one a language
        if error["type"] == "too_short" and given:
            continue  # empty because its items failed
        fault = _fault(path, error)
        if path in told:
            before = told[path][1]
            if fault.allowed and fault.allowed not in before.allowed:
                told[path] = (told[path][0], replace(before, allowed=" or ".join(filter(None, (before.allowed, fault.allowed)))))
        else:
            told[path] = (error["type"], fault)
    return [(kind, path, fault) for path, (kind, fault) in told.items()]


def _place(data: object, loc: tuple[str | int, ...], *, missing: bool) -> tuple[Steps, bool]:
    """The path of an error in the file; names of union branches that pydantic adds are left out (and reported)."""
    path: list[str | int] = []
    branch = False
    node = data
    for i, step in enumerate(loc):
        if isinstance(node, Mapping) and step in node:
            path.append(step)
            node = node[step]
        elif isinstance(node, Mapping) and isinstance(step, str) and str(step).isdigit() and int(step) in node:
            path.append(int(step))
            node = node[int(step)]
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            path.append(step)
            node = node[step]
        elif missing and i == len(loc) - 1:
            path.append(step)
        else:
            branch = branch or step != "[key]"
    return tuple(path), branch


_PLAIN = {
    "string_type": ("must be text", "text", "Put it between quotes."),
    "int_type": ("must be a whole number", "a whole number", ""),
    "int_parsing": ("must be a whole number", "a whole number", ""),
    "int_from_float": ("must be a whole number", "a whole number", ""),
    "float_type": ("must be a number", "a number", ""),
    "float_parsing": ("must be a number", "a number", "Write 0.05, with a point and without a unit."),
    "finite_number": ("must be a number", "a number", ""),
    "bool_type": ("must be true or false", "true or false", ""),
    "bool_parsing": ("must be true or false", "true or false", ""),
    "date_type": ("must be a date", "a date such as 2018-03-19", ""),
    "date_parsing": ("must be a date", "a date such as 2018-03-19", ""),
    "date_from_datetime_parsing": ("must be a date", "a date such as 2018-03-19", ""),
    "tuple_type": ("must be a list", "a list such as [one, two]", ""),
    "model_type": ("must be a block of keys", "", ""),
    "mapping_type": ("must be a block of keys", "", ""),
    "dict_type": ("must be a block of keys", "", ""),
    "too_short": ("is empty", "at least one", ""),
}


_LIMITS = {"greater_than": ("more than", "gt"), "greater_than_equal": ("at least", "ge"),
           "less_than": ("less than", "lt"), "less_than_equal": ("at most", "le")}


def _fault(path: Steps, error: ErrorDetails) -> Fault:
    kind, context = error["type"], error.get("ctx", {})
    name = path[-1] if path else "the plan"
    if kind == "missing":
        return Fault("is missing", remedy=" ".join(filter(None, ("Add it.", _described(path)))))
    if kind == "extra_forbidden":
        part = _part(path[:-1])
        keys = _keys(part) if part else []
        return Fault(f'unknown key "{name}"', allowed=listed(keys, 30), remedy=nearest(name, keys) or "Remove it.")
    if kind == "literal_error":
        options = re.findall(r"'([^']*)'", str(context.get("expected", ""))) or [str(context.get("expected", ""))]
        given = name if "[key]" in error["loc"] else error["input"]
        shown = given if isinstance(given, str | int | float) else "this"
        named = [option if re.fullmatch(r"\w+", option) else f'"{option}"' for option in options if option]
        return Fault(f'"{shown}" isn\'t known', allowed=listed(named), remedy=nearest(shown, options))
    if kind == "string_pattern_mismatch":
        return _name_fault(error["input"], str(context.get("pattern", "")))
    if kind == "string_too_long":
        return Fault(f"is longer than {context.get('max_length')} characters", remedy="Shorten it.")
    if kind in {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}:
        word, key = _LIMITS[kind]
        limit = context.get(key)
        return Fault("is outside its limits", allowed=f"{word} {limit:g}" if isinstance(limit, float) else f"{word} {limit}")
    if kind == "too_long":
        return Fault("has too many items", allowed=f"at most {context.get('max_length')}")
    if kind == "missing_argument" or kind not in _PLAIN:
        return Fault(str(error["msg"]).removeprefix("Value error, "))
    what, allowed, remedy = _PLAIN[kind]
    part = _part(path)
    return Fault(what, allowed=allowed or (listed(_keys(part), 30) if part else ""), remedy=remedy)


def _name_fault(given: object, pattern: str) -> Fault:
    if "A-Z" in pattern:
        return Fault(f'"{given}" can\'t be the name of a column', allowed="a column name of letters, digits and _ (or table.column)",
                     remedy="Rename the column with a crosswalk if the file writes it otherwise.")
    suggestion = re.sub(r"[^a-z0-9_]+", "_", str(given).lower()).strip("_")
    return Fault(f'"{given}" can\'t be a name here', allowed="small letters, digits and _, beginning with a letter",
                 remedy=f'"{suggestion}" would do.' if re.match(r"[a-z]", suggestion) else "")


def _keys(part: type[Part]) -> list[str]:
    return [field.alias or name for name, field in part.model_fields.items()]


def _described(path: Steps) -> str:
    part = _part(path[:-1])
    if part is None:
        return ""
    for name, field in part.model_fields.items():
        if (field.alias or name) == path[-1]:
            options = [str(option) for option in get_args(field.annotation) if isinstance(option, str | int)]
            return field.description + (f" ({', '.join(options)})" if options else "") if field.description else listed(options)
    return ""


def _part(path: Steps) -> type[Part] | None:
    """The part of the model that stands at `path`."""
    kind: type[Part] = Plan
    inside = False  # a list or mapping of parts: the next step only says which
    for step in path:
        if inside:
            inside = False
            continue
        annotation = next((field.annotation for name, field in kind.model_fields.items() if (field.alias or name) == step), None)
        found, inside = _inner(annotation)
        if found is None:
            return None
        kind = found
    return None if inside else kind


def _inner(annotation: Any) -> tuple[type[Part] | None, bool]:
    """The part inside an optional, a list or a mapping, and whether it is one of several."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation, False
    origin = get_origin(annotation)
    several = origin is tuple or (isinstance(origin, type) and issubclass(origin, Mapping))
    if several or origin in {Union, UnionType, Annotated}:
        for item in get_args(annotation):
            found, inside = _inner(item)
            if found is not None:
                return found, several or inside
    return None, False
