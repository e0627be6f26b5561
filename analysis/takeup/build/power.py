"""The size of a study: its question from flags, a plan, a pilot or the baseline; the answers, what would buy more, a page and a figure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from takeup.build.folder import write
from takeup.design.family_power import FamilyPower, family_power
from takeup.design.gains import Gain, gains
from takeup.design.power import Power, mde, power, sample_size
from takeup.errors import BuildError, DesignError, Fault, TakeupError, collect
from takeup.results import FrozenMap, Provenance, ResultSet, Statistic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from takeup.infer.power import SimulatedPower
    from takeup.plan.model import Outcome, Plan
    from takeup.report.document import Document
    from takeup.study import Study

ASSUMED_CORRELATION = 0.5
"""Between baseline and endline, where an outcome has a baseline and nobody says."""
ASSUMED_PROVIDER_ICC = ASSUMED_ICC = 0.05
ASSUMED_PROVIDER_SIZE = 15.0
"""People with a provider, while nobody has one."""
CONTROLS: Mapping[str, Any] = FrozenMap(holm="holm", hochberg="holm", bonferroni="bonferroni", romano_wolf="romano_wolf")
"""The corrections that control the family-wise error, and how their power is worked out; Hochberg finds at least what Holm finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of one outcome.

    Attributes
    ----------
    name : of the outcome
    study : keywords of `tu.power`
    n : people to be enrolled; None where that is asked
    effect : smallest that matters; None where only the detectable one is asked
    wanted : power
    origin : where each keyword comes from: "said", "plan", "data", "assumed"
    """

    name: str
    study: Mapping[str, Any]
    n: float | None
    effect: float | None
    wanted: float
    origin: Mapping[str, str] = field(default_factory=FrozenMap)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes out: the smallest effect that is found, the chance to find the one asked for, who would be needed, what would buy more."""

    question: Question
    detectable: Power | None
    chance: Power | None
    needed: Power | None
    gains: tuple[Gain, ...]
    simulated: SimulatedPower | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The answers of all outcomes, and of the family of the first."""

    answers: tuple[Answer, ...]
    family: FamilyPower | None = None


def from_flags(
    said: Mapping[str, Any], *, n: float | None, effect: float | None, wanted: float, pilot: Mapping[str, float] | None = None,
) -> Question:
    """A question whose keywords were typed, the rest read from a pilot."""
    read = {name: value for name, value in (pilot or {}).items() if name not in said}
    origin = {**dict.fromkeys(read, "data"), **dict.fromkeys(said, "said")}
    return Question(name="outcome", study=FrozenMap({**read, **said}), n=n, effect=effect, wanted=wanted, origin=FrozenMap(origin))


def from_plan(plan_path: Path, said: Mapping[str, Any], *, n: float | None, effect: float | None, wanted: float) -> tuple[Question, ...]:
    """A question for each primary outcome of a plan (all of them where none is primary).

    Spread, rates, clusters and blocks come from the baseline where its files are there; nothing measured after the draw is opened.

    Raises
    ------
    PlanError, BuildError
        The plan can't be read, or is of a before-after study; an effect in units of an outcome whose spread nobody knows.
    """
    from takeup.plan.read import read

    plan = read(plan_path)
    if plan.design.treatment is None:
        remedy = "Size its change from Python: tu.sample_size(..., paired=True)."
        raise BuildError(Fault("a before-after study compares no arms", plan.study, remedy=remedy))
    study = _opened(plan_path)
    primary = [outcome for outcome in plan.outcomes if outcome.role == "primary"] or list(plan.outcomes)
    people = n if n is not None else plan.flow.planned or (len(study.trial.units) if study is not None else None)
    made, faults = [], []
    for outcome in primary:
        size = outcome.smallest_effect if effect is None else effect
        known, origin = _of_plan(plan, outcome, primary)
        read_, where = _of_data(study, outcome)
        both = {**known, **read_, **said}
        if outcome.kind == "binary":
            both.pop("sd", None)
            both.pop("correlation", None)
            both.setdefault("control_rate", 0.5)
        elif "sd" not in both and size is not None:
            faults.append(Fault(f"an effect of {size:g} says nothing while nobody knows how much the outcome varies", outcome.id,
                                remedy="Give its standard deviation (--sd), or the baseline."))
        else:
            both.setdefault("sd", 1.0)
        origin = {"control_rate": "assumed", "sd": "assumed", **origin, **where, **dict.fromkeys(said, "said")}
        made.append(Question(name=outcome.id, study=FrozenMap(both), n=people, effect=size,
                             wanted=wanted, origin=FrozenMap({name: origin.get(name, "said") for name in both})))
    collect(BuildError, faults)
    return tuple(made)


def answered(questions: tuple[Question, ...], *, family: str = "", correlation: float = 0.0, simulations: int = 0) -> Sizes:
    """Answer the questions.

    Parameters
    ----------
    family : correction of the outcomes together (holm, romano_wolf, bonferroni); empty for none
    correlation : between the outcomes of the family
    simulations : trials simulated beside the formula; 0 for none
    """
    answers = tuple(_answer(question, simulations) for question in questions)
    found = None
    shifts = [_shift(answer) for answer in answers]
    known = [shift for shift in shifts if shift is not None]
    if family in CONTROLS and len(known) == len(answers) > 1:
        alpha = float(questions[0].study.get("alpha", 0.05))
        found = family_power(known, correlation=correlation, alpha=alpha, method=CONTROLS[family])
    return Sizes(answers=answers, family=found)


def _answer(question: Question, simulations: int) -> Answer:
    study: Any = dict(question.study)
    n, effect, wanted = question.n, question.effect, question.wanted
    if n is None and effect is None:
        raise DesignError(Fault("either the people or the effect has to be known", "--n, --effect"))
    needed = None if effect is None else sample_size(effect, power=wanted, **study)
    people = n if n is not None else float(needed.n_whole if needed else 0)
    detectable = mde(people, power=wanted, **study)
    chance = None if effect is None else power(effect, people, **study)
    simulated = _simulated(question, people, simulations) if simulations and effect is not None else None
    return Answer(question=replace(question, n=people), detectable=detectable, chance=chance, needed=needed,
                  gains=gains(study, people, effect=effect, wanted=wanted), simulated=simulated)


def _shift(answer: Answer) -> float | None:
    """Effect over standard error of a two-sided normal test with the answer's power at a single outcome's level."""
    question = answer.question
    if question.effect is None or question.n is None:
        return None
    from scipy.special import ndtri

    study: Any = {**question.study, "comparisons": 1}
    chance = min(max(power(question.effect, question.n, **study).power, 1e-6), 1.0 - 1e-9)
    return float(ndtri(chance) - ndtri(float(study.get("alpha", 0.05)) / 2.0))


def _simulated(question: Question, n: float, simulations: int) -> SimulatedPower:
    """The same question by simulated trials, drawn and analysed as such a trial would be."""
    from takeup.design import Design
    from takeup.infer.power import simulate_power

    study = dict(question.study)
    left_out = [name for name in ("post", "pre") if study.get(name, 1) != 1] + [name for name in ("paired",) if study.get(name)]
    if left_out:
        raise DesignError(Fault("isn't simulated", ", ".join(left_out), remedy="Leave --simulate out."))
    comparisons = study.pop("comparisons", 1)
    whole = study.get("cluster_size") is not None
    blocks = study.get("block_r2", 0.0) > 0 and not whole
    design = Design("arm", "control", draw="clustered" if whole else "blocked" if blocks else "complete", clusters="cluster" if whole else None,
                    blocks="block" if blocks else None, nested_in="provider" if study.get("provider_size") is not None else None,
                    received="received" if study.get("takeup", 1.0) < 1 else None)
    keywords: Any = {name: value for name, value in study.items() if name not in {"pooled", "distribution", "pre", "post", "paired"}}
    keywords["alpha"] = keywords.get("alpha", 0.05) / comparisons
    return simulate_power(design, question.effect, round(n), method="cace" if design.received else "ancova",  # type: ignore[no-any-return]
                          simulations=simulations, **keywords)


def _opened(plan_path: Path) -> Study | None:
    """The study with what comes after the draw made up; None where its data aren't there yet."""
    from takeup.study import open_study

    try:
        return open_study(plan_path, kind="mock")
    except TakeupError:
        return None


