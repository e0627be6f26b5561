"""Made-up results of made-up trials, through the real gate: what the presenters are tested on."""

from __future__ import annotations

import math

from takeup.intake.schema import Category, Field, TableSchema
from takeup.plan.model import Plan
from takeup.present.labels import Labels
from takeup.release.gate import Released, gate
from takeup.release.rules import Rules
from takeup.results import Bounds, ConfidenceSet, Estimate, FrozenMap, Provenance, ResultSet, Statistic, Test

PLAN = {
    "takeup": 1, "study": "seminar",
    "title": {"en": "A seminar for people who lost their job", "nl": "Een seminarie voor mensen die hun werk verloren",
              "fr": "Un séminaire pour personnes sans emploi"},
    "evidence": "randomized",
    "registration": {"registry": "AEA RCT Registry", "id": "AEARCTR-0000000", "date": "2024-03-19"},
    "data": {name: {"file": f"data/{name}.csv", "schema": f"{name}.yaml"} for name in ("units", "baseline", "endline")},
    "design": {
        "unit": "id", "treatment": "treat", "control": 0, "draw": "complete", "received": "comply",
        "arms": {0: {"en": "Booklet", "nl": "Brochure", "fr": "Brochure"}, 1: {"en": "Seminar", "nl": "Seminarie", "fr": "Séminaire"}},
        "received_label": {"en": "came to the seminar", "nl": "kwam naar het seminarie", "fr": "a suivi le séminaire"},
        "unit_label": {"en": "people", "nl": "mensen", "fr": "personnes"},
    },
    "flow": {"assessed": 1210, "excluded": {"not_eligible": 201, "refused": 110}},
    "outcomes": [
        {"id": "depression", "column": "depress", "waves": ["baseline", "endline"], "role": "primary", "family": "mental_health", "better": "lower",
         "smallest_effect": 0.07, "support": [1, 5], "label": {"en": "Depressive symptoms", "nl": "Depressieve klachten",
                                                               "fr": "Symptômes dépressifs"},
         "unit": {"en": "scale points", "nl": "schaalpunten", "fr": "points d'échelle"}},
        {"id": "employed", "column": "work1", "kind": "binary", "family": "work", "better": "higher", "smallest_effect": 0.05,
         "label": {"en": "In work", "nl": "Aan het werk", "fr": "En emploi"}},
        {"id": "confidence", "column": "job_seek", "family": "work", "better": "higher", "smallest_effect": 0.07,
         "label": {"en": "Confidence in searching for work", "nl": "Vertrouwen in het zoeken naar werk",
                   "fr": "Confiance dans la recherche d'emploi"},
         "unit": {"en": "scale points", "nl": "schaalpunten", "fr": "points d'échelle"}},
    ],
    "analyses": {"seed": 19950201, "balance": ["age", "sex", "marital"], "families": {"work": "holm"}, "subgroups": [{"by": "sex"}],
                 "family_labels": {"mental_health": {"en": "Mental health", "nl": "Geestelijke gezondheid", "fr": "Santé mentale"},
                                   "work": {"en": "Work", "nl": "Werk", "fr": "Travail"}}},
    "release": {"profile": "public"},
    "languages": ["en", "nl", "fr"],
}
SCHEMA = TableSchema(name="units", title={"en": "People", "nl": "Personen", "fr": "Personnes"}, fields=(
    Field(name="id", type="integer", title="Number", required=True, unique=True),
    Field(name="treat", type="integer", title={"en": "Arm", "nl": "Groep", "fr": "Groupe"},
          categories=(Category(0, {"en": "Booklet", "nl": "Brochure", "fr": "Brochure"}),
                      Category(1, {"en": "Seminar", "nl": "Seminarie", "fr": "Séminaire"}))),
    Field(name="age", type="number", title={"en": "Age", "nl": "Leeftijd", "fr": "Âge"}, unit={"en": "years", "nl": "jaar", "fr": "ans"}, minimum=16,
          maximum=99,
          missing_values=(Category("999", {"en": "no answer", "nl": "geen antwoord", "fr": "sans réponse"}),)),
    Field(name="sex", type="integer", title={"en": "Sex", "nl": "Geslacht", "fr": "Sexe"},
          categories=(Category(0, {"en": "Man", "nl": "Man", "fr": "Homme"}), Category(1, {"en": "Woman", "nl": "Vrouw", "fr": "Femme"}))),
    Field(name="marital", type="string", title={"en": "Marital status", "nl": "Burgerlijke staat", "fr": "État civil"},
          description="As said by the person & not checked.",
          categories=(Category("married", {"en": "Married", "nl": "Gehuwd", "fr": "Marié(e)"}),
                      Category("divorced", {"en": "Divorced", "nl": "Gescheiden", "fr": "Divorcé(e)"}),
                      Category("never", {"en": "Never married", "nl": "Nooit gehuwd", "fr": "Jamais marié(e)"}))),
    Field(name="depress", type="number", title={"en": "Depressive symptoms", "nl": "Depressieve klachten", "fr": "Symptômes dépressifs"},
          sensitive=True),
))


