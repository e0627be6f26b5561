"""What a plan says: the pre-analysis plan as frozen values. pydantic is used at this boundary and nowhere else.

Column names are written once, here. A bare name means the column of that name where only one table has it; `table.column`
says which table where several do (the two waves of one questionnaire always do).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Literal, Self, TypeVar, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, model_validator

from takeup.plan.consistency import Finding, design_findings, outcome_findings, plan_findings
from takeup.results import Evidence, FrozenMap

K = TypeVar("K")
V = TypeVar("V")
Language = Literal["en", "nl", "fr"]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Column = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$", max_length=120)]


def _plain(value: object) -> object:
    """A mapping as a dict, mappings inside it too."""
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, Mapping) else value


Frozen = Annotated[Mapping[K, V], AfterValidator(FrozenMap), PlainSerializer(_plain)]
"""A mapping that can't be changed once it is read."""
Text = Frozen[Language, str] | str
"""Words for a reader: one string for all languages, or one a language."""
Draw = Literal["simple", "complete", "blocked", "clustered", "blocked_clustered", "pairs", "none"]
Method = Literal["holm", "hochberg", "bonferroni", "bh", "by", "sharpened_q", "romano_wolf", "none"]


class Part(BaseModel):
    """A part of the plan: unknown keys are refused, values can't be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


P = TypeVar("P", bound=Part)


def _agreed(part: P, rule: Callable[[object], list[Finding]]) -> P:
    """The part itself, or a ValueError where its values don't go together. `plan.read` says the same with places and lines."""
    found = rule(part.model_dump(by_alias=True))
    if found:
        raise ValueError("; ".join(str(fault) for _, fault in found))
    return part


def _no_shares() -> Mapping[str | int, float]:
    return cast("Mapping[str | int, float]", FrozenMap())


def _no_words() -> Mapping[str | int, Text]:
    return cast("Mapping[str | int, Text]", FrozenMap())


class Registration(Part):
    """Where and when the trial was registered."""

    registry: str = Field(description="The registry's name.")
    id: str = Field(description="The trial's number in the registry.")
    date: date
    url: str = ""


class Table(Part):
    """One data file, the schema it must fit and, where its names differ from the schema's, the crosswalk between them."""

    file: str = Field(description="Path of the data file, from the plan's folder: .csv, .xlsx, .sav, .dta or .parquet.")
    schema_: str = Field(alias="schema", description="Path of its Table Schema, from the plan's folder.")
    crosswalk: str = Field(default="", description="Path of a YAML file that maps the file's names and codes to the schema's.")
    wave: Identifier | None = Field(default=None, description="The wave that the table holds, where its name isn't the wave's.")
    measured_on: Column | None = Field(default=None, description="Its column with the date of measurement.")
    sheet: str = Field(default="", description="Sheet of a workbook; the first when left out.")
    encoding: str = Field(default="", description="Encoding of a text file; found by itself when left out, and stated.")
    delimiter: str = Field(default="", description="What separates the columns of a text file; found by itself when left out, and stated.")
    decimal: Literal[".", ",", ""] = Field(default="", description="Decimal sign of a text file; found by itself when left out, and stated.")

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class AllocationPlan(Part):
    """How `takeup randomize` draws, where the draw itself doesn't say it all; columns are those of the list that is drawn."""

    shares: Frozen[str | int, float] = Field(default_factory=_no_shares, description="The share of each arm, or their ratio; equal when left out.")
    block_sizes: tuple[int, ...] = Field(default=(), description="Permuted blocks of these sizes, each by chance and hidden, in order of arrival.")
    match: tuple[Column, ...] = Field(default=(), description="Columns by which pairs are built (Mahalanobis distance), with draw: pairs.")
    minimize: tuple[Column, ...] = Field(default=(), description="Columns over which the arms are kept even as units arrive (Pocock and Simon).")
    coin: float = Field(default=0.8, gt=0.5, lt=1, description="With minimize: the chance of the arm that makes the margins more even.")
    measure: Literal["range", "variance"] = Field(default="range", description="With minimize: how uneven the numbers of a margin are.")
    balance: tuple[Column, ...] = Field(default=(), description="Columns whose means are compared before an assignment is accepted.")
    accept: float = Field(default=0.1, ge=0.001, le=1, description="With balance: the share of assignments that is accepted.")


