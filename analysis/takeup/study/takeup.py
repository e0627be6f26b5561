"""The chapter of take-up: who takes up what they were entitled to before the draw, and what assignment changed.

Right by right, by life domain, by level of government, and over all rights together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import TakeupError
from takeup.measure.rights import COMPOSITES, ELIGIBLE, RECEIVES, UNKNOWN, composite, known, newly, not_entitled, share_reaching
from takeup.release.magnitude import LARGEST, largest
from takeup.results import Estimate, FrozenMap, Result, ResultSet, Statistic
from takeup.study.cascade import cascade, causes
from takeup.study.material import slug
from takeup.study.questions import SMALLEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.estimate.arrays import Floats
    from takeup.measure.rights import Rights
    from takeup.results import Evidence
    from takeup.study.material import Material

Named = tuple[str, Result]
"""The end of a result's id, and the result."""
TABLE = "takeup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Takers:
    """What the chapter works from: rights held by the rows of a frame, and how the frame's arms were drawn.

    Attributes
    ----------
    frame : one row a unit, with the columns of the design
    arms : the treated arms
    estimator : as the plan names it; by rule where it names none (`estimate.choose`)
    covariates : columns of the frame that adjust every effect, after the right's own baseline
    """

    rights: Rights
    frame: DataFrame
    design: Design
    arms: tuple[object, ...]
    estimator: str = "by_rule"
    covariates: tuple[str, ...] = ()
    conf_level: float = 0.95
    evidence: Evidence = "randomized"

    def __repr__(self) -> str:
        return f"Takers({len(self.frame)} units, {len(self.rights.catalogue.rights)} rights)"

    @property
    def before(self) -> str:
        """The wave before the draw."""
        return self.rights.held.before

    @property
    def after(self) -> str:
        """The last wave."""
        return self.rights.held.waves[-1]

    def rows(self, arm: object) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """The rows of an arm."""
        return np.asarray((self.frame[self.design.treatment] == arm).to_numpy(dtype=bool, na_value=False))

    def all_arms(self) -> tuple[object, ...]:
        """Control, then the treated arms."""
        return (self.design.control, *self.arms)

    def suffix(self, arm: object) -> str:
        """What an id ends in, where there are several treated arms."""
        return f".{slug(arm)}" if len(self.arms) > 1 else ""


def takers_of(material: Material) -> Takers | None:
    """What the chapters on rights work from, None for a study without rights."""
    if material.rights is None:
        return None
    analyses = material.plan.analyses
    covariates = tuple(dict.fromkeys(material.trial.resolve(name) for name in analyses.covariates))
    return Takers(rights=material.rights, frame=material.frame, design=material.design, arms=material.arms, estimator=analyses.estimator,
                  covariates=covariates, conf_level=analyses.confidence, evidence=material.plan.evidence)


def takeup(material: Material) -> ResultSet:
    """All results of the chapter; empty for a study without rights."""
    takers = takers_of(material)
    if takers is None:
        return ResultSet()
    return ResultSet(tuple(material.stamp(result, name, "rights") for name, result in tables(takers)))


def tables(takers: Takers) -> Iterator[Named]:
    """Every result of the chapter with its id: the same from a study's tables and from registers that an engine reads."""
    yield from _by_right(takers)
    yield from _by_group(takers)
    yield from _over_all(takers)
    yield from cascade(takers)
    yield from causes(takers)
    odd = not_entitled(takers.rights.held).any(axis=1)
    for arm in takers.all_arms():
        count = int((odd & takers.rows(arm)).sum())
        if count:
            yield f"takeup.not_entitled.{slug(arm)}", number("not_entitled", "all", arm, count)


