"""The statisticians' view: everything, marked on every page and in every file, and never where a released build stands."""

import csv
import io

import pytest

from study.small import write
from takeup.build import build
from takeup.build.steps import opened
from takeup.errors import BuildError
from takeup.plan.read import read
from takeup.release.rules import Rules
from takeup.study import open_study

ONLY = ("results", "tables", "codebook", "deviations")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    plan = write(tmp_path_factory.mktemp("small"))
    return plan, build(plan, only=ONLY, progress=False), build(plan, only=ONLY, progress=False, kind="secure")


def rows(made):
    return list(csv.DictReader(io.StringIO((made.out / "results.csv").read_text(encoding="utf-8"))))


def test_the_secure_room_sees_what_the_released_view_withholds(both):
    _, released, inside = both
    assert released.withheld > 30
    assert inside.withheld == 0
    assert inside.results == released.results + released.withheld
    hidden = {row["id"] for row in rows(released) if row["reason"].startswith("Withheld:")}
    told = {row["id"] for row in rows(inside) if any(row.get(name) for name in ("value", "estimate", "lower", "p_value", "statistic", "intervals"))}
    assert len(hidden & told) > 0.9 * len(hidden)


def test_every_file_of_it_says_so(both):
    _, released, inside = both
    assert inside.out.name == "out-secure"
    for name in inside.files:
        text = (inside.out / name).read_bytes()
        if name.endswith(".html"):
            assert b"SECURE ROOM: nothing here has passed the disclosure gate" in text, name
            assert b"SECURE ROOM" not in (released.out / name).read_bytes()
        if name.endswith(".csv") and not name.startswith("tables"):
            assert {row["build"] for row in csv.DictReader(io.StringIO(text.decode()))} == {"secure"}, name
        if name.startswith("tables/") and name.endswith(".csv"):
            assert b"secure" in text, name


def test_neither_takes_the_others_place(both):
    plan, released, inside = both
    for kind, place in (("secure", released.out), ("final", inside.out)):
        with pytest.raises(BuildError, match="secure"):
            build(plan, only=("results",), out=place, progress=False, kind=kind)


def test_showing_the_arms_inside_is_an_unmasking_too(tmp_path):
    plan = write(tmp_path)
    opened(plan, "masked")
    assert not (tmp_path / "unmasking.log").exists()
    opened(plan, "secure")
    assert len((tmp_path / "unmasking.log").read_text().splitlines()) == 1


@pytest.mark.parametrize(("said", "rules"), [
    ({"profile": "ten"}, Rules(profile="ten")), ({"profile": "five"}, Rules(profile="five")), ({"profile": "three"}, Rules(profile="three")),
    ({"profile": "five", "minimum_cell": 8, "round_counts_to": 4, "minimum_df": 20, "dominance": [1, 0.5], "p_percent": 0.2,
      "zero_cells": "withhold"},
     Rules(profile="five", minimum_cell=8, round_counts_to=4, minimum_df=20, dominance=(1, 0.5), p_percent=0.2, zero_cells="withhold")),
])
def test_a_plan_names_a_profile_or_its_own_thresholds(tmp_path, said, rules):
    assert Rules.from_plan(read(write(tmp_path, changed={"release": said})).release) == rules


def test_an_exception_of_the_plan_leaves_with_its_reason_and_name_in_the_log(tmp_path):
    plan = write(tmp_path)
    hidden = open_study(plan).released().withheld()[0].id
    why = {"reason": "Already in the registry's own report.", "by": "data officer"}
    said = {"minimum_cell": 10, "round_counts_to": 5, "exceptions": {hidden: why}}
    found = open_study(write(tmp_path, changed={"release": said})).released()
    assert hidden not in {entry.id for entry in found.withheld()}
    assert any(entry.id == hidden and "registry's own report. (data officer)" in entry.reason for entry in found.review())
