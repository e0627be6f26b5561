"""Ids, arms and covariates of a study's chapters."""

import pandas as pd
import pytest

from study.small import write
from takeup.results import ResultSet, Statistic
from takeup.study import open_study
from takeup.study.material import slug


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return open_study(write(tmp_path_factory.mktemp("small")))


@pytest.mark.parametrize(
    ("label", "part"),
    [
        ("operatives/kindred wrks", "operatives_kindred_wrks"), ("50k+", "50k"), ("Séparé(e)", "Separe_e"), ("日本", "x"),
        ("a.b-c_d", "a.b-c_d"), (1, "1"),
    ],
)
def test_labels_become_parts_of_ids(label, part):
    assert slug(label) == part


def test_arms_stand_in_the_plans_order_and_several_end_the_ids(study):
    assert study.material.arms == ("visit", "phone")
    assert study.material.suffix("phone") == ".phone"
    assert set(study.material.of_arm("phone")["arm"]) == {"usual", "phone"}


def test_an_outcomes_own_baseline_is_its_first_covariate(study):
    wellbeing, worry, granted, _, life = study.plan.outcomes
    assert study.material.covariates(wellbeing) == ("wellbeing.baseline", "age")
    assert study.material.covariates(worry) == ("worry.baseline", "age")
    assert study.material.covariates(granted) == ("age",)
    assert study.material.covariates(life) == ("life.baseline", "age")


def test_a_baseline_named_among_the_covariates_isnt_entered_twice(tmp_path):
    study = open_study(write(tmp_path, changed={"analyses": {"seed": 1, "covariates": ["age", "baseline.worry"]}}))
    wellbeing, worry = study.plan.outcomes[:2]
    assert study.material.covariates(worry) == ("worry.baseline", "age")
    assert study.material.covariates(wellbeing) == ("wellbeing.baseline", "age", "baseline.worry")


def test_every_description_has_its_own_id(study):
    twins = [Statistic(table="t", variable="home", level=level, kind="share", value=0.5) for level in ("50k+", "50k", "x")]
    stamped = study.material.stamped(twins, "balance", "analyses.balance")
    assert [item.provenance.id for item in stamped] == ["balance.home.50k.share", "balance.home.50k.share-2", "balance.home.x.share"]
    assert {item.provenance.plan_hash for item in stamped} == {study.hash}
    assert isinstance(stamped, ResultSet)


def test_a_repr_shows_counts_only(study):
    assert repr(study) == "Study(small: 360 units, 5 outcomes)"
    assert repr(study.material) == "Material(small: 360 units, 3 arms)"


def test_the_outcomes_stand_beside_the_units(study):
    frame = study.material.frame
    assert isinstance(frame, pd.DataFrame)
    assert {"wellbeing", "wellbeing.baseline", "worry", "granted", "life", "life.baseline"} <= set(frame.columns)
    assert list(study.trial.units.columns) == [name for name in frame.columns if name in study.trial.units.columns]
