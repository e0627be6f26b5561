"""A lock keeps the plan as it was, and shows when somebody changed it."""

import json

import pytest

from study.small import plan as small
from study.small import write
from takeup.errors import PlanError
from takeup.plan.freeze import plan_hash
from takeup.plan.lock import Earlier, as_bytes, lock_file, locked, read_lock, read_lock_text
from takeup.plan.model import Plan
from takeup.study.standing import lock_plan, plan_files

TIME = "2019-01-07T09:30:00Z"
FILES = {"schemas/units.yaml": b"fields: []"}


@pytest.fixture
def plan():
    return Plan.model_validate(small())


def test_a_lock_read_back_is_the_same_and_holds_the_plan(plan):
    lock = locked(plan, FILES, time=TIME)
    assert read_lock_text(as_bytes(lock)) == lock
    assert lock.as_plan() == plan
    assert (lock.plan_hash, lock.time) == (plan_hash(plan, FILES), TIME)


def test_a_lock_has_the_same_bytes_for_the_same_plan_and_time(plan):
    assert as_bytes(locked(plan, FILES, time=TIME)) == as_bytes(locked(Plan.model_validate(small()), FILES, time=TIME))


@pytest.mark.parametrize(("key", "value"), [("time", "2018-01-07T09:30:00Z"), ("plan_hash", "0" * 64), ("version", "9"), ("signature", "x.sig")])
def test_a_change_by_hand_shows(plan, key, value):
    said = json.loads(as_bytes(locked(plan, FILES, time=TIME)))
    said[key] = value
    with pytest.raises(PlanError, match="was changed after the plan was locked"):
        read_lock_text(json.dumps(said).encode())


@pytest.mark.parametrize("content", [b"", b"locked\n", b"[]", b'{"lock": 1}', b"\xff\xfe", b'{"hash": 3}', b"[" * 5000])
def test_what_isnt_a_lock_is_said_to_be_none(content):
    with pytest.raises(PlanError, match=r"isn't a lock|was changed"):
        read_lock_text(content)


def test_times_are_utc_to_the_second_and_signatures_bare_names(plan):
    for wrong in ("2019-01-07", "2019-01-07T09:30:00", "2019-01-07T09:30:00+01:00"):
        with pytest.raises(PlanError, match="UTC to the second"):
            locked(plan, FILES, time=wrong)
    with pytest.raises(PlanError, match="lies beside the plan"):
        locked(plan, FILES, time=TIME, signature="../elsewhere.sig")


def test_a_plan_is_locked_once_unless_asked_and_the_first_stays_on_record(tmp_path):
    path = write(tmp_path, n=24)
    first = lock_plan(path)
    assert read_lock(lock_file(path)) == first
    assert set(first.files) == {f"schemas/{name}.yaml" for name in ("units", "baseline", "endline")}
    with pytest.raises(PlanError, match="locked already"):
        lock_plan(path)
    path.write_text(path.read_text().replace("seed: 7", "seed: 8"))
    second = lock_plan(path, again=True)
    assert second.earlier == (Earlier(plan_hash=first.plan_hash, time=first.time),)
    assert second.plan_hash != first.plan_hash
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == []


def test_a_signature_has_to_be_there(tmp_path):
    path = write(tmp_path, n=24)
    with pytest.raises(PlanError, match="no such file"):
        lock_plan(path, signature="plan.sig")
    (tmp_path / "plan.sig").write_bytes(b"signed")
    assert lock_plan(path, signature="plan.sig").signature == "plan.sig"


def test_the_hash_follows_the_schemas(tmp_path, plan):
    write(tmp_path, n=24)
    before = plan_files(plan, tmp_path)
    schema = tmp_path / "schemas" / "units.yaml"
    schema.write_text(schema.read_text() + "# a remark\n")
    assert plan_hash(plan, before) != plan_hash(plan, plan_files(plan, tmp_path))
