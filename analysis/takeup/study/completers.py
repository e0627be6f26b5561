"""Who is missing at the end of a before-after study: by group, by reason, and against those who answered, by what was known at the start."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import TakeupError
from takeup.measure.outcomes import BASELINE
from takeup.results import FrozenMap, Result, ResultSet, Statistic, Test
from takeup.study.material import slug
from takeup.study.participation import leaving, stayed
from takeup.study.programme import PATH, measured_twice, months

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.study.material import Material

ANSWERED, LOST = "answered", "lost"
BANDS = ((0.1, "to_10"), (0.2, "to_20"), (0.3, "to_30"), (0.4, "to_40"), (0.5, "to_50"), (1.0, "over_50"))
"""Upper ends of the bands of a group's share lost, and their names."""
STREAM = 301
LEFT, REASONS, MONTHS = "left", "reasons", "months"


def completers(material: Material) -> ResultSet:
    """Share lost; groups by their share lost, and how far they differ beyond chance; reasons; starters, those who answered and those lost."""
    here = stayed(material)
    out: list[Result] = [_share("lost", ~here)]
    out += _by_group(material, ~here)
    named = [material.stamp(item, f"completers.{item.table}" + (f".{slug(item.level)}" if item.level else ""), "flow") if isinstance(item, Statistic)
             else material.stamp(item, "completers.groups.test", "design.clusters", material.plan.analyses.seed) for item in out]
    return ResultSet((*named, *_by_reason(material), *_baseline(material, here)))


def _share(table: str, rows: Any) -> Statistic:
    share = float(rows.mean()) if rows.size else math.nan
    return Statistic(table=table, variable="lost", kind="share", value=share, n=rows.size, count=int(rows.sum()))


def _by_group(material: Material, gone: Any) -> Iterator[Result]:
    """Groups by their share lost, beside as many as chance alone lets expect, and a permutation test of whether groups differ."""
    import pandas as pd

    if material.trial.clusters is None:
        return
    codes = pd.factorize(material.frame[material.trial.clusters])[0]
    sizes, lost = np.bincount(codes), np.bincount(codes, weights=gone)
    test, drawn = _differ(sizes, lost, codes, gone, material.plan.analyses.draws, material.plan.analyses.seed)
    counted, expected = _in_bands(lost / sizes), _in_bands(drawn / sizes)
    for (_, name), rows, chance in zip(BANDS, counted, expected, strict=True):
        yield Statistic(table="groups", variable="groups", level=name, kind="share", value=float(rows.mean()), n=sizes.size, count=int(rows.sum()),
                        extra=FrozenMap(expected=float(chance.mean()) if drawn.size else math.nan))
    yield test


def _in_bands(shares: Any) -> list[Any]:
    """By band, which groups' shares lie in it."""
    lowest = (-1.0, *(upper for upper, _ in BANDS))
    return [(shares > low) & (shares <= upper) for low, (upper, _) in zip(lowest, BANDS, strict=False)]


def _differ(sizes: Any, lost: Any, codes: Any, gone: Any, draws: int, seed: int) -> tuple[Test, Any]:
    """Pearson's chi-square of lost by group, its p-value by giving the lost out among all again and again, and how many each group then lost.

    `sd_between`, the spread of the groups' shares beyond chance, is DerSimonian and Laird's: what of the chi-square is beyond its degrees of freedom.
    """
    share = float(gone.mean())
    if sizes.size < 2 or share in {0.0, 1.0}:
        return Test(outcome="lost", term="groups", n=gone.size, n_clusters=sizes.size, method="chi-square, permuted",
                    reason="Nobody or everybody was lost, or there is one group: nothing to tell apart."), np.zeros((0, sizes.size))
    scale = sizes * share * (1.0 - share)

    def statistic(counts: Any) -> Any:
        return ((counts - sizes * share) ** 2 / scale).sum(axis=-1)

    stream, times = np.random.default_rng([seed, STREAM]), min(draws, 2_000)
    found = float(statistic(lost))
    drawn = np.array([np.bincount(codes, weights=stream.permutation(gone), minlength=sizes.size) for _ in range(times)])
    p = float((1 + (statistic(drawn) >= found - 1e-9).sum()) / (times + 1))
    weights = sizes / (share * (1.0 - share))
    beyond = (found - (sizes.size - 1)) / (weights.sum() - (weights**2).sum() / weights.sum())
    test = Test(outcome="lost", term="groups", statistic=found, df=float(sizes.size - 1), p_value=p, n=gone.size, n_clusters=sizes.size, draws=times,
                mc_error=math.sqrt(p * (1 - p) / times), method="chi-square, permuted",
                reason="The lost were given out among all at random, again and again.", extra=FrozenMap(sd_between=math.sqrt(max(beyond, 0.0))))
    return test, drawn


