"""Unpacking bits, panel by panel or at once."""

import numpy as np
import pytest

from takeup.infer import batch
from takeup.infer.batch import Batch, Panel, Scratch, batch_width, cut

BITS = np.random.default_rng(0).integers(0, 256, (90, 64), dtype=np.uint8)
CELLS = np.unpackbits(BITS, axis=0, bitorder="little").astype(float)


@pytest.mark.parametrize("kept", [0, 2**18])
def test_panels_give_the_rows_they_name(monkeypatch, kept):
    monkeypatch.setattr(batch, "KEPT_CELLS", kept)
    some = np.sort(np.random.default_rng(1).choice(720, 300, replace=False))
    made = Batch(BITS, Scratch())
    for slots in (np.arange(720), some):
        parts = cut(slots, 720)
        assert len(parts) == -(-90 // batch.PANEL_BYTES)
        for _ in range(2):
            found = np.concatenate([made.cells(panel).copy() for panel, _ in parts])
            np.testing.assert_array_equal(found, CELLS[slots])
        assert [part.stop - part.start for _, part in parts] == [panel.size for panel, _ in parts]


def test_a_whole_panel_keeps_the_order_asked_for():
    order = np.random.default_rng(2).permutation(720)
    ((panel, _),) = cut(order, 720, whole=True)
    np.testing.assert_array_equal(Batch(BITS, Scratch()).cells(panel), CELLS[order])


def test_neighbours_are_a_view():
    panel = Panel(0, 90, slice(8, 24))
    assert panel.size == 16
    assert Batch(BITS, Scratch()).cells(panel).base is not None


@pytest.mark.parametrize("n", [8, 128, 136, 320, 328, 4096, 4104, 10_000])
def test_the_width_depends_on_the_units_only_and_divides_a_chunk(n):
    assert 2048 % batch_width(n) == 0
    assert batch_width(n) <= max(128, 2**20 // n)


def test_buffers_are_used_again():
    scratch = Scratch()
    first = scratch.get("a", 4, 5)
    assert np.shares_memory(scratch.get("a", 2, 3), first)
    assert not np.shares_memory(scratch.get("b", 2, 3), first)
