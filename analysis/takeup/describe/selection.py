"""Selective attrition on what is known before the draw: mean tests by arm and response (Ghanem, Hirshleifer and Ortiz-Becerra 2023).

A baseline column is regressed on the four groups of arm and response. Respondents can be compared if treated and control respondents
are alike and so are treated and control non-respondents; the effect on everyone assigned can be read from respondents if all four are alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.estimate.arrays import Arrays, Codes, Floats, arrays, dummies
from takeup.estimate.columns import numeric
from takeup.estimate.linear import least_squares
from takeup.estimate.rules import Inference, choose
from takeup.estimate.wald import wald
from takeup.results import Test

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pandas import DataFrame

    from takeup.design import Design

GROUPS = 4
"""Treated respondents, control respondents, treated non-respondents, control non-respondents."""


def selection_tests(frame: DataFrame, response: Floats, baseline: Sequence[str], design: Design, arm: object) -> Iterator[Test]:
    """Both tests for each baseline column, and for all of them together where there are several.

    Parameters
    ----------
    response : (rows,) 0 or 1
    arm : the treated arm that is held against control
    """
    if not baseline:
        return
    present = "attrition"
    while present in frame.columns:
        present += "_"
    base = arrays(frame.assign(**{present: 0.0}), present, design, arm=arm)
    inference = choose(base, design)
    y = np.column_stack([numeric(frame[name], name)[base.rows] for name in baseline])
    groups = _groups(base, response[base.rows])
    for position, name in enumerate(baseline):
        yield from _tests(name, y[:, [position]], groups, base, inference)
    if len(baseline) > 1:
        yield from _tests("joint", y, groups, base, inference)


def _groups(base: Arrays, response: Floats) -> Floats:
    """Dummies of the four groups, shape (n, 4)."""
    t, r = base.treated, response
    return np.column_stack([t * r, (1 - t) * r, t * (1 - r), (1 - t) * (1 - r)])


def _tests(name: str, y: Floats, groups: Floats, base: Arrays, inference: Inference) -> Iterator[Test]:
    """The test for respondents and the one for the study population, of one column or of several stacked."""
    common: dict[str, Any] = {"outcome": name, "arm": base.arm, "method": "attrition, mean test by arm and response"}
    spread = np.array([np.std(column[~np.isnan(column)]) if (~np.isnan(column)).sum() > 1 else 0.0 for column in y.T])
    usable = spread > 1e-12 * np.maximum(1e-300, np.nanmax(np.abs(np.where(np.isnan(y), 0.0, y)), axis=0))
    y, spread = y[:, usable], spread[usable]
    if not y.shape[1]:
        for term in ("respondents", "study population"):
            yield Test(term=term, reason="The column doesn't vary among those observed, so there is nothing to test.", **common)
        return
    x, values, units, pairs = _stacked(y / spread, groups, base)
    fit = least_squares(x, values)
    clusters = inference.clusters
    if y.shape[1] > 1 or clusters is not None:
        clusters = units if clusters is None else clusters[units]
        inference = Inference(se_type="CR2", df_rule="bell_mccaffrey", clusters=clusters, reason=inference.reason)
    for term, contrasts in pairs.items():
        rows = np.zeros((len(contrasts), int(fit.kept.sum())))
        place = np.cumsum(fit.kept) - 1
        for row, (plus, minus) in zip(rows, contrasts, strict=True):
            row[place[plus]], row[place[minus]] = 1.0, -1.0
        n = int(np.unique(units).size)
        if not contrasts:
            yield Test(term=term, n=n, reason="Too few of the groups have members, so there is nothing to test.", **common)
            continue
        found = wald(fit, rows, inference)
        reason = " ".join(filter(None, (found.problem, inference.reason)))
        yield Test(term=term, statistic=found.statistic, df=found.df, df_denominator=found.df_denominator, p_value=found.p_value, n=n,
                   n_clusters=None if clusters is None else int(np.unique(clusters).size), reason=reason, **common)


def _stacked(y: Floats, groups: Floats, base: Arrays) -> tuple[Floats, Floats, Codes, dict[str, list[tuple[int, int]]]]:
    """Regressors, values and unit of each row, columns below each other; and for each test the pairs of coefficients that must be equal."""
    blocks = np.zeros((base.n, 0)) if base.blocks is None else dummies(base.blocks)[:, 1:]
    parts, values, units = [], [], []
    pairs: dict[str, list[tuple[int, int]]] = {"respondents": [], "study population": []}
    width = GROUPS + blocks.shape[1]
    for position, column in enumerate(y.T):
        seen = np.flatnonzero(~np.isnan(column))
        part = np.zeros((seen.size, width * y.shape[1]))
        part[:, position * width : (position + 1) * width] = np.column_stack([groups, blocks])[seen]
        parts.append(part)
        values.append(column[seen])
        units.append(seen)
        there = [bool(groups[seen, group].any()) for group in range(GROUPS)]
        start = position * width
        alike = [(start, start + 1)] if there[0] and there[1] else []
        alike += [(start + 2, start + 3)] if there[2] and there[3] else []
        pairs["respondents"] += alike
        present = [group for group in range(GROUPS) if there[group]]
        pairs["study population"] += [(start + group, start + present[0]) for group in present[1:]]
    return np.vstack(parts), np.concatenate(values), np.concatenate(units).astype(np.int64), pairs
