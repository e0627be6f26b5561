"""The flow of a study without arms, in counts: assessed, left out, started, completed or left early, answered at each wave, analysed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.results import FrozenMap, ResultSet, Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TABLE = "flow"
LEFT_EARLY, NO_ANSWER = "left_early", "no_answer"
Mask = np.ndarray[Any, np.dtype[np.bool_]]


def participation(
    left: Sequence[str] | None, answered: Mapping[str, Mask], analysed: Mapping[str, Mask], *, clusters: Any = None, assessed: int | None = None,
    excluded: Mapping[str, int] | None = None,
) -> ResultSet:
    """Count every box of the flow of one group.

    Parameters
    ----------
    left : (people,) the reason for which each left early, empty for those who stayed; None where that isn't recorded
    answered : wave -> (people,) whether each answered, the first wave first
    analysed : outcome -> (people,) whether each is in its analysis
    clusters : (people,) codes of groups, counted beside the people
    assessed, excluded : how many were assessed, and left out by reason, where somebody says

    Returns
    -------
    ResultSet of Statistic
        table "flow", kind "count", without arm. `variable`: assessed, excluded, started, completed, left, measured (the first wave),
        followed_up and lost (later waves), analysed. `level`: a reason (excluded, left, lost) or an outcome (analysed).

    Examples
    --------
    >>> import numpy as np
    >>> yes = np.array([True, True, False])
    >>> found = participation(["", "moved", ""], {"baseline": ~yes | yes, "endline": yes & [True, False, True]}, {"trust": yes & [True, False, True]})
    >>> [(box.variable, box.level, box.count) for box in found if box.variable in {"started", "left", "lost"}]
    [('started', '', 3), ('left', '', 1), ('left', 'moved', 1), ('lost', '', 2), ('lost', 'left_early', 1), ('lost', 'no_answer', 1)]
    """
    n = next((mask.size for mask in (*answered.values(), *analysed.values())), 0)
    return ResultSet(tuple(_boxes(n, None if left is None else np.array(left, dtype=object), answered, analysed, clusters, assessed, excluded or {})))


def _boxes(
    n: int, left: Any, answered: Mapping[str, Mask], analysed: Mapping[str, Mask], clusters: Any, assessed: int | None, excluded: Mapping[str, int],
) -> Iterator[Statistic]:
    if assessed is not None:
        yield _count("assessed", assessed)
        yield _count("excluded", assessed - n)
        for reason, count in excluded.items():
            yield _count("excluded", count, level=reason)
    yield _people("started", np.ones(n, dtype=bool), clusters)
    gone = np.zeros(n, dtype=bool) if left is None else left != ""
    if left is not None:
        yield _people("completed", ~gone, clusters)
        yield _people("left", gone, clusters)
        for reason in sorted({str(word) for word in left[gone]}):
            yield _count("left", int((left == reason).sum()), level=reason)
    for place, (wave, here) in enumerate(answered.items()):
        if not place:
            yield _people("measured", here, clusters, wave=wave)
            continue
        yield _people("followed_up", here, clusters, wave=wave)
        yield _people("lost", ~here, clusters, wave=wave)
        for reason, rows in ((LEFT_EARLY, ~here & gone), (NO_ANSWER, ~here & ~gone)):
            if rows.any():
                yield _count("lost", int(rows.sum()), level=reason, wave=wave)
    for outcome, rows in analysed.items():
        yield _people("analysed", rows, clusters, level=outcome)


def _people(variable: str, rows: Mask, clusters: Any, *, wave: str = "", level: str = "") -> Statistic:
    extra = {} if clusters is None else {"clusters": int(np.unique(np.asarray(clusters)[rows]).size)}
    return _count(variable, int(rows.sum()), level=level, wave=wave, extra=FrozenMap(extra))


def _count(variable: str, count: int, *, level: str = "", wave: str = "", extra: FrozenMap | None = None) -> Statistic:
    return Statistic(table=TABLE, variable=variable, level=level, wave=wave, kind="count", value=float(count), n=count, count=count,
                     extra=extra or FrozenMap())
