"""Progress: on stderr, for work of more than a second, where a terminal looks on; nothing anywhere else."""

import os
import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
    import sys, time
    from takeup.progress import steps
    with steps(3) as begin:
        begin("reading")
        time.sleep(float(sys.argv[1]))
        begin("writing")
        time.sleep(0.2)
    print("done")
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(SCRIPT))
    return str(path)


def test_without_a_terminal_nothing_is_shown(script):
    ended = subprocess.run([sys.executable, script, "1.3"], capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("done\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal to look on")
@pytest.mark.parametrize(("seconds", "shown"), [("1.5", True), ("0", False)])
def test_on_a_terminal_only_long_work_is_shown(script, seconds, shown):
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen([sys.executable, script, seconds], stdout=subprocess.PIPE, stderr=theirs, env=environment, text=True)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(ours)
    said, _ = process.communicate(timeout=30)
    assert said == "done\n"
    assert (b"reading" in seen) is shown
    assert (b"1/3" in seen) is shown
    assert (seen == b"") is not shown
