"""The two real trials built from an empty folder: what the report says is what results.csv holds, and what R found."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import pytest

from e2e.pages import Page
from parity.oracle import entries
from takeup.demo import demo, plan_path

STUDIES = ("jobs2", "thornton")
HERE = {"TZ": "UTC", "PYTHONHASHSEED": "1", "LC_ALL": "C", "OMP_NUM_THREADS": "1"}
ELSEWHERE = {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "4711", "LC_ALL": "C.UTF-8", "LANG": "nl_BE.UTF-8", "LANGUAGE": "nl", "OMP_NUM_THREADS": "2"}


def built(folder: Path, name: str, settings: dict[str, str], cwd: Path) -> Path:
    """Build a study in a process of its own, warnings as errors; its outputs."""
    demo(name, folder)
    environment = {**os.environ, **settings, "HOME": str(folder), "MPLCONFIGDIR": str(folder / "mpl")}
    (folder / "mpl").mkdir()
    if settings is ELSEWHERE:  # a user's own matplotlib settings must not show
        (folder / "mpl" / "matplotlibrc").write_text("font.size: 20\nlines.linewidth: 9\nsavefig.dpi: 30\naxes.facecolor: red\n")
    ended = subprocess.run([sys.executable, "-W", "error", "-m", "takeup.cli", "build", str(plan_path(name, folder))], env=environment, cwd=cwd,
                           capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    return plan_path(name, folder).parent / "out"


@pytest.fixture(scope="module", params=STUDIES)
def out(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    return built(folder, request.param, HERE, folder)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@cache
def rows(out: Path) -> dict[str, dict[str, str]]:
    return {row["id"]: row for row in csv.DictReader(io.StringIO((out / "results.csv").read_text(encoding="utf-8")))}


def name_of(out: Path) -> str:
    return out.parent.name


def test_everything_is_there_and_the_manifest_knows_it(out):
    found = files(out)
    manifest = json.loads(found.pop("manifest.json"))
    assert {"report.html", "report.pdf", "results.csv", "release_log.csv", "consort.html", "codebook.html"} <= set(found)
    assert {"tables/effects.csv", "tables/effects.xlsx", "tables/effects.tex", "figures/forest.svg", "figures/forest.png", "figures/forest.pdf",
            "figures/forest.csv", "figures/forest.txt"} <= set(found)
    assert set(manifest["outputs"]) == set(found)
    assert manifest["study"] == name_of(out)
    assert manifest["plan_hash"] in found["results.csv"].decode()
    assert {"plan.yaml", f"../../data_schema/{name_of(out)}/{'units' if name_of(out) == 'jobs2' else 'people'}.yaml"} <= set(manifest["inputs"])
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []


def test_another_place_and_time_give_the_same_bytes(out, tmp_path):
    second = built(tmp_path / "a folder with blanks" / "é", name_of(out), ELSEWHERE, tmp_path)
    first, again = files(out), files(second)
    assert list(first) == list(again)
    assert [name for name in first if first[name] != again[name]] == []


def test_no_output_names_this_machine(out):
    home, here = str(Path.home()), str(out.parents[2])
    for name, content in files(out).items():
        parts = [content]
        if name.endswith(".xlsx"):
            with zipfile.ZipFile(io.BytesIO(content)) as book:
                parts += [book.read(part) for part in book.namelist()]
        for part in parts:
            assert here.encode() not in part, name
            assert home == "/" or home.encode() + b"/" not in part, name


def test_every_number_of_the_report_is_its_result_rounded(out):
    shown = Page((out / "report.html").read_text(encoding="utf-8")).shown
    assert len(shown) > 50
    wrong = [item for item in shown if not agrees(item, rows(out)[item.id])]
    assert wrong == []


def agrees(item, row):
    """Whether the text is the row's fields, multiplied by the scale and rounded as the text is; and the machine's value the row's own."""
    if item.fields == ("intervals",):
        values = [float(part) for part in row["intervals"].replace("[", "").replace("]", "").replace(",", " ").split()]
    else:
        values = [float(row[field if field in row else f"extra.{field}"] or "nan") for field in item.fields]
    if item.value and float(item.value) != values[0]:
        return False
    finite = [value * item.scale for value in values if math.isfinite(value)]
    if "<" in item.text:
        return len(finite) == 1 and finite[0] < item.numbers[0][0]
    if len(item.numbers) != len(finite):
        return False
    pairs = zip(sorted(item.numbers), sorted(finite), strict=True)
    return all(abs(number - value) <= 0.5 * 10.0**-decimals + 1e-9 for (number, decimals), value in pairs)


