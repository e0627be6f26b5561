"""What a study would gain: the same question with more people, smaller caseloads, another wave, better covariates, less loss, more take-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from takeup.design.power import mde, power, sample_size
from takeup.errors import DesignError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from takeup.design.sizing import Keywords

BETTER_R2, MORE_TAKEUP = 0.2, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """One change and what it buys.

    Attributes
    ----------
    change : which (a key of `CHANGES`), and `value` what it is changed to
    n : people in the changed study
    mde : smallest effect it finds with the power asked for
    power : its chance to find the effect asked for; None without one
    needed : people who would find that effect with the power asked for; None without one, or where no number does
    """

    change: str
    value: float
    n: float
    mde: float | None
    power: float | None
    needed: float | None


CHANGES = ("as_planned", "more_people", "half_as_many_more", "more_providers", "more_clusters", "another_wave", "baseline", "better_covariates",
           "less_attrition", "more_takeup", "fewer_comparisons")


def gains(study: Mapping[str, Any], n: float, *, effect: float | None = None, wanted: float = 0.8) -> tuple[Gain, ...]:
    """The study as planned, then each change that makes sense for it by itself.

    Parameters
    ----------
    study : keywords of `power`
    n : people
    effect : in units of the outcome, or None
    wanted : power asked for

    Examples
    --------
    >>> from takeup.design.gains import gains
    >>> [gain.change for gain in gains({"attrition": 0.2}, 200, effect=0.4)]
    ['as_planned', 'more_people', 'half_as_many_more', 'another_wave', 'baseline', 'better_covariates', 'less_attrition']
    """
    return tuple(_gain(name, value, changed, people, effect, wanted) for name, value, changed, people in _changes(dict(study), n))


def _changes(study: dict[str, Any], n: float) -> Iterator[tuple[str, float, dict[str, Any], float]]:
    yield "as_planned", n, study, n
    yield "more_people", 1.25 * n, study, 1.25 * n
    yield "half_as_many_more", 1.5 * n, study, 1.5 * n
    for name, size in (("more_providers", "provider_size"), ("more_clusters", "cluster_size")):
        if study.get(size) is not None and study[size] >= 4:
            yield name, study[size] / 2.0, {**study, size: study[size] / 2.0}, n
    correlation, paired = study.get("correlation", 0.0), study.get("paired", False)
    if not paired and study.get("control_rate") is None:
        yield "another_wave", study.get("post", 1) + 1, {**study, "post": study.get("post", 1) + 1, "correlation": correlation or 0.5}, n
        if not correlation:
            yield "baseline", 0.5, {**study, "correlation": 0.5}, n
    r2 = min(round(study.get("r2", 0.0) + BETTER_R2, 12), 0.95)
    yield "better_covariates", r2, {**study, "r2": r2}, n
    if study.get("attrition", 0.0) > 0:
        yield "less_attrition", study["attrition"] / 2.0, {**study, "attrition": study["attrition"] / 2.0}, n
    if study.get("takeup", 1.0) < 1:
        takeup = min(1.0, round(study["takeup"] + MORE_TAKEUP, 12))
        yield "more_takeup", takeup, {**study, "takeup": takeup}, n
    if study.get("comparisons", 1) > 1:
        yield "fewer_comparisons", 1, {**study, "comparisons": 1}, n


def _gain(name: str, value: float, study: dict[str, Any], n: float, effect: float | None, wanted: float) -> Gain:
    keywords = cast("Keywords", study)

    def tried(ask: Any) -> float | None:
        try:
            return float(ask())
        except DesignError:
            return None

    return Gain(
        change=name, value=value, n=n, mde=tried(lambda: mde(n, power=wanted, **keywords).effect),
        power=None if effect is None else tried(lambda: power(effect, n, **keywords).power),
        needed=None if effect is None else tried(lambda: sample_size(effect, power=wanted, **keywords).n_whole),
    )
