"""The plan's outcomes as columns, held against scores made by hand; all that can't be made is said at once."""

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from study.small import ITEMS, plan, tables, write
from takeup.errors import MeasureError
from takeup.study import open_study


@pytest.fixture(scope="module")
def frame(tmp_path_factory):
    return open_study(write(tmp_path_factory.mktemp("small"))).material.frame.set_index("id")


def changed(position, **fields):
    whole = plan()
    outcomes = [{**outcome, **fields} if place == position else outcome for place, outcome in enumerate(whole["outcomes"])]
    return {"outcomes": [{name: value for name, value in outcome.items() if value is not None} for outcome in outcomes]}


def test_a_scale_is_scored_at_each_wave(frame):
    data = tables()
    for wave, column in (("baseline", "wellbeing.baseline"), ("endline", "wellbeing")):
        raw = data[wave].set_index("id")[ITEMS].sum(axis=1) * 4
        assert frame[column].dropna().to_dict() == raw.astype(float).to_dict()


def test_a_column_comes_as_it_is(frame):
    assert frame["worry"].dropna().to_dict() == tables()["endline"].set_index("id")["worry"].to_dict()
    assert frame["granted"].dtype == "float64"
    assert frame["granted"].isna().sum() == 40


def test_an_index_turns_round_what_points_the_other_way(frame):
    control = frame[frame["arm"] == "usual"]
    z = pd.DataFrame({name: (frame[name] - control[name].mean()) / control[name].std(ddof=1) for name in ("wellbeing", "worry")})
    by_hand = (z["wellbeing"] - z["worry"]) / 2
    pd.testing.assert_series_equal(frame["life"], by_hand, check_names=False, rtol=1e-12)
    design = tu.Design("arm", "usual")
    before = tu.klk_index(frame, ["wellbeing.baseline", "worry.baseline"], design, reverse=["worry.baseline"])
    pd.testing.assert_series_equal(frame["life.baseline"], before, check_names=False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed(2, id="often", column="worry"), r"outcomes\[2\]\.kind: \d+ values of the binary outcome are neither 0 nor 1"),
        (changed(1, support=[3, 10]), r"outcomes\[1\]\.support: \d+ values lie outside the support\. Allowed: 3 to 10"),
        (changed(2, id="age"), r'outcomes\[2\]\.id: the id "age" is the name of another column'),
        (changed(4, index=["granted", "worry"]), r"outcomes\[4\]\.index: granted has no baseline, so the index has none"),
    ],
)
def test_what_cant_be_made_is_said_with_its_place(tmp_path, change, said):
    analyses = {"analyses": {"seed": 1}}
    study = open_study(write(tmp_path, changed={**change, **analyses}))
    with pytest.raises(MeasureError, match=said):
        study.material  # noqa: B018  # the property does the work


def test_an_index_of_indices_is_refused(tmp_path):
    whole = plan()
    outcomes = [*whole["outcomes"], {"id": "all_of_life", "index": ["life", "worry"], "family": "summary"}]
    study = open_study(write(tmp_path, changed={"outcomes": outcomes}))
    with pytest.raises(MeasureError, match=r"outcomes\[5\]\.index: life is an index itself"):
        study.material  # noqa: B018


def test_all_faults_come_at_once(tmp_path):
    outcomes = [
        {"id": "age", "column": "granted"}, {"id": "claimed", "right": "a_right"},
        {"id": "worry_often", "column": "worry", "kind": "binary"}, {"id": "worry", "column": "worry", "support": [4, 5]},
    ]
    study = open_study(write(tmp_path, changed={"outcomes": outcomes, "analyses": {"seed": 1}}))
    with pytest.raises(MeasureError) as caught:
        study.material  # noqa: B018
    assert [fault.where for fault in caught.value.faults] == ["outcomes[0].id", "outcomes[1].right", "outcomes[2].kind", "outcomes[3].support"]


def test_nothing_is_written_into_the_units(tmp_path):
    study = open_study(write(tmp_path))
    before = study.trial.units.copy()
    assert np.isfinite(study.material.frame["wellbeing"]).any()
    pd.testing.assert_frame_equal(study.trial.units, before)
