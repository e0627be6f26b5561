"""What goes wrong at a prompt: a list for a name, a file for a frame, an arm that isn't there. Each says what is wrong and what to do."""

import numpy as np
import pandas as pd
import pytest

import takeup as tu

FRAME = pd.DataFrame({"arm": [1, 0] * 20, "before": range(40), "after": np.arange(40) % 7, "well": [1, 0, 0, 1] * 10, "came": [1, 0] * 20,
                      "place": np.arange(40) // 4, "name": ["a", "b"] * 20})
DESIGN = tu.Design("arm", 0, received="came")
EFFECTS = {
    "difference_in_means": tu.difference_in_means, "ancova": tu.ancova, "lin": tu.lin, "horvitz_thompson": tu.horvitz_thompson, "binary": tu.binary,
    "cace": tu.cace, "anderson_rubin": tu.anderson_rubin, "wild_bootstrap": tu.wild_bootstrap, "randomization_test": tu.randomization_test,
    "lee_bounds": tu.lee_bounds, "kling_liebman_bounds": tu.kling_liebman_bounds,
    "manski_bounds": lambda *args, **more: tu.manski_bounds(*args, support=(0, 10), **more),
    "mixed": lambda *args, **more: tu.mixed(*args, group="place", **more),
}
OTHERS = {
    "balance": lambda frame, design: tu.balance(frame, ["before"], design),
    "attrition": lambda frame, design: tu.attrition(frame, "well", design),
    "compliance": tu.compliance,
    "complier_profile": lambda frame, design: tu.complier_profile(frame, ["before"], design),
    "subgroups": lambda frame, design: tu.subgroups(frame, "after", "well", design),
    "mediate": lambda frame, design: tu.mediate(frame, "after", "before", design),
    "klk_index": lambda frame, design: tu.klk_index(frame, ["before", "after"], design),
    "anderson_index": lambda frame, design: tu.anderson_index(frame, ["before", "after"], design),
    "impute": lambda frame, design: tu.impute(frame, design, columns=["after"], m=2),
    "stepdown": lambda frame, design: tu.stepdown(frame, ["after"], design, draws=99),
}
CALLS = {**{name: lambda frame, design, call=call: call(frame, "after", design) for name, call in EFFECTS.items()}, **OTHERS}


@pytest.mark.parametrize("name", CALLS)
def test_something_else_for_the_frame_or_the_design(name):
    with pytest.raises(tu.TakeupError, match="DataFrame"):
        CALLS[name]("trial.csv", DESIGN)
    with pytest.raises(tu.TakeupError, match=r"tu\.Design"):
        CALLS[name](FRAME, "arm")


@pytest.mark.parametrize("name", EFFECTS)
def test_a_list_for_the_outcome(name):
    if name != "randomization_test":  # which takes several
        with pytest.raises(tu.TakeupError, match="one at a time"):
            EFFECTS[name](FRAME, ["after"], DESIGN)


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize(("arm", "words"), [("seminar", 'value of the column "arm"'), (0, "names the control arm")])
def test_an_arm_that_is_not_treated(name, arm, words):
    with pytest.raises(tu.TakeupError, match=words):
        EFFECTS[name](FRAME, "after", DESIGN, arm=arm)


@pytest.mark.parametrize("name", EFFECTS)
def test_an_arm_without_outcomes_points_to_the_join(name):
    with pytest.raises(tu.TakeupError, match="joined"):
        EFFECTS[name](FRAME.assign(after=FRAME["well"].where(FRAME["arm"] == 0)), "after", DESIGN)


@pytest.mark.parametrize("name", EFFECTS)
def test_text_for_numbers_and_no_rows_at_all(name):
    with pytest.raises(tu.TakeupError, match="Turn it into numbers"):
        EFFECTS[name](FRAME, "name", DESIGN)
    with pytest.raises(tu.TakeupError, match="no rows"):
        EFFECTS[name](FRAME.iloc[:0], "after", DESIGN)


def test_a_score_is_no_yes_or_no():
    with pytest.raises(tu.TakeupError, match=r"tu\.ancova"):
        tu.binary(FRAME, "after", DESIGN)


def test_scales_and_reliability_want_a_frame():
    for call in (lambda: tu.cronbach_alpha(None, ["before", "after"]), lambda: tu.change(None, "before", "after")):
        with pytest.raises(tu.TakeupError, match="DataFrame"):
            call()


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize("clusters", [False, True])
def test_a_constant_outcome_and_one_cluster_are_explained(name, clusters):
    frame = FRAME.assign(after=FRAME["well"] if clusters else 1.0, place=1 if clusters else FRAME["place"])
    found = EFFECTS[name](frame, "after", tu.Design("arm", 0, received="came", clusters="place" if clusters else None))
    numbers = [getattr(found, field) for field in ("std_error", "std_error_lower", "p_value") if hasattr(found, field)]
    if name != "mixed" or not clusters:  # one place is no place: the fit is that of independent rows, and says so
        assert all(np.isnan(value) for value in numbers)
    assert found.reason