def plan(**changes: object) -> Plan:
    raw = {**PLAN, **changes}
    if raw["evidence"] == "comparison":
        raw["design"] = {**raw["design"], "draw": "none"}  # type: ignore[dict-item]
    if raw["evidence"] == "before_after":
        raw["design"] = {"unit": "id", "draw": "none", "unit_label": PLAN["design"]["unit_label"]}  # type: ignore[index]
        raw["outcomes"] = [{**outcome, "waves": ["baseline", "endline"]} for outcome in raw["outcomes"]]  # type: ignore[attr-defined]
    families = {outcome.get("family") for outcome in raw["outcomes"]}  # type: ignore[attr-defined]
    labels = {name: label for name, label in raw["analyses"].get("family_labels", {}).items() if name in families}  # type: ignore[attr-defined]
    return Plan.model_validate({**raw, "analyses": {**raw["analyses"], "family_labels": labels}})  # type: ignore[dict-item]


def labels(of: Plan | None = None) -> Labels:
    return Labels(of or plan(), {"units": SCHEMA})


def named(id_: str, path: str = "outcomes[0]") -> Provenance:
    return Provenance(id=id_, plan_hash="a" * 64, plan_path=path, seed=19950201, version="0.1.0", pre_specified=True)


def count(variable: str, value: float, arm: str = "", level: str = "", wave: str = "") -> Statistic:
    id_ = ".".join(part for part in ("flow", variable, level, wave, arm) if part)
    return Statistic(table="flow", variable=variable, level=level, arm=arm, wave=wave, kind="count", value=value, n=int(value), count=int(value),
                     provenance=named(id_, "flow"))


def flow() -> ResultSet:
    out = [count("assessed", 1210), count("excluded", 311), count("excluded", 201, level="not_eligible"), count("excluded", 110, level="refused"),
           count("randomized", 899)]
    for arm, n, took, lost, moved in (("0", 299, 0, 21, 15), ("1", 600, 372, 60, 35)):
        out += [count("allocated", n, arm)]
        if took:
            out += [count("received", took, arm), count("not_received", n - took, arm)]
        out += [count("followed_up", n - lost, arm, wave="endline"), count("lost", lost, arm, wave="endline"),
                count("lost", moved, arm, "moved", "endline"),
                count("lost", lost - moved, arm, "no_answer", "endline"), count("analysed", n - lost, arm)]
    return ResultSet(tuple(out))


def balance() -> ResultSet:
    out: list[object] = []

    def add(variable: str, level: str, arm: str, kind: str, value: float, n: int) -> None:
        id_ = ".".join(part for part in ("balance", variable, level, arm, kind) if part)
        share = round(value * n) if kind == "share" else None
        out.append(Statistic(table="balance", variable=variable, level=level, arm=arm, kind=kind, value=value, n=n, count=share,
                             provenance=named(id_, "analyses.balance")))  # type: ignore[arg-type]

    for arm, n, mean, sd in (("0", 299, 37.81, 10.62), ("1", 600, 37.23, 10.33)):
        add("age", "", arm, "mean", mean, n)
        add("age", "", arm, "sd", sd, n)
    add("age", "", "1", "standardized_difference", -0.0554, 899)
    for variable, level, p0, p1, difference in (("sex", "", 0.508, 0.541, 0.066), ("marital", "married", 0.452, 0.476, 0.048),
                                                ("marital", "divorced", 0.19, 0.18, -0.026),
                                                ("marital", "never", 0.358, 0.344, -0.029)):
        add(variable, level, "0", "share", p0, 299)
        add(variable, level, "1", "share", p1, 600)
        add(variable, level, "1", "standardized_difference", difference, 899)
    out.append(Test(outcome="balance", term="omnibus", statistic=2.1, df=4.0, p_value=0.717, n=899, draws=10_000,
                    method="omnibus balance, randomisation inference",
                    provenance=named("balance.omnibus", "analyses.balance")))
    return ResultSet(tuple(out))  # type: ignore[arg-type]


