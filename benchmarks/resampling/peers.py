"""What others would run: careful loops in NumPy and statsmodels, SciPy's permutation test, and pyfixest and wildboottest where they are installed.

Each peer is a function (data, replicates) -> None that does so many replicates for all outcomes.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from importlib.util import find_spec

import numpy as np

PYFIXEST = find_spec("pyfixest") is not None


def matrices(frame, outcomes, covariates):
    x = np.column_stack([np.ones(len(frame)), frame[covariates].to_numpy(float)])
    return frame[outcomes].to_numpy(float), x, frame["arm"].to_numpy(float)


def numpy_hc2(data, replicates):
    """One inverse a draw serves all outcomes; leverages as row sums. The best loop that we could write."""
    frame, outcomes, covariates = data
    y, x, d = matrices(frame, outcomes, covariates)
    rng = np.random.default_rng(0)
    null = np.empty((replicates, y.shape[1]))
    full = np.column_stack([x, d])
    for r in range(replicates):
        full[:, -1] = rng.permutation(d)
        spread = full @ np.linalg.inv(full.T @ full)
        e = y - full @ (spread.T @ y)
        weight = spread[:, -1] ** 2 / (1.0 - (spread * full).sum(axis=1))
        null[r] = (spread[:, -1] @ y) / np.sqrt(weight @ e**2)
    return null


def numpy_cr1(data, replicates):
    frame, outcomes, covariates = data
    y, x, d = matrices(frame, outcomes, covariates)
    cluster = frame["cluster"].to_numpy()
    arm = frame.groupby("cluster")["arm"].first().to_numpy(float)
    starts = np.flatnonzero(np.diff(cluster, prepend=-1))
    rng = np.random.default_rng(0)
    full = np.column_stack([x, d])
    null = np.empty((replicates, y.shape[1]))
    for r in range(replicates):
        full[:, -1] = rng.permutation(arm)[cluster]
        spread = full @ np.linalg.inv(full.T @ full)
        e = y - full @ (spread.T @ y)
        scores = np.add.reduceat(spread[:, -1:] * e, starts, axis=0)
        null[r] = (spread[:, -1] @ y) / np.sqrt((scores**2).sum(axis=0))
    return null


def numpy_trial(data, replicates):
    """The same loop where each regression has rows and covariates of its own."""
    frame, outcomes, covariates = data
    arm = frame["arm"].to_numpy(float)
    jobs = []
    for name in outcomes:
        y = frame[name].to_numpy(float)
        rows = np.flatnonzero(~np.isnan(y))
        jobs.append((y[rows], rows, np.column_stack([np.ones(rows.size), frame[covariates[name]].to_numpy(float)[rows], arm[rows]])))
    rng = np.random.default_rng(0)
    for _ in range(replicates):
        drawn = rng.permutation(arm)
        for y, rows, full in jobs:
            full[:, -1] = drawn[rows]
            spread = full @ np.linalg.inv(full.T @ full)
            e = y - full @ (spread.T @ y)
            weight = spread[:, -1] ** 2 / (1.0 - (spread * full).sum(axis=1))
            _ = (spread[:, -1] @ y) / np.sqrt(weight @ e**2)


def statsmodels_hc2(data, replicates):
    import statsmodels.api as sm

    frame, outcomes, covariates = data
    y, x, d = matrices(frame, outcomes, covariates)
    rng = np.random.default_rng(0)
    for _ in range(replicates):
        full = np.column_stack([x, rng.permutation(d)])
        for column in y.T:
            _ = sm.OLS(column, full).fit(cov_type="HC2").tvalues[-1]


def statsmodels_cr1(data, replicates):
    import statsmodels.api as sm

    frame, outcomes, covariates = data
    y, x, _ = matrices(frame, outcomes, covariates)
    cluster = frame["cluster"].to_numpy()
    arm = frame.groupby("cluster")["arm"].first().to_numpy(float)
    rng = np.random.default_rng(0)
    for _ in range(replicates):
        full = np.column_stack([x, rng.permutation(arm)[cluster]])
        for column in y.T:
            _ = sm.OLS(column, full).fit(cov_type="cluster", cov_kwds={"groups": cluster}).tvalues[-1]


def scipy_means(data, replicates):
    """SciPy's own permutation test, vectorised over outcomes, in batches that fit the cache."""
    from scipy.stats import permutation_test

    frame, outcomes, _ = data
    y, d = frame[outcomes].to_numpy(float), frame["arm"].to_numpy()

    def difference(first, second, axis):
        return first.mean(axis=axis) - second.mean(axis=axis)

    permutation_test((y[d == 1], y[d == 0]), difference, n_resamples=replicates, vectorized=True, axis=0, batch=max(1, 2**20 // y.size),
                     rng=np.random.default_rng(0))


def fixest_models(data):
    import pyfixest as pf

    frame, outcomes, covariates = data
    frame = frame.astype(dict.fromkeys(["arm", *outcomes, *covariates], float))  # its compiled code wants numbers of one kind
    right = " + ".join(["arm", *covariates])
    vcov = {"CRV1": "cluster"} if "cluster" in frame else "hetero"
    return [pf.feols(f"{name} ~ {right}", frame, vcov=vcov) for name in outcomes]


def _ritest(data, replicates, kind):
    cluster = "cluster" if "cluster" in data[0] else None
    with quiet():
        for model in fixest_models(data):
            model.ritest("arm", cluster=cluster, reps=replicates, type=kind, rng=np.random.default_rng(0))


def fixest_coefficient(data, replicates):
    _ritest(data, replicates, "randomization-c")


def fixest_t(data, replicates):
    _ritest(data, replicates, "randomization-t")


def fixest_wild(data, replicates):
    with quiet():
        for model in fixest_models(data):
            model.wildboottest(reps=replicates, cluster="cluster", param="arm", seed=1)


def fixest_stepdown_wild(data, replicates):
    import pyfixest as pf

    with quiet():
        pf.rwolf(fixest_models(data), "arm", reps=replicates, seed=1)


def fixest_stepdown_ri(data, replicates):
    import pyfixest as pf

    with quiet():
        pf.rwolf(fixest_models(data), "arm", reps=replicates, seed=1, sampling_method="ri")


def statsmodels_power(study, replicates):
    """Clustered ANCOVA of simulated rows, CR1, one fit a simulation."""
    import statsmodels.api as sm

    groups, size, icc, correlation, effect = study
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(groups), size)
    d = (np.arange(groups) % 2)[cluster].astype(float)
    for _ in range(replicates):
        pair = [np.sqrt(1 - icc) * rng.normal(size=cluster.size) + np.sqrt(icc) * rng.normal(size=groups)[cluster] for _ in range(2)]
        y = correlation * pair[0] + np.sqrt(1 - correlation**2) * pair[1] + effect * d
        _ = sm.OLS(y, np.column_stack([np.ones(d.size), pair[0], d])).fit(cov_type="cluster", cov_kwds={"groups": cluster}, use_t=True).pvalues[-1]


