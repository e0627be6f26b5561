"""The trials that are timed: made up with a fixed seed, and one real one (Thornton 2008, villages drawn)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import takeup as tu

DATA = Path(__file__).resolve().parents[2] / "tests" / "parity" / "data"
UNITS = tu.Design("arm", 0)
BLOCKS = tu.Design("arm", 0, draw="blocked", blocks="block")
CLUSTERS = tu.Design("arm", 0, draw="clustered", clusters="cluster")


def units(n: int, k: int, covariates: int = 3, seed: int = 1) -> tuple[pd.DataFrame, list[str], list[str]]:
    """n people in two equal arms, k skewed outcomes: the frame, its outcomes and its covariates."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, covariates))
    y = rng.exponential(size=(n, k)) + x[:, :1] * 0.5
    names, xs = [f"y{j}" for j in range(k)], [f"x{j}" for j in range(covariates)]
    arm = pd.Series(rng.permutation(np.arange(n) % 2), name="arm")
    return pd.concat([arm, pd.DataFrame(x, columns=xs), pd.DataFrame(y, columns=names)], axis=1), names, xs


def clusters(groups: int, n: int, k: int, seed: int = 1) -> tuple[pd.DataFrame, list[str], list[str]]:
    """n people in clusters that are drawn whole."""
    frame, names, xs = units(n, k, seed=seed)
    rng = np.random.default_rng(seed)
    cluster = np.arange(n) * groups // n
    frame["cluster"], frame["arm"] = cluster, rng.permutation(np.arange(groups) % 2)[cluster]
    frame[names] += rng.normal(size=(groups, k))[cluster] * 0.3
    return frame, names, xs


def blocks(n: int, k: int, size: int = 4, seed: int = 1) -> tuple[pd.DataFrame, list[str], list[str]]:
    """n people in blocks, half of each treated."""
    frame, names, xs = units(n, k, seed=seed)
    rng = np.random.default_rng(seed)
    frame["block"] = np.arange(n) // size
    frame["arm"] = np.concatenate([rng.permutation(np.arange(size) % 2) for _ in range(n // size)])
    return frame, names, xs


def holes(n: int = 500, v: int = 8, share: float = 0.15, seed: int = 1) -> pd.DataFrame:
    """n people in two arms, v correlated variables with holes."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, v)) + rng.normal(size=(n, 1))
    x[rng.random((n, v)) < share] = np.nan
    return pd.DataFrame(x, columns=[f"v{j}" for j in range(v)]).assign(arm=rng.permutation(np.arange(n) % 2))


def attrition(n: int = 1000, seed: int = 1) -> pd.DataFrame:
    """n people in two arms, an outcome that 80 % and 70 % of them have."""
    rng = np.random.default_rng(seed)
    arm = rng.permutation(np.arange(n) % 2)
    y = rng.normal(size=n) + 0.3 * arm
    y[rng.random(n) > np.where(arm == 1, 0.8, 0.7)] = np.nan
    return pd.DataFrame({"arm": arm, "y": y})


def thornton() -> tuple[pd.DataFrame, list[str], list[str]]:
    """The 119 villages of Thornton (2008): learning one's result on distance and age, with a made-up draw of villages."""
    frame = pd.read_csv(DATA / "thornton.csv").dropna(subset=["any", "got", "villnum", "distvct", "age"]).reset_index(drop=True)
    villages = np.unique(frame["villnum"], return_inverse=True)[1]
    frame["cluster"] = villages
    frame["arm"] = np.random.default_rng(1).permutation(np.arange(villages.max() + 1) % 2)[villages]
    return frame, ["got"], ["distvct", "age"]


def mission() -> tuple[pd.DataFrame, list[str], dict[str, list[str]]]:
    """A trial like MISSION: 133 families, 12 outcomes with a baseline each, 5 % missing, 3 covariates, and each outcome in 5 subgroups too.

    A subgroup's outcome is the outcome with the other families missing, so that all 72 share the draws of the whole trial.
    """
    rng = np.random.default_rng(1)
    n, k = 133, 12
    shared = pd.DataFrame(rng.normal(size=(n, 3)), columns=["x0", "x1", "x2"])
    columns: dict[str, np.ndarray] = {"arm": rng.permutation(np.arange(n) % 2)}
    covariates: dict[str, list[str]] = {}
    groups = [rng.random(n) < share for share in (0.5, 0.4, 0.6, 0.3, 0.7)]
    for j in range(k):
        before = rng.normal(size=n)
        y = 0.5 * before + rng.exponential(size=n)
        y[rng.random(n) < 0.05] = np.nan
        columns |= {f"before{j}": before, f"y{j}": y}
        covariates[f"y{j}"] = [f"before{j}", "x0", "x1", "x2"]
        for g, group in enumerate(groups):
            columns[f"y{j} in {g}"] = np.where(group, y, np.nan)
            covariates[f"y{j} in {g}"] = covariates[f"y{j}"]
    return pd.concat([pd.DataFrame(columns), shared], axis=1), list(covariates), covariates