def estimate(outcome: str, value: float, std_error: float, *, head: str = "effect", n: tuple[int, int] = (540, 278), **more: object) -> Estimate:
    df = 812.4
    half = 1.963 * std_error
    fields: dict[str, object] = {
        "outcome": outcome, "arm": "1", "term": "treatment", "estimate": value, "std_error": std_error, "df": df, "statistic": value / std_error,
        "p_value": math.erfc(abs(value / std_error) / math.sqrt(2)), "conf_low": value - half, "conf_high": value + half, "n": sum(n),
        "n_treated": n[0], "n_control": n[1],
        "n_missing": 899 - sum(n), "method": "ancova", "se_type": "HC2",
        "reason": "Units were drawn one by one: HC2. Satterthwaite degrees of freedom (Bell and McCaffrey 2002).",
        "provenance": named(f"{head}.{outcome}"),
    }
    return Estimate(**{**fields, **more})  # type: ignore[arg-type]


MEANS = {"depression": FrozenMap(mean_treated=1.7174, mean_control=1.7751, sd_control=0.6612),
         "confidence": FrozenMap(mean_treated=4.0219, mean_control=3.9483, sd_control=0.7012),
         "employed": FrozenMap(mean_treated=0.3264, mean_control=0.2603, sd_control=0.4397, per_100_difference=6.61)}


def effects() -> ResultSet:
    out: list[object] = []
    for outcome, value, std_error in (("depression", -0.0493, 0.0479), ("employed", 0.0661, 0.0311), ("confidence", 0.0583, 0.0467)):
        out += [estimate(outcome, value, std_error, extra=MEANS[outcome])]
        if outcome == "employed":
            out.append(estimate(outcome, 1.254, 0.138, head="ratio", estimand="risk ratio", conf_low=1.012, conf_high=1.554, p_value=0.039))
        out += [
            Test(outcome=outcome, term="randomization", arm="1", statistic=value / std_error, p_value=0.2964 if outcome != "employed" else 0.0342,
                 draws=10_000, n=818,
                 method="randomization inference", reason="10,000 re-randomisations by the trial's own draw.", provenance=named(f"ri.{outcome}")),
            Test(outcome=outcome, term=outcome, arm="1", p_value=0.04, p_adjusted=0.068 if outcome == "employed" else 0.3041, n=818, method="holm",
                 provenance=named(f"family.{outcome}")),
            estimate(outcome, value / 0.62, std_error / 0.62, head="cace", estimand="CACE", method="2sls", extra=FrozenMap(first_stage_f=978.2)),
            ConfidenceSet(outcome=outcome, arm="1", intervals=((value / 0.62 - 0.15, value / 0.62 + 0.15),), shape="interval", n=818, df=812.0,
                          method="anderson_rubin", se_type="HC2",
                          reason="Units were drawn one by one: HC2.", provenance=named(f"ar.{outcome}")),
        ]
    return ResultSet(tuple(out))  # type: ignore[arg-type]


def compliance() -> ResultSet:
    share = estimate("comply", 0.62, 0.0198, estimand="take-up", method="difference_in_means", n=(600, 299),
                     provenance=named("compliance.share", "design.received"))
    received = [Statistic(table="compliance", variable="comply", arm=arm, kind="share", value=value, n=n, count=took,
                          provenance=named(f"compliance.received.{arm}", "design.received"))
                for arm, value, n, took in (("0", 0.0, 299, 0), ("1", 0.62, 600, 372))]
    profile = Statistic(table="complier", variable="age", kind="mean", value=39.1, n=600, extra=FrozenMap(mean_all=37.4, ratio=1.045),
                        provenance=named("complier.age", "design.received"))
    return ResultSet((*received, share, profile))


def attrition() -> ResultSet:
    out: list[object] = []
    for outcome in ("depression", "employed", "confidence"):
        head = f"attrition.{outcome}.attrition"
        for arm, value, n, lost in (("", 81 / 899, 899, 81), ("0", 21 / 299, 299, 21), ("1", 0.1, 600, 60)):
            out.append(Statistic(table="attrition", variable="attrition", arm=arm, kind="share", value=value, n=n, count=lost,
                                 provenance=named(f"{head}.{arm}.share" if arm else f"{head}.share")))
        extra = FrozenMap(std_error=0.0192, conf_low=-0.008, conf_high=0.067, p_value=0.141, overall=81 / 899, conservative="low", liberal="low")
        out.append(Statistic(table="attrition", variable="attrition", arm="1", kind="difference", value=0.1 - 21 / 299, n=899, extra=extra,
                             provenance=named(f"{head}.1.difference")))
        if outcome == "depression":
            for level, values in (("respondents", ((1.88, 278, "0"), (1.86, 540, "1"))), ("non-respondents", ((2.01, 21, "0"), (1.97, 60, "1")))):
                out += [Statistic(table="attrition", variable="depression.baseline", level=level, arm=arm, kind="mean", value=value, n=n,
                                  provenance=named(f"attrition.{outcome}.depression.baseline.{level}.{arm}.mean")) for value, n, arm in values]
    return ResultSet(tuple(out))  # type: ignore[arg-type]


