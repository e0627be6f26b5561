"""What changed between the plan that was locked and the plan that is run: each change by its place, what it reaches, and the authors' reason.

A change is judged by what it means, not by how the file is written: the order of keys, comments, and defaults written out are no changes, and
words for readers (titles, labels) need no reason. What a change reaches decides which results still count as pre-specified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from takeup.errors import Fault, PlanError, collect, nearest
from takeup.plan.yamlfile import dotted, load
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from takeup.plan.lock import Lock
    from takeup.plan.model import Plan

Change = Literal[
    "outcome_added", "outcome_removed", "role", "family", "better", "smallest_effect", "measure", "correction", "covariate_added",
    "covariate_dropped", "order", "estimator", "confidence", "draws", "seed", "balance", "subgroup_added", "subgroup_removed", "subgroup_kind",
    "design", "exclusion", "data", "rights", "cost", "release", "evidence", "file", "words",
]
Text = str | Mapping[str, str]
ALL, DRAWN = "all", "drawn"
FILE = "deviations.yaml"
_WORDS = frozenset({"title", "about", "registration", "languages", "words", "takeup", "study"})
_OUTCOME: Mapping[str, Change] = FrozenMap(
    role="role", family="family", better="better", smallest_effect="smallest_effect", label="words", unit="words",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One change.

    Attributes
    ----------
    place : str
        Its key, which `deviations.yaml` names: ``outcomes.wellbeing.smallest_effect``.
    change : Change
    subject : str
        The outcome, column, table or key that it is about.
    before, after : str
        As locked and as run; empty where there is nothing.
    reach : tuple of str
        What it can change: "all", "drawn" (what rests on the plan's draws), ``outcome:ID``, ``family:ID``, or a part of the plan.
    reason : str or mapping of languages
        The authors' reason; empty where they gave none.
    """

    place: str
    change: Change
    subject: str
    before: str = ""
    after: str = ""
    reach: tuple[str, ...] = ()
    reason: Text = ""

    @property
    def needs_reason(self) -> bool:
        """Whether a reason is asked: not of words for readers."""
        return self.change != "words"

    @property
    def unexplained(self) -> bool:
        """Whether a reason is asked and none is given."""
        return self.needs_reason and not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmasking:
    """When results with the arms as they were came first to be seen, after masked ones."""

    time: str
    plan_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a study's results were promised beforehand.

    Attributes
    ----------
    lock : Lock or None
    deviations : tuple of Deviation
    timing : {"before", "after", "unknown"}
        Whether the plan was locked before the first endline measurement; unknown where no date of it is recorded.
    unmasked : tuple of Unmasking
    signatures : tuple of str
        Names of files that vouch for the lock.
    """

    lock: Lock | None = None
    deviations: tuple[Deviation, ...] = ()
    timing: Literal["before", "after", "unknown"] = "unknown"
    unmasked: tuple[Unmasking, ...] = ()
    signatures: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Deviation, ...]:
        """The deviations that ask for a reason."""
        return tuple(item for item in self.deviations if item.needs_reason)

    @property
    def unexplained(self) -> tuple[Deviation, ...]:
        """The deviations without the reason they ask for."""
        return tuple(item for item in self.deviations if item.unexplained)

    @property
    def after_unmasking(self) -> bool:
        """Whether the plan was locked after its arms were first shown."""
        return self.lock is not None and any(item.time < self.lock.time for item in self.unmasked)


NOTHING = Standing()
"""A study without a lock."""


def differences(
    locked: Plan, run: Plan, locked_files: Mapping[str, str] = FrozenMap(), run_files: Mapping[str, str] = FrozenMap(),
) -> tuple[Deviation, ...]:
    """Every change from the locked plan to the one that is run, in the order of the plan.

    Parameters
    ----------
    locked, run : Plan
    locked_files, run_files : mapping of names to SHA-256
        The schemas, crosswalks and catalogue of each.

    Examples
    --------
    >>> from takeup.plan.deviations import differences
    >>> from takeup.plan.model import Plan
    >>> said = {
    ...     "takeup": 1, "study": "small", "title": "Small", "evidence": "randomized",
    ...     "data": {"units": {"file": "units.csv", "schema": "units.yaml"}},
    ...     "design": {"unit": "id", "treatment": "arm", "control": "control"},
    ...     "outcomes": [{"id": "income", "column": "income", "smallest_effect": 50}], "analyses": {"seed": 1, "covariates": ["age"]}}
    >>> later = said | {"outcomes": [{"id": "income", "column": "income", "smallest_effect": 20}], "analyses": {"seed": 1}}
    >>> for found in differences(Plan.model_validate(said), Plan.model_validate(later)):
    ...     print(found.place, found.change)
    outcomes.income.smallest_effect smallest_effect
    analyses.covariates.age covariate_dropped
    """
    before, after = locked.model_dump(mode="json", by_alias=True), run.model_dump(mode="json", by_alias=True)
    found = [*_outcomes(before["outcomes"], after["outcomes"]), *_analyses(before["analyses"], after["analyses"])]
    design_words = ("arms", "received_label", "unit_label")
    found += _block("design", before["design"], after["design"], "design", (ALL,), design_words)
    found += _block("flow", before["flow"], after["flow"], "exclusion", ("flow",), ("source", "excluded_labels"))
    found += _block("data", before["data"], after["data"], "data", (ALL,))
    found += _block("rights", before["rights"] or {}, after["rights"] or {}, "rights", ("rights",))
    found += _block("cost", before["cost"] or {}, after["cost"] or {}, "cost", ("cost",), ("source",))
    found += _block("rollout", before["rollout"] or {}, after["rollout"] or {}, "data", (), ("label",))
    found += _block("release", before["release"], after["release"], "release", ())
    found += _block("evidence", before["evidence"], after["evidence"], "evidence", (ALL,))
    found += _block("files", dict(locked_files), dict(run_files), "file", (ALL,))
    found += [change for key in sorted(_WORDS) for change in _block(key, before[key], after[key], "words", ())]
    return tuple(found)


def _outcomes(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterator[Deviation]:
    old, new = {item["id"]: item for item in before}, {item["id"]: item for item in after}
    for name in (*old, *(name for name in new if name not in old)):
        place = f"outcomes.{name}"
        if name not in new or name not in old:
            here = new.get(name) or old[name]
            change: Change = "outcome_added" if name in new else "outcome_removed"
            sides = ("", name) if name in new else (name, "")
            yield Deviation(place=place, change=change, subject=name, before=sides[0], after=sides[1],
                            reach=(f"outcome:{name}", f"family:{here['family']}"))
            continue
        for key, value in old[name].items():
            if value == new[name][key]:
                continue
            change = _OUTCOME.get(key, "measure")
            families = (value, new[name][key]) if key == "family" else (old[name]["family"],) if change == "measure" else ()
            itself = () if change == "words" else (f"outcome:{name}",)
            yield Deviation(place=f"{place}.{key}", change=change, subject=name, before=_said(value), after=_said(new[name][key]),
                            reach=(*itself, *(f"family:{family}" for family in families)))


def _analyses(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Deviation]:
    yield from _columns("covariates", before["covariates"], after["covariates"])
    yield from _columns("balance", before["balance"], after["balance"])
    kinds: dict[str, tuple[Change, tuple[str, ...]]] = {
        "estimator": ("estimator", (ALL,)), "confidence": ("confidence", (ALL,)), "draws": ("draws", (DRAWN,)), "seed": ("seed", (DRAWN,)),
    }
    for key, (change, reach) in kinds.items():
        yield from _block(f"analyses.{key}", before[key], after[key], change, reach)
    for name in dict.fromkeys((*before["families"], *after["families"])):
        old, new = before["families"].get(name), after["families"].get(name)
        yield from _block(f"analyses.families.{name}", old, new, "correction", (f"family:{name}",))
    yield from _block("analyses.family_labels", before.get("family_labels", {}), after.get("family_labels", {}), "words", ())
    old_groups, new_groups = ({item["by"]: item for item in part["subgroups"]} for part in (before, after))
    for name in dict.fromkeys((*old_groups, *new_groups)):
        place, was, now = f"analyses.subgroups.{name}", old_groups.get(name), new_groups.get(name)
        if was is None or now is None:
            added: Change = "subgroup_added" if was is None else "subgroup_removed"
            yield Deviation(place=place, change=added, subject=name, before="" if was is None else name, after="" if now is None else name,
                            reach=(f"subgroup:{name}",))
        else:
            yield from _block(f"{place}.kind", was["kind"], now["kind"], "subgroup_kind", (f"subgroup:{name}",))
            yield from _block(f"{place}.label", was["label"], now["label"], "words", ())


def _columns(key: str, before: list[str], after: list[str]) -> Iterator[Deviation]:
    """Columns added to or dropped from a list, or only put in another order."""
    place, reach = f"analyses.{key}", (ALL,) if key == "covariates" else ("balance",)
    for name in dict.fromkeys((*before, *after)):
        if (name in before) != (name in after):
            added: Change = "covariate_added" if name in after else "covariate_dropped"
            yield Deviation(place=f"{place}.{name}", change=added if key == "covariates" else "balance", subject=name,
                            before=name if name in before else "", after=name if name in after else "", reach=reach)
    kept = [name for name in before if name in after], [name for name in after if name in before]
    if kept[0] != kept[1] and key == "covariates":
        yield Deviation(place=f"{place}.order", change="order", subject=key, before=", ".join(kept[0]), after=", ".join(kept[1]), reach=reach)


def _block(place: str, before: Any, after: Any, change: Change, reach: tuple[str, ...], words: tuple[str, ...] = ()) -> Iterator[Deviation]:
    """Changes in a part of the plan, key by key to its leaves; keys named in `words` are for readers."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            kind: tuple[Change, tuple[str, ...]] = ("words", ()) if key in words else (change, reach)
            yield from _block(f"{place}.{key}", before.get(key), after.get(key), *kind)
        return
    yield Deviation(place=place, change=change, subject=place.partition(".")[2] or place, before=_said(before), after=_said(after), reach=reach)


