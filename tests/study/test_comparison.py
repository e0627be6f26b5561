"""The chapter of differences: the estimators called as the plan says, and what a reader is shown of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import takeup as tu
from takeup.present.figures.love import love_weighted
from takeup.present.tables.comparison import few_clusters, unmeasured
from takeup.results import Estimate, Statistic, Test

if TYPE_CHECKING:
    from pathlib import Path

    from takeup.results import ResultSet
    from takeup.study import Study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("miriam")
    tu.demo("miriam", folder, n=60)
    plan: Path = folder / "reports" / "miriam-1" / "plan.yaml"
    plan.write_text(plan.read_text(encoding="utf-8").replace("draws: 9999", "draws: 499"), encoding="utf-8")
    return tu.open_study(plan)


@pytest.fixture(scope="module")
def found(study: Study) -> ResultSet:
    return study.chapter("differences")


def named(results: ResultSet, name: str):
    return next(item for item in results if item.provenance.id == name)


def test_main_numbers_are_overlap_weighted_differences(study: Study, found: ResultSet) -> None:
    material = study.material
    for outcome in material.plan.outcomes:
        item = named(found, f"difference.{outcome.id}")
        direct = tu.comparison(material.frame, outcome.id, material.design, covariates=material.covariates(outcome))
        assert isinstance(item, Estimate)
        assert (item.estimate, item.conf_low, item.p_value) == (direct.estimate, direct.conf_low, direct.p_value)
        assert item.evidence == "comparison"
        assert item.estimand == "adjusted difference"


def test_wild_bootstrap_runs_over_groups_and_over_cities(study: Study, found: ResultSet) -> None:
    material = study.material
    outcome = material.plan.outcomes[0]
    cities = replace(material.design, nested_in=None, clusters="city")
    direct = tu.wild_bootstrap(material.frame, outcome.id, cities, covariates=material.covariates(outcome), weights="webb", draws=499,
                               seed=material.plan.analyses.seed)
    place, group = named(found, f"wild.{outcome.id}.place"), named(found, f"wild.{outcome.id}.group")
    assert isinstance(place, Test)
    assert (place.p_value, place.conf_low, place.n_clusters) == (direct.p_value, direct.conf_low, 5)
    assert "webb" in place.reason
    assert group.n_clusters > 50  # ten groups, and every woman who had none


def test_weights_make_the_groups_alike(found: ResultSet) -> None:
    table = [item for item in found if isinstance(item, Statistic)]
    by_way: dict[str, list[float]] = {}
    for item in table:
        by_way.setdefault(item.wave, []).append(abs(item.value))
    assert set(by_way) == {"unweighted", "overlap", "entropy"}
    assert max(by_way["unweighted"]) > 0.3
    assert max(by_way["overlap"] + by_way["entropy"]) < 1e-6


def test_difference_of_changes_stands_among_the_robustness_checks(study: Study) -> None:
    checks = study.chapter("robustness")
    did = named(checks, "robust.empowerment.did")
    assert did.provenance.plan_path == "outcomes[0].waves"
    assert {item.provenance.id.rpartition(".")[2] for item in checks if item.provenance.id.startswith("robust.empowerment")} >= {
        "ancova", "difference_in_means", "entropy", "did"}


def test_no_draw_is_asked_where_nothing_was_drawn(study: Study) -> None:
    omnibus = named(study.chapter("balance"), "balance.omnibus")
    assert omnibus.p_value != omnibus.p_value
    assert omnibus.reason.startswith("Nothing was drawn")


@pytest.mark.parametrize("language", ["en", "nl", "fr"])
def test_tables_and_figure_in_every_language(study: Study, language: str) -> None:
    released, labels = study.released(), study.labels()
    few, hidden = few_clusters(released, labels, language), unmeasured(released, labels, language)
    assert len(few.rows) == len(hidden.rows) == len(labels.plan.outcomes)
    assert "32" in few.notes[2]
    assert {"en": "0.06", "nl": "0,06", "fr": "0,06"}[language] in few.notes[2]
    figure = love_weighted(released, labels, language)
    assert figure is not None
    assert len(figure.data.columns) == 4
    assert {"en": "Without weights: 0.", "nl": "Zonder gewichten: 0,", "fr": "Sans pondération : 0,"}[language] in figure.alt.replace("\u00a0", " ")


def test_the_finding_is_called_a_difference_with_the_comparison_group_after_adjustment(study: Study) -> None:
    from takeup.present.text import plain
    from takeup.present.wording import finding

    said = {"en": "The difference with the comparison group after adjustment is", "nl": "Het verschil met de vergelijkingsgroep na correctie is",
            "fr": "La diff\u00e9rence avec le groupe de comparaison apr\u00e8s ajustement est de"}
    estimate = study.released().find("difference.empowerment")
    for language, words in said.items():
        assert words in plain(finding(estimate, study.labels(), language).numbers)
