"""A study without arms from its files to its released results: every number is a public function's own, and no small cell can be worked out."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import takeup as tu
from study import one_group
from takeup.errors import BuildError, DesignError, PlanError
from takeup.release.solve import intervals
from takeup.release.told import binaries, system
from takeup.results import Bounds, Estimate, Test
from takeup.study import open_study


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    made = one_group.plan()
    made["programme"].pop("centre")  # sites have tests of their own, and small ones take the gate long
    return one_group.write(tmp_path_factory.mktemp("circle"), made)


@pytest.fixture(scope="module")
def study(path):
    return open_study(path)


@pytest.fixture(scope="module")
def by_id(study):
    return {item.provenance.id: item for name in study.chapters for item in study.chapter(name)}


@pytest.fixture(scope="module")
def frames():
    return one_group.tables()


def test_it_has_no_design_and_says_so(study):
    assert repr(study) == "Study(circle: 260 units, 5 outcomes)"
    assert repr(study.trial) == "TrialData(260 units, 20 columns, 3 tables)"
    assert study.trial.drawn is None
    with pytest.raises(DesignError, match="one group and no arms"):
        _ = study.trial.design
    with pytest.raises(PlanError, match='no chapter "effects"'):
        study.chapter("effects")
    assert not {"effects", "balance", "compliance", "attrition"} & set(study.chapters)


def test_it_has_no_arms_to_mask(path):
    with pytest.raises(BuildError, match="no arms to mask"):
        open_study(path, kind="masked")


def test_ids_are_unique_and_hold_no_causal_word(by_id, study):
    assert len(by_id) == sum(len(study.chapter(name)) for name in study.chapters)
    assert not [name for name in by_id if "effect" in name]


def test_the_change_is_the_public_functions_on_the_columns(study, by_id, frames):
    both = frames["people"].merge(frames["baseline"], on="id").merge(frames["endline"], on="id", how="left", suffixes=("", "_after"))
    both["trust_after"] = pd.to_numeric(both["trust_after"])
    found, own = by_id["change.trust"], tu.change(both, "trust", "trust_after", clusters="circle")
    for name in ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high", "n", "n_clusters", "n_missing"):
        assert getattr(found, name) == pytest.approx(getattr(own, name), rel=1e-10), name
    assert found.extra["cohen_dz"] == pytest.approx(own.extra["cohen_dz"])
    assert found.extra["dav"] == pytest.approx(own.extra["dav"])
    assert not any(name.startswith("share") for name in found.extra)  # shares of people are results of their own
    assert (found.evidence, found.estimand, found.se_type) == ("before_after", "change", "CR2")


def test_a_rule_of_the_plan_scores_its_items_turned_where_it_says(by_id, frames):
    scored = [tu.score(frames[wave], {"range": [1, 5], "reverse": ["q4"], "score": "mean", "min_items": 3}, one_group.ITEMS)
              for wave in ("baseline", "endline")]
    before = dict(zip(frames["baseline"]["id"], scored[0], strict=True))
    gone = [value - before[key] for key, value in zip(frames["endline"]["id"], scored[1], strict=True)]
    assert by_id["change.strength"].estimate == pytest.approx(np.nanmean(gone), rel=1e-10)
    assert by_id["reliable.strength.better"].extra["source"] == "alpha"
    turned = frames["baseline"][one_group.ITEMS].assign(q4=lambda part: 6 - part["q4"])
    assert by_id["reliable.strength.better"].extra["reliability"] == pytest.approx(tu.cronbach_alpha(turned, one_group.ITEMS).estimate)


def test_an_index_without_arms_is_in_the_units_of_the_first_wave(study):
    frame = study.material.frame
    z = [(frame[f"{name}.baseline"] - frame[f"{name}.baseline"].mean()) / frame[f"{name}.baseline"].std() * turn
         for name, turn in (("trust", 1), ("worry", -1))]
    np.testing.assert_allclose(frame["whole.baseline"], (z[0] + z[1]) / 2, rtol=1e-10)
    later = (frame["trust"] - frame["trust.baseline"].mean()) / frame["trust.baseline"].std()
    worry = -(frame["worry"] - frame["worry.baseline"].mean()) / frame["worry.baseline"].std()
    known = frame["trust"].notna() & frame["worry"].notna()
    np.testing.assert_allclose(frame["whole"][known], ((later + worry) / 2)[known], rtol=1e-10)


def test_the_flow_adds_up_and_tells_leaving_from_not_answering(by_id, frames):
    people, end = frames["people"], frames["endline"]
    left = people["gone"] != ""
    count = {name.removeprefix("flow."): item.count for name, item in by_id.items() if name.startswith("flow.")}
    assert count["started"] == len(people) == count["completed"] + count["left"]
    reasons = [(people["gone"] == reason).sum() for reason in ("moved", "work")]
    assert [count["left"], count["left.moved"], count["left.work"]] == [left.sum(), *reasons]
    assert count["followed_up.endline"] == len(end)
    assert count["lost.left_early.endline"] == left.sum()
    assert count["lost.no_answer.endline"] == len(people) - len(end) - left.sum()
    assert count["analysed.trust"] == (end["trust"] != "").sum()
    assert by_id["flow.started"].extra["clusters"] == 26


def test_shares_improved_and_reliable_change_by_hand(study, by_id):
    frame = study.material.frame
    moved = (frame["worry"] - frame["worry.baseline"]).dropna()
    assert by_id["improved.worry.better"].count == (moved < 0).sum()  # lower is better
    assert by_id["improved.worry.same"].count == (moved == 0).sum()
    assert by_id["improved.worry.worse"].value == pytest.approx((moved > 0).mean())
    strength = (frame["strength"] - frame["strength.baseline"]).dropna()
    before = frame["strength.baseline"][strength.index]
    item = by_id["reliable.strength.better"]
    beyond = 1.959963984540054 * before.std() * math.sqrt(2 * (1 - item.extra["reliability"]))
    assert item.extra["beyond"] == pytest.approx(beyond, rel=1e-9)
    assert item.count == (strength > beyond).sum()
    trust = frame["trust"][frame["trust"].notna()]
    assert by_id["limits.trust.endline.highest"].count == (trust == 10).sum()


def test_a_yes_or_no_has_its_four_cells_mcnemar_and_the_n_of_every_percentage(study, by_id):
    frame = study.material.frame
    first, last = frame["doctor.baseline"], frame["doctor"]
    pairs = first.notna() & last.notna()
    up, down = int(((first == 0) & (last == 1) & pairs).sum()), int(((first == 1) & (last == 0) & pairs).sum())
    assert (by_id["pairs.doctor.gained"].count, by_id["pairs.doctor.lost"].count) == (up, down)
    assert sum(by_id[f"pairs.doctor.{name}"].count for name in ("kept", "gained", "lost", "never")) == pairs.sum()
    assert by_id["mcnemar.doctor"].p_value == pytest.approx(stats.binomtest(up, up + down).pvalue, rel=1e-8)
    assert by_id["change.doctor"].estimate == pytest.approx((up - down) / pairs.sum())
    assert by_id["answers.doctor.baseline"].n == first.notna().sum() > by_id["yes.doctor.baseline"].n == pairs.sum()


def test_bounds_weights_and_whoever_is_missing(study, by_id):
    frame = study.material.frame
    found = by_id["bounds.trust.manski"]
    own = tu.change_bounds(frame, "trust.baseline", "trust", support=(0, 10), clusters="circle")
    assert (found.lower, found.upper) == (own.lower, own.upper)
    assert isinstance(found, Bounds)
    assert found.lower < by_id["robust.trust.unchanged"].estimate < found.upper
    assert by_id["robust.trust.unchanged"].estimate == pytest.approx(own.extra["unchanged"])
    weights = tu.response_weights(frame.assign(here=frame["trust"].notna().astype(float)), "here", covariates=["trust.baseline", "age", "home"])
    kept = frame["trust"].notna()
    assert by_id["robust.trust.weighted"].estimate == pytest.approx(
        np.average((frame["trust"] - frame["trust.baseline"])[kept], weights=weights[kept]), rel=1e-8)


def test_regression_to_the_mean_takes_what_the_plan_knows(study, by_id):
    own = tu.regression_to_mean(study.material.frame, "worry.baseline", "worry", stability=0.5, population_mean=4.0, recruited_share=0.4,
                                better="lower", clusters="circle")
    assert (by_id["regression.worry"].lower, by_id["regression.worry"].upper) == (own.lower, 0.0)
    assert own.lower < 0
    assert "regression.doctor" not in by_id  # truncation is of a measured scale


def test_those_lost_are_held_beside_those_who_answered(study, by_id, frames):
    here = frames["people"]["id"].isin(frames["endline"]["id"])
    age = frames["people"]["age"]
    assert by_id["completers.lost"].count == (~here).sum()
    assert by_id["completers.age.answered.mean"].value == pytest.approx(age[here].mean())
    assert by_id["completers.age.all"].value == pytest.approx(age.mean())
    spread = math.sqrt((age[here].var() + age[~here].var()) / 2)
    assert by_id["completers.age.lost.standardized_difference"].value == pytest.approx((age[~here].mean() - age[here].mean()) / spread)
    bands = [by_id[f"completers.groups.{name}"] for name in ("to_10", "to_20", "to_30", "to_40", "to_50", "over_50")]
    shares = (~here).groupby(frames["people"]["circle"]).mean()
    edges = pd.cut(shares, [-1, 0.1, 0.2, 0.3, 0.4, 0.5, 1])
    assert [band.count for band in bands] == edges.value_counts(sort=False).tolist()
    assert sum(band.extra["expected"] for band in bands) == pytest.approx(1.0)
    test = by_id["completers.groups.test"]
    table = pd.crosstab(frames["people"]["circle"], here)
    assert test.statistic == pytest.approx(stats.chi2_contingency(table, correction=False).statistic, rel=1e-8)
    assert 0.005 < test.p_value <= 1
    weights = frames["people"].groupby("circle").size() / (here.mean() * (1 - here.mean()))
    beyond = (test.statistic - 25) / (weights.sum() - (weights**2).sum() / weights.sum())
    assert test.extra["sd_between"] == pytest.approx(math.sqrt(max(beyond, 0.0)))


def test_those_who_left_are_described_by_their_reason(study, by_id, frames):
    people = frames["people"].merge(frames["baseline"], on="id")
    for reason, group in people[people["gone"].fillna("") != ""].groupby("gone"):
        assert by_id[f"completers.reasons.{reason}.trust.baseline"].value == pytest.approx(group["trust"].mean())
        assert by_id[f"completers.reasons.{reason}.trust.baseline"].n == group["trust"].notna().sum()
    for language in ("en", "nl", "fr"):
        rows = study.tables(language)["leavers"].rows
        assert len(rows) == people["gone"].replace("", None).nunique() + 1
        assert rows[-1].cells[1].result_id == "flow.started"



def test_families_are_corrected_together(by_id):
    holm = [by_id[f"change.{name}"].p_value for name in ("trust", "strength", "worry", "whole")]
    own = tu.adjust(holm, "holm")
    np.testing.assert_allclose([by_id[f"family.{name}"].p_adjusted for name in ("trust", "strength", "worry", "whole")], own)
    assert isinstance(by_id["family.trust"], Test)


def test_the_gate_keeps_a_small_paired_cell_and_what_would_tell_it(study):
    """Few lost their GP: the cell is withheld, and from the shares, the other cells and the change it can't be told more closely than asked."""
    sections, released = study.sections(), study.released()
    lost = next(item for item in sections["improved"] if item.provenance.id == "pairs.doctor.lost")
    assert 0 < lost.count < 5
    gone = {entry.id for entry in released.withheld()}
    assert "pairs.doctor.lost" in gone
    known = system(sections, released.rules, binaries(sections))
    for cell, (low, high) in intervals(known, gone).items():
        assert high - low >= known.widths[cell] - 1e-6
    assert math.isnan(released.find("mcnemar.doctor").p_value)


def test_the_chapter_of_main_numbers_is_the_changes(study):
    assert [item.provenance.id for item in study.results() if isinstance(item, Estimate)] == [
        f"change.{name}" for name in ("trust", "strength", "worry", "doctor", "whole")]
    with pytest.raises(PlanError, match='no chapter "balance"'):
        study.balance()