def _said(value: Any) -> str:
    """A value of the plan in one line."""
    if value is None or value == "":
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(map(_said, value))
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_said(item)}" for key, item in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_reasons(path: Path) -> Mapping[str, Text]:
    """The authors' reasons by the place of the change; empty where there is no file.

    Raises
    ------
    PlanError
        Everything that is wrong with the file, at once.
    """
    if not path.is_file():
        return FrozenMap()
    document = load(path, PlanError)
    faults, out = list(document.faults), {}
    listed = document.data.get("deviations") if isinstance(document.data, dict) and set(document.data) == {"deviations"} else None
    if not isinstance(listed, list):
        raise PlanError(*faults, Fault("holds one list, deviations:, of changes and their reasons", path.name, "- {change: PLACE, reason: WHY}"))
    for position, item in enumerate(listed):
        where = f"{path.name}: {document.where(('deviations', position))}"
        if not isinstance(item, dict) or set(item) != {"change", "reason"} or not isinstance(item["change"], str):
            faults.append(Fault("a deviation has a change and a reason", where, "- {change: PLACE, reason: WHY}"))
        elif not _is_text(item["reason"]):
            faults.append(Fault("a reason is a sentence, or one a language", where, "text, or en, nl, fr"))
        elif item["change"] in out:
            faults.append(Fault(f'"{item["change"]}" has a reason already', where, remedy="Keep one of them."))
        else:
            reason = item["reason"]
            out[item["change"]] = reason.strip() if isinstance(reason, str) else FrozenMap(reason)
    collect(PlanError, faults)
    return FrozenMap(out)


