"""What every method returns: frozen values with fixed names, no row of data, and their provenance.

One contract for all: `to_dict()`, `_repr_html_` and the fields below. Access is by attribute, never by position.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from takeup import display
from takeup.coefficients import InRegressionTables

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

Evidence = Literal["randomized", "comparison", "before_after"]
NAN = math.nan


class FrozenMap(Mapping[str, Any]):
    """A small read-only mapping that can be hashed, copied and pickled (`MappingProxyType` can't)."""

    __slots__ = ("_items",)
    _items: dict[str, Any]

    def __init__(self, items: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        object.__setattr__(self, "_items", {**(items or {}), **more})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("results are frozen; use dataclasses.replace")

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"FrozenMap({self._items!r})"

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._items)

    def _repr_html_(self) -> str:
        return display.pairs(f"{len(self)} items", {name: getattr(value, "title", value) for name, value in self.items()}, keys=True)

    def __hash__(self) -> int:
        return hash(tuple(sorted((key, repr(value)) for key, value in self._items.items())))

    def __reduce__(self) -> tuple[type[FrozenMap], tuple[dict[str, Any]]]:
        return FrozenMap, (dict(self._items),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a number came from.

    `id` names the number in every table, figure and sentence of a study (``effect.depression``). `plan_hash` and `plan_path` are
    empty for a call outside a study; `seed` is None where nothing was drawn.
    """

    id: str = ""
    plan_hash: str = ""
    plan_path: str = ""
    seed: int | None = None
    version: str = ""
    pre_specified: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What all results share."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, `extra` and `provenance` as plain dicts, for a row of a table or a JSON file."""
        row: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, FrozenMap):
                value = {name: dict(part) if isinstance(part, FrozenMap) else part for name, part in value.items()}
            elif isinstance(value, Provenance):
                value = {part.name: getattr(value, part.name) for part in fields(value)}
            row[item.name] = value
        return row

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed (`dataclasses.replace`)."""
        return replace(self, **changes)

    def plot(self) -> Figure:
        """A figure for a notebook, not for release; ReportError where there is nothing to draw."""
        from takeup.present.figures import plot_of

        return plot_of(self)

    def _repr_html_(self) -> str:
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        inner = [value._repr_html_() for value in values.values() if isinstance(value, Result)]
        main = display.frame(type(self).__name__, self.to_frame()) if hasattr(self, "to_frame") else ""
        return display.result(type(self).__name__, self.to_dict(), inner, main)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate(Result, InRegressionTables):
    """One number with its uncertainty.

    Attributes
    ----------
    outcome, estimand, term, arm : str
        What it is about: the outcome's id, what is estimated ("ITT", "CACE", "change"), the model's term and the arm.
    estimate, std_error, df, statistic, p_value, conf_low, conf_high, conf_level : float
        In the outcome's units unless `estimand` says otherwise; `df` is ``inf`` for normal inference.
        A number that can't be had is nan and `reason` says why.
    n, n_treated, n_control, n_missing : int
        Rows used, by arm, and rows of these arms left out because the outcome is missing.
    n_clusters : int or None
        Clusters used by the variance, None where it isn't clustered.
    method, se_type : str
        The estimator, and the variance and degrees of freedom it used.
    reason : str
        Why this variance and these degrees of freedom, or why a number is missing; one or more sentences.
    evidence : {"randomized", "comparison", "before_after"}
        What the design can show; the wording follows from it.
    extra : FrozenMap
        Further named numbers of the method.
    provenance : Provenance
    """

    outcome: str
    estimand: str = "ITT"
    term: str = ""
    arm: str = ""
    estimate: float
    std_error: float = NAN
    df: float = NAN
    statistic: float = NAN
    p_value: float = NAN
    conf_low: float = NAN
    conf_high: float = NAN
    conf_level: float = 0.95
    n: int = 0
    n_treated: int = 0
    n_control: int = 0
    n_clusters: int | None = None
    n_missing: int = 0
    method: str = ""
    se_type: str = ""
    reason: str = ""
    evidence: Evidence = "randomized"
    extra: FrozenMap = field(default_factory=FrozenMap)
    provenance: Provenance = field(default_factory=Provenance)

    def _estimates(self) -> tuple[Self]:
        return (self,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Test(Result):
    """A test without an estimate of its own (joint tests, resampling tests)."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    outcome: str
    term: str = ""
    arm: str = ""
    statistic: float = NAN
    df: float = NAN
    df_denominator: float = NAN
    p_value: float = NAN
    p_adjusted: float = NAN
    conf_low: float = NAN
    conf_high: float = NAN
    conf_level: float = 0.95
    n: int = 0
    n_clusters: int | None = None
    draws: int | None = None
    exact: bool = False
    mc_error: float = NAN
    method: str = ""
    reason: str = ""
    extra: FrozenMap = field(default_factory=FrozenMap)
    provenance: Provenance = field(default_factory=Provenance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds(Result):
    """An interval that holds the effect under weak assumptions, and the confidence interval around it."""

    outcome: str
    estimand: str = "ITT"
    arm: str = ""
    lower: float
    upper: float
    std_error_lower: float = NAN
    std_error_upper: float = NAN
    conf_low: float = NAN
    conf_high: float = NAN
    conf_level: float = 0.95
    trimmed_share: float = NAN
    trimmed_arm: str = ""
    n: int = 0
    n_treated: int = 0
    n_control: int = 0
    n_missing: int = 0
    method: str = ""
    reason: str = ""
    extra: FrozenMap = field(default_factory=FrozenMap)
    provenance: Provenance = field(default_factory=Provenance)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceSet(Result):
    """A confidence set that need not be an interval (Anderson-Rubin): pairs of limits, infinite ones allowed."""

    outcome: str
    arm: str = ""
    intervals: tuple[tuple[float, float], ...]
    shape: Literal["interval", "ray", "two_rays", "line", "empty"]
    conf_level: float = 0.95
    df: float = NAN
    n: int = 0
    n_clusters: int | None = None
    method: str = ""
    se_type: str = ""
    reason: str = ""
    extra: FrozenMap = field(default_factory=FrozenMap)
    provenance: Provenance = field(default_factory=Provenance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic(Result):
    """One descriptive number: a count of a flow box, a mean at baseline, a share of a bar.

    `n` is the number of people it rests on and `count` the number of people it reveals (a share of 0.2 of 50
    has n 50 and count 10; a mean has no count): the disclosure gate reads both.
    """

    table: str
    variable: str
    level: str = ""
    arm: str = ""
    wave: str = ""
    kind: Literal["count", "share", "mean", "sd", "quantile", "difference", "standardized_difference", "density"]
    value: float
    n: int = 0
    count: int | None = None
    unit: str = ""
    reason: str = ""
    extra: FrozenMap = field(default_factory=FrozenMap)
    provenance: Provenance = field(default_factory=Provenance)


@dataclass(frozen=True, slots=True)
class ResultSet(InRegressionTables):
    """Many results in a fixed order, and the one tidy frame they make.

    Verbs (`where`, `+`) return new sets.
    """

    results: tuple[Result, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "results", tuple(self.results))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, key: int | str) -> Any: ...
    @overload
    def __getitem__(self, key: slice) -> ResultSet: ...
    def __getitem__(self, key: int | slice | str) -> Any:
        if isinstance(key, str):
            for result in self.results:
                if key in {getattr(result, "outcome", None), getattr(result, "term", None)}:
                    return result
            raise KeyError(key)
        return ResultSet(self.results[key]) if isinstance(key, slice) else self.results[key]

    def __add__(self, other: ResultSet | Iterable[Result]) -> ResultSet:
        return ResultSet((*self.results, *other))

    def _estimates(self) -> tuple[Estimate, ...]:
        return tuple(result for result in self.results if isinstance(result, Estimate))

    def where(self, keep: Callable[[Any], bool] | None = None, **fields_: object) -> ResultSet:
        """The results for which `keep` is true and the named fields have the given values."""
        return ResultSet(
            tuple(
                result
                for result in self.results
                if (keep is None or keep(result)) and all(getattr(result, name, None) == value for name, value in fields_.items())
            )
        )

    def to_frame(self) -> DataFrame:
        """One row a result; `extra` is spread into columns of its own after the fixed ones, `provenance` likewise."""
        from pandas import DataFrame

        rows = []
        for result in self.results:
            row = result.to_dict()
            extra, provenance = row.pop("extra", {}), row.pop("provenance", {})
            rows.append({**row, **{k: v for k, v in extra.items() if k not in row}, **provenance})
        return DataFrame(rows)

    def _repr_html_(self) -> str:
        return display.results([type(result).__name__ for result in self.results], [result.to_dict() for result in self.results])

    def _ipython_key_completions_(self) -> list[str]:
        found = (getattr(result, name, "") for name in ("outcome", "term") for result in self.results)
        return list(dict.fromkeys(key for key in found if key))

    def plot(self) -> Figure:
        """A figure for a notebook, not for release: effects with their intervals, differences at the start, shares by arm, or power."""
        from takeup.present.figures import plot_of

        return plot_of(self)