class DesignPlan(Part):
    """How the draw was made; the fields are those of `takeup.Design`, with the unit and words for the arms.

    A before-after study names no treatment, no control and `draw: none`; the intervals of its changes are clustered by `clusters`.
    """

    unit: Column = Field(description="Column that names each randomised or enrolled unit; the same in all tables.")
    treatment: Column | None = Field(default=None, description="Column with the arm as assigned; left out in a before-after study.")
    control: str | int | None = Field(default=None, description="Value of the control arm in the treatment column; left out in a before-after study.")
    draw: Draw = Field(default="complete", description="How the draw was made; none where nothing was drawn.")
    blocks: Column | None = Field(default=None, description="Column of the strata or pairs of the draw.")
    clusters: Column | None = Field(default=None, description="Column of the groups that were drawn whole, or that share an environment.")
    probability: Column | float | None = Field(default=None, description="Chance of treatment, or the column that holds it.")
    nested_in: Column | None = Field(default=None, description="Column of the provider that exists in treated arms only.")
    received: Column | None = Field(default=None, description="Column that says whether the programme was taken up (0/1), or how much of it.")
    weights: Column | None = Field(default=None, description="Column of the analysis weights.")
    assigned_on: Column | None = Field(default=None, description="Column with the date of the draw.")
    allocation: AllocationPlan = Field(default_factory=AllocationPlan, description="How `takeup randomize` draws.")
    assignment: str = Field(default="", description="Path of the record that `takeup randomize` writes (.json); the arms in the data are held "
                            "against it.")
    arms: Frozen[str | int, Text] = Field(default_factory=_no_words, description="Words for each arm, by its value.")
    received_label: Text = Field(default="", description="Words for those who took the programme up.")
    unit_label: Text = Field(default="", description="What a unit is called, in the plural.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        return _agreed(self, design_findings)


class Flow(Part):
    """What happened before the first row of data, as the authors report it, and where the data say why units left."""

    planned: int | None = Field(default=None, ge=1, description="How many the study means to enrol.")
    enrolment: tuple[date, date] | None = Field(default=None, description="First and last day of enrolment as planned.")
    assessed: int | None = Field(default=None, ge=0, description="How many were assessed for eligibility.")
    excluded: Frozen[str, int] = Field(default_factory=FrozenMap, description="How many were left out before the draw, by reason.")
    excluded_labels: Frozen[str, Text] = Field(default_factory=FrozenMap, description="Words for each of these reasons, as a reader sees them.")
    status: Column | None = Field(default=None, description="Column that says why a unit left.")
    source: Text = Field(default="", description="Where these numbers come from.")


class ScoringRule(Part):
    """How items of the study's own make a score, where no scale of the registry does."""

    range: tuple[int, int] = Field(description="Lowest and highest code of an item.")
    reverse: tuple[str, ...] = Field(default=(), description="The items that point the other way.")
    score: Literal["mean", "sum", "percent"] = "mean"
    min_items: int | None = Field(default=None, ge=1, description="The fewest items answered that make a score; all of them when left out.")


class Outcome(Part):
    """One outcome: exactly one of `column`, `scale`, `rule`, `index` or `right` says what it is made of."""

    id: Identifier = Field(description="Its name in tables, figures and results.")
    label: Text = ""
    unit: Text = ""
    column: Column | None = Field(default=None, description="The column that holds it.")
    scale: str | None = Field(default=None, description="The scale that scores it, by its name in the registry.")
    rule: ScoringRule | None = Field(default=None, description="The rule that scores the items, where no scale of the registry does.")
    items: tuple[str, ...] = Field(default=(), description="The columns of the items, in the scale's order.")
    index: tuple[Identifier, ...] = Field(default=(), description="The ids of the outcomes that it summarises.")
    index_method: Literal["klk", "anderson"] = "klk"
    right: Identifier | None = Field(default=None, description="The right whose take-up it is, by its id in the catalogue; or any_new, n_new, "
                                     "share_held or euros_per_month over all rights, or over one domain as in n_new_income.")
    among: Literal["eligible", "all"] = Field(default="eligible", description="Whose take-up of one right: the eligible at baseline, or all.")
    waves: tuple[Identifier, ...] = Field(default=("endline",), min_length=1, description="The waves at which it was measured, earliest first.")
    kind: Literal["continuous", "binary"] = "continuous"
    role: Literal["primary", "secondary", "exploratory"] = "secondary"
    family: Identifier = Field(default="all", description="The outcomes that are corrected together for having several.")
    better: Literal["higher", "lower"] = "higher"
    smallest_effect: float | None = Field(default=None, gt=0, allow_inf_nan=False, description="The smallest effect that matters, in its units.")
    support: tuple[float, float] | None = Field(default=None, description="Lowest and highest possible value.")
    reliability: float | None = Field(default=None, gt=0, lt=1, description="Reliability of one measurement, from elsewhere; that of the items at "
                                      "baseline where it is left out.")
    stability: float | None = Field(default=None, gt=0, lt=1, description="Correlation of two measurements of people without a programme, so far "
                                    "apart as here.")
    population_mean: float | None = Field(default=None, allow_inf_nan=False, description="Mean of all from whom the participants were recruited.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        return _agreed(self, outcome_findings)

    @property
    def follow_up(self) -> str:
        """The wave at which the outcome is analysed: the last one named."""
        return self.waves[-1]

    @property
    def has_baseline(self) -> bool:
        """Whether the outcome was measured before the draw as well."""
        return len(self.waves) > 1


class Subgroup(Part):
    """A pre-specified comparison of effects between groups known before the draw."""

    by: Column = Field(description="Column of the groups; measured before the draw.")
    kind: Literal["confirmatory", "exploratory"] = "exploratory"
    label: Text = ""


class Analyses(Part):
    """Everything that decides a number and isn't the design or an outcome."""

    seed: int = Field(ge=0, lt=2**63, description="Any whole number; the same number gives the same draws.")
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    draws: int = Field(default=10_000, ge=99, le=1_000_000, description="Number of draws of randomisation inference.")
    covariates: tuple[Column, ...] = Field(default=(), description="Columns that adjust the effects; measured before the draw.")
    balance: tuple[Column, ...] = Field(default=(), description="Columns of the table of baseline characteristics.")
    estimator: Literal["by_rule", "ancova", "lin", "difference_in_means"] = "by_rule"
    families: Frozen[Identifier, Method] = Field(default_factory=FrozenMap, description="How each family of outcomes is corrected.")
    family_labels: Frozen[Identifier, Text] = Field(default_factory=FrozenMap, description="What each family is called in tables and sentences.")
    subgroups: tuple[Subgroup, ...] = ()


class Leave(Part):
    """Why a result leaves although a rule says no, and who answers for that."""

    reason: str = Field(min_length=1, description="Why it may leave.")
    by: str = Field(min_length=1, description="Who decided, by name or function.")


class Release(Part):
    """What may leave: the disclosure profile, and thresholds of the study's own."""

    profile: Literal["default", "strict", "public", "ten", "five", "three"] = "default"
    minimum_cell: int | None = Field(default=None, ge=1, description="The smallest number of people that may be shown; the profile's when left out.")
    round_counts_to: int | None = Field(default=None, ge=1, description="Counts are rounded to a multiple of this; the profile's when left out.")
    minimum_df: int | None = Field(default=None, ge=0, description="The fewest people less arms that an estimate rests on.")
    dominance: tuple[int, float] | None = Field(default=None, description="No sum in which so many people make more than this share: [2, 0.9].")
    p_percent: float | None = Field(default=None, ge=0, le=1, description="Nor one from which the second largest could tell the largest so well.")
    zero_cells: Literal["review", "withhold"] | None = Field(default=None, description="What happens to shares of nobody or everybody.")
    exceptions: Frozen[str, Leave] = Field(default_factory=FrozenMap, description="Results that leave all the same, by id.")


class RightsPlan(Part):
    """Where the rights are: the catalogue of those there are, the table of those that people hold, and the log of contacts."""

    catalogue: str = Field(description="Path of the rights catalogue (YAML), from the plan's folder.")
    held: Identifier = Field(default="rights", description="The table of rights held: one row a unit, right and wave.")
    contacts: Identifier | None = Field(default=None, description="The table of contacts: one row a contact.")
    columns: Frozen[Identifier, Column] = Field(default_factory=FrozenMap, description="Names of columns of these tables, where not the usual "
                                                "ones (right, wave, eligible, knows, applied, granted, receives, since, monthly_amount, reason).")


class Cost(Part):
    """What the programme costs, for the cost of each additional right."""

    hour: float = Field(gt=0, allow_inf_nan=False, description="Cost of one hour of a case manager, all in, in euros.")
    hour_range: tuple[float, float] | None = Field(default=None, description="Lowest and highest cost of an hour, for the sensitivity figure.")
    indirect: float = Field(default=0.0, ge=0, allow_inf_nan=False, description="Hours beside each logged hour: travel, files, consultation.")
    indirect_range: tuple[float, float] | None = Field(default=None, description="Lowest and highest of these, for the sensitivity figure.")
    fixed: float = Field(default=0.0, ge=0, allow_inf_nan=False, description="Cost for each unit of a treated arm beside the hours, in euros.")
    hours: Column | None = Field(default=None, description="Column of the units with hours spent; the log's minutes are added up when left out.")
    per: Identifier | None = Field(default=None, description="The outcome of which the cost of one more is told; new rights when left out.")
    source: Text = ""


class RolloutPlan(Part):
    """How the programme spread after the trial: a table with one row a place and period."""

    table: Identifier = Field(description="The table: one row a place and period.")
    unit: Identifier = Field(description="Its column with the place.")
    period: Identifier = Field(description="Its column with the period, such as a month counted from some start.")
    adopted: Identifier = Field(description="Its column with the first period with the programme; missing where it never came.")
    outcome: Identifier = Field(description="Its column with the outcome.")
    people: Identifier | None = Field(default=None, description="Its column with the number of people or families in the place.")
    label: Text = ""


class Programme(Part):
    """Where the data say how the programme was given: groups, centres, editions, sessions."""

    group: Column | None = Field(default=None, description="Column of the group in which a participant met the others.")
    centre: Column | None = Field(default=None, description="Column of the centre that gave the programme.")
    cohort: Column | None = Field(default=None, description="Column of the edition, as the year in which it began.")
    language: Column | None = Field(default=None, description="Column of the language of the questionnaire.")
    start: Column | None = Field(default=None, description="Column with the date on which a participant began.")
    end: Column | None = Field(default=None, description="Column with the date on which a participant ended.")
    left: Column | None = Field(default=None, description="Column with the reason for which a participant left early; empty for those who stayed.")
    reenrolled: Column | None = Field(default=None, description="Column that says who took part before (0/1).")
    sessions: Identifier | None = Field(default=None, description="Table of the sessions: one row a participant and session.")
    centres: Identifier | None = Field(default=None, description="Table of all centres, those that don't take part too: one row a centre.")
    participation: Identifier | None = Field(default=None, description="Table of the places offered: one row a centre and year that took part.")
    analysed: int | None = Field(default=None, description="The cohort that the study is about; the others are for the trend over cohorts only.")
    recruited_share: float | None = Field(default=None, gt=0, lt=1, description="Share of those who could be recruited that was, where it was those "
                                          "who were worst off.")
    expected_share: float = Field(default=0.2, gt=0, lt=1, description="Share of the centres' recipients for whom the programme is meant.")


class Published(Part):
    """A percentage or mean that was published before, to be held against the number of people it can be of (`takeup.grim`)."""

    label: Text = Field(description="What it is of.")
    value: str = Field(pattern=r"^-?[0-9]+([.,][0-9]+)?$", description='The number as it was published, between quotes: "60.5".')
    kind: Literal["percent", "mean"] = "percent"
    n: int | None = Field(default=None, ge=1, description="The number of people that was published with it.")
    most: int | None = Field(default=None, ge=1, le=100_000, description="The largest number of people that it can be of, where none was published.")
    items: int = Field(default=1, ge=1, description="Whole-number answers a person, where a mean is of their average.")
    source: Text = ""


class About(Part):
    """Facts for the reader that no data file holds."""

    source: Text = ""
    licence: str = ""
    citation: Text = ""
    published: date | None = Field(default=None, description="Day on which the results are published, for archives.")
    synthetic: bool = False
    intervention: Text = ""
    comparator: Text = ""
    setting: Text = ""
    funding: Text = ""


class Plan(Part):
    """The pre-analysis plan: frozen, and known by its hash (`takeup.plan.freeze.plan_hash`)."""

    takeup: Literal[1] = Field(description="Version of the plan's form.")
    study: Identifier = Field(description="Short name of the study, also of its folder.")
    title: Text = Field(description="Title of the study.")
    evidence: Evidence = Field(description="What the design can show; the report's words follow from it.")
    registration: Registration | None = None
    about: About = Field(default_factory=About)
    data: Frozen[Identifier, Table] = Field(min_length=1, description="The data files, by the name of the table.")
    design: DesignPlan
    flow: Flow = Field(default_factory=Flow)
    outcomes: tuple[Outcome, ...] = Field(min_length=1)
    analyses: Analyses
    rights: RightsPlan | None = Field(default=None, description="Rights held as outcomes: catalogue, tables and columns.")
    cost: Cost | None = Field(default=None, description="What the programme costs.")
    rollout: RolloutPlan | None = Field(default=None, description="How the programme spread after the trial.")
    programme: Programme | None = Field(default=None, description="Groups, centres, editions and sessions of the programme.")
    published: tuple[Published, ...] = Field(default=(), description="Percentages and means published before, to check against numbers of people.")
    release: Release = Field(default_factory=Release)
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)
    words: str = Field(default="words", description="Folder with the authors' own words, from the plan's folder.")

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        return _agreed(self, plan_findings)

    def outcome(self, outcome_id: str) -> Outcome:
        """The outcome with this id; KeyError where there is none."""
        for outcome in self.outcomes:
            if outcome.id == outcome_id:
                return outcome
        raise KeyError(outcome_id)
