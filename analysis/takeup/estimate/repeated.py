"""A mixed model for repeated measures (MMRM): an outcome at several planned times, any covariance between them, some of them missing.

The covariance over times is estimated by REML with Fisher scoring in its own elements: the model is linear in them, so score, information and the
derivatives for Satterthwaite's degrees of freedom have closed forms. People with the same observed times share one inverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from takeup.errors import EstimateError, Fault, collect, listed
from takeup.estimate.arrays import Arrays, Codes, Floats, arrays, dummies
from takeup.estimate.columns import codes
from takeup.estimate.linear import independent
from takeup.estimate.tails import check_level, critical, p_value
from takeup.results import NAN, Estimate, FrozenMap, ResultSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design

STEPS = 200
CONVERGED = 1e-9
DfMethod = Literal["satterthwaite", "residual"]
LONG_GONE = "The covariance over times couldn't be estimated: too few people are observed at pairs of times."


def repeated_measures(
    frame: DataFrame, outcome: str, design: Design, *, person: str, time: str, covariates: Sequence[str] = (), df: DfMethod = "satterthwaite",
    arm: object = None, conf_level: float = 0.95,
) -> ResultSet:
    """Effect of assignment at each planned time, from all measurements at once, under an unstructured covariance between times (MMRM).

    Parameters
    ----------
    frame : DataFrame, one row a person and time; measurements that are missing have no row, or a missing outcome
    outcome : column name
    person, time : columns that name the person and the time (a handful of planned times, not dates)
    covariates : baseline columns, with the same slope at all times
    df : "satterthwaite", or "residual" (rows less coefficients, as R's gls)
    arm : which treated arm, where there are several
    conf_level : of the intervals

    Returns
    -------
    ResultSet
        An Estimate a time, in the order of the times; `term` is the time. `n` counts rows of that time, `n_clusters` people. `extra` of each has
        reml_log_likelihood, covariance over times (a tuple of rows), times, people, and of the whole regression coefficients by name and
        coefficient_covariance (rows in the order of the names): so that effects at two times can be compared.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, a person twice at a time or in two arms, one time only, more than twelve times.

    Notes
    -----
    Treatment, time and their product enter as factors, blocks of the design as dummies. Valid where measurements are missing at random given
    those observed and the covariates, and normal; standard errors are the model's, so this stands beside the planned analysis, for missing
    data, and doesn't replace it. Sources: Mallinckrodt and others (2008), Drug Information Journal 42; Satterthwaite's approximation as in
    Giesbrecht and Burns (1985).

    Examples
    --------
    >>> import numpy as np, pandas as pd, takeup as tu
    >>> rng = np.random.default_rng(1)
    >>> people = pd.DataFrame({"id": range(60), "arm": [0, 1] * 30, "level": rng.normal(size=60)})
    >>> long = people.merge(pd.DataFrame({"month": [2, 4, 6]}), how="cross")
    >>> long["y"] = long["level"] + 0.5 * long["arm"] * (long["month"] > 2) + rng.normal(size=180)
    >>> found = tu.repeated_measures(long, "y", tu.Design("arm", 0), person="id", time="month")
    >>> [one.term for one in found], found[0].n, found[0].n_clusters
    (['2', '4', '6'], 60, 60)
    """
    check_level(conf_level)
    if df not in get_args(DfMethod):
        raise EstimateError(Fault(f'"{df}" is no rule for degrees of freedom', "df", listed(get_args(DfMethod))))
    data = arrays(frame, outcome, design, covariates=covariates, arm=arm, also=(person, time))
    who = codes(frame[person].iloc[data.rows], "person")
    labels, when = _times(frame, time, data)
    _check(data, who, when, len(labels))
    base = dummies(when) if data.blocks is None else np.column_stack([dummies(when), dummies(data.blocks)[:, 1:]])
    x = np.column_stack([base, data.covariates, dummies(when) * data.treated[:, None]])
    kept = independent(x)
    model = _Model.make(x[:, kept], data.y, who, when, len(labels))
    fit = model.fit()
    places = np.cumsum(kept) - 1
    names = _names(labels, data, kept)
    found = []
    for position, label in enumerate(labels):
        column = x.shape[1] - len(labels) + position
        here = when == position
        common: dict[str, Any] = {
            "outcome": outcome, "term": str(label), "arm": data.arm, "conf_level": conf_level, "n": int(here.sum()),
            "n_treated": int(data.treated[here].sum()), "n_control": int(here.sum() - data.treated[here].sum()), "n_missing": data.n_missing,
            "n_clusters": int(np.unique(who).size), "method": "repeated_measures", "se_type": "model",
        }
        if fit is None or not kept[column]:
            reason = LONG_GONE if fit is None else "No one of an arm was observed at this time, so there is nothing to compare."
            found.append(Estimate(estimate=NAN, reason=reason, **common))
            continue
        contrast = np.zeros(int(kept.sum()))
        contrast[places[column]] = 1.0
        found.append(_estimate(model, fit, contrast, df, common, labels, names))
    return ResultSet(tuple(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    sigma: Floats
    beta: Floats
    phi: Floats
    log_likelihood: float
    information: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """People grouped by the times at which they were observed.

    Attributes
    ----------
    groups : for each pattern its times (t,), and of its m people regressors (m, t, k) and outcomes (m, t)
    pairs : (i, j) with i <= j, the elements of the covariance
    """

    groups: tuple[tuple[Codes, Floats, Floats], ...]
    pairs: tuple[tuple[int, int], ...]
    times: int
    rows: int
    columns: int

    @classmethod
    def make(cls, x: Floats, y: Floats, who: Codes, when: Codes, times: int) -> _Model:
        order = np.lexsort((when, who))
        pattern: dict[tuple[int, ...], list[Codes]] = {}
        for rows in np.split(order, np.flatnonzero(np.diff(who[order])) + 1):
            pattern.setdefault(tuple(int(value) for value in when[rows]), []).append(rows)
        groups = tuple(
            (np.array(seen, dtype=np.int64), x[np.stack(members)], y[np.stack(members)]) for seen, members in sorted(pattern.items())
        )
        pairs = tuple((i, j) for i in range(times) for j in range(i, times))
        return cls(groups=groups, pairs=pairs, times=times, rows=y.size, columns=x.shape[1])

    def fit(self) -> _Fit | None:
        """REML by Fisher scoring, steps halved until the likelihood rises; None where the covariance isn't determined."""
        sigma = self._start()
        if sigma is None:
            return None
        value, score, information, *_ = self._evaluate(sigma)
        for _ in range(STEPS):
            try:
                step: Floats = np.asarray(np.linalg.solve(information, score))
            except np.linalg.LinAlgError:
                return None
            size = 1.0
            while size > 1e-10:
                proposal: Floats = np.asarray(sigma + size * self._matrix(step))
                if np.linalg.eigvalsh(proposal)[0] > 0:
                    new = self._evaluate(proposal)
                    if new[0] >= value - 1e-12 * abs(value):
                        break
                size /= 2.0
            else:
                return None
            moved = float(np.abs(size * step).max()) / float(np.trace(sigma))
            sigma, (value, score, information, *_) = proposal, new
            if moved < CONVERGED:
                break
        else:
            return None
        value, score, information, beta, phi = self._evaluate(sigma)
        return _Fit(sigma=sigma, beta=beta, phi=phi, log_likelihood=value, information=information)

    def _start(self) -> Floats | None:
        """Variances and covariances of least-squares residuals by pairs of times, shrunk until they are a covariance matrix."""
        x = np.concatenate([one.reshape(-1, self.columns) for _, one, _ in self.groups])
        y = np.concatenate([one.ravel() for _, _, one in self.groups])
        beta = np.linalg.lstsq(x, y, rcond=None)[0]
        total, count = np.zeros((self.times, self.times)), np.zeros((self.times, self.times))
        for seen, design, values in self.groups:
            left = values - design @ beta
            total[np.ix_(seen, seen)] += left.T @ left
            count[np.ix_(seen, seen)] += len(values)
        if (count < 2).any():
            return None
        sigma = total / count
        diagonal = np.diag(np.diag(sigma))
        if np.diag(sigma).min() <= 1e-20 * float(np.abs(y).max()) ** 2:
            return None
        for share in (0.0, 0.1, 0.3, 0.6, 1.0):
            mixed = (1 - share) * sigma + share * diagonal
            if np.linalg.eigvalsh(mixed)[0] > 1e-3 * np.diag(sigma).min():
                return np.asarray(mixed)
        return None

    def _matrix(self, elements: Floats) -> Floats:
        out = np.zeros((self.times, self.times))
        for (i, j), value in zip(self.pairs, elements, strict=True):
            out[i, j] = out[j, i] = value
        return out

    def slopes(self, sigma: Floats) -> list[Floats]:
        """X' V^-1 V_p V^-1 X for each element p of the covariance, shape (k, k) each."""
        out = [np.zeros((self.columns, self.columns)) for _ in self.pairs]
        for seen, design, _ in self.groups:
            lean = np.linalg.solve(sigma[np.ix_(seen, seen)], design)  # (m, t, k)
            where = {int(time): place for place, time in enumerate(seen)}
            for position, (i, j) in enumerate(self.pairs):
                if i in where and j in where:
                    a, b = lean[:, where[i], :], lean[:, where[j], :]
                    out[position] += a.T @ b if i == j else a.T @ b + b.T @ a
        return out

    def _evaluate(self, sigma: Floats) -> tuple[float, Floats, Floats, Floats, Floats]:
        """REML log-likelihood, its score and expected information in the elements of the covariance, coefficients and their covariance."""
        k, q = self.columns, len(self.pairs)
        a, b, log_det, square = np.zeros((k, k)), np.zeros(k), 0.0, 0.0
        inverses = [np.linalg.inv(sigma[np.ix_(seen, seen)]) for seen, _, _ in self.groups]
        for (_, design, values), inverse in zip(self.groups, inverses, strict=True):
            lean = inverse @ design
            a += np.einsum("mtk,mtl->kl", design, lean)
            b += np.einsum("mtk,mt->k", lean, values)
            square += float(np.einsum("mt,ts,ms->", values, inverse, values))
            log_det -= len(values) * float(np.linalg.slogdet(inverse)[1])
        phi: Floats = np.asarray(np.linalg.inv(a))
        beta: Floats = np.asarray(phi @ b)
        score, plain = np.zeros(q), np.zeros((q, q))
        slopes = self.slopes(sigma)
        curves = np.zeros((q, q))
        for (seen, design, values), inverse in zip(self.groups, inverses, strict=True):
            left = (values - design @ beta) @ inverse
            units = [self._unit(pair, seen) for pair in self.pairs]
            turned = [inverse @ unit for unit in units]
            lean = inverse @ design
            for p in range(q):
                score[p] += 0.5 * (float(np.einsum("mt,ts,ms->", left, units[p], left)) - len(values) * float(np.trace(turned[p])))
                for r in range(p, q):
                    product = turned[p] @ turned[r]
                    plain[p, r] += len(values) * float(np.trace(product))
                    middle = np.einsum("mtk,ts,msl->kl", lean, units[p] @ inverse @ units[r], lean)
                    curves[p, r] += float(np.trace(phi @ middle))
        bent = [phi @ slope for slope in slopes]
        for p in range(q):
            score[p] += 0.5 * float(np.trace(bent[p]))
            for r in range(p, q):
                plain[p, r] += float(np.trace(bent[p] @ bent[r])) - 2.0 * curves[p, r]
        information = 0.5 * (np.triu(plain) + np.triu(plain, 1).T)
        rest = square - float(b @ beta)
        value = -0.5 * (log_det - float(np.linalg.slogdet(phi)[1]) + rest + (self.rows - k) * np.log(2.0 * np.pi))
        return float(value), score, np.asarray(information), beta, phi

    @staticmethod
    def _unit(pair: tuple[int, int], seen: Codes) -> Floats:
        """The derivative of a pattern's covariance by one element."""
        i, j = (seen == pair[0]).astype(float), (seen == pair[1]).astype(float)
        return np.asarray(np.outer(i, j) if pair[0] == pair[1] else np.outer(i, j) + np.outer(j, i))


def _names(labels: Sequence[object], data: Arrays, kept: np.ndarray) -> tuple[str, ...]:
    """The columns that were kept: the times, blocks but the first, covariates, the effect of treatment at each time."""
    blocks = 0 if data.blocks is None else int(np.unique(data.blocks).size) - 1
    every = (*map(str, labels), *(f"block {place + 2}" for place in range(blocks)), *data.names, *(f"treatment:{label}" for label in labels))
    return tuple(name for name, there in zip(every, kept, strict=True) if there)


def _estimate(
    model: _Model, fit: _Fit, contrast: Floats, rule: DfMethod, common: dict[str, Any], labels: Sequence[object], names: Sequence[str],
) -> Estimate:
    variance = float(contrast @ fit.phi @ contrast)
    df = float(model.rows - model.columns)
    if rule == "satterthwaite":
        w = fit.phi @ contrast
        gradient = np.array([w @ slope @ w for slope in model.slopes(fit.sigma)])
        df = 2.0 * variance**2 / float(gradient @ np.linalg.solve(fit.information, gradient))
    value, std_error = float(contrast @ fit.beta), float(np.sqrt(variance))
    half = critical(common["conf_level"], df) * std_error
    extra = FrozenMap(reml_log_likelihood=fit.log_likelihood, covariance=tuple(tuple(map(float, row)) for row in fit.sigma),
                      times=tuple(map(str, labels)), people=common["n_clusters"],
                      coefficients=FrozenMap(dict(zip(names, map(float, fit.beta), strict=True))),
                      coefficient_covariance=tuple(tuple(map(float, row)) for row in fit.phi))
    words = "Satterthwaite degrees of freedom." if rule == "satterthwaite" else "Degrees of freedom: rows less coefficients."
    return Estimate(
        estimate=value, std_error=std_error, df=df, statistic=value / std_error, p_value=p_value(value / std_error, df), conf_low=value - half,
        conf_high=value + half, reason=f"Unstructured covariance over {model.times} times, REML, the model's standard errors. {words}", extra=extra,
        **common,
    )


def _times(frame: DataFrame, time: str, data: Arrays) -> tuple[list[object], Codes]:
    """The times in order, and the place of each row's."""
    column = frame[time].iloc[data.rows]
    if column.isna().any():
        raise EstimateError(Fault(f"{int(column.isna().sum())} rows have no time", time))
    labels = sorted(column.unique(), key=lambda value: (str(type(value)), value))
    places = {label: place for place, label in enumerate(labels)}
    return labels, np.array([places[value] for value in column], dtype=np.int64)


def _check(data: Arrays, who: Codes, when: Codes, times: int) -> None:
    faults = []
    if not 2 <= times <= 12:
        faults.append(Fault(f"{times} times", "time", "two to twelve planned times"))
    twice = who.size - np.unique(who * max(times, 1) + when).size
    if twice:
        faults.append(Fault(f"{twice} rows are of a person and time that stand there already", "person"))
    first = np.unique(who, return_index=True)[1]
    if (data.treated != data.treated[first][who]).any():
        faults.append(Fault("some person is in both arms", "person"))
    collect(EstimateError, faults)


