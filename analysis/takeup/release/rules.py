"""What may leave: the thresholds of a disclosure profile."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from takeup.errors import Fault, ReleaseError, collect, listed
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from takeup.plan.model import Release

Profile = Literal["default", "strict", "public", "ten", "five", "three"]

PROFILES = FrozenMap(default=(10, 5), strict=(20, 10), public=(1, 1), ten=(10, 5), five=(5, 5), three=(3, 3))
"""Minimum cell and rounding base of each profile, in people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The thresholds the gate works with.

    Parameters
    ----------
    minimum_cell : int, people, optional
        A number that rests on fewer people, or that reveals a group of fewer, doesn't leave. Left out: the profile's.
    round_counts_to : int, people, optional
        Counts leave as the nearest multiple of this base; 1 rounds nothing. Left out: the profile's.
    profile : {"default", "strict", "public", "ten", "five", "three"}
        default (and ten): 10 people, base 5. strict: 20 and 10, and never below. five: 5 and 5. three: 3 and 3. public: the data are
        public already, so nothing is rounded and a minimum cell holds only where it is given.
    minimum_df : int, optional
        Residual degrees of freedom, people less arms, under which an estimate describes its people rather than a population. Left out:
        10, and none for public data.
    dominance : (int, float), optional
        A sum or a mean in which so many people make more than this share of the absolute total doesn't leave. Left out: (2, 0.9).
    p_percent : float, optional
        Nor one from which the second largest could tell the largest to within this share. Left out: 0.1.
    zero_cells : {"review", "withhold"}, optional
        What happens to shares of nobody or of everybody. Left out: review; strict withholds them.

    Raises
    ------
    ReleaseError
        A threshold outside its range or an unknown profile.

    Examples
    --------
    >>> Rules(minimum_cell=10, round_counts_to=5).rounded(12)
    10
    >>> Rules(profile="public").base
    1
    """

    minimum_cell: int | None = None
    round_counts_to: int | None = None
    profile: Profile = "default"
    minimum_df: int | None = None
    dominance: tuple[int, float] = (2, 0.9)
    p_percent: float = 0.1
    zero_cells: Literal["review", "withhold"] | None = None

    def __post_init__(self) -> None:
        faults = [
            Fault(f"{name} is at least 1", f"release.{name}")
            for name in ("minimum_cell", "round_counts_to") if getattr(self, name) is not None and getattr(self, name) < 1
        ]
        if self.profile not in PROFILES:
            faults.append(Fault(f'"{self.profile}" is no disclosure profile', "release.profile", listed(PROFILES)))
        if self.minimum_df is not None and self.minimum_df < 0:
            faults.append(Fault("minimum_df is at least 0", "release.minimum_df"))
        if not (self.dominance[0] >= 1 and 0 < self.dominance[1] <= 1):
            faults.append(Fault("dominance is a number of people and a share of the total", "release.dominance", "(1 or more, above 0 to 1)"))
        if not 0 <= self.p_percent <= 1:
            faults.append(Fault("p_percent is a share", "release.p_percent", "0 to 1"))
        if self.zero_cells not in {None, "review", "withhold"}:
            faults.append(Fault("zero cells are reviewed or withheld", "release.zero_cells", "review, withhold"))
        collect(ReleaseError, faults)

    @classmethod
    def from_plan(cls, release: Release) -> Self:
        """The rules of a plan's `release` part: what it doesn't set is its profile's."""
        own = {name: getattr(release, name) for name in ("dominance", "p_percent") if getattr(release, name) is not None}
        return cls(minimum_cell=release.minimum_cell, round_counts_to=release.round_counts_to, profile=release.profile,
                   minimum_df=release.minimum_df, zero_cells=release.zero_cells, **own)

    @property
    def cell(self) -> int:
        """The smallest group that may be seen."""
        return self._threshold(self.minimum_cell, 0)

    @property
    def base(self) -> int:
        """The base counts are rounded to; 1 where they leave as they are."""
        return 1 if self.profile == "public" else self._threshold(self.round_counts_to, 1)

    @property
    def df(self) -> int:
        """The fewest residual degrees of freedom an estimate may leave with."""
        return (0 if self.profile == "public" else 10) if self.minimum_df is None else self.minimum_df

    @property
    def zeros(self) -> Literal["review", "withhold"]:
        """What happens to shares of nobody or of everybody."""
        return self.zero_cells or ("withhold" if self.profile == "strict" else "review")

    @property
    def open(self) -> bool:
        """Whether nothing is kept back at all."""
        return self.cell <= 1 and self.base == 1

    @property
    def width(self) -> int:
        """How far apart the smallest and largest possible value of a protected count must be: as many values as the minimum cell has people."""
        return self.cell - 1

    def span(self, count: float, total: float = math.inf) -> tuple[int, int]:
        """The lowest and highest count that would be shown as this one is, of as many people.

        For somebody who knows that nothing is shown of a group under the minimum, nor of all but such a group.

        >>> rules = Rules(minimum_cell=10, round_counts_to=5)
        >>> rules.span(12), rules.span(48), rules.span(48, 60)
        ((10, 12), (48, 52), (48, 50))
        """
        if self.base == 1:
            return int(count), int(count)
        shown = self.rounded(count)
        alike = range(max(math.ceil(shown - self.base / 2), 0), math.ceil(shown + self.base / 2))
        possible = [value for value in alike if value <= total and not self.small(value) and not self.small(total - value)]
        return (min(possible), max(possible)) if possible else (int(count), int(count))

    def _threshold(self, given: int | None, place: int) -> int:
        own: int = PROFILES[self.profile][place]
        if given is None:
            return own
        return max(given, own) if self.profile == "strict" else given

    def small(self, count: float) -> bool:
        """Whether a group of this many people is too small to be seen; nobody at all is no group."""
        return 0 < count < self.cell

    def rounded(self, count: float) -> int:
        """A count to the nearest multiple of the base, halves upward."""
        return self.base * math.floor(count / self.base + 0.5)
