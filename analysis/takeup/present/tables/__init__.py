"""Tables: one builder a table, one object for every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.tables.attrition import attrition
from takeup.present.tables.baseline import baseline
from takeup.present.tables.changes import answers, completers, dropout, everybody, improved, leavers, limits, regression
from takeup.present.tables.comparison import few_clusters, unmeasured
from takeup.present.tables.compliance import compliance, complier_profile
from takeup.present.tables.effects import complier_effects, effects
from takeup.present.tables.flow import flow
from takeup.present.tables.languages import item_languages, scale_languages
from takeup.present.tables.mechanism import contacts, cost, mechanism_chain, working_elements
from takeup.present.tables.methods import methods
from takeup.present.tables.model import Cell, Column, Row, Table
from takeup.present.tables.programme import attendance, cohort_changes, dose_change
from takeup.present.tables.published import published
from takeup.present.tables.reach import reach
from takeup.present.tables.robustness import bounds, robustness
from takeup.present.tables.rollout import rollout
from takeup.present.tables.sites import site_list, site_spread
from takeup.present.tables.subgroups import subgroups
from takeup.present.tables.takeup import takeup_causes, takeup_groups, takeup_rights

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released

BUILDERS = {
    "flow": flow, "baseline": baseline, "compliance": compliance, "complier_profile": complier_profile, "takeup_groups": takeup_groups,
    "takeup_rights": takeup_rights, "takeup_causes": takeup_causes, "effects": effects,
    "improved": improved, "limits": limits, "answers": answers, "everybody": everybody, "regression": regression,
    "completers": completers, "dropout": dropout, "leavers": leavers,
    "complier_effects": complier_effects, "robustness": robustness, "few_clusters": few_clusters, "unmeasured": unmeasured,
    "bounds": bounds, "attrition": attrition, "subgroups": subgroups,
    "published": published,
    "site_spread": site_spread, "site_list": site_list, "attendance": attendance, "dose_change": dose_change, "cohort_changes": cohort_changes,
    "scale_languages": scale_languages, "item_languages": item_languages, "reach": reach, "rollout": rollout,
    "mechanism_chain": mechanism_chain, "contacts": contacts, "working_elements": working_elements, "cost": cost, "methods": methods,
}


def all_tables(released: Released, labels: Labels, language: str) -> dict[str, Table]:
    """Every table the study has results for, by id, in the order of a report."""
    made = [build(released, labels, language) for build in BUILDERS.values()]
    return {table.id: table for table in made if not table.empty}


__all__ = [
    "BUILDERS",
    "Cell",
    "Column",
    "Row",
    "Table",
    "all_tables",
    "answers",
    "attendance",
    "attrition",
    "baseline",
    "bounds",
    "cohort_changes",
    "completers",
    "compliance",
    "complier_effects",
    "complier_profile",
    "contacts",
    "cost",
    "dose_change",
    "dropout",
    "effects",
    "everybody",
    "few_clusters",
    "flow",
    "improved",
    "item_languages",
    "leavers",
    "limits",
    "mechanism_chain",
    "methods",
    "published",
    "reach",
    "regression",
    "robustness",
    "rollout",
    "scale_languages",
    "site_list",
    "site_spread",
    "subgroups",
    "takeup_causes",
    "takeup_groups",
    "takeup_rights",
    "unmeasured",
    "working_elements",
]
