import pytest

from present import made_up
from takeup.errors import ReportError
from takeup.present.flow import boxes
from takeup.release.gate import gate
from takeup.release.rules import Rules
from takeup.results import ResultSet


def changed(id_: str, value: float, rules: Rules | None = None):
    flow = ResultSet(tuple(item.replace(value=value) if item.provenance.id == id_ else item for item in made_up.flow()))
    return gate(made_up.sections(flow=flow), rules or Rules(profile="public"))


def test_the_boxes_hold_the_counts_and_their_ids():
    found = boxes(made_up.released(), made_up.labels())
    assert (found.randomized.value, found.randomized.result_id) == (899, "flow.randomized")
    assert [arm.arm for arm in found.arms] == ["0", "1"]
    assert found.arms[1].received.value == 372
    assert [part.level for part in found.excluded.reasons] == ["not_eligible", "refused"]


@pytest.mark.parametrize(("id_", "value", "what"), [
    ("flow.randomized", 900.0, "flow.assessed"), ("flow.allocated.1", 601.0, "flow.randomized"), ("flow.received.1", 373.0, "flow.allocated.1"),
    ("flow.followed_up.endline.0", 280.0, "flow.allocated.0"), ("flow.excluded.refused", 111.0, "flow.excluded"),
])
def test_a_count_that_does_not_add_up_stops_the_report(id_, value, what):
    with pytest.raises(ReportError, match=what):
        boxes(changed(id_, value), made_up.labels())


def test_counts_rounded_for_disclosure_may_differ_by_their_rounding_and_no_more():
    rules = Rules(minimum_cell=5, round_counts_to=5)
    boxes(gate(made_up.sections(), rules), made_up.labels())
    with pytest.raises(ReportError, match=r"flow\.randomized"):
        boxes(changed("flow.allocated.1", 640.0, rules), made_up.labels())


def test_withheld_reasons_are_not_compared():
    found = boxes(made_up.released(minimum_cell=10), made_up.labels())
    lost = found.arms[0].waves[0][1]
    assert lost.value == 21
    assert all(part.value != part.value for part in lost.reasons)  # nan
