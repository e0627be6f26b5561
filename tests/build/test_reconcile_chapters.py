"""The n of every chapter is held against the flow: one person more in any of them stops the build, which names the number."""

from __future__ import annotations

from dataclasses import replace

import pytest

import takeup as tu
from takeup.build.reconcile import reconcile
from takeup.errors import BuildError
from takeup.results import Estimate, FrozenMap, ResultSet, Statistic

CHAPTERS = ("attrition", "takeup", "waiting", "mechanism", "cost", "subgroups")


@pytest.fixture(scope="module")
def mission(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mission")
    tu.demo("mission", folder, 0, n=120)
    study = tu.open_study(folder / "reports" / "mission" / "plan.yaml")
    return study.material, study.sections()


def one_more(sections, name, result_id):
    """The same sections with one person more in a result (in its treated arm, where it has arms)."""
    def moved(item):
        if item.provenance.id != result_id:
            return item
        return replace(item, n=item.n + 1, n_treated=item.n_treated + 1) if isinstance(item, Estimate) else replace(item, n=item.n + 1)

    return FrozenMap({**sections, name: ResultSet(tuple(moved(item) for item in sections[name]))})


def test_a_sound_study_passes(mission):
    reconcile(*mission)


@pytest.mark.parametrize("name", CHAPTERS)
def test_one_person_more_anywhere_is_found(mission, name):
    material, sections = mission
    checked = [item for item in sections[name] if (isinstance(item, Estimate) or (isinstance(item, Statistic) and item.kind != "count")) and item.n]
    loose = ("cascade.", "causes.", "elements.", "takeup.rate.all", "takeup.rate.domain", "takeup.rate.level", "takeup.effect.all",
             "takeup.effect.domain", "takeup.effect.level")  # of rights that differ from family to family: no box of the flow tells how many
    loose += ("chain.knows", "chain.applied", "chain.granted", "chain.receives", "chain.appl", "chain.obtain")
    ids = [item.provenance.id for item in checked if not item.provenance.id.startswith(loose)]
    assert ids
    for result_id in ids[:: max(len(ids) // 4, 1)]:
        with pytest.raises(BuildError) as info:
            reconcile(material, one_more(sections, name, result_id))
        assert name == "waiting" or result_id in {fault.where for fault in info.value.faults}
