"""Trials that could be: the structure of a trial (made up, or the user's own frame) and outcomes drawn for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.design.allot import allotted, arms_and_shares
from takeup.design.assign import layout, plane, unit_codes
from takeup.design.scheme import scheme
from takeup.errors import Fault, InferError
from takeup.estimate.columns import covariate_matrix, numeric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.design.scheme import Scheme

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

OUTCOME, BASELINE, PROGNOSTIC = "outcome", "outcome at baseline", "prognostic covariate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What is assumed of the outcomes; see `simulate_power`."""

    sd: float = 1.0
    control_rate: float | None = None
    icc: float = 0.0
    provider_size: float | None = None
    provider_icc: float = 0.0
    r2: float = 0.0
    block_r2: float = 0.0
    correlation: float = 0.0
    takeup: float = 1.0
    attrition: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One trial to be drawn and measured again and again; n rows.

    Attributes
    ----------
    frame : its rows without treatment and outcome
    found : how it is drawn
    place : layout of its bits
    clusters, blocks : (n,) codes or None
    y0 : (n,) outcomes without the programme where the frame holds them, else None
    fixed : (n, p) covariates that the frame holds
    assumed : what the outcomes are drawn from
    """

    frame: DataFrame
    found: Scheme
    place: Any
    clusters: Ints | None
    blocks: Ints | None
    y0: Floats | None
    fixed: Floats
    assumed: Assumptions


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Simulated data sets, shape (sets, n): arm, outcome (nan where lost), take-up, provider (-1 without), drawn covariates (sets, n, q)."""

    treated: Floats
    y: Floats
    took: Floats
    provider: Ints
    covariates: Floats
    names: tuple[str, ...]


