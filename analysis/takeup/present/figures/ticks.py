"""Numbers at an axis: in the reader's language, with as many decimals as its ticks need and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axis import Axis

    from takeup.present.tables.model import Maker

MOST = 4
CLOSE = 1e-9


def numbered(axis: Axis, make: Maker) -> None:
    """Fix the ticks where they are now and write them out. Call it when the limits are final."""
    places = [float(place) for place in axis.get_ticklocs()]
    digits = next((digits for digits in range(MOST) if all(abs(round(place, digits) - place) < CLOSE for place in places)), MOST)
    low, high = sorted(float(end) for end in axis.get_view_interval())
    axis.set_ticks(places, [make.number.decimal(place, digits) for place in places])
    axis.set_view_interval(low, high, ignore=True)
