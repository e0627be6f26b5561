"""The folded bootstrap equals one regression a sample; its interval is where fresh tests change their mind."""

import math

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from infer import brute
from takeup.errors import InferError
from takeup.infer.batch import Scratch
from takeup.infer.wild import bootstrap, evaluate, fold

RNG = np.random.default_rng(8)


def trial(groups=9, per=4):
    c = np.repeat(range(groups), RNG.integers(2, 2 + per, groups))
    n = c.size
    return pd.DataFrame({"c": c, "b": np.arange(groups)[c] % 3, "arm": RNG.integers(0, 2, n), "x": RNG.normal(size=n), "w": RNG.uniform(0.5, 2, n),
                         "y": RNG.exponential(size=n) + RNG.normal(size=groups)[c]})


def by_hand(frame, signs, *, null=0.0, blocks=False, weights=False, covariate=False):
    """Impose the null, put the signs on the restricted residuals, fit the whole regression again."""
    y, d, c = frame["y"].to_numpy(), frame["arm"].to_numpy(float), frame["c"].to_numpy()
    w = frame["w"].to_numpy() if weights else None
    base = brute.dummies(frame["b"]) if blocks else np.ones((len(y), 1))
    x = np.column_stack([base, frame["x"]]) if covariate else base
    b, _, _, _ = brute.ols(y - null * d, x, w)
    fitted, u = x @ b, y - null * d - x @ b
    t = []
    for v in signs.T:
        effect, variance = brute.cr1(fitted + u * v[c], np.column_stack([x, d]), -1, c, w)
        t.append(effect / math.sqrt(variance))
    return np.array(t)


@pytest.mark.parametrize("how", [{}, {"blocks": True}, {"weights": True, "covariate": True}, {"blocks": True, "weights": True, "null": 0.3}])
def test_every_sample_has_the_t_of_its_own_regression(how):
    frame = trial()
    signs = RNG.choice([-1.0, 1.0], (9, 40)) * RNG.choice([1.0, 0.5], (9, 40))
    y, d = frame["y"].to_numpy() - how.get("null", 0.0) * frame["arm"].to_numpy(), frame["arm"].to_numpy(float)
    folds = fold(y[:, None], d, frame[["x"]].to_numpy()[:, : int(how.get("covariate", False))], frame["b"].to_numpy() if how.get("blocks") else None,
                 frame["w"].to_numpy() if how.get("weights") else None, frame["c"].to_numpy())
    effects, variances = evaluate(folds, signs, Scratch())
    np.testing.assert_allclose(effects[0] / np.sqrt(variances[0]), by_hand(frame, signs, **how), rtol=1e-9)


@pytest.mark.parametrize("how", [{}, {"blocks": True}, {"weights": True}])
def test_the_public_test_is_the_one_by_hand(how):
    frame = trial()
    design = tu.Design("arm", 0, clusters="c", blocks="b" if how.get("blocks") else None, weights="w" if how.get("weights") else None,
                       draw="blocked" if how.get("blocks") else "complete")
    found = tu.wild_bootstrap(frame, "y", design)
    signs = 1.0 - 2.0 * (np.arange(2**9)[None, :] >> np.arange(9)[:, None] & 1)
    t = by_hand(frame, signs, **how)
    assert found.exact
    assert found.draws == 512
    assert found.statistic == pytest.approx(t[0], rel=1e-9)
    assert found.p_value == pytest.approx(brute.p_values(t, t[0])[2], abs=1e-12)


@pytest.mark.parametrize("weights", ["rademacher", "webb"])
def test_the_interval_is_where_fresh_tests_change_their_mind(weights):
    frame = trial(groups=14)
    design = tu.Design("arm", 0, clusters="c")
    found = tu.wild_bootstrap(frame, "y", design, draws=1999, weights=weights, seed=3)
    assert not found.exact
    width = found.conf_high - found.conf_low
    for limit, outward in ((found.conf_low, -1), (found.conf_high, 1)):
        inside, outside = (tu.wild_bootstrap(frame, "y", design, draws=1999, weights=weights, seed=3, null=null, interval=False).p_value
                           for null in (limit - outward * 1e-7 * width, limit + outward * 1e-7 * width))
        assert inside > 0.05 >= outside


