"""After the trial: the social workers move to district centres, some districts sooner than others, and new rights rise where they have come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from takeup.demo.mission.families import generator

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.demo.mission.parameters import Parameters


def rollout(seed: int, parameters: Parameters) -> DataFrame:
    """One row a district and month."""
    from pandas import DataFrame, Series

    rng, months = generator(seed, 73), int(parameters["rollout.months"])
    waves = parameters["rollout.waves"]
    opened = np.repeat([int(wave) for wave in waves], int(parameters["rollout.districts"]) // len(waves))
    fewest, most = parameters["rollout.families"]
    families = rng.integers(fewest, most, opened.size)
    level = rng.normal(parameters["rollout.level"], parameters["rollout.level_sd"], opened.size)
    month = np.arange(1, months + 1)
    season = parameters["rollout.season"] * np.sin(2 * np.pi * month / 12)
    course = level[:, None] + parameters["rollout.trend"] * month + season + rng.normal(0, parameters["rollout.noise"], (opened.size, months))
    values = np.maximum(course + effect(opened[:, None], month[None, :], parameters), 0.0)
    since = Series(np.repeat(opened, months), dtype="Int64")
    return DataFrame({
        "district": np.repeat(np.arange(1, opened.size + 1), months), "month": np.tile(month, opened.size),
        "centre_since": since.mask(since > months), "families": np.repeat(families, months), "new_rights_per_100": np.round(values.ravel(), 2),
    })


def effect(opened: np.ndarray, month: np.ndarray, parameters: Parameters) -> np.ndarray:
    """New rights per 100 families more, by months since the centre opened: it grows to its full height, and later districts gain less."""
    since = month - opened + 1
    full = parameters["rollout.full"] * np.where(opened > min(parameters["rollout.waves"]), parameters["rollout.later"], 1.0)
    return np.asarray(np.where(since > 0, full * np.minimum(since / parameters["rollout.grows"], 1.0), 0.0))


def true_overall(seed: int, parameters: Parameters) -> float:
    """The mean effect over each district's months with a centre, districts weighted by families: what `group_time` calls overall."""
    frame, months = rollout(seed, parameters), int(parameters["rollout.months"])
    never = [int(wave) for wave in parameters["rollout.waves"] if wave > months]
    firsts = frame.drop_duplicates("district").dropna(subset="centre_since")
    total = weight = 0.0
    for cohort, size in firsts.groupby("centre_since")["families"].sum().items():
        span = np.arange(int(str(cohort)), months + 1)
        total += float(size) * float(effect(np.array(int(str(cohort))), span, parameters).mean())
        weight += float(size)
    return total / weight if never and weight else float("nan")
