"""The one way out: results of a study in, `Released` out, with a log of what was withheld and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import InitVar, dataclass
from typing import TYPE_CHECKING, Any, Literal

from takeup.errors import Fault, ReleaseError, collect, listed, nearest
from takeup.release.suppress import about, derived_cells, is_withheld, rounded, row_of, too_small, withheld_rows, withhold
from takeup.results import Bounds, ConfidenceSet, Estimate, FrozenMap, Result, ResultSet, Statistic, Test

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from takeup.release.rules import Rules

_KINDS = (Estimate, Test, Bounds, ConfidenceSet, Statistic)
_TOKEN = object()
"""Only this module holds it, so only `gate` makes `Released`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the release log; no number of people stands in it."""

    section: str
    id: str
    rule: Literal["minimum cell", "complementary", "rounded counts", "checked"]
    action: Literal["withheld", "rounded", "released"]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Results that passed the gate, and the log of what didn't. Made by `gate` only.

    Attributes
    ----------
    sections : mapping of section names to `ResultSet`
    log : tuple of Entry
    rules : Rules
        The thresholds that were applied.
    """

    sections: FrozenMap
    log: tuple[Entry, ...]
    rules: Rules
    token: InitVar[object] = None

    def __post_init__(self, token: object) -> None:
        if token is not _TOKEN:
            raise ReleaseError(Fault("results are released by the gate only", "Released", remedy="Call takeup.release.gate.gate."))

    def __getitem__(self, section: str) -> ResultSet:
        if section not in self.sections:
            raise ReleaseError(Fault(f'no section "{section}"', "released", listed(self.sections), nearest(section, self.sections)))
        found: ResultSet = self.sections[section]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.sections)

    def find(self, result_id: str) -> Any:
        """The result with this id; ReleaseError with the nearest id where there is none."""
        for results in self.sections.values():
            for result in results:
                if result.provenance.id == result_id:
                    return result
        ids = [result.provenance.id for results in self.sections.values() for result in results]
        raise ReleaseError(Fault(f'no result has the id "{result_id}"', "released", remedy=nearest(result_id, ids)))

    def withheld(self) -> tuple[Entry, ...]:
        """The log's entries of numbers that were kept back."""
        return tuple(entry for entry in self.log if entry.action == "withheld")


def require(released: object) -> Released:
    """`released` itself, for a room that renders; ReleaseError for anything that didn't pass the gate."""
    if not isinstance(released, Released):
        raise ReleaseError(
            Fault(f"{type(released).__name__} hasn't passed the disclosure gate", "released", "Released", "Call takeup.release.gate.gate first.")
        )
    return released


def gate(sections: Mapping[str, ResultSet], rules: Rules) -> Released:
    """Let the results of a study out.

    Parameters
    ----------
    sections : mapping of section names to ResultSet
        Every result carries an id in its provenance, once in the whole study.
    rules : Rules

    Returns
    -------
    Released
        The same results in the same order. Where a group is under the minimum cell the numbers are nan and `reason` starts with
        "Withheld:"; where one level of a variable is withheld the next smallest is too; counts are rounded.

    Raises
    ------
    ReleaseError
        A result without an id, an id that stands twice, a kind of result the gate has no rule for: all at once.

    Notes
    -----
    The first form: levels are followed through all sections, cells and their totals within one. Differencing between tables, and what an
    estimate at full precision tells of a count, aren't looked at yet.
    Source for the row rule and complementary cells: Hundepool et al. (2012), Statistical Disclosure Control, chapter 4.
    """
    _check(sections)
    gone = frozenset(level for results in sections.values() for level in _levels_gone(results, rules))
    out: dict[str, ResultSet] = {}
    log: list[Entry] = []
    for name, results in sections.items():
        out[name], entries = _section(name, results, rules, gone)
        log.extend(entries)
    return Released(sections=FrozenMap(out), log=tuple(log), rules=rules, token=_TOKEN)


def _check(sections: Mapping[str, ResultSet]) -> None:
    faults = []
    ids: Counter[str] = Counter()
    for name, results in sections.items():
        faults += [Fault(f"the gate has no rule for a {kind}", name) for kind in dict.fromkeys(type(item).__name__ for item in results
                                                                                               if not isinstance(item, _KINDS))]
        known = [item for item in results if isinstance(item, _KINDS)]
        nameless = sum(not item.provenance.id for item in known)
        if nameless:
            faults.append(Fault(f"{nameless} results have no id", name, remedy="Give each its id in its provenance."))
        ids.update(item.provenance.id for item in known if item.provenance.id)
    faults += [Fault(f'the id "{name}" stands {count} times', "sections") for name, count in ids.items() if count > 1]
    collect(ReleaseError, faults)


def _statistics(results: ResultSet) -> list[Statistic]:
    return [item for item in results if isinstance(item, Statistic)]


def _levels_gone(results: ResultSet, rules: Rules) -> Iterator[tuple[str, str]]:
    """Variables and levels of which a row of this section goes."""
    for row in frozenset.union(*withheld_rows(_statistics(results), rules)):
        yield row[1], row[3]


def _section(name: str, results: ResultSet, rules: Rules, gone: frozenset[tuple[str, str]]) -> tuple[ResultSet, list[Entry]]:
    alone, together = withheld_rows(_statistics(results), rules)
    derived = derived_cells(_statistics(results), rules)
    kept: list[Result] = []
    log: list[Entry] = []
    for item in results:
        row = row_of(item) if isinstance(item, Statistic) else None
        if too_small(item, rules) or row in alone:
            rule: Literal["minimum cell", "complementary"] = "minimum cell"
            why = f"a group of fewer than {rules.cell} people could be seen."
        elif row in together or item.provenance.id in derived or about(item) & gone:
            rule, why = "complementary", "it would give another withheld number away."
        else:
            kept.append(rounded(item, rules))
            continue
        kept.append(withhold(item, why))
        log.append(Entry(section=name, id=item.provenance.id, rule=rule, action="withheld", reason=why))
    shown = sum(not is_withheld(item) for item in kept)
    if shown and rules.base > 1:
        log.append(Entry(section=name, id="", rule="rounded counts", action="rounded", reason=f"Counts are to the nearest {rules.base}."))
    log.append(Entry(section=name, id="", rule="checked", action="released", reason=f"{shown} of {len(kept)} results released."))
    return ResultSet(tuple(kept)), log
