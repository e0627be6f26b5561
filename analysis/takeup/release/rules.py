"""What may leave: the thresholds of a disclosure profile."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from takeup.errors import Fault, ReleaseError, collect

if TYPE_CHECKING:
    from takeup.plan.model import Release

Profile = Literal["default", "strict", "public"]

STRICT_CELL = 20
STRICT_BASE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The thresholds the gate works with.

    Parameters
    ----------
    minimum_cell : int, people
        A number that rests on fewer people, or that reveals a group of fewer, doesn't leave.
    round_counts_to : int, people
        Counts leave as the nearest multiple of this base; 1 rounds nothing.
    profile : {"default", "strict", "public"}
        default: the thresholds as given. strict: never below 20 people and base 10. public: the data are public already, so
        nothing is rounded; the minimum cell stays as given.

    Raises
    ------
    ReleaseError
        A threshold below 1 or an unknown profile.

    Examples
    --------
    >>> Rules(minimum_cell=10, round_counts_to=5).rounded(12)
    10
    >>> Rules(profile="public").base
    1
    """

    minimum_cell: int = 10
    round_counts_to: int = 5
    profile: Profile = "default"

    def __post_init__(self) -> None:
        faults = [Fault(f"{name} is at least 1", f"release.{name}") for name in ("minimum_cell", "round_counts_to") if getattr(self, name) < 1]
        if self.profile not in {"default", "strict", "public"}:
            faults.append(Fault(f'"{self.profile}" is no disclosure profile', "release.profile", "default, strict, public"))
        collect(ReleaseError, faults)

    @classmethod
    def from_plan(cls, release: Release) -> Self:
        """The rules of a plan's `release` part."""
        return cls(minimum_cell=release.minimum_cell, round_counts_to=release.round_counts_to, profile=release.profile)

    @property
    def cell(self) -> int:
        """The smallest group that may be seen."""
        return max(self.minimum_cell, STRICT_CELL) if self.profile == "strict" else self.minimum_cell

    @property
    def base(self) -> int:
        """The base counts are rounded to; 1 where they leave as they are."""
        if self.profile == "public":
            return 1
        return max(self.round_counts_to, STRICT_BASE) if self.profile == "strict" else self.round_counts_to

    def small(self, count: float) -> bool:
        """Whether a group of this many people is too small to be seen; nobody at all is no group."""
        return 0 < count < self.cell

    def rounded(self, count: float) -> int:
        """A count to the nearest multiple of the base, halves upward."""
        return self.base * math.floor(count / self.base + 0.5)
