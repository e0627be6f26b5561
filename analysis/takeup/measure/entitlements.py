"""The catalogue of rights as a study's YAML file holds it: each right with its domain, level, words, source and rule of eligibility."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from takeup.errors import Fault, MeasureError, collect, listed, nearest
from takeup.measure.eligibility import Rule, read_rule
from takeup.plan.yamlfile import load
from takeup.results import FrozenMap

LEVELS = ("federal", "flemish", "local")
_KEYS = ("id", "domain", "level", "label", "rule", "source", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One right or service.

    Attributes
    ----------
    id, domain, level : its names in the catalogue
    label : language -> words
    rule : who is eligible, on the baseline profile; None where the catalogue gives no rule
    source : the law, or the organisation that has the full conditions
    """

    id: str
    domain: str
    level: str
    label: FrozenMap
    rule: Rule | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All rights of a study, in the order of the file.

    Attributes
    ----------
    rights : tuple of Right
    domains, levels : id -> words by language
    profile : names of the columns that rules may read
    """

    rights: tuple[Right, ...]
    domains: FrozenMap
    levels: FrozenMap
    profile: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The rights' ids."""
        return tuple(right.id for right in self.rights)

    def __getitem__(self, name: str) -> Right:
        """One right by its id; MeasureError with the nearest one where there is none."""
        for right in self.rights:
            if right.id == name:
                return right
        raise MeasureError(Fault(f'there is no right "{name}" in the catalogue', "right", listed(self.ids, 40), nearest(name, self.ids)))


def read_catalogue(path: str | Path) -> Catalogue:
    """Read a catalogue of rights.

    Raises
    ------
    MeasureError
        Everything that is wrong with it, at once: a domain or level that isn't listed, an id that stands twice, a rule that can't be read
        (with the character) or reads a column outside the profile.
    """
    document = load(Path(path), MeasureError)
    raw = _block(document.data)
    domains, levels = _block(raw.get("domains")), _block(raw.get("levels"))
    profile = tuple(str(_block(column).get("name")) for column in _list(raw.get("profile")))
    faults: list[Fault] = list(document.faults)
    rights: list[Right] = []
    for place, item in enumerate(_list(raw.get("rights"))):
        right = _right(_block(item), f"rights[{place}]", faults, domains, levels, profile)
        if right.id in {other.id for other in rights}:
            faults.append(Fault(f'the right "{right.id}" stands twice', f"rights[{place}].id"))
        rights.append(right)
    if not rights:
        faults.append(Fault("holds no rights", "rights", remedy="List them, each with id, domain, level, label and rule."))
    collect(MeasureError, faults)
    return Catalogue(rights=tuple(rights), domains=_words(domains), levels=_words(levels), profile=profile)


def _right(
    item: Mapping[Any, Any], where: str, faults: list[Fault], domains: Mapping[Any, Any], levels: Mapping[Any, Any], profile: tuple[str, ...],
) -> Right:
    faults += [Fault(f'unknown key "{key}"', where, listed(_KEYS), nearest(key, _KEYS)) for key in item if key not in _KEYS]
    name = str(item.get("id", ""))
    if not name:
        faults.append(Fault("has no id", where))
    for kind, known in (("domain", domains), ("level", levels)):
        if item.get(kind) not in known:
            faults.append(Fault(f'"{item.get(kind)}" is no {kind}', f"{where}.{kind}", listed(known), nearest(item.get(kind), known)))
    rule = None
    if item.get("rule"):
        try:
            rule = read_rule(str(item["rule"]), profile)
        except MeasureError as error:
            faults += [Fault(fault.what, f"{where}.{fault.where}", fault.allowed, fault.remedy) for fault in error.faults]
    label = item.get("label", name)
    return Right(id=name, domain=str(item.get("domain")), level=str(item.get("level")), rule=rule, source=str(item.get("source", "")),
                 label=FrozenMap(label) if isinstance(label, Mapping) else FrozenMap(en=str(label)))


def _words(raw: Mapping[Any, Any]) -> FrozenMap:
    return FrozenMap({str(key): FrozenMap(value) if isinstance(value, Mapping) else FrozenMap(en=str(value)) for key, value in raw.items()})


def _block(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
