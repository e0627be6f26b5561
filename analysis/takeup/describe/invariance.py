"""Whether a questionnaire measures the same in two languages: reliability and loadings by language, and items that differ at equal score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import EstimateError, Fault
from takeup.estimate.columns import columns_exist
from takeup.estimate.linear import least_squares
from takeup.estimate.tails import check_level, critical, f_tail
from takeup.infer.multiplicity import adjust
from takeup.measure.items import item_matrix
from takeup.measure.reliability import cronbach_alpha, mcdonald_omega
from takeup.results import NAN, Estimate, FrozenMap, ResultSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pandas import DataFrame

    from takeup.estimate.arrays import Floats

ALIKE, FAIR = 0.95, 0.85
"""From these congruences on loadings count as equal, or as fairly similar (Lorenzo-Seva and ten Berge 2006)."""
MODERATE, LARGE = 0.035, 0.070
"""From these gains in explained variance on an item's difference is moderate, or large (Jodoin and Gierl 2001)."""
LEVEL = 0.05
NEAR = 1e-12
"""Squares of residuals below this, a person, are none."""


def invariance(frame: DataFrame, items: Sequence[str], *, by: str, name: str = "", conf_level: float = 0.95) -> ResultSet:
    """Does a scale measure the same in each language: alpha, omega, loadings and their congruence, and items that differ at equal score.

    Parameters
    ----------
    frame : DataFrame, one row a person
    items : columns of a scale's items, all pointing the same way
    by : column of the language (or of any other groups); the first in alphabetical order is compared with each other one
    name : what the scale is called in the results; the items' names where left out
    conf_level : of the intervals

    Returns
    -------
    ResultSet
        `term` "alpha" and "omega" by language (`extra` has `by` and `level`); `estimand` "loading", an item of one language (one factor by
        minimum residuals); `term` "congruence" (Tucker's, 1: proportional loadings; `extra` has `verdict`: equal, fair, unequal); `estimand`
        "DIF", an item: the difference from the first language in the item's standard deviations among people with the same sum of the other
        items, with `p_value` (F test of no difference, uniform or not), `extra` `p_adjusted` (Holm over the items), `gain` (explained variance
        that language adds), `verdict` (none, small, moderate, large).

    Raises
    ------
    EstimateError, MeasureError
        Unknown columns, fewer than three items, fewer than two languages.

    Notes
    -----
    An item is flagged where Holm's p-value is below 0.05 and the gain at least 0.035. Rows with all items are used; people are taken as
    independent. A difference may lie in the translation or in how a question is understood; it isn't told which. Sources: Lorenzo-Seva and ten
    Berge (2006), Methodology 2 (congruence); Harman and Jones (1966), Psychometrika 31 (minimum residuals); Swaminathan and Rogers (1990) in
    its linear form, with the sizes of Jodoin and Gierl (2001), Applied Measurement in Education 14.

    Examples
    --------
    >>> import numpy as np, pandas as pd, takeup as tu
    >>> rng = np.random.default_rng(4)
    >>> trait = rng.normal(size=600)
    >>> answers = pd.DataFrame({f"q{i}": trait + rng.normal(size=600) for i in range(5)}).assign(language=["fr", "nl"] * 300)
    >>> answers.loc[answers["language"] == "nl", "q3"] += 1.0
    >>> found = tu.invariance(answers, [f"q{i}" for i in range(5)], by="language")
    >>> found["congruence"].extra["verdict"], [item.term for item in found if item.extra.get("verdict") == "large"]
    ('equal', ['q3'])
    """
    check_level(conf_level)
    columns_exist(frame, [by])
    if isinstance(items, str) or len(items) < 3:
        raise EstimateError(Fault("at least three items are needed", "items"))
    values = item_matrix(frame, items)
    known = ~np.isnan(values).any(axis=1) & frame[by].notna().to_numpy()
    languages = frame[by].astype(str).to_numpy()[known]
    names = tuple(np.unique(languages))
    if len(names) < 2:
        raise EstimateError(Fault("answers in one language only, so there is nothing to compare", by))
    labels = {"outcome": name or ", ".join(map(str, items)), "conf_level": conf_level}
    parts = {language: values[known][languages == language] for language in names}
    out: list[Estimate] = []
    for language, part in parts.items():
        out += _of_language(part, items, by, language, labels)
    for language in names[1:]:
        out.append(_congruence(parts[names[0]], parts[language], (names[0], language), by, labels))
        pair = np.isin(languages, (names[0], language))
        out += _differences(values[known][pair], (languages[pair] == language).astype(float), items, (names[0], language), labels)
    return ResultSet(tuple(out))


