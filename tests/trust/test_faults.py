"""A few builds that are killed, starved and crossed; `make faults` runs some three hundred."""

from __future__ import annotations

import random
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and signals of Linux")


@pytest.mark.slow
def test_what_stood_there_stays_or_the_new_takes_its_place():
    from trust import faults

    found = faults.run_all(0.02)
    assert len(found) >= len(faults.FAULTS) - 1
    assert [case for case in found if not case.survived] == []
    assert {case.found for case in found} == {"old", "new"}


def test_what_isnt_whole_would_be_counted(tmp_path):
    from trust.faults import Case, contents

    (tmp_path / "a").write_bytes(b"half")
    assert contents(tmp_path) == {"a": b"half"}
    assert not Case("kill", "broken", -9, "").survived
    assert not Case("disk", "old", 1, "takeup has a fault: OSError").survived
    assert not Case("disk", "old", 0, "done.").survived
    assert not Case("disk", "new", 1, "can't be written.").survived
    assert Case("kill", "old", -9, "").survived
    assert random.Random("kill 1").random() == random.Random("kill 1").random()
