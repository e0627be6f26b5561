"""How many? The size of a study from options, a plan, a pilot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from takeup.commands.lines import shown, split

NUMBERS = {
    "sd": "Standard deviation of the outcome.", "control_rate": "Rate of a 0/1 outcome among controls.", "treated_share": "Share of people treated.",
    "cluster_size": "People in a cluster that is drawn whole.", "cluster_size_cv": "Coefficient of variation of the cluster sizes.",
    "icc": "Correlation within clusters.", "provider_size": "People with a provider of the treated arm.",
    "provider_icc": "Correlation within providers.", "r2": "Share of the variance that covariates explain.",
    "block_r2": "Share of the variance between blocks.", "correlation": "Correlation between two measurements.",
    "takeup": "Take-up: share of the treated less share of controls who take the programme up.", "attrition": "Share lost before the endline.",
    "alpha": "Level of the test.",
}
COUNTS = {"pre": "Measurements before the draw.", "post": "Measurements after it.", "comparisons": "Outcomes among which the level is divided."}


def _options(command: Any) -> Any:
    for name, words in reversed(NUMBERS.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, type=float, help=words)(command)
    for name, words in reversed(COUNTS.items()):
        command = click.option(f"--{name}", name, type=int, help=words)(command)
    return command


@click.command()
@click.argument("plan", type=click.Path(path_type=Path), required=False)
@click.option("--n", type=float, help="People to be enrolled [default: as planned; else what the effect needs].")
@click.option("--effect", type=float, help="The effect that matters, in units of the outcome [default: the plan's].")
@click.option("--power", "wanted", type=float, default=0.8, show_default=True, help="The chance to find it.")
@click.option("--alternative", type=click.Choice(["two-sided", "greater", "less"]), help="Direction of the test.")
@click.option("--pilot", type=click.Path(path_type=Path, dir_okay=False), help="A CSV file from which spread, clusters and blocks are read.")
@click.option("--outcome", help="Its column with the outcome.")
@click.option("--covariates", multiple=True, metavar="COLUMNS", help="Its columns that will adjust the effect.")
@click.option("--clusters", help="Its column of clusters.")
@click.option("--blocks", help="Its column of blocks.")
@click.option("--family", type=click.Choice(["holm", "romano_wolf", "bonferroni"]), help="Also the chances of all outcomes together.")
@click.option("--between", type=float, default=0.3, show_default=True, help="With --family: correlation between the outcomes.")
@click.option("--simulate", type=click.IntRange(min=0), default=0, metavar="TRIALS", help="Also by so many simulated trials.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write the page, the power curve and the numbers into this folder.")
@click.option("--language", multiple=True, metavar="LANGUAGE", help="Of the page: en, nl, fr [default: the plan's, else en].")
@_options
def power(plan: Path | None, **said: Any) -> None:
    """How many people, or how small an effect: for a PLAN, or for what the options say.

    Options go before the plan, the plan before the data. Nothing measured after the draw is opened.
    """
    from takeup.build.power import answered, from_flags, from_plan, write_power
    from takeup.study import plan_file

    keywords = {name: said[name] for name in (*NUMBERS, *COUNTS, "alternative") if said[name] is not None}
    asked = {"n": said["n"], "effect": said["effect"], "wanted": said["wanted"]}
    pilot = _pilot(said)
    questions = (from_flags(keywords, **asked, pilot=pilot),) if plan is None else from_plan(plan_file(plan), keywords, **asked)
    sizes = answered(questions, family=said["family"] or "", correlation=said["between"], simulations=said["simulate"])
    for answer in sizes.answers:
        for line in _lines(answer, named=plan is not None):
            click.echo(line)
    if sizes.family is not None:
        family = sizes.family
        click.echo(f"all outcomes together ({family.method}): one or more found with power {family.any:.2f}, all with {family.all:.2f}")
    if said["out"] is not None:
        for name in write_power(sizes, said["out"], _languages(plan, said["language"])):
            click.echo(f"  {shown(said['out'] / name)}")


def _languages(plan: Path | None, asked: tuple[str, ...]) -> tuple[str, ...]:
    if asked or plan is None:
        return split(asked) or ("en",)
    from takeup.plan.read import read
    from takeup.study import plan_file

    return read(plan_file(plan)).languages


def _pilot(said: dict[str, Any]) -> dict[str, float] | None:
    """What a pilot's file says."""
    if said["pilot"] is None:
        return None
    import pandas as pd

    from takeup.design import Design
    from takeup.design.pilot import read_pilot
    from takeup.errors import DesignError, Fault

    if not said["pilot"].is_file():
        raise DesignError(Fault("there is no such file", said["pilot"].name))
    try:
        frame = pd.read_csv(said["pilot"])
    except (OSError, ValueError):
        raise DesignError(Fault("can't be read as CSV", said["pilot"].name)) from None
    design = Design("arm", "control", clusters=said["clusters"], draw="blocked" if said["blocks"] else "complete", blocks=said["blocks"])
    if said["clusters"] and not said["blocks"]:
        design = Design("arm", "control", draw="clustered", clusters=said["clusters"])
    return read_pilot(frame, design, said["outcome"], split(said["covariates"]) or None)


def _lines(answer: Any, *, named: bool) -> list[str]:
    """An answer in a few lines."""
    question, head = answer.question, f"{answer.question.name}: " if named else ""
    origins = [f"{name} {value:g} ({question.origin.get(name, 'said')})" for name, value in question.study.items() if isinstance(value, int | float)]
    lines = [f"{head}{question.n:,.10g} people; {answer.detectable.method}", f"  from {', '.join(origins)}" if origins else ""]
    lines.append(f"  smallest effect found with power {question.wanted:.2f}: {answer.detectable.effect:.3g}")
    if answer.chance is not None:
        lines.append(f"  power to find {question.effect:g}: {answer.chance.power:.2f}; {answer.needed.n_whole:,} people would find it with power "
                     f"{question.wanted:.2f}")
    if answer.simulated is not None:
        lines.append(f"  simulated: power {answer.simulated.power:.3f} (+/- {1.96 * answer.simulated.mc_error:.3f}), {answer.simulated.method}")
    lines.append("  one change at a time:")
    for gain in answer.gains[1:]:
        parts = [f"smallest effect {gain.mde:.3g}" if gain.mde is not None else "", f"power {gain.power:.2f}" if gain.power is not None else ""]
        value = f"{gain.value:,.0f}" if gain.change in {"more_people", "half_as_many_more"} else f"{gain.value:.3g}"
        lines.append(f"    {gain.change.replace('_', ' ')} ({value}): {', '.join(part for part in parts if part)}")
    return [line for line in lines if line]
