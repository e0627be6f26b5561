"""`Study`: a plan opened with its data. Chapters are worked out once, when first asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, PlanError, listed, nearest
from takeup.plan.deviations import NOTHING, Standing
from takeup.plan.evidence import MAIN
from takeup.results import FrozenMap, ResultSet
from takeup.study.chapters import chapters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from takeup.intake.trial import TrialData
    from takeup.plan.model import Plan
    from takeup.present.figures import Figure
    from takeup.present.labels import Labels
    from takeup.present.tables import Table
    from takeup.release.gate import Released
    from takeup.report.document import Document
    from takeup.report.marks import Kind
    from takeup.study.material import Material


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
    kind : {"final", "masked", "mock"}
        Whether the arms and the answers are the real ones (`study.masked`, `study.mock`).
    standing : Standing
        The lock and what changed since; a study without one promised nothing beforehand.
    path : Path, optional
        The plan's file. Before the first result of a study that was masked is worked out, that is logged beside it.
    """

    plan: Plan
    trial: TrialData
    folder: Path
    kind: Kind = "final"
    standing: Standing = NOTHING
    path: Path | None = None
    _known: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __repr__(self) -> str:
        return f"Study({self.plan.study}: {len(self.trial.units)} units, {len(self.plan.outcomes)} outcomes)"

    def _repr_html_(self) -> str:
        from takeup import display
        from takeup.present.labels import in_language

        arms = ", ".join(in_language(label, "en") for label in self.plan.design.arms.values())
        about = {"study": self.plan.study, "data": "synthetic" if self.plan.about.synthetic else "", "evidence": self.plan.evidence.replace("_", "-"),
                 "units": len(self.trial.units), "arms": arms, "outcomes": len(self.plan.outcomes),
                 "build": "" if self.kind == "final" else f"{self.kind}: no number is a finding", "chapters": ", ".join(self.chapters)}
        return display.pairs(in_language(self.plan.title, "en"), about)

    @property
    def hash(self) -> str:
        """The hash of the plan with its schemas and crosswalks (`plan.freeze.plan_hash`)."""
        from takeup.plan.freeze import plan_hash
        from takeup.study.standing import plan_files

        return self._once("hash", lambda: plan_hash(self.plan, plan_files(self.plan, self.folder)))  # type: ignore[no-any-return]

    @property
    def chapters(self) -> Mapping[str, str]:
        """The chapters that the plan's evidence can carry, in order (`study.chapters.LIST`)."""
        return chapters(self.plan.evidence)

    @property
    def material(self) -> Material:
        """What the chapters work from. MeasureError where an outcome can't be made."""
        from takeup.study.material import material, of_cohort
        from takeup.study.mock import simulated

        def made() -> Material:
            found = material(self.plan, self.trial, self.hash, self.folder)
            if self.kind != "mock":
                return found
            everyone = simulated(self.plan, self.trial, found.everyone)
            return replace(found, everyone=everyone, frame=of_cohort(self.plan, self.trial, everyone))

        return self._once("material", made)  # type: ignore[no-any-return]

    def chapter(self, name: str) -> ResultSet:
        """One chapter of results by its name in `chapters`, each result labelled by what the locked plan promised.

        PlanError for a chapter that the plan's evidence can't carry; BuildError where a masked study can't be logged as shown.
        """
        from takeup.study.standing import labelled

        if name not in self.chapters:
            what = f'a study with evidence: {self.plan.evidence} has no chapter "{name}"'
            raise PlanError(Fault(what, "evidence", listed(self.chapters, 30), nearest(name, self.chapters)))
        self._shown()
        make: Callable[[Material], ResultSet] = getattr(import_module(f"takeup.study.{self.chapters[name]}"), name)
        return self._once(name, lambda: labelled(make(self.material), self.plan, self.standing))  # type: ignore[no-any-return]

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
        """The main numbers: of a trial the effects, of a comparison the differences, of a before-after study the changes.

        With the effects: ratios, randomisation tests, family corrections, CACE and its Anderson-Rubin set.
        """
        return self.chapter(MAIN[self.plan.evidence][0])

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
        return FrozenMap({name: self.chapter(name) for name in self.chapters})

    def released(self) -> Released:
        """All chapters through the disclosure gate, by the plan's rules, beside what the study released before (the folder `released`).

        In the secure room nothing is kept back, and everything that is rendered says so (`report.marks`).
        """
        from takeup.release.earlier import FOLDER, release_files
        from takeup.release.gate import gate
        from takeup.release.rules import Rules

        before = self.folder / FOLDER if self.kind == "final" and release_files(self.folder / FOLDER) else None
        said = self.plan.release
        rules = Rules(profile="public", minimum_cell=1) if self.kind == "secure" else Rules.from_plan(said)
        reasons = {name: f"{item.reason} ({item.by})" for name, item in said.exceptions.items()} if self.kind == "final" else None
        return self._once("released", lambda: gate(self.sections(), rules, earlier=before, exceptions=reasons))  # type: ignore[no-any-return]

    def labels(self) -> Labels:
        """The words of the plan and the schemas."""
        from takeup.present.labels import Labels

        rights = self.material.rights
        return Labels(self.plan, self.trial.schemas, None if rights is None else rights.catalogue)

    def tables(self, language: str | None = None) -> Mapping[str, Table]:
        """The tables by name, of released results, in one language (the plan's first where none is given)."""
        from takeup.present.tables import all_tables
        from takeup.report.marks import marked_table, synthetic_table

        spoken = language or self.plan.languages[0]
        made = all_tables(self.released(), self.labels(), spoken)
        if self.plan.about.synthetic:
            made = {name: synthetic_table(table, spoken) for name, table in made.items()}
        return FrozenMap({name: marked_table(table, self.kind, spoken) for name, table in made.items()})

    def figures(self, language: str | None = None) -> Mapping[str, Figure]:
        """The figures by name, of released results, in one language (the plan's first where none is given)."""
        from takeup.present.figures import all_figures
        from takeup.report.marks import marked_figure, marked_pictures

        spoken = language or self.plan.languages[0]

        def made() -> Mapping[str, Figure]:
            with marked_pictures(self.kind, spoken, synthetic=self.plan.about.synthetic):
                drawn = all_figures(self.released(), self.labels(), spoken)
            return FrozenMap({name: marked_figure(figure, self.kind, spoken) for name, figure in drawn.items()})

        return self._once(f"figures.{spoken}", made)  # type: ignore[no-any-return]

    def figure(self, name: str, language: str | None = None) -> Figure:
        """One figure by name; the others aren't drawn. ReportError with the names there are."""
        from takeup.present.figures import one_figure
        from takeup.report.marks import marked_figure, marked_pictures

        spoken = language or self.plan.languages[0]
        if f"figures.{spoken}" in self._known and name in self._known[f"figures.{spoken}"]:
            return self._known[f"figures.{spoken}"][name]  # type: ignore[no-any-return]
        with marked_pictures(self.kind, spoken, synthetic=self.plan.about.synthetic):
            return marked_figure(one_figure(name, self.released(), self.labels(), spoken), self.kind, spoken)

    def words(self, language: str | None = None) -> Mapping[str, str]:
        """What the authors wrote, by section: the Markdown files in the plan's folder of words. ReportError for a file that isn't UTF-8."""
        from takeup.study.words import read_words

        return read_words(self.folder, self.plan.words, language or self.plan.languages[0])

    def report(self, language: str | None = None) -> Document:
        """The full report as a document of blocks, in one language (the plan's first where none is given)."""
        from takeup.report.full import full_report
        from takeup.report.marks import marked_document
        from takeup.report.trust import with_trust

        spoken = language or self.plan.languages[0]

        def made() -> Document:
            written = full_report(self.released(), self.plan, self.labels(), self.words(spoken), spoken, figures=self.figures(spoken))
            return marked_document(with_trust(written, self._shown(), self.released(), self.labels()), self.kind)

        return self._once(f"report.{spoken}", made)  # type: ignore[no-any-return]

    def _shown(self) -> Standing:
        """The standing; that the arms of a masked study are seen is logged here, whoever asks for results: a build, a script or a notebook."""
        from takeup.study.standing import shown

        return self.standing if self.path is None else shown(self.path, self.kind, self.hash, self.standing)

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._known:
            self._known[name] = make()
        return self._known[name]


