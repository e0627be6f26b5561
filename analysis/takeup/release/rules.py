"""What may leave: the thresholds of a disclosure profile."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from takeup.errors import Fault, ReleaseError, collect, listed
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from takeup.plan.model import Release

Profile = Literal["default", "strict", "public"]

PROFILES = FrozenMap(default=(10, 5), strict=(20, 10), public=(1, 1))
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
    profile : {"default", "strict", "public"}
        default: 10 people, base 5. strict: 20 and 10, and never below. public: the data are public already, so nothing is rounded
        and a minimum cell holds only where it is given.

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

    minimum_cell: int | None = None
    round_counts_to: int | None = None
    profile: Profile = "default"

    def __post_init__(self) -> None:
        faults = [
            Fault(f"{name} is at least 1", f"release.{name}")
            for name in ("minimum_cell", "round_counts_to") if getattr(self, name) is not None and getattr(self, name) < 1
        ]
        if self.profile not in PROFILES:
            faults.append(Fault(f'"{self.profile}" is no disclosure profile', "release.profile", listed(PROFILES)))
        collect(ReleaseError, faults)

    @classmethod
    def from_plan(cls, release: Release) -> Self:
        """The rules of a plan's `release` part: what it doesn't set is its profile's."""
        return cls(minimum_cell=release.minimum_cell, round_counts_to=release.round_counts_to, profile=release.profile)

    @property
    def cell(self) -> int:
        """The smallest group that may be seen."""
        return self._threshold(self.minimum_cell, 0)

    @property
    def base(self) -> int:
        """The base counts are rounded to; 1 where they leave as they are."""
        return 1 if self.profile == "public" else self._threshold(self.round_counts_to, 1)

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
