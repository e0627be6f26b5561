"""What a pilot or baseline file says about a study to come: shares, spread, clusters, and what covariates explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import DesignError, Fault, collect, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design.declare import Design

Floats = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int64]]


def read_pilot(
    frame: DataFrame, design: Design | None = None, outcome: str | None = None, covariates: Sequence[str] | None = None,
) -> dict[str, float]:
    """The keywords of a power calculation that a frame can answer.

    Returns
    -------
    dict
        treated_share; sd (within arms); cluster_size, cluster_size_cv and icc (one-way analysis of variance within arms, not below 0);
        provider_size and provider_icc (treated arm); r2 of the covariates; block_r2. What can't be known from the frame isn't there:
        a baseline read before the draw has no arms.

    Raises
    ------
    DesignError
        Columns that are absent (the treatment may be) or hold no numbers.

    Notes
    -----
    Shares of variance are those of a least-squares fit within arms; that of the blocks is adjusted for their number.
    """
    names = (covariates,) if isinstance(covariates, str) else tuple(covariates or ())
    wanted = [name for name in (outcome, *names, design and design.blocks, design and design.clusters) if name]
    absent = [name for name in wanted if name not in frame.columns]
    collect(DesignError, [Fault(f'no column "{name}"', "frame", listed(map(str, frame.columns)), nearest(name, frame.columns)) for name in absent])
    if names and outcome is None:
        raise DesignError(Fault("covariates explain an outcome, which isn't named", "outcome"))
    arms = _arms(frame, design)
    found: dict[str, float] = {}
    if design is not None and arms is not None:
        found["treated_share"] = float((arms != 0).mean())
    if design is not None and design.clusters is not None:
        found |= _sizes(_codes(frame, design.clusters), "cluster_size")
    nested = None
    if design is not None and design.nested_in is not None and design.nested_in in frame.columns:
        nested = frame[design.nested_in].notna().to_numpy()
        if nested.any():  # before the programme nobody has a provider
            found["provider_size"] = _sizes(_codes(frame[nested], design.nested_in), "size")["size"]
    if outcome is None:
        return found
    y = _values(frame, outcome)
    seen = ~np.isnan(y)
    if seen.sum() < 3:
        raise DesignError(Fault("fewer than three observed values", outcome))
    arm = np.zeros(len(y), dtype=np.int64) if arms is None else arms
    within = _residuals(y[seen], [arm[seen]])
    found["sd"] = float(np.sqrt((within**2).sum() / (seen.sum() - np.unique(arm[seen]).size)))
    if design is not None and design.clusters is not None:
        found["icc"] = intraclass(y[seen], _codes(frame, design.clusters)[seen], arm[seen])
    if design is not None and nested is not None and design.nested_in is not None and (seen & nested).any():
        both = seen & nested
        found["provider_icc"] = intraclass(y[both], _codes(frame[both], design.nested_in), arm[both])
    if design is not None and design.blocks is not None:
        found["block_r2"] = _block_share(y[seen], arm[seen], _codes(frame, design.blocks)[seen])
    if names:
        found["r2"] = _share(y[seen], arm[seen], np.column_stack([_values(frame, name)[seen] for name in names]))
    return found


def intraclass(y: Floats, clusters: Codes, arms: Codes) -> float:
    """Intraclass correlation by one-way analysis of variance, clusters within arms (Donner and Klar 2000, section 1.4); at least 0."""
    cells = np.unique(np.column_stack([arms, clusters]), axis=0, return_inverse=True)[1].ravel()
    size = np.bincount(cells).astype(float)
    arm_of = np.zeros(size.size, dtype=np.int64)
    arm_of[cells] = arms
    groups, kinds = size.size, np.unique(arms).size
    if groups <= kinds or y.size <= groups:
        return 0.0
    inner = _residuals(y, [cells])
    between = (_residuals(y, [arms]) ** 2).sum() - (inner**2).sum()
    ms_between, ms_within = between / (groups - kinds), (inner**2).sum() / (y.size - groups)
    total = sum(size[arm_of == kind].sum() - (size[arm_of == kind] ** 2).sum() / size[arm_of == kind].sum() for kind in np.unique(arms))
    typical = total / (groups - kinds)
    variance = ms_between + (typical - 1.0) * ms_within
    return float(max(0.0, (ms_between - ms_within) / variance)) if variance > 0 else 0.0


def _share(y: Floats, arms: Codes, x: Floats) -> float:
    """Share of the variance within arms that least squares on x takes away; rows with a missing covariate are left out."""
    seen = ~np.isnan(x).any(axis=1)
    inner = _residuals(y[seen], [arms[seen]])
    columns = np.column_stack([_residuals(column, [arms[seen]]) for column in x[seen].T])
    total = float((inner**2).sum())
    if total <= 0 or not seen.any():
        return 0.0
    fitted = columns @ np.linalg.lstsq(columns, inner, rcond=None)[0]
    return float(min(max(1.0 - ((inner - fitted) ** 2).sum() / total, 0.0), 1.0 - 1e-12))


def _block_share(y: Floats, arms: Codes, blocks: Codes) -> float:
    kinds, groups = np.unique(arms).size, np.unique(blocks).size
    dummies = (blocks[:, None] == np.unique(blocks)[None, 1:]).astype(float)
    if not dummies.shape[1] or y.size <= kinds + groups:
        return 0.0
    plain = _share(y, arms, dummies)
    return float(max(0.0, 1.0 - (1.0 - plain) * (y.size - kinds) / (y.size - kinds - groups + 1)))


def _residuals(y: Floats, groups: list[Codes]) -> Floats:
    out = y.astype(float)
    for labels in groups:
        place = np.unique(labels, return_inverse=True)[1].ravel()
        out = out - (np.bincount(place, weights=out) / np.bincount(place))[place]
    return out


def _sizes(clusters: Codes, name: str) -> dict[str, float]:
    size = np.bincount(clusters).astype(float)
    return {name: float(size.mean()), f"{name}_cv": float(size.std(ddof=1) / size.mean()) if size.size > 1 else 0.0}


def _arms(frame: DataFrame, design: Design | None) -> Codes | None:
    """0 for control and 1 for any treated arm; None where there is no (complete) assignment yet."""
    if design is None or design.treatment not in frame.columns or frame[design.treatment].isna().any():
        return None
    return np.asarray((frame[design.treatment] != design.control).to_numpy(dtype=bool), dtype=np.int64)


def _codes(frame: DataFrame, name: str) -> Codes:
    from pandas import factorize

    labels = factorize(frame[name])[0]
    if (labels < 0).any():
        raise DesignError(Fault(f"{int((labels < 0).sum())} rows have no value", name))
    return np.asarray(labels, dtype=np.int64)


def _values(frame: DataFrame, name: str) -> Floats:
    try:
        return np.asarray(frame[name].to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)
    except (TypeError, ValueError):
        raise DesignError(Fault("holds text or categories where numbers are needed", name)) from None