def open_study(path: str | Path, *, kind: Kind = "final") -> Study:
    """Open a plan with its data.

    Parameters
    ----------
    path : str or Path
        The plan file, or its folder; data, schemas and words are found from there.
    kind : {"final", "masked", "mock", "secure"}
        "masked": the arms drawn anew by the study's mask; "mock": everything after the draw made up; "secure": nothing is kept back, for the
        secure room.

    Returns
    -------
    Study

    Raises
    ------
    PlanError, IntakeError, ReportError
        Everything that is wrong with the plan, the data and the authors' words, at once; then, what is wrong with the lock.
    BuildError
        The arms can't be masked.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import takeup as tu
    >>> with TemporaryDirectory() as folder:
    ...     truth = tu.demo("jobs2", folder)
    ...     print(tu.open_study(f"{folder}/reports/jobs2/plan.yaml"))
    Study(jobs2: 899 units, 3 outcomes)
    """
    from takeup.design.redraw import Hidden
    from takeup.errors import ReportError, collect
    from takeup.intake.faults import DataError, FaultReport
    from takeup.intake.trial import open_files
    from takeup.study.masked import mask_seed, masked
    from takeup.study.mock import open_mock
    from takeup.study.standing import standing
    from takeup.study.words import PLACE, causal_faults, plan_faults, word_faults

    path = plan_file(path)
    try:
        plan, trial = open_mock(path) if kind == "mock" else open_files(path)
    except DataError as error:
        more = (*error.report.faults, *word_faults(path.parent, PLACE))
        raise type(error)(FaultReport(faults=more, cells=error.report.cells)) from None
    except PlanError as error:
        raise PlanError(*error.faults, *word_faults(path.parent, PLACE)) from None
    collect(ReportError, word_faults(path.parent, plan.words))
    if plan.evidence == "before_after":
        collect(ReportError, [*plan_faults(plan), *causal_faults(path.parent, plan.words)])
    found = standing(plan, path, None if kind == "mock" else trial)
    if kind == "masked":
        trial = masked(trial, plan, mask_seed(path))
    if kind in {"masked", "mock"} and trial.drawn is not None and isinstance(trial.drawn.redraw, Hidden):
        trial = replace(trial, drawn=replace(trial.drawn, redraw=None))  # arms or answers are made up: the plan's own blocks will do
    return Study(plan, trial, path.parent, kind, found, path)


def plan_file(path: str | Path) -> Path:
    """The plan's file: the one named, or `plan.yaml` in the folder named."""
    path = Path(path)
    return path / "plan.yaml" if path.is_dir() else path
