"""Wild cluster bootstrap, the null imposed by default: rows are folded into clusters once, a sample costs clusters x coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.design.assign import check_seed
from takeup.design.bits import Source
from takeup.estimate.arrays import arrays
from takeup.estimate.rules import assignment_weights, choose
from takeup.estimate.tails import check_level
from takeup.infer.additive import VANISHED
from takeup.infer.batch import Scratch
from takeup.infer.compare import beyond, check_options, moments, monte_carlo_error, studentized, tails
from takeup.infer.executor import one_blas_thread
from takeup.infer.invert import Lines
from takeup.infer.invert import interval as invert
from takeup.infer.partialled import partialled
from takeup.infer.statistics import ROUNDING
from takeup.infer.trial import check_draws
from takeup.results import FrozenMap, Provenance, Test
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.estimate.arrays import Arrays

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Evaluated = tuple[Floats, Floats]
Signs = Literal["rademacher", "webb"]

WILD = 2
"""The key of the streams that signs are drawn from."""
CHUNK_CELLS = 2**18
MOST_CHUNK = 4096
_EVERYBODY = "everybody who was drawn"
WEBB = np.sqrt([1.5, 1.0, 0.5])
"""Sizes of Webb's six points, each with both signs (Webb 2023)."""


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """A regression folded into G clusters, for k columns of restricted residuals u.

    Attributes
    ----------
    numerator : (k, G) sums of e u, e what covariates leave of the treatment
    basis : (G, p + 1) sums of q e, and of e**2 over their total
    cross : (k, G, p) sums of q u
    total : sum of e**2
    factor : G / (G - 1) (n - 1) / (n - k)
    members : (G,) which of all clusters these are
    pair : whether the columns are an outcome and the treatment
    """

    numerator: Floats
    basis: Floats
    cross: Floats
    total: float
    factor: float
    members: Ints
    pair: bool


def fold(
    outcomes: Floats, treatment: Floats, covariates: Floats, blocks: Ints | None, weights: Floats | None, clusters: Ints, *, pair: bool = False,
) -> Folds:
    """Fold n rows; outcomes (n, k), of which with `pair` the second is the treatment, for intervals."""
    n = treatment.size
    space = partialled(covariates, blocks, weights)
    left = space.residuals(np.column_stack([treatment, outcomes]))
    e, u = left[:, 0], left[:, 1:]
    total = float(e @ e)
    members, code = np.unique(clusters, return_inverse=True)
    groups = int(code.max()) + 1
    n_blocks = space.mass.size
    place = code * n_blocks + space.blocks

    def sums(values: Floats) -> Floats:
        """By cluster, of values times the basis: covariates, then blocks (their unit vectors are the scaled dummies)."""
        inside = np.bincount(place, weights=values * space.root, minlength=groups * n_blocks).reshape(groups, n_blocks) / np.sqrt(space.mass)
        return np.column_stack([*(np.bincount(code, weights=values * q, minlength=groups) for q in space.q.T), inside])

    used = n - space.rank - 1
    return Folds(
        numerator=np.stack([np.bincount(code, weights=e * column, minlength=groups) for column in u.T]),
        basis=np.column_stack([sums(e), np.bincount(code, weights=e**2, minlength=groups) / max(total, 1e-300)]),
        cross=np.stack([sums(column) for column in u.T]),
        total=total, factor=groups / (groups - 1) * (n - 1) / used if groups > 1 and used > 0 else float("nan"),
        members=members, pair=pair,
    )