def test_the_check_above_can_fail(out):
    page = (out / "report.html").read_text(encoding="utf-8")
    item = next(item for item in Page(page).shown if item.fields == ("estimate",) and item.numbers)
    row = rows(out)[item.id]
    assert agrees(item, row)
    assert not agrees(item, {**row, "estimate": repr(float(row["estimate"]) + 10.0 ** -item.numbers[0][1])})


def value(row: dict[str, str], field: str) -> float:
    return float(row[field])


@pytest.mark.parametrize("out", ["jobs2"], indirect=True)
def test_jobs2_is_what_r_found(out):
    found, known = rows(out), entries()
    assert [value(found[name], "value") for name in ("flow.randomized", "flow.allocated.1", "flow.allocated.0")] == [899, 600, 299]
    itt = found["effect.depression"]
    assert value(itt, "estimate") == pytest.approx(known["jobs2/ancova_hc2"]["estimate"], rel=1e-8)
    assert value(itt, "std_error") == pytest.approx(known["jobs2/ancova_hc2"]["std_error"], rel=1e-8)
    assert round(value(itt, "estimate"), 3) == -0.049
    assert (itt["method"], itt["se_type"], itt["rule"]) == ("ancova", "HC2", "plan")
    assert value(found["compliance.share"], "estimate") == pytest.approx(0.62, rel=1e-12)
    assert value(found["robust.depression.difference_in_means"], "estimate") == pytest.approx(known["jobs2/dim_welch"]["estimate"], rel=1e-8)
    assert value(found["subgroup.depression.sex.1-0"], "estimate") == pytest.approx(known["jobs2/subgroup_interaction_hc2"]["estimate"], rel=1e-8)
    for field, ours in (("estimate", "estimate"), ("std_error", "std_error")):
        assert value(found["cace.employed"], ours) == pytest.approx(known["jobs2/iv_binary_hc2"][field], rel=1e-8)


@pytest.mark.parametrize("out", ["jobs2"], indirect=True)
def test_the_report_of_jobs2_states_its_facts(out):
    page = (out / "report.html").read_text(encoding="utf-8")
    said = {(item.id, item.fields): item.text for item in Page(page).shown if item.language == "en"}
    assert said["flow.randomized", ("value",)] == "899"
    assert said["compliance.received.1", ("value",)].startswith("62")
    assert said["effect.depression", ("estimate",)] == "−0.049"


@pytest.mark.parametrize("out", ["thornton"], indirect=True)
def test_thornton_is_what_r_found(out):
    found, known = rows(out)["effect.collected"], entries()
    for field in ("estimate", "std_error", "df"):
        assert value(found, field) == pytest.approx(known["thornton/lm_cr2"][field], rel=1e-8)
    assert (found["se_type"], found["n_clusters"]) == ("CR2", "119")


def test_only_what_was_asked_is_made_anew_and_the_rest_is_carried(out, tmp_path, capsys):
    from takeup.cli import run

    place = tmp_path / "out"
    assert run(["build", str(out.parent / "plan.yaml"), "--out", str(place), "--only", "results"]) == 0
    assert set(files(place)) == {"manifest.json", "results.csv", "release_log.csv"}
    assert (place / "results.csv").read_bytes() == (out / "results.csv").read_bytes()
    before = files(out)
    assert run(["build", str(out.parent / "plan.yaml"), "--only", "tables", "--only", "results"]) == 0
    assert files(out) == before
