"""Axes write their ticks with as many decimals as they need, in the reader's language."""

from __future__ import annotations

import pytest

from takeup.present.figures.ticks import numbered
from takeup.present.style import drawing, house_style
from takeup.present.tables.model import Maker


@pytest.mark.parametrize(("ticks", "language", "written"), [
    ([0.0, 0.25, 0.5], "nl", ["0,00", "0,25", "0,50"]),
    ([-1.0, 0.0, 1.0], "en", ["\u22121", "0", "1"]),
    ([0.0, 0.5, 1.0], "fr", ["0,0", "0,5", "1,0"]),
])
def test_ticks_have_the_decimals_they_need(ticks, language, written):
    with house_style():
        axes = drawing(1.0).add_axes((0, 0, 1, 1))
        axes.set_ylim(ticks[0] - 0.1, ticks[-1] + 0.1)
        axes.set_yticks(ticks)
        numbered(axes.yaxis, Maker(language))
        assert [label.get_text() for label in axes.get_yticklabels()] == written
        assert axes.get_ylim() == (ticks[0] - 0.1, ticks[-1] + 0.1)
