"""One test of many columns together by the trial's own draw: could it have made these differences at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.design.scheme import Scheme

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Omnibus:
    """What the test found; `p_value` is nan where there was nothing to test, and `reason` says so."""

    p_value: float = float("nan")
    statistic: float = float("nan")
    rank: int = 0
    draws: int = 0
    exact: bool = False
    reason: str = ""


def omnibus(frame: DataFrame, x: Floats, design: Design, *, draws: int, seed: int) -> Omnibus:
    """Test columns x (rows, k), complete and centred, by d' V^- d.

    d is the totals of the columns in each treated arm less their mean over the assignments, V their covariance over the assignments:
    all of them when they are no more than `draws` (each with its probability), else `draws` of them and the trial's own. Because the
    trial's assignment is one of those that make the moments, the p-value is valid in any sample (Hansen and Bowers 2008, section 5,
    give the large-sample chi-square of the same form).
    """
    from takeup.design.enumeration import Enumeration
    from takeup.design.scheme import scheme

    if design.draw == "none":
        return Omnibus(reason="Nothing was drawn, so no draw can be asked whether it would have made these differences.")
    found = scheme(frame, design)
    if x.shape[1] == 0:
        return Omnibus(reason="No column varies, so there is nothing to test.")
    units = np.zeros((found.n_units, x.shape[1]))
    np.add.at(units, found.units, x)
    arms = len(found.labels)
    observed = _totals(found.assigned[None, :], units, arms)
    exact = found.count() <= draws
    if exact:
        listing = Enumeration(found)
        totals, weights = np.vstack([_totals(part, units, arms) for part in listing]), listing.probabilities()
    else:
        totals = np.vstack([observed, *(_totals(part, units, arms) for part in _drawn(found, draws, seed))])
        weights = np.full(len(totals), 1.0 / len(totals))
    gaps = totals - weights @ totals
    root, rank = _inverse_root((gaps * weights[:, None]).T @ gaps, scale=float((units**2).sum(axis=0).max()))
    if rank == 0:
        return Omnibus(reason="The columns have the same totals in every possible assignment, so there is nothing to test.")
    null = ((gaps @ root) ** 2).sum(axis=1)
    statistic = float((((observed[0] - weights @ totals) @ root) ** 2).sum())
    tolerance = 1e-9 * float(np.sqrt((null**2).mean()))
    used = "every possible assignment" if exact else f"{draws} re-randomisations by the trial's own draw, and the trial's assignment itself"
    return Omnibus(
        p_value=min(1.0, float(weights[null >= statistic - tolerance].sum())), statistic=statistic, rank=rank, exact=exact,
        draws=len(null) - (not exact), reason=f"Omnibus test over {used} (Hansen and Bowers 2008).",
    )


def _drawn(found: Scheme, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Arm codes of the units, `draws` of them in chunks, so that memory doesn't grow with their number."""
    from takeup.design.assign import check_seed, chunks

    left = draws
    for part in chunks(found, check_seed(seed)):
        yield part[:left]
        left -= len(part[:left])
        if left == 0:
            return


def _totals(codes: np.ndarray, units: Floats, arms: int) -> Floats:
    """Totals of the columns in each treated arm, shape (assignments, (arms - 1) x columns)."""
    return np.hstack([(codes == arm).astype(np.float64) @ units for arm in range(1, arms)])


def _inverse_root(v: Floats, *, scale: float) -> tuple[Floats, int]:
    """A root of the generalized inverse of V, shape (k, rank), and the rank; what is tiny beside `scale` counts as 0."""
    values, vectors = np.linalg.eigh(v)
    kept = values > 1e-9 * scale
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept])), int(kept.sum())
