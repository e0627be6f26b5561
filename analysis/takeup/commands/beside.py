"""Commands for work beside a build: a notebook for a plan, and the analysis data for other programs. They parse, call and print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from takeup.commands.lines import shown, split

FLAGS = (
    click.option("--masked", is_flag=True, help="With the arms drawn anew."),
    click.option("--mock", is_flag=True, help="With what comes after the draw made up."),
)


def kind_of(*, masked: bool, mock: bool) -> Any:
    """The kind of study that the flags name."""
    if masked and mock:
        raise click.UsageError("a study is masked or mock, not both")
    return "masked" if masked else "mock" if mock else "final"


@click.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file, .ipynb or .py [default: STUDY.ipynb, beside the plan].")
@FLAGS[0]
@FLAGS[1]
def notebook(plan: Path, out: Path | None, *, masked: bool, mock: bool) -> None:
    """Write a notebook that opens PLAN and walks through its study, ready to run; a file that is there stays."""
    from takeup.build.notebook import write_notebook

    click.echo(shown(write_notebook(plan, out=out, kind=kind_of(masked=masked, mock=mock))))


@click.command("export-data")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--to", multiple=True, metavar="FORMAT", help="dta, sav, csv; parted by commas or repeated [default: all].")
@click.option("--secure-room", is_flag=True, help="That this is the secure room; without it nothing is written.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The folder [default: analysis-data, beside the plan].")
@click.option("--language", default="", metavar="LANGUAGE", help="Of the labels: en, nl, fr [default: the plan's first].")
@FLAGS[0]
@FLAGS[1]
def export_data(plan: Path, to: tuple[str, ...], out: Path | None, language: str, *, secure_room: bool, masked: bool, mock: bool) -> None:
    """Write the rows that PLAN's effects are worked out from, for Stata, SPSS and R, with labels and without anybody's number."""
    from takeup.build.export_data import export_data as write

    for path in write(plan, to=split(to), out=out, language=language, secure_room=secure_room, kind=kind_of(masked=masked, mock=mock)):
        click.echo(shown(path))


@click.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The folder, new or empty [default: replication, beside the plan].")
@click.option("--with-data", is_flag=True, help="The data may travel; without it made-up tables take their place.")
def replicate(plan: Path, out: Path | None, *, with_data: bool) -> None:
    """Write a folder that runs the study PLAN anew on any machine: plan, schemas, versions, takeup itself, a runner, data or a stand-in."""
    from takeup.build.replicate import replicate as write

    made = write(plan, out=out, with_data=with_data)
    said = "made-up tables stand in for the data" if made.stand_in else "with the data"
    click.echo(f"{made.files} files in {shown(made.out)} ({said}); run there: python replicate.py")
    click.echo(f"  {made.expected} outputs are compared byte for byte with those built here.")


COMMANDS = (notebook, export_data, replicate)