def evaluate(folds: Folds, signs: Floats, scratch: Scratch) -> Evaluated:
    """Effect of u v on the treatment and its CR1 variance, for signs v (G, draws).

    Returns
    -------
    effects : (k, draws)
    variances : (k, draws), or with two columns (outcome and treatment) (3, draws): both variances and their covariance, for intervals
    """
    k = folds.numerator.shape[0]
    effects = folds.numerator @ signs
    part = scratch.get("part", *signs.shape)
    scores = [scratch.get(f"scores {column % 2}", *signs.shape) for column in range(k)]
    variances = []
    for column in range(k):
        np.multiply(signs, folds.numerator[column][:, None], out=scores[column])
        # less what covariates (and the effect, as one more of them) take up: one product of rank p + 1
        reach = np.concatenate([folds.cross[column].T @ signs, effects[column : column + 1]])
        np.subtract(scores[column], np.matmul(folds.basis, reach, out=part), out=scores[column])
        variances.append(np.multiply(scores[column], scores[column], out=part).sum(axis=0))
    if folds.pair:
        variances.append(np.multiply(scores[0], scores[1], out=part).sum(axis=0))
    return effects / folds.total, np.stack(variances) * (folds.factor / folds.total**2)


def bootstrap(folds: Sequence[Folds], groups: int, *, draws: int, weights: Signs, seed: int) -> tuple[list[Evaluated], Floats, bool]:
    """Effects and variances (see `evaluate`; 1 + draws columns) of each of `folds`, what each draw counts, and whether all sign vectors were taken.

    All folds share the signs of the `groups` clusters there are.

    Column 0 is the observed sample: with signs all 1 the restricted residuals have the t of the unrestricted fit. With Rademacher signs and
    2**G <= draws every vector is taken; v and -v give the same |t|, so half of them are evaluated and the other half is their mirror image.
    """
    exact = weights == "rademacher" and groups < 31 and 2**groups <= draws
    size = 64 * max(1, min(MOST_CHUNK, CHUNK_CELLS // groups) // 64)
    scratch = Scratch()
    parts = [[evaluate(one, np.ones((one.members.size, 1)), scratch)] for one in folds]
    with one_blas_thread():
        if exact:
            half = 2 ** (groups - 1)
            for start in range(0, half, size):
                bits = np.arange(start, min(start + size, half))[None, :] >> np.arange(groups)[:, None] & 1
                signs = 1.0 - 2.0 * bits.astype(np.float64)
                for one, part in zip(folds, parts, strict=True):
                    part.append(evaluate(one, signs[one.members], scratch))
            for part in parts:
                part += [(-effects, variances) for effects, variances in part[1:]]
        else:
            for chunk in range(-(-draws // size)):
                signs = _signs(Source(seed, WILD, chunk), groups, size, weights)
                kept = min(size, draws - chunk * size)
                for one, part in zip(folds, parts, strict=True):
                    effects, variances = evaluate(one, signs if one.members.size == groups else signs[one.members], scratch)
                    part.append((effects[:, :kept], variances[:, :kept]))
    counted = np.ones(1 + (2**groups if exact else draws))
    counted[0] = 0.0 if exact else 1.0
    joined = [(np.concatenate([one[0] for one in part], axis=1), np.concatenate([one[1] for one in part], axis=1)) for part in parts]
    return joined, counted, exact


def _signs(source: Source, groups: int, draws: int, weights: Signs) -> Floats:
    if weights == "rademacher":
        return np.take(_signs_of_bytes(), source.words(groups, draws // 64).view(np.uint8), axis=0, mode="clip").reshape(groups, draws)
    point = source.below(6, groups * draws).reshape(groups, draws)
    return np.where(point < 3, -1.0, 1.0) * WEBB[point % 3]


@cache
def _signs_of_bytes() -> Floats:
    """The eight signs of each byte, shape (256, 8)."""
    return np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little").astype(np.float64) * 2.0 - 1.0


def wild_bootstrap(
    frame: DataFrame, outcome: str, design: Design, *, covariates: Sequence[str] = (), draws: int = 9_999, weights: Signs = "rademacher",
    null: float = 0.0, interval: bool = True, seed: int = 0, arm: object = None, conf_level: float = 0.95, restricted: bool = True,
) -> Test:
    """Test of the effect of assignment by the wild cluster bootstrap-t, null imposed, with CR1 standard errors (WCR11).

    Parameters
    ----------
    frame, outcome, design, covariates : as in `ancova`: blocks enter as fixed effects, analysis weights are used
    draws : with 2**clusters <= draws (Rademacher) all sign vectors are taken, and the p-value is exact for them
    weights : "rademacher" (signs) or "webb" (six points, for fewer than about ten clusters)
    null : hypothesised effect, in units of the outcome
    interval : also the interval of effects that aren't rejected; it comes from the same draws
    seed : of the signs
    arm : which treated arm, where there are several
    restricted : False resamples the residuals of the unrestricted fit (WCU11), which rejects too often with few clusters; its interval is the
        estimate and so many standard errors as the draws' |t*| says

    Returns
    -------
    Test
        `statistic` is the CR1 t against `null`; `p_value` the share of `|t*| >= |t|`, ties counted and the sample itself among the draws.
        `extra`: estimate, std_error, p_equal_tail (twice the smaller tail), p_strict (ties not counted) and null_sd (standard deviation of
        the draws' t*).

    Raises
    ------
    EstimateError, InferError
        Unusable columns, unknown options.

    Notes
    -----
    The level is that of the design's variance: clusters, pairs, providers of a partially nested arm; each row where units were drawn one by
    one. Valid with few clusters when they are alike and not only a handful is treated (MacKinnon and Webb 2018). Sources: Cameron, Gelbach and
    Miller (2008); Roodman, MacKinnon, Nielsen and Webb (2019), section 5.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 1, 0, 0] * 3, "school": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], "y": [5, 7, 4, 4, 6, 9, 5, 3, 8, 7, 4, 5]})
    >>> test = tu.wild_bootstrap(trial, "y", tu.Design("arm", 0, draw="clustered", clusters="school"))
    >>> test.exact, test.draws, test.p_value
    (True, 64, 0.03125)
    """
    check_options(weights=(weights, Signs))
    check_level(conf_level)
    check_draws(draws)
    data = arrays(frame, outcome, design, covariates=covariates, arm=arm)
    row_weights, words = assignment_weights(data, data.blocks)
    level = choose(data, design).clusters
    clusters = np.arange(data.n) if level is None else np.unique(level, return_inverse=True)[1]
    y, scale = _scaled(data)
    shifted = y - null / (scale or 1.0) * data.treated
    columns = np.column_stack([shifted, data.treated] if interval else [shifted])
    folds = fold(columns, data.treated, data.covariates, data.blocks, row_weights, clusters, pair=interval)
    groups = folds.members.size
    base = Test(outcome=outcome, arm=data.arm, n=data.n, n_clusters=groups, conf_level=conf_level, method="wild cluster bootstrap-t (WCR11, CR1)",
                provenance=Provenance(seed=check_seed(seed), version=__version__))
    trouble = _trouble(folds, data, scale)
    if trouble:
        return base.replace(reason=" ".join((trouble, *data.notes)))
    if not restricted:  # residuals about the estimate: as if the estimate were the null
        observed, variance = evaluate(folds, np.ones((groups, 1)), Scratch())
        columns = (shifted - observed[0, 0] * data.treated)[:, None]
        folds = fold(columns, data.treated, data.covariates, data.blocks, row_weights, clusters)
        base = base.replace(method="wild cluster bootstrap-t (WCU11, CR1)")
    ((effects, variances),), counted, exact = bootstrap([folds], groups, draws=draws, weights=weights, seed=seed)
    t = studentized(effects[:1], variances[:1])[0]
    if not restricted:
        effects[0, 0], variances[0, 0], t[0] = observed[0, 0], variance[0, 0], observed[0, 0] / np.sqrt(variance[0, 0])
    found = tails(t, counted)
    p = found.absolute
    low = high = float("nan")
    if interval:
        low, high = _interval(effects, variances, counted, conf_level) if restricted else _symmetric(t, effects, variances, exact, conf_level)
    made = 2**groups if exact else draws
    what = f"All 2**{groups} sign vectors" if exact else f"{draws:,} draws of {weights} weights"
    estimate, std_error = float(effects[0, 0]) * scale + null, float(np.sqrt(variances[0, 0])) * scale
    return base.replace(
        statistic=float(t[0]), df=float(groups - 1), p_value=p, conf_low=null + low * scale, conf_high=null + high * scale, draws=made, exact=exact,
        mc_error=monte_carlo_error(p, np.inf if exact else draws, doubled=False),
        reason=" ".join((f"{what} over {groups} {'rows' if level is None else 'clusters'}. {words}".strip(), *data.notes)),
        extra=FrozenMap(estimate=estimate, std_error=std_error, p_equal_tail=min(1.0, 2.0 * min(found.greater, found.less)),
                        p_strict=beyond(t, counted), null_sd=float(moments(t[None, :], counted)[1][0])),
        provenance=Provenance(seed=None if exact else seed, version=__version__),
    )


def family(
    frame: DataFrame, data: Sequence[Arrays], design: Design, *, arm: object, draws: int, weights: Signs, seed: int,
) -> tuple[Floats, Floats, Floats, bool]:
    """Several outcomes under common signs, for step-down tests: a cluster has one sign in all outcomes, whatever is missing in some of them.

    Returns
    -------
    effects, statistics : (outcomes, 1 + draws), nan for an outcome that can't be tested
    counted : (1 + draws,) what each draw counts
    exact : whether all sign vectors were taken
    """
    whole = arrays(frame.assign(**{_EVERYBODY: 1.0}), _EVERYBODY, design, arm=arm)
    level = choose(whole, design).clusters
    code = np.full(len(frame), -1)
    code[whole.rows] = np.arange(whole.n) if level is None else np.unique(level, return_inverse=True)[1]
    folds, scales = [], []
    for one in data:
        y, scale = _scaled(one)
        folds.append(fold(y[:, None], one.treated, one.covariates, one.blocks, assignment_weights(one, one.blocks)[0], code[one.rows]))
        scales.append(0.0 if _trouble(folds[-1], one, scale) else scale)
    made, counted, exact = bootstrap(folds, int(code.max()) + 1, draws=draws, weights=weights, seed=seed)
    effects = np.stack([effects[0] * (scale or np.nan) for (effects, _), scale in zip(made, scales, strict=True)])
    variances = np.stack([variances[0] * (scale or np.nan) ** 2 for (_, variances), scale in zip(made, scales, strict=True)])
    return effects, studentized(effects, variances), counted, exact


def _scaled(data: Arrays) -> tuple[Floats, float]:
    """The outcome centred and in units near 1, and those units: a power of two, which changes no digit; 0 for a constant outcome."""
    centred = data.y - data.y.mean()
    spread = float(np.sqrt((centred**2).mean()))
    if spread <= ROUNDING * float(np.abs(data.y).max()):
        return np.zeros(data.n), 0.0
    scale = 2.0 ** round(np.log2(spread))
    return centred / scale, scale


def _trouble(folds: Folds, data: Arrays, scale: float) -> str:
    """Why there is nothing to bootstrap; empty where there is."""
    if folds.total <= VANISHED * data.n_treated * data.n_control / data.n:
        return "Blocks and covariates explain the arm, so there is no effect to tell from them."
    if np.isnan(folds.factor):
        return "There are fewer than two clusters, or as many coefficients as rows, so there is no variance."
    if scale == 0.0:
        return "The outcome has the same value in all rows, so there is nothing to test."
    return ""


def _symmetric(t: Floats, effects: Floats, variances: Floats, exact: bool, conf_level: float) -> tuple[float, float]:  # noqa: FBT001
    """The estimate and as many standard errors as leave a share 1 - conf_level of the draws' |t*| outside."""
    size = np.sort(np.abs(t[1:]))
    place = int(np.ceil(conf_level * (size.size if exact else size.size + 1) - 1e-9)) - 1
    if place >= size.size:
        return -np.inf, np.inf
    half = float(size[place] * np.sqrt(variances[0, 0]))
    return float(effects[0, 0]) - half, float(effects[0, 0]) + half


def _interval(effects: Floats, variances: Floats, counted: Floats, conf_level: float) -> tuple[float, float]:
    """Invert |t*|: under effect t the restricted residuals are those of the outcome less t times those of the treatment."""
    found = Lines(a=effects[0], b=effects[1], square=variances[0], cross=variances[2], curve=variances[1], weights=counted)
    return invert(found, alternative="two-sided", two_sided="absolute", conf_level=conf_level)
