"""`Study`: a plan opened with its data. Chapters are worked out once, when first asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from takeup.results import FrozenMap, ResultSet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from takeup.intake.trial import TrialData
    from takeup.plan.model import Plan
    from takeup.present.figures import Figure
    from takeup.present.labels import Labels
    from takeup.present.tables import Table
    from takeup.release.gate import Released
    from takeup.report.document import Document
    from takeup.study.material import Material

CHAPTERS: Mapping[str, str] = FrozenMap({
    "flow": "before", "balance": "before", "attrition": "before", "compliance": "before", "takeup": "takeup",
    "waiting": "waiting", "effects": "effects", "mechanism": "mechanism", "cost": "cost", "robustness": "robustness",
    "distributions": "distributions", "subgroups": "subgroups",
})
"""The chapters in the order of a report, and the file that each is a function of."""


@dataclass(frozen=True, slots=True)
class Study:
    """A plan with its data.

    Attributes
    ----------
    plan : Plan
    trial : TrialData
        The checked data; results hold none of it.
    folder : Path
        The plan's folder.
    """

    plan: Plan
    trial: TrialData
    folder: Path
    _known: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __repr__(self) -> str:
        return f"Study({self.plan.study}: {len(self.trial.units)} units, {len(self.plan.outcomes)} outcomes)"

    @property
    def hash(self) -> str:
        """The hash of the plan with its schemas and crosswalks (`plan.freeze.plan_hash`)."""
        from takeup.plan.freeze import plan_hash

        names = {name for table in self.plan.data.values() for name in (table.schema_, table.crosswalk) if name}
        names |= {self.plan.rights.catalogue} if self.plan.rights is not None else set()
        return self._once("hash", lambda: plan_hash(self.plan, {name: (self.folder / name).read_bytes() for name in sorted(names)}))  # type: ignore[no-any-return]

    @property
    def material(self) -> Material:
        """What the chapters work from. MeasureError where an outcome can't be made."""
        from takeup.study.material import material

        return self._once("material", lambda: material(self.plan, self.trial, self.hash, self.folder))  # type: ignore[no-any-return]

    def chapter(self, name: str) -> ResultSet:
        """One chapter of results by its name in `CHAPTERS`."""
        make: Callable[[Material], ResultSet] = getattr(import_module(f"takeup.study.{CHAPTERS[name]}"), name)
        return self._once(name, lambda: make(self.material))  # type: ignore[no-any-return]

    def flow(self) -> ResultSet:
        """Every unit's path, from assessed to analysed."""
        return self.chapter("flow")

    def balance(self) -> ResultSet:
        """The arms at baseline, and the omnibus test."""
        return self.chapter("balance")

    def attrition(self) -> ResultSet:
        """Who is missing at follow-up."""
        return self.chapter("attrition")

    def takeup(self) -> ResultSet:
        """Who took the programme up, and who the compliers are; then, where the plan names rights, who takes up which of them."""
        return self.chapter("compliance") + self.chapter("takeup")

    def results(self) -> ResultSet:
        """The effects: ITT, ratios, randomisation tests, family corrections, CACE and its Anderson-Rubin set."""
        return self.chapter("effects")

    def robustness(self) -> ResultSet:
        """The same by other estimators, and bounds."""
        return self.chapter("robustness")

    def subgroups(self) -> ResultSet:
        """Effects by group."""
        return self.chapter("subgroups")

    def distributions(self) -> ResultSet:
        """The spread of each outcome by arm and wave."""
        return self.chapter("distributions")

    def sections(self) -> Mapping[str, ResultSet]:
        """All chapters by name, in the order of a report; not yet through the gate."""
        return FrozenMap({name: self.chapter(name) for name in CHAPTERS})

    def released(self) -> Released:
        """All chapters through the disclosure gate, by the plan's rules."""
        from takeup.release.gate import gate
        from takeup.release.rules import Rules

        return self._once("released", lambda: gate(self.sections(), Rules.from_plan(self.plan.release)))  # type: ignore[no-any-return]

    def labels(self) -> Labels:
        """The words of the plan and the schemas."""
        from takeup.present.labels import Labels

        rights = self.material.rights
        return Labels(self.plan, self.trial.schemas, None if rights is None else rights.catalogue)

    def tables(self, language: str | None = None) -> Mapping[str, Table]:
        """The tables by name, of released results, in one language (the plan's first where none is given)."""
        from takeup.present.tables import all_tables

        return FrozenMap(all_tables(self.released(), self.labels(), language or self.plan.languages[0]))

    def figures(self, language: str | None = None) -> Mapping[str, Figure]:
        """The figures by name, of released results, in one language (the plan's first where none is given)."""
        from takeup.present.figures import all_figures

        spoken = language or self.plan.languages[0]
        return self._once(f"figures.{spoken}", lambda: FrozenMap(all_figures(self.released(), self.labels(), spoken)))  # type: ignore[no-any-return]

    def words(self, language: str | None = None) -> Mapping[str, str]:
        """What the authors wrote, by section: the Markdown files in the plan's folder of words. ReportError for a file that isn't UTF-8."""
        from takeup.study.words import read_words

        return read_words(self.folder, self.plan.words, language or self.plan.languages[0])

    def report(self, language: str | None = None) -> Document:
        """The full report as a document of blocks, in one language (the plan's first where none is given)."""
        from takeup.report.full import full_report

        spoken = language or self.plan.languages[0]

        def made() -> Document:
            return full_report(self.released(), self.plan, self.labels(), self.words(spoken), spoken, figures=self.figures(spoken))

        return self._once(f"report.{spoken}", made)  # type: ignore[no-any-return]

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._known:
            self._known[name] = make()
        return self._known[name]


def open_study(path: str | Path) -> Study:
    """Open a plan with its data.

    Parameters
    ----------
    path : str or Path
        The plan file, or its folder; data, schemas and words are found from there.

    Returns
    -------
    Study

    Raises
    ------
    PlanError, IntakeError, ReportError
        Everything that is wrong with the plan, the data and the authors' words, at once.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import takeup as tu
    >>> with TemporaryDirectory() as folder:
    ...     truth = tu.demo("jobs2", folder)
    ...     print(tu.open_study(f"{folder}/reports/jobs2/plan.yaml"))
    Study(jobs2: 899 units, 3 outcomes)
    """
    from takeup.errors import PlanError, ReportError, collect
    from takeup.intake.faults import DataError, FaultReport
    from takeup.intake.trial import open_files
    from takeup.study.words import PLACE, word_faults

    path = plan_file(path)
    try:
        plan, trial = open_files(path)
    except DataError as error:
        more = (*error.report.faults, *word_faults(path.parent, PLACE))
        raise type(error)(FaultReport(faults=more, cells=error.report.cells)) from None
    except PlanError as error:
        raise PlanError(*error.faults, *word_faults(path.parent, PLACE)) from None
    collect(ReportError, word_faults(path.parent, plan.words))
    return Study(plan, trial, path.parent)


def plan_file(path: str | Path) -> Path:
    """The plan's file: the one named, or `plan.yaml` in the folder named."""
    path = Path(path)
    return path / "plan.yaml" if path.is_dir() else path
