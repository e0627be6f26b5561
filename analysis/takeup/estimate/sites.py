"""How far centres differ: a mixed model with groups nested in centres, each centre's mean drawn to the average as far as its size asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import EstimateError, Fault
from takeup.estimate.columns import codes, columns_exist, numeric
from takeup.estimate.meta import meta
from takeup.estimate.nested import PARTS, nested
from takeup.estimate.tails import check_level, critical, p_value
from takeup.results import NAN, Estimate, FrozenMap, ResultSet

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.estimate.arrays import Codes
    from takeup.estimate.nested import Nested

AVERAGE, POOLED, CENTRE = "average", "pooled", "centre"
NO_RANKING = "A centre's place in an order of such numbers is mostly chance: this isn't a league table."


def sites(
    frame: DataFrame, outcome: str, *, centre: str, group: str | None = None, before: str | None = None, conf_level: float = 0.95,
) -> ResultSet:
    """Mean over centres, variance between centres, groups and people, and each centre's own mean, shrunken by how little it says.

    Parameters
    ----------
    frame : DataFrame, one row a person
    outcome : column of the measurement, in any units
    centre : column of the centres
    group : column of the groups within a centre, whose members share more than the centre; one group a centre where left out
    before : column of the same measurement at the start; then it is the change that is described

    Returns
    -------
    ResultSet
        First the average over centres (`term` "average"; standard error given the variances, t with centres less one). In `extra`:
        `var_centre`, `var_group`, `var_residual` (squared units; restricted maximum likelihood) each with `_low` and `_high` (profile
        likelihood), the same as standard deviations (`sd_centre` ...), `icc_centre` and `icc_group` (share of the variance that is between
        centres, and between groups of a centre), `centres`, `groups` (their numbers). Then the random-effects meta-analysis of the centres' own means
        (`term` "pooled"; see `takeup.meta`), their standard errors holding the spread between groups. Then each centre (`term` is its label):
        `estimate` is the shrunken mean with an interval by the normal; `extra` has `raw` with `raw_error` (the centre's own mean, groups
        weighed by what they tell), `own_weight` (0: nothing of its own counts, 1: nothing else), `by`, `level`.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, nobody with the measurements and a centre.

    Notes
    -----
    Assumes normal deviations of centres, groups and people. The intervals of centres take the variances as known: with few centres they are too
    narrow. The raw means of small centres differ mostly by chance; the shrunken ones are better guesses, and still no ranking.
    Sources: Searle, Casella and McCulloch (1992), chapters 6 and 7; Goldstein and Spiegelhalter (1996), JRSS A 159, on rankings.

    Examples
    --------
    >>> import numpy as np, pandas as pd, takeup as tu
    >>> rng = np.random.default_rng(1)
    >>> place = np.repeat(np.arange(12), 20)
    >>> women = pd.DataFrame({"centre": place, "start": rng.normal(5, 2, 240)})
    >>> women["end"] = women["start"] + 1 + rng.normal(0, 0.6, 12)[place] + rng.normal(0, 1, 240)
    >>> found = tu.sites(women, "end", before="start", centre="centre")
    >>> round(found["average"].estimate, 2), round(found["average"].extra["icc_centre"], 2), len(found) - 2
    (0.95, 0.26, 12)
    """
    check_level(conf_level)
    columns_exist(frame, [name for name in (outcome, before, centre, group) if name is not None])
    values = numeric(frame[outcome], outcome)
    if before is not None:
        values = values - numeric(frame[before], before)
    placed = frame[centre].notna().to_numpy() & (np.ones(len(frame), dtype=bool) if group is None else frame[group].notna().to_numpy())
    kept = ~np.isnan(values) & placed
    if not kept.any():
        raise EstimateError(Fault("nobody has the measurements and a centre", f"{outcome}, {centre}"))
    labels, place = _labels(frame[centre][kept].astype(str).to_numpy(dtype=object))
    groups = place if group is None else codes(frame[group][kept], "group")
    fit = nested(values[kept], groups, place, conf_level=conf_level)
    shared = {"outcome": outcome, "estimand": "change" if before is not None else "mean", "conf_level": conf_level, "evidence": "before_after"}
    average = _average(fit, groups, place, shared, int((~kept).sum()))
    own = [_centre(fit, position, label, centre, shared) for position, label in enumerate(labels)]
    return ResultSet((average, _pooled(fit, shared), *own))


def _labels(names: np.ndarray[Any, Any]) -> tuple[list[str], Codes]:
    """The labels in order, numbers by their size, and the place of each row's among them."""
    found = sorted(set(names), key=lambda name: (0, float(name), name) if name.isdigit() else (1, 0.0, name))
    at = {name: place for place, name in enumerate(found)}
    return found, np.array([at[name] for name in names], dtype=np.int64)


