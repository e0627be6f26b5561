"""The scales that the package knows, as data, and the rules that a plan or a notebook states itself.

A scale is a file (`registry/*.yaml`): its items in order, their codes, which are reversed, how they add up, what is done when some are
missing, its bands, and its source and terms of use. No questionnaire text is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from takeup.errors import Fault, MeasureError, collect, listed, nearest
from takeup.results import FrozenMap

Rule = Literal["sum", "mean", "percent", "value_set"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A range of scores with a name: those above `above` (None: from the lowest) up to the next band."""

    id: str
    above: float | None
    label: FrozenMap


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A scoring rule.

    Attributes
    ----------
    items : tuple of str
        Short names of the items, in the scale's order.
    codes : (low, high)
        The lowest and highest code an item may have; `whole` says that only whole numbers are codes.
    turned : bool
        The file's codes run the other way (1 yes to 3 no where the scale has 1 no to 3 yes): all are turned round before anything else.
    reverse : tuple of str
        Items whose codes are turned round: low + high - code.
    recode : FrozenMap
        Item to mapping of code to points, for scales that don't add codes.
    score : {"sum", "mean", "percent", "value_set"}
        percent is of the way from the lowest to the highest possible score, 0 to 100. A sum with missing items is the mean of the observed
        ones times the number of items.
    min_items : int
        Observed items needed; with fewer the score is missing.
    missing : {"prorate", "zero"}
        Whether a tolerated missing item counts as the mean of the others, or as 0 points.
    multiply : float
        Times the score.
    table : tuple of float
        What each possible sum, from the lowest, is turned into.
    value_set : FrozenMap
        Of EQ-5D, given by the user.
    range, better, bands, relevant_change, title, measures, note, item_text, source, terms
        For tables, words and the codebook.
    """

    id: str
    items: tuple[str, ...]
    codes: tuple[float, float]
    whole: bool = True
    turned: bool = False
    reverse: tuple[str, ...] = ()
    recode: FrozenMap = field(default_factory=FrozenMap)
    score: Rule = "sum"
    min_items: int
    missing: Literal["prorate", "zero"] = "prorate"
    multiply: float = 1.0
    table: tuple[float, ...] = ()
    value_set: FrozenMap = field(default_factory=FrozenMap)
    range: tuple[float, float] | None = None
    better: Literal["higher", "lower"] = "higher"
    bands: tuple[Band, ...] = ()
    relevant_change: float | None = None
    title: FrozenMap = field(default_factory=FrozenMap)
    measures: FrozenMap = field(default_factory=FrozenMap)
    note: str = ""
    item_text: Literal["allowed", "not_allowed"] = "allowed"
    source: str = ""
    terms: str = ""


def registry() -> Mapping[str, Scale]:
    """All scales that the package knows, by id.

    >>> sorted(registry())[:3]
    ['cantril', 'child_deprivation17', 'djg6']
    """
    return _registry()


def scale_of(name: str) -> Scale:
    """One scale by its id; a `MeasureError` with the nearest name when there is none."""
    if name not in _registry():
        raise MeasureError(Fault(f'there is no scale "{name}"', "scale", listed(sorted(_registry()), 20), nearest(name, _registry())))
    return _registry()[name]


def rule_of(scale: str | Mapping[str, Any] | Scale, columns: Sequence[str]) -> tuple[Scale, float]:
    """The rule that is meant, and what is taken off the codes in the file to get the rule's own.

    Raises
    ------
    MeasureError
        Everything that is wrong with a stated rule, at once.
    """
    if isinstance(scale, Scale):
        rule, offset = scale, 0.0
    elif isinstance(scale, Mapping):
        rule, offset = _adapted(scale) if "scale" in scale else (_stated(scale, columns), 0.0)
    else:
        rule, offset = scale_of(scale), 0.0
    if len(columns) != len(rule.items):
        raise MeasureError(Fault(f"{len(columns)} columns for the {len(rule.items)} items of {rule.id}", "items", listed(rule.items, 20)))
    if rule.score == "value_set" and not rule.value_set:
        raise MeasureError(Fault(f"{rule.id} needs a country's value set", "scale", remedy=f'Give {{"scale": "{rule.id}", "value_set": ...}}.'))
    return rule, offset


def _adapted(stated: Mapping[str, Any]) -> tuple[Scale, float]:
    """A scale of the registry with other code numbers, codes that run the other way, fewer items needed, or a value set."""
    base = scale_of(str(stated["scale"]))
    faults = _unknown(stated, ("scale", "range", "turned", "min_items", "value_set"))
    codes = stated.get("range", base.codes)
    offset = 0.0
    if not _is_range(codes):
        faults.append(_RANGE)
    elif codes[1] - codes[0] != base.codes[1] - base.codes[0]:
        faults.append(Fault(f"{base.id} has codes {base.codes[0]:g} to {base.codes[1]:g}, these have another width", "range"))
    else:
        offset = float(codes[0]) - base.codes[0]
    faults += _min_items(stated, len(base.items))
    if not isinstance(stated.get("turned", False), bool):
        faults.append(Fault("says whether the codes run the other way", "turned", "True, False"))
    if "value_set" in stated:
        faults += _value_set(stated["value_set"], base)
    collect(MeasureError, faults)
    changed: dict[str, Any] = {name: stated[name] for name in ("min_items", "turned") if name in stated}
    if "value_set" in stated:
        changed["value_set"] = FrozenMap(stated["value_set"])
    return replace(base, **changed), offset


def _stated(stated: Mapping[str, Any], columns: Sequence[str]) -> Scale:
    """A rule of the user's own."""
    faults = _unknown(stated, ("range", "reverse", "score", "min_items", "name"))
    if "range" not in stated or not _is_range(stated["range"]):
        faults.append(_RANGE)
    reverse = stated.get("reverse", ())
    reverse = (reverse,) if isinstance(reverse, str) else tuple(reverse)
    faults += [
        Fault(f'"{name}" is not among the items', "reverse", listed(columns), nearest(name, columns)) for name in reverse if name not in columns
    ]
    if stated.get("score", "mean") not in ("mean", "sum", "percent"):
        faults.append(Fault(f'"{stated["score"]}" is no way to score', "score", "mean, sum, percent"))
    faults += _min_items(stated, len(columns))
    collect(MeasureError, faults)
    low, high = (float(value) for value in stated["range"])
    return Scale(
        id=str(stated.get("name", "score")), items=tuple(columns), codes=(low, high), whole=False, reverse=reverse, score=stated.get("score", "mean"),
        min_items=int(stated.get("min_items", len(columns))),
    )


