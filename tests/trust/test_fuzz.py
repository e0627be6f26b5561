"""A few damaged studies of each class of fault; `make fuzz` runs ten thousand."""

from __future__ import annotations

from collections import Counter

import pytest

from trust import fuzz
from trust.binary import BINARY


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return fuzz.Bench(tmp_path_factory.mktemp("bench"))


@pytest.mark.parametrize("kind", fuzz.ALL, ids=lambda kind: f"{kind.topic}: {kind.name}")
def test_a_damaged_study_is_refused_or_read_as_it_was(bench, kind):
    for number in range(2):
        found = bench.case(kind, number)
        assert found.survived, found


def test_so_are_a_few_in_other_kinds_of_files(bench):
    pytest.importorskip("pyreadstat")
    for number, kind in enumerate(kind for kind in BINARY if kind.topic in {".sav", "SPSS missing ranges", "kind of file"}):
        found = bench.case(kind, number)
        assert found.survived, found


def test_every_topic_has_its_share_and_every_class_a_detector():
    kinds = fuzz.plan_of(10_000)
    assert len(kinds) == 10_000
    assert set(kinds) == {*fuzz.ALL, *BINARY}
    assert min(Counter(kinds).values()) >= 25
    assert [kind.name for kind in kinds if kind.expect != "same" and not kind.detector] == []


def test_what_isnt_seen_would_be_counted(bench, monkeypatch):
    """With a check that lets everything through, and one that repeats a cell, no case survives."""
    kind = next(kind for kind in fuzz.ALL if kind.name == "beyond their limits")
    monkeypatch.setattr(fuzz, "tables", lambda _: bench.sound)
    monkeypatch.setattr(fuzz, "checked", lambda _: (0, "no problem found", ""))
    assert bench.case(kind, 1).silent
    monkeypatch.setattr(fuzz, "checked", lambda _: (1, "data/people.csv data/baseline.csv data/endline.csv: 84729153", ""))
    assert bench.case(kind, 1).leaked
    monkeypatch.setattr(fuzz, "checked", lambda _: (1, "", "Traceback"))
    assert bench.case(kind, 1).traceback
