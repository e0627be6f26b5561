"""The only place that knows the order of the steps: read, work out, release, present, write, put in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from takeup.build.folder import MANIFEST, check, place_of, replaced, write
from takeup.build.guard import guard
from takeup.build.manifest import carried, manifest, origin
from takeup.build.papers import papers
from takeup.build.reconcile import reconcile
from takeup.build.stamp import stamped
from takeup.errors import BuildError, Fault, collect, listed, nearest
from takeup.progress import steps
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from takeup.plan.deviations import Standing
    from takeup.report.marks import Kind
    from takeup.study import Study

Files = Iterator[tuple[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build made.

    Attributes
    ----------
    out : Path
        The folder with the outputs.
    files : tuple of str
        Their names, the manifest among them.
    results, withheld : int
        How many results were released, and how many the gate kept back.
    complaints : tuple of Fault
        Labels that aren't written in a language of the report.
    carried : int
        Files taken over from the earlier build, which had the same inputs and the same code.
    kind : {"final", "masked", "mock"}
    standing : Standing
        The lock and what changed since.
    """

    out: Path
    files: tuple[str, ...]
    results: int
    withheld: int
    standing: Standing
    complaints: tuple[Fault, ...] = ()
    carried: int = 0
    kind: Kind = "final"


def build(
    plan_path: str | Path, *, out: str | Path | None = None, only: Sequence[str] = (), languages: Sequence[str] = (), progress: bool = True,
    kind: Kind = "final",
) -> BuildReport:
    """Turn a plan and its data into all outputs, or leave what stood there before as it was.

    Parameters
    ----------
    plan_path : str or Path
    out : str or Path, optional
        The folder to write; ``out`` beside the plan (``out-masked``, ``out-mock``) where none is given. A build replaces the whole folder,
        but never one that holds another kind of build.
    only : names in `PARTS`, optional
        Make only these anew. The others are taken over from the folder where an earlier build had the same inputs and the same
        code, and are left out otherwise.
    languages : "en", "nl", "fr", optional
        Instead of the plan's.
    progress : bool
        A bar on stderr, where it is a terminal.
    kind : {"final", "masked", "mock", "secure"}
        "masked" draws the arms anew (`study.masked`), "mock" makes up what comes after the draw (`study.mock`), "secure" keeps nothing back and is
        for the secure room. The first build that shows the arms of a
        masked study is logged beside the plan.

    Returns
    -------
    BuildReport

    Raises
    ------
    TakeupError
        PlanError, IntakeError and MeasureError with everything that is wrong with plan and data; BuildError where the outputs
        can't be written, an n isn't a box of the flow less labelled exits, or a causal word stands in an output of a before-after study.

    Notes
    -----
    The same inputs give the same bytes, whatever the folder, time zone, locale or hash seed: linear algebra runs on one thread, and
    no output holds a time or a path.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no stubs

    from takeup.study import plan_file
    from takeup.study.chapters import MOST

    plan_path = plan_file(plan_path)
    _check_names(only, languages, kind)
    wanted = tuple(only) or tuple(PARTS)
    with steps(3 + MOST + len(wanted), enabled=progress) as begin, threadpool_limits(limits=1):
        begin("plan and data")
        place = (plan_path.parent / place_of(kind) if out is None else Path(out)).resolve()
        check(place, kind)
        study = opened(plan_path, kind)
        spoken = tuple(languages) or study.plan.languages
        came_from = origin(study, plan_path, spoken)
        with replaced(place, kind) as staging:
            for chapter in study.chapters:
                begin(chapter)
                study.chapter(chapter)
            begin("every n against the flow")
            reconcile(study.material, study.sections())
            outputs: dict[str, bytes] = {}
            for part in wanted:
                begin(part)
                made = {name: stamped(name, content, kind, spoken[0]) for name, content in PARTS[part](study, spoken)}
                write(staging, made)
                outputs |= made
            if not only:
                made = papers(study, came_from, outputs)
                write(staging, made)
                outputs |= made
            guard(study.plan, outputs)
            begin("putting in place")
            kept = carried(place, came_from, lambda name: part_of(name) not in wanted) if only else {}
            outputs |= kept
            write(staging, {**kept, MANIFEST: manifest(came_from, outputs)})
    released = study.released()
    return BuildReport(
        out=place, files=tuple(sorted((*outputs, MANIFEST))), results=sum(len(released[name]) for name in released) - len(released.withheld()),
        withheld=len(released.withheld()), carried=len(kept), kind=kind, standing=study.standing,
        complaints=(*_of_the_draw(study), *(found for language in spoken if (found := study.labels().complaint(language)) is not None)),
    )


def _of_the_draw(study: Study) -> tuple[Fault, ...]:
    """That randomisation inference waits for the seed, where the draw's blocks are still hidden."""
    from takeup.design.redraw import Hidden

    redraw = None if study.trial.drawn is None else study.trial.drawn.redraw
    if not isinstance(redraw, Hidden):
        return ()
    return (Fault(f"{redraw.said[:1].lower()}{redraw.said[1:]} Randomisation inference is left out", "design.assignment", remedy=redraw.remedy),)


