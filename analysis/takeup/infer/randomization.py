"""Randomisation inference: the trial is drawn again by its own scheme, and the observed statistic is held against what it could have been."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.estimate.tails import check_level
from takeup.infer.anew import SAID
from takeup.infer.compare import Alternative, TwoSided, check_options, moments, monte_carlo_error, tails
from takeup.infer.invert import interval as invert
from takeup.infer.invert import lines
from takeup.infer.statistics import METHODS
from takeup.infer.step_down import max_t
from takeup.infer.trial import TrialNull, names_of, trial_null
from takeup.results import Provenance, Result, ResultSet, Test
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.infer.trial import Covariates

Method = Literal["ancova", "difference_in_means", "lin", "cace"]
Which = Literal["studentized", "estimate"]
Numbers = float | np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RandomizationTest(Result):
    """A randomisation test of one outcome (numbers) or of several on the same draws (arrays in the order asked; `test[name]` is one).

    Attributes
    ----------
    outcomes : names
    p_value, statistic, estimate : of each outcome; `statistic` is the effect over its standard error, or the effect itself
    mc_error : Monte-Carlo standard error of the p-value; 0 where all assignments were listed
    p_adjusted : for all outcomes together, as from `stepdown`; nan where it wasn't asked for
    conf_low, conf_high : interval by test inversion at `conf_level`; nan where none was asked for
    exact : all assignments were listed
    draws : how many draws, or how many assignments there are
    n : rows with the outcome observed
    n_clusters : clusters that were drawn; None where single units were
    null_mean, null_sd : of the statistic over the draws (over all assignments where they were listed)
    reason : how the draws were made, and why a number is missing
    """

    outcomes: tuple[str, ...]
    arm: str = ""
    p_value: Numbers
    statistic: Numbers
    estimate: Numbers
    mc_error: Numbers
    conf_low: Numbers
    conf_high: Numbers
    conf_level: float = 0.95
    n: int | np.ndarray[Any, np.dtype[np.int64]] = 0
    n_clusters: int | None = None
    p_adjusted: Numbers = float("nan")
    null_mean: Numbers = float("nan")
    null_sd: Numbers = float("nan")
    exact: bool
    draws: int
    method: str
    alternative: str
    null: float = 0.0
    reason: str = ""
    provenance: Provenance = field(default_factory=Provenance)

    def __getitem__(self, outcome: str) -> RandomizationTest:
        """The test of one outcome."""
        if outcome not in self.outcomes:
            raise KeyError(outcome)
        place = self.outcomes.index(outcome)
        numbers = {name: float(np.ravel(getattr(self, name))[place]) for name in _EACH}
        return replace(self, outcomes=(outcome,), n=int(np.ravel(self.n)[place]), **numbers)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.outcomes)

    def tests(self) -> ResultSet:
        """One `Test` an outcome."""
        return ResultSet(tuple(
            Test(outcome=one.outcomes[0], arm=self.arm, statistic=_number(one.statistic), p_value=_number(one.p_value),
                 p_adjusted=_number(one.p_adjusted), conf_low=_number(one.conf_low), conf_high=_number(one.conf_high),
                 conf_level=self.conf_level, n=int(np.ravel(one.n)[0]), n_clusters=self.n_clusters, draws=self.draws, exact=self.exact,
                 mc_error=_number(one.mc_error), method=self.method, reason=self.reason, provenance=self.provenance)
            for one in (self[name] for name in self.outcomes)
        ))

    def to_frame(self) -> DataFrame:
        """One row an outcome."""
        return self.tests().to_frame()

    def _repr_html_(self) -> str:
        return self.tests()._repr_html_()

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.outcomes)


_EACH = ("p_value", "statistic", "estimate", "mc_error", "conf_low", "conf_high", "p_adjusted", "null_mean", "null_sd")


def randomization_test(
    frame: DataFrame, outcomes: str | Sequence[str], design: Design, *, covariates: Covariates = (), method: Method = "ancova",
    statistic: Which = "studentized", alternative: Alternative = "two-sided", two_sided: TwoSided = "doubled", draws: int = 10_000, seed: int = 0,
    interval: bool = False, null: float = 0.0, arm: object = None, conf_level: float = 0.95, family: bool = False,
    backend: Executor | None = None,
) -> RandomizationTest:
    """Test of the sharp null of no effect (or of a constant effect `null`) by drawing the trial again.

    Parameters
    ----------
    frame : all rows that were drawn; a row with a missing outcome is drawn with the rest and leaves the statistic of that outcome
    outcomes : one name (the result holds numbers) or several (arrays); all share the draws
    design : the draw; numbers treated are kept, in every block
    covariates : baseline columns for all outcomes, or a mapping from outcome to its own
    method : the statistic's estimator. "ancova": blocks fixed, covariates additive; "lin": interacted; "cace": see Notes
    statistic : "studentized" (HC2; CR1 with clusters; Neyman's or the pair's for differences in means) or the bare "estimate"
    alternative, two_sided : two-sided as twice the smaller tail ("doubled") or by absolute value
    draws : when there are no more assignments than this, all are listed and the test is exact
    seed : of the draws; the same seed gives the same bits for any number of outcomes, workers or backend
    interval : also the interval of constant effects that aren't rejected, from the same draws
    null : hypothesised effect, in units of the outcome (per unit of dose for "cace")
    arm : which treated arm, where there are several: units of the two arms are drawn again among each other, the rest stays as it was; after
        minimisation or accepted balance everybody is drawn anew into all arms
    family : also p-values adjusted for all these outcomes (step-down max-T, two-sided by absolute value), from the same draws
    backend : any `concurrent.futures.Executor`; None uses processes when the work is long. For Dask: ``client.get_executor()``

    Returns
    -------
    RandomizationTest

    Raises
    ------
    DesignError
        Where the frame contradicts the draw, so that it can't be repeated.
    EstimateError, InferError
        Unusable columns; unknown options.

    Notes
    -----
    The observed assignment counts among the draws, p = (1 + number as extreme) / (draws + 1), and ties count (within 1e-9 of the root mean
    square of the null distribution). Draws that leave an arm or a block empty have no statistic and are never extreme; `reason` counts them.
    Studentised tests are exact for the sharp null and valid in large samples for a zero average effect (Wu and Ding 2021).
    "cace" tests outcome - null x received by the effect of assignment on it, both stages rebuilt for each draw, and its interval is the
    Anderson-Rubin set (Imbens and Rosenbaum 2005): holding take-up fixed in a two-stage estimate under another assignment would compare a
    strong first stage with draws that have none. Units of a partially nested design are drawn without their providers, who have no part in
    the sharp null. Sources: Fisher (1935); Freedman and Lane (1983) and Zhao and Ding (2021) on covariates; Phipson and Smyth (2010) on counting.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 1, 1, 1, 0, 0, 0, 0], "y": [7, 9, 8, 11, 4, 8, 5, 6]})
    >>> test = tu.randomization_test(trial, "y", tu.Design("arm", 0), method="difference_in_means", interval=True)
    >>> test.exact, test.draws, round(test.p_value, 4)
    (True, 70, 0.0857)
    """
    check_options(method=(method, METHODS), statistic=(statistic, Which), alternative=(alternative, Alternative), two_sided=(two_sided, TwoSided))
    check_level(conf_level)
    names = names_of(outcomes)
    found = trial_null(frame, names, design, covariates=covariates, method=method, studentized=statistic == "studentized", draws=draws, seed=seed,
                       interval=interval, null=null, arm=arm, backend=backend)
    p_values = np.array([tails(row, found.null.weights).p_value(alternative, two_sided) for row in found.statistics])
    doubled = alternative == "two-sided" and two_sided == "doubled"
    errors = np.array([monte_carlo_error(p, np.inf if found.null.exact else found.null.draws, doubled=doubled) for p in p_values])
    low, high = np.full(len(names), np.nan), np.full(len(names), np.nan)
    if interval:
        for place in range(len(names)):
            low[place], high[place] = _interval(found, place, alternative, two_sided, conf_level, null, studentized=statistic == "studentized")
    units = np.ones(len(names)) if statistic == "studentized" else found.scale
    compared = found.statistics if statistic == "studentized" else found.statistics * units[:, None]
    centre, width = moments(compared, found.null.weights)
    adjusted = max_t(compared, found.null.weights)[0] if family else np.full(len(names), np.nan)
    values: dict[str, Any] = {
        "p_value": p_values, "mc_error": errors, "conf_low": low, "conf_high": high, "estimate": found.effects[:, 0] * found.scale,
        "statistic": compared[:, 0].copy(), "p_adjusted": adjusted, "null_mean": centre, "null_sd": width,
        "n": np.array([one.n for one in found.data]),
    }
    for array in values.values():
        array.flags.writeable = False
    if isinstance(outcomes, str):
        values = {name: array[0].item() for name, array in values.items()}
    return RandomizationTest(
        outcomes=names, arm=found.data[0].arm, exact=found.null.exact, draws=found.null.draws, conf_level=conf_level,
        n_clusters=found.found.n_units if found.found.clustered else None, method=f"randomization, {method}, {statistic}",
        alternative=f"{alternative}, {two_sided}" if alternative == "two-sided" else alternative, null=null, reason=reasons(found, design),
        provenance=Provenance(seed=None if found.null.exact else seed, version=__version__), **values,
    )


def _interval(
    found: TrialNull, place: int, alternative: Alternative, two_sided: TwoSided, conf_level: float, null: float, *, studentized: bool,
) -> tuple[float, float]:
    if found.scale[place] == 0.0 or found.dose is None or found.joint is None:
        return float("nan"), float("nan")
    dose, squares = found.dose[place]
    three = np.stack([found.variances[place], squares, found.joint[place]]) if studentized else None
    low, high = invert(lines(np.stack([found.effects[place], dose]), three, found.null.weights), alternative=alternative, two_sided=two_sided,
                       conf_level=conf_level)
    units = found.scale[place] / found.dose_scale[place]
    return null + low * units, null + high * units


def reasons(found: TrialNull, design: Design) -> str:
    """How the draws were made, and what is missing."""
    null = found.null
    said = [f"All {null.draws:,} assignments of the {design.draw} draw are listed." if null.exact
            else f"{null.draws:,} draws by the trial's own scheme ({design.draw})."]
    if design.accept is not None:
        said.append("Assignments that the design's rule refuses are left out.")
    if design.redraw is not None:
        said.append(design.redraw.said)
    if found.found.drawer is not None and len(found.found.labels) > 2:
        said.append(SAID)
    missing = np.isnan(found.statistics)
    undefined = int(missing[found.scale > 0].any(axis=0).sum()) if missing.any() else 0
    if undefined:
        said.append(f"{undefined:,} of them leave the statistic undefined and count as not extreme.")
    for one, scale, row in zip(found.data, found.scale, found.statistics, strict=True):
        if scale == 0.0:
            said.append(f"{one.outcome} has the same value in all rows, so there is nothing to test.")
        elif np.isnan(row[0]):
            said.append(f"{one.outcome} has no statistic under the observed assignment: an arm or a block is empty, there is one cluster only, "
                        "or covariates explain the arm.")
    return " ".join([*said, *dict.fromkeys(note for one in found.data for note in one.notes)])


def _number(value: Numbers) -> float:
    return float(np.ravel(value)[0])
