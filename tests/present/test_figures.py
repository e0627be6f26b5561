"""Figures: the same bytes everywhere, a description and a table for each, and no trace left in matplotlib."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from present import made_up
from takeup.errors import ReportError
from takeup.present.figures import Figure, all_figures, consort_flow, forest, forest_plot, love
from takeup.present.style import arm_style, house_style, text_width, wrapped
from takeup.present.tables.model import Maker
from takeup.results import ResultSet

SCRIPT = """
import hashlib, sys
from present import made_up
from takeup.present.figures import all_figures
found = all_figures(made_up.released(), made_up.labels(), "nl")
print(hashlib.sha256(b"".join(part for figure in found.values() for part in (figure.svg, figure.png, figure.pdf))).hexdigest())
print("matplotlib.pyplot" in sys.modules)
"""


@pytest.fixture(scope="module")
def figures():
    return all_figures(made_up.released(), made_up.labels(), "en")


def test_all_figures_are_drawn(figures):
    assert list(figures) == ["consort_flow", "love_plot", "takeup_by_arm", "forest", "distribution_depression", "distribution_employed"]


@pytest.mark.parametrize("name", ["consort_flow", "love_plot", "takeup_by_arm", "forest", "distribution_depression", "distribution_employed"])
def test_each_has_three_formats_a_table_and_a_description_in_the_file(figures, name):
    figure = figures[name]
    assert figure.png.startswith(b"\x89PNG")
    assert figure.pdf.startswith(b"%PDF")
    assert b"<svg" in figure.svg
    assert not figure.data.empty
    assert len(figure.alt) > 30
    assert figure.alt.encode("utf-8")[:25] in figure.svg.replace(b"&#8221;", b"")


def test_the_same_bytes_in_other_processes_and_no_global_figure_list(tmp_path):
    digests = set()
    for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/Lima")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(Path(__file__).parents[1])}
        answer = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path)
        digest, pyplot = answer.stdout.split()
        assert pyplot == "False"
        digests.add(digest)
    assert len(digests) == 1


def test_a_users_own_matplotlib_settings_change_nothing_and_come_back(figures):
    import matplotlib as mpl

    with mpl.rc_context({"font.size": 20, "axes.facecolor": "black", "lines.linewidth": 9}):
        again = forest(made_up.released(), made_up.labels(), "en")
        assert mpl.rcParams["font.size"] == 20
    assert again.svg == figures["forest"].svg
    assert again.png == figures["forest"].png


def test_the_flow_diagram_says_every_count(figures):
    for number in ("1,210", "311", "899", "299", "600", "372", "228", "278", "540"):
        assert number in figures["consort_flow"].alt


def test_a_flow_that_does_not_add_up_is_not_drawn():
    wrong = ResultSet(tuple(item.replace(value=610.0) if item.provenance.id == "flow.allocated.1" else item for item in made_up.flow()))
    with pytest.raises(ReportError):
        consort_flow(made_up.released(flow=wrong), made_up.labels(), "en")


def test_the_forest_is_turned_so_that_right_is_better(figures):
    table = figures["forest"].data
    depression = table.rows[0].cells[1]
    assert depression.value == -0.0493
    assert depression.scale == pytest.approx(-1 / 0.6612)
    assert depression.text == "0.075"
    low, high = table.rows[0].cells[2:]
    assert (low.fields, high.fields) == ("conf_high", "conf_low")


def test_a_study_without_a_section_has_no_figure_of_it_and_no_error():
    nothing = made_up.released(**dict.fromkeys(made_up.SECTIONS, ResultSet()))
    assert all_figures(nothing, made_up.labels(), "en") == {}


def test_four_arms_and_many_reasons_fit_side_by_side():
    arms = {number: f"Arm number {number} with a rather long name" for number in range(5)}
    plan = made_up.plan(design={**made_up.PLAN["design"], "arms": arms, "received": None}, flow={})
    out = [made_up.count("randomized", 500.0)]
    for number in arms:
        arm = str(number)
        out += [made_up.count("allocated", 100.0, arm), made_up.count("followed_up", 60.0, arm, wave="endline"),
                made_up.count("lost", 40.0, arm, wave="endline"),
                *(made_up.count("lost", 20.0, arm, f"a reason of many words, number {place}", "endline") for place in range(2)),
                made_up.count("analysed", 60.0, arm)]
    figure = consort_flow(made_up.released(flow=ResultSet(tuple(out))), made_up.labels(plan), "en")
    assert figure.alt.count("Allocated 100") == 5


def test_lines_break_at_spaces_and_never_at_a_no_break_space():
    lines = wrapped("Assessed for eligibility (n\u00a0=\u00a0500)", 1.0, 8.0)
    assert "(n\u00a0=\u00a0500)" in lines
    assert text_width("wide words", 8.0) > text_width("wide", 8.0) > 0
    assert text_width("same", 8.0, bold=True) > text_width("same", 8.0)


def test_a_figure_without_a_description_is_refused(figures):
    with pytest.raises(ReportError, match="description"):
        Figure(id="x", title="X", svg=b"", png=b"", pdf=b"", data=figures["forest"].data, alt=" ")


def test_the_notebook_forest_draws_the_estimates_it_is_given():
    figure = forest_plot(made_up.effects())
    texts = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert "−0.049 (−0.143 to 0.045)" in texts
    assert made_up.effects().plot().axes
    assert forest_plot(ResultSet()).axes


def test_a_difference_that_is_withheld_says_so_in_the_picture():
    found = [item for item in made_up.balance() if getattr(item, "kind", "") == "standardized_difference"]
    hidden = found[0].replace(value=float("nan"), reason="Withheld: a group of fewer than 5 people could be seen.")
    make = Maker("nl")
    with house_style():
        key = love.Key(of=hidden.arm, name="Seminarie", style=arm_style(0))
        drawn = love._draw(love._entries(make, made_up.labels(), (hidden, found[1])), (key,), made_up.labels(), make)
    assert [text.get_text() for text in drawn.axes[0].texts].count("afgeschermd") == 1
