"""What a notebook shows: complete, accessible, and in the notebook's own colours."""

from __future__ import annotations

import math
import re
from html import escape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from house.repository import modules
from study import small
from takeup.display import MOST_ROWS, number
from takeup.intake.register import ArmLink, LinkReport
from takeup.missing.tipping import tipping_point


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"arm": np.tile([0, 1], 60), "x": rng.normal(size=120), "sex": np.repeat(["f", "m"], 60)})
    frame["came"] = frame["arm"] * (rng.random(120) < 0.7)
    frame["y"] = frame["x"] + frame["came"] + rng.normal(size=120)
    frame["seen"] = (rng.random(120) < 0.9).astype(int)
    frame["part"] = frame["y"].where(frame["seen"] == 1)
    return frame


@pytest.fixture(scope="module")
def design() -> tu.Design:
    return tu.Design("arm", control=0, received="came")


@pytest.fixture(scope="module")
def made(people: pd.DataFrame, design: tu.Design) -> dict[str, object]:
    """One of every kind of result, by the name of its class."""
    one = tu.ancova(people, "y", design, covariates=["x"])
    compliance = tu.compliance(people, design)
    attrition = tu.attrition(people, "seen", design, baseline=["x"], draws=50)
    balance = tu.balance(people, ["x", "sex"], design, draws=50)
    found = [
        one, tu.wild_bootstrap(people.assign(group=np.arange(120) // 10), "y", tu.Design("arm", control=0, clusters="group"), draws=99),
        tu.lee_bounds(people, "part", design), tu.anderson_rubin(people, "y", design), balance.results()[0], tu.ResultSet((one, one)),
        tu.power(0.5, 100), tu.simulate_power(design, 0.5, 100, simulations=50), tu.randomization_test(people, ["y", "x"], design, draws=50),
        compliance, compliance.arms[0], balance, balance.rows[0], attrition, attrition.arms[0], attrition.contrasts[0], attrition.cells[0],
        tipping_point(people, "part", tu.Design("arm", control=0), deltas=[-1, 0], m=2, method="difference_in_means"),
        tu.compliance(people.assign(came=people["came"] * (1 + np.arange(120) % 3)), design).ladder[0],
    ]
    return {type(result).__name__: result for result in found}


def _kinds() -> set[str]:
    """Every class of result in the package, read from its text."""
    found = (re.findall(r"^class (\w+)\((?:Result|Power)\)", path.read_text(encoding="utf-8"), flags=re.MULTILINE) for path in modules().values())
    return {kind for kinds in found for kind in kinds}


class Tables(HTMLParser):
    """What a screen reader goes by: captions, heads and their scopes, styles, and whether tags close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.captions, self.tables = 0, 0
        self.unscoped: list[str] = []
        self.styles: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.open.append(tag)
        self.tables += tag == "table"
        self.captions += tag == "caption"
        self.styles |= {found["style"]} if "style" in found else set()
        if tag == "th" and found.get("scope") not in {"row", "col"}:
            self.unscoped.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def _accessible(html: str) -> None:
    read = Tables(html)
    assert not read.open
    assert read.tables == read.captions > 0
    assert not read.unscoped
    assert read.styles <= {"text-align:left"}  # no colour, no width: a dark theme and a small screen stay as they are
    assert "nan" not in re.sub(r"<[^>]+>", " ", html).lower().split()


def test_every_kind_of_result_is_looked_at(made):
    assert _kinds() <= set(made)


@pytest.mark.parametrize("kind", sorted(_kinds() | {"ResultSet"}))
def test_what_is_shown_can_be_read_by_all(made, kind):
    _accessible(made[kind]._repr_html_())


def test_an_estimate_shows_its_numbers_and_folds_the_rest(made):
    one = made["Estimate"]
    text = re.sub(r"<[^>]+>", " ", one._repr_html_())
    seen, _, folded = text.partition("Details")
    for value in (one.estimate, one.std_error, one.conf_low, one.conf_high):
        assert number(value) in seen
    assert one.reason in seen
    assert "treated" in folded
    assert "treated" not in seen


def test_many_results_are_cut_and_say_so():
    many = tu.ResultSet(tuple(tu.Estimate(outcome=f"y{place}", estimate=float(place)) for place in range(MOST_ROWS + 7)))
    html = many._repr_html_()
    assert html.count('<th scope="row"') == MOST_ROWS
    assert "7 more rows" in html


def test_a_number_that_is_missing_gives_its_reason():
    lost = tu.Estimate(outcome="y", estimate=math.nan, reason="One arm is empty.")
    assert "One arm is empty." in tu.ResultSet((lost, lost))._repr_html_()
    assert "One arm is empty." in lost._repr_html_()


def test_what_a_column_is_called_is_never_html():
    html = tu.ResultSet((tu.Estimate(outcome="<script>x</script>", term='"&', estimate=1.0),))._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("value", [0.0, 1.0, -0.04857, 12345.6789, 1e-12, -3.2e11, math.inf, -math.inf, 99999.5])
def test_numbers_read_back_to_four_figures(value):
    read = float(number(value).replace("\u2212", "-").replace("\u221e", "inf"))
    assert read == pytest.approx(value, rel=6e-4)


def test_links_and_tables_are_shown_as_well():
    arm = ArmLink(arm="a", units=3, matched=2, unmatched=1, duplicated=0)
    _accessible(LinkReport(arms=(arm,), without_key=0, rows=9, rows_linked=2)._repr_html_())


def test_the_empty_set_says_so():
    assert "No results" in tu.ResultSet()._repr_html_()


@pytest.mark.parametrize("kind", ["Estimate", "Bounds", "ConfidenceSet", "Balance", "Attrition", "Compliance", "TippingPoint", "Power", "ResultSet"])
def test_results_draw_themselves(made, kind):
    figure = made[kind].plot()
    assert figure.axes
    assert any(axes.lines or axes.patches for axes in figure.axes)


def test_what_cannot_be_drawn_says_what_can(made):
    with pytest.raises(tu.TakeupError, match="there is no figure"):
        made["Test"].replace(conf_low=math.nan).plot()


def test_a_power_curve_rises(made):
    curve = tu.ResultSet(tuple(tu.power(effect, 200) for effect in (0.1, 0.3, 0.5)))
    assert list(curve.plot().axes[0].lines[1].get_ydata()) == sorted(one.power for one in curve)


def test_keys_complete(made):
    assert made["ResultSet"]._ipython_key_completions_() == ["y", "treatment"]
    assert made["RandomizationTest"]._ipython_key_completions_() == ["y", "x"]


def test_a_study_says_what_it_is_and_its_tables_and_figures_show_themselves(tmp_path):
    study = tu.open_study(small.write(tmp_path, n=144))
    html = study._repr_html_()
    _accessible(html)
    assert "synthetic" in html
    assert "144" in html
    tables = study.tables("nl")
    _accessible(tables._repr_html_())
    _accessible(tables["effects"]._repr_html_())
    assert '<table lang="nl">' in tables["effects"]._repr_html_()
    figure = study.figure("forest", "nl")
    assert f'alt="{escape(figure.alt)}"' in figure._repr_html_()
    with pytest.raises(tu.TakeupError, match="forest"):
        study.figure("forrest")