def from_numbers(
    n: int, design: Design, *, treated_share: float, cluster_size: float | None, cluster_size_cv: float, block_size: int, assumed: Assumptions,
    seed: int,
) -> World:
    """A trial of n people in the design's blocks and clusters."""
    from pandas import DataFrame

    whole = design.draws_clusters or design.clusters is not None
    if whole and cluster_size is None:
        raise InferError(Fault("a design with clusters needs their size", "cluster_size"))
    if not whole and (cluster_size is not None or assumed.icc > 0):
        raise InferError(Fault("sizes and correlations of clusters are given, but the design names none", "design", remedy="Declare clusters=."))
    groups = max(2, round(n / cluster_size)) if cluster_size is not None else n
    clusters = np.repeat(np.arange(groups), _sizes(n, groups, cluster_size_cv if cluster_size is not None else 0.0))
    columns: dict[str, Any] = {"unit": np.arange(clusters.size)}
    if design.clusters is not None:
        columns[design.clusters] = clusters
    drawn = clusters if design.draws_clusters else np.arange(clusters.size)
    if design.blocks is not None:
        size = 2 if design.draw == "pairs" else block_size
        last = max(drawn[-1] // size - (1 if (drawn[-1] + 1) % size else 0), 0)  # what is left over joins the last block
        columns[design.blocks] = np.minimum(drawn // size, last if design.draw != "pairs" else drawn[-1] // size)
        if design.draw == "pairs" and (drawn[-1] + 1) % 2:
            raise InferError(Fault("pairs need an even number of units", "n"))
    frame = DataFrame(columns)
    found, _ = allotted(frame, design, _arms(design, treated_share), seed)
    return _world(frame, design, found, None, np.zeros((len(frame), 0)), assumed)


def from_frame(
    frame: DataFrame, design: Design, *, treated_share: float, outcome: str | None, covariates: Sequence[str], assumed: Assumptions, seed: int,
) -> World:
    """The user's own trial: its blocks and clusters, and where it has them its numbers treated and its outcome without the programme."""
    if design.treatment in frame.columns and frame[design.treatment].notna().all():
        found = scheme(frame, design)
    else:
        found, _ = allotted(frame.drop(columns=design.treatment, errors="ignore"), design, _arms(design, treated_share), seed)
    if len(found.labels) > 2:
        raise InferError(Fault("there are several treated arms", "design", "control and one treated arm", "Give the rows of two arms."))
    y0 = None
    if outcome is not None:
        y0 = numeric(frame[outcome], outcome)
        if np.isnan(y0).any():
            raise InferError(Fault(f"{int(np.isnan(y0).sum())} rows have no value", outcome, remedy="Give the rows that have one."))
    fixed = covariate_matrix(frame, covariates)[0] if covariates else np.zeros((len(frame), 0))
    after = [name for name in (design.treatment, design.received, design.nested_in) if name in frame.columns]
    return _world(frame.drop(columns=after), design, found, y0, fixed, assumed)


def _world(frame: DataFrame, design: Design, found: Scheme, y0: Floats | None, fixed: Floats, assumed: Assumptions) -> World:
    from pandas import factorize

    def codes(name: str | None) -> Ints | None:
        return None if name is None else np.asarray(factorize(frame[name])[0], dtype=np.int64)

    return World(frame=frame, found=found, place=layout(found), clusters=codes(design.clusters), blocks=codes(design.blocks), y0=y0, fixed=fixed,
                 assumed=assumed)


def _arms(design: Design, treated_share: float) -> dict[Any, float] | None:
    """Arms and shares of the draw; None where the design says them."""
    if design.probability is not None or design.draw == "pairs":
        return None
    return {design.control: 1.0 - treated_share, arms_and_shares(design, None)[0][1]: treated_share}


def _sizes(n: int, groups: int, cv: float) -> Ints:
    """Cluster sizes that add up to about n: equal, or quantiles of a gamma distribution with this coefficient of variation."""
    if cv <= 0:
        edges: Ints = np.round(np.linspace(0, n, groups + 1)).astype(np.int64)
        return edges[1:] - edges[:-1]
    from scipy.special import gammaincinv

    shape = 1.0 / cv**2
    sizes = gammaincinv(shape, (np.arange(groups) + 0.5) / groups) / shape * n / groups
    # large and small clusters alternate, so that blocks and arms get both
    return np.maximum(np.round(sizes), 1).astype(np.int64)[np.argsort(np.arange(groups) * 0.6180339887498949 % 1.0)]


def assignments(world: World, seed: int, chunk: int, sets: int) -> Floats:
    """The arm of each row in chunk number `chunk` of `sets` data sets, by the design's own draw, shape (sets, n)."""
    return unit_assignments(world, seed, chunk, sets)[:, world.found.units]


def unit_assignments(world: World, seed: int, chunk: int, sets: int) -> Floats:
    """The same for the units that are drawn, shape (sets, U)."""
    return unit_codes(plane(world.found, world.place, seed, chunk, sets), world.place).astype(np.float64)


def measured(world: World, rng: np.random.Generator, treated: Floats, effect: float) -> Measured:
    """Draw outcomes for assignments (sets, n).

    The spread of the outcome, sd**2, is split: `block_r2` between blocks; of the rest `r2` follows a covariate; of what is left `icc` lies
    between clusters, and the same part has `correlation` with a baseline measurement; `provider_icc` of what all of these leave lies between
    providers, whom nothing measured before can tell.
    """
    assumed, (sets, n) = world.assumed, treated.shape
    names: list[str] = []
    extra: list[Floats] = []
    rest = 1.0 - assumed.block_r2
    if world.y0 is None:
        before, own = _pair(world, rng, sets, n)
        provider, shared = _providers(world, rng, treated)
        if provider.max(initial=-1) >= 0:
            own = np.where(provider >= 0, np.sqrt(1.0 - assumed.provider_icc) * own + np.sqrt(assumed.provider_icc) * shared, own)
        after = assumed.correlation * before + np.sqrt(1.0 - assumed.correlation**2) * own
        latent = np.sqrt(rest * (1.0 - assumed.r2)) * after
        if assumed.correlation != 0:
            names.append(BASELINE)
            extra.append(before)
        if assumed.r2 > 0:
            x = rng.standard_normal((sets, n))
            latent += np.sqrt(rest * assumed.r2) * x
            names.append(PROGNOSTIC)
            extra.append(x)
        if assumed.block_r2 > 0 and world.blocks is not None:
            latent += np.sqrt(assumed.block_r2) * rng.standard_normal((sets, int(world.blocks.max()) + 1))[:, world.blocks]
    else:
        provider, latent = np.full((sets, n), -1), np.zeros((sets, n))
    took = treated if assumed.takeup >= 1.0 else treated * (rng.random((sets, n)) < assumed.takeup)
    if assumed.control_rate is not None:
        from scipy.special import ndtr

        y = (ndtr(latent) < assumed.control_rate + effect * took).astype(np.float64)
    else:
        y = (assumed.sd * latent if world.y0 is None else _own_outcome(world, rng, sets, names, extra)) + effect * took
    if assumed.attrition > 0:
        y = np.where(rng.random((sets, n)) < assumed.attrition, np.nan, y)
    covariates = np.stack(extra, axis=2) if extra else np.zeros((sets, n, 0))
    return Measured(treated=treated, y=y, took=took, provider=provider, covariates=covariates, names=tuple(names))


def _own_outcome(world: World, rng: np.random.Generator, sets: int, names: list[str], extra: list[Floats]) -> Floats:
    """The frame's outcome as it is, or, with a correlation, a later measurement of the same spread of which it is the baseline."""
    assert world.y0 is not None
    c = world.assumed.correlation
    if c == 0.0:
        return np.broadcast_to(world.y0, (sets, world.y0.size))
    z = (world.y0 - world.y0.mean()) / world.y0.std()
    _, noise = _pair(world, rng, sets, z.size)
    names.append(BASELINE)
    extra.append(np.broadcast_to(world.y0, (sets, z.size)))
    return np.asarray(world.y0.mean() + world.y0.std() * (c * z + np.sqrt(1.0 - c**2) * noise))


def _pair(world: World, rng: np.random.Generator, sets: int, n: int) -> tuple[Floats, Floats]:
    """A measurement before and what one after doesn't share with it, each of variance 1 with the clusters' correlation."""
    c, icc = world.assumed.correlation, world.assumed.icc

    def one() -> Floats:
        own = rng.standard_normal((sets, n))
        if world.clusters is None or icc == 0.0:
            return own
        shared = rng.standard_normal((sets, int(world.clusters.max()) + 1))[:, world.clusters]
        return np.asarray(np.sqrt(1.0 - icc) * own + np.sqrt(icc) * shared)

    own = one()
    return (own, own) if c == 0.0 or world.y0 is not None else (one(), own)


def _providers(world: World, rng: np.random.Generator, treated: Floats) -> tuple[Ints, Floats]:
    """The provider of each treated person (people in the order of the rows, evenly), and its share in the outcome."""
    size = world.assumed.provider_size
    if size is None:
        return np.full(treated.shape, -1), np.zeros(treated.shape)
    order = (np.cumsum(treated, axis=1) - 1.0).astype(np.int64)
    number = np.maximum(np.round(treated.sum(axis=1, keepdims=True) / size), 1).astype(np.int64)
    provider = np.where(treated == 1, order % number, -1)
    effects = rng.standard_normal((treated.shape[0], int(number.max())))
    return provider, np.take_along_axis(effects, np.maximum(provider, 0), axis=1)
