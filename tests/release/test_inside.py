"""Extra numbers that are somebody's own, or of a group that may be small, stay inside."""

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.release.magnitude import INSIDE, without_edges
from takeup.release.rules import Rules


def results():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"arm": np.arange(80) % 2, "lone": np.arange(80) // 2 % 2, "y": rng.normal(size=80)})
    frame["came"] = ((rng.random(80) < 0.6) & (frame["arm"] == 1) | (rng.random(80) < 0.1)).astype(int)
    lost = frame.assign(y=frame["y"].where(rng.random(80) < 0.7))
    return {"cace": tu.cace(frame, "y", tu.Design("arm", 0, received="came")), "lee": tu.lee_bounds(lost, "y", tu.Design("arm", 0)),
            "cells": tu.lee_bounds(lost, "y", tu.Design("arm", 0), tighten="lone")}


@pytest.mark.parametrize(("name", "held"), [
    ("cace", {"never_taker_mean", "always_taker_mean"}), ("lee", {"cut_lower", "cut_upper"}), ("cells", {"cells"}),
])
def test_they_are_in_a_result_and_not_in_what_leaves(name, held):
    extra = results()[name].extra
    assert held <= set(extra) & INSIDE
    assert not held & set(without_edges(extra, Rules()))
    assert held <= set(without_edges(extra, Rules(profile="public")))
