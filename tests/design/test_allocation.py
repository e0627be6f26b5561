"""The draw of a list, batch by batch: earlier batches stay, shares hold, and inference draws by the same rules."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.design.allocation import Allocation, commitment, drawn, hidden_blocks, master_seed, redraw_of
from takeup.design.bits import Source
from takeup.design.redraw import Hidden, Minimization
from takeup.design.scheme import scheme

N = 60
BASE = {"unit": "id", "treatment": "arm", "arms": ("usual", "visit"), "shares": (0.5, 0.5)}
RULES = {
    "simple": {"draw": "simple"},
    "complete": {"draw": "complete"},
    "blocked": {"draw": "blocked", "blocks": "site"},
    "hidden": {"draw": "blocked", "blocks": "site", "block_sizes": (4, 6)},
    "minimized": {"draw": "complete", "minimize": ("site", "sex")},
    "balanced": {"draw": "blocked", "blocks": "site", "balance": ("age", "sex"), "accept": 0.05},
    "pairs": {"draw": "pairs", "blocks": "pair", "match": ("age", "sex")},
    "balanced pairs": {"draw": "pairs", "blocks": "pair", "match": ("sex",), "balance": ("age",)},
    "clusters": {"draw": "clustered", "clusters": "house"},
    "clusters in blocks": {"draw": "blocked_clustered", "clusters": "house", "blocks": "site"},
}


def rule(name, **more):
    return Allocation(**{**BASE, **RULES[name], **more})


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    house = np.repeat(np.arange(20), 3)
    return pd.DataFrame({
        "id": [f"f{i}" for i in range(N)], "batch": np.repeat(["1", "2", "3"], [18, 24, 18]), "site": rng.choice(list("ab"), 20)[house],
        "age": rng.integers(18, 60, N).astype(str), "sex": rng.choice(["m", "v"], N), "house": [f"h{i}" for i in house],
    })


def with_arms(people, drawing, found):
    frame = people.assign(arm=list(found.arms))
    return frame.assign(pair=list(found.pairs)) if drawing.match else frame


@pytest.mark.parametrize("name", RULES)
def test_later_batches_leave_earlier_ones_alone(people, name):
    drawing = rule(name)
    whole = drawn(people, drawing, 123)
    assert drawn(people.iloc[:18], drawing, 123).arms == whole.arms[:18]
    assert drawn(people.iloc[:42], drawing, 123).arms == whole.arms[:42]
    assert drawn(people, drawing, 124).arms != whole.arms


@pytest.mark.parametrize("name", RULES)
def test_every_unit_has_its_share(people, name, monkeypatch):
    monkeypatch.setattr("takeup.design.allocation.REFERENCE", 200)
    drawing = rule(name)
    treated = np.mean([[arm == "visit" for arm in drawn(people, drawing, seed).arms] for seed in range(40)], axis=0)
    assert np.abs(treated - 0.5).max() < 4.2 * 0.5 / np.sqrt(40)  # 60 units, one in some 40,000 goes beyond by chance


@pytest.mark.parametrize("name", [name for name in RULES if name not in {"simple", "minimized"}])
def test_batches_divide_as_the_shares_say(people, name):
    drawing = rule(name)
    arms = np.array(drawn(people, drawing, 5).arms)
    if name == "hidden":
        for site in "ab":
            runs = np.cumsum(np.where(arms[(people["site"] == site).to_numpy()] == "visit", 1, -1))
            assert np.abs(runs).max() <= 3  # never more than half of the largest block ahead
        return
    units = people.drop_duplicates("house") if drawing.whole else people
    for _, part in units.assign(arm=arms[units.index]).groupby("batch"):
        assert abs((part["arm"] == "visit").sum() - len(part) / 2) <= 1
    if drawing.whole:
        assert people.assign(arm=arms).groupby("house")["arm"].nunique().max() == 1


def test_hidden_blocks_are_balanced_and_of_both_sizes(people):
    many = pd.DataFrame({"id": range(400), "batch": "1", "site": "a"})
    arms, blocks = hidden_blocks(many, rule("hidden"), 9)
    sizes = np.bincount(blocks)[:-1]
    assert set(sizes) == {4, 6}
    assert all(2 * arms[blocks == block].sum() == size for block, size in enumerate(sizes))


def test_shares_other_than_half(people):
    drawing = Allocation(unit="id", treatment="arm", arms=("usual", "call", "visit"), shares=(0.5, 0.25, 0.25), draw="complete", block_sizes=(4, 8))
    assert pd.Series(drawn(people, drawing, 1).arms).value_counts().to_dict() == {"usual": 30, "call": 15, "visit": 15}
    with pytest.raises(tu.TakeupError, match=r"ratio.*multiples of 4"):
        drawn(people, Allocation(**{**BASE, "draw": "complete", "shares": (0.25, 0.75)}, block_sizes=(6,)), 1)


def test_who_joins_a_drawn_cluster_takes_its_arm(people):
    drawing = rule("clusters")
    more = pd.concat([people, pd.DataFrame([{**people.iloc[0].to_dict(), "id": "new", "batch": "4"}])], ignore_index=True)
    found = drawn(more, drawing, 2)
    assert found.arms[-1] == found.arms[0]
    assert found.notes["1"] == ("joined 1",)


def test_of_an_odd_batch_one_waits(people):
    found = drawn(people.iloc[:17], rule("pairs"), 3)
    assert found.arms.count(None) == 1
    assert found.notes == {"1": ("waiting 1",)}


def test_misfits_are_counted(people):
    assert any(note.startswith("misfits") for notes in drawn(people.iloc[:17].assign(batch="1"), rule("blocked"), 3).notes.values() for note in notes)


def test_everything_wrong_with_a_list_is_said(people):
    broken = people.assign(id=["x", "x", *people["id"][2:]]).assign(site=["", *people["site"][1:]])
    with pytest.raises(tu.TakeupError) as error:
        drawn(broken, rule("blocked"), 1)
    assert [fault.where for fault in error.value.faults] == ["site", "id"]
    with pytest.raises(tu.TakeupError, match='no column "site"'):
        drawn(people.drop(columns="site"), rule("blocked"), 1)


def test_the_commitment_is_plain_sha256():
    """printf '42:abc' | sha256sum."""
    assert commitment(42, "abc") == "4c611c47136d0d52ef7b1d6508b6d77b5d245237732f0e539c3b8a614d0586e5"
    assert master_seed(42, "abc") != master_seed(42, "abd")


# --- the same rules for inference -------------------------------------------------------------------------------------------


def design_of(drawing, redraw):
    return tu.Design("arm", "usual", draw=drawing.draw, blocks=drawing.blocks, clusters=drawing.clusters, redraw=redraw)


@pytest.mark.parametrize("name", ["complete", "blocked", "clusters"])
def test_inference_keeps_the_numbers_of_every_batch(people, name):
    drawing = rule(name)
    frame = with_arms(people, drawing, drawn(people, drawing, 5))
    draws = design_of(drawing, redraw_of(frame, drawing, None)).draws(frame, 200, 1)
    cells = frame["batch"] if drawing.blocks is None else frame["batch"] + frame["site"]
    for rows in frame.groupby(cells).groups.values():
        assert np.ptp(draws[:, rows].sum(axis=1)) == 0
    assert np.ptp(draws, axis=0).min() == 1


def test_inference_keeps_the_hidden_blocks(people):
    drawing = rule("hidden")
    frame = with_arms(people, drawing, drawn(people, drawing, 5))
    unknown = design_of(drawing, redraw_of(frame, drawing, None))
    assert isinstance(unknown.redraw, Hidden)
    here = (frame["site"] == "a").to_numpy()
    assert (unknown.draws(frame, 20, 1)[:, here].sum(axis=1) == (frame["arm"][here] == "visit").sum()).all()  # a mask keeps the plan's blocks
    with pytest.raises(tu.TakeupError, match=r"hidden until its seed is revealed.*--reveal"):
        tu.randomization_test(frame.assign(y=1.0), "y", unknown)
    draws = design_of(drawing, redraw_of(frame, drawing, 5)).draws(frame, 200, 1)
    blocks = hidden_blocks(frame, drawing, 5)[1]
    for block in np.unique(blocks):
        assert np.ptp(draws[:, blocks == block].sum(axis=1)) == 0


@pytest.mark.parametrize("name", ["balanced", "balanced pairs"])
def test_inference_takes_only_what_the_rule_accepts(people, name):
    drawing = rule(name)
    frame = with_arms(people, drawing, drawn(people, drawing, 5))
    design = design_of(drawing, redraw_of(frame, drawing, None))
    procedure = scheme(frame, design).drawer.draw
    draws = design.draws(frame, 300, 1)
    plain = tu.Design("arm", "usual", draw=drawing.draw, blocks=drawing.blocks).draws(frame, 300, 1)
    observed = (frame["arm"] == "visit").to_numpy(dtype=np.int8)[None]
    for batch in procedure.batches:
        assert batch.distance(observed[:, batch.place])[0] <= batch.threshold + 1e-9  # the trial itself obeyed the rule
        assert batch.distance(draws[:, batch.place]).max() <= batch.threshold + 1e-9
    first = procedure.batches[0]
    accepted = (first.distance(plain[:, first.place]) <= first.threshold + 1e-9).mean()
    assert accepted < 0.3  # the rule refuses most of what the plain draw gives


def test_minimisation_agrees_with_a_plain_loop():
    """Pocock and Simon by hand: unit after unit, the range of each margin, the coin."""
    rng = np.random.default_rng(4)
    levels, coin = rng.integers(0, 3, (30, 2)), 0.8
    codes = Minimization(levels=levels, coin=coin)(Source(1, 12), 1)[0]
    uniform = (Source(1, 12).words(30, 1)[:, 0] >> np.uint64(11)).astype(float) * 2.0**-53
    arms = []
    for unit, (one, two) in enumerate(levels):
        ranges = []
        for arm in (0, 1):
            counts = np.zeros((2, 2))
            for other in range(unit):
                counts[0, arms[other]] += levels[other, 0] == one
                counts[1, arms[other]] += levels[other, 1] == two
            counts[:, arm] += 1
            ranges.append(np.abs(counts[:, 1] - counts[:, 0]).sum())
        chance = 0.5 if ranges[0] == ranges[1] else coin if ranges[1] < ranges[0] else 1 - coin
        arms.append(int(uniform[unit] < chance))
    assert codes.tolist() == arms


@pytest.mark.parametrize("measure", ["range", "variance"])
def test_minimisation_to_three_arms_agrees_with_a_plain_loop(measure):
    """Pocock and Simon by hand: the spread of each margin if the unit went to each arm; ties share the chance of the best."""
    rng = np.random.default_rng(4)
    levels, coin = rng.integers(0, 3, (40, 2)), 0.7
    codes = Minimization(levels=levels, coin=coin, arms=3, measure=measure)(Source(1, 12), 1)[0]
    uniform = (Source(1, 12).words(40, 1)[:, 0] >> np.uint64(11)).astype(float) * 2.0**-53
    arms: list[int] = []
    for unit in range(40):
        uneven = []
        for arm in range(3):
            spread = 0.0
            for factor in range(2):
                counts = [sum(levels[other, factor] == levels[unit, factor] and arms[other] == one for other in range(unit)) + (one == arm)
                          for one in range(3)]
                spread += max(counts) - min(counts) if measure == "range" else float(np.var(counts))
            uneven.append(spread)
        best = [one for one in range(3) if uneven[one] < min(uneven) + 1e-9]
        chance = [(coin if one in best else 0) / len(best) + (1 - coin) / 2 * (1 - (one in best) / len(best)) for one in range(3)]
        assert sum(chance) == pytest.approx(1.0)
        arms.append(1 if uniform[unit] < chance[1] else 2 if uniform[unit] < chance[1] + chance[2] else 0)
    assert codes.tolist() == arms


@pytest.mark.parametrize("more", [
    {"minimize": ("site", "sex")}, {"minimize": ("site", "sex"), "measure": "variance"}, {"balance": ("age",), "accept": 0.05},
])
def test_three_arms_are_minimised_or_balanced_and_drawn_anew_for_inference(people, more):
    drawing = Allocation(unit="id", treatment="arm", draw="complete", arms=("usual", "call", "visit"), shares=(1 / 3,) * 3, **more)
    found = drawn(people, drawing, 5)
    assert drawn(people.iloc[:42], drawing, 5).arms == found.arms[:42]
    assert min(pd.Series(found.arms).value_counts()) >= 17
    frame = people.assign(arm=list(found.arms), age=people["age"].astype(float), y=np.random.default_rng(1).normal(size=N))
    design = tu.Design("arm", "usual", redraw=redraw_of(frame, drawing, None))
    for method, how in (("ancova", {"covariates": ["age"]}), ("lin", {"covariates": ["age"]}), ("difference_in_means", {})):
        test = tu.randomization_test(frame, "y", design, arm="call", method=method, draws=400, seed=1, **how)
        plain = getattr(tu, method)(frame, "y", design, arm="call", **how)
        assert test.estimate == pytest.approx(plain.estimate, abs=1e-12)
        assert test.statistic == pytest.approx(plain.estimate / plain.std_error, rel=1e-9)
        assert test.n == plain.n
        assert 0 < test.p_value <= 1
        assert "no arm changes anything" in test.reason
    assert np.isnan(tu.randomization_test(frame.assign(y=1.0), "y", design, arm="call", draws=50).p_value)
    alone = tu.randomization_test(frame, "y", design, arm="call", draws=4500, seed=2)
    with ThreadPoolExecutor(2) as pool:
        assert tu.randomization_test(frame, "y", design, arm="call", draws=4500, seed=2, backend=pool).null_sd == alone.null_sd  # bit for bit
    assert [test.p_adjusted for test in tu.stepdown(frame.assign(z=-frame["y"]), ["y", "z"], design, arm="call", draws=99)]
    with pytest.raises(tu.TakeupError, match="cace"):
        tu.randomization_test(frame.assign(got=1), "y", tu.Design("arm", "usual", received="got", redraw=design.redraw), arm="call", method="cace")


def test_minimisation_evens_the_margins(people):
    drawing = rule("minimized")
    gaps: dict[str, list[float]] = {"minimized": [], "complete": []}
    for seed in range(60):
        for name, kept in gaps.items():
            treated = np.array([arm == "visit" for arm in drawn(people, rule(name), seed).arms])
            kept.append(np.mean([abs(treated[(people[f] == level).to_numpy()].sum() * 2 - (people[f] == level).sum())
                                 for f in drawing.minimize for level in people[f].unique()]))
    assert np.mean(gaps["minimized"]) < 0.6 * np.mean(gaps["complete"])


def test_a_randomisation_test_of_a_minimised_trial_is_exact_in_size():
    """Eight units: all 2**8 outcomes of the coins, weighted; the share of trials with p <= 0.1 isn't above 0.1."""
    levels = np.array([[0], [1], [0], [0], [1], [1], [0], [1]])
    frame = pd.DataFrame({"id": [f"u{i}" for i in range(8)], "batch": "1", "f": levels[:, 0].astype(str), "y": [3.0, 1, 4, 1, 5, 9, 2, 6]})
    drawing = Allocation(**BASE, draw="complete", minimize=("f",), coin=0.75)
    weight, p = [], []
    for arms in product((0, 1), repeat=8):
        chance, balance = 1.0, {0: 0, 1: 0}
        for arm, level in zip(arms, levels[:, 0], strict=True):
            lean = balance[level]
            up = 0.5 if lean == 0 else 0.25 if lean > 0 else 0.75
            chance *= up if arm else 1 - up
            balance[level] += 1 if arm else -1
        if 0 < sum(arms) < 8:
            trial = frame.assign(arm=np.where(np.array(arms) == 1, "visit", "usual"))
            design = tu.Design("arm", "usual", redraw=redraw_of(trial, drawing, None))
            p.append(tu.randomization_test(trial, "y", design, method="difference_in_means", statistic="estimate", draws=199, seed=3).p_value)
        else:
            p.append(1.0)
        weight.append(chance)
    assert sum(weight) == pytest.approx(1.0)
    assert np.array(weight)[np.array(p) <= 0.1].sum() <= 0.1 + 0.015  # 199 draws each leave a little noise


