"""The chapter of effects: each result is the public function's own, with its id; families are corrected together; nothing stops a report."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import takeup as tu
from study.small import plan, write
from takeup.results import Bounds, ConfidenceSet, Estimate, Test
from takeup.study import open_study

OUTCOMES, ARMS = ("wellbeing", "worry", "granted", "rare", "life"), ("visit", "phone")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return open_study(write(tmp_path_factory.mktemp("small")))


@pytest.fixture(scope="module")
def by_id(study):
    return {item.provenance.id: item for name in study.chapters for item in study.chapter(name)}


def same(first, second, fields):
    assert {name: getattr(first, name) for name in fields} == {name: getattr(second, name) for name in fields}


def test_every_outcome_has_its_results_in_each_arm_and_in_plan_order(study, by_id):
    heads = {"effect": Estimate, "ri": Test, "family": Test, "cace": Estimate, "ar": ConfidenceSet}
    for head, kind in heads.items():
        assert all(isinstance(by_id[f"{head}.{outcome}.{arm}"], kind) for outcome in OUTCOMES for arm in ARMS)
    order = [item.provenance.id for item in study.results() if item.provenance.id.startswith("effect.")]
    assert order == [f"effect.{outcome}.{arm}" for outcome in OUTCOMES for arm in ARMS]
    assert {name.split(".")[1] for name in by_id if name.startswith("ratio.")} == {"granted", "rare"}


def test_ids_are_unique_and_lead_to_the_plan(study, by_id):
    assert len(by_id) == sum(len(study.chapter(name)) for name in study.chapters)
    worry = by_id["effect.worry.visit"].provenance
    assert (worry.plan_path, worry.plan_hash, worry.version) == ("outcomes[1]", study.hash, tu.__version__)
    assert by_id["ri.worry.visit"].provenance.seed == 7


NUMBERS = ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high", "n", "n_missing")


@pytest.mark.parametrize("arm", ARMS)
def test_the_estimate_is_the_public_functions_on_the_outcomes_columns(study, by_id, arm):
    material = study.material
    found = by_id[f"effect.wellbeing.{arm}"]
    assert found.method == "ancova"
    assert found.extra["rule"] == "small_blocks"
    asked = (material.frame, "wellbeing", material.design)
    covariates = ["wellbeing.baseline", "age"]
    same(found, tu.ancova(*asked, covariates=covariates, arm=arm), NUMBERS)
    same(by_id[f"cace.wellbeing.{arm}"], tu.cace(*asked, covariates=covariates, arm=arm), NUMBERS)
    robust = by_id[f"robust.wellbeing.difference_in_means.{arm}"]
    same(robust, tu.difference_in_means(*asked, arm=arm), NUMBERS)


def test_the_randomisation_test_is_of_the_same_estimator(study, by_id):
    material = study.material
    for outcome in ("worry", "life"):
        alone = tu.randomization_test(
            material.frame, outcome, material.design, covariates=[f"{outcome}.baseline", "age"], draws=199, seed=7, arm="phone", interval=True,
        )
        found = by_id[f"ri.{outcome}.phone"]
        assert (found.p_value, found.draws, found.exact) == (alone.p_value, 199, False)
        assert found.statistic == pytest.approx(alone.statistic, rel=1e-12)
        assert (found.conf_low, found.conf_high) == pytest.approx((alone.conf_low, alone.conf_high), rel=1e-9)


def test_the_arms_means_are_those_of_the_rows_used(study, by_id):
    frame = study.material.frame
    found = by_id["effect.granted.visit"]
    values = {arm: frame["granted"][frame["arm"] == arm].dropna() for arm in ("visit", "usual")}
    extra = found.extra
    assert (extra["mean_treated"], extra["mean_control"]) == (values["visit"].mean(), values["usual"].mean())
    assert (extra["count_treated"], extra["count_control"]) == (values["visit"].sum(), values["usual"].sum())
    assert (len(values["visit"]), len(values["usual"])) == (found.n_treated, found.n_control)
    assert extra["sd_control"] == pytest.approx(values["usual"].std(ddof=1), rel=1e-12)
    assert extra["per_100_difference"] == 100 * found.estimate
    cells = [values[arm].eq(code).sum() for arm in values for code in (0, 1)]
    assert extra["count_smallest_cell"] == min(cells)
    assert by_id["robust.granted.lin.visit"].extra["count_smallest_cell"] == min(cells)


def test_a_family_is_corrected_over_its_outcomes_and_arms(by_id):
    names = [f"{outcome}.{arm}" for outcome in ("granted", "rare") for arm in ARMS]
    raw = [by_id[f"effect.{name}"].p_value for name in names]
    assert [by_id[f"family.{name}"].p_adjusted for name in names] == pytest.approx(list(stats.false_discovery_control(raw)), rel=1e-12)
    assert [by_id[f"family.{name}"].p_value for name in names] == raw
    assert {by_id[f"family.{name}"].method for name in names} == {"bh"}


def test_a_family_by_romano_wolf_is_the_step_down_on_the_same_draws(study, by_id):
    material = study.material
    covariates = {name: [f"{name}.baseline", "age"] for name in ("wellbeing", "worry")}
    found = tu.stepdown(material.frame, ["wellbeing", "worry"], material.design, covariates=covariates, draws=199, seed=7, arm="visit")
    assert [row.p_adjusted for row in found] == [by_id[f"family.{name}.visit"].p_adjusted for name in ("wellbeing", "worry")]


def test_families_without_a_method_get_holm_or_if_all_is_exploratory_the_sharpened_q(tmp_path):
    outcomes = [{**outcome, "family": "granted" if outcome["id"] in {"granted", "rare"} else outcome["family"]} for outcome in plan()["outcomes"]]
    outcomes = [{**outcome, "role": "exploratory"} if outcome["family"] == "granted" else outcome for outcome in outcomes]
    analyses = {"seed": 1, "draws": 99, "families": {"summary": "none"}}
    found = open_study(write(tmp_path, changed={"outcomes": outcomes, "analyses": analyses})).results()
    methods = {item.provenance.id.split(".")[1]: item.method for item in found if item.provenance.id.startswith("family.")}
    assert methods == {"wellbeing": "holm", "worry": "holm", "granted": "sharpened_q", "rare": "sharpened_q"}


def test_bounds_hold_the_estimate_and_are_for_outcomes_with_somebody_missing(by_id):
    found = {name: item for name, item in by_id.items() if name.startswith("bounds.")}
    assert all(isinstance(item, Bounds) for item in found.values())
    assert "bounds.wellbeing.manski.visit" not in found  # its plan names no support
    manski = found["bounds.worry.manski.visit"]
    assert manski.lower < by_id["robust.worry.difference_in_means.visit"].estimate < manski.upper
    assert found["bounds.worry.lee.visit"].lower > manski.lower


def test_subgroups_have_a_row_a_level_a_contrast_and_a_joint_test(study, by_id):
    head = "subgroup.worry.home"
    names = [name for name in by_id if name.startswith(head) and name.endswith(".visit")]
    assert names == [f"{head}.{tail}.visit" for tail in ("rent", "social", "own", "camp", "social-rent", "own-rent", "camp-rent", "joint")]
    frame = study.material.frame
    rents = frame[(frame["home"] == "rent") & frame["worry"].notna() & (frame["arm"] != "phone")]
    assert by_id[f"{head}.rent.visit"].n == len(rents)
    camp = frame[(frame["home"] == "camp") & frame["worry"].notna()]
    smallest = min(n for n in camp["arm"].value_counts().reindex(["visit", "usual"], fill_value=0) if n)
    assert by_id[f"{head}.camp-rent.visit"].extra["count_smallest_cell"] <= smallest
    assert not [name for name in by_id if name.startswith("subgroup.rare")]  # exploratory outcomes have none


def test_an_outcome_that_cant_be_estimated_says_why_and_the_rest_stands(tmp_path):
    path = write(tmp_path)
    endline = pd.read_csv(tmp_path / "data" / "endline.csv")
    arms = pd.read_csv(tmp_path / "data" / "units.csv").set_index("id")["arm"]
    endline.loc[endline["id"].map(arms) == "visit", "worry"] = np.nan
    endline.to_csv(tmp_path / "data" / "endline.csv", index=False)
    found = {item.provenance.id: item for item in open_study(path).results()}
    for head in ("effect", "ri", "cace", "ar"):
        assert "0 rows with an observed outcome in the treated arm" in found[f"{head}.worry.visit"].reason
    assert math.isnan(found["effect.worry.visit"].estimate)
    assert "family.worry.visit" not in found
    assert found["effect.worry.phone"].p_value > 0
    assert not math.isnan(found["family.wellbeing.visit"].p_adjusted)


def test_ids_of_a_trial_with_one_treated_arm_name_no_arm(tmp_path):
    whole = plan()
    outcomes = [outcome for outcome in whole["outcomes"] if outcome["id"] == "granted"]
    path = write(tmp_path, changed={"outcomes": outcomes, "analyses": {"seed": 1, "draws": 99}, "design": {**whole["design"], "arms": {}}})
    arms = pd.read_csv(tmp_path / "data" / "units.csv").set_index("id")["arm"]
    for name in ("units", "baseline", "endline"):
        frame = pd.read_csv(tmp_path / "data" / f"{name}.csv")
        frame[frame["id"].map(arms) != "phone"].to_csv(tmp_path / "data" / f"{name}.csv", index=False)
    found = open_study(path)
    assert [item.provenance.id for item in found.results()] == [f"{head}.granted" for head in ("effect", "ratio", "ri", "family", "cace", "ar")]
    assert found.results()["granted"].extra["rule"] == "no_covariates"


def test_plans_fix_the_estimator(tmp_path):
    path = write(tmp_path, changed={"analyses": {"seed": 1, "draws": 99, "estimator": "difference_in_means", "covariates": ["age"]}})
    found = {item.provenance.id: item for item in open_study(path).results()}
    assert found["effect.worry.visit"].method == "difference_in_means"
    assert found["effect.worry.visit"].extra["rule"] == "plan"