def _by_reason(material: Material) -> Iterator[Result]:
    """For each reason to leave early, how many months those women had and how they were at the start; how many they are stands in the flow."""
    import pandas as pd

    reasons = leaving(material)
    if reasons is None:
        return
    told = pd.Series(reasons, dtype=object).to_numpy()
    first = [(outcome.id + BASELINE, outcome.waves[0]) for outcome, _ in measured_twice(material, "continuous") if outcome.role == "primary"]
    columns = {name: (wave, material.frame[name].to_numpy(dtype=float, na_value=np.nan)) for name, wave in first}
    long = months(material, material.frame)
    if long is not None:
        columns = {MONTHS: ("", long), **columns}
    for reason in sorted({word for word in reasons if word}):
        for name, (wave, values) in columns.items():
            seen = values[told == reason]
            seen = seen[~np.isnan(seen)]
            made = Statistic(table=REASONS, variable=name, wave=wave, kind="mean", value=float(seen.mean()) if seen.size else math.nan, n=seen.size,
                             reason="" if seen.size else "Nobody has a value.", extra=FrozenMap(by=LEFT, level=reason))
            yield material.stamp(made, ".".join(("completers", REASONS, slug(reason), slug(name))), PATH)


def _baseline(material: Material, here: Any) -> Iterator[Result]:
    """What was known at the start of those who answered at the end and of those lost, and of both."""
    from takeup.describe.balance import balance
    from takeup.design import Design

    names = dict.fromkeys([*(material.trial.resolve(name) for name in material.plan.analyses.balance),
                           *(outcome.id + BASELINE for outcome in material.plan.outcomes if not outcome.index)])
    frame = material.frame.assign(**{"takeup stayed": np.where(here, ANSWERED, LOST)})
    try:
        table = balance(frame, list(names), Design("takeup stayed", ANSWERED), draws=1)
    except TakeupError:
        return  # nobody was lost, or nobody answered: nothing to hold beside one another
    for item in table.results():
        if isinstance(item, Statistic):
            made = item.replace(table="completers", extra=FrozenMap({key: value for key, value in item.extra.items() if key != "n_missing"}))
            parts = [slug(part) for part in (item.variable, item.level, item.arm, item.kind) if part]
            yield material.stamp(made, ".".join(("completers", *parts)), "analyses.balance")
    for row in {(row.variable, row.level): row for row in table.rows}.values():
        yield _whole(material, row)


def _whole(material: Material, row: Any) -> Any:
    """The same of all who started."""
    n = row.n_treated + row.n_control
    mean = (row.mean_treated * row.n_treated + row.mean_control * row.n_control) / n if row.n_treated and row.n_control else math.nan
    count = round(mean * n) if row.kind == "share" and not math.isnan(mean) else None
    made = Statistic(table="completers", variable=row.variable, level=row.level, kind=row.kind, value=mean, n=n, count=count)
    return material.stamp(made, ".".join(("completers", *(slug(part) for part in (row.variable, row.level) if part), "all")), "analyses.balance")
