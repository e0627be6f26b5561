"""Small, broken trials made by hypothesis, and what a sound answer to one of them is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
from hypothesis import strategies as st

from takeup.errors import TakeupError
from takeup.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

WHY = ("no standard error", "no degrees of freedom", "isn't identified", "can't", "no variation", "none is left", "no variance", "no joint test",
       "nothing to compare")
MAIN = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")

TESTED = ("statistic", "df", "df_denominator", "p_value")


@st.composite
def trials(draw: Any, most: int = 14) -> pd.DataFrame:
    """Columns y, z (outcomes), arm, group, x, level; few values, missing ones, constants, arms of one row."""
    number = st.sampled_from([0.0, 1.0, 1.0, 2.5, -3.0, 1e7, math.nan])
    label = st.sampled_from(["a", "b", "c"])
    rows = draw(st.lists(st.tuples(number, number, st.sampled_from([0, 1]), label, number, label), min_size=0, max_size=most))
    frame = pd.DataFrame(rows, columns=["y", "z", "arm", "group", "x", "level"]).astype({"y": float, "z": float, "x": float})
    flat = draw(st.sampled_from([None, None, "y", "z", "x", "level", "group", "arm"]))
    if flat is not None and len(frame):
        frame[flat] = frame[flat].iloc[0]
    return frame


def sound(call: Callable[[], Any]) -> None:
    """Either a TakeupError, or results in which a number that is missing is explained."""
    try:
        found = call()
    except TakeupError:
        return
    for result in [found] if isinstance(found, Estimate) else list(found):
        for name in MAIN if isinstance(result, Estimate) else TESTED:
            value = getattr(result, name, 0.0)
            assert isinstance(value, float), name
            assert not math.isinf(value) or name == "df", name
            assert not math.isnan(value) or any(why in result.reason for why in WHY), (name, result.reason)
