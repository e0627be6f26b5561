"""Figures: one file a figure, one object with picture, data and description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.figures.attendance import attendance
from takeup.present.figures.cascade import cascade
from takeup.present.figures.caterpillar import caterpillar, funnel
from takeup.present.figures.cohorts import cohorts
from takeup.present.figures.consort_flow import consort_flow
from takeup.present.figures.cost_sensitivity import cost_sensitivity
from takeup.present.figures.distribution import distribution, distributions
from takeup.present.figures.domain_forest import domain_forest
from takeup.present.figures.dose import dose
from takeup.present.figures.dumbbell import takeup_domains, takeup_dumbbell
from takeup.present.figures.forest import forest, forest_plot
from takeup.present.figures.improved import improved
from takeup.present.figures.love import love_plot, love_weighted
from takeup.present.figures.model import Figure
from takeup.present.figures.notebook import plot_of
from takeup.present.figures.participation import participation
from takeup.present.figures.reach import reach
from takeup.present.figures.regression import regression
from takeup.present.figures.rollout import rollout
from takeup.present.figures.takeup_bars import takeup_by_arm
from takeup.present.figures.time_to_takeup import time_to_takeup

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released


SINGLE = (consort_flow, participation, love_plot, love_weighted, takeup_by_arm, takeup_domains, domain_forest, takeup_dumbbell, cascade,
          time_to_takeup, forest, improved, regression, dose, cost_sensitivity, caterpillar,
          funnel, attendance, cohorts, reach, rollout)
"""The figures of which a study has one, in the order of a report."""


def all_figures(released: Released, labels: Labels, language: str) -> dict[str, Figure]:
    """Every figure the study has results for, by id, in the order of a report."""
    made = [figure for draw in SINGLE if (figure := draw(released, labels, language)) is not None]
    return {figure.id: figure for figure in (*made, *distributions(released, labels, language))}


def one_figure(name: str, released: Released, labels: Labels, language: str) -> Figure:
    """One figure by its name, without drawing the others; ReportError with the names there are."""
    from takeup.errors import Fault, ReportError, listed, nearest

    for draw in SINGLE:
        if draw.__name__ == name and (figure := draw(released, labels, language)) is not None:
            return figure
    made = all_figures(released, labels, language)
    if name not in made:
        raise ReportError(Fault(f'the study has no figure "{name}"', "figure", listed(made, 30), nearest(name, made)))
    return made[name]


__all__ = [
    "Figure", "all_figures", "cascade", "consort_flow", "cost_sensitivity", "distribution", "distributions", "domain_forest", "dose", "forest",
    "forest_plot", "love_plot", "love_weighted", "one_figure", "plot_of", "takeup_by_arm", "takeup_domains", "takeup_dumbbell", "time_to_takeup",
]
