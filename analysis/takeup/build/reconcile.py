"""Every n is a box of the flow less labelled exits, or the build stops and says which isn't.

The boxes are counted from the ledger, the numbers of an estimate by its estimator from the rows it was given: two ways to the same people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.build.reconcile_chapters import Counts, chapters
from takeup.build.reconcile_one_group import one_group
from takeup.build.reconcile_sums import sums
from takeup.errors import BuildError, Fault, collect
from takeup.measure.outcomes import BASELINE
from takeup.results import Bounds, Estimate, Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from takeup.plan.model import Outcome
    from takeup.results import ResultSet
    from takeup.study.material import Material

ABOUT_OUTCOMES = ("effects", "differences", "robustness")
REMEDY = "Please report it with the plan; no number of this build is to be used."


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The way of one arm to the analysis of one outcome, as counts.

    Attributes
    ----------
    allocated : the box of the flow
    not_asked : allocated, and not among those that the outcome is about (not entitled to the right before the draw)
    missing : asked, and without an answer at follow-up
    no_receipt : answered, and without a record of receipt; left out of complier effects only
    analysed : what remains of `allocated` less `not_asked` and `missing`
    """

    allocated: int
    not_asked: int
    missing: int
    no_receipt: int

    @property
    def analysed(self) -> int:
        """Those in the analysis."""
        return self.allocated - self.not_asked - self.missing


def reconcile(material: Material, sections: Mapping[str, ResultSet]) -> None:
    """Hold every n against the flow.

    Raises
    ------
    BuildError
        Each number that isn't a box of the flow less labelled exits, with the id of its result.
    """
    boxes = {(item.variable, item.level, item.arm, item.wave): item.n for item in sections["flow"]}
    if material.drawn is None:
        collect(BuildError, [*sums(sections), *one_group(material, sections)])
        return
    faults = [*_within_flow(boxes), *_descriptions(material, sections, boxes)]
    ways: dict[str, Mapping[str, Path]] = {}
    for position, outcome in enumerate(material.plan.outcomes):
        paths = {str(arm): path(material, outcome, arm, boxes) for arm in (material.design.control, *material.arms)}
        ways[outcome.id] = paths
        faults += _analysed_boxes(outcome, paths, boxes)
        own = f"outcomes[{position}]"
        for name in ABOUT_OUTCOMES:
            faults += [fault for item in sections.get(name, ()) if item.provenance.plan_path == own for fault in _of_result(material, item, paths)]
    collect(BuildError, _each_once([*faults, *sums(sections), *chapters(Counts(material, sections, ways))]))


def _each_once(faults: list[Fault]) -> list[Fault]:
    """Two rules may find the same: it is said once."""
    return list({(fault.what, fault.where): fault for fault in faults}.values())


def path(material: Material, outcome: Outcome, arm: object, boxes: Mapping[tuple[str, str, str, str], int]) -> Path:
    """The way of an arm to the analysis of an outcome, from its box and the reasons to leave it."""
    inside = _rows(material, arm)
    asked = inside & material.frame.index.isin(material.asked(outcome, material.frame).index)
    answered = asked & material.frame[outcome.id].notna().to_numpy()
    received = material.design.received
    recorded = np.ones(inside.size, dtype=bool) if received is None else material.frame[received].notna().to_numpy()
    counts = {"not_asked": inside & ~asked, "missing": asked & ~answered, "no_receipt": answered & ~recorded}
    return Path(allocated=boxes.get(("allocated", "", str(arm), ""), 0), **{name: int(rows.sum()) for name, rows in counts.items()})


def _rows(material: Material, arm: object) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return (material.frame[material.design.treatment] == arm).to_numpy(dtype=bool, na_value=False)