def test_three_minimised_arms_are_drawn_anew_by_the_law_of_the_procedure():
    """Six units: the chance of all 3**6 outcomes by hand; the draws have it, and the p-value is the share of it that is as extreme."""
    levels = [0, 1, 0, 0, 1, 1]
    frame = pd.DataFrame({"id": [f"u{i}" for i in range(6)], "batch": "1", "f": list(map(str, levels)), "y": [3.0, 1, 4, 1.5, 5, 9],
                          "arm": ["usual", "call", "visit", "call", "usual", "call"]})
    drawing = Allocation(unit="id", treatment="arm", draw="complete", arms=("usual", "call", "visit"), shares=(1 / 3,) * 3, minimize=("f",), coin=0.7)
    chances, effects, observed = [], [], (0, 1, 2, 1, 0, 1)
    for arms in product((0, 1, 2), repeat=6):
        chance, counts = 1.0, np.zeros((2, 3))
        for arm, level in zip(arms, levels, strict=True):
            spread = [np.ptp(counts[level] + np.eye(3)[one]) for one in range(3)]
            best = np.array(spread) == min(spread)
            chance *= (0.7 * best / best.sum() + 0.15 * (1 - best / best.sum()))[arm]
            counts[level, arm] += 1
        chances.append(chance)
        here = np.array(arms)
        effects.append(frame["y"][here == 1].mean() - frame["y"][here == 0].mean() if {0, 1} <= set(arms) else np.nan)
    law, known = np.array(chances), np.array(effects)
    assert law.sum() == pytest.approx(1.0)
    design = tu.Design("arm", "usual", redraw=redraw_of(frame, drawing, None))
    n, code = 20_000, {"usual": 0, "call": 1, "visit": 2}
    drawn_codes = design.draws(frame, n, 7)  # arms in the order control, then by name
    place = np.ravel_multi_index(np.array([[code[label] for label in ("usual", "call", "visit")][one] for one in range(3)])[drawn_codes].T, (3,) * 6)
    seen = np.bincount(place, minlength=729)
    assert np.abs((seen - n * law) / np.sqrt(n * law * (1 - law))).max() < 5  # 729 counts, some of them of few
    own = known[np.ravel_multi_index(np.array(observed)[:, None], (3,) * 6)[0]]
    share = law[np.nan_to_num(known, nan=-99) >= own - 1e-9].sum()
    test = tu.randomization_test(frame, "y", design, arm="call", method="difference_in_means", statistic="estimate", alternative="greater",
                                 draws=n, seed=2)
    assert test.estimate == pytest.approx(own)
    assert test.p_value == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / n))


def test_a_unit_that_was_never_drawn_is_refused(people):
    drawing = rule("complete")
    frame = with_arms(people, drawing, drawn(people, drawing, 5))
    design = design_of(drawing, redraw_of(frame, drawing, None))
    with pytest.raises(tu.TakeupError, match="1 units aren't in the assignment file"):
        design.draws(frame.assign(id=["stranger", *frame["id"][1:]]), 10, 1)


def test_several_arms_within_batches(people):
    drawing = Allocation(unit="id", treatment="arm", arms=("usual", "call", "visit"), shares=(1 / 3, 1 / 3, 1 / 3), draw="complete")
    frame = people.assign(arm=list(drawn(people, drawing, 8).arms), y=np.arange(60.0))
    design = tu.Design("arm", "usual", redraw=redraw_of(frame, drawing, None))
    test = tu.randomization_test(frame, "y", design, method="difference_in_means", draws=300, seed=1, arm="call")
    assert 0 < test.p_value <= 1
