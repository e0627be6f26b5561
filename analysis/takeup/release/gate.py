"""The one way out: results of a study in, `Released` out, with a log of what was withheld and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import InitVar, dataclass
from typing import TYPE_CHECKING, Any, Literal

from takeup.errors import Fault, ReleaseError, collect, listed, nearest
from takeup.release.decide import Decisions
from takeup.release.earlier import Earlier
from takeup.release.magnitude import without_edges
from takeup.release.suppress import is_withheld, rounded, said, withhold
from takeup.results import Bounds, ConfidenceSet, Estimate, FrozenMap, Result, ResultSet, Statistic, Test

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from takeup.release.decide import Rule
    from takeup.release.rules import Rules

_KINDS = (Estimate, Test, Bounds, ConfidenceSet, Statistic)
_TOKEN = object()
"""Only this module holds it, so only `gate` makes `Released`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the release log; no number of people stands in it."""

    section: str
    id: str
    rule: Rule
    action: Literal["withheld", "rounded", "released", "review"]
    reason: str

    @property
    def verdict(self) -> Literal["pass", "fail", "review"]:
        """How the check ended: "fail" is withheld, "review" was released and wants a person's eye."""
        return "fail" if self.action == "withheld" else "review" if self.action == "review" else "pass"


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

    def review(self) -> tuple[Entry, ...]:
        """The log's entries that want a person's eye before the release goes out."""
        return tuple(entry for entry in self.log if entry.action == "review")


def require(released: object) -> Released:
    """`released` itself, for a room that renders; ReleaseError for anything that didn't pass the gate."""
    if not isinstance(released, Released):
        raise ReleaseError(
            Fault(f"{type(released).__name__} hasn't passed the disclosure gate", "released", "Released", "Call takeup.release.gate.gate first.")
        )
    return released


def gate(
    sections: Mapping[str, ResultSet], rules: Rules, *, earlier: str | Path | bytes | Earlier | None = None,
    exceptions: Mapping[str, str] | None = None,
) -> Released:
    """Let the results of a study out.

    Parameters
    ----------
    sections : mapping of section names to ResultSet
        Every result carries an id in its provenance, once in the whole study.
    rules : Rules
    earlier : path of an earlier release's results.csv, of its folder or of a folder of several, its content, or Earlier, optional
        What it showed is known; numbers that differ from it by too few people don't leave.
    exceptions : mapping of result ids to reasons, optional
        Results that leave although a rule on their own account says no; the reason goes in the log, for review.

    Returns
    -------
    Released
        The same results in the same order. Where a group is under the minimum cell the numbers are nan and `reason` starts with
        "Withheld:"; so are the cheapest further numbers without which that group could be worked out from the rest; counts are rounded.

    Raises
    ------
    ReleaseError
        A result without an id, an id that stands twice, a kind of result the gate has no rule for, an exception without a reason or for
        a result that there isn't: all at once. An earlier release that can't be read.

    Notes
    -----
    Every withheld group is as uncertain to an attacker who knows all that is shown as `Rules.width` asks (`release.told`, `release.solve`); one
    that can't be, since an earlier release or the other arms tell it, is in the log for review. Sums of amounts are protected on their own
    account (`release.magnitude`), not against being worked out from other sums.
    Source: Hundepool et al. (2012), Statistical Disclosure Control, chapter 4.
    """
    exceptions = exceptions or {}
    _check(sections, exceptions)
    before = earlier if earlier is None or isinstance(earlier, Earlier) else Earlier.read(earlier)
    decided = Decisions.of(sections, rules, before, exceptions)
    out: dict[str, ResultSet] = {}
    log: list[Entry] = []
    for name, results in sections.items():
        out[name], entries = _section(name, results, rules, decided)
        log.extend(entries)
    return Released(sections=FrozenMap(out), log=tuple(log), rules=rules, token=_TOKEN)


def _check(sections: Mapping[str, ResultSet], exceptions: Mapping[str, str]) -> None:
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
    for name, reason in exceptions.items():
        if name not in ids:
            faults.append(Fault(f'an exception for "{name}", and no result has that id', "exceptions", remedy=nearest(name, ids)))
        elif not reason.strip():
            faults.append(Fault(f'the exception for "{name}" has no reason', "exceptions", remedy="Say why it may leave."))
    collect(ReleaseError, faults)


def _section(name: str, results: ResultSet, rules: Rules, decided: Decisions) -> tuple[ResultSet, list[Entry]]:
    kept: list[Result] = []
    log: list[Entry] = []
    for item in results:
        where = item.provenance.id
        if where in decided.gone:
            rule, why = decided.gone[where]
            kept.append(withhold(item, why))
            log.append(Entry(section=name, id=where, rule=rule, action="withheld", reason=why))
        else:
            kept.append(_let_out(item, rules, decided.binary))
        if where in decided.look:
            rule, why = decided.look[where]
            log.append(Entry(section=name, id=where, rule=rule, action="review", reason=why))
    shown = sum(not is_withheld(item) for item in kept)
    if shown and rules.base > 1:
        log.append(Entry(section=name, id="", rule="rounded counts", action="rounded", reason=f"Counts are to the nearest {rules.base}."))
    log.append(Entry(section=name, id="", rule="checked", action="released", reason=f"{shown} of {len(kept)} results released."))
    return ResultSet(tuple(kept)), log


def _let_out(item: Any, rules: Rules, binary: frozenset[str]) -> Result:
    """A result as it leaves: rounded, without single persons' numbers, its reasons without small counts."""
    kept = without_edges(item.extra, rules)
    bare: Result = item if len(kept) == len(item.extra) else item.replace(extra=FrozenMap(kept))
    return bare if rules.open else said(rounded(bare, rules, binary), rules)
