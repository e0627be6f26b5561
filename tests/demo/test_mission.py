"""The synthetic MISSION: what its parameters say is what its families do, and nothing about them depends on anything but n and the seed."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
import yaml

import takeup as tu
from takeup.demo.mission import world as makers
from takeup.demo.mission import write as writer
from takeup.demo.mission.contacts import contacts
from takeup.demo.mission.parameters import TAGS, read_parameters
from takeup.demo.mission.rows import flow, material, referrals, rights_held, services
from takeup.demo.mission.tables import WAVES, households, survey
from takeup.demo.mission.takes import RECEIVES, endline_shares, ladder
from takeup.demo.mission.truth import POPULATION, potential, true_effects
from takeup.demo.mission.world import World, make_world
from takeup.errors import BuildError
from takeup.measure.rights_catalogue import Catalogue, read_catalogue
from takeup.measure.scales import score
from takeup.plan.read import read

ROOT = Path(__file__).parents[2]
MANY = 40_000


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue(ROOT / "data_schema" / "mission" / "rights.yaml")


@pytest.fixture(scope="module")
def trial(catalogue: Catalogue) -> World:
    return make_world(133, 0, catalogue)


@pytest.fixture(scope="module")
def many(catalogue: Catalogue) -> World:
    """So many families that a share is known to half a point."""
    return make_world(MANY, 3, catalogue)


# --- parameters ---------------------------------------------------------------------------------------------------------------------


def test_every_parameter_says_where_it_comes_from(catalogue: Catalogue) -> None:
    parameters = read_parameters()
    assert set(parameters.rights) == set(catalogue.ids)
    for tagged in (*parameters.known.values(), *parameters.rights.values()):
        assert tagged.tag in TAGS
        assert tagged.source or tagged.tag == "assumed"
    assert {tagged.tag for tagged in parameters.known.values()} == set(TAGS)


@pytest.mark.parametrize(("change", "says"), [
    (("tag: published", "tag: certain"), "doesn't say where it comes from"),
    (('tag: published, source: "press, November 2019"', "tag: published"), "is published, but names no source"),
    (("receives: [0.46, 0.48, 0.56]", "receives: [0.46, 0.48, 0.96]"), "more receive it than know it"),
])
def test_a_parameter_without_an_honest_tag_is_refused(change: tuple[str, str], says: str, tmp_path: Path) -> None:
    text = (ROOT / "analysis" / "takeup" / "demo" / "mission" / "parameters.yaml").read_text(encoding="utf-8")
    assert change[0] in text
    path = tmp_path / "parameters.yaml"
    path.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(BuildError, match=says):
        read_parameters(path)


def test_shares_of_an_arm_are_those_of_who_was_reached_and_who_was_not() -> None:
    parameters = read_parameters()
    for shares in parameters.rights.values():
        plain, reached = endline_shares(parameters, shares)
        accepted, spilled = parameters["programme.accepted"], parameters["programme.spillover_share"]
        strength = parameters["programme.spillover_strength"]
        control = (1 - spilled) * plain + spilled * (plain + strength * (reached - plain))
        np.testing.assert_allclose(control, ladder(parameters, shares.knows[1], shares.receives[1]), rtol=1e-12)
        np.testing.assert_allclose(accepted * reached + (1 - accepted) * plain, ladder(parameters, shares.knows[2], shares.receives[2]), rtol=1e-12)


# --- the trial as public sources describe it ----------------------------------------------------------------------------------------


def test_sizes_are_those_that_were_published(trial: World) -> None:
    families = trial.families
    assert (families.n, int(families.treated.sum()), int((~trial.lost).sum())) == (133, 67, 112)
    assert int((~trial.lost & families.treated).sum()) == 56
    assert len(np.unique(families.batch)) == 25
    assert set(families.case_manager[families.treated]) == {1, 2, 3, 4, 5}
    assert families.birth.min() >= np.datetime64("2017-04-01")
    assert families.birth.max() <= np.datetime64("2019-04-30")
    counts = referrals(trial)
    assert counts["referred"] == 255
    assert counts["referred"] - counts["not_reached"] - counts["refused"] - counts["moved"] == 133


def test_each_batch_has_both_arms_as_equal_as_its_size_allows(trial: World) -> None:
    for batch in np.unique(trial.families.batch):
        arm = trial.families.treated[trial.families.batch == batch]
        assert abs(2 * int(arm.sum()) - arm.size) == arm.size % 2


def test_dates_come_in_order(trial: World) -> None:
    roster = households(trial)
    assert (roster["birth_on"] < roster["consent_on"]).all()
    assert (roster["consent_on"] <= roster["randomized_on"]).all()
    for wave in WAVES:
        asked = survey(trial, wave)["asked_on"]
        assert ((asked > roster["randomized_on"]) == (wave == "endline")).all()
        assert asked.max() <= np.datetime64("2019-11-29")


def test_case_managers_stand_in_the_treated_arm_only(trial: World) -> None:
    roster = households(trial)
    control = roster["arm"] == "control"
    assert roster.loc[control, "case_manager"].isna().all()
    assert roster.loc[~control, "case_manager"].notna().all()
    assert (roster.loc[control, "accepted_case_manager"] == 0).all()


# --- what families do is what the parameters say ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("moment", "place"), [("baseline", 0), ("control", 1), ("treated", 2)])
def test_shares_that_receive_and_know_each_right(moment: str, place: int, many: World) -> None:
    steps = getattr(many.takes, moment)
    for position, name in enumerate(many.catalogue.ids):
        shares, here = many.parameters.rights[name], many.takes.eligible[:, position]
        for bar, expected in ((1, shares.knows[place]), (RECEIVES, shares.receives[place])):
            seen = float((steps[here, position] >= bar).mean())
            # Four standard errors; in the treated arm families of one case manager resemble each other (design effect below 2).
            assert abs(seen - expected) < 4 * np.sqrt(2 * expected * (1 - expected) / here.sum()), (name, bar)


def test_nobody_receives_what_they_were_never_entitled_to(many: World) -> None:
    assert not (many.takes.received(many.takes.baseline) & ~many.takes.eligible).any()


def test_moments_of_the_answers(many: World) -> None:
    before = 4.0 * many.answers.baseline["who5"].sum(axis=1)
    after = 4.0 * many.answers.control["who5"].sum(axis=1)
    assert before.mean() == pytest.approx(52, abs=1)
    assert before.std() == pytest.approx(22, abs=1)
    assert 0.40 < np.corrcoef(before, after)[0, 1] < 0.55
    lacks = many.answers.baseline["msd"].sum(axis=1)
    assert 0.55 <= (lacks >= 5).mean() <= 0.65
    assert 0.35 <= (lacks >= 7).mean() <= 0.40
    visits = {arm: getattr(many.answers, arm)["service_visits"].mean() for arm in ("control", "treated")}
    assert visits["treated"] / visits["control"] == pytest.approx(1.3, abs=0.05)
    effect = (4.0 * many.answers.treated["who5"].sum(axis=1) - after).mean() / before.std()
    assert effect == pytest.approx(0.15, abs=0.03)


def test_families_of_one_case_manager_resemble_each_other_in_the_treated_arm_only(catalogue: Catalogue) -> None:
    changes = {"programme.icc": 0.20, "programme.accepted": 1.0, "programme.spillover_share": 0.0}
    world = make_world(MANY, 5, catalogue, read_parameters().changed(changes))
    icc = {arm: _icc(getattr(world.answers, arm)["trust_ocmw"].astype(float), world.families.case_manager) for arm in ("control", "treated")}
    assert abs(icc["control"]) < 0.01
    assert icc["treated"] == pytest.approx(0.20, abs=0.03)  # answers are rounded and cut off at 0 and 10


def test_without_any_effect_the_two_fates_are_the_same(catalogue: Catalogue) -> None:
    nobody = read_parameters().changed({"programme.accepted": 1e-9, "programme.spillover_share": 0.0})
    world = make_world(300, 1, catalogue, nobody)
    for outcome, (control, treated, _) in potential(world).items():
        np.testing.assert_array_equal(control, treated, err_msg=outcome)


def test_who_is_lost_has_nothing_to_do_with_the_arm_or_the_effect(many: World) -> None:
    for treated in (False, True):
        arm = many.families.treated == treated
        assert many.lost[arm].mean() == pytest.approx(many.parameters["response.lost"], abs=1e-4)
    control, treated, exists = potential(many)["supplementary_support"]
    gain = treated - control
    stayed, gone = gain[exists & ~many.lost], gain[exists & many.lost]
    assert abs(stayed.mean() - gone.mean()) < 4 * gain.std() / np.sqrt(gone.size)


# --- the truth ----------------------------------------------------------------------------------------------------------------------


def test_the_truth_is_the_mean_difference_of_the_two_fates(trial: World) -> None:
    truth = true_effects(trial)
    outcomes = {outcome.id for outcome in read(ROOT / "reports" / "mission" / "plan.yaml").outcomes}
    assert set(truth) == outcomes
    place = trial.catalogue.ids.index("aanvullende_steun")
    here = trial.takes.eligible[:, place]
    by_hand = (trial.takes.treated[here, place] == RECEIVES).mean() - (trial.takes.control[here, place] == RECEIVES).mean()
    assert truth["supplementary_support"].finite_sample == pytest.approx(by_hand, rel=1e-12)
    assert truth["supplementary_support"].population == pytest.approx(0.20, abs=4 * np.sqrt(2 * 0.24 / POPULATION))
    assert truth["employment_programme"].population == pytest.approx(0.14, abs=0.015)
    for name in ("rental_premium", "employed"):
        assert abs(truth[name].population) < 0.03, "housing and jobs near zero"
    assert 0.12 * 22 < truth["wellbeing"].population < 0.18 * 22


def test_scores_of_the_truth_are_those_of_the_scales(trial: World) -> None:
    frame = survey(make_world(133, 0, trial.catalogue, trial.parameters.changed({"response.item_missing": 0.0})), "endline")
    stay = trial.families.treated
    for name, scale, prefix in (("wellbeing", "who5", "who5_"), ("deprivation", "msd13", "msd_"), ("loneliness", "djg6", "djg_")):
        items = [column for column in frame if column.startswith(prefix)]
        control, treated, _ = potential(trial)[name]
        np.testing.assert_allclose(score(frame, scale, items).to_numpy(dtype=float), np.where(stay, treated, control))


# --- the files ----------------------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    def digest(folder: Path) -> dict[str, str]:
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((folder / "reports/mission/data").iterdir())}

    first, second, third = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    truth = tu.demo("mission", first, seed=4, n=40)
    assert tu.demo("mission", second, seed=4, n=40) == truth
    tu.demo("mission", third, seed=5, n=40)
    assert digest(first) == digest(second)
    assert all(digest(first)[name] != digest(third)[name] for name in digest(first))
    tu.demo("mission", first, seed=4, n=40)  # twice is as good as once
    with pytest.raises(BuildError, match="another file is there already"):
        tu.demo("mission", first, seed=5, n=40)


def test_the_plan_that_is_written_is_that_of_the_repository_but_for_its_counts(tmp_path: Path) -> None:
    tu.demo("mission", tmp_path, n=40)
    written, kept = (read(folder / "reports" / "mission" / "plan.yaml") for folder in (tmp_path, ROOT))
    assert written.about.synthetic
    assert kept.about.synthetic
    assert written.model_copy(update={"flow": kept.flow}) == kept
    assert written.flow.assessed is not None
    assert written.flow.assessed - sum(written.flow.excluded.values()) == 40
    assert "Nobody answered these questions" in (tmp_path / "reports/mission/data/README.md").read_text(encoding="utf-8")


def test_a_trial_too_small_and_a_real_one_of_another_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="too few families"):
        tu.demo("mission", tmp_path, n=7)
    with pytest.raises(BuildError, match="a real trial has the size that it had"):
        tu.demo("jobs2", tmp_path, n=100)
    assert not list(tmp_path.iterdir())


def test_the_study_passes_the_check_whatever_its_size_and_seed(tmp_path: Path) -> None:
    for seed, n in ((1, 8), (2, 31), (3, 400)):
        folder = tmp_path / str(n)
        tu.demo("mission", folder, seed=seed, n=n)
        study = tu.open_study(folder / "reports" / "mission" / "plan.yaml")
        assert study.trial.ledger.n == n


def test_the_rows_say_what_the_world_is(trial: World) -> None:
    roster, found = households(trial), material(trial)
    (rights,), (used,), (log,) = (list(make(found)) for make in (rights_held, services, contacts))
    number = {value: place for place, value in enumerate(roster["household_id"])}
    assert len(rights) == 31 * (133 + 112)
    for wave, steps in (("baseline", trial.takes.baseline), ("endline", trial.endline)):
        part = rights[rights["wave"] == wave]
        rows = part["household_id"].map(number).to_numpy()
        columns = part["right"].map({name: place for place, name in enumerate(trial.catalogue.ids)}).to_numpy()
        np.testing.assert_array_equal(part["receives"] == 1, steps[rows, columns] == RECEIVES)
        decided = (part["eligible"] >= 0).to_numpy()
        if wave == "baseline":
            np.testing.assert_array_equal((part["eligible"] == 1)[decided], trial.takes.eligible[rows, columns][decided])
        assert part.loc[part["receives"] == 1, "since"].notna().all()
        assert part.loc[part["receives"] == 0, "monthly_amount"].isna().all()
        assert ((part["reason"] != "") == ((part["eligible"] == 1) & (part["receives"] == 0))).all()
    guided = set(roster.loc[roster["accepted_case_manager"] == 1, "household_id"])
    assert set(log["household_id"]) == guided, "one visit at least, and nobody else is in the log"
    assert (log.groupby("household_id")["channel"].agg(lambda channels: (channels == "home_visit").sum()) >= 1).all()
    assert (used["visits"] >= 1).all()
    referred = flow(trial)
    assert set(referred["household_id"].dropna().astype(int)) == set(roster["household_id"])


def test_contacts_about_a_new_right_come_before_it_is_received(trial: World) -> None:
    found = material(trial)
    held, log = next(rights_held(found)), next(contacts(found))
    wide = held.pivot_table(index=["household_id", "right"], columns="wave", values="receives", aggfunc="first").reset_index()
    new = wide[(wide["baseline"] == 0) & (wide["endline"] == 1)]
    since = held[held["wave"] == "endline"][["household_id", "right", "since"]]
    joined = log.merge(new, on=["household_id", "right"]).merge(since, on=["household_id", "right"])
    assert len(joined) > 100
    assert (joined["date"] <= joined["since"]).all()


def test_families_with_more_unmet_rights_are_contacted_more(many: World) -> None:
    guided = many.families.treated & many.families.accepts
    lacking = (many.takes.eligible & (many.takes.baseline != RECEIVES)).sum(axis=1)
    found = material(many)
    frames = list(contacts(found))
    assert len(frames) == MANY // 20_000
    counts = np.zeros(MANY + 1, dtype=int)
    for frame in frames:
        np.add.at(counts, frame["household_id"].to_numpy(), 1)
    counts = counts[found.numbers]
    assert np.corrcoef(lacking[guided], counts[guided])[0, 1] > 0.1
    visits = np.concatenate([frame["channel"].to_numpy() == "home_visit" for frame in frames])
    assert visits.sum() / guided.sum() == pytest.approx(12, abs=0.5)


def test_above_a_size_the_data_are_parquet_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    monkeypatch.setattr(writer, "MOST_AS_TEXT", 50)
    monkeypatch.setattr(makers, "BLOCK", 25)
    tu.demo("mission", tmp_path, n=60)
    plan = tmp_path / "reports" / "mission" / "plan.yaml"
    data = yaml.safe_load(plan.read_text(encoding="utf-8"))["data"]
    assert {Path(table["file"]).suffix for table in data.values()} == {".parquet"}
    assert pq.ParquetFile(plan.parent / "data" / "rights.parquet").metadata.num_row_groups == 3
    assert len(tu.open_study(plan).trial.units) == 60


def test_no_file_of_the_study_names_a_person(tmp_path: Path) -> None:
    tu.demo("mission", tmp_path, n=20)
    with (tmp_path / "reports/mission/data/households.csv").open(encoding="utf-8", newline="") as lines:
        header = next(csv.reader(lines))
    assert not {"name", "street", "email", "phone", "national_number"} & set(header)


def _icc(values: np.ndarray, groups: np.ndarray) -> float:
    """One-way analysis of variance."""
    sizes = np.bincount(groups)[1:]
    sums, squares = np.bincount(groups, values)[1:], np.bincount(groups, values**2)[1:]
    means = sums / sizes
    between = (sizes * (means - values.mean()) ** 2).sum() / (sizes.size - 1)
    within = (squares - sizes * means**2).sum() / (values.size - sizes.size)
    size = values.size / sizes.size
    return float((between - within) / (between + (size - 1) * within))
