"""From a frame to arrays: what is filled, coded, left out and refused, and what messages say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import EstimateError
from takeup.estimate.arrays import arrays, choose_arm, dummies
from takeup.estimate.columns import codes, covariate_matrix, numeric

NAN = np.nan


def trial(**columns) -> pd.DataFrame:
    base = {"arm": ["t", "t", "t", "c", "c", "c"], "y": [1.0, 2.0, NAN, 4.0, 5.0, 6.0]}
    return pd.DataFrame({**base, **columns})


DESIGN = tu.Design("arm", "c")


def test_rows_of_the_arm_and_control_with_an_outcome():
    frame = pd.DataFrame({"arm": ["t", "u", "c", "t", "c", None, "t"], "y": [1.0, 2, 3, NAN, 5, 6, 7]}, index=[9, 9, 3, 1, 0, 5, 2])
    data = arrays(frame, "y", DESIGN, arm="t")
    assert data.rows.tolist() == [0, 2, 4, 6]
    assert data.treated.tolist() == [1, 0, 0, 1]
    assert (data.n, data.n_treated, data.n_control, data.n_missing, data.n_clusters) == (4, 2, 2, 1, None)
    assert arrays(frame, "y", DESIGN, arm="t", keep_missing=True).n == 5


def test_missing_covariates_get_the_overall_mean_and_above_ten_per_cent_an_indicator():
    frame = pd.DataFrame({"few": [NAN, *range(1, 20)], "many": [NAN, NAN, NAN, *[2.0] * 16, 8.0], "none": np.arange(20.0)})
    values, names, notes = covariate_matrix(frame, ["few", "many", "none"])
    assert names == ("few", "many", "many[missing]", "none")
    assert values[0, 0] == 10.0
    np.testing.assert_allclose(values[:3, 1], (16 * 2 + 8) / 17)
    assert values[:, 2].tolist() == [1.0] * 3 + [0.0] * 17
    assert [note.split(":")[0] for note in notes] == ["few", "many"]
    assert "mean" in notes[0]
    assert "indicator" in notes[1]


def test_a_missing_covariate_is_filled_alike_in_both_arms():
    frame = trial(y=[1.0, 2, 3, 4, 5, 6], x=[NAN, 10, 10, NAN, 20, 20])
    data = arrays(frame, "y", DESIGN, covariates=["x"])
    assert data.covariates[0, 0] == data.covariates[3, 0] == 15.0


def test_text_and_categories_become_dummies_without_their_first_level():
    frame = pd.DataFrame({
        "text": ["b", "a", "c", None], "category": pd.Categorical(["low", "high", "low", "high"], categories=["low", "mid", "high"]),
        "flag": [True, False, True, True], "number": [1, 2, 3, 4],
    })
    values, names, _ = covariate_matrix(frame, ["text", "category", "flag", "number"])
    assert names == ("text[b]", "text[c]", "text[missing]", "category[high]", "flag", "number")
    assert values[:, 3].tolist() == [0, 1, 0, 1]
    np.testing.assert_allclose(values[3, :2], 1 / 3)  # a missing level: the shares of the levels


def test_numbers_among_python_objects_enter_as_they_are():
    frame = pd.DataFrame({"mixed": pd.Series([3, 1.5, None, 4], dtype=object), "flags": pd.Series([True, None, False, True], dtype=object)})
    values, names, _ = covariate_matrix(frame, ["mixed", "flags"])
    assert names == ("mixed", "mixed[missing]", "flags", "flags[missing]")
    np.testing.assert_allclose(values[:, 0], [3.0, 1.5, 8.5 / 3, 4.0])


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (pd.Series([1, None], dtype="Int64"), [1, NAN]), (pd.Series([True, None]), [1, NAN]), (pd.Series([True, None], dtype="boolean"), [1, NAN]),
        (pd.Series([1.5, None], dtype="object"), [1.5, NAN]), (pd.Series([None, None]), [NAN, NAN]), (pd.Series([0, 1], dtype="category"), [0, 1]),
    ],
)
def test_numbers_of_every_dtype(column, values):
    np.testing.assert_array_equal(numeric(column, "x"), values)


@pytest.mark.parametrize(
    "column", [["1", "2"], [1, "a"], pd.to_datetime(["2020-01-01", "2021-01-01"]), [1 + 1j, 2], pd.Categorical(["a", "b"]), [np.inf, 1], [1e200, 1]],
)
def test_what_isn_t_a_number_is_refused(column):
    with pytest.raises(EstimateError, match=r"^x: "):
        numeric(pd.Series(column), "x")


def test_all_faults_at_once_and_never_a_value():
    frame = trial(x=["Jan Janssens", "b", "c", "d", "e", "f"], secret=["Jan Janssens"] * 6, w=[1, 1, 1, -7.25, 1, 1],
                  block=["a", None, "a", "a", "a", "a"])
    design = tu.Design("arm", "c", draw="blocked", blocks="block", weights="w", clusters="secret")
    with pytest.raises(EstimateError) as caught:
        arrays(frame, "x", design)
    text = str(caught.value)
    assert len(caught.value.faults) == 3
    assert all(word in text for word in ("x: holds text", "weights must be", "rows have no value"))
    assert "Janssens" not in text
    assert "7.25" not in text
    with pytest.raises(EstimateError) as caught:
        arrays(trial(), "z", tu.Design("arm", "c", clusters="k"), covariates=["q"])
    assert [fault.what for fault in caught.value.faults] == ['no column "z"', 'no column "k"', 'no column "q"']


def test_roles_that_can_t_be_covariates():
    frame = trial(came=[1, 1, 0, 0, 0, 0])
    with pytest.raises(EstimateError) as caught:
        arrays(frame, "y", tu.Design("arm", "c", received="came"), covariates=["y", "arm", "came"])
    assert len(caught.value.faults) == 3
    with pytest.raises(EstimateError, match="received"):
        arrays(frame, "y", DESIGN, needs=("received",))


def test_covariates_that_can_t_be_used():
    frame = pd.DataFrame({"arm": ["t", "c"] * 60, "y": range(120), "name": [f"p{i}" for i in range(120)], "empty": [None] * 120,
                          "born": pd.date_range("2000-01-01", periods=120)})
    for column, words in (("name", "different labels"), ("empty", "no observed value"), ("born", "dates")):
        with pytest.raises(EstimateError, match=words):
            arrays(frame, "y", DESIGN, covariates=[column])


def test_which_arm():
    assigned = pd.Series(["c", "t2", "t1", None])
    assert choose_arm(assigned, DESIGN, "t2") == "t2"
    assert choose_arm(pd.Series([0, 1, 0]), tu.Design("arm", 0)) == 1
    assert choose_arm(pd.Series([0, 1, 2]), tu.Design("arm", 0), "2") == 2
    for arms, asked, words in ((assigned, None, "2 treated arms"), (assigned, "c", "control arm"), (assigned, "t9", "no row is in the arm"),
                               (pd.Series(["t1"]), None, "control value"), (pd.Series(["c"]), None, "no row is in a treated arm")):
        with pytest.raises(EstimateError, match=words):
            choose_arm(arms, DESIGN, asked)


def test_an_arm_without_an_outcome_is_an_error():
    with pytest.raises(EstimateError, match="treated arm"):
        arrays(trial(y=[NAN, NAN, NAN, 1, 2, 3]), "y", DESIGN)
    with pytest.raises(EstimateError) as caught:
        arrays(trial(y=[NAN] * 6), "y", DESIGN)
    assert len(caught.value.faults) == 2


def test_rows_of_weight_zero_stand_for_nobody():
    data = arrays(trial(w=[1.0, 0.0, 1, 1, 1, 2]), "y", tu.Design("arm", "c", weights="w"))
    assert data.rows.tolist() == [0, 3, 4, 5]
    assert "1 rows of weight zero" in data.notes[0]
    with pytest.raises(EstimateError, match="weight zero"):
        arrays(trial(w=[0.0, 0.0, 1, 1, 1, 2]), "y", tu.Design("arm", "c", weights="w"))
    arrays(trial(w=[1.0, 1.0, NAN, 1, 1, 2]), "y", tu.Design("arm", "c", weights="w"))  # without an outcome no weight is needed


def test_probabilities_lie_between_zero_and_one():
    with pytest.raises(EstimateError, match="strictly between"):
        arrays(trial(p=[0.5, 1.0, 0.5, 0.5, 0.5, 0.5]), "y", tu.Design("arm", "c", probability="p"))
    assert arrays(trial(), "y", tu.Design("arm", "c", probability=0.25)).probability.tolist() == [0.25] * 5


def test_a_column_that_stands_twice():
    frame = pd.DataFrame([[1, 2, "t"], [3, 4, "c"]], columns=["y", "y", "arm"])
    with pytest.raises(EstimateError, match="more than once"):
        arrays(frame, "y", DESIGN)


def test_codes_and_dummies():
    found = codes(pd.Series(["b", "a", "b"], name="block"), "blocks")
    assert found.tolist() == [0, 1, 0]
    assert dummies(found).tolist() == [[1, 0], [0, 1], [1, 0]]


def test_a_subset_keeps_everything_aligned():
    frame = trial(y=range(6), block=list("aabbcc"), cluster=list("uvwxyz"), came=[1, 0, 1, 0, 0, 0], w=range(1, 7), p=[0.5] * 6,
                  who=["k", "k", "l", None, None, None])
    design = tu.Design("arm", "c", draw="blocked", blocks="block", clusters="cluster", received="came", weights="w", probability="p", nested_in="who")
    part = arrays(frame, "y", design, covariates=["cluster"]).take(np.array([1, 4]))
    assert part.y.tolist() == [1, 4]
    assert part.weights.tolist() == [2, 5]
    assert part.blocks.tolist() == [0, 2]
    assert part.providers.tolist() == [0, -1]
    assert part.rows.tolist() == [1, 4]
