"""Kenward and Roger's formulas written out with n x n matrices."""

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.estimate.kenward_roger import kenward_roger


def test_sums_over_groups_are_the_full_matrices():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(6), [2, 3, 4, 2, 5, 3])
    x = np.column_stack([np.ones(19), groups % 2, rng.normal(size=19)])
    g, e, contrast = 0.7, 1.3, np.array([0.0, 1.0, 0.0])
    parts = [(groups[:, None] == groups[None, :]).astype(float), np.eye(19)]
    inverse = np.linalg.inv(g * parts[0] + e * parts[1])
    phi = np.linalg.inv(x.T @ inverse @ x)
    p = [-x.T @ inverse @ part @ inverse @ x for part in parts]
    q = [[x.T @ inverse @ a @ inverse @ b @ inverse @ x for b in parts] for a in parts]
    info = np.array([[0.5 * (np.trace(inverse @ parts[i] @ inverse @ parts[j]) - 2 * np.trace(phi @ q[i][j]) + np.trace(phi @ p[i] @ phi @ p[j]))
                      for j in (0, 1)] for i in (0, 1)])
    w = np.linalg.inv(info)
    adjusted = phi + 2 * phi @ sum(w[i, j] * (q[i][j] - p[i] @ phi @ p[j]) for i in (0, 1) for j in (0, 1)) @ phi
    theta = np.outer(contrast, contrast) / (contrast @ phi @ contrast)
    a = sum(w[i, j] * np.trace(theta @ phi @ p[i] @ phi) * np.trace(theta @ phi @ p[j] @ phi) for i in (0, 1) for j in (0, 1))
    assert kenward_roger(x, groups, g, e, contrast) == pytest.approx((np.sqrt(contrast @ adjusted @ contrast), 2 / a), rel=1e-10)


def test_balanced_groups_are_the_t_test_of_their_means():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"school": np.repeat(np.arange(10), 6)})
    frame["arm"] = frame["school"] % 2
    frame["y"] = rng.normal(size=10)[frame["school"]] + rng.normal(size=60)
    found = tu.mixed(frame, "y", tu.Design("arm", 0), group="school", df="kenward_roger")
    means = tu.ancova(frame.groupby("school", as_index=False).mean(), "y", tu.Design("arm", 0), se_type="classical")
    assert (found.estimate, found.std_error, found.df) == pytest.approx((means.estimate, means.std_error, 8.0), rel=1e-6)


def test_it_goes_with_reml_only():
    frame = pd.DataFrame({"g": [1, 1, 2, 2], "arm": [0, 0, 1, 1], "y": [1.0, 2.0, 3.0, 5.0]})
    with pytest.raises(tu.TakeupError, match="kenward_roger"):
        tu.mixed(frame, "y", tu.Design("arm", 0), group="g", df="kenward_roger", criterion="ML")
