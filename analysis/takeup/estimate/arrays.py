"""The last place where a frame is touched: columns named by the design become arrays, checked and complete."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from takeup.errors import EstimateError, Fault, collect, is_design
from takeup.estimate.columns import Rows, codes, columns_exist, covariate_matrix, equals, factorized, numeric

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pandas import DataFrame, Series

    from takeup.design import Design

Floats = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int64]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """Rows of one arm and control with an observed outcome, ready for an estimator.

    Attributes
    ----------
    outcome, arm, control : str
        Labels for the result; no code depends on them.
    y : (n,) float
    treated : (n,) float, 0 or 1
    covariates : (n, p) float, missing values already filled in; `names` (p,)
    blocks, clusters : (n,) codes 0.., or None
    providers : (n,) codes 0.., -1 where the unit has none, or None
    received, weights, probability : (n,) float or None; `probability` is P(treated)
    rows : (n,) positions in the frame that was given
    n_missing : rows of these arms without an outcome (or without the treatment received, where it is needed)
    notes : sentences on what was done to the covariates
    """

    outcome: str
    arm: str
    control: str
    y: Floats
    treated: Floats
    covariates: Floats
    names: tuple[str, ...]
    blocks: Codes | None
    clusters: Codes | None
    providers: Codes | None
    received: Floats | None
    weights: Floats | None
    probability: Floats | None
    rows: Codes
    n_missing: int
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.y.size)

    @property
    def n_treated(self) -> int:
        """Rows assigned to the arm."""
        return int(self.treated.sum())

    @property
    def n_control(self) -> int:
        """Rows assigned to control."""
        return self.n - self.n_treated

    @property
    def n_clusters(self) -> int | None:
        """Clusters; None where none are declared."""
        return None if self.clusters is None else int(np.unique(self.clusters).size)

    def take(self, keep: np.ndarray) -> Arrays:
        """The same for a subset of rows (boolean mask or positions)."""

        def cut(array: Any) -> Any:
            return None if array is None else array[keep]

        return replace(
            self, y=self.y[keep], treated=self.treated[keep], covariates=self.covariates[keep], blocks=cut(self.blocks),
            clusters=cut(self.clusters), providers=cut(self.providers), received=cut(self.received), weights=cut(self.weights),
            probability=cut(self.probability), rows=self.rows[keep],
        )


def arrays(
    frame: DataFrame,
    outcome: str,
    design: Design,
    *,
    covariates: Sequence[str] = (),
    arm: object = None,
    needs: Sequence[str] = (),
    also: Sequence[str] = (),
    keep_missing: bool = False,
) -> Arrays:
    """Cut `frame` to one arm and control and turn its columns into arrays.

    Parameters
    ----------
    needs : names of design fields that must be declared and observed, such as "received" or "blocks"
    also : further columns that must exist, which the estimator reads itself (at `rows`)
    keep_missing : keep rows whose outcome is missing (nan in `y`), for bounds

    Raises
    ------
    EstimateError
        Every column that is absent, not numeric or incomplete, and every arm that is unknown or empty, at once.
    """
    is_design(design, EstimateError)
    covariates = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    columns_exist(frame, (outcome, *design.columns, *covariates, *also))
    collect(EstimateError, _misplaced(outcome, design, covariates, needs))
    assigned = frame[design.treatment]
    chosen = choose_arm(assigned, design, arm)
    is_treated, is_control = equals(assigned, chosen), equals(assigned, design.control)
    in_arms = is_treated | is_control

    faults: list[Fault] = []
    y = attempt(faults, lambda: numeric(frame[outcome], outcome))
    received = None if design.received is None else attempt(faults, lambda: numeric(frame[str(design.received)], str(design.received)))
    observed = in_arms if y is None else in_arms & ~np.isnan(y)
    if "received" in needs and received is not None:
        observed = observed & ~np.isnan(received)
    rows = np.flatnonzero(in_arms if keep_missing else observed)
    faults += [
        Fault(f"{keep.sum()} rows with an observed outcome in the {name} arm, at least one is needed", outcome,
              remedy="Check that it was joined to all rows, and that missing codes are declared.")
        for name, keep in (("treated", is_treated & observed), ("control", is_control & observed)) if not keep.any()
    ]
    part = Rows(frame, None if rows.size == len(frame) else rows)
    columns = attempt(faults, lambda: covariate_matrix(frame, covariates, part.places))
    weights = None if design.weights is None else attempt(faults, lambda: _weights(part, str(design.weights)))
    blocks = attempt(faults, lambda: codes(part[str(design.blocks)], "blocks")) if design.blocks else None
    clusters = attempt(faults, lambda: codes(part[str(design.clusters)], "clusters")) if design.clusters else None
    probability = attempt(faults, lambda: _probability(part, design))
    collect(EstimateError, faults)
    assert y is not None
    assert columns is not None
    values, names, notes = columns
    data = Arrays(
        outcome=outcome, arm=str(chosen), control=str(design.control), y=y[rows], treated=is_treated[rows].astype(float),
        covariates=values, names=names, blocks=blocks, clusters=clusters, providers=_providers(part, design),
        received=None if received is None else received[rows], weights=weights, probability=probability,
        rows=rows, n_missing=int(in_arms.sum() - observed.sum()), notes=notes,
    )
    return data if weights is None or (weights > 0).all() else _without_weightless(data)


def choose_arm(assigned: Series, design: Design, arm: object = None) -> object:
    """The treated arm that is meant: the one asked for, or the only one there is."""
    if not len(assigned):
        raise EstimateError(Fault("has no rows", "frame"))
    found = list(factorized(assigned)[1])
    arms = sorted((value for value in found if value != design.control), key=str)
    if len(arms) == len(found):
        raise EstimateError(Fault("no row has the control value that the design names", design.treatment, remedy="Check control= in the design."))
    if arm is None:
        if len(arms) == 1:
            return arms[0]
        if not arms:
            raise EstimateError(Fault("no row is in a treated arm", design.treatment, remedy="Check control= in the design, and the rows kept."))
        raise EstimateError(Fault(f"there are {len(arms)} treated arms", design.treatment, remedy="Say which one with arm=."))
    if arm == design.control:
        raise EstimateError(Fault("arm= names the control arm", "arm", remedy="Name a treated arm, or leave arm= out where there is one only."))
    for value in arms:
        if value == arm or str(value) == str(arm):
            return value
    raise EstimateError(Fault(f'no row is in the arm "{arm}"', "arm", f'a value of the column "{design.treatment}" other than the control'))


def attempt(faults: list[Fault], make: Callable[[], T]) -> T | None:
    """What `make` returns; None, and its faults added to the list, where it raises an EstimateError."""
    try:
        return make()
    except EstimateError as error:
        faults.extend(error.faults)
        return None


def dummies(labels: Codes) -> Floats:
    """One 0/1 column for each code present, shape (n, levels)."""
    present, position = np.unique(labels, return_inverse=True)
    out = np.zeros((labels.size, present.size))
    out[np.arange(labels.size), position] = 1.0
    return out


def _misplaced(outcome: str, design: Design, covariates: Sequence[str], needs: Sequence[str]) -> list[Fault]:
    """Roles that are needed and not declared, and covariates that can't be covariates."""
    faults = [
        Fault(f"this estimator needs the design's {name}", name, remedy=f"Declare {name}= in the design.")
        for name in needs if getattr(design, name, None) is None
    ]
    roles = {outcome: "the outcome", design.treatment: "the assignment", design.received: "known after assignment only"}
    return faults + [
        Fault(f"is {roles[name]} and can't be a covariate", name, remedy="Adjust for what was measured before assignment.")
        for name in dict.fromkeys(covariates) if name in roles
    ]


