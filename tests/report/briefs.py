"""Briefs of the made-up study, made once for all tests."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from present import made_up
from takeup.report.brief import brief
from takeup.report.sentences import Teller
from takeup.results import Estimate, FrozenMap, ResultSet, Statistic

if TYPE_CHECKING:
    from takeup.report.brief import Brief

LANGUAGES = ("en", "nl", "fr")
OWN = {
    "en": {"meaning": "Of those invited, *{takeup}* came, and {treated:employed} found work; see <https://example.org/a>.",
           "unknown": "- one\n- two"},
    "nl": {"meaning": "Van wie uitgenodigd werd, kwam {takeup}.", "unknown": "Veel."},
    "fr": {"meaning": "Parmi les personnes invitées, {takeup} sont venues.", "unknown": "Beaucoup."},
}
LONG = {
    "nl": "Arbeidsongeschiktheidsverzekering en tegemoetkomingsaanvragen voor eenoudergezinnen met schuldbemiddeling",
    "fr": "Intervention majorée, allocation de remplacement de revenus et accompagnement socioprofessionnel personnalisé",
    "en": "Increased reimbursement, income replacement allowance and personalised socio-professional accompaniment",
}
PARAGRAPH = {
    "nl": "De begeleiding begon met een huisbezoek en een verkenning van alle rechten waarop het gezin aanspraak kon maken, van de "
          "verhoogde tegemoetkoming tot de huurpremie, en eindigde met een warme overdracht aan het openbaar centrum voor maatschappelijk welzijn. ",
    "fr": "L'accompagnement commençait par une visite à domicile et un examen de tous les droits auxquels la famille pouvait prétendre, de "
          "l'intervention majorée à la prime au loyer, et se terminait par une transmission au centre public d'action sociale. ",
    "en": "The accompaniment began with a visit at home and a check of every right that the family could claim, from the increased "
          "reimbursement to the rental premium, and ended with a warm hand-over to the public centre for social welfare. ",
}


@cache
def made(language: str = "en") -> Brief:
    labels = made_up.labels()
    return brief(made_up.released(), labels.plan, labels, OWN, language)


def of(language: str = "en", words: dict[str, dict[str, str]] | None = None, plan: object = None, **changes: ResultSet) -> Brief:
    labels = made_up.labels(plan)  # type: ignore[arg-type]
    return brief(made_up.released(**changes), labels.plan, labels, words or {}, language)


def teller(language: str = "en", **changes: ResultSet) -> Teller:
    return Teller(made_up.released(**changes), made_up.labels(), language)


def change() -> Brief:
    """A study without a control group."""
    changes = [made_up.estimate(outcome, value, 0.02, arm="", estimand="change", method="change", evidence="before_after", n=(818, 0), head="change",
                                extra=FrozenMap(cohen_dz=0.2)) for outcome, value in (("depression", -0.05), ("employed", 0.06), ("confidence", 0.0))]
    nothing = {name: ResultSet() for name in made_up.SECTIONS}
    return of(plan=made_up.plan(evidence="before_after"), changes=ResultSet(tuple(changes)), **nothing)


def costs(low: float = 580.0, high: float = 1481.0) -> ResultSet:
    """The chapter of cost as a study makes it."""
    out: list[object] = []
    for arm, hours, euros in (("0", 0.0, 0.0), ("1", 17.7, 1192.0)):
        out += [Statistic(table="cost", variable=name, arm=arm, kind="mean", value=value, n=300,
                          provenance=made_up.named(f"cost.{name}.{arm}", "cost")) for name, value in (("hours", hours), ("euros", euros))]
    per = Estimate(outcome="confidence", arm="1", term="cost", estimate=867.0, conf_low=low, conf_high=high, n=818, method="cost_per",
                   provenance=made_up.named("cost.per", "cost"))
    out += [per, *(per.replace(estimate=value, extra=FrozenMap(what="hour", side=side),
                               provenance=made_up.named(f"cost.sensitivity.hour.{side}", "cost"))
                   for side, value in (("low", 674.0), ("high", 1156.0)))]
    return ResultSet(tuple(out))  # type: ignore[arg-type]


@cache
def longest(language: str) -> Brief:
    """Every text as long as an author would write it in earnest: title, labels, programme, and a page of words."""
    outcomes = [{**outcome, "label": {spoken: f"{LONG[spoken]} {place}" for spoken in LANGUAGES}}
                for place, outcome in enumerate(made_up.PLAN["outcomes"], start=1)]  # type: ignore[arg-type, var-annotated]
    about = {"intervention": {spoken: PARAGRAPH[spoken] for spoken in LANGUAGES}, "comparator": {spoken: PARAGRAPH[spoken] for spoken in LANGUAGES},
             "citation": "Vinokur, A. D., Price, R. H. and Schul, Y. (1995). Impact of the JOBS intervention on unemployed workers varying in risk."}
    plan = made_up.plan(title={spoken: f"{LONG[spoken]}: {LONG[spoken].lower()}" for spoken in LANGUAGES}, outcomes=outcomes, about=about,
                        registration=None, cost={"hour": 45, "source": {spoken: PARAGRAPH[spoken] for spoken in LANGUAGES}})
    words = {language: {"message": PARAGRAPH[language], "meaning": PARAGRAPH[language] * 2, "unknown": PARAGRAPH[language] * 2}}
    return of(language, words, plan, cost=costs())
