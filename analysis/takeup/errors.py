"""What can go wrong, said once: a base error, one child per door, and the four facts of a message.

A message never holds a value of a data file: faults are described by file, column, row number and count.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: what, where, what is allowed, what to do.

    `where` is a path in the plan (``outcomes[0].scale``), a file, a column or an argument's name.
    """

    what: str
    where: str = ""
    allowed: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.allowed:
            parts.append(f"Allowed: {self.allowed}.")
        if self.remedy:
            parts.append(self.remedy)
        return " ".join(part if part.endswith((".", "?", "!", "^")) else f"{part}." for part in parts)


class TakeupError(Exception):
    """The base of every error that takeup raises on purpose. Holds all faults found, not only the first."""

    def __init__(self, *faults: Fault | str) -> None:
        self.faults = tuple(fault if isinstance(fault, Fault) else Fault(fault) for fault in faults)
        super().__init__(*self.faults)

    def __str__(self) -> str:
        if len(self.faults) == 1:
            return str(self.faults[0])
        lines = [f"{len(self.faults)} problems were found."]
        return "\n".join([*lines, *(f"  {i}. {fault}" for i, fault in enumerate(self.faults, start=1))])


class PlanError(TakeupError):
    """The plan file can't be used as it stands."""


class DesignError(TakeupError):
    """The design doesn't fit the data, or can't be drawn."""


class IntakeError(TakeupError):
    """The data files don't fit the plan, their schemas or each other."""


class MeasureError(TakeupError):
    """A scale, an index or a right can't be scored."""


class EstimateError(TakeupError):
    """An estimator was asked for something it can't give."""


class InferError(TakeupError):
    """A resampling method was asked for something it can't give."""


class MissingError(TakeupError):
    """A method for missing data was asked for something it can't give."""


class DescribeError(TakeupError):
    """A description (balance, flow, attrition, compliance) can't be made."""


class ReleaseError(TakeupError):
    """Something would leave that may not."""


class ReportError(TakeupError):
    """A table, figure or document can't be made."""


class BuildError(TakeupError):
    """A build stopped; what stood there before is untouched."""


def nearest(name: object, options: Iterable[object]) -> str:
    """The sentence that suggests the nearest existing name, or an empty string.

    >>> nearest("welbeing", ["wellbeing", "trust"])
    'Did you mean "wellbeing"?'
    """
    close = get_close_matches(str(name), [str(option) for option in options], n=1, cutoff=0.6)
    return f'Did you mean "{close[0]}"?' if close else ""


def listed(options: Iterable[object], most: int = 12) -> str:
    """Names in a row for a message, cut after `most` of them."""
    names = [str(option) for option in options]
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def is_frame(frame: object, error: type[TakeupError]) -> None:
    """Refuse what isn't a pandas DataFrame (by what it can do: pandas isn't loaded for this)."""
    if not (hasattr(frame, "iloc") and hasattr(frame, "columns")):
        raise error(Fault("isn't a pandas DataFrame", "frame", "one row a unit", "Polars and others have a to_pandas()."))


def is_design(design: object, error: type[TakeupError]) -> None:
    """Refuse what isn't a design."""
    if not (hasattr(design, "treatment") and hasattr(design, "control")):
        raise error(Fault("isn't a design", "design", remedy='Declare one: tu.Design("arm", control=0).'))


def collect(error: type[TakeupError], faults: Iterable[Fault]) -> None:
    """Raise `error` with all faults at once; do nothing when there are none."""
    found = tuple(faults)
    if found:
        raise error(*found)
