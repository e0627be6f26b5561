"""The analysis data as files for Stata, SPSS and R, written inside the secure room only, and marked as rows of people in every file."""

from __future__ import annotations

import csv
import io
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from takeup.errors import BuildError, Fault, collect, listed, nearest
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from takeup.report.marks import Kind
    from takeup.study import Study
    from takeup.study.analysis_data import AnalysisData

PLACE = "analysis-data"
MARK = "SECURE ROOM: rows of people"
README = """{mark}.

These files hold one row for each of the {n} units of the study {study} ({kind}), made from the plan {hash} by takeup {version}.
They are for work inside the secure room. What leaves it are the results of `takeup build`, which pass the disclosure gate.

The numbers of people and all free text are left out; blocks, clusters and providers are numbered anew; `row` counts
from one in the order of the list of units. labels.csv says what each column and code means. Left out:
{left}
"""


def export_data(
    plan_path: str | Path, *, to: Sequence[str] = (), out: str | Path | None = None, language: str = "", secure_room: bool = False,
    kind: Kind = "final",
) -> tuple[Path, ...]:
    """Write the analysis frame of a study for other programs.

    Parameters
    ----------
    plan_path : str or Path
    to : "dta", "sav", "csv", optional
        All where none is given. R reads each of them (the first two with haven).
    out : str or Path, optional
        The folder; ``analysis-data`` beside the plan where none is given. It tells Git to keep out of it.
    language : of labels; the plan's first where none is given
    secure_room : bool
        That this is the secure room: nothing is written without it.
    kind : {"final", "masked", "mock"}

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    BuildError
        It wasn't said that this is the secure room; an unknown format or language; a package that is missing; a folder of released results.
    TakeupError
        What `open_study` raises.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import takeup as tu
    >>> with TemporaryDirectory() as folder:
    ...     truth = tu.demo("jobs2", folder)
    ...     made = export_data(f"{folder}/reports/jobs2/plan.yaml", to=["dta"], secure_room=True)
    >>> [path.name for path in made]
    ['SECURE-ROOM_jobs2.dta', 'labels.csv', 'README.txt', '.gitignore']
    """
    from takeup.build.steps import opened
    from takeup.study import plan_file
    from takeup.study.analysis_data import analysis_data

    path = plan_file(plan_path)
    wanted = tuple(dict.fromkeys(to)) or tuple(WRITERS)
    place = (path.parent / PLACE if out is None else Path(out)).resolve()
    collect(BuildError, _refusals(wanted, place, language, secure_room=secure_room))
    study = opened(path, kind)
    data = analysis_data(study.material, study.labels(), language or study.plan.languages[0])
    place.mkdir(parents=True, exist_ok=True)
    made = []
    for name in wanted:
        made.append(place / f"SECURE-ROOM_{study.plan.study}.{name}")
        WRITERS[name](data, made[-1])
    for name, text in (("labels.csv", _labels(data)), ("README.txt", _readme(study, data, kind)), (".gitignore", "*\n")):
        made.append(place / name)
        made[-1].write_text(text, encoding="utf-8", newline="\n")
    return tuple(made)


def _refusals(wanted: Sequence[str], place: Path, language: str, *, secure_room: bool) -> list[Fault]:
    faults = [Fault(f'data aren\'t exported as "{name}"', "to", listed(WRITERS), nearest(name, WRITERS)) for name in wanted if name not in WRITERS]
    if not secure_room:
        faults.append(Fault("these files are rows of people", "export-data", remedy="Only inside the secure room: say so with --secure-room."))
    if language not in {"", "en", "nl", "fr"}:
        faults.append(Fault(f'there are no labels in "{language}"', "language", "en, nl, fr"))
    if "sav" in wanted and find_spec("pyreadstat") is None:
        faults.append(Fault("SPSS files need the package pyreadstat", "sav", remedy='Install it with pip install "takeup[io]".'))
    if (place / "manifest.json").exists():
        faults.append(Fault("this folder holds released results, and rows of people don't belong beside them", place.name,
                            remedy="Name another with --out."))
    return faults


def _dta(data: AnalysisData, path: Path) -> None:
    from datetime import datetime

    dates: Any = {name: "td" for name in data.frame.columns if data.frame[name].dtype.kind == "M"}
    words: Any = {name: {int(code): text[:32000] for code, text in codes.items()} for name, codes in data.values.items() if _whole(codes)}
    data.frame.to_stata(path, write_index=False, version=118, variable_labels=dict(data.labels), value_labels=words, data_label=MARK,
                        convert_dates=dates, time_stamp=datetime(2000, 1, 1))  # noqa: DTZ001  # Stata knows no zones


def _sav(data: AnalysisData, path: Path) -> None:
    import pyreadstat

    frame = data.frame.copy()
    for name in frame.columns:
        if frame[name].dtype.kind == "M":
            frame[name] = [None if value != value else value.date() for value in frame[name]]  # noqa: PLR0124  # the missing date
    measures = dict.fromkeys(data.values, "nominal")
    pyreadstat.write_sav(frame, str(path), file_label=MARK, column_labels=dict(data.labels),
                         variable_value_labels=dict(data.values), variable_measure=measures)


def _csv(data: AnalysisData, path: Path) -> None:
    frame = data.frame.copy()
    for name in frame.columns:
        known = frame[name].dropna()
        if frame[name].dtype.kind == "f" and bool((known == known.round()).all()):
            frame[name] = frame[name].astype("Int64")  # codes without ".0"
    frame.to_csv(path, index=False, date_format="%Y-%m-%d", lineterminator="\n")


def _whole(codes: Mapping[float, str]) -> bool:
    """Stata labels whole numbers only."""
    return all(code == int(code) for code in codes)


def _labels(data: AnalysisData) -> str:
    """What columns and codes mean, for programs that read no labels."""
    from takeup.report.export import harmless

    back: dict[str, Any] = {here: name for name, here in data.columns.items()}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["column", "plan", "title", "code", "meaning"])
    for name in data.frame.columns:
        writer.writerow([name, back.get(name, ""), harmless(data.labels[name]), "", ""])
        writer.writerows([name, back.get(name, ""), "", f"{code:g}", harmless(text)] for code, text in data.values.get(name, {}).items())
    return out.getvalue()


def _readme(study: Study, data: AnalysisData, kind: Kind) -> str:
    from takeup.version import __version__

    left = "\n".join(f"  {name}: {why}" for name, why in data.left_out.items()) or "  nothing"
    made = {"hash": study.hash[:12], "version": __version__, "left": left}
    return README.format(mark=MARK, n=len(data.frame), study=study.plan.study, kind=kind, **made)


WRITERS: Mapping[str, Callable[[AnalysisData, Path], None]] = FrozenMap(dta=_dta, sav=_sav, csv=_csv)
"""How each format is written."""