def _weights(frame: Rows, name: str) -> Floats:
    weights = numeric(frame[name], name)
    if np.isnan(weights).any() or (weights < 0).any() or not (weights > 0).any():
        raise EstimateError(Fault("weights must be observed, not negative and not all zero", name))
    return weights


def _without_weightless(data: Arrays) -> Arrays:
    """Rows of weight zero stand for nobody: they leave the count and the degrees of freedom (as in R's lm)."""
    assert data.weights is not None
    kept = data.take(data.weights > 0)
    collect(EstimateError, [
        Fault(f"every row of the {name} arm has weight zero", "weights")
        for name, n in (("treated", kept.n_treated), ("control", kept.n_control)) if n == 0
    ])
    return replace(kept, notes=(*kept.notes, f"{data.n - kept.n} rows of weight zero are left out."))


def _providers(frame: Rows, design: Design) -> Codes | None:
    if design.nested_in is None:
        return None
    return factorized(frame[design.nested_in])[0]


def _probability(frame: Rows, design: Design) -> Floats | None:
    if design.probability is None:
        return None
    if not isinstance(design.probability, str):
        return np.full(len(frame), float(design.probability))
    values = numeric(frame[design.probability], design.probability)
    if np.isnan(values).any() or (values <= 0).any() or (values >= 1).any():
        raise EstimateError(Fault("a probability of treatment must be observed and lie strictly between 0 and 1", design.probability))
    return values
