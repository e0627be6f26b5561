"""The mixed model for repeated measures: complete data by hand, missing ones against a likelihood written out in full."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

import takeup as tu

DESIGN = tu.Design("arm", 0)


def people(seed=1, n=40, lost=0.0):
    rng = np.random.default_rng(seed)
    root = np.array([[1.0, 0.0, 0.0], [0.6, 0.9, 0.0], [0.3, 0.5, 1.2]])
    frame = pd.DataFrame({"id": np.arange(n), "arm": np.arange(n) % 2, "x": rng.normal(size=n)})
    values = rng.normal(size=(n, 3)) @ root.T + frame[["x"]].to_numpy() + 0.5 * frame[["arm"]].to_numpy()
    frame[["1", "2", "3"]] = np.where(rng.random((n, 3)) < lost, np.nan, values)
    return frame.melt(["id", "arm", "x"], ["1", "2", "3"], "wave", "y")


def fit(frame, **options):
    return tu.repeated_measures(frame, "y", DESIGN, person="id", time="wave", **options)


def test_complete_data_without_covariates_give_the_t_test_of_each_time():
    frame = people()
    for one in fit(frame):
        part = frame[frame["wave"] == one.term]
        alone = tu.ancova(part, "y", DESIGN, se_type="classical")
        assert (one.estimate, one.std_error, one.df) == pytest.approx((alone.estimate, alone.std_error, alone.df), rel=1e-6)


def test_the_likelihood_is_at_its_top():
    frame = people(lost=0.25).dropna(subset="y")
    found = fit(frame, covariates=["x"], df="residual")
    waves = frame["wave"].astype(int).to_numpy() - 1
    x = np.column_stack([np.eye(3)[waves], frame["x"], np.eye(3)[waves] * frame[["arm"]].to_numpy()])
    y, same = frame["y"].to_numpy(), frame["id"].to_numpy()[:, None] == frame["id"].to_numpy()[None, :]

    def pieces(sigma):
        v = np.where(same, sigma[np.ix_(waves, waves)], 0.0)
        inverse = np.linalg.inv(v)
        phi = np.linalg.inv(x.T @ inverse @ x)
        beta = phi @ x.T @ inverse @ y
        left = y - x @ beta
        value = -0.5 * (np.linalg.slogdet(v)[1] - np.linalg.slogdet(phi)[1] + left @ inverse @ left + (len(y) - 7) * np.log(2 * np.pi))
        return value, beta, phi

    def loss(root):
        lower = np.zeros((3, 3))
        lower[np.tril_indices(3)] = root
        return -pieces(lower @ lower.T + 1e-12 * np.eye(3))[0]

    best = minimize(loss, np.eye(3)[np.tril_indices(3)], method="BFGS", options={"gtol": 1e-6, "maxiter": 2000})
    sigma = np.array(found[0].extra["covariance"])
    value, beta, phi = pieces(sigma)
    assert found[0].extra["reml_log_likelihood"] == pytest.approx(value, rel=1e-10)
    assert value >= -best.fun - 1e-8
    assert [one.estimate for one in found] == pytest.approx(beta[-3:], rel=1e-8)
    assert [one.std_error for one in found] == pytest.approx(np.sqrt(np.diag(phi)[-3:]), rel=1e-8)
    assert [one.n for one in found] == [int((waves == wave).sum()) for wave in range(3)]


def test_order_of_rows_and_units_dont_matter():
    frame = people(lost=0.2)
    one = fit(frame, covariates=["x"])
    other = fit(frame.sample(frac=1, random_state=1).assign(y=lambda part: 100 + 1000 * part["y"]), covariates=["x"])
    for a, b in zip(one, other, strict=True):
        assert (b.estimate, b.std_error, b.df) == pytest.approx((1000 * a.estimate, 1000 * a.std_error, a.df), rel=1e-6)


def test_what_cant_be_estimated_is_said():
    assert all(one.reason and np.isnan(one.estimate) for one in fit(people().assign(y=1.0)))
    frame = people()
    never_together = frame[~((frame["wave"] == "3") & (frame["id"] > 0)) & ~((frame["id"] == 0) & (frame["wave"] != "3"))]
    assert all(one.reason for one in fit(never_together))
    one_arm = frame[~((frame["wave"] == "2") & (frame["arm"] == 1))]
    assert np.isnan(fit(one_arm)["2"].estimate)
    assert fit(one_arm)["3"].std_error > 0


def test_faults():
    frame = people()
    with pytest.raises(tu.TakeupError, match="already"):
        fit(pd.concat([frame, frame.head(1)]))
    with pytest.raises(tu.TakeupError, match="both arms"):
        fit(frame.assign(arm=frame["arm"].where(frame.index > 0, 1 - frame["arm"])))
    with pytest.raises(tu.TakeupError, match="times"):
        fit(frame[frame["wave"] == "1"])
    with pytest.raises(tu.TakeupError, match="df"):
        fit(frame, df="normal")