def _of_language(part: Floats, items: Sequence[str], by: str, language: str, labels: dict[str, Any]) -> Iterator[Estimate]:
    """Alpha, omega and the loadings in one language."""
    from pandas import DataFrame

    table = DataFrame(part, columns=list(items))
    place = {"by": by, "level": language}
    for find in (cronbach_alpha, mcdonald_omega):
        found = find(table, items, conf_level=labels["conf_level"])
        yield found.replace(extra=FrozenMap(place, k=len(items)), evidence="before_after", **labels)
    loadings = minimum_residuals(part)
    for item, loading in zip(items, loadings, strict=True):
        why = "" if np.isfinite(loading) else "An item doesn't vary, too few people answered, or one item is all of the factor."
        yield Estimate(estimand="loading", term=str(item), estimate=float(loading), n=len(part), method="minres", reason=why,
                       extra=FrozenMap(place), evidence="before_after", **labels)


def minimum_residuals(x: Floats) -> Floats:
    """Loadings (k,) of one factor on the correlations of answers (n, k) by least squares off the diagonal; nan where there are none.

    >>> import numpy as np
    >>> r = np.outer([0.8, 0.7, 0.6, 0.5], [0.8, 0.7, 0.6, 0.5])
    >>> np.fill_diagonal(r, 1.0)
    >>> apart = np.random.default_rng(0).normal(size=(50, 4))
    >>> apart = np.linalg.qr(apart - apart.mean(axis=0))[0]
    >>> minimum_residuals(apart @ np.linalg.cholesky(r).T).round(6).tolist()
    [0.8, 0.7, 0.6, 0.5]
    """
    from pandas import DataFrame

    names = [f"item {place}" for place in range(x.shape[1])]
    found = mcdonald_omega(DataFrame(x, columns=names), names, method="minres").extra.get("loadings", (NAN,) * len(names))
    return np.asarray(found, dtype=np.float64)


def _congruence(one: Floats, other: Floats, pair: tuple[str, str], by: str, labels: dict[str, Any]) -> Estimate:
    first, second = minimum_residuals(one), minimum_residuals(other)
    value = float(first @ second / np.sqrt((first @ first) * (second @ second)))
    known = np.isfinite(value)
    verdict = ("equal" if value >= ALIKE else "fair" if value >= FAIR else "unequal") if known else ""
    return Estimate(term="congruence", estimand="congruence", estimate=value, n=len(one) + len(other), method="congruence", evidence="before_after",
                    reason="" if known else "There are no loadings in one of the languages.",
                    extra=FrozenMap(by=by, reference=pair[0], compared=pair[1], verdict=verdict), **labels)


def _differences(values: Floats, second: Floats, items: Sequence[str], pair: tuple[str, str], labels: dict[str, Any]) -> Iterator[Estimate]:
    """The items at an equal sum of the others."""
    found = [_item(values, second, place) for place in range(len(items))]
    adjusted = adjust(np.array([item["p"] for item in found]), "holm")
    for name, item, p in zip(items, found, adjusted, strict=True):
        gain = item["gain"]
        verdict = "" if np.isnan(p) else "none" if p >= LEVEL else "large" if gain >= LARGE else "moderate" if gain >= MODERATE else "small"
        half = critical(labels["conf_level"], float("inf")) * item["error"]
        yield Estimate(
            estimand="DIF", term=str(name), estimate=item["size"], std_error=item["error"], df=float("inf"), statistic=item["f"], p_value=item["p"],
            conf_low=item["size"] - half, conf_high=item["size"] + half, n=len(values), method="dif", evidence="before_after",
            reason="" if verdict else "The item, or the sum of the others, doesn't vary.",
            extra=FrozenMap(p_adjusted=float(p), gain=gain, verdict=verdict, reference=pair[0], compared=pair[1]), **labels)


def _item(values: Floats, second: Floats, place: int) -> dict[str, float]:
    """Size, test and gain of one item: regression on the sum of the others, then language, then both times each other."""
    nothing = {"size": NAN, "error": NAN, "f": NAN, "p": NAN, "gain": NAN}
    y, n = values[:, place], len(values)
    rest = np.delete(values, place, axis=1).sum(axis=1)
    if n < 8 or not np.ptp(y) > 0 or not np.ptp(rest) > 0:
        return nothing
    y = (y - y.mean()) / y.std(ddof=1)
    rest = (rest - rest.mean()) / rest.std()
    ones = np.ones(n)
    small, middle, whole = (least_squares(np.column_stack(columns), y) for columns in (
        (ones, rest), (ones, rest, second), (ones, rest, second, second * rest)))
    squares = [float((fit.regression.residuals**2).sum()) for fit in (small, middle, whole)]
    if not whole.kept.all() or not squares[2] > NEAR * n:
        return nothing
    f = (squares[0] - squares[2]) / 2.0 / (squares[2] / (n - 4))
    error = float(np.sqrt(squares[1] / (n - 3) * middle.regression.bread[2, 2]))
    return {"size": float(middle.coefficients[2]), "error": error, "f": f, "p": f_tail(f, 2.0, float(n - 4)),
            "gain": (squares[0] - squares[2]) / (n - 1)}
