"""The folder that changes all at once: what stands there when a build ends, fails, is killed, or meets another."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from takeup.build import folder
from takeup.build.folder import replaced, write
from takeup.errors import BuildError

OURS = {"manifest.json": b'{"takeup": "0"}', "a.txt": b"old"}


def contents(place):
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


@pytest.fixture
def out(tmp_path):
    place = tmp_path / "out"
    place.mkdir()
    write(place, OURS)
    return place


@pytest.fixture(params=["exchange", "two renames"])
def way(request, monkeypatch):
    if request.param == "two renames":
        monkeypatch.setattr(folder, "_exchanged", lambda *_: False)


def test_what_was_written_takes_the_whole_place(out, way):
    with replaced(out) as staging:
        write(staging, {"deep/b.txt": b"new"})
        assert contents(out) == OURS
    assert contents(out) == {"deep/b.txt": b"new"}
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_a_new_place_is_made(tmp_path):
    with replaced(tmp_path / "deep" / "out") as staging:
        write(staging, {"b.txt": b"new"})
    assert contents(tmp_path) == {"deep/out/b.txt": b"new"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_whole(out, way, error):
    def failing():
        with replaced(out) as staging:
            write(staging, {"b.txt": b"new"})
            raise error

    with pytest.raises(error):
        failing()
    assert contents(out) == OURS
    assert [path.name for path in out.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["notes.txt", "manifest.json"])
def test_a_folder_that_no_build_made_is_refused(tmp_path, name):
    place = tmp_path / "Documents"
    place.mkdir()
    (place / name).write_text("{}")
    with pytest.raises(BuildError, match="no build made"), replaced(place):
        pytest.fail("was let in")
    assert contents(place) == {name: b"{}"}


def test_a_file_is_refused_and_an_empty_folder_isnt(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BuildError, match="is a file"), replaced(tmp_path / "file"):
        pytest.fail("was let in")
    (tmp_path / "empty").mkdir()
    with replaced(tmp_path / "empty") as staging:
        write(staging, {"a": b"1"})
    assert contents(tmp_path / "empty") == {"a": b"1"}


def test_a_disk_that_refuses_is_said_in_words(out, monkeypatch):
    def full(self, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    said = r"can't be written: No space left on device\. What stood there before is untouched"
    with pytest.raises(BuildError, match=said), replaced(out) as staging:
        write(staging, {"b.txt": b"new"})
    monkeypatch.undo()
    assert contents(out) == OURS


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from takeup.build import folder
    if sys.argv[2] == "renames":
        folder._exchanged = lambda first, second: False
    moment, count = int(sys.argv[3]), [0]
    def step(function):
        def counted(*arguments, **options):
            count[0] += 1
            if count[0] == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)
        return counted
    for name in ("mkdir", "write_bytes", "rename"):
        setattr(Path, name, step(getattr(Path, name)))
    folder._exchanged = step(folder._exchanged)
    folder.shutil.rmtree = step(folder.shutil.rmtree)
    with folder.replaced(Path(sys.argv[1])) as staging:
        folder.write(staging, {"manifest.json": b'{"takeup": "1"}', "a.txt": b"new", "deep/b.txt": b"new"})
"""
NEW = {"manifest.json": b'{"takeup": "1"}', "a.txt": b"new", "deep/b.txt": b"new"}


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
@pytest.mark.parametrize("how", ["exchange", "renames"])
def test_killed_at_any_step_the_old_or_the_new_is_whole(tmp_path, how):
    """Kill the writer at its first, second, ... step until it ends by itself; after each the next build must find old or new whole."""
    script = tmp_path / "writer.py"
    script.write_text(textwrap.dedent(KILLED))
    seen = set()
    for moment in range(1, 40):
        place = tmp_path / str(moment) / "out"
        place.mkdir(parents=True)
        write(place, OURS)
        ended = subprocess.run([sys.executable, str(script), str(place), how, str(moment)], capture_output=True, check=False)
        folder.sweep(place)
        found = contents(place)
        assert found in (OURS, NEW)
        assert [path.name for path in place.parent.iterdir()] == ["out"]
        seen.add(found == NEW)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL
    assert ended.returncode == 0
    assert moment > 6
    assert seen == {True, False}


@pytest.mark.skipif(sys.platform == "win32", reason="locks")
def test_a_living_build_keeps_its_folder(out):
    with replaced(out) as staging:
        write(staging, {"b.txt": b"new"})
        with replaced(out) as other:
            write(other, {"manifest.json": b'{"takeup": "2"}'})
        assert contents(out) == {"manifest.json": b'{"takeup": "2"}'}
        assert contents(staging) == {"b.txt": b"new"}
    assert contents(out) == {"b.txt": b"new"}
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_permissions_are_those_of_any_folder(tmp_path):
    with replaced(tmp_path / "out") as staging:
        write(staging, {"a": b"1"})
    plain = tmp_path / "plain"
    plain.mkdir()
    assert (tmp_path / "out").stat().st_mode == plain.stat().st_mode
