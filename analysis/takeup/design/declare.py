"""`Design`: how the draw was made, declared once and read by every estimator, test and table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from takeup.errors import DesignError, Fault, collect, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from pandas import DataFrame, Series

    from takeup.design.scheme import Redraw

Draw = Literal["simple", "complete", "blocked", "clustered", "blocked_clustered", "pairs", "none"]
DRAWS: tuple[str, ...] = get_args(Draw)


@dataclass(frozen=True, slots=True)
class Design:
    """How units were assigned to arms. Column arguments are names; the design never guesses from data.

    Parameters
    ----------
    treatment : str
        Column with the arm as assigned; two or more arms.
    control : object
        Its control value.
    draw : {"simple", "complete", "blocked", "clustered", "blocked_clustered", "pairs", "none"}
        simple: each unit by its own coin. complete: a fixed number treated. blocked: complete within each block.
        clustered: whole clusters. blocked_clustered: whole clusters within blocks. pairs: one of two in each block
        (of units, or of clusters when `clusters` is given). none: the groups formed otherwise, so that there is no draw to
        list or repeat; estimators treat it as complete, resampling by the draw is refused.
    blocks, clusters : str, optional
        Strata or pairs used in the draw; the unit of the draw. With draw simple, complete or blocked, `clusters` only sets
        the level of the variance and treatment may vary within it.
    probability : str or float, optional
        P(treated) by unit when it isn't the realised share (of the block).
    nested_in : str, optional
        Provider that exists in treated arms only (case manager, group leader).
    received : str, optional
        0/1: the programme was taken up; or a numeric dose.
    weights : str, optional
        Analysis weights (response, sampling).
    accept : callable, optional
        Re-randomisation rule: assignment array -> bool. Draws that it refuses are never made.
    redraw : optional
        How `takeup randomize` drew, where that isn't said by the columns: batches, hidden blocks, minimisation, an accepted balance
        (`design.redraw`).

    Raises
    ------
    DesignError
        All that doesn't fit together, at once.

    Examples
    --------
    >>> Design("arm", "control", draw="blocked", blocks="batch").draw
    'blocked'
    """

    treatment: str
    control: Any
    draw: Draw = "complete"
    blocks: str | None = None
    clusters: str | None = None
    probability: str | float | None = None
    nested_in: str | None = None
    received: str | None = None
    weights: str | None = None
    accept: Callable[[np.ndarray], bool] | None = None
    redraw: Redraw | None = None

    def __post_init__(self) -> None:
        faults = []
        if self.draw not in DRAWS:
            faults.append(Fault(f'"{self.draw}" is no draw', "draw", listed(DRAWS), nearest(self.draw, DRAWS)))
        if self.draw in {"blocked", "blocked_clustered", "pairs"} and self.blocks is None:
            faults.append(Fault(f"a {self.draw} draw needs the column of its blocks", "blocks"))
        if self.draw in {"clustered", "blocked_clustered"} and self.clusters is None:
            faults.append(Fault(f"a {self.draw} draw needs the column of its clusters", "clusters"))
        if isinstance(self.probability, float | int) and not 0 < self.probability < 1:
            faults.append(Fault("a probability of treatment lies strictly between 0 and 1", "probability"))
        collect(DesignError, faults)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a frame that the design reads, each once."""
        named = (self.treatment, self.blocks, self.clusters, self.nested_in, self.received, self.weights,
                 self.probability if isinstance(self.probability, str) else None)
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @property
    def draws_clusters(self) -> bool:
        """Whether whole clusters were drawn (and so share an arm)."""
        return self.draw in {"clustered", "blocked_clustered"} or (self.draw == "pairs" and self.clusters is not None)

    def draws(self, frame: DataFrame, n: int, seed: int) -> np.ndarray:
        """`n` assignments of the rows of `frame`, drawn by the trial's own scheme.

        Returns
        -------
        ndarray, shape (n, rows)
            1 for treated and 0 for control; with several arms the position of the arm in `design.assign.arms`.
        """
        from takeup.design import assign

        return assign.draws(frame, self, n, seed)

    def count(self, frame: DataFrame) -> float:
        """The number of possible assignments: an exact int, or `math.inf` past 2**63 for simple draws."""
        from takeup.design import assign

        return assign.count(frame, self)

    def enumerate(self, frame: DataFrame) -> np.ndarray:
        """All possible assignments, shape (count, rows); refused above one million."""
        from takeup.design import assign

        return assign.enumerate_all(frame, self)

    def probabilities(self, frame: DataFrame) -> Series:
        """P(assigned to own arm), by row of `frame`."""
        from takeup.design import assign

        return assign.probabilities(frame, self)
