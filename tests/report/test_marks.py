"""Pictures and tables of a synthetic study say so wherever they are taken to; a masked or mock build's own mark comes first."""

from __future__ import annotations

import pytest

from takeup.present.style import house_style, saved
from takeup.present.tables.model import Table
from takeup.report.marks import marked_pictures, synthetic_table


def picture(kind: str, language: str, *, synthetic: bool) -> bytes:
    from matplotlib.figure import Figure

    with house_style(), marked_pictures(kind, language, synthetic=synthetic):
        drawing = Figure(figsize=(4, 2))
        drawing.subplots().plot([1, 2])
        return saved(drawing, "Two points", "A line.", ("svg",))["svg"]


@pytest.mark.parametrize(("language", "word"), [("en", "SYNTHETIC DATA"), ("nl", "SYNTHETISCHE GEGEVENS"), ("fr", "DONNÉES SYNTHÉTIQUES")])
def test_a_picture_of_a_synthetic_study_says_so(language, word):
    assert f"{word}: Two points" in picture("final", language, synthetic=True).decode()
    assert word not in picture("final", language, synthetic=False).decode()
    masked = picture("masked", language, synthetic=True).decode()
    assert word not in masked
    assert ": Two points" in masked


def test_a_table_that_leaves_the_report_says_so():
    table = synthetic_table(Table(id="a", title="A table", columns=(), rows=(), notes=("A note.",)), "en")
    assert "made up by a computer" in table.notes[0]
    assert table.notes[1] == "A note."
