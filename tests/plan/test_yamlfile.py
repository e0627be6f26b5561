"""YAML read safely: words stay words, every duplicate is found, nothing runs and nothing explodes."""

from __future__ import annotations

from datetime import date

import pytest

from takeup.errors import PlanError
from takeup.plan.yamlfile import MOST_BYTES, dotted, load, parse


def read(text):
    return parse(text, PlanError, name="plan.yaml")


def test_words_follow_yaml_1_2():
    data = read("a: no\nb: on\nc: 007\nd: 12:30\ne: 1e4\nf: true\ng: ~\nh: 2018-03-19\ni: -5\nj: .5\nk: 0x1F\nl: 1_000\nm: 50+\nn: 'true'\n").data
    assert data == {"a": "no", "b": "on", "c": "007", "d": "12:30", "e": 10_000.0, "f": True, "g": None, "h": date(2018, 3, 19), "i": -5, "j": 0.5,
                    "k": "0x1F", "l": "1_000", "m": "50+", "n": "true"}


def test_lines_are_known_by_path():
    document = read("outcomes:\n  - id: a\n    scale: x\n  - id: b\n")
    assert document.where(("outcomes", 0, "scale")) == "outcomes[0].scale (line 3)"
    assert document.where(("outcomes", 1, "missing", "deep")) == "outcomes[1].missing.deep (line 4)"
    assert document.where(()) == ""
    assert dotted(("data", "units", 0)) == "data.units[0]"


def test_all_duplicate_keys_are_found_with_their_lines():
    document = read("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert [fault.what for fault in document.faults] == ['the key "c" stands twice, on lines 2 and 2', 'the key "a" stands twice, on lines 1 and 3']
    assert document.data == {"a": 1, "b": {"c": 1}}


@pytest.mark.parametrize("text", ["a: !!python/object/apply:os.system [echo]", "a: !!binary aGk=", "a: !thing 1", "a: !!set {b}", "? [1, 2]\n: x"])
def test_no_tag_names_anything_else(text):
    assert read(text).faults


def test_aliases_are_followed_but_bombs_are_refused():
    assert read("a: &x [1, 2]\nb: *x\n").data == {"a": [1, 2], "b": [1, 2]}
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(PlanError, match="repeats itself too often"):
        read("\n".join(lines))
    with pytest.raises(PlanError, match="too large or repeats itself"):
        read("a: &a [*a]")


@pytest.mark.parametrize(("text", "words"), [
    ("a: b: c", "a colon stands where none can"), ("a:\n\tb: 1", "a tab is used for the indent"), ("a: 'x", "the YAML breaks off here"),
    ("a: *b", "a \\* names something that has no &"), ("", "is empty"), ("# only a remark\n", "is empty"),
    ("a: \x00", "a character that no YAML file may hold"),
    ("a: " + "[" * 60 + "]" * 60, "levels deep"),
])
def test_a_broken_file_is_explained(text, words):
    with pytest.raises(PlanError, match=words):
        read(text)


def test_impossible_dates_are_faults_and_not_crashes():
    assert [fault.what for fault in read("a: 2019-02-30").faults] == ['"2019-02-30" is no date of the calendar']


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "plan.yaml").write_text("a: 1")
    with pytest.raises(PlanError, match=r'there is no such file. Did you mean "plan.yaml"\?'):
        load(tmp_path / "plna.yaml", PlanError)
    with pytest.raises(PlanError, match="Its folder doesn't exist either"):
        load(tmp_path / "no" / "plan.yaml", PlanError)
    with pytest.raises(PlanError, match="is a folder"):
        load(tmp_path, PlanError)
    (tmp_path / "latin.yaml").write_bytes("titel: Geëvalueerd".encode("latin-1"))
    with pytest.raises(PlanError, match="UTF-8"):
        load(tmp_path / "latin.yaml", PlanError)
    (tmp_path / "large.yaml").write_bytes(b"a: " + b"x" * MOST_BYTES)
    with pytest.raises(PlanError, match="too large"):
        load(tmp_path / "large.yaml", PlanError)
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbfa: 1")
    assert load(tmp_path / "bom.yaml", PlanError).data == {"a": 1}
