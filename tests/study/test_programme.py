"""The programme's chapters against counts and estimators applied by hand to the same files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from study import programme_made as made
from takeup.present.causal import causal_words
from takeup.study import open_study


@pytest.fixture(scope="module")
def tables():
    return made.tables()


@pytest.fixture(scope="module")
def study(tmp_path_factory, tables):
    return open_study(made.write(tmp_path_factory.mktemp("circles"), tables))


@pytest.fixture(scope="module")
def women(tables):
    """The analysed edition with both measurements."""
    found = tables["women"].merge(tables["start"], on="woman").merge(tables["finish"], on="woman", how="left", suffixes=("_start", "_end"))
    return found[found["edition"] == 2023]


def by_id(results):
    return {item.provenance.id: item for item in results}


def test_sites_are_the_estimator_on_the_edition_and_counts_of_its_women(study, women):
    found = by_id(study.chapter("sites"))
    expected = tu.sites(women, "housing_end", before="housing_start", centre="centre", group="team")
    assert found["sites.housing"].estimate == pytest.approx(expected["average"].estimate, rel=1e-9)
    assert found["site.7.housing"].estimate == pytest.approx(expected["7"].estimate, rel=1e-9)
    assert found["site.7.women"].count == (women["centre"] == 7).sum()
    assert found["sites.women"].value == len(women)
    both = women[women["housing_end"].notna() & (women["centre"] == 7)]
    assert (found["site.7.housing.start"].value, found["site.7.housing.start"].n) == (pytest.approx(both["housing_start"].mean()), len(both))
    assert found["site.7.housing.change"].value == pytest.approx((both["housing_end"] - both["housing_start"]).mean())
    assert found["site.7.housing.improved"].count == (both["housing_end"] > both["housing_start"]).sum()
    assert found["site.7.dentist.end"].count == both["dentist_end"].sum()
    assert found["site.7.stayed"].count == ((women["centre"] == 7) & (women["why"] == "")).sum()
    assert {item.extra["by"] for name, item in found.items() if name.startswith("site.") and "by" in item.extra} == {"centre"}


def test_dose_is_attendance_by_woman_and_months_by_age_of_the_centre(study, women, tables):
    found = by_id(study.chapter("dose"))
    share = tables["sessions"].groupby("woman")["attended"].mean().reindex(women["woman"])
    assert found["dose.attendance"].value == pytest.approx(share.mean())
    assert found["dose.core"].count == (share >= 2 / 3).sum()
    days = (pd.to_datetime(women["ended"]) - pd.to_datetime(women["began"])).dt.days
    first = tables["participation"].groupby("centre")["year"].min().reindex(women["centre"]).to_numpy()
    assert found["dose.months.new"].value == pytest.approx(days[first == 2023].mean() * 12 / 365.25)
    assert found["dose.months.known"].n == (first < 2023).sum()
    assert found["dose.months.new"].value < found["dose.months.known"].value
    core = women[(share >= 2 / 3).to_numpy()]
    assert found["dose.housing.core"].estimate == pytest.approx((core["housing_end"] - core["housing_start"]).mean())


def test_cohorts_are_of_everybody_and_the_other_chapters_of_one_edition(study, tables):
    found = by_id(study.chapter("cohorts"))
    assert found["cohort.women.2019"].count == (tables["women"]["edition"] == 2019).sum()
    assert {f"cohort.housing.{year}" for year in range(2018, 2024)} | {"cohort.housing.trend"} <= set(found)
    assert found["cohort.housing.2023"].estimate == pytest.approx(by_id(study.chapter("sites"))["sites.housing.change"].value)


def test_the_item_that_means_something_else_in_french_is_found(study):
    found = by_id(study.chapter("invariance"))
    assert [item.term for item in found.values() if item.estimand == "DIF" and item.extra["verdict"] in {"moderate", "large"}] == ["q3"]
    assert {"invariance.strength.alpha.fr", "invariance.strength.omega.nl", "invariance.strength.loading.q1.nl", "invariance.strength.congruence.nl",
            "invariance.strength.dif.q3.nl"} <= set(found)
    assert not any("housing" in name for name in found)


def test_reach_counts_the_centres_of_the_analysed_edition(study, tables):
    found = by_id(study.chapter("reach"))
    joined = tables["participation"].query("year == 2023")["centre"]
    assert found["reach.all"].extra["taking_part"] == joined.nunique()
    assert found["reach.largest_6"].value == tables["centres"].nlargest(6, "recipients")["centre"].isin(joined).mean()
    assert found["reach.places"].value == 15 * joined.nunique()
    assert found["reach.pool"].value == round(0.2 * tables["centres"].loc[tables["centres"]["centre"].isin(joined), "recipients"].sum())
    assert found["reach.year.2018"].extra["taking_part"] == tables["participation"].query("year == 2018")["centre"].nunique()


def test_a_plan_without_a_programme_has_none_of_these_chapters(tmp_path, tables):
    path = made.write(tmp_path, tables)
    text = path.read_text(encoding="utf-8")
    head, _, rest = text.partition("programme:")
    path.write_text(head + rest[rest.index("outcomes:"):], encoding="utf-8")
    bare = open_study(path)
    assert [len(bare.chapter(name)) for name in ("sites", "dose", "cohorts", "invariance", "reach")] == [0] * 5


def test_no_id_and_no_reason_claims_a_cause(study):
    for name in ("sites", "dose", "cohorts", "invariance", "reach"):
        for item in study.chapter(name):
            parts = (item.provenance.id, getattr(item, "estimand", ""), item.reason, getattr(item, "method", ""))
            assert not causal_words(" ".join(parts)), item.provenance.id


@pytest.mark.parametrize("language", ["en", "nl", "fr"])
def test_tables_and_figures_say_it_in_each_language_without_a_causal_word(study, language):
    from takeup.present.figures import attendance, caterpillar, cohorts, funnel, reach
    from takeup.present.tables import BUILDERS
    from takeup.release.gate import gate
    from takeup.release.rules import Rules

    released = gate({name: study.chapter(name) for name in ("sites", "dose", "cohorts", "invariance", "reach")},
                    Rules(minimum_cell=5, round_counts_to=5))
    made_tables = [BUILDERS[name](released, study.labels(), language) for name in (
        "site_spread", "site_list", "attendance", "dose_change", "cohort_changes", "scale_languages", "item_languages", "reach")]
    figures = [draw(released, study.labels(), language) for draw in (caterpillar, funnel, attendance, cohorts, reach)]
    assert all(table.rows for table in made_tables)
    for table in (*made_tables, *(figure.data for figure in figures)):
        cells = (cell.text for row in table.rows for cell in row.cells)
        assert not causal_words(" ".join([table.title, *table.notes, *(column.title for column in table.columns), *cells]))
    assert not any(causal_words(figure.alt) for figure in figures)
    listed = next(table for table in made_tables if table.id == "site_list")
    assert [row.cells[0].text for row in listed.rows] == [str(number) for number in range(1, 17)]  # by number, never by result
    assert sum(cell.note != "" for row in listed.rows[:3] for cell in row.cells) >= 6


def test_the_caterpillar_names_no_centre(study):
    from takeup.present.figures import caterpillar
    from takeup.release.gate import gate
    from takeup.release.rules import Rules

    figure = caterpillar(gate({"sites": study.chapter("sites")}, Rules(minimum_cell=5, round_counts_to=5)), study.labels(), "en")
    rows = [row.cells[0].text for row in figure.data.rows]
    assert rows == sorted(rows, key=int)
    assert "league table" in figure.alt
    values = np.array([row.cells[3].value for row in figure.data.rows if row.cells[3].value is not None])
    assert (np.diff(values) < 0).any()  # the table isn't in the order of the picture