def opened(plan_path: Path, kind: Kind) -> Study:
    """The study; before the arms of a masked one are first shown, that is logged."""
    from takeup.study import open_study
    from takeup.study.standing import shown

    study = open_study(plan_path, kind=kind)
    return replace(study, standing=shown(plan_path, kind, study.hash, study.standing))


def _check_names(only: Sequence[str], languages: Sequence[str], kind: str) -> None:
    from takeup.report.marks import KINDS

    faults = [Fault(f'there is no part "{name}"', "only", listed(PARTS), nearest(name, PARTS)) for name in only if name not in PARTS]
    faults += [Fault(f'no report is written in "{name}"', "language", "en, nl, fr") for name in languages if name not in {"en", "nl", "fr"}]
    faults += [Fault(f'there is no kind of build "{kind}"', "kind", listed(KINDS))] if kind not in KINDS else []
    collect(BuildError, faults)


def _named(name: str, language: str, languages: Sequence[str]) -> str:
    """A file's name with its language before the ending, where it isn't the first."""
    if language == languages[0]:
        return name
    head, dot, ending = name.rpartition(".")
    return f"{head}.{language}{dot}{ending}"


def _results(study: Study, languages: Sequence[str]) -> Files:
    del languages
    from takeup.build.sheets import release_log_csv, results_csv

    yield "results.csv", results_csv(study.released())
    yield "release_log.csv", release_log_csv(study.released())


def _tables(study: Study, languages: Sequence[str]) -> Files:
    from takeup.report import export
    from takeup.report.office import installed
    from takeup.report.table_docx import docx_tables

    for language in languages:
        for name, table in study.tables(language).items():
            yield _named(f"tables/{name}.csv", language, languages), _bytes(export.csv(table))
            yield _named(f"tables/{name}.xlsx", language, languages), _bytes(export.xlsx(table))
            yield _named(f"tables/{name}.tex", language, languages), _bytes(export.latex(table))
        if installed("docx"):
            yield _named("tables/tables.docx", language, languages), docx_tables(*study.tables(language).values())


def _figures(study: Study, languages: Sequence[str]) -> Files:
    from takeup.report import export

    for language in languages:
        for name, figure in study.figures(language).items():
            for ending, content in (
                ("svg", figure.svg), ("png", figure.png), ("pdf", figure.pdf), ("csv", export.csv(figure.data)), ("txt", figure.alt + "\n"),
            ):
                yield _named(f"figures/{name}.{ending}", language, languages), _bytes(content)


def _html(study: Study, languages: Sequence[str]) -> Files:
    from takeup.report.html import html

    yield "report.html", _bytes(html({language: study.report(language) for language in languages}))


def _pdf(study: Study, languages: Sequence[str]) -> Files:
    from takeup.report.pdf import pdf

    for language in languages:
        yield _named("report.pdf", language, languages), pdf(study.report(language))


def _consort(study: Study, languages: Sequence[str]) -> Files:
    if study.plan.evidence != "randomized":
        return  # the checklist is of trials
    from takeup.report.consort import checklists, consort_html
    from takeup.report.marks import marked_table
    from takeup.report.office import installed
    from takeup.report.table_docx import docx_tables

    own = {language: study.words(language) for language in languages}
    yield "consort.html", _bytes(consort_html(study.released(), study.labels(), own))
    for language in languages if installed("docx") else ():
        lists = checklists(study.released(), study.labels(), own[language], language)
        yield _named("consort.docx", language, languages), docx_tables(*(marked_table(one, study.kind, language) for one in lists))


def _codebook(study: Study, languages: Sequence[str]) -> Files:
    from takeup.report.codebook import codebook_html

    yield "codebook.html", _bytes(codebook_html(study.plan, study.trial.schemas, languages))


def _deviations(study: Study, languages: Sequence[str]) -> Files:
    from takeup.report.trust import PAGE, deviations_html

    yield PAGE, _bytes(deviations_html(study.standing, study.released(), study.labels(), languages))


def _brief(study: Study, languages: Sequence[str]) -> Files:
    from takeup.build.briefs import brief_files

    yield from brief_files(study, languages)


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


PARTS: Mapping[str, Callable[[Study, Sequence[str]], Files]] = FrozenMap(
    results=_results, tables=_tables, figures=_figures, html=_html, pdf=_pdf, consort=_consort, codebook=_codebook,
    deviations=_deviations, brief=_brief,
)
"""What a build makes, by name, in the order it is made."""

def part_of(name: str) -> str:
    """The part of a build that makes a file.

    >>> part_of("figures/forest.svg"), part_of("report.nl.pdf"), part_of("release_log.csv")
    ('figures', 'pdf', 'results')
    """
    head, _, ending = name.partition(".")
    folder = name.partition("/")[0]
    if folder in {"tables", "figures"}:
        return folder
    if head == "report":
        return "html" if ending == "html" else "pdf"
    return "results" if ending == "csv" else head