def _is_text(value: object) -> bool:
    if isinstance(value, dict):
        return bool(value) and set(value) <= {"en", "nl", "fr"} and all(isinstance(item, str) and item.strip() for item in value.values())
    return isinstance(value, str) and bool(value.strip())


def explained(found: Iterable[Deviation], reasons: Mapping[str, Text]) -> tuple[Deviation, ...]:
    """The deviations with their reasons. PlanError for a reason of a change that isn't there: it hides a misspelt place, or an old one."""
    out = tuple(found)
    places = [item.place for item in out]
    collect(PlanError, [
        Fault(f'"{place}" isn\'t changed from the locked plan', FILE, remedy=nearest(place, places) or "Take the reason out.")
        for place in reasons if place not in places
    ])
    return tuple(replace(item, reason=reasons.get(item.place, "")) for item in out)


def pre_specified(plan: Plan, plan_path: str, result_id: str, standing: Standing) -> bool:
    """Whether a result is what the locked plan promised: in it, not as exploratory, and reached by no change since.

    Parameters
    ----------
    plan_path : the part of the plan that asked for the result, ``outcomes[0]``
    result_id : the id of the result; what comes before its first dot says what kind it is

    Returns
    -------
    bool
        False where there is no lock: nothing then shows what was meant beforehand.
    """
    if standing.lock is None:
        return False
    head, _, rest = result_id.partition(".")
    reached = {ALL, plan_path, plan_path.rpartition(".")[2]}
    if head in {"ri", "family"} or result_id == "balance.omnibus":
        reached.add(DRAWN)
    named = [outcome for outcome in plan.outcomes if plan_path == dotted(("outcomes", plan.outcomes.index(outcome)))]
    for position, group in enumerate(plan.analyses.subgroups):
        if plan_path == f"analyses.subgroups[{position}]":
            if group.kind == "exploratory":
                return False
            reached.add(f"subgroup:{group.by}")
            named += [outcome for outcome in plan.outcomes if rest.startswith(f"{outcome.id}.")]
    if any(outcome.role == "exploratory" for outcome in named):
        return False
    for outcome in named:
        reached |= {f"outcome:{name}" for name in (outcome.id, *outcome.index)}
        reached |= {"rights"} if outcome.right is not None else set()
        reached |= {f"family:{outcome.family}"} if head == "family" else set()
    return not any(reached & set(item.reach) for item in standing.deviations)
