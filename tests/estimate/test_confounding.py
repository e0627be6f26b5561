"""What isn't measured, held against what is: constructed populations in which the answer is known, and statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.estimate.sensitivity import partial_r2, selection_ratio, with_benchmark


@pytest.mark.parametrize(("seen", "hidden", "pull_seen", "pull_hidden", "left", "noise"), [
    (1.0, 0.5, 0.6, 0.9, 1.0, 0.3), (2.0, 1.0, 0.3, 0.3, 0.5, 0.0), (1.0, 1.0, 0.5, -0.4, 1.0, 0.2), (1.0, 0.7, 0.5, 1.5, 0.4, 0.1),
])
def test_selection_ratio_is_the_one_a_population_was_made_with(
    seen: float, hidden: float, pull_seen: float, pull_hidden: float, left: float, noise: float,
) -> None:
    """Outcome = seen part + hidden part + noise, no effect of the group; the group goes with both parts. All from variances, no sample."""
    group = pull_seen**2 * seen + pull_hidden**2 * hidden + left
    with_seen, with_hidden = pull_seen * seen, pull_hidden * hidden
    outcome = seen + hidden + noise
    plain = (with_seen + with_hidden) / group
    system = np.array([[group, with_seen], [with_seen, seen]])
    target = np.array([with_seen + with_hidden, seen])
    long = np.linalg.solve(system, target)
    found = selection_ratio(
        plain, plain**2 * group / outcome, float(long[0]), float(long @ target) / outcome, outcome_variance=outcome, group_variance=group,
        left_variance=group - with_seen**2 / seen, most_r2=(outcome - noise) / outcome,
    )
    assert found == pytest.approx(pull_hidden / pull_seen, rel=1e-10)


def test_selection_ratio_is_nan_where_nothing_is_left_to_explain() -> None:
    given = {"outcome_variance": 1.0, "group_variance": 0.25, "left_variance": 0.2}
    assert np.isnan(selection_ratio(0.4, 0.1, 0.3, 0.5, most_r2=0.5, **given))


def _orthogonal(n: int = 60) -> list[np.ndarray]:
    """Four columns with mean 0 and unit length at right angles."""
    rng = np.random.default_rng(8)
    q, _ = np.linalg.qr(np.column_stack([np.ones(n), rng.standard_normal((n, 4))]))
    return list(q.T[1:])


@pytest.mark.parametrize("pull", [0.2, 0.5, 0.9])
def test_benchmark_holds_a_hidden_copy_of_a_covariate(pull: float) -> None:
    """A hidden cause that goes with group and outcome just as the covariate does, at right angles to it."""
    import statsmodels.api as sm

    x, z, u, e = _orthogonal()
    d = pull * x + pull * z + u
    y = 0.4 * d + 0.7 * x + 0.7 * z + e
    short = sm.OLS(y, sm.add_constant(np.column_stack([x, d]))).fit()
    long = sm.OLS(y, sm.add_constant(np.column_stack([x, d, z]))).fit()
    group = sm.OLS(d, sm.add_constant(x)).fit()
    shares = partial_r2(group.tvalues[1], group.df_resid), partial_r2(short.tvalues[1], short.df_resid)
    left = with_benchmark(short.params[2], short.bse[2], short.df_resid, *shares)
    assert left <= long.params[2] + 1e-12 < short.params[2]
    hidden = sm.OLS(d, sm.add_constant(np.column_stack([x, z]))).fit()
    assert partial_r2(hidden.tvalues[2], hidden.df_resid) == pytest.approx(shares[0] / (1 - shares[0]), rel=1e-8)


def test_benchmark_moves_a_negative_difference_towards_zero_and_tells_when_it_cannot() -> None:
    assert with_benchmark(-0.0973, 0.02325, 783, 0.009077, 0.10903) == pytest.approx(-with_benchmark(0.0973, 0.02325, 783, 0.009077, 0.10903))
    assert np.isnan(with_benchmark(0.1, 0.02, 100, 0.6, 0.1))


def test_comparison_names_the_covariate_that_moves_it_most() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"strong": rng.standard_normal(200), "weak": rng.standard_normal(200)})
    frame["arm"] = (rng.random(200) < 1 / (1 + np.exp(-0.9 * frame["strong"]))).astype(int)
    frame["y"] = 0.5 * frame["arm"] + frame["strong"] + 0.1 * frame["weak"] + rng.standard_normal(200)
    found = tu.comparison(frame, "y", tu.Design("arm", 0), covariates=["weak", "strong"])
    fit = sm.OLS(frame["y"], sm.add_constant(frame[["weak", "strong", "arm"]])).fit()
    group = sm.OLS(frame["arm"], sm.add_constant(frame[["weak", "strong"]])).fit()
    expected = {
        name: with_benchmark(fit.params["arm"], fit.bse["arm"], fit.df_resid, partial_r2(group.tvalues[name], group.df_resid),
                             partial_r2(fit.tvalues[name], fit.df_resid))
        for name in ("weak", "strong")
    }
    assert found.extra["benchmark"] == "strong"
    assert found.extra["benchmark_estimate"] == pytest.approx(expected["strong"], rel=1e-8)
    assert expected["strong"] < expected["weak"]
    plain = sm.OLS(frame["y"], sm.add_constant(frame["arm"])).fit()
    ratio = selection_ratio(
        plain.params["arm"], plain.rsquared, fit.params["arm"], fit.rsquared, outcome_variance=frame["y"].var(ddof=0),
        group_variance=frame["arm"].var(ddof=0), left_variance=float(np.mean(group.resid**2)), most_r2=1.3 * fit.rsquared,
    )
    assert found.extra["selection_ratio"] == pytest.approx(ratio, rel=1e-8)