def _lee(y, treated):
    """Both of Lee's bounds on one sample of people (the treated arm is the one that responds more)."""
    first, second = y[treated == 1], y[treated == 0]
    share = 1.0 - (~np.isnan(second)).mean() / (~np.isnan(first)).mean()
    seen = np.sort(first[~np.isnan(first)])
    cut = round(share * seen.size)
    control = np.nanmean(second)
    return seen[: seen.size - cut].mean() - control, seen[cut:].mean() - control


def scipy_lee(frame, replicates):
    """SciPy's bootstrap of both bounds, people drawn with their arm and response."""
    from scipy.stats import bootstrap

    y, treated = frame["y"].to_numpy(), frame["arm"].to_numpy()
    bootstrap((np.arange(y.size),), lambda rows: np.array(_lee(y[rows], treated[rows])), n_resamples=replicates, vectorized=False,
              method="percentile", rng=np.random.default_rng(0))


def pandas_lee(frame, replicates):
    """The loop that is mostly written: a resampled frame, quantiles and means by arm."""
    for seed in range(replicates):
        drawn = frame.sample(len(frame), replace=True, random_state=seed)
        treated, control = drawn[drawn["arm"] == 1]["y"], drawn[drawn["arm"] == 0]["y"]
        share = 1.0 - control.notna().mean() / treated.notna().mean()
        low, high = treated.quantile(share), treated.quantile(1.0 - share)
        _ = treated[treated <= high].mean() - control.mean(), treated[treated >= low].mean() - control.mean()


@contextlib.contextmanager
def quiet():
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
