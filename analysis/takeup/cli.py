"""The command line: parses, calls, prints. No logic lives here, and nothing heavy is imported before it is needed.

Exit codes: 0 done; 1 a build or check failed, with a message; 2 wrong usage.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from traceback import extract_tb, print_exc
from typing import Any

import click

from takeup.commands import before, beside
from takeup.commands.lines import shown as _shown
from takeup.commands.lines import split as _split
from takeup.errors import TakeupError
from takeup.memory import has_room, live_within
from takeup.version import __version__

DEBUG = "TAKEUP_DEBUG"
"""Set to 1, an error that takeup didn't foresee shows its traceback (which may hold values of the data)."""

NO_MEMORY = "There isn't enough memory. What stood there before is untouched. Close other programs, or use a machine with more."
ROOM, SPARE = 640 * 2**20, 64 * 2**20
"""Bytes of address space that the libraries take once they are loaded; with less than the second left, an odd error is one for want of memory."""
ONLY = "Make only this part (results, tables, figures, html, pdf, consort, codebook, deviations, brief); may be repeated."
OUT = click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The folder of the build [default: its place beside the plan].")
MASKED = click.option("--masked", is_flag=True, help="The masked build.")
MOCK = click.option("--mock", is_flag=True, help="The mock build.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="takeup")
@click.option("--allow", multiple=True, type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="A folder outside of the study's in which its files may lie, said before the command; may be repeated.")
@click.pass_context
def takeup(context: click.Context, allow: tuple[Path, ...]) -> None:
    """Evaluate social-policy trials, from one plan file to a report.

    A study is a plan file (YAML) with its data and schemas; see the folders that `takeup demo` writes.
    """
    live_within()
    if not has_room(ROOM):  # linear algebra that gets no buffer while it is loaded asks for it for ever
        raise MemoryError
    if allow:
        from takeup.intake.tables import allowing

        context.with_resource(allowing(*allow))


@takeup.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Also write what was found to this file (.html, .xlsx or .txt).")
@click.option("--fieldwork", is_flag=True, help="Also write fieldwork.html beside the plan: enrolment, balance, response by masked arm, odd rows.")
def check(plan: Path, report: Path | None, *, fieldwork: bool) -> None:
    """Read PLAN and its data, and say everything that is wrong, at once."""
    from takeup.build.papers import undated
    from takeup.measure.rights import oddities
    from takeup.study import open_study

    try:
        study = open_study(plan)
        found = study.material
    except TakeupError as error:
        _write_faults(report, error)
        raise
    click.echo(f"{plan.name}: no problem found.")
    sizes = {"unit": len(found.frame), "arm": 1 + len(found.arms), "outcome": len(study.plan.outcomes), "table": len(study.trial.tables)}
    click.echo("  " + ", ".join(f"{size:,} {name}{'' if size == 1 else 's'}" for name, size in sizes.items()) + ".")
    for note in (*study.trial.notes, *(oddities(found.rights.held) if found.rights else ())):
        click.echo(f"  {note}")
    for language in study.plan.languages:
        if complaint := study.labels().complaint(language):
            click.echo(f"Please note: {complaint}", err=True)
    if complaint := undated(study):
        click.echo(f"Please note: {complaint}", err=True)
    _write_faults(report, None)
    if fieldwork:
        from takeup.build.fieldwork import write_fieldwork
        from takeup.study import plan_file

        click.echo(f"Written to {_shown(write_fieldwork(study, plan_file(plan)))}")


@takeup.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The folder to write [default: out, beside the plan].")
@click.option("--only", multiple=True, metavar="PART", help=ONLY)
@click.option("--language", multiple=True, metavar="LANGUAGE", help="Instead of the plan's languages (en, nl, fr); may be repeated.")
@click.option("--masked", is_flag=True, help="Draw the arms anew within the design: everything as in the final report, no finding in it.")
@click.option("--secure-room", is_flag=True, help="For statisticians, inside: nothing is kept back, every page and file says so (out-secure).")
def build(plan: Path, out: Path | None, only: tuple[str, ...], language: tuple[str, ...], *, masked: bool, secure_room: bool) -> None:
    """Turn PLAN and its data into results, tables, figures and reports.

    The folder changes all at once at the end: a build that fails or is stopped leaves what stood there before as it was. A masked build goes to
    out-masked and never takes the place of a final one.
    """
    if masked and secure_room:
        raise click.UsageError("a build is masked or for the secure room, not both")
    _build(plan, out, only, language, "masked" if masked else "secure" if secure_room else "final")


@takeup.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The folder to write [default: out-mock, beside the plan].")
@click.option("--only", multiple=True, metavar="PART", help=ONLY)
@click.option("--language", multiple=True, metavar="LANGUAGE", help="Instead of the plan's languages (en, nl, fr); may be repeated.")
def mock(plan: Path, out: Path | None, only: tuple[str, ...], language: tuple[str, ...]) -> None:
    """Build PLAN before its endline: the baseline is real, what comes after the draw is made up."""
    _build(plan, out, only, language, "mock")


@takeup.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--lang", multiple=True, metavar="LANGUAGE", help="en, nl, fr; parted by commas or repeated [default: the plan's].")
@click.option("--to", multiple=True, metavar="FORMAT", help="html, pdf, docx, pptx; parted by commas or repeated [default: all].")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The folder to write [default: brief, beside the plan].")
@click.option("--template", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Your own Word document or template for the DOCX.")
@MASKED
@MOCK
def brief(plan: Path, lang: tuple[str, ...], to: tuple[str, ...], out: Path | None, template: Path | None, *, masked: bool, mock: bool) -> None:
    """Write the policy brief of PLAN: two pages in each language and format, from the same released results as the report."""
    from takeup.build.briefs import make_briefs

    made = make_briefs(plan, languages=_split(lang), forms=_split(to), out=out, kind=_kind(masked=masked, mock=mock), template=template)
    for name in made.files:
        click.echo(_shown(made.out / name))
    for complaint in made.complaints:
        click.echo(f"Please note: {complaint}", err=True)


@takeup.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--lang", multiple=True, metavar="LANGUAGE", help="en, nl, fr; parted by commas or repeated [default: the plan's].")
@click.option("--to", multiple=True, metavar="FORMAT", help="pdf, html; parted by commas or repeated [default: both].")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The folder to write [default: cards, beside the plan].")
@MASKED
@MOCK
def cards(plan: Path, lang: tuple[str, ...], to: tuple[str, ...], out: Path | None, *, masked: bool, mock: bool) -> None:
    """Write the result cards of PLAN: one page for each centre (or place) and each edition, its own results beside the others', and one for all."""
    from takeup.build.cards import make_cards

    made = make_cards(plan, languages=_split(lang), forms=_split(to), out=out, kind=_kind(masked=masked, mock=mock))
    whom = f"{made.centres} centres" + (f" and {made.editions} other editions" if made.editions else "")
    click.echo(f"{len(made.files)} cards of {whom} in {_shown(made.out)}; on those of {made.masked} small numbers are kept back.")


@takeup.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--signature", default="", metavar="FILE", help="A file beside the plan that vouches for the lock (a signature, a time stamp).")
@click.option("--again", is_flag=True, help="Lock a plan anew; the earlier lock stays on record.")
def lock(plan: Path, signature: str, *, again: bool) -> None:
    """Lock PLAN: from now on a build says what was changed since, and which results were promised beforehand."""
    from takeup.study import plan_file
    from takeup.study.standing import lock_plan

    path = plan_file(plan)
    made = lock_plan(path, signature=signature, again=again)
    click.echo(f"{path.name} is locked at {made.time}: {made.plan_hash}")


@takeup.command()
@click.argument("result", metavar="ID")
@click.argument("plan", type=click.Path(path_type=Path), default=".")
@OUT
@MASKED
@MOCK
def trace(result: str, plan: Path, out: Path | None, *, masked: bool, mock: bool) -> None:
    """Say where the number ID of the study PLAN (here where left out) comes from: plan line, estimator, people, files."""
    from takeup.build.trace import trace as follow

    for line in follow(result, plan, out=out, kind=_kind(masked=masked, mock=mock)).lines():
        click.echo(line)


@takeup.command()
@click.argument("plan", type=click.Path(path_type=Path), default=".")
@OUT
@MASKED
@MOCK
@click.pass_context
def verify(context: click.Context, plan: Path, out: Path | None, *, masked: bool, mock: bool) -> None:
    """Build PLAN again, beside what stands there, and say which file differs; nothing is changed."""
    from takeup.build.verify import verify as check_again

    found = check_again(plan, out=out, kind=_kind(masked=masked, mock=mock))
    for words, names in (("isn't as the manifest says", found.touched), ("has changed since the build", found.origin),
                         ("comes out otherwise", found.differ)):
        for name in names:
            click.echo(f"{name}: {words}")
    if found.holds:
        click.echo(f"{_shown(found.out)}: {found.same} files come out the same.")
    elif found.origin:
        click.echo("Nothing was built again: with other inputs or another code other files are no surprise.", err=True)
    context.exit(0 if found.holds else 1)


def _kind(*, masked: bool, mock: bool) -> Any:
    """The kind of build that the flags name."""
    if masked and mock:
        raise click.UsageError("a build is masked or mock, not both")
    return "masked" if masked else "mock" if mock else "final"


def _build(plan: Path, out: Path | None, only: tuple[str, ...], language: tuple[str, ...], kind: Any) -> None:
    """Build, and say what was made and what was changed since the lock."""
    from takeup.build import build as run
    from takeup.report.trust import change_line

    made = run(plan, out=out, only=_split(only), languages=_split(language), kind=kind)
    for item in made.standing.deviations:
        click.echo(f"changed since the lock: {change_line(item)}")
    if made.standing.unexplained:
        click.echo(f"{len(made.standing.unexplained)} of these have no reason in deviations.yaml; page one of the report says so.")
    for complaint in made.complaints:
        click.echo(f"Please note: {complaint}", err=True)
    withheld = f", {made.withheld} withheld (release_log.csv)" if made.withheld else ""
    said = {"final": "", "secure": " (for the secure room: nothing was kept back)"}.get(kind, f" ({kind}: no number is a finding)")
    click.echo(f"{made.results} results released{withheld}; {len(made.files)} files in {_shown(made.out)}{said}")
    for name in ("report.html", "report.pdf", "results.csv"):
        if name in made.files:
            click.echo(f"  {_shown(made.out / name)}")


@takeup.command()
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="For synthetic studies: the same seed gives the same data.")
@click.option("--n", type=click.IntRange(min=1), help="For synthetic studies: how many were enrolled [default: as in the real trial].")
@click.option("--build", "and_build", is_flag=True, help="Build it as well.")
@click.pass_context
def demo(context: click.Context, name: str, folder: Path, seed: int, n: int | None, *, and_build: bool) -> None:
    """Write the study NAME (jobs2, thornton; mission and miriam are synthetic) into FOLDER (here where left out), to look at or to build."""
    from takeup.demo import demo as write
    from takeup.demo import plan_path

    write(name, folder, seed, n=n)
    plan = plan_path(name, folder)
    others = sorted(path for path in plan.parents[1].glob(f"{name}-*/plan.yaml") if path != plan)
    click.echo(f"{name} is in {_shown(folder)}; its plan is {_shown(plan)}" + "".join(f", that of another edition {_shown(path)}" for path in others))
    if and_build:
        context.invoke(build, plan=plan, out=None, only=(), language=(), masked=False, secure_room=False)


@takeup.command()
@click.argument("profile", type=click.Path(path_type=Path))
@click.option("--catalogue", type=click.Path(path_type=Path), help="A rights catalogue [default: that of MISSION].")
@click.option("--language", type=click.Choice(["en", "nl", "fr"]), default="en", show_default=True, help="Language of the answer.")
def rights(profile: Path, catalogue: Path | None, language: str) -> None:
    """Say which rights PROFILE opens, and why: a small YAML file with one fact a line, such as `net_income: 1250`."""
    from takeup.demo.real import home
    from takeup.measure.rights_catalogue import opened, read_catalogue, read_profile
    from takeup.present.rights_answers import rights_answers

    known = read_catalogue(catalogue or home() / "data_schema" / "mission" / "rights.yaml")
    for line in rights_answers(known, opened(known, read_profile(profile)), language):
        click.echo(line)


for command in (*before.COMMANDS, *beside.COMMANDS):
    takeup.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code; an error is said in plain words, never by a traceback."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """The exit code of a command line."""
    try:
        code: Any = takeup.main(args=arguments, prog_name="takeup", standalone_mode=False)
    except click.ClickException as error:
        error.show(file=sys.stderr)
        return error.exit_code
    except TakeupError as error:
        click.echo(str(error), err=True)
        return 1
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. What stood there before is untouched.", err=True)
        return 1
    except MemoryError:
        click.echo(NO_MEMORY, err=True)
        return 1
    except BrokenPipeError:
        sys.stdout = None  # the reader of a pipe left; nothing more can be said to it
        return 1
    except Exception as error:  # noqa: BLE001  # the last door: a message without a value of the data instead of a traceback
        return _unforeseen(error)
    return code if isinstance(code, int) else 0


def _unforeseen(error: Exception) -> int:
    """An error of takeup's own making, said without its message: that could hold a value of the data."""
    if os.environ.get(DEBUG) == "1":
        print_exc()
    elif any(words in str(error) for words in ("map segment", "allocate memory")) or not has_room(SPARE):  # a library couldn't be loaded, or run
        click.echo(NO_MEMORY, err=True)
    else:
        places = [place for place in extract_tb(error.__traceback__) if "takeup" in Path(place.filename).parts]
        where = f" ({Path(places[-1].filename).stem}, line {places[-1].lineno})" if places else ""
        click.echo(f"takeup {__version__} has a fault: {type(error).__name__}{where}. Please report it; {DEBUG}=1 shows the traceback.", err=True)
    return 1


def _write_faults(target: Path | None, error: TakeupError | None) -> None:
    """What was found (or that nothing was) in a file, by its ending."""
    if target is None:
        return
    from takeup.intake.faults import write_faults

    write_faults(target, () if error is None else error)
    click.echo(f"Written to {_shown(target)}", err=error is not None)


if __name__ == "__main__":
    main()