def test_first_draws_are_the_same_whatever_follows():
    frame = trial(groups=20)
    folds = fold(frame[["y"]].to_numpy(), frame["arm"].to_numpy(float), np.zeros((len(frame), 0)), None, None, frame["c"].to_numpy())

    def effects(draws, seed):
        return bootstrap([folds], 20, draws=draws, weights="webb", seed=seed)[0][0][0]

    long = effects(30_000, 5)
    assert (effects(500, 5) == long[:, :501]).all()
    assert not (effects(500, 6) == long[:, :501]).all()


def test_webb_points_have_mean_zero_and_variance_one():
    folds = fold(np.eye(12)[:, :1], np.arange(12) % 2.0, np.zeros((12, 0)), None, None, np.arange(12))
    effects = bootstrap([folds], 12, draws=60_000, weights="webb", seed=1)[0][0][0][0, 1:]
    expected = (folds.numerator[0] ** 2).sum() / folds.total**2
    assert effects.mean() == pytest.approx(0.0, abs=4 * math.sqrt(expected / 60_000))
    assert effects.var() == pytest.approx(expected, rel=0.03)


def test_units_drawn_one_by_one_are_their_own_clusters():
    frame = trial(groups=6)
    found = tu.wild_bootstrap(frame, "y", tu.Design("arm", 0), draws=999)
    assert found.n_clusters == len(frame)
    assert "rows" in found.reason


@pytest.mark.parametrize(("change", "words"), [
    ({"y": 3.0}, "same value in all rows"), ({"c": 1}, "fewer than two clusters"),
])
def test_what_cannot_be_tested_says_why(change, words):
    found = tu.wild_bootstrap(trial().assign(**change), "y", tu.Design("arm", 0, clusters="c"))
    assert math.isnan(found.p_value)
    assert words in found.reason


def test_a_covariate_that_is_the_arm_says_why():
    frame = trial()
    found = tu.wild_bootstrap(frame.assign(copy=1 - frame["arm"]), "y", tu.Design("arm", 0, clusters="c"), covariates=["copy"])
    assert math.isnan(found.p_value)
    assert "explain the arm" in found.reason


@pytest.mark.parametrize("wrong", [{"weights": "normal"}, {"draws": 0}, {"draws": 2.5}])
def test_unknown_options_are_refused(wrong):
    with pytest.raises(InferError):
        tu.wild_bootstrap(trial(), "y", tu.Design("arm", 0, clusters="c"), **wrong)


def test_the_unrestricted_bootstrap_by_all_sign_vectors():
    import itertools

    import statsmodels.api as sm

    rng = np.random.default_rng(9)
    village = np.repeat(np.arange(6), 5)
    frame = pd.DataFrame({"village": village, "arm": village % 2, "x": rng.normal(size=30), "y": rng.normal(size=6)[village] + rng.normal(size=30)})
    x = sm.add_constant(frame[["arm", "x"]]).to_numpy()

    def t(y, centre):
        fit = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": village}, use_t=True)
        return (fit.params[1] - centre) / fit.bse[1], fit

    seen, fit = t(frame["y"].to_numpy(), 0.0)
    draws = [t(fit.fittedvalues + fit.resid * np.array(v)[village], fit.params[1])[0] for v in itertools.product([-1.0, 1.0], repeat=6)]
    found = tu.wild_bootstrap(frame, "y", tu.Design("arm", 0, clusters="village"), covariates=["x"], restricted=False, conf_level=0.9)
    assert found.exact
    assert (found.statistic, found.p_value) == pytest.approx((seen, np.mean(np.abs(draws) >= abs(seen) - 1e-9)), rel=1e-9)
    half = np.sort(np.abs(draws))[int(np.ceil(0.9 * 64)) - 1] * fit.bse[1]
    assert (found.conf_low, found.conf_high) == pytest.approx((fit.params[1] - half, fit.params[1] + half), rel=1e-8)
