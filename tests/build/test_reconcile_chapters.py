"""The n of every chapter is held against the flow: one person more in any of them stops the build, which names the number."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.build.reconcile import reconcile
from takeup.build.reconcile_rights import pairs
from takeup.errors import BuildError
from takeup.results import Bounds, Estimate, FrozenMap, ResultSet, Statistic

CHAPTERS = ("attrition", "takeup", "waiting", "mechanism", "cost", "subgroups")


@pytest.fixture(scope="module")
def mission(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mission")
    tu.demo("mission", folder, 0, n=120)
    study = tu.open_study(folder / "reports" / "mission" / "plan.yaml")
    return study.material, study.sections()


def one_more(item):
    """A result with one person more (in its treated arm, where it has arms)."""
    return replace(item, n=item.n + 1, n_treated=item.n_treated + 1) if isinstance(item, Estimate | Bounds) else replace(item, n=item.n + 1)


def one_fewer(item):
    """A result with one person fewer (in control, where it has arms)."""
    return replace(item, n=item.n - 1, n_control=item.n_control - 1) if isinstance(item, Estimate) else replace(item, n=item.n - 1)


def moved(item):
    """An estimate with one person in the other arm."""
    return replace(item, n_treated=item.n_treated - 1, n_control=item.n_control + 1)


def named(mission, name, ids, change):
    """The results that a build names when it stops, some results of a chapter changed."""
    material, sections = mission
    other = FrozenMap({**sections, name: ResultSet(tuple(change(item) if item.provenance.id in ids else item for item in sections[name]))})
    with pytest.raises(BuildError, match=r"leads to \d+, the result says \d+") as info:
        reconcile(material, other)
    return {fault.where for fault in info.value.faults}


def test_a_sound_study_passes(mission):
    reconcile(*mission)


@pytest.mark.parametrize("name", CHAPTERS)
def test_one_person_more_anywhere_is_found(mission, name):
    """In every number of a chapter at once, and each is named."""
    ids = [item.provenance.id for item in mission[1][name]
           if (isinstance(item, Estimate) or (isinstance(item, Statistic) and item.kind != "count")) and item.n]
    assert ids
    assert set(ids) <= named(mission, name, set(ids), one_more)


def test_a_wrong_n_of_waiting_is_named_with_the_exits_and_no_other_is(mission):
    ids = {item.provenance.id for item in mission[1]["waiting"] if item.n}
    for result_id in sorted(ids)[::4]:
        assert named(mission, "waiting", {result_id}, one_fewer) == {result_id}
    other = FrozenMap({**mission[1], "waiting": ResultSet(tuple(one_fewer(item) for item in mission[1]["waiting"]))})
    with pytest.raises(BuildError, match=r"\d+ not heard of at the last wave, \d+ with a new right and no day of it since the draw, \d+ without"):
        reconcile(mission[0], other)


OVER_RIGHTS = {
    "takeup": ("takeup.rate.all", "takeup.rate.domain_", "takeup.rate.level_", "takeup.effect.all", "takeup.effect.domain_", "takeup.effect.level_",
               "cascade.all", "cascade.", "causes.cause", "causes.reason"),
    "mechanism": ("elements.", "chain.knows", "chain.applied", "chain.granted", "chain.receives"),
}


@pytest.mark.parametrize("name", OVER_RIGHTS)
def test_a_wrong_n_over_rights_that_differ_from_family_to_family_is_named(mission, name):
    """One person fewer in one number of each sort: the build names these numbers and no others."""
    ids = set()
    for prefix in OVER_RIGHTS[name]:
        found = [item.provenance.id for item in mission[1][name] if item.provenance.id.startswith(prefix) and item.n]
        ids.add(found[len(found) // 2])
    assert named(mission, name, ids, one_fewer) == ids
    effects = {result_id for result_id in ids if result_id.startswith(("takeup.effect.", "chain."))}
    assert named(mission, name, effects, moved) == effects


def test_bounds_take_in_those_of_whom_eligibility_isnt_known(mission):
    ids = {item.provenance.id for item in mission[1]["takeup"] if isinstance(item, Bounds)}
    assert ids
    assert named(mission, "takeup", ids, one_more) == ids


def test_blocks_that_left_a_test_are_told_and_reconcile(tmp_path):
    """A mock trial in which blocks of one arm only leave the difference in waiting: said in `n_left_out`, and no false alarm."""
    tu.demo("mission", tmp_path, 0, n=120)
    study = tu.open_study(tmp_path / "reports" / "mission" / "plan.yaml", kind="mock")
    sections = {**dict.fromkeys(study.chapters, ResultSet(())), **{name: study.chapter(name) for name in ("flow", "attrition", "takeup", "waiting")}}
    assert any(item.extra.get("n_left_out") for name in ("attrition", "waiting") for item in sections[name])
    reconcile(study.material, FrozenMap(sections))


@pytest.mark.parametrize(("name", "head"), [("takeup", "causes."), ("mechanism", "elements.")])
def test_a_wrong_count_of_families_is_named(mission, name, head):
    ids = {item.provenance.id for item in mission[1][name] if item.provenance.id.startswith(head) and 0 < item.count < item.n}
    assert ids
    assert named(mission, name, ids, lambda item: replace(item, count=item.count - 1)) == ids


def test_families_are_counted_from_pairs_written_by_hand():
    """Four families, three rights: who is in which number is worked out by eye."""
    rows = pd.DataFrame([
        (0, "a", "t0", 1, 0, None, None, None, None), (0, "a", "t1", None, 0, 1, 0, None, "person: shame"),
        (0, "b", "t0", 0, 0, None, None, None, None), (0, "b", "t1", None, 1, None, None, None, None),
        (1, "a", "t0", 1, 0, None, None, None, None), (1, "a", "t1", None, 1, None, None, None, None),
        (2, "b", "t0", 1, 0, None, None, None, None), (2, "b", "t1", None, None, 1, 1, 1, None),
        (3, "c", "t0", 1, 1, None, None, None, None), (3, "c", "t1", None, 0, 0, None, None, "rule: income"),
    ], columns=["row", "right", "wave", "eligible", "receives", "knows", "applied", "granted", "reason"])
    log = pd.DataFrame({"row": [0, 1, 1, 3], "right": ["a", "a", "b", "c"], "action": ["visit", "visit", "call", "call"]})
    rights = tuple(SimpleNamespace(id=name, domain=domain, level=level) for name, domain, level in
                   (("a", "income", "local"), ("b", "home", "local"), ("c", "home", "federal")))
    found = pairs(rows, log, SimpleNamespace(rights=rights, ids=("a", "b", "c")), 4, ("t0", "t1"))

    def who(mask):
        return set(np.flatnonzero(mask))

    assert who(found.share("all")) == {0, 1, 3}  # 2 is entitled to b, and nothing is known of its receipt
    assert who(found.share("all", before=True)) == {0, 1, 2, 3}
    assert who(found.share("domain_home")) == {3}
    assert who(found.share("level_local")) == {0, 1}
    assert who(found.stages()) == {0, 1, 3}  # 0 stopped at applying, 1 receives, 3 never knew
    assert who(found.stages("home")) == {3}
    assert who(found.cause()) == {0, 3}
    assert who(found.cause("cause", "rule")) == {3}
    assert who(found.cause("reason", "person: shame")) == {0}
    assert who(found.element("obtained")) == {1}
    assert who(found.element("not_obtained")) == {0}  # 3 had c before
    assert who(found.element("not_obtained", "visit")) == {0}
    assert who(found.element("obtained", "call")) == set()
    assert who(found.counted("unknown_eligibility", "c")) == {0, 1, 2}
    assert who(found.counted("not_entitled")) == set()
    assert who(found.counted("partly_unknown")) == {0, 1, 3}  # each of other rights; of 2 no receipt is known at all


def test_waiting_is_counted_from_pairs_written_by_hand():
    """Six families: who has a new right and its day, a day before the draw, none, none and no interview, no answer, the right from before."""
    day = pd.Timestamp
    rows = pd.DataFrame([
        (0, "a", "t0", 1, 0, None), (0, "a", "t1", None, 1, day("2020-03-01")),
        (0, "b", "t0", 1, 0, None), (0, "b", "t1", None, 1, day("2020-02-01")),
        (1, "a", "t0", 1, 0, None), (1, "a", "t1", None, 1, day("2019-12-31")),
        (2, "a", "t0", 1, 0, None), (2, "a", "t1", None, 0, None),
        (3, "a", "t0", 1, 0, None), (3, "a", "t1", None, 0, None),
        (4, "a", "t0", 1, 0, None), (4, "a", "t1", None, None, None),
        (5, "a", "t0", 1, 1, None), (5, "a", "t1", None, 1, day("2020-02-01")),
    ], columns=["row", "right", "wave", "eligible", "receives", "since"])
    rights = tuple(SimpleNamespace(id=name, domain="income", level="local") for name in ("a", "b"))
    found = pairs(rows, None, SimpleNamespace(rights=rights, ids=("a", "b")), 6, ("t0", "t1"))
    drawn = pd.Series([day("2020-01-01")] * 6)
    asked = pd.Series([day("2020-07-01"), day("2020-07-01"), day("2020-07-01"), pd.NaT, day("2020-07-01"), day("2020-07-01")])
    wait, exits = found.waited(drawn, asked)
    assert [set(np.flatnonzero(mask)) for mask in exits.values()] == [{4}, {1}, {3}]
    assert wait[0] == pytest.approx(31 / (365.25 / 12))
    assert np.isnan(wait[1:]).all()  # 5 had the right before: nothing new
    assert set(np.flatnonzero(found.entitled("b", unknown=True))) == {0, 1, 2, 3, 4, 5}
    assert set(np.flatnonzero(found.entitled("b"))) == {0}
