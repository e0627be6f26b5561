"""The command line: exit codes, plain messages, nothing of the data in them, and what stood there before untouched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import takeup.study
from intake.planted import PLANTED, SECRETS, TOGETHER, write_study
from takeup import __version__
from takeup.cli import run

EARLIER = {"manifest.json": '{"takeup": "0"}', "report.html": "<p>earlier</p>"}


@pytest.fixture
def plan(tmp_path):
    return write_study(tmp_path)


@pytest.fixture
def earlier(plan):
    """An earlier build of the study."""
    out = plan.parent / "out"
    out.mkdir()
    for name, text in EARLIER.items():
        (out / name).write_text(text)
    return out


def everything_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_sound_study_passes_and_its_size_is_said(plan, capsys):
    assert run(["check", str(plan)]) == 0
    said = capsys.readouterr()
    assert "plan.yaml: no problem found." in said.out
    assert "120 units, 2 arms, 3 outcomes, 3 tables." in said.out
    assert said.err.startswith("Please note: about.published: no day")  # an archive will ask for one; nothing else is noted
    assert said.err.count("Please note") == 1


def test_a_folder_stands_for_its_plan(plan, capsys):
    assert run(["check", str(plan.parent)]) == 0
    assert "no problem found" in capsys.readouterr().out


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_each_planted_fault_stops_the_build_with_one_message(tmp_path, plan, earlier, capsys, planted):
    planted.plant(tmp_path)
    before = everything_below(tmp_path)
    assert run(["build", str(plan)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert all(words in said.err for words in planted.says)
    assert "Traceback" not in said.err
    assert not [secret for secret in SECRETS if secret in said.err]
    assert everything_below(tmp_path) == before


def test_all_planted_faults_are_said_at_once(tmp_path, plan, earlier, capsys):
    for planted in TOGETHER:
        planted.plant(tmp_path)
    before = everything_below(tmp_path)
    assert run(["build", str(plan)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{len(TOGETHER)} problems were found.")
    assert [planted.name for planted in TOGETHER if not all(words in said for words in planted.says)] == []
    assert everything_below(tmp_path) == before


@pytest.mark.parametrize("ending", ["html", "xlsx", "txt"])
def test_check_writes_what_it_found(tmp_path, plan, capsys, ending):
    next(planted for planted in PLANTED if planted.name == "no category").plant(tmp_path)
    target = tmp_path / f"faults.{ending}"
    assert run(["check", str(plan), "--report", str(target)]) == 1
    said = capsys.readouterr().err
    assert f"faults.{ending}" in said
    content = target.read_bytes()
    assert content
    assert not [secret for secret in SECRETS if secret.encode() in content]
    assert ending == "xlsx" or b"row" in content.lower()


def test_faulty_words_of_the_authors_are_said_with_the_data(tmp_path, plan, capsys):
    words = plan.parent / "words" / "nl"
    words.mkdir(parents=True)
    (words / "limits.md").write_text("<b>vet</b>\n")
    (words / "limit.md").write_text("x\n")
    (words / "background.md").write_bytes(b"\xff\xfe\x00x")
    assert run(["check", str(plan)]) == 1
    assert "words/nl/background.md" in capsys.readouterr().err
    (words / "background.md").write_text("Goed.\n")
    next(planted for planted in PLANTED if planted.name == "below the minimum").plant(tmp_path)
    assert run(["check", str(plan)]) == 1
    said = capsys.readouterr().err
    assert 'words/nl/limit.md: "limit" is no section' in said
    assert "words/nl/limits.md, line 1: raw HTML can't be used here" in said
    assert "18 or more" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bild", "x"], "No such command 'bild'"), (["build"], "Missing argument 'PLAN'"), (["build", "x", "--nope"], "No such option"),
        (["demo", "jobs2", "x", "--seed", "-1"], "--seed"),
    ],
)
def test_wrong_usage_is_2(capsys, arguments, words):
    assert run(arguments) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "nowhere.yaml"], "nowhere.yaml: there is no such file"), (["build", "nowhere.yaml"], "nowhere.yaml: there is no such file"),
        (["demo", "jobs3", "x"], 'Did you mean "jobs2"?'),
    ],
)
def test_what_isnt_there_is_1(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 1
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_unknown_parts_and_languages_are_said_together(plan, capsys):
    assert run(["build", str(plan), "--only", "tabels,figures", "--language", "de"]) == 1
    said = capsys.readouterr().err
    assert 'there is no part "tabels"' in said
    assert 'Did you mean "tables"?' in said
    assert 'no report is written in "de"' in said


def test_an_error_nobody_foresaw_tells_nothing_of_the_data(plan, capsys, monkeypatch):
    def broken(path):
        raise ValueError("could not convert Zonneschijn")

    monkeypatch.setattr(takeup.study, "open_study", broken)
    assert run(["check", str(plan)]) == 1
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert "Zonneschijn" not in said
    assert "Traceback" not in said
    monkeypatch.setenv("TAKEUP_DEBUG", "1")
    assert run(["check", str(plan)]) == 1
    assert "Zonneschijn" in capsys.readouterr().err


def test_stopping_it_is_clean(plan, earlier, capsys, monkeypatch):
    def stopped(path, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(takeup.study, "open_study", stopped)
    before = everything_below(plan.parent)
    assert run(["build", str(plan)]) == 1
    assert capsys.readouterr().err.strip() == "Stopped. What stood there before is untouched."
    assert everything_below(plan.parent) == before


def test_a_folder_of_other_files_is_refused(plan, tmp_path, capsys):
    other = tmp_path / "Documents"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    assert run(["build", str(plan), "--out", str(other)]) == 1
    assert "Documents: holds files that no build made" in capsys.readouterr().err
    assert everything_below(other) == {"letter.txt": b"dear"}


def test_version_and_help(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"takeup, version {__version__}\n"
    for command in ("check", "build", "demo"):
        assert run([command, "--help"]) == 0
        assert command in capsys.readouterr().out


def test_help_is_light_and_quick():
    heavy = ("numpy", "pandas", "pydantic", "rich", "yaml")
    look = f"import sys; from takeup.cli import run; run(['--help']); print([name for name in {heavy} if name in sys.modules])"
    seen = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert seen.stdout.splitlines()[-1] == "[]"
    times = []
    for _ in range(3):
        before = os.times()
        subprocess.run([sys.executable, "-m", "takeup.cli", "--help"], capture_output=True, check=True)
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(times) < 0.4  # processor time: what else the machine does is no fault of the help


def test_the_command_ends_the_process_with_its_code(tmp_path):
    ended = subprocess.run([sys.executable, "-m", "takeup.cli", "check", "nowhere.yaml"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_demo_writes_a_study(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["demo", "jobs2", "try"]) == 0
    assert "try/reports/jobs2/plan.yaml" in capsys.readouterr().out
    assert (tmp_path / "try" / "reports" / "jobs2" / "plan.yaml").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
@pytest.mark.parametrize("megabytes", [150, 429, 560])
def test_too_little_memory_is_said_before_the_libraries_are_loaded(plan, earlier, megabytes):
    """Linear algebra that gets no buffer while it is loaded asks for it for ever: there would be no end, and no word."""
    import resource

    before = everything_below(earlier)
    most = megabytes * 2**20
    done = subprocess.run([sys.executable, "-m", "takeup.cli", "build", str(plan)], capture_output=True, text=True, timeout=120, check=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)))
    assert done.returncode == 1
    assert done.stderr.startswith("There isn't enough memory.")
    assert everything_below(earlier) == before
