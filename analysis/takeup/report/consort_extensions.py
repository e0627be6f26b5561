"""The extensions of CONSORT for social programmes and for draws of whole clusters, item by item, as the checklist itself.

The items are those of Montgomery and others (2018), CONSORT-SPI, and of Campbell and others (2012), CONSORT for cluster randomised trials, in our
own words; their numbers are those of CONSORT 2010, on which both build.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.catalogue import mark, words
from takeup.present.reading import pick, section
from takeup.report.consort import Case, Item, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.present.labels import Labels
    from takeup.present.tables.model import Table
    from takeup.release.gate import Released

BEFORE, HOW, WHAT, MORE = mark("Title and introduction"), mark("Methods"), mark("Results"), mark("Important information")


def _followed(case: Case) -> bool:
    """The flow begins before the draw."""
    return case.labels.plan.flow.assessed is not None


def _delivery(case: Case) -> bool:
    return case.has("compliance") or case.has("mechanism")


def _strata(case: Case) -> bool:
    return case.labels.plan.design.blocks is not None


def _cluster_title(case: Case) -> bool:
    title = case.labels.plan.title
    texts = [title] if isinstance(title, str) else list(title.values())
    return any(part in text.lower() for text in texts for part in ("cluster", "grappe"))


def _counted(case: Case) -> bool:
    """Every planned estimate says on how many clusters it rests."""
    found = pick(section(case.released, "effects"), "effect")
    return bool(found) and all(getattr(result, "n_clusters", None) for result in found)


SPI: tuple[Item, ...] = (
    Item(number="2b", part=BEFORE, asks=mark("How the programme was thought to work"), chapter="study", own=("theory",)),
    Item(number="4a", part=HOW, asks=mark("Which places and which providers could take part"), chapter="study", own=("providers",)),
    Item(number="5a", part=HOW, asks=mark("How far the programme was delivered and taken up as planned"), chapter="takeup", test=_delivery),
    Item(number="5b", part=HOW, asks=mark("Where manuals and other material can be had"), chapter="study", own=("materials",)),
    Item(number="5c", part=HOW, asks=mark("How providers came to their participants"), chapter="study", own=("providers",)),
    Item(number="11a", part=HOW, asks=mark("Who knew of the assignment, and how others were kept from knowing"), chapter="draw", own=("blinding",)),
    Item(number="12a", part=HOW, asks=mark("What was done about missing data, and how it was imputed if it was"),
         chapter="methods", test=lambda _case: True),
    Item(number="12b", part=HOW, asks=mark("How the way in which the programme works was studied"), chapter="methods", own=("theory",),
         test=lambda case: case.has("mechanism")),
    Item(number="13a", part=WHAT, asks=mark("How many were approached, screened and eligible, and why others didn't enrol"),
         chapter="people", test=_followed),
    Item(number="15", part=WHAT, asks=mark("Social and economic characteristics at baseline"),
         chapter="people", test=lambda case: case.has("balance")),
    Item(number="17a", part=WHAT, asks=mark("Whether the data can be had"), chapter="provenance", own=("access",)),
    Item(number="25", part=MORE, asks=mark("Any other interests"), chapter="study", own=("interests",)),
    Item(number="26a", part=MORE, asks=mark("The part of those who developed the programme"), chapter="study", own=("developer",)),
    Item(number="26b", part=MORE, asks=mark("The part of other stakeholders"), chapter="study", own=("involvement",)),
    Item(number="26c", part=MORE, asks=mark("What participants got for taking part in the study"), chapter="study", own=("incentives",)),
)
CLUSTER: tuple[Item, ...] = (
    Item(number="1a", part=BEFORE, asks=mark("The title says that clusters were randomised"), chapter="", test=_cluster_title),
    Item(number="2a", part=BEFORE, asks=mark("Why clusters were drawn"), chapter="study", own=("clusters",)),
    Item(number="2b", part=BEFORE, asks=mark("Whether aims are about clusters, people or both"), chapter="study", own=("clusters",)),
    Item(number="3a", part=HOW, asks=mark("What a cluster is, and what of the design holds for clusters"),
         chapter="methods", test=lambda _case: True),
    Item(number="4a", part=HOW, asks=mark("Which clusters could take part"), chapter="study", own=("clusters", "eligibility")),
    Item(number="5", part=HOW, asks=mark("Whether the programme is for clusters, people or both"), chapter="study", own=("clusters",)),
    Item(number="6a", part=HOW, asks=mark("Whether outcomes are of clusters, people or both"), chapter="effects", own=("clusters", "outcomes")),
    Item(number="7a", part=HOW, asks=mark(
        "How the number and the size of clusters were set, with the correlation within clusters and how sure it is"),
         chapter="methods", own=("sample_size",)),
    Item(number="8b", part=HOW, asks=mark("Strata or pairs of the draw"), chapter="methods", test=_strata, otherwise="not_applicable"),
    Item(number="9", part=HOW, asks=mark("Whether the draw was hidden from clusters, from people or from both"), chapter="draw", own=("allocation",)),
    Item(number="10", part=HOW, asks=mark("Who enrolled clusters, how people came into them, and whether consent was asked before the draw"),
         chapter="study",
         own=("consent",)),
    Item(number="12a", part=HOW, asks=mark("How the analysis allows for clusters"), chapter="methods", test=_counted),
    Item(number="13a", part=WHAT, asks=mark("Clusters and people drawn, treated and analysed, by arm"), chapter="people", own=("clusters",)),
    Item(number="15", part=WHAT, asks=mark("Baseline characteristics of clusters and of people"), chapter="people", own=("clusters",)),
    Item(number="16", part=WHAT, asks=mark("How many clusters are in each analysis"), chapter="methods", test=_counted),
    Item(number="17a", part=WHAT, asks=mark("The correlation within clusters of each primary outcome"), chapter="effects", own=("clusters",)),
    Item(number="21", part=WHAT, asks=mark("Whether findings hold for other clusters, other people or both"),
         chapter="limits", own=("generalisability",)),
)


def drawn_whole(labels: Labels) -> bool:
    """Whether whole clusters were drawn, and not people who happen to share one."""
    design = labels.plan.design
    return design.draw in {"clustered", "blocked_clustered"} or (design.draw == "pairs" and design.clusters is not None)


def extensions(released: Released, labels: Labels, own: Mapping[str, str], language: str, *, base: str = "") -> tuple[Table, ...]:
    """The tables of the extensions that the trial falls under: social programmes always, clusters where whole clusters were drawn."""
    _ = words(language)
    case = Case(released=released, labels=labels, words=own)
    made = [table_of(case, SPI, "consort_spi", _("For social and psychological programmes (CONSORT-SPI 2018)"), language, base)]
    if drawn_whole(labels):
        made.append(table_of(case, CLUSTER, "consort_cluster", _("For draws of whole clusters (CONSORT extension of 2012)"), language, base))
    return tuple(made)
