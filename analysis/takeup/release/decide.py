"""What becomes of each result, all results looked at together: which rule keeps it back, and which want a person's eye."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from takeup.release.earlier import told_apart
from takeup.release.magnitude import LARGEST, concentrated, few_df, outermost
from takeup.release.solve import TOLERANCE, cheapest, intervals
from takeup.release.suppress import FLOW, PROFILE, made_of, nobody_or_everybody, too_small
from takeup.release.told import binaries, control_of, system, told
from takeup.results import Bounds, Estimate, Statistic

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from takeup.release.earlier import Earlier
    from takeup.release.rules import Rules
    from takeup.release.solve import System
    from takeup.results import ResultSet

Rule = Literal[
    "minimum cell", "minimum df", "dominance", "outermost", "zero cell", "differencing", "complementary", "exception", "protection",
    "few df", "rounded counts", "checked",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What becomes of each result: by id the rule that keeps it back and why, what wants a person's eye, and the variables with two values."""

    gone: Mapping[str, tuple[Rule, str]]
    look: Mapping[str, tuple[Rule, str]]
    binary: frozenset[str]

    @classmethod
    def of(cls, sections: Mapping[str, ResultSet], rules: Rules, earlier: Earlier | None, exceptions: Mapping[str, str]) -> Decisions:
        """Of all results at once. Under rules that keep nothing back, nothing is looked at."""
        if rules.open:
            return cls(gone={}, look={}, binary=frozenset())
        binary = binaries(sections)
        gone: dict[str, tuple[Rule, str]] = {}
        look: dict[str, tuple[Rule, str]] = {}
        for results in sections.values():
            for item in results:
                why, eye = _alone(item, rules, earlier, binary), _eye(item, rules, earlier, binary)
                name = item.provenance.id
                if why is not None and name in exceptions:
                    look[name] = "exception", f"Released although {why[0]} says no: {exceptions[name]}"
                elif why is not None:
                    gone[name] = why
                elif eye is not None:
                    look[name] = eye
        gone |= {name: why for name, why in _apart(sections, rules, binary).items() if name not in gone and name not in exceptions}
        known = _with_changes(_known(sections, rules, earlier, binary, exceptions), gone, rules)
        further = _further(sections, known, gone, exceptions, rules.cell)
        for name in further - set(gone):
            gone[name] = "complementary", "it would give another withheld number away."
        look |= _unprotected(known, gone) | _beside(sections, rules, gone)
        return cls(gone=gone, look={name: why for name, why in look.items() if name not in gone or why[0] == "protection"}, binary=binary)


def _alone(item: Any, rules: Rules, earlier: Earlier | None, binary: frozenset[str]) -> tuple[Rule, str] | None:
    """The rule that keeps a result back on its own account, and the reason as it is shown."""
    if too_small(item, rules, binary):
        return "minimum cell", f"a group of fewer than {rules.cell} people could be seen."
    if few_df(item, rules):
        return "minimum df", f"fewer than {rules.df} residual degrees of freedom."
    if LARGEST in item.extra and concentrated(item.extra[LARGEST], rules):
        return "dominance", "a few people make most of it."
    if outermost(item, rules):
        return "outermost", "it is a number of the outermost people."
    if rules.zeros == "withhold" and nobody_or_everybody(item, binary):
        return "zero cell", "it is nobody or everybody of a group."
    if earlier is not None and told_apart(item, earlier, rules) == "withhold":
        return "differencing", f"beside an earlier release a group of fewer than {rules.cell} people could be seen."
    return None


def _eye(item: Any, rules: Rules, earlier: Earlier | None, binary: frozenset[str]) -> tuple[Rule, str] | None:
    """Why a person should look at a result that leaves."""
    if earlier is not None and told_apart(item, earlier, rules) == "review":
        return "differencing", "It differs from an earlier release by about as many people as aren't to be seen."
    if nobody_or_everybody(item, binary):
        return "zero cell", "It is nobody or everybody of a group."
    if isinstance(item, Estimate) and item.df < rules.df:
        return "few df", "Its variance has few degrees of freedom."
    return None


