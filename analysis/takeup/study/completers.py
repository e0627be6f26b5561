"""Who is missing at the end of a before-after study: by group, and against those who answered, by what was known at the start."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import TakeupError
from takeup.measure.outcomes import BASELINE
from takeup.results import FrozenMap, Result, ResultSet, Statistic, Test
from takeup.study.material import slug
from takeup.study.participation import stayed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.study.material import Material

ANSWERED, LOST = "answered", "lost"
BANDS = ((0.0, "none"), (0.2, "to_20"), (0.4, "to_40"), (1.0, "over_40"))
"""Upper ends of the bands of a group's share lost, and their names."""
STREAM = 301


def completers(material: Material) -> ResultSet:
    """Share lost; groups by their share lost, and whether they differ more than by chance; starters, those who answered and those lost."""
    here = stayed(material)
    out: list[Result] = [_share("lost", ~here)]
    out += _by_group(material, ~here)
    named = [material.stamp(item, f"completers.{item.table}" + (f".{slug(item.level)}" if item.level else ""), "flow") if isinstance(item, Statistic)
             else material.stamp(item, "completers.groups.test", "design.clusters", material.plan.analyses.seed) for item in out]
    return ResultSet((*named, *_baseline(material, here)))


def _share(table: str, rows: Any) -> Statistic:
    share = float(rows.mean()) if rows.size else math.nan
    return Statistic(table=table, variable="lost", kind="share", value=share, n=rows.size, count=int(rows.sum()))


def _by_group(material: Material, gone: Any) -> Iterator[Result]:
    """Groups by their share lost, and a permutation test of whether groups differ."""
    import pandas as pd

    if material.trial.clusters is None:
        return
    codes = pd.factorize(material.frame[material.trial.clusters])[0]
    sizes, lost = np.bincount(codes), np.bincount(codes, weights=gone)
    shares = lost / sizes
    lowest = -1.0
    for upper, name in BANDS:
        rows = (shares > lowest) & (shares <= upper)
        yield Statistic(table="groups", variable="groups", level=name, kind="share", value=float(rows.mean()), n=shares.size, count=int(rows.sum()))
        lowest = upper
    yield _differ(sizes, lost, codes, gone, material.plan.analyses.draws, material.plan.analyses.seed)


def _differ(sizes: Any, lost: Any, codes: Any, gone: Any, draws: int, seed: int) -> Test:
    """Pearson's chi-square of lost by group, its p-value by giving the lost out among all again and again."""
    share = float(gone.mean())
    if sizes.size < 2 or share in {0.0, 1.0}:
        return Test(outcome="lost", term="groups", n=gone.size, n_clusters=sizes.size, method="chi-square, permuted",
                    reason="Nobody or everybody was lost, or there is one group: nothing to tell apart.")
    scale = sizes * share * (1.0 - share)

    def statistic(counts: Any) -> Any:
        return ((counts - sizes * share) ** 2 / scale).sum(axis=-1)

    stream, times = np.random.default_rng([seed, STREAM]), min(draws, 2_000)
    found = float(statistic(lost))
    drawn = np.array([statistic(np.bincount(codes, weights=stream.permutation(gone), minlength=sizes.size)) for _ in range(times)])
    p = float((1 + (drawn >= found - 1e-9).sum()) / (times + 1))
    return Test(outcome="lost", term="groups", statistic=found, df=float(sizes.size - 1), p_value=p, n=gone.size, n_clusters=sizes.size, draws=times,
                mc_error=math.sqrt(p * (1 - p) / times), method="chi-square, permuted",
                reason="The lost were given out among all at random, again and again.")


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
