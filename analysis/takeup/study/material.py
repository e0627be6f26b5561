"""What every chapter works from: the plan, the design and one analysis frame; and how a result gets its id."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.measure.outcomes import analysis_frame, baseline_of
from takeup.measure.rights import population, rights_of
from takeup.results import Provenance, Result, ResultSet
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.intake.trial import TrialData
    from takeup.measure.rights import Rights
    from takeup.plan.model import Outcome, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A study's plan and data, ready for estimators.

    Attributes
    ----------
    drawn : Design or None
        None in a before-after study; `design` refuses there.
    everyone : DataFrame
        One row a unit: the columns of the units and the plan's outcomes (`measure.outcomes`).
    frame : DataFrame
        The rows of it that the study is about: those of the analysed cohort, where the plan names one.
    arms : tuple
        The treated arms in the plan's order, as they stand in the frame; none in a before-after study.
    hash : str
        The plan's hash.
    rights : Rights or None
        The catalogue and what the units hold of it, where the plan names one.
    """

    plan: Plan
    trial: TrialData
    drawn: Design | None
    everyone: DataFrame
    frame: DataFrame
    arms: tuple[object, ...]
    hash: str
    rights: Rights | None = None

    def __repr__(self) -> str:
        arms = f", {1 + len(self.arms)} arms" if self.drawn is not None else ""
        return f"Material({self.plan.study}: {len(self.frame)} units{arms})"

    @property
    def design(self) -> Design:
        """The design; DesignError in a before-after study, which has no arms."""
        return self.trial.design if self.drawn is None else self.drawn

    def groups(self) -> tuple[tuple[str, Any], ...]:
        """The groups that are described side by side: name and rows (n,) of each arm, control first; of a before-after study all, without a name."""
        if self.drawn is None:
            return (("", np.ones(len(self.frame), dtype=bool)),)
        assigned = self.frame[self.drawn.treatment]
        return tuple((str(arm), (assigned == arm).to_numpy(dtype=bool, na_value=False)) for arm in (self.drawn.control, *self.arms))

    def of_arm(self, arm: object) -> DataFrame:
        """The rows of one treated arm and control."""
        if len(self.arms) == 1:
            return self.frame
        return self.frame[self.frame[self.design.treatment].isin([self.design.control, arm])]

    def asked(self, outcome: Outcome, frame: DataFrame) -> DataFrame:
        """The rows of a frame that an outcome is about: those eligible for a right before the draw; all for other outcomes."""
        inside = population(self.rights, outcome)
        return frame if inside is None else frame[inside[self.frame.index.get_indexer(frame.index)]]

    def suffix(self, arm: object) -> str:
        """What an id ends in: the arm where there are several, nothing where there is one."""
        return f".{slug(arm)}" if len(self.arms) > 1 else ""

    def covariates(self, outcome: Outcome) -> tuple[str, ...]:
        """The covariates of an outcome in order of importance: its own baseline first, then the plan's."""
        own = baseline_of(outcome)
        named = (self.trial.resolve(name) for name in self.plan.analyses.covariates)
        same = set() if own is None or outcome.column is None else {self.trial.outcome_column(outcome, outcome.waves[0])}
        return tuple(dict.fromkeys([*([] if own is None else [own]), *(name for name in named if name not in same)]))

    def stamp(self, result: Result, result_id: str, path: str, seed: int | None = None) -> Any:
        """The result with its provenance."""
        found: Provenance = result.provenance  # type: ignore[attr-defined]  # every kind of result has it
        named = replace(found, id=result_id, plan_hash=self.hash, plan_path=path, seed=found.seed if seed is None else seed, version=__version__)
        return result.replace(provenance=named)

    def stamped(self, results: Iterable[Result], head: str, path: str) -> ResultSet:
        """Descriptions with ids made of their labels: head.variable.level.wave.arm.kind, each once."""
        taken: Counter[str] = Counter()
        out = []
        for result in results:
            name = ".".join(slug(part) for part in (head, *_labels(result)) if str(part))
            taken[name] += 1
            out.append(self.stamp(result, name if taken[name] == 1 else f"{name}-{taken[name]}", path))
        return ResultSet(tuple(out))


def material(plan: Plan, trial: TrialData, plan_hash: str = "", folder: Path | None = None) -> Material:
    """Everything the chapters need; `folder` is the plan's, where it names a catalogue of rights. MeasureError where an outcome can't be made."""
    rights = None if folder is None else rights_of(plan, trial, folder)
    frame = analysis_frame(plan, trial, rights)
    return Material(plan=plan, trial=trial, drawn=trial.drawn, everyone=frame, frame=of_cohort(plan, trial, frame),
                    arms=_treated(plan, trial, frame), hash=plan_hash, rights=rights)


def of_cohort(plan: Plan, trial: TrialData, frame: DataFrame) -> DataFrame:
    """The rows of the analysis frame that the study is about."""
    rows = analysed(plan, trial)
    return frame if rows.all() else frame[rows]


def _treated(plan: Plan, trial: TrialData, frame: DataFrame) -> tuple[object, ...]:
    """The treated arms in the order of the plan."""
    if trial.drawn is None:
        return ()
    present = list(frame[trial.drawn.treatment].dropna().unique())
    treated = sorted((value for value in present if value != trial.design.control), key=str)
    order = [str(name) for name in plan.design.arms]
    return tuple(sorted(treated, key=lambda value: order.index(str(value)) if str(value) in order else len(order)))


def analysed(plan: Plan, trial: TrialData) -> Any:
    """(units,) whether a unit is of the cohort that the study is about; all where the plan names none."""
    units, programme = trial.units, plan.programme
    if programme is None or programme.cohort is None or programme.analysed is None:
        return np.ones(len(units), dtype=bool)
    return (units[trial.resolve(programme.cohort)] == programme.analysed).to_numpy(dtype=bool, na_value=False)


def slug(name: object) -> str:
    """A label as a part of an id: letters, digits, dots, dashes and underscores.

    >>> slug("operatives/kindred wrks")
    'operatives_kindred_wrks'
    """
    plain = unicodedata.normalize("NFKD", str(name)).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", plain).strip("_") or "x"


def _labels(result: Result) -> tuple[str, ...]:
    """The labels that tell a description apart from the others of its chapter."""
    if hasattr(result, "kind"):
        kind = "" if result.kind == "count" else result.kind
        return (result.variable, result.level, result.wave, result.arm, kind)  # type: ignore[attr-defined]
    return (getattr(result, "outcome", ""), getattr(result, "term", ""), getattr(result, "arm", ""))
