"""Figures: one file a figure, one object with picture, data and description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.figures.cascade import cascade
from takeup.present.figures.consort_flow import consort_flow
from takeup.present.figures.cost_sensitivity import cost_sensitivity
from takeup.present.figures.distribution import distribution, distributions
from takeup.present.figures.domain_forest import domain_forest
from takeup.present.figures.dose import dose
from takeup.present.figures.dumbbell import takeup_domains, takeup_dumbbell
from takeup.present.figures.forest import forest, forest_plot
from takeup.present.figures.love import love_plot, love_weighted
from takeup.present.figures.model import Figure
from takeup.present.figures.notebook import plot_of
from takeup.present.figures.takeup_bars import takeup_by_arm
from takeup.present.figures.time_to_takeup import time_to_takeup

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released


def all_figures(released: Released, labels: Labels, language: str) -> dict[str, Figure]:
    """Every figure the study has results for, by id, in the order of a report."""
    single = (consort_flow, love_plot, love_weighted, takeup_by_arm, takeup_domains, domain_forest, takeup_dumbbell, cascade, time_to_takeup, forest,
              dose, cost_sensitivity)
    made = [figure for draw in single if (figure := draw(released, labels, language)) is not None]
    return {figure.id: figure for figure in (*made, *distributions(released, labels, language))}


__all__ = [
    "Figure", "all_figures", "cascade", "consort_flow", "cost_sensitivity", "distribution", "distributions", "domain_forest", "dose", "forest",
    "forest_plot", "love_plot", "love_weighted", "plot_of", "takeup_by_arm", "takeup_domains", "takeup_dumbbell", "time_to_takeup",
]
