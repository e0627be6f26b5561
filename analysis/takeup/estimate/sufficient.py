"""Effects on outcomes in a register, from sums that its engine makes: the same numbers as in memory, whatever the number of rows.

==========================  ==========================================================================================
estimator                   variances
==========================  ==========================================================================================
difference in means         as in memory: Neyman; within blocks; between pairs; CR2 (by block), from sums by cell
ANCOVA, binary (linear)     classical, CR0, CR1, CR2 from sums by cluster; HC0-HC3 from one more query, which sums squared
                            residuals over rows once the fit is known (none is needed without covariates)
==========================  ==========================================================================================

Not from sums: Lin's estimator, logistic regressions, weights, probabilities that differ between units, partially nested designs, covariates
that are text. Those are estimated in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from takeup.errors import EstimateError, Fault, collect, listed, nearest
from takeup.estimate.arrays import Codes, Floats, dummies
from takeup.estimate.binary import Risks, Scale, compare
from takeup.estimate.compressed import CompressedFit, PseudoRows, RowFit, additive, cells, cluster_fit, complete, pseudo_rows, row_fit
from takeup.estimate.difference import blocked, means, welch
from takeup.estimate.linear import SEEN, coefficient, combination, judged, left_out, noted, result, thin
from takeup.estimate.rules import Inference, choose
from takeup.estimate.sums import Moments, RowSums, Survey, moments, row_sums, rows, survey
from takeup.estimate.vcov import SATURATED, Spread, spread
from takeup.intake.connection import held
from takeup.intake.register import Linked, Register, Several, link, open_register
from takeup.results import Estimate, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from takeup.design import Design

Method = Literal["difference_in_means", "ancova", "binary"]


def from_register(
    source: Any, outcome: str, design: Design, *, method: Method | None = None, covariates: Sequence[str] = (), scale: Scale = "difference",
    units: Any = None, key: str | tuple[str, str] | None = None, table: str | None = None, several: Several = "refuse",
    absent: float | None = None, se_type: str | None = None, arm: object = None, conf_level: float = 0.95,
) -> Estimate:
    """Effect of assignment on an outcome in a register, which is read where it lies; no row of it is loaded.

    Parameters
    ----------
    source : the register
        A Parquet or CSV file (or folder, or pattern), a DuckDB file, a connection string of any engine that Ibis knows, an Ibis backend or
        table, a DataFrame; `table` names the table where there are several.
    outcome : column of the register, numeric or true/false
    design : as in memory; its columns stand in `units`, or in the register where no `units` are given
    method : "difference_in_means", "ancova" or "binary" (linear; `scale` as in `binary`); None is ANCOVA where there are covariates
    covariates : numeric columns, adjusted for additively; missing values are filled by the same rule as in memory
    units, key : the trial's units (DataFrame or file: key, design, covariates) and the pseudonymised key they share with the register, or
        its two names (units', register's)
    several : what a unit with several rows in the register gets: "refuse" (an error), "sum", "mean", "max", "min"
    absent : outcome of units that the register doesn't know (0 where it lists those who receive); None leaves it missing
    se_type : classical HC0 HC1 HC2 HC3 CR0 CR1 CR2; None leaves it to the design (ANCOVA and binary)
    arm, conf_level : as in memory

    Returns
    -------
    Estimate
        As from `difference_in_means`, `ancova` or `binary` on the same rows, to rounding. Where `units` are given, `extra` has units.ARM,
        matched.ARM, unmatched.ARM and duplicated.ARM, and `reason` says how many were found.

    Raises
    ------
    IntakeError
        The extra "registers" isn't installed, the source can't be read, units can't be linked.
    EstimateError
        Unknown or unusable columns; something that sums don't give.

    Notes
    -----
    Memory grows with the number of blocks and clusters, not with rows. Sums of doubles depend in their last digits on the order in which
    an engine adds, so that two runs agree to about 12 digits, not to the bit. Sources: Wong et al. (2021), You Only Compress Once; Bell and
    McCaffrey (2002); Pustejovsky and Tipton (2018), section 3.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"person": list("abcdef"), "arm": [1, 1, 1, 0, 0, 0]})
    >>> rights = pd.DataFrame({"person": list("abdex"), "months": [6.0, 9.0, 3.0, 4.0, 12.0]})
    >>> found = tu.from_register(rights, "months", tu.Design("arm", 0), units=trial, key="person", absent=0)
    >>> round(found.estimate, 3), found.extra["unmatched.1"], found.n
    (2.667, 1, 6)
    """
    chosen = _options(method, covariates, scale, se_type, design)
    with held(source) as place:
        register, linked = opened(place, outcome, design, units=units, key=key, table=table, several=several, absent=absent)
        folded = fold(register, outcome, design, covariates, arm)
        if chosen == "difference_in_means":
            found = _difference(folded, conf_level)
        elif chosen == "ancova":
            found = _ancova(folded, se_type, conf_level)
        else:
            found = _binary(folded, scale, se_type, conf_level)
    return found if linked is None else _with_links(found, linked)


def opened(
    source: Any, outcome: str, design: Design, *, units: Any, key: str | tuple[str, str] | None, table: str | None, several: Several,
    absent: float | None,
) -> tuple[Register, Linked | None]:
    """The register, with the trial's units linked to it where they are given."""
    if units is None:
        if key is not None:
            raise EstimateError(Fault("a key links a register to units, and none are given", "units"))
        return open_register(source, table), None
    if key is None:
        raise EstimateError(Fault("units are linked by a key", "key", remedy="Name the column that both have with key=."))
    linked = link(units, source, outcome, design.treatment, key, table=table, several=several, absent=absent)
    return linked.register, linked


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What a register was folded into, and how to ask it more."""

    outcome: str
    design: Design
    survey: Survey
    found: Moments
    ready: Any

    def query(self, fit: RowFit, base: Floats, direction: Floats, power: float) -> RowSums:
        """Sums over rows of squared loadings times squared residuals."""
        units = np.r_[np.ones(fit.centres.shape[1] - 1), self.survey.scale]  # the query works in scaled units of the outcome
        sums = row_sums(
            self.ready, fit.centres, fit.sizes, self.found.labels or None, root=fit.root, base=base, direction=direction, power=power,
            coefficients=np.nan_to_num(fit.fit.coefficients) / units[-1], saturated=SATURATED,
        )
        return RowSums(squares=sums.squares * self.survey.scale**2, whole=sums.whole, seen=sums.seen, fourth=sums.fourth,
                       by_block=sums.by_block, outer=sums.outer)


def fold(register: Register, outcome: str, design: Design, covariates: Sequence[str] = (), arm: object = None) -> Sums:
    """The two queries that every estimate needs."""
    seen = survey(register, outcome, design, tuple(covariates), arm)
    ready = rows(register, outcome, design, seen)
    return Sums(outcome=outcome, design=design, survey=seen, found=moments(ready, len(seen.columns)), ready=ready)


def _difference(sums: Sums, conf_level: float) -> Estimate:
    found, note = complete(sums.found)
    whole = round(float(sums.found.n.sum()))
    made = pseudo_rows(found, sums.survey, sums.outcome, str(sums.design.control)) if found.n.size else None
    if made is None:
        empty = pseudo_rows(sums.found, sums.survey, sums.outcome, str(sums.design.control)).data.take(np.zeros(0, dtype=np.int64))
        return _nothing(empty, note, conf_level)
    data = noted(made.data, note)
    made = PseudoRows(data=data, one=made.one, covariates=made.covariates, y=made.y)  # type: ignore[arg-type]
    inference, table = choose(data, sums.design, fixed_effects=False), cells(found, sums.survey)
    if data.blocks is not None:
        estimate = blocked(
            data, table, inference, sums.design, conf_level, by_block=lambda clusters: _cr2_by_block(made, clusters),
            crossing=lambda: _crossing(made, table.n, table.size, inference, conf_level, means(table)),
        )
        more = {"n_blocks": int(np.unique(data.blocks).size), "n_left_out": whole - data.n}
        return estimate.replace(extra=FrozenMap(estimate.extra, **more))
    if inference.clusters is not None:
        fit = cluster_fit(made, made.one[:, None], made.treated[:, None], inference)
        return coefficient(data, fit, 1, inference, method="difference_in_means", conf_level=conf_level, extra=means(table))
    return welch(data, table, conf_level)


def _nothing(data: Any, note: str, conf_level: float) -> Estimate:
    reason = " ".join(("No block has both arms, so there is nothing to compare.", *data.notes, note))
    return result(data, np.nan, np.nan, np.nan, method="difference_in_means", se_type="", conf_level=conf_level, reason=reason)


def _ancova(sums: Sums, se_type: str | None, conf_level: float) -> Estimate:
    made = pseudo_rows(sums.found, sums.survey, sums.outcome, str(sums.design.control))
    inference = choose(made.data, sums.design, se_type=se_type)
    if inference.clusters is not None:
        fit, first = additive(made, inference)
        data = noted(made.data, left_out(fit, made.data.names, first))
        return coefficient(data, fit, fit.kept.size - 1, inference, method="ancova", conf_level=conf_level)
    by_row = row_fit(sums.found, sums.survey)
    data = noted(made.data, left_out(by_row.fit, made.data.names, 0))
    value, std_error, df = float(by_row.fit.coefficients[-1]), np.nan, np.nan
    trouble = _thin(sums.found, by_row.fit, inference)
    if np.isnan(value):
        trouble = "It isn't identified: its column depends on the others, so that there is nothing left to compare."
    if not trouble:
        found = by_row.spread(0.0, 1.0, inference.se_type, sums.query)
        std_error, df, trouble = judged(by_row.fit, found, inference, scale=sums.survey.largest)
    reason = " ".join(part for part in (trouble, inference.reason, *data.notes) if part)
    return result(data, value, std_error, df, method="ancova", se_type=inference.se_type, conf_level=conf_level, reason=reason)


def _binary(sums: Sums, scale: Scale, se_type: str | None, conf_level: float) -> Estimate:
    if not sums.survey.binary:
        raise EstimateError(Fault("holds other values than 0 and 1", sums.outcome, "0 and 1, or False and True"))
    made = pseudo_rows(sums.found, sums.survey, sums.outcome, str(sums.design.control))
    data, n = made.data, made.data.n
    inference = choose(data, sums.design, se_type=se_type)
    share = data.n_treated / n
    mean = sums.survey.mean + sums.survey.scale * float(sums.found.products[:, 0, -1].sum()) / n
    fit: CompressedFit
    if inference.clusters is not None:
        fit, first = additive(made, inference)
        x = np.column_stack([_base(made), made.covariates, made.treated])
        if x.shape[1] != fit.kept.size:
            raise EstimateError(Fault("there are too many blocks for a binary outcome with clusters", "blocks", remedy="Use ANCOVA instead."))
        average, trouble = made.one @ x / n, thin(data, fit, inference)

        def variance(gradient: Floats) -> Spread:
            contrast = gradient[0] * average + gradient[1] * np.eye(fit.kept.size)[-1]
            return spread(fit.regression, contrast[fit.kept], inference.se_type, inference.clusters)
    else:
        by_row, first = row_fit(sums.found, sums.survey), 0
        fit, trouble = by_row.fit, _thin(sums.found, by_row.fit, inference)

        def variance(gradient: Floats) -> Spread:
            return by_row.spread(float(gradient[0]), float(gradient[1]), inference.se_type, sums.query)
    data = noted(data, left_out(fit, data.names, first))  # type: ignore[assignment]
    if not fit.kept[-1]:
        words = "It isn't identified: assignment depends on the other columns, so that there is nothing left to compare."
        return result(data, np.nan, np.nan, np.nan, method="binary_linear", se_type=inference.se_type, conf_level=conf_level,
                      estimand=f"risk {scale}".replace("risk odds_", "odds "), reason=" ".join((words, inference.reason, *data.notes)))
    effect = float(fit.coefficients[-1])
    risks = Risks(treated=mean + (1.0 - share) * effect, control=mean - share * effect, by_treated=np.array([1.0, 1.0 - share]),
                  by_control=np.array([1.0, -share]), fit=fit, inference=inference, model="linear", trouble=trouble, spread=variance)
    return compare(data, risks, scale, conf_level)


def _base(made: PseudoRows) -> Floats:
    return made.one[:, None] if made.data.blocks is None else dummies(made.data.blocks) * made.one[:, None]


def _thin(found: Moments, fit: CompressedFit, inference: Inference) -> str:
    """Why there is no variance by row; empty where there is one. The words are those of rows in memory."""
    if fit.df_residual <= 0:
        return "There are no degrees of freedom left for a variance: as many coefficients as rows."
    if inference.se_type == "classical":
        return ""
    for name, side in (("treated", 1.0), ("control", 0.0)):
        if found.n[found.treated == side].sum() < 2:
            return f"There is one unit only in the {name} arm, so the variance within that arm can't be estimated."
    return ""


def _cr2_by_block(made: PseudoRows, clusters: Codes) -> Floats:
    """CR2 variance of the difference in each block, nan where an arm has fewer than two clusters, shape (blocks,)."""
    blocks, arm = made.data.blocks, made.data.treated
    assert blocks is not None
    order = np.argsort(blocks, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(blocks[order])) + 1)
    out = np.full(len(parts), np.nan)
    inference = Inference(se_type="CR2", df_rule="bell_mccaffrey", clusters=clusters, reason="")
    for position, here in enumerate(parts):
        members = clusters[here]
        if min(np.unique(members[arm[here] == side]).size for side in (0.0, 1.0)) < 2:
            continue
        part = PseudoRows(data=made.data.take(here), one=made.one[here], covariates=made.covariates[here], y=made.y[here])
        fit = cluster_fit(part, part.one[:, None], part.treated[:, None], inference)
        seen = spread(fit.regression, np.array([0.0, 1.0]), "CR2", members)
        out[position] = seen.variance if seen.share >= SEEN else np.nan
    return out


def _crossing(
    made: PseudoRows, counts: Floats, size: Floats, inference: Inference, conf_level: float, extra: dict[str, float],
) -> Estimate:
    """Clusters that lie in several blocks, as in memory: a mean for each block and arm, or one effect where that hides the variance."""
    assert made.data.blocks is not None
    block = dummies(made.data.blocks)
    base, treated = block * made.one[:, None], made.treated[:, None]
    data = noted(made.data, "The clusters lie in several blocks.")
    fit = cluster_fit(made, base, block * treated, inference)
    contrast = np.concatenate([np.zeros(size.size), size])
    whole = combination(data, fit, contrast, inference, method="difference_in_means", conf_level=conf_level, extra=extra)
    if not np.isnan(whole.std_error) or not (counts < 2).any():
        return whole
    data = noted(data, "Some units are alone in their block and arm: blocks enter as fixed effects, with one effect for all.")
    one = cluster_fit(made, base, treated, inference)
    shared = coefficient(data, one, size.size, inference, method="difference_in_means", conf_level=conf_level, extra=extra)
    if np.isnan(shared.std_error):
        return whole
    return shared.replace(extra=FrozenMap(shared.extra, mean_treated=extra["mean_control"] + shared.estimate))


def _with_links(found: Estimate, linked: Linked) -> Estimate:
    counts = {f"{name}.{one.arm}": getattr(one, name) for one in linked.report.arms for name in ("units", "matched", "unmatched", "duplicated")}
    return found.replace(reason=f"{found.reason} {linked.report.sentence()}".strip(), extra=FrozenMap({**found.extra, **counts}))


def _options(method: Method | None, covariates: Sequence[str], scale: str, se_type: str | None, design: Design) -> Method:
    faults = []
    chosen: Method = method or ("ancova" if covariates else "difference_in_means")
    if chosen not in get_args(Method):
        faults.append(Fault(f'"{chosen}" isn\'t estimated from sums', "method", listed(get_args(Method)), nearest(chosen, get_args(Method))))
    if scale not in get_args(Scale):
        faults.append(Fault(f'"{scale}" is no scale', "scale", listed(get_args(Scale))))
    if chosen == "difference_in_means" and covariates:
        faults.append(Fault("a difference in means has no covariates", "covariates", remedy='Use method="ancova".'))
    if se_type in {"CR1G", "CR1p", "CR3", "CR2_precision", "HC2_structural", "HC3_structural"}:
        faults.append(Fault(f"{se_type} isn't computed from sums", "se_type", remedy="Choose CR2."))
    if chosen == "difference_in_means" and se_type is not None:
        faults.append(Fault("the draw chooses the variance of a difference in means", "se_type", remedy='Use method="ancova".'))
    remedy = "Estimate on rows in memory."
    faults += [
        Fault(f"the design's {role} can't be read from a register", role, remedy=remedy)
        for role in ("weights", "nested_in") if getattr(design, role) is not None
    ]
    if isinstance(design.probability, str):
        faults.append(Fault("probabilities by unit can't be read from a register", "probability", remedy=remedy))
    roles = {design.treatment: "the assignment", design.received: "known after assignment only"}
    faults += [Fault(f"is {roles[name]} and can't be a covariate", name) for name in dict.fromkeys(covariates) if name in roles]
    collect(EstimateError, faults)
    return chosen
