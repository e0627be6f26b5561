"""`Rollout`: how a programme spread: which unit took it up in which period. Declared once, read by `group_time`."""

from __future__ import annotations

from dataclasses import dataclass

from takeup.errors import DesignError, Fault, collect


@dataclass(frozen=True, slots=True)
class Rollout:
    """A programme adopted by some units sooner than by others, and seen in every period (district x month).

    Parameters
    ----------
    unit : str
        Column that names the units that are followed.
    period : str
        Column with the period, as whole numbers one apart (a month counted from some start).
    adopted : str
        Column with the first period in which the unit has the programme; missing for a unit that never gets it. Once adopted it stays.
    clusters : str, optional
        Column of the level at which adoption was decided, where units are smaller (families in districts).
    weights : str, optional
        Column with the weight of each unit, such as the number of families in a district.

    Raises
    ------
    DesignError
        Two roles for one column.

    Examples
    --------
    >>> Rollout("district", "month", "district_team_from").columns
    ('district', 'month', 'district_team_from')
    """

    unit: str
    period: str
    adopted: str
    clusters: str | None = None
    weights: str | None = None

    def __post_init__(self) -> None:
        same = len({self.unit, self.period, self.adopted}) < 3
        collect(DesignError, [Fault("unit, period and adopted are three columns", "rollout")] if same else [])

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, each once."""
        named = (self.unit, self.period, self.adopted, self.clusters, self.weights)
        return tuple(dict.fromkeys(name for name in named if name is not None))
