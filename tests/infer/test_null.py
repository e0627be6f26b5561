"""The pass over the draws: the same bits for any split, draws that begin alike, all assignments where they are few."""

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.design.assign import layout
from takeup.design.scheme import scheme
from takeup.infer import batch, null
from takeup.infer.trial import trial_null

UNIT = tu.Design("arm", 0)


def trial(n=700, k=3, seed=2):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, k)), columns=[f"y{j}" for j in range(k)])
    return frame.assign(arm=rng.permutation(np.arange(n) % 2), x=rng.normal(size=n), b=np.arange(n) % 35)


def run(frame, outcomes, draws, design=UNIT, covariates=("x",), method="ancova", **more):
    how = {"studentized": True, "seed": 7, "interval": False, "null": 0.0, "arm": None, "backend": None} | more
    return trial_null(frame, outcomes, design, covariates=covariates, method=method, draws=draws, **how)


@pytest.mark.parametrize(("n", "design", "method"), [
    (60, UNIT, "ancova"), (700, UNIT, "ancova"), (700, tu.Design("arm", 0, draw="blocked", blocks="b"), "ancova"),
    (700, tu.Design("arm", 0, draw="simple"), "lin"), (3000, UNIT, "difference_in_means"),
])
def test_fewer_draws_are_the_beginning_of_more(n, design, method):
    frame = trial(n)
    long = run(frame, ["y0", "y1"], 3000, design, method=method)
    short = run(frame, ["y0", "y1"], 211, design, method=method)
    np.testing.assert_array_equal(short.effects, long.effects[:, :212])
    np.testing.assert_array_equal(short.variances, long.variances[:, :212])


def test_chunks_may_be_made_by_anybody():
    frame = trial()
    found = scheme(frame, UNIT)
    whole = run(frame, ["y0"], 5000).null
    place = layout(found)
    seen = {}

    def keep(work, shared, items, **_):
        seen.update(shared=shared, items=items)
        return [work(shared, first, first + 1) for first in reversed(range(items))][::-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(null, "spread", keep)
        again = run(frame, ["y0"], 5000).null
    np.testing.assert_array_equal(again.effects, whole.effects)
    assert seen["items"] > 1
    both = null.evaluate(seen["shared"], 0, seen["items"])
    np.testing.assert_array_equal(both[0], whole.effects)
    assert place.n_slots >= len(frame)


def test_another_outcome_changes_no_p_value():
    frame = trial()
    alone = tu.randomization_test(frame, "y0", UNIT, covariates=["x"], draws=2000)
    together = tu.randomization_test(frame, ["y2", "y0", "y1"], UNIT, covariates=["x"], draws=2000)
    assert together["y0"].p_value == alone.p_value


def test_other_panels_and_widths_move_rounding_only(monkeypatch):
    frame = trial(1500)
    usual = run(frame, ["y0", "y1"], 1000)
    monkeypatch.setattr(batch, "PANEL_BYTES", 16)
    monkeypatch.setattr(batch, "KEPT_CELLS", 0)
    monkeypatch.setattr(null, "batch_width", lambda _: 64)
    other = run(frame, ["y0", "y1"], 1000)
    np.testing.assert_allclose(other.effects, usual.effects, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(other.variances, usual.variances, rtol=1e-11)


def test_all_assignments_are_taken_when_there_are_no_more_than_draws():
    frame = trial(9)
    count = UNIT.count(frame)
    listed = run(frame, ["y0"], count, covariates=())
    assert listed.null.exact
    assert listed.null.draws == count
    assert listed.null.weights[0] == 0.0
    assert listed.null.weights.sum() == pytest.approx(count)
    drawn = run(frame, ["y0"], count - 1, covariates=())
    assert not drawn.null.exact
    assert drawn.null.draws == count - 1
    assert drawn.null.weights.sum() == count


def test_the_observed_assignment_comes_first():
    frame = trial(200)
    estimate = tu.ancova(frame, "y0", UNIT, covariates=["x"])
    found = run(frame, ["y0"], 100)
    np.testing.assert_allclose(found.effects[0, 0] * found.scale[0], estimate.estimate, rtol=1e-10)
    np.testing.assert_allclose(found.statistics[0, 0], estimate.statistic, rtol=1e-9)


def test_a_row_that_is_fitted_exactly_leaves_the_variance():
    frame = trial(30)
    frame["only"] = (frame.index == 3).astype(float)
    frame["arm"] = [1, 0] * 15
    estimate = tu.ancova(frame, "y0", UNIT, covariates=["only"])
    found = run(frame, ["y0"], 50, covariates=("only",))
    np.testing.assert_allclose(found.statistics[0, 0], estimate.statistic, rtol=1e-9)
    assert np.isfinite(found.statistics).all()