def _average(fit: Nested, groups: Codes, place: Codes, shared: dict[str, Any], missing: int) -> Estimate:
    count = fit.sizes.size
    df = float(count - 1) if count > 1 and not fit.problem else NAN
    statistic = fit.mean / fit.std_error if fit.std_error > 0 else NAN
    half = critical(shared["conf_level"], df) * fit.std_error
    whole = float(fit.variances.sum())
    extra: dict[str, Any] = {f"var_{name}": float(value) for name, value in zip(PARTS, fit.variances, strict=True)}
    extra |= {f"var_{name}_{side}": float(fit.limits[row, column]) for row, name in enumerate(PARTS) for column, side in enumerate(("low", "high"))}
    extra |= {f"icc_{name}": float(fit.variances[row]) / whole if whole > 0 else NAN for row, name in enumerate(PARTS[:2])}
    extra |= {f"sd_{key[4:]}": float(np.sqrt(value)) for key, value in extra.items() if key.startswith("var_")}
    extra |= {"centres": count, "groups": int(np.unique(np.column_stack([place, groups]), axis=0).shape[0]), "deviance": float(fit.deviance)}
    one = "Each centre is one group, so their variances can't be told apart: both are in the centres'. " \
        if extra["groups"] == count and not fit.problem else ""
    reason = fit.problem or f"{one}Centres and groups in them as random intercepts, restricted maximum likelihood; t with centres less one."
    return Estimate(
        term=AVERAGE, estimate=fit.mean, std_error=fit.std_error, df=df, statistic=statistic, p_value=p_value(statistic, df),
        conf_low=fit.mean - half, conf_high=fit.mean + half, n=int(fit.sizes.sum()), n_clusters=count, n_missing=missing, method="sites",
        se_type="REML", reason=reason, extra=FrozenMap(extra), **shared,
    )


def _centre(fit: Nested, position: int, label: str, by: str, shared: dict[str, Any]) -> Estimate:
    value, error = float(fit.predicted[position]), float(fit.errors[position])
    half = critical(shared["conf_level"], float("inf")) * error
    extra = FrozenMap(by=by, level=label, raw=float(fit.raw[position]), raw_error=float(fit.raw_errors[position]),
                      own_weight=float(fit.own[position]))
    return Estimate(
        term=label, estimate=value, std_error=error, df=float("inf"), conf_low=value - half, conf_high=value + half, n=int(fit.sizes[position]),
        method="shrunken", se_type="REML", reason=fit.problem or f"Drawn to the average by how little the centre's own people tell. {NO_RANKING}",
        extra=extra, **shared,
    )


def _pooled(fit: Nested, shared: dict[str, Any]) -> Estimate:
    """Random-effects meta-analysis of the centres' own means, with standard errors that hold the spread between groups as the model finds it."""
    usable = [(float(mean), float(error)) for mean, error in zip(fit.raw, fit.raw_errors, strict=True) if error > 0]
    if not usable:
        return Estimate(term=POOLED, estimate=NAN, method="meta", reason=fit.problem or "No centre has a standard error.", **shared)
    found = meta(usable, conf_level=shared["conf_level"], evidence="before_after")
    extra = FrozenMap({key: value for key, value in found.extra.items() if key != "weights"})
    return found.replace(outcome=shared["outcome"], estimand=shared["estimand"], term=POOLED, n=int(fit.sizes.sum()), extra=extra)
