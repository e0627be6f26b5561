"""The page on pairs and small strata: every world stands on it, the declared draw keeps its size, and the fault it avoids is there."""

import math

import pytest

from simulation.small_strata import COLUMNS, PAGE, TRIALS, WORLDS, sizes


def test_the_page_says_what_the_issue_is():
    rows = {cells[1]: [float(cell) for cell in cells[2:-1]] for line in PAGE.read_text(encoding="utf-8").splitlines() if "cluster |" in line
            for cells in [[cell.strip() for cell in line.split("|")]] if cells[1] != "drawn"}
    assert list(rows) == [world.name for world in WORLDS]
    band = 3 * 100 * math.sqrt(0.05 * 0.95 / TRIALS)
    for world in WORLDS:
        default, difference, by_cluster, _ = rows[world.name]
        assert default < 5 + band
        assert difference < 5 + band
        assert world.clusters > 2 or 13 < by_cluster < 20


@pytest.mark.slow
def test_the_declared_draw_keeps_its_size():
    found = dict(zip(COLUMNS, sizes(WORLDS[1], 600), strict=True))
    assert abs(found["by default"] - 0.05) < 3 * math.sqrt(0.05 * 0.95 / 600)
    assert found["CR1 at the cluster"] > 0.10
