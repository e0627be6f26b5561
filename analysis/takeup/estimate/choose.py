"""Which estimator a planned outcome gets, by the rule of the standard operating procedures, and why in words.

M is the number of units (clusters, where whole clusters were drawn) with an observed outcome in the smaller arm, N in both. Only
whether an outcome is observed is looked at, never its value, so the choice can't follow the answer.
Source: Lin, Green and Coppock (2016), Standard Operating Procedures for Don Green's Lab, "Covariate adjustment".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.errors import EstimateError, Fault, listed, nearest
from takeup.estimate.arrays import Arrays, arrays
from takeup.results import Estimate, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pandas import DataFrame

    from takeup.design import Design

Estimator = Literal["lin", "ancova", "difference_in_means"]
ESTIMATORS: tuple[Estimator, ...] = ("lin", "ancova", "difference_in_means")

ENOUGH = 20
"""Units in the smaller arm from which interactions are safe; units in both from which any adjustment is."""
PER_COVARIATE = 20
"""Units that must stand behind each covariate: of the smaller arm where it is interacted, of both where it is additive."""

NAMES = {"lin": "Lin's interacted regression", "ancova": "ANCOVA", "difference_in_means": "the difference in means"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The estimator and covariates of one outcome.

    Attributes
    ----------
    estimator : {"lin", "ancova", "difference_in_means"}
    covariates : those that enter, in order: the outcome's own baseline first
    rule : {"plan", "no_covariates", "few_units", "smaller_arm", "small_blocks", "unequal_blocks", "enough"}
        The rule that fired, by name.
    reason : the same in words
    """

    estimator: Estimator
    covariates: tuple[str, ...]
    rule: str
    reason: str


