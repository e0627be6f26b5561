"""The catalogue of rights: a file that names each right, its life domain, its level of government, its source and who is eligible.

Rules read the *profile*: facts known before the draw, listed in the catalogue itself. So every rule is checked when the file is read:
its grammar, the facts that it names and the choices that it compares them with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, MeasureError, collect, listed, nearest
from takeup.measure.eligibility import Condition, Rule, eligible, explain
from takeup.plan.yamlfile import load
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from pandas import DataFrame, Series

Text = str | Mapping[str, str]
LEVELS = ("federal", "flemish", "local")
LANGUAGES = ("en", "nl", "fr")
KINDS = ("flag", "number", "choice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of the profile that rules may read: a flag (yes or no), a number, or a choice among `values`."""

    name: str
    kind: str
    title: Text = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One right or service of the catalogue.

    Attributes
    ----------
    domain, level : ids of its life domain and of the level of government that gives it
    labels : words by language
    source : the law or the organisation that has the full conditions
    rule : who is eligible, on the profile
    """

    id: str
    domain: str
    level: str
    labels: Mapping[str, str]
    source: str
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether a profile opens a right (None: not known), with each condition of its rule and the facts that are missing for it."""

    right: Right
    eligible: bool | None
    conditions: tuple[Condition, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The rights in the order of the file, with the words of their domains and levels and the profile that the rules read."""

    title: Text
    source: str
    rights: tuple[Right, ...]
    domains: Mapping[str, Text]
    levels: Mapping[str, Text]
    profile: tuple[Fact, ...]

    def __len__(self) -> int:
        return len(self.rights)

    def __iter__(self) -> Iterator[Right]:
        return iter(self.rights)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the rights, in order."""
        return tuple(right.id for right in self.rights)

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts of the profile, in order."""
        return tuple(fact.name for fact in self.profile)

    def right(self, name: str) -> Right:
        """The right with this id; MeasureError with the nearest one where there is none."""
        for right in self.rights:
            if right.id == name:
                return right
        raise MeasureError(Fault(f'there is no right "{name}" in the catalogue', "right", listed(self.ids, 40), nearest(name, self.ids)))


def read_catalogue(path: str | Path, *, name: str = "") -> Catalogue:
    """Read and check a catalogue of rights.

    Parameters
    ----------
    path : its YAML file
    name : how messages call the file; its own name when empty

    Raises
    ------
    MeasureError
        All that is wrong, at once: keys, words, domains, levels, and each rule that can't be read, with the line in the file and the
        character in the rule.
    """
    from takeup.measure.rights_file import read_document

    path = Path(path)
    document = load(path, MeasureError, name=name or path.name)
    catalogue, faults = read_document(document, name or path.name)
    collect(MeasureError, [*document.faults, *faults])
    return catalogue


def profile_frame(catalogue: Catalogue, units: DataFrame, *, wave: str = "baseline") -> DataFrame:
    """The facts of the profile, one row a unit, under the names that rules use.

    Parameters
    ----------
    units : DataFrame
        The frame of units: a fact stands under its own name, or as ``WAVE.name`` where several waves have it.

    Returns
    -------
    DataFrame
        On the index of `units`; categories as plain text and numbers, so that any two may be compared.

    Raises
    ------
    MeasureError
        Facts that some rule reads and that the units don't have, all at once.
    """
    from pandas import DataFrame

    found = {fact.name: name for fact in catalogue.profile for name in (fact.name, f"{wave}.{fact.name}") if name in units.columns}
    read = dict.fromkeys(column for right in catalogue for column in right.rule.columns)
    collect(MeasureError, (
        Fault(f'the rules read "{name}", which the data don\'t have', "rights catalogue", remedy=nearest(name, map(str, units.columns)))
        for name in read if name not in found
    ))
    return DataFrame({name: _plain(units[column]) for name, column in found.items()}, index=units.index)


def eligibility(catalogue: Catalogue, frame: DataFrame) -> DataFrame:
    """Whether each row of a profile frame is eligible for each right: nullable booleans, missing where it can't be known."""
    from pandas import DataFrame

    return DataFrame({right.id: eligible(right.rule, frame) for right in catalogue}, index=frame.index)


def opened(catalogue: Catalogue, profile: Mapping[str, Any]) -> tuple[Answer, ...]:
    """Each right with whether one profile opens it, and why.

    Facts that the profile leaves out aren't known, so rights that hang on them are neither open nor closed.

    Raises
    ------
    MeasureError
        Facts that the catalogue doesn't have, and values that a fact can't take, all at once.
    """
    collect(MeasureError, _profile_faults(catalogue, profile))
    answers = []
    for right in catalogue:
        known, conditions = explain(right.rule, profile)
        absent = tuple(name for name in right.rule.columns if profile.get(name) is None) if known is None else ()
        answers.append(Answer(right=right, eligible=known, conditions=conditions, missing=absent))
    return tuple(answers)


def read_profile(path: str | Path) -> FrozenMap:
    """The facts in a small YAML file: one ``name: value`` a line. MeasureError where it holds anything else."""
    path = Path(path)
    document = load(path, MeasureError)
    if not isinstance(document.data, dict):
        raise MeasureError(*document.faults, Fault("a profile is a block of facts", path.name, "name: value, one a line"))
    collect(MeasureError, document.faults)
    return FrozenMap(document.data)


def _plain(column: Series) -> Series:
    """Categories as what they stand for."""
    from pandas import CategoricalDtype

    return column.astype("object").convert_dtypes() if isinstance(column.dtype, CategoricalDtype) else column


def _profile_faults(catalogue: Catalogue, profile: Mapping[str, Any]) -> Iterator[Fault]:
    by_name = {fact.name: fact for fact in catalogue.profile}
    for name, value in profile.items():
        fact = by_name.get(name)
        if fact is None:
            yield Fault(f'there is no fact "{name}"', "profile", listed(by_name, 30), nearest(name, by_name))
        elif value is not None and not _fits(fact, value):
            yield Fault("isn't a value that this fact can take", f"profile, {name}", allowed(fact), nearest(value, fact.values))


def _fits(fact: Fact, value: Any) -> bool:
    if fact.kind == "choice":
        return value in fact.values
    number = isinstance(value, Real) and not isinstance(value, bool)
    return number if fact.kind == "number" else isinstance(value, bool) or (number and value in {0, 1})


def allowed(fact: Fact) -> str:
    """What a fact can be, for a message."""
    return {"choice": listed(fact.values), "number": "a number", "flag": "true or false"}[fact.kind]