def _within_flow(boxes: Mapping[tuple[str, str, str, str], int]) -> Iterator[Fault]:
    """The flow's own sums: arms make the whole, followed up and lost make the arm, received and not received too."""

    def held(what: str, where: str, whole: int, parts: int) -> Iterator[Fault]:
        if whole != parts:
            yield _fault(what, where, whole, parts)

    arms = [key[2] for key in boxes if key[0] == "allocated"]
    randomized = boxes.get(("randomized", "", "", ""), 0)
    yield from held("the arms don't add up to the randomised", "flow.randomized", randomized, sum(boxes["allocated", "", arm, ""] for arm in arms))
    if ("assessed", "", "", "") in boxes:
        left = boxes["assessed", "", "", ""] - boxes["excluded", "", "", ""]
        yield from held("assessed less excluded isn't the randomised", "flow.assessed", left, randomized)
    for arm in arms:
        whole = boxes["allocated", "", arm, ""]
        for wave in [key[3] for key in boxes if key[0] == "followed_up" and key[2] == arm]:
            lost = boxes["lost", "", arm, wave]
            yield from held(f"followed up and lost at {wave} don't make the arm", f"flow.followed_up.{arm}", whole,
                            boxes["followed_up", "", arm, wave] + lost)
            reasons = sum(n for key, n in boxes.items() if key[0] == "lost" and key[1] and key[2:] == (arm, wave))
            yield from held(f"the reasons don't make the lost at {wave}", f"flow.lost.{arm}", lost, reasons)
        if ("received", "", arm, "") in boxes:
            yield from held("received and not received don't make the arm", f"flow.received.{arm}", whole,
                            boxes["received", "", arm, ""] + boxes["not_received", "", arm, ""])


def _analysed_boxes(outcome: Outcome, paths: Mapping[str, Path], boxes: Mapping[tuple[str, str, str, str], int]) -> Iterator[Fault]:
    """The last box of the flow is never smaller than what is analysed, and the same where everybody is asked."""
    for arm, way in paths.items():
        box = boxes.get(("analysed", outcome.id, arm, ""))
        if box is not None and (box < way.analysed or (not way.not_asked and box != way.analysed)):
            yield _fault("the box of the analysed isn't the arm less those without an answer", f"flow.analysed.{outcome.id}.{arm}", box, way.analysed)


def _of_result(material: Material, item: Any, paths: Mapping[str, Path]) -> Iterator[Fault]:
    """One result about an outcome: its n by arm, and those missing from it."""
    treated, control = paths.get(item.arm or str(material.arms[0])), paths[str(material.design.control)]
    if not item.n or treated is None:
        return  # nothing was estimated, and `reason` says why
    name, left = item.provenance.id, int(item.extra.get("n_left_out", 0))
    gone = treated.no_receipt + control.no_receipt if name.startswith(("cace.", "ar.")) else 0
    missing = treated.missing + control.missing
    whole = treated.analysed + control.analysed - gone
    if isinstance(item, Bounds):
        whole += missing  # they are about all who were asked, answered or not
    if item.n + left != whole:
        yield _fault("its n isn't those analysed in the two arms", name, whole, item.n + left)
    if not isinstance(item, Estimate | Bounds):
        return
    if item.n_treated + item.n_control != item.n:
        yield _fault("its arms don't add up to its n", name, item.n, item.n_treated + item.n_control)
    least = missing - left if isinstance(item, Bounds) else missing
    if not least <= item.n_missing <= missing + gone:
        yield _fault("its missing aren't those asked less those analysed", name, missing + gone, item.n_missing)
    if isinstance(item, Estimate) and not left and not gone:
        for arm, way, n in (("treated", treated, item.n_treated), ("control", control, item.n_control)):
            if n != way.analysed:
                yield _fault(f"its n of the {arm} arm isn't those analysed in it", name, way.analysed, n)


def _descriptions(material: Material, sections: Mapping[str, ResultSet], boxes: Mapping[tuple[str, str, str, str], int]) -> Iterator[Fault]:
    """Statistics by arm: of a column or an outcome, exactly those of the arm who have a value in it."""
    for name in ("balance", "compliance", "distributions"):
        for item in sections.get(name, ()):
            if not isinstance(item, Statistic) or ("allocated", "", item.arm, "") not in boxes:
                continue
            column = _column(material, item, name)
            if column is None:
                continue
            control = material.design.control
            both = item.kind in {"difference", "standardized_difference"}  # of this arm and control
            arms = [arm for arm in (control, *material.arms) if str(arm) == item.arm or (both and arm == control)]
            known = int((np.logical_or.reduce([_rows(material, arm) for arm in arms]) & material.frame[column].notna().to_numpy()).sum())
            if item.n != known:
                yield _fault("its n isn't the arm less those without a value", item.provenance.id, known, item.n)


def _column(material: Material, item: Statistic, section: str) -> str | None:
    """The column of the frame that a statistic describes."""
    if section == "distributions":
        outcome = material.plan.outcome(item.variable)
        name = item.variable if item.wave in {"", outcome.follow_up} else item.variable + BASELINE
    else:
        name = item.variable
    return name if name in material.frame.columns else None


def _fault(what: str, where: str, box: int, found: int) -> Fault:
    return Fault(f"{what}: the flow leads to {box}, the result says {found}", where, remedy=REMEDY)