def _by_right(takers: Takers) -> Iterator[Named]:
    """Rates, what is new, and effects for each right; the effects' q-values are over all rights of an arm."""
    held = takers.rights.held
    fresh = newly(held, takers.after)
    effects: dict[object, list[tuple[str, Estimate]]] = {arm: [] for arm in takers.arms}
    for place, right in enumerate(takers.rights.catalogue.rights):
        eligible = held.at(ELIGIBLE, takers.before)[:, place]
        now, new = known(held.at(RECEIVES, takers.after)[:, place]), known(fresh[:, place])
        without = (eligible == 1) & (held.at(RECEIVES, takers.before)[:, place] == 0)
        for arm in takers.all_arms():
            rows, end = takers.rows(arm), slug(arm)
            for wave in (takers.before, takers.after):
                values = known(held.at(RECEIVES, wave)[:, place])
                yield f"takeup.rate.{right.id}.{slug(wave)}.{end}", share(TABLE, right.id, arm, values[rows & (eligible == 1)], wave)
            none = share("non_takeup", right.id, arm, 1.0 - now[rows & (eligible == 1)], takers.after)
            yield f"takeup.non_takeup.{right.id}.{end}", none
            yield f"takeup.new.{right.id}.{end}", share("newly_obtained", right.id, arm, new[rows & without], takers.after)
            open_ = int((rows & (eligible == UNKNOWN)).sum())
            if open_:
                yield f"takeup.unknown.{right.id}.{end}", number("unknown_eligibility", right.id, arm, open_)
        for arm in takers.arms:
            then = known(held.at(RECEIVES, takers.before)[:, place])
            found = effect(takers, right.id, np.where(eligible == 1, now, np.nan), eligible == 1, arm, baseline=then)
            effects[arm].append((right.id, found))
            yield from _bounds(takers, found, now, eligible, arm)
    for arm in takers.arms:
        for name, found in _with_q(effects[arm]):
            yield f"takeup.effect.{name}{takers.suffix(arm)}", found


def _by_group(takers: Takers) -> Iterator[Named]:
    """By domain, by level and over all: the share of a family's rights that it takes up, averaged over families."""
    catalogue, held = takers.rights.catalogue, takers.rights.held
    groups = [("all", "all", {}), *(("domain", name, {"domain": name}) for name in catalogue.domains),
              *(("level", name, {"level": name}) for name in catalogue.levels)]
    for kind, name, which in groups:
        places = takers.rights.places(**which)
        if not places.size:
            continue
        entitled = (held.at(ELIGIBLE, takers.before)[:, places] == 1).any(axis=1)
        label = name if kind == "all" else f"{kind}_{name}"
        shares = {wave: share_reaching(held, RECEIVES, wave, places) for wave in (takers.before, takers.after)}
        for wave, values in shares.items():
            for arm in takers.all_arms():
                mean = average(TABLE, label, arm, values[takers.rows(arm) & entitled], wave)
                yield f"takeup.rate.{label}.{slug(wave)}.{slug(arm)}", mean
        for arm in takers.arms:
            found = effect(takers, label, shares[takers.after], entitled, arm, baseline=shares[takers.before])
            yield f"takeup.effect.{label}{takers.suffix(arm)}", found


def _over_all(takers: Takers) -> Iterator[Named]:
    """Any new right, new rights and euros a month, among all units, whatever they were eligible for."""
    for name in COMPOSITES:
        if name == "share_held" or (name.startswith("euros") and takers.after not in takers.rights.held.amounts):
            continue
        values = composite(takers.rights, name, takers.after)
        for arm in takers.all_arms():
            make = share if name == "any_new" else average
            yield f"takeup.over_all.{name}.{slug(arm)}", make("over_all", name, arm, values[takers.rows(arm)], takers.after)
        then = composite(takers.rights, name, takers.before) if name.startswith("euros") else None
        for arm in takers.arms:
            found = effect(takers, name, values, np.ones(values.size, dtype=bool), arm, baseline=then)
            yield f"takeup.effect.{name}{takers.suffix(arm)}", found
    partly = (newly(takers.rights.held, takers.after) == UNKNOWN).any(axis=1) & ~np.isnan(values)
    for arm in takers.all_arms():
        count = int((partly & takers.rows(arm)).sum())
        if count:
            yield f"takeup.partly_unknown.{slug(arm)}", number("partly_unknown", "n_new", arm, count)


def effect(
    takers: Takers, name: str, values: Floats, asked: np.ndarray[Any, Any], arm: object, term: str = TABLE, baseline: Floats | None = None,
) -> Estimate:
    """The effect of assignment on a column of values among the rows asked about, by the plan's estimator with the design's inference.

    `baseline` is the same before the draw, for an estimator that adjusts; the means in `extra` are those of the arms as they are.
    """
    from takeup.estimate.choose import choose, estimate

    design = takers.design
    rows = np.flatnonzero(asked & (takers.rows(arm) | takers.rows(design.control)))
    before = {} if baseline is None or np.isnan(baseline[rows]).all() else {f"takeup {name} before": baseline[rows]}
    frame = takers.frame[list(dict.fromkeys((*design.columns, *takers.covariates)))].iloc[rows].assign(**{f"takeup {name}": values[rows]}, **before)
    try:
        choice = choose(frame, f"takeup {name}", design, covariates=(*before, *takers.covariates), arm=arm, estimator=takers.estimator)
        found = estimate(frame, f"takeup {name}", design, choice, arm=arm, conf_level=takers.conf_level)
    except TakeupError as error:
        found = Estimate(outcome=name, arm=str(arm), estimate=math.nan, conf_level=takers.conf_level, method=takers.estimator, reason=str(error))
    sides = {"mean_treated": takers.rows(arm), "mean_control": takers.rows(design.control)}
    means = {label: float(values[side & asked & ~np.isnan(values)].mean()) for label, side in sides.items()
             if (side & asked & ~np.isnan(values)).any()}
    extra: dict[str, Any] = {**found.extra, **means}
    extra[LARGEST] = tuple(largest(values[side & asked]) for side in sides.values())
    seen = values[rows]
    if np.isin(seen[~np.isnan(seen)], (0.0, 1.0)).all():
        cells = [values[rows & asked & ~np.isnan(values)] for rows in (takers.rows(arm), takers.rows(design.control))]
        counts = [size for cell in cells for size in (int(cell.sum()), int(cell.size - cell.sum())) if size]
        extra[SMALLEST] = min(counts, default=0)
    return found.replace(outcome=name, term=term, evidence=takers.evidence, extra=FrozenMap(extra))