_RANGE = Fault("states the lowest and the highest code", "range", "[low, high] with low < high")


def _is_range(value: object) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        return False
    return all(isinstance(end, int | float) and not isinstance(end, bool) for end in value) and value[0] < value[1]


def _unknown(stated: Mapping[str, Any], known: Sequence[str]) -> list[Fault]:
    return [Fault(f'"{name}" is no part of a rule', "scale", listed(known), nearest(name, known)) for name in stated if name not in known]


def _min_items(stated: Mapping[str, Any], items: int) -> list[Fault]:
    asked = stated.get("min_items", items)
    if isinstance(asked, int) and not isinstance(asked, bool) and 1 <= asked <= items:
        return []
    return [Fault("is a whole number of items", "min_items", f"1 to {items}")]


def _value_set(values: object, base: Scale) -> list[Fault]:
    if base.score != "value_set":
        return [Fault(f"{base.id} has no value set", "value_set")]
    if not isinstance(values, Mapping) or not values:
        return [Fault("is a mapping", "value_set", "profiles with their values, or constant and five numbers a dimension")]
    levels = int(base.codes[1])
    if "constant" in values:
        return [
            Fault(f'"{name}" needs {levels} numbers', "value_set", "one for each level, in the order of the levels")
            for name in base.items if not isinstance(values.get(name), Sequence) or len(values[name]) != levels
        ]
    if len(values) != levels ** len(base.items):
        return [Fault(f"{len(values)} profiles of the {levels ** len(base.items)}", "value_set")]
    return []


@cache
def _registry() -> Mapping[str, Scale]:
    import yaml

    folder = files("takeup").joinpath("measure", "registry")
    raw = [yaml.safe_load(item.read_text(encoding="utf-8")) for item in folder.iterdir() if item.name.endswith(".yaml")]
    return FrozenMap({entry["id"]: _entry(entry) for entry in sorted(raw, key=lambda entry: str(entry["id"]))})


def _entry(entry: Mapping[str, Any]) -> Scale:
    """A registry file as a scale. The files are ours: a fault in one is a fault of the package, held by a test."""
    values = dict(entry)
    items = tuple(values.pop("items"))
    recode = values.pop("recode", {})
    if "recode_all" in values:
        shared = values.pop("recode_all")
        recode = dict.fromkeys(items, shared)
    bands = tuple(Band(id=band["id"], above=band["above"], label=FrozenMap(band["label"])) for band in values.pop("bands", ()))
    for name in ("codes", "range", "reverse", "table"):
        if name in values:
            values[name] = tuple(values[name])
    for name in ("title", "measures"):
        values[name] = FrozenMap(values[name])
    values.setdefault("min_items", len(items))
    return Scale(items=items, recode=FrozenMap({name: FrozenMap(points) for name, points in recode.items()}), bands=bands, **values)