def _of_plan(plan: Plan, outcome: Outcome, primary: list[Outcome]) -> tuple[dict[str, Any], dict[str, str]]:
    """What the plan says of the size of its study."""
    known: dict[str, Any] = {}
    shares = plan.design.allocation.shares
    if shares and len(shares) == 2:
        known["treated_share"] = 1.0 - float({str(arm): share for arm, share in shares.items()}[str(plan.design.control)]) / sum(shares.values())
    elif isinstance(plan.design.probability, float):
        known["treated_share"] = plan.design.probability
    family = [other for other in primary if other.family == outcome.family]
    if len(family) > 1 and plan.analyses.families.get(outcome.family) in CONTROLS:
        known["comparisons"] = len(family)
    origin = dict.fromkeys(known, "plan")
    if outcome.has_baseline and outcome.kind != "binary":
        known["correlation"], origin["correlation"] = ASSUMED_CORRELATION, "assumed"
    if plan.design.nested_in is not None and not _whole(plan):
        known |= {"provider_size": ASSUMED_PROVIDER_SIZE, "provider_icc": ASSUMED_PROVIDER_ICC}
        origin |= {"provider_size": "assumed", "provider_icc": "assumed"}
    return known, origin


def _whole(plan: Plan) -> bool:
    """Whether clusters are drawn: then they hold what people share, providers included."""
    return plan.design.draw in {"clustered", "blocked_clustered"} or (plan.design.draw == "pairs" and plan.design.clusters is not None)


