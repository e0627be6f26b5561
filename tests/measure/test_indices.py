"""Indices: by hand, and invariant to what must not matter."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import takeup as tu
from takeup.errors import MeasureError

DESIGN = tu.Design("arm", "control")


def trial(seed=1, n=60):
    rng = np.random.default_rng(seed)
    common = rng.normal(size=n)
    frame = pd.DataFrame({name: common * weight + rng.normal(size=n) for name, weight in {"a": 1.0, "b": 0.5, "c": 0.8}.items()})
    return frame.assign(arm=np.where(np.arange(n) % 3 == 0, "control", "treated"))


def test_klk_by_hand_with_missing_components():
    frame = trial()
    frame.loc[[0, 5], "a"] = np.nan
    frame.loc[5, ["b", "c"]] = np.nan
    control = frame[frame["arm"] == "control"]
    z = (frame[["a", "b", "c"]] - control[["a", "b", "c"]].mean()) / control[["a", "b", "c"]].std()
    z["b"] = -z["b"]
    index = tu.klk_index(frame, ["a", "b", "c"], DESIGN, reverse=["b"])
    np.testing.assert_allclose(index, z.mean(axis=1), rtol=1e-12)
    assert np.isnan(index[5])
    assert index.attrs["columns"] == ("a", "b", "c")


def test_anderson_weights_are_row_sums_of_the_inverse():
    frame = trial()
    control = frame.loc[frame["arm"] == "control", ["a", "b", "c"]]
    inverse = np.linalg.inv(control.corr().to_numpy())
    index = tu.anderson_index(frame, ["a", "b", "c"], DESIGN)
    np.testing.assert_allclose(index.attrs["weights"], inverse.sum(axis=1) / inverse.sum(), rtol=1e-10)
    frame.loc[3, "a"] = np.nan
    partial = tu.anderson_index(frame, ["a", "b", "c"], DESIGN)
    weights = np.array(partial.attrs["weights"])[1:]
    z = (frame.loc[3, ["b", "c"]] - control[["b", "c"]].mean()) / control[["b", "c"]].std()
    assert partial[3] == pytest.approx(float(weights @ z.to_numpy(dtype=float) / weights.sum()))


def test_a_negative_weight_is_said():
    rng = np.random.default_rng(4)
    a = rng.normal(size=200)
    frame = pd.DataFrame({"a": a + 0.1 * rng.normal(size=200), "b": 3 * a + rng.normal(size=200), "c": a + 3 * rng.normal(size=200)})
    frame["d"] = frame["a"] + 0.5 * frame["c"] + 0.3 * rng.normal(size=200)
    index = tu.anderson_index(frame.assign(arm="control"), ["a", "b", "c", "d"], DESIGN)
    assert min(index.attrs["weights"]) < 0
    assert "Negative weight" in index.attrs["note"]


@pytest.mark.parametrize("make", [tu.klk_index, tu.anderson_index])
def test_units_order_and_labels_do_not_matter(make):
    frame = trial()
    index = make(frame, ["a", "b", "c"], DESIGN)
    other = frame.assign(a=frame["a"] * 1000 - 5, b=-frame["b"], arm=frame["arm"].map({"control": 7, "treated": 9})).sample(frac=1, random_state=2)
    again = make(other, ["c", "b", "a"], tu.Design("arm", 7), reverse=["b"])
    np.testing.assert_allclose(again.sort_index(), index, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("make", [tu.klk_index, tu.anderson_index])
def test_faults_are_collected(make):
    frame = trial().assign(flat=1.0)
    with pytest.raises(MeasureError) as caught:
        make(frame, ["a", "x", "y"], DESIGN)
    assert len(caught.value.faults) == 2
    with pytest.raises(MeasureError):
        make(frame, ["a"], DESIGN, reverse=["b"])
    with pytest.raises(MeasureError, match="vary"):
        make(frame, ["a", "flat"], DESIGN)
    with pytest.raises(MeasureError):
        make(frame, ["a"], tu.Design("missing", 0))
    with pytest.raises(MeasureError, match="control rows"):
        make(frame.assign(arm="treated"), ["a"], DESIGN)


def test_a_component_that_is_another_one_is_refused():
    frame = trial()
    with pytest.raises(MeasureError, match="combination"):
        tu.anderson_index(frame.assign(d=2 * frame["a"] + 1), ["a", "d"], DESIGN)
    with pytest.raises(MeasureError, match="covariance"):
        tu.anderson_index(frame, ["a", "b"], DESIGN, covariance="treated")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.one_of(st.none(), st.integers(-3, 3)), min_size=3, max_size=3), min_size=4, max_size=12), st.integers(2, 4))
def test_any_data_give_an_index_or_a_clear_error(rows, controls):
    frame = pd.DataFrame(rows, columns=["a", "b", "c"], dtype="float64").assign(arm=["control"] * controls + ["treated"] * (len(rows) - controls))
    for make in (tu.klk_index, tu.anderson_index):
        try:
            index = make(frame, ["a", "b", "c"], DESIGN)
        except MeasureError:
            continue
        assert index.notna()[frame[["a", "b", "c"]].notna().all(axis=1)].all()


def test_missing_components_at_the_mean_of_the_arm():
    trial = pd.DataFrame({"arm": [0, 0, 0, 1, 1, 1, 1], "a": [1.0, 2.0, 3.0, 4.0, None, 6.0, None], "b": [2.0, 4.0, None, 5.0, 7.0, 9.0, None]})
    z_a = (trial["a"] - 2.0) / 1.0
    z_b = (trial["b"] - 3.0) / np.sqrt(2.0)
    z_a[4], z_b[2] = z_a[3:6].mean(), z_b[:2].mean()
    found = tu.klk_index(trial, ["a", "b"], tu.Design("arm", 0), missing="arm_mean")
    assert found.to_numpy() == pytest.approx(((z_a + z_b) / 2).to_numpy(), nan_ok=True)
    with pytest.raises(tu.TakeupError, match="missing"):
        tu.klk_index(trial, ["a"], tu.Design("arm", 0), missing="zero")


@pytest.mark.parametrize("make", [tu.klk_index, tu.anderson_index])
def test_a_later_wave_on_the_scale_of_the_first(make):
    first, later = trial(), trial(seed=2).assign(a=lambda data: data["a"] + 1.0)
    index = make(first, ["a", "b", "c"], DESIGN, reverse=["b"])
    again = make(later, ["a", "b", "c"], DESIGN, reverse=["b"], like=index)
    z = (later[["a", "b", "c"]] - np.array(index.attrs["control_means"])) / np.array(index.attrs["control_sds"]) * np.array([1, -1, 1])
    np.testing.assert_allclose(again, z @ np.array(index.attrs["weights"]), rtol=1e-12)
    assert again.attrs == index.attrs
    np.testing.assert_allclose(make(first, ["a", "b", "c"], DESIGN, reverse=["b"], like=index), index, rtol=1e-12)
    for columns, reverse in ((["a", "b"], ["b"]), (["a", "b", "c"], ["a"])):
        with pytest.raises(MeasureError, match="made of other columns"):
            make(later, columns, DESIGN, reverse=reverse, like=index)
    with pytest.raises(MeasureError, match="is no index"):
        make(later, ["a", "b", "c"], DESIGN, like=later["a"])
