"""Results in the regression tables of others: the protocol of maketables, and the package itself where it is installed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    frame = pd.DataFrame({"arm": np.tile(["usual", "team", "letter"], 40), "x": rng.normal(size=120)})
    frame["y"] = frame["x"] + (frame["arm"] == "team") + rng.normal(size=120)
    frame["z"] = frame["y"] + rng.normal(size=120)
    return frame


@pytest.fixture(scope="module")
def effects(people) -> tu.ResultSet:
    design = tu.Design("arm", control="usual")
    return tu.ResultSet(tuple(tu.ancova(people, outcome, design, covariates=["x"], arm=arm) for outcome in ("y", "z") for arm in ("team", "letter")))


def test_a_result_is_a_column_of_coefficients(effects):
    one = effects[0]
    table = one.__maketables_coef_table__
    assert table.index.name == "Coefficient"
    assert table.iloc[0].to_dict() == {"b": one.estimate, "se": one.std_error, "t": one.statistic, "p": one.p_value,
                                       "ci95l": one.conf_low, "ci95u": one.conf_high}
    assert one.__maketables_depvar__ == "y"
    assert one.__maketables_stat__("N") == one.n
    assert one.__maketables_stat__("r2") is None
    assert one.__maketables_vcov_info__ == {"vcov_type": one.se_type}


def test_another_level_has_columns_of_its_own(effects):
    assert list(effects[0].replace(conf_level=0.9).__maketables_coef_table__.columns[-2:]) == ["ci90l", "ci90u"]


def test_a_set_is_one_column_whose_rows_have_names_of_their_own(effects):
    table = effects.__maketables_coef_table__
    assert table.index.is_unique
    assert len(table) == 4
    assert effects.__maketables_depvar__ == "several"
    assert effects.where(outcome="z").__maketables_depvar__ == "z"
    assert list(effects.where(outcome="y").__maketables_coef_table__.index) == ["treatment: team", "treatment: letter"]


def test_what_isnt_an_estimate_stays_out_of_the_column(effects, people):
    test = tu.Test(outcome="y", p_value=0.5)
    assert len(tu.ResultSet((*effects, test)).__maketables_coef_table__) == 4
    assert not hasattr(test, "__maketables_coef_table__")


def test_results_drop_into_a_table_of_maketables(effects):
    maketables = pytest.importorskip("maketables")
    models = [effects.where(outcome="y"), effects.where(outcome="z")]
    table = maketables.ETable(models)
    text = table.make(type="tex")
    for one in effects:
        assert f"{one.estimate:.3f}" in text
        assert f"({one.std_error:.3f})" in text
    assert "Estimator" in text
    assert "ancova" in text


def test_they_stand_beside_the_models_of_others(effects, people):
    maketables = pytest.importorskip("maketables")
    import statsmodels.formula.api as smf

    fit = smf.ols("y ~ treatment", people.assign(treatment=(people["arm"] == "team") * 1)).fit()
    text = maketables.ETable([effects[0], fit]).make(type="tex")
    assert f"{fit.params['treatment']:.3f}" in text
    assert f"{effects[0].estimate:.3f}" in text
