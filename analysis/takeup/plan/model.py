"""What a plan says: the pre-analysis plan as frozen values. pydantic is used at this boundary and nowhere else.

Column names are written once, here. A bare name means the column of that name where only one table has it; `table.column`
says which table where several do (the two waves of one questionnaire always do).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from takeup.results import Evidence

Language = Literal["en", "nl", "fr"]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Column = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$", max_length=120)]
Text = dict[Language, str] | str
"""Words for a reader: one string for all languages, or one a language."""


class Part(BaseModel):
    """A part of the plan: unknown keys are refused, values can't be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Registration(Part):
    """Where and when the trial was registered."""

    registry: str
    id: str
    date: date
    url: str = ""


class Table(Part):
    """One data file, the schema it must fit and, where its names differ from the schema's, the crosswalk between them."""

    file: str
    schema_: str = Field(alias="schema")
    crosswalk: str = ""
    wave: Identifier | None = None
    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    decimal: Literal[".", ",", ""] = ""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class DesignPlan(Part):
    """How the draw was made; the fields are those of `takeup.Design`, with the unit and words for the arms."""

    unit: Column
    treatment: Column
    control: str | int
    draw: Literal["simple", "complete", "blocked", "clustered", "blocked_clustered", "pairs"] = "complete"
    blocks: Column | None = None
    clusters: Column | None = None
    probability: Column | float | None = None
    nested_in: Column | None = None
    received: Column | None = None
    weights: Column | None = None
    assigned_on: Column | None = None
    arms: dict[str | int, Text] = Field(default_factory=dict)
    received_label: Text = ""
    unit_label: Text = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = {"blocked": ("blocks",), "clustered": ("clusters",), "blocked_clustered": ("blocks", "clusters"), "pairs": ("blocks",)}
        absent = [name for name in needed.get(self.draw, ()) if getattr(self, name) is None]
        if absent:
            raise ValueError(f"a {self.draw} draw needs {' and '.join(absent)}")
        return self


class Flow(Part):
    """What happened before the first row of data, as the authors report it, and where the data say why units left."""

    assessed: int | None = Field(default=None, ge=0)
    excluded: dict[str, int] = Field(default_factory=dict)
    status: Column | None = None
    source: Text = ""


class Outcome(Part):
    """One outcome: exactly one of `column`, `scale`, `index` or `right` says what it is made of."""

    id: Identifier
    label: Text = ""
    unit: Text = ""
    column: Column | None = None
    scale: str | None = None
    items: tuple[str, ...] = ()
    index: tuple[Identifier, ...] = ()
    index_method: Literal["klk", "anderson"] = "klk"
    right: Identifier | None = None
    waves: tuple[Identifier, ...] = ("endline",)
    kind: Literal["continuous", "binary"] = "continuous"
    role: Literal["primary", "secondary", "exploratory"] = "secondary"
    family: Identifier = "all"
    better: Literal["higher", "lower"] = "higher"
    smallest_effect: float | None = Field(default=None, gt=0)
    support: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        named = [name for name in ("column", "scale", "index", "right") if getattr(self, name)]
        if len(named) != 1:
            raise ValueError(f"an outcome is made of exactly one of column, scale, index or right; here {' and '.join(named) or 'none'}")
        if self.support is not None and self.support[0] >= self.support[1]:
            raise ValueError("support is written lowest first")
        return self

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

    by: Column
    kind: Literal["confirmatory", "exploratory"] = "exploratory"
    label: Text = ""


class Analyses(Part):
    """Everything that decides a number and isn't the design or an outcome."""

    seed: int = Field(ge=0, lt=2**63)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    draws: int = Field(default=10_000, ge=99, le=1_000_000)
    covariates: tuple[Column, ...] = ()
    balance: tuple[Column, ...] = ()
    estimator: Literal["by_rule", "ancova", "lin", "difference_in_means"] = "by_rule"
    families: dict[Identifier, Literal["holm", "hochberg", "bonferroni", "bh", "by", "sharpened_q", "romano_wolf", "none"]] = Field(default_factory=dict)
    subgroups: tuple[Subgroup, ...] = ()


class Release(Part):
    """What may leave: the disclosure profile and its thresholds."""

    profile: Literal["default", "strict", "public"] = "default"
    minimum_cell: int = Field(default=10, ge=1)
    round_counts_to: int = Field(default=5, ge=1)


class About(Part):
    """Facts for the reader that no data file holds."""

    source: Text = ""
    licence: str = ""
    citation: str = ""
    synthetic: bool = False
    intervention: Text = ""
    comparator: Text = ""
    setting: Text = ""
    funding: Text = ""


class Plan(Part):
    """The pre-analysis plan: frozen, and known by its hash (`takeup.plan.freeze.plan_hash`)."""

    takeup: Literal[1]
    study: Identifier
    title: Text
    evidence: Evidence
    registration: Registration | None = None
    about: About = Field(default_factory=About)
    data: dict[Identifier, Table] = Field(min_length=1)
    design: DesignPlan
    flow: Flow = Field(default_factory=Flow)
    outcomes: tuple[Outcome, ...] = Field(min_length=1)
    analyses: Analyses
    release: Release = Field(default_factory=Release)
    languages: tuple[Language, ...] = ("en",)
    words: str = "words"

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        problems = []
        ids = [outcome.id for outcome in self.outcomes]
        repeated = sorted({name for name in ids if ids.count(name) > 1})
        if repeated:
            problems.append(f"outcome ids stand more than once: {', '.join(repeated)}")
        families = {outcome.family for outcome in self.outcomes}
        unknown = sorted(set(self.analyses.families) - families)
        if unknown:
            problems.append(f"analyses.families names {', '.join(unknown)}, which no outcome has; outcomes have {', '.join(sorted(families))}")
        parts = {part for outcome in self.outcomes for part in outcome.index} - set(ids)
        if parts:
            problems.append(f"an index names outcomes that don't exist: {', '.join(sorted(parts))}")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def outcome(self, outcome_id: str) -> Outcome:
        """The outcome with this id; KeyError where there is none."""
        for outcome in self.outcomes:
            if outcome.id == outcome_id:
                return outcome
        raise KeyError(outcome_id)
