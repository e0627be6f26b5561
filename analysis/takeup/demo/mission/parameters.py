"""What the synthetic MISSION is made with: every number with a tag that says whether it was published, inferred or assumed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from takeup.errors import BuildError, Fault, collect, listed, nearest
from takeup.plan.yamlfile import load
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

Tag = Literal["published", "inferred", "assumed"]
TAGS: tuple[str, ...] = get_args(Tag)
FILE = Path(__file__).with_name("parameters.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One number, or a few that belong together, with where it comes from."""

    value: Any
    tag: Tag
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """A right among those eligible at baseline: who knows and who receives it at baseline, at endline without and with the programme.

    Attributes
    ----------
    amount : mean euros a month of those who receive it; 0 for a service
    """

    knows: tuple[float, float, float]
    receives: tuple[float, float, float]
    amount: float
    tag: Tag
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """All parameters by ``section.name``, and the rights by id."""

    known: Mapping[str, Parameter]
    rights: Mapping[str, Shares]

    def __getitem__(self, name: str) -> Any:
        if name not in self.known:
            raise BuildError(Fault(f'there is no parameter "{name}"', FILE.name, remedy=nearest(name, self.known)))
        return self.known[name].value

    def changed(self, values: Mapping[str, Any]) -> Parameters:
        """The same with other values; those are assumed, whatever stood there.

        >>> read_parameters().changed({"programme.icc": 0.0})["programme.icc"]
        0.0
        """
        for name in values:
            self[name]
        new = {name: Parameter(value=value, tag="assumed", source="changed by hand") for name, value in values.items()}
        return replace(self, known=FrozenMap({**self.known, **new}))


@cache
def read_parameters(path: Path = FILE) -> Parameters:
    """The parameters of a file; BuildError with everything that is wrong with it."""
    data = load(path, BuildError).data
    faults: list[Fault] = []
    known: dict[str, Parameter] = {}
    for section, block in data.items():
        for name, row in block.items():
            where = f"{path.name}: {section}.{name}"
            faults += _tag_faults(row, where)
            if section != "rights" and "value" in row:
                known[f"{section}.{name}"] = Parameter(value=_frozen(row["value"]), tag=row.get("tag"), source=str(row.get("source", "")))
            elif section != "rights":
                faults.append(Fault("has no value", where))
    rights = {}
    for name, row in data.get("rights", {}).items():
        shares = Shares(knows=tuple(row["knows"]), receives=tuple(row["receives"]), amount=float(row["amount"]), tag=row.get("tag"),
                        source=str(row.get("source", "")))
        faults += _share_faults(shares, f"{path.name}: rights.{name}")
        rights[name] = shares
    collect(BuildError, faults)
    return Parameters(known=FrozenMap(known), rights=FrozenMap(rights))


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return FrozenMap({key: _frozen(item) for key, item in value.items()})
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _tag_faults(row: Mapping[str, Any], where: str) -> list[Fault]:
    tag = row.get("tag")
    if tag not in TAGS:
        return [Fault("doesn't say where it comes from", where, listed(TAGS), "Add its tag.")]
    return [] if tag == "assumed" or row.get("source") else [Fault(f"is {tag}, but names no source", where, remedy="Add its source.")]


def _share_faults(shares: Shares, where: str) -> list[Fault]:
    """Shares are three, between 0 and 1, and nobody receives what they don't know."""
    triples = (shares.knows, shares.receives)
    if any(len(triple) != 3 or not all(0 < share < 1 for share in triple) for triple in triples):
        return [Fault("needs three shares between 0 and 1", where)]
    late = [moment for moment, (knows, receives) in enumerate(zip(*triples, strict=True)) if receives > knows]
    return [Fault("more receive it than know it", where)] if late else []