def robustness() -> ResultSet:
    out: list[object] = []
    for outcome, value, std_error in (("depression", -0.0493, 0.0479), ("employed", 0.0661, 0.0311)):
        out.extend(
            estimate(outcome, value * 1.05, std_error * 1.02, head="robust", method=method, provenance=named(f"robust.{outcome}.{method}"))
            for method in ("difference_in_means", "lin")
        )
        for method, low, high in (("lee", -0.11, 0.02), ("manski", -0.41, 0.35)):
            out.append(Bounds(outcome=outcome, arm="1", lower=low, upper=high, conf_low=low - 0.08, conf_high=high + 0.08, n=818, n_treated=540,
                              n_control=278, n_missing=81,
                              trimmed_share=0.032 if method == "lee" else math.nan, method=method, provenance=named(f"bounds.{outcome}.{method}")))
    return ResultSet(tuple(out))  # type: ignore[arg-type]


def distributions() -> ResultSet:
    out = []
    edges = [1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 3.0, 3.5, 5.0]
    shapes = {("baseline", "0"): (5, 12, 22, 24, 18, 9, 6, 3, 1), ("baseline", "1"): (6, 13, 21, 23, 17, 10, 6, 3, 1),
              ("endline", "0"): (20, 22, 17, 13, 9, 7, 6, 4, 2), ("endline", "1"): (24, 23, 17, 12, 8, 6, 5, 3, 2)}
    for (wave, arm), shape in shapes.items():
        n = 1000 if arm == "0" else 2000
        for place, per in enumerate(shape):
            taken = per * n // 100
            low, high = edges[place], edges[place + 1]
            out.append(Statistic(table="distribution", variable="depression", level=f"{low:g}-{high:g}", arm=arm, wave=wave, kind="share",
                                 value=taken / n, count=taken, n=n,
                                 extra=FrozenMap(low=low, high=high), provenance=named(f"distribution.depression.{wave}.{arm}.{place + 1:02d}")))
    for arm, n, yes in (("0", 299, 78), ("1", 600, 196)):
        for place, (label, taken) in enumerate((("0", n - yes), ("1", yes))):
            out.append(Statistic(table="distribution", variable="employed", level=label, arm=arm, wave="endline", kind="share", value=taken / n,
                                 count=taken, n=n,
                                 extra=FrozenMap(low=place - 0.5, high=place + 0.5),
                                 provenance=named(f"distribution.employed.endline.{arm}.{place + 1:02d}")))
    return ResultSet(tuple(out))


def subgroups() -> ResultSet:
    out: list[object] = []
    for term, value in (("0", -0.021), ("1", -0.073), ("1 - 0", -0.052)):
        out.append(estimate("depression", value, 0.067, term=term, provenance=named(f"subgroup.depression.sex.{term.replace(' ', '')}",
                                                                                    "analyses.subgroups[0]")))
    out.append(Test(outcome="depression", term="sex", arm="1", statistic=0.6, df=1.0, p_value=0.44, n=818, method="Wald",
                    provenance=named("subgroup.depression.sex.joint")))
    return ResultSet(tuple(out))  # type: ignore[arg-type]


SECTIONS = {"flow": flow, "balance": balance, "attrition": attrition, "compliance": compliance, "effects": effects, "robustness": robustness,
            "distributions": distributions, "subgroups": subgroups}


def as_differences() -> ResultSet:
    """The main numbers of a comparison: those of the trial under their other name."""
    kept = [item for item in effects() if item.provenance.id.startswith("effect.")]
    return ResultSet(tuple(item.replace(evidence="comparison", provenance=named(item.provenance.id.replace("effect.", "difference."),
                                                                                item.provenance.plan_path)) for item in kept))


def sections(**changes: ResultSet) -> dict[str, ResultSet]:
    return {**{name: make() for name, make in SECTIONS.items()}, **changes}


def released(profile: str = "public", minimum_cell: int = 10, **changes: ResultSet) -> Released:
    return gate(sections(**changes), Rules(minimum_cell=minimum_cell, profile=profile))  # type: ignore[arg-type]
