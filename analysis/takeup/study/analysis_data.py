"""The frame that estimators work on, made ready for Stata, SPSS and R: codes with labels, and nobody's number.

It stays rows of people. What points at a person by itself is left out: the unit's number, every column that must be unique, and free text; the
groups of the design are numbered anew. What is left can still point at somebody: it is for the secure room.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from takeup.errors import IntakeError
from takeup.present.labels import in_language
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pandas import DataFrame, Series

    from takeup.intake.schema import Field
    from takeup.present.labels import Labels
    from takeup.study.material import Material

ROW = "row"
LONGEST = 32
"""Characters of a name in Stata."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class AnalysisData:
    """Rows of people as other programs read them. Its repr counts.

    Attributes
    ----------
    frame : DataFrame
        Numbers and dates only; the column ``row`` counts from one in the order of the list of units.
    columns : mapping of the plan's name of a column -> its name here
    labels : mapping of a column here -> its title
    values : mapping of a column here -> {code: words}
    left_out : mapping of the plan's name of a column -> why it isn't here
    """

    frame: DataFrame
    columns: Mapping[str, str]
    labels: Mapping[str, str]
    values: Mapping[str, Mapping[float, str]] = field(default_factory=FrozenMap)
    left_out: Mapping[str, str] = field(default_factory=FrozenMap)

    def __repr__(self) -> str:
        return f"AnalysisData({len(self.frame)} rows, {self.frame.shape[1]} columns, {len(self.left_out)} left out)"


def analysis_data(material: Material, labels: Labels, language: str) -> AnalysisData:
    """Make the frame of a study ready for other programs.

    Parameters
    ----------
    labels, language : where titles and words of codes come from

    Notes
    -----
    Labels of text become codes from 1 in the order of the schema; numbers stay what they are. Missing codes are missing. Blocks, clusters and
    providers keep who belongs together and lose their own number.
    """
    from pandas import DataFrame, RangeIndex

    design = material.plan.design
    groups = {name for name in (design.blocks, design.clusters, design.nested_in) if name}
    outcomes = {outcome.id for outcome in material.plan.outcomes}
    made: dict[str, Any] = {ROW: RangeIndex(1, len(material.frame) + 1)}
    columns: dict[str, str] = {}
    titles = {ROW: "Row"}
    values: dict[str, dict[float, str]] = {}
    left: dict[str, str] = {}
    for name in map(str, material.frame.columns):
        known = _field(material, name)
        series = material.frame[name]
        why = _kept_back(material, name, known, series, groups)
        if why:
            left[name] = why
            continue
        here = _named(name, made)
        columns[name] = here
        titles[here] = (labels.outcome if name in outcomes else labels.variable)(name, language)[:80]
        if _bare(name) in groups:
            made[here] = _numbered(series)
        else:
            made[here], words = _coded(series, known, labels, language, arm=name == material.design.treatment)
            if words:
                values[here] = words
    return AnalysisData(frame=DataFrame(made), columns=FrozenMap(columns), labels=FrozenMap(titles), values=FrozenMap(values),
                        left_out=FrozenMap(left))


def _bare(name: str) -> str:
    return name.rpartition(".")[2]


def _field(material: Material, name: str) -> Field | None:
    """The schema's field of a column; None for what takeup made itself."""
    try:
        return material.trial.field(name)
    except IntakeError:
        return None


def _kept_back(material: Material, name: str, known: Field | None, series: Series[Any], groups: set[str]) -> str:
    """Why a column stays out; nothing where it may go along."""
    if _bare(name) == material.plan.design.unit or (known is not None and known.unique):
        return "names a person"
    if _bare(name) in groups or name == material.design.treatment:
        return ""
    text = not (known is not None and known.categories) and series.dtype.kind not in "iufbM" and not hasattr(series.dtype, "categories")
    return "free text" if text else ""


def _named(name: str, taken: dict[str, Any]) -> str:
    """A name that every program takes: letters, digits and lines, at most 32, each once whatever its case."""
    base = re.sub(r"\W", "_", name, flags=re.ASCII)
    base = (base if re.match("[A-Za-z]", base) else f"v_{base}")[:LONGEST]
    lower = {other.lower() for other in taken}
    short, count = base, 1
    while short.lower() in lower:
        count += 1
        short = f"{base[: LONGEST - 1 - len(str(count))]}_{count}"
    return short


def _numbered(series: Series[Any]) -> Any:
    """Groups by number in the order in which they come; missing stays missing."""
    from pandas import factorize

    codes, _found = factorize(series)
    return [float("nan") if code < 0 else float(code + 1) for code in codes]


def _coded(
    series: Series[Any], known: Field | None, labels: Labels, language: str, *, arm: bool,
) -> tuple[Any, dict[float, str]]:
    """A column as numbers or dates, and the words of its codes."""
    from pandas import to_numeric

    if series.dtype.kind == "M":
        return series.dt.tz_localize(None).dt.normalize().to_numpy(), {}
    levels = [category.value for category in known.categories] if known is not None else []
    if arm:
        levels = levels or sorted(series.dropna().unique(), key=str)
        words = {level: labels.arm(str(level), language) for level in levels}
    else:
        words = {category.value: in_language(category.label, language) or str(category.value) for category in (known.categories if known else ())}
    numeric = all(isinstance(level, int | float) for level in levels)
    if levels and not numeric:
        codes = {str(level): float(place) for place, level in enumerate(levels, start=1)}
        return series.astype(object).map(lambda value: codes.get(str(value)), na_action="ignore").to_numpy(dtype=float, na_value=float("nan")), {
            codes[str(level)]: words[level] for level in levels}
    number = to_numeric(series.astype(object)).to_numpy(dtype=float, na_value=float("nan"))
    return number, {float(level): word for level, word in words.items()}
