"""Results as columns of a regression table made elsewhere: the plug-in methods of the package maketables.

Its tables put models side by side; a result of takeup is such a model, with one row a coefficient. maketables itself isn't needed here.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

LABELS = {"N": "n", "clusters": "Clusters", "method": "Estimator", "se_type": "Standard error", "evidence": "Evidence"}


class InRegressionTables:
    """What `maketables.ETable` asks of a model, for everything that holds estimates.

    Examples
    --------
    >>> import takeup as tu
    >>> tu.Estimate(outcome="y", term="offer", estimate=1.5, std_error=0.5).__maketables_coef_table__[["b", "se"]].to_dict("index")
    {'offer': {'b': 1.5, 'se': 0.5}}
    """

    __slots__ = ()

    def _estimates(self) -> Sequence[Any]:
        raise NotImplementedError

    @property
    def __maketables_coef_table__(self) -> DataFrame:
        return coefficient_table(self._estimates())

    @property
    def __maketables_depvar__(self) -> str:
        return _same(self._estimates(), "outcome") or "several"

    def __maketables_stat__(self, key: str) -> Any:
        field = {"N": "n", "clusters": "n_clusters"}.get(key, key)
        return _same(self._estimates(), field) if key in LABELS else None

    @property
    def __maketables_vcov_info__(self) -> dict[str, str]:
        return {"vcov_type": _same(self._estimates(), "se_type") or ""}

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        return dict(LABELS)

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        return [key for key in LABELS if self.__maketables_stat__(key) is not None]


def coefficient_table(estimates: Sequence[Any]) -> DataFrame:
    """One row an estimate: b, se, t, p and the limits of the interval, ``ci95l`` and ``ci95u`` for 95 %; a name that isn't unique is made so."""
    from pandas import DataFrame, Index

    rows = [_row(one) for one in estimates]
    names = _names(estimates)
    columns = dict.fromkeys(("b", "se", "t", "p", *(name for row in rows for name in row)))
    return DataFrame(rows, index=Index(names, name="Coefficient", dtype=object), columns=list(columns))


def _row(one: Any) -> dict[str, float]:
    level = f"ci{100 * one.conf_level:g}"
    return {"b": one.estimate, "se": one.std_error, "t": one.statistic, "p": one.p_value, f"{level}l": one.conf_low, f"{level}u": one.conf_high}


def _names(estimates: Sequence[Any]) -> list[str]:
    """The term of each; where several have the same, with what tells them apart."""
    names = [one.term or one.estimand for one in estimates]
    for field in ("arm", "outcome", "estimand", "method"):
        taken = Counter(names)
        more = [getattr(one, field) for one in estimates]
        names = [f"{name}: {part}" if taken[name] > 1 and part else name for name, part in zip(names, more, strict=True)]
    seen: Counter[str] = Counter()
    for place, name in enumerate(names):
        seen[name] += 1
        names[place] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return names


def _same(estimates: Sequence[Any], field: str) -> Any:
    """What all have in this field; None where they differ or have nothing."""
    found = {getattr(one, field) for one in estimates}
    value = found.pop() if len(found) == 1 else None
    return None if value == "" or (isinstance(value, float) and math.isnan(value)) else value