def _with_q(effects: list[tuple[str, Estimate]]) -> Iterator[tuple[str, Estimate]]:
    """The effects with sharpened q-values over all rights that have a p-value."""
    from takeup.infer.multiplicity import adjust

    p_values = [found.p_value for _, found in effects if not math.isnan(found.p_value)]
    q_values = iter(adjust(p_values, "sharpened_q").tolist() if p_values else ())
    for name, found in effects:
        q_value = math.nan if math.isnan(found.p_value) else next(q_values)
        yield name, found.replace(extra=FrozenMap({**found.extra, "q_value": q_value}))


def _bounds(takers: Takers, found: Estimate, now: Floats, eligible: np.ndarray[Any, Any], arm: object) -> Iterator[Named]:
    """Worst and best case around an effect, where it isn't known of somebody whether he was eligible.

    The bounds of the plain difference of rates, moved by what the weights of blocks change in the estimate, so that the estimate lies within;
    their standard errors are at least the estimate's, which knows of blocks and providers.
    """
    from takeup.missing.eligibility import eligibility_bounds
    from takeup.missing.interval import imbens_manski

    inside = takers.rows(arm) | takers.rows(takers.design.control)
    if not (inside & (eligible == UNKNOWN)).any():
        return
    treated = takers.rows(arm)[inside]
    bounds = eligibility_bounds(now[inside], eligible[inside], treated, outcome=found.outcome, arm=str(arm), conf_level=takers.conf_level)
    sure = [now[inside][(eligible[inside] == 1) & side] for side in (treated, ~treated)]
    means = [float(values[~np.isnan(values)].mean()) if (~np.isnan(values)).any() else math.nan for values in sure]
    move = found.estimate - (means[0] - means[1])
    if not math.isnan(move):
        ends = bounds.lower + move, bounds.upper + move
        errors = max(bounds.std_error_lower, found.std_error), max(bounds.std_error_upper, found.std_error)
        low, high, _critical = imbens_manski(*ends, *errors, takers.conf_level)
        bounds = bounds.replace(lower=ends[0], upper=ends[1], std_error_lower=errors[0], std_error_upper=errors[1], conf_low=low, conf_high=high)
    extra = {name: value for name, value in bounds.extra.items() if not name.startswith("count")}  # they stand in results of their own
    extra |= {name: found.extra[name] for name in (SMALLEST,) if name in found.extra}
    yield f"takeup.bounds.{found.outcome}{takers.suffix(arm)}", bounds.replace(extra=FrozenMap(extra))


def number(table: str, name: str, arm: object, count: int) -> Statistic:
    """A number of units."""
    return Statistic(table=table, variable=name, arm=str(arm), kind="count", value=float(count), count=count, n=count)


def share(table: str, name: str, arm: object, values: Floats, wave: str = "") -> Statistic:
    """The share of ones among the known values."""
    seen = values[~np.isnan(values)]
    return Statistic(table=table, variable=name, arm=str(arm), wave=wave, kind="share", value=float(seen.mean()) if seen.size else math.nan,
                     n=seen.size, count=int(seen.sum()), reason="" if seen.size else "Nobody to ask it of.")


def average(table: str, name: str, arm: object, values: Floats, wave: str = "") -> Statistic:
    """The mean of the known values."""
    seen = values[~np.isnan(values)]
    return Statistic(table=table, variable=name, arm=str(arm), wave=wave, kind="mean", value=float(seen.mean()) if seen.size else math.nan,
                     n=seen.size, extra=FrozenMap({LARGEST: largest(seen)}), reason="" if seen.size else "Nobody to ask it of.")
