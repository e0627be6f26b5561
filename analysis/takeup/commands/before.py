"""Before the trial: a new study, its rehearsal, its size, its draw."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from takeup.commands.lines import shown, split
from takeup.commands.portfolio import portfolio
from takeup.commands.power import power

PLAN = click.argument("plan", type=click.Path(path_type=Path))
SHAPES = ("simple", "complete", "blocked", "clustered", "blocked_clustered", "pairs")


@click.command()
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=".", help="Where the study's folder is made [default: here].")
@click.option("--title", default="", help="Title of the study.")
@click.option("--arm", "arms", multiple=True, metavar="VALUE[=WORDS]", help="An arm, control first; repeated [default: usual, offer].")
@click.option("--draw", type=click.Choice(SHAPES), help="How the draw is made [default: blocked where --blocks is given, else complete].")
@click.option("--blocks", default="", metavar="COLUMN", help="Column of the blocks, such as office.")
@click.option("--clusters", default="", metavar="COLUMN", help="Column of the clusters that are drawn whole, such as village.")
@click.option("--provider", default="", metavar="COLUMN", help="Column of the provider that exists in the treated arms only.")
@click.option("--block-sizes", multiple=True, metavar="SIZES", help="Permuted blocks of these hidden sizes, such as 4,6.")
@click.option("--outcome", "outcomes", multiple=True, metavar="OUTCOME", help="A scale (who5), id:binary, id:low-high[:lower]; the primary first.")
@click.option("--unit", default="person_id", show_default=True, metavar="COLUMN", help="Column that names each person or family.")
@click.option("--n", "planned", type=click.IntRange(min=4), default=200, show_default=True, help="How many are to be enrolled.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of the analyses (not of the draw).")
@click.option("--languages", multiple=True, metavar="LANGUAGE", help="Of the reports: en, nl, fr [default: all three].")
@click.option("--example", is_flag=True, help="Mark the study as synthetic and fill in made-up people, to try it out.")
def new(name: str, folder: Path, **said: Any) -> None:
    """Write the folder of a new study NAME: plan, schemas, codebook, templates, notebook.

    At a terminal, what no option says is asked.
    """
    from takeup.build.new_study import new_study
    from takeup.build.rehearse import rehearse

    answers = _answers(name, _asked(said) if at_a_terminal() else said)
    files = new_study(answers, folder)
    click.echo(f"{name} is in {shown(folder / name)}: {len(files)} files. Read README.md there; the plan is plan.yaml.")
    if answers.example:
        click.echo(f"Made-up rows fill {', '.join(rehearse(folder / name / 'plan.yaml'))}; the report says that the data are synthetic.")


def at_a_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


def _asked(said: dict[str, Any]) -> dict[str, Any]:
    """The answers with what no option said asked at the terminal; Enter takes what stands in brackets."""
    source = click.get_current_context().get_parameter_source

    def ask(name: str, question: str, default: str) -> str:
        given = source(name) is not click.core.ParameterSource.DEFAULT
        return "" if given else str(click.prompt(question, default=default, show_default=bool(default)))

    answers = dict(said)
    answers["title"] = ask("title", "Title of the study", "-").replace("-", "") or said["title"]
    if arms := ask("arms", "Arms, control first", "usual,offer"):
        answers["arms"] = split((arms,))
    if (blocks := ask("blocks", "Column of blocks (offices, sites); - for none", "-")) not in {"", "-"}:
        answers["blocks"] = blocks
    if (clusters := ask("clusters", "Column of clusters drawn whole; - for none", "-")) not in {"", "-"}:
        answers["clusters"] = clusters
    if outcomes := ask("outcomes", "Outcomes, the primary one first (who5; works:binary; income:0-5000)", "who5"):
        answers["outcomes"] = split((outcomes,))
    if planned := ask("planned", "How many are to be enrolled", str(said["planned"])):
        answers["planned"] = int(planned)
    return answers


def _answers(name: str, said: dict[str, Any]) -> Any:
    from takeup.build.new_study import Answers, measure_of

    arms = tuple(tuple(part.strip() for part in arm.partition("=")[::2]) for arm in split(said["arms"])) or (("usual", ""), ("offer", ""))
    shape = {(False, False): "complete", (True, False): "blocked", (False, True): "clustered", (True, True): "blocked_clustered"}
    sizes = split(said["block_sizes"])
    if not all(size.isdigit() for size in sizes):
        raise click.UsageError("--block-sizes are whole numbers, such as 4,6")
    return Answers(
        name=name, title=said["title"], unit=said["unit"], blocks=said["blocks"], clusters=said["clusters"], provider=said["provider"],
        arms=tuple((value, words or value.replace("_", " ").capitalize()) for value, words in arms),
        draw=said["draw"] or shape[bool(said["blocks"]), bool(said["clusters"])], block_sizes=tuple(map(int, sizes)),
        measures=tuple(measure_of(text) for text in split(said["outcomes"]) or ("who5",)), planned=said["planned"], seed=said["seed"],
        languages=split(said["languages"]) or ("en", "nl", "fr"), example=said["example"],
    )


@click.command()
@PLAN
def rehearse(plan: Path) -> None:
    """Fill the empty tables of PLAN with made-up answers; only for a study that says it is synthetic.

    Before the draw the people and their baseline, after it the programme and the endline.
    """
    from takeup.build.rehearse import rehearse as fill
    from takeup.study import plan_file

    click.echo(f"Made-up rows fill {', '.join(fill(plan_file(plan)))}.")


@click.command()
@PLAN
@click.option("--list", "people", type=click.Path(path_type=Path, dir_okay=False), help="The list to draw, a row a unit, in order of arrival.")
@click.option("--seed", type=click.IntRange(min=0), help="Of the first draw [default: made up, and kept]; later batches use the same.")
@click.option("--batch", default="", metavar="NAME", help="Draw those who came since; those who were drawn keep their arm.")
@click.option("--commit", is_flag=True, help="Only write down the commitment to the seed, before anybody is drawn.")
@click.option("--reveal", is_flag=True, help="Put the seed into the record once enrolment has ended, and make the draw again from it.")
def randomize(plan: Path, people: Path | None, seed: int | None, batch: str, *, commit: bool, reveal: bool) -> None:
    """Draw the trial of PLAN by the plan's own scheme: the assignment file, its sealed record and a certificate.

    What was drawn stands: a second draw is refused, unless it is a new batch.
    """
    from takeup.build import randomize as drawing
    from takeup.study import plan_file

    if (people is not None) + commit + reveal != 1:
        raise click.UsageError("one of --list, --commit and --reveal says what to do")
    path = plan_file(plan)
    if commit:
        made = drawing.commit(path, seed)
        click.echo(f"The seed is committed to: {made.record.commitment}")
    elif reveal:
        made = drawing.reveal(path)
        click.echo(f"The seed {made.record.seed} gives the {made.record.batches[-1].rows} arms again.")
    else:
        made = drawing.draw(path, people or Path(), seed=seed, batch=batch)
        for line in drawing.lines(made):
            click.echo(line)
    for file in made.files:
        click.echo(f"  {shown(file)}")


COMMANDS = (new, rehearse, power, randomize, portfolio)
