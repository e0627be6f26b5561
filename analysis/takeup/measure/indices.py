"""Several outcomes as one index, in standard deviations of the control group: equal weights, or inverse-covariance weights.

The reference group is fixed by the design: means, standard deviations and weights come from control rows, so an index never
standardises the effect away, and its weights can be reported and used again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.errors import Fault, MeasureError, collect, is_design, is_frame, listed, nearest
from takeup.measure.items import Floats, item_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame, Series

    from takeup.design import Design


def klk_index(
    frame: DataFrame, columns: Sequence[str], design: Design, *, reverse: Sequence[str] = (), missing: Literal["available", "arm_mean"] = "available",
    like: Series | None = None,
) -> Series:
    """Mean of control-standardised components (Kling, Liebman and Katz 2007).

    Parameters
    ----------
    frame : DataFrame, one row a unit
    columns : components, in any units
    reverse : components that count the other way round
    missing : a row with some components has the mean of those ("available"), or the others at the mean of the row's arm ("arm_mean"), as in the
        original study; the second lets the arm decide a value, which makes the arms look more alike within than they are
    like : an index made before of the same columns: its control means, standard deviations and weights are used again, so that two waves (or a
        trial and its repetition) are on one scale

    Returns
    -------
    Series
        In control standard deviations; not standardised again, so the control standard deviation is below 1 when the components aren't
        perfectly correlated. All components missing: nan. `attrs` holds weights, columns, and the
        control means and standard deviations.

    Raises
    ------
    MeasureError
        Columns that are absent or hold no numbers, components that don't vary among control rows: all at once.

    Notes
    -----
    Source: Kling, Liebman and Katz (2007), Econometrica 75, section 3.1.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [0, 0, 0, 1], "a": [1.0, 2.0, 3.0, 4.0], "b": [30.0, 20.0, 10.0, None]})
    >>> tu.klk_index(trial, ["a", "b"], tu.Design("arm", 0), reverse=["b"]).tolist()
    [-1.0, 0.0, 1.0, 2.0]
    """
    if missing not in {"available", "arm_mean"}:
        raise MeasureError(Fault("fills in from what is available, or the arm's mean", "missing", "available, arm_mean"))
    z, _, attrs = _standardized(frame, columns, design, reverse, like)
    if missing == "arm_mean":
        z = _at_arm_means(z, frame, design)
    seen = ~np.isnan(z)
    observed = seen.sum(axis=1)
    values = np.divide(np.where(seen, z, 0.0).sum(axis=1), observed, out=np.full(len(z), np.nan), where=observed > 0)
    return _series(frame, values, "klk_index", {**attrs, "weights": (1.0 / z.shape[1],) * z.shape[1]})


def anderson_index(
    frame: DataFrame, columns: Sequence[str], design: Design, *, reverse: Sequence[str] = (), covariance: Literal["control", "all"] = "control",
    like: Series | None = None,
) -> Series:
    """Inverse-covariance weighted mean of control-standardised components (Anderson 2008).

    Parameters
    ----------
    frame, columns, reverse, like : as in `klk_index`
    covariance : the rows that the covariance comes from: "control", so that an effect doesn't change its own weights, or "all"

    Returns
    -------
    Series
        Components weighted by the row sums of the inverse covariance, scaled to sum to one; not standardised again. `attrs` holds weights
        (in the order of `columns`), columns, control means and standard deviations, and a note when a weight is negative. With
        missing components the weights of those observed are scaled to sum to one; nan when that sum isn't positive.

    Raises
    ------
    MeasureError
        As in `klk_index`; and components of which one is a combination of others.

    Notes
    -----
    Source: Anderson (2008), Journal of the American Statistical Association 103, appendix A. The covariance is over rows with all
    components. A component that strongly follows the others can get a negative weight: the index then falls when it rises.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [0, 0, 0, 0, 1], "a": [1.0, 2.0, 3.0, 4.0, 5.0], "b": [2.0, 1.0, 4.0, 3.0, 5.0]})
    >>> tu.anderson_index(trial, ["a", "b"], tu.Design("arm", 0)).attrs["weights"]
    (0.5, 0.5)
    """
    if covariance not in {"control", "all"}:
        raise MeasureError(Fault("comes from control or all rows", "covariance", "control, all"))
    z, is_control, attrs = _standardized(frame, columns, design, reverse, like)
    if like is None:
        weights = _inverse_weights(z if covariance == "all" else z[is_control], attrs["columns"])
    else:
        weights = np.asarray(like.attrs["weights"], dtype=np.float64)
    seen = ~np.isnan(z)
    present = seen @ weights
    values = np.divide(np.where(seen, z, 0.0) @ weights, present, out=np.full(len(z), np.nan), where=present > 1e-9)
    negative = [name for name, weight in zip(attrs["columns"], weights, strict=True) if weight < 0]
    note = f"Negative weight: {', '.join(negative)}. The index falls when it rises." if negative else ""
    return _series(frame, values, "anderson_index", {**attrs, "weights": tuple(map(float, weights)), "note": note})


def _standardized(
    frame: DataFrame, columns: Sequence[str], design: Design, reverse: Sequence[str], like: Series | None,
) -> tuple[Floats, np.ndarray, dict[str, Any]]:
    """Components less their control mean, divided by their control standard deviation (or those of `like`), turned round where asked."""
    is_frame(frame, MeasureError)
    is_design(design, MeasureError)
    names = (columns,) if isinstance(columns, str) else tuple(columns)
    turned = (reverse,) if isinstance(reverse, str) else tuple(reverse)
    faults = [Fault(f'"{name}" is not among the columns', "reverse", listed(names), nearest(name, names)) for name in turned if name not in names]
    if design.treatment not in frame.columns:
        faults.append(Fault(f'no column "{design.treatment}"', "frame", listed(map(str, frame.columns)), nearest(design.treatment, frame.columns)))
    collect(MeasureError, faults)
    values = item_matrix(frame, names, where="columns")
    is_control = (frame[design.treatment] == design.control).to_numpy(dtype=bool, na_value=False)
    means, sds = (np.zeros(len(names)), np.ones(len(names))) if like is None else _frozen(like, names, turned)
    for position, name in enumerate(names if like is None else ()):
        reference = values[is_control, position]
        reference = reference[~np.isnan(reference)]
        if reference.size < 2:
            faults.append(Fault(f"{reference.size} control rows are observed, two are needed", name))
        elif np.ptp(reference) <= 1e-12 * np.abs(reference).max():
            faults.append(Fault("doesn't vary among control rows, so it has no standard deviation", name, remedy="Leave it out of the index."))
        else:
            means[position], sds[position] = reference.mean(), reference.std(ddof=1)
    collect(MeasureError, faults)
    signs = np.where(np.isin(names, turned), -1.0, 1.0)
    attrs = {"columns": names, "reverse": turned, "control_means": tuple(map(float, means)), "control_sds": tuple(map(float, sds))}
    return signs * (values - means) / sds, is_control, attrs


def _frozen(like: Series, names: tuple[str, ...], turned: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Control means and standard deviations of an index made before."""
    held = getattr(like, "attrs", {})
    if not {"columns", "reverse", "control_means", "control_sds", "weights"} <= set(held):
        raise MeasureError(Fault("is no index, or lost its weights on the way", "like", remedy="Keep what klk_index or anderson_index gave."))
    if tuple(held["columns"]) != names or set(held["reverse"]) != set(turned):
        raise MeasureError(Fault("was made of other columns, or with others turned round", "like", listed(held["columns"])))
    return np.asarray(held["control_means"], dtype=np.float64), np.asarray(held["control_sds"], dtype=np.float64)