def _further(
    sections: Mapping[str, ResultSet], known: System, gone: Collection[str], exceptions: Collection[str], cell: int,
) -> frozenset[str]:
    """What goes with the withheld: what is made of them, and the cheapest further numbers, so that nothing gives them away."""
    withheld = set(gone)
    withheld |= made_of(sections, withheld, cell) - set(exceptions)
    withheld |= cheapest(known, withheld, _costs(sections))
    while more := made_of(sections, withheld, cell) - set(exceptions):
        withheld |= more
    return frozenset(withheld)


def _known(sections: Mapping[str, ResultSet], rules: Rules, earlier: Earlier | None, binary: frozenset[str], exceptions: Collection[str]) -> System:
    """What is told of people, where what an earlier release told, or an exception lets out, can't be kept back."""
    found = system(sections, rules, binary)
    old = set(exceptions)
    if earlier is not None:
        old |= {item.provenance.id for results in sections.values() for item in results if earlier.still_told(item, rules)}
    return replace(found, rows=tuple(replace(row, always=True) if row.unit in old else row for row in found.rows)) if old else found


def _with_changes(known: System, gone: Mapping[str, tuple[Rule, str]], rules: Rules) -> System:
    """The same where what would show a small change since an earlier release is protected too: worked out from the rest it would show it as well."""
    changed = {name for name, (rule, _) in gone.items() if rule == "differencing"}
    more = {row.cells[0]: float(rules.width) for row in known.rows if row.unit in changed and len(row.cells) == 1}
    return replace(known, widths={**known.widths, **more}) if more else known


def _unprotected(known: System, gone: Collection[str]) -> dict[str, tuple[Rule, str]]:
    """The withheld results whose group can still be told from what is shown."""
    seen = {cell for cell, (low, high) in intervals(known, set(gone), enough=True).items() if high - low < known.widths[cell] - 4 * TOLERANCE}
    return {
        row.unit: ("protection", "What else is known tells it to within fewer people than it should.")
        for row in known.rows if row.unit in gone and len(row.cells) == 1 and row.cells[0] in seen
    }


def _apart(sections: Mapping[str, ResultSet], rules: Rules, binary: frozenset[str]) -> dict[str, tuple[Rule, str]]:
    """Where exact counts are told of the same thing for two populations that differ by too few people, the later result."""
    if rules.base > 1:
        return {}
    control = control_of(sections)
    totals: dict[tuple[object, ...], list[int]] = {}
    out: dict[str, tuple[Rule, str]] = {}
    for results in sections.values():
        for item in results:
            for piece in told(item, binary, control):
                kept = totals.setdefault((type(item), piece.variable, piece.wave, piece.level, piece.arm, piece.group), [])
                if any(rules.small(abs(piece.total - other)) for other in kept):
                    out[piece.unit] = "differencing", f"a group of fewer than {rules.cell} people could be seen."
                else:
                    kept.append(piece.total)
    return out


def _beside(sections: Mapping[str, ResultSet], rules: Rules, gone: Mapping[str, Any]) -> dict[str, tuple[Rule, str]]:
    """The withheld boxes of the flow that the exact numbers of people beside other results tell: how many of an arm were analysed, or missing."""
    if rules.base > 1:
        return {}
    boxes = [item for results in sections.values() for item in results if isinstance(item, Statistic) and item.table == FLOW and item.arm]
    sizes = {item.arm: item.value for item in boxes if item.variable == "allocated"}
    shown = [item for results in sections.values() for item in results if isinstance(item, Estimate | Bounds) and item.provenance.id not in gone]
    people = {n for item in shown for n in (item.n_treated, item.n_control)}
    missing = {item.n_missing for item in shown}
    return {
        box.provenance.id: ("protection", "Numbers of people beside other results may tell it.") for box in boxes
        if box.provenance.id in gone and (sizes.get(box.arm, math.nan) - box.value in people or box.value in missing)
    }


def _costs(sections: Mapping[str, ResultSet]) -> dict[str, float]:
    """What it costs to withhold a result: results of the analysis most, boxes of the flow next, then a share by how many people it tells of."""
    costs = {}
    for results in sections.values():
        for item in results:
            if not isinstance(item, Statistic):
                costs[item.provenance.id] = 2.0 if getattr(item, "estimand", "") == PROFILE else 8.0
            elif "difference" in item.kind:
                costs[item.provenance.id] = 0.5
            else:
                costs[item.provenance.id] = (3.0 if item.table == FLOW else 1.0) + (item.count or 0) / (item.n + 1)
    return costs
