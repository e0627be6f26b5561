"""Before there is an assignment: which arms, in which shares, and how many units of each stratum go to each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.design.bits import Source
from takeup.design.scheme import Codes, Floats, Scheme, check_columns, declared_probability, first_rows, units_and_blocks, varying_blocks
from takeup.errors import DesignError, Fault, collect

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.design.declare import Design

MISFIT = 1
"""The key of the stream that gives away the places that don't divide."""
WHOLE = 1e-9

Arms = Sequence[Any] | Mapping[Any, float] | None


def arms_and_shares(design: Design, arms: Arms) -> tuple[tuple[Any, ...], Floats]:
    """The labels, control first, and the share of each.

    `arms` is a mapping from label to share (or ratio), a list of labels with equal shares, or None for control and one treated arm.
    """
    declared = design.probability if isinstance(design.probability, float | int) else None
    if arms is None:
        labels: tuple[Any, ...] = (design.control, _treated_label(design.control))
        shares = np.array([0.5, 0.5] if declared is None else [1.0 - declared, declared])
        return labels, shares
    labels = tuple(arms)
    given = np.array([arms[label] for label in labels] if isinstance(arms, Mapping) else np.ones(len(labels)), dtype=float)
    faults = []
    if isinstance(arms, str) or len(set(labels)) != len(labels) or len(labels) < 2:
        faults.append(Fault("two or more different arms are needed", "arms", remedy='Write ["control", "treated"] or {"control": 1, "treated": 2}.'))
    elif design.control not in labels:
        faults.append(Fault(f'the control arm "{design.control}" isn\'t among them', "arms"))
    if not (np.isfinite(given) & (given > 0)).all():
        faults.append(Fault("every share must be a number above zero", "arms"))
    if declared is not None and isinstance(arms, Mapping):
        faults.append(Fault("shares are given here and as the design's probability", "arms", remedy="Give one of them."))
    if design.probability is not None and len(labels) > 2:
        faults.append(Fault("a probability of treatment is declared for several treated arms", "probability", "two arms"))
    if design.draw == "pairs" and len(labels) > 2:
        faults.append(Fault("a pair has place for two arms", "arms"))
    collect(DesignError, faults)
    if declared is not None:
        given = np.array([1.0 - declared if label == design.control else declared for label in labels])
    order = sorted(range(len(labels)), key=lambda place: (labels[place] != design.control, str(labels[place])))
    return tuple(labels[place] for place in order), given[order] / given.sum()


def _treated_label(control: Any) -> Any:
    if isinstance(control, bool | np.bool_):
        return not control
    if isinstance(control, int | float | np.number):
        return type(control)(1 if control == 0 else 0)
    return "treated"


def allotted(frame: DataFrame, design: Design, arms: Arms, seed: int) -> tuple[Scheme, int]:
    """The scheme of a trial that is still to be drawn, and the number of strata whose size doesn't divide.

    The places that don't divide go to arms by chance, so that every unit keeps its share exactly; with two arms they are spread over
    the strata so that the total stays within one of its target.
    """
    labels, overall = arms_and_shares(design, arms)
    reads = tuple(name for name in (design.blocks, design.clusters, design.probability) if isinstance(name, str))
    check_columns(frame, design, reads)
    units, blocks, faults = units_and_blocks(frame, design)
    collect(DesignError, faults)
    collect(DesignError, varying_blocks(units, blocks, design))
    strata = blocks[first_rows(units)]
    sizes = np.bincount(strata)
    shares = np.broadcast_to(overall, (strata.size, len(labels)))
    if isinstance(design.probability, str):
        treated = declared_probability(frame, design)[first_rows(units)]
        bad = int((~((treated > 0) & (treated < 1))).sum())
        if bad:
            raise DesignError(Fault(f"{bad} units have no probability strictly between 0 and 1", design.probability))
        shares = np.column_stack([1.0 - treated, treated])
    first = np.unique(strata, return_index=True)[1]
    if design.draw != "simple" and np.abs(shares - shares[first][strata]).max() > WHOLE:
        raise DesignError(Fault("the probability varies within a stratum", str(design.probability),
                                remedy='Declare the strata as blocks, or draw="simple".'))
    if design.draw == "pairs" and (sizes != 2).any():
        raise DesignError(Fault(f"{int((sizes != 2).sum())} pairs don't have two members", design.blocks or "blocks", "two units a pair"))
    wanted = sizes[:, None] * (np.array([[0.5, 0.5]]) if design.draw == "pairs" else shares[first])
    counts = _rounded(wanted, Source(seed, MISFIT))
    scheme = Scheme(
        kind="simple" if design.draw == "simple" else "fixed", labels=labels, units=units, strata=strata,
        assigned=np.zeros(strata.size, dtype=np.int64), counts=counts,
        shares=np.array(shares) if design.draw == "simple" else (counts / sizes[:, None])[strata],
        rows=np.arange(len(frame)), accept=design.accept, whole=np.zeros(len(frame), dtype=np.int8), arm_codes=tuple(range(len(labels))),
        clustered=design.draws_clusters,
    )
    misfits = 0 if design.draw == "simple" else int((np.abs(wanted - np.rint(wanted)).max(axis=1) > WHOLE).sum())
    return scheme, misfits


def _rounded(wanted: Floats, source: Source) -> Codes:
    """Whole numbers with these expectations and the same row sums, by systematic sampling of the fractional parts."""
    whole = np.floor(wanted + WHOLE)
    part = np.clip(wanted - whole, 0.0, 1.0)
    strata, arms = wanted.shape
    if arms == 2:
        order = np.argsort(source.words(strata))
        reached = np.floor(np.cumsum(part[order, 1]) + _uniform(source, 1))
        extra = np.zeros((strata, 2))
        extra[order, 1] = np.diff(reached, prepend=0.0)
        extra[:, 0] = np.rint(part.sum(axis=1)) - extra[:, 1]
    else:
        order = np.argsort(source.words(strata, arms), axis=1)
        reached = np.floor(np.cumsum(np.take_along_axis(part, order, axis=1), axis=1) + _uniform(source, strata)[:, None] + WHOLE)
        extra = np.zeros((strata, arms))
        np.put_along_axis(extra, order, np.diff(reached, axis=1, prepend=0.0), axis=1)
    return np.asarray(whole + extra, dtype=np.int64)


def _uniform(source: Source, size: int) -> Floats:
    return np.asarray((source.words(size) >> np.uint64(11)).astype(np.float64) * 2.0**-53)