def choose(
    frame: DataFrame, outcome: str, design: Design, *, covariates: Sequence[str] = (), estimator: str = "by_rule", arm: object = None,
) -> Choice:
    """The estimator for `outcome` by rule, or the one the plan names.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column name
    covariates : baseline columns in order of importance; the outcome's own baseline comes first
    estimator : "by_rule", or the name of the estimator that the plan fixes

    Returns
    -------
    Choice
        Lin's estimator where M >= 20 (at most M / 20 covariates), additive ANCOVA where M < 20 <= N (at most N / 20), the
        difference in means where N < 20 or there is nothing to adjust for. Covariates enter in the order given as long as they
        fit; a categorical one counts once for each dummy. Interactions also need two units of each arm in every block: else
        additive; and additive adjustment of blocks with unequal shares isn't the average effect: then the difference in means.

    Raises
    ------
    EstimateError
        An unknown estimator; columns that `arrays` can't use.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 0] * 12, "before": range(24), "after": range(24)})
    >>> choose(trial, "after", tu.Design("arm", 0), covariates=["before"]).estimator
    'ancova'
    """
    covariates = tuple(dict.fromkeys(covariates))
    if estimator != "by_rule":
        if estimator not in ESTIMATORS:
            allowed = listed(("by_rule", *ESTIMATORS))
            raise EstimateError(Fault(f'"{estimator}" is no estimator', "analyses.estimator", allowed, nearest(estimator, ESTIMATORS)))
        kept = () if estimator == "difference_in_means" else covariates
        return Choice(estimator=estimator, covariates=kept, rule="plan", reason=f"The plan names {NAMES[estimator]}.")
    data = arrays(frame, outcome, design, covariates=covariates, arm=arm)
    smaller, both = _units(data, design)
    unit = "clusters" if _clustered(data, design) else "units"
    if not covariates:
        return _plain("no_covariates", "There is no baseline measurement to adjust for: difference in means.")
    if both < ENOUGH:
        return _plain("few_units", f"{both} {unit} in both arms, fewer than {ENOUGH}: difference in means, without adjustment.")
    blocks_differ = _unequal_blocks(frame, outcome, design, arm)
    if smaller >= ENOUGH and not _small_blocks(data, design):
        fitting, words = _fitting(data, covariates, smaller // PER_COVARIATE)
        reason = f"{smaller} {unit} in the smaller arm, at least {ENOUGH}: Lin's regression with covariates interacted with treatment. "
        return Choice(estimator="lin", covariates=fitting, rule="enough", reason=(reason + words).strip())
    if blocks_differ:
        return _plain("unequal_blocks", "Unequal shares treated in blocks too small to interact: difference in means weighted by block size.")
    fitting, words = _fitting(data, covariates, both // PER_COVARIATE)
    if smaller < ENOUGH:
        rule, reason = "smaller_arm", f"{smaller} {unit} in the smaller arm, fewer than {ENOUGH}, and {both} in both: additive ANCOVA. "
    else:
        rule, reason = "small_blocks", "Some block has fewer than two units of an arm, so interactions with blocks can't be fitted: additive ANCOVA. "
    return Choice(estimator="ancova", covariates=fitting, rule=rule, reason=(reason + words).strip())


def estimate(
    frame: DataFrame, outcome: str, design: Design, choice: Choice, *, arm: object = None, conf_level: float = 0.95,
) -> Estimate:
    """The estimate by the estimator that was chosen, the choice's reason before the variance's, its rule in ``extra["rule"]``."""
    call: Callable[..., Estimate] = estimator_function(choice.estimator)
    options: dict[str, Any] = {} if choice.estimator == "difference_in_means" else {"covariates": choice.covariates}
    found = call(frame, outcome, design, arm=arm, conf_level=conf_level, **options)
    extra = FrozenMap({**found.extra, "rule": choice.rule, "covariates": ", ".join(choice.covariates)})
    return found.replace(reason=f"{choice.reason} {found.reason}".strip(), extra=extra)


def estimator_function(name: Estimator) -> Callable[..., Estimate]:
    """The public function of an estimator's name."""
    if name == "difference_in_means":
        from takeup.estimate.difference import difference_in_means

        return difference_in_means
    from takeup.estimate.linear import ancova, lin

    return lin if name == "lin" else ancova


def _plain(rule: str, reason: str) -> Choice:
    return Choice(estimator="difference_in_means", covariates=(), rule=rule, reason=reason)


def _clustered(data: Arrays, design: Design) -> bool:
    return design.draws_clusters and data.clusters is not None


def _units(data: Arrays, design: Design) -> tuple[int, int]:
    """M and N: units, or clusters where they were drawn."""
    if not _clustered(data, design):
        return min(data.n_treated, data.n_control), data.n
    assert data.clusters is not None
    treated, control = (np.unique(data.clusters[data.treated == side]).size for side in (1, 0))
    return int(min(treated, control)), int(treated + control)


def _fitting(data: Arrays, covariates: Sequence[str], cap: int) -> tuple[tuple[str, ...], str]:
    """The covariates that enter: as many columns as the cap allows, in the order given."""
    kept: list[str] = []
    out: list[str] = []
    used = 0
    for name in covariates:
        width = sum(column == name or column.startswith(f"{name}[") for column in data.names)
        if used + width <= cap:
            kept.append(name)
            used += width
        else:
            out.append(name)
    words = f"At most {cap} covariate columns fit; left out: {', '.join(out)}." if out else ""
    return tuple(kept), words


def _small_blocks(data: Arrays, design: Design) -> bool:
    """Whether some block has fewer than two units (clusters) of an arm, so that its dummy can't be interacted."""
    if data.blocks is None:
        return False
    for block in np.unique(data.blocks):
        for side in (0, 1):
            here = (data.blocks == block) & (data.treated == side)
            units = np.unique(data.clusters[here]).size if _clustered(data, design) and data.clusters is not None else int(here.sum())
            if units < 2:
                return True
    return False


def _unequal_blocks(frame: DataFrame, outcome: str, design: Design, arm: object) -> bool:
    """Whether blocks were drawn with different shares: more than rounding to whole units explains."""
    if design.blocks is None:
        return False
    assigned = arrays(frame, outcome, design, arm=arm, keep_missing=True)
    assert assigned.blocks is not None
    units = assigned
    if _clustered(assigned, design):
        assert assigned.clusters is not None
        units = assigned.take(np.unique(assigned.clusters, return_index=True)[1])
    assert units.blocks is not None
    share = units.treated.mean()
    sizes = np.bincount(units.blocks)
    treated = np.bincount(units.blocks, weights=units.treated)
    present = sizes > 0
    return bool((np.abs(treated[present] - share * sizes[present]) >= 1).any())