def _of_data(study: Study | None, outcome: Outcome) -> tuple[dict[str, Any], dict[str, str]]:
    """What the baseline says, after the disclosure gate has passed it."""
    from takeup.design.pilot import read_pilot
    from takeup.intake.assignment import undrawn
    from takeup.measure.outcomes import baseline_of

    if study is None:
        return {}, {}
    material = study.material
    column = baseline_of(outcome)
    frame, design = material.frame, material.design
    known = column is not None and frame[column].notna().sum() >= 3
    read: dict[str, Any] = read_pilot(frame, design, column if known else None)
    read.pop("provider_icc", None)  # before the programme its providers share nothing
    if _whole(study.plan):
        read.pop("provider_size", None)
    if undrawn(study.plan, study.folder):
        read.pop("treated_share", None)  # the plan says it; the made-up draw isn't data
    if known and outcome.kind == "binary":
        read["control_rate"] = float(frame[column].mean())
    if not design.draws_clusters:
        for name in ("cluster_size", "cluster_size_cv", "icc"):
            read.pop(name, None)
    origin = dict.fromkeys(read, "data")
    if design.draws_clusters and "icc" not in read:
        read["icc"], origin["icc"] = ASSUMED_ICC, "assumed"
    _through_the_gate(study, outcome, read, int(frame[column].notna().sum()) if known else len(frame))
    return {name: float(f"{value:.3g}") for name, value in read.items()}, origin


def _through_the_gate(study: Study, outcome: Outcome, read: Mapping[str, float], n: int) -> None:
    """Stop where what is read rests on too few people to be shown."""
    from takeup.release.gate import gate
    from takeup.release.rules import Rules
    from takeup.release.suppress import is_withheld

    made = ResultSet(tuple(Statistic(table="power", variable=name, kind="sd", value=value, n=n,
                                     provenance=Provenance(id=f"power.{outcome.id}.{name}")) for name, value in read.items()))
    if any(is_withheld(item) for item in gate({"power": made}, Rules.from_plan(study.plan.release))["power"]):
        raise BuildError(Fault("the baseline is of too few people to be shown", outcome.id, remedy="Give the numbers as options (--sd ...)."))


def write_power(sizes: Sizes, out: Path, languages: tuple[str, ...] = ("en",)) -> tuple[str, ...]:
    """Write the page, the figure and the numbers into a folder; their names."""
    from takeup.present.figures.power_curve import power_curve
    from takeup.report.export import csv
    from takeup.report.html import html
    from takeup.report.power import gains_table, power_document

    documents: dict[str, Document] = {language: power_document(sizes.answers, sizes.family, language) for language in languages}
    first = sizes.answers[0]
    figure = power_curve(first.question.study, first.question.n or 0.0, first.question.effect, first.question.wanted, languages[0])
    files = {"power.html": html(documents).encode(), "power-curve.svg": figure.svg, "power-curve.png": figure.png, "power-curve.pdf": figure.pdf,
             "power-curve.csv": _bytes(csv(figure.data)), "power.csv": _bytes(csv(gains_table(first, languages[0])))}
    out.mkdir(parents=True, exist_ok=True)
    write(out, files)
    return tuple(files)


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