def _at_arm_means(z: Floats, frame: DataFrame, design: Design) -> Floats:
    """Missing components of rows that have some, at the mean of their arm where it has one."""
    from pandas import factorize

    arms = factorize(frame[design.treatment])[0]
    some = ~np.isnan(z).all(axis=1)
    filled = z.copy()
    for arm in np.unique(arms[arms >= 0]):
        for column in range(z.shape[1]):
            here = (arms == arm) & some
            values = z[here, column]
            if np.isnan(values).any() and not np.isnan(values).all():
                filled[here & np.isnan(z[:, column]), column] = values[~np.isnan(values)].mean()
    return filled


def _inverse_weights(z: Floats, names: Sequence[str]) -> Floats:
    complete = z[~np.isnan(z).any(axis=1)]
    if z.shape[1] == 1:
        return np.ones(1)
    if len(complete) <= z.shape[1]:
        raise MeasureError(Fault(f"{len(complete)} rows have all {z.shape[1]} components, too few for their covariance", "columns",
                                 remedy="Leave out the component with most missing values, or use klk_index."))
    covariance = np.cov(complete, rowvar=False)
    spread = np.sqrt(np.diag(covariance))
    if (spread <= 0).any() or np.linalg.cond(covariance / np.outer(spread, spread)) > 1e10:
        raise MeasureError(Fault("a component is a combination of the others (or constant in the complete rows)", "columns", listed(names),
                                 "Leave one of them out."))
    weights = np.linalg.solve(covariance, np.ones(len(covariance)))
    if weights.sum() <= 0:
        raise MeasureError(Fault("the weights of the components don't sum to a positive number", "columns", remedy="Use klk_index."))
    return np.asarray(weights / weights.sum())


def _series(frame: DataFrame, values: Floats, name: str, attrs: dict[str, Any]) -> Series:
    from pandas import Series

    result = Series(values, index=frame.index, name=name)
    result.attrs.update(attrs)
    return result
