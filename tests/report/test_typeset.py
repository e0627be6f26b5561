"""The same PDF where Typst works in a process of its own, as it does under a limit on memory; and words where that process ends."""

import subprocess
import sys

import pytest

from takeup import memory
from takeup.errors import ReportError
from takeup.present.text import said
from takeup.report import typeset
from takeup.report.document import Document, Paragraph
from takeup.report.pdf import pdf

DOCUMENT = Document(title="Één titel", language="nl", blocks=(Paragraph(spans=said("Getallen met ‘aanhalingstekens’ & tekens.")),))


def test_a_process_of_its_own_makes_the_same_bytes(monkeypatch):
    here = pdf(DOCUMENT)
    monkeypatch.setattr(typeset, "limited", lambda: True)
    assert pdf(DOCUMENT) == here


def test_what_typst_says_comes_back_from_it(monkeypatch, tmp_path):
    template = tmp_path / "bad.typ"
    template.write_text('#set document(title: "t")\n#unknown')
    monkeypatch.setattr(typeset, "limited", lambda: True)
    with pytest.raises(ReportError, match="could not be made"):
        typeset.compiled(template, {})


@pytest.mark.parametrize(("code", "said", "error"), [
    (-6, b"memory allocation of 8 bytes failed", MemoryError), (-9, b"", MemoryError), (1, b"ImportError: failed to map segment", MemoryError),
    (1, b"MemoryError", MemoryError), (1, b"No module named typst", ReportError),
])
def test_a_process_that_is_ended_by_the_system_is_one_without_memory(monkeypatch, code, said, error):
    monkeypatch.setattr(typeset, "limited", lambda: True)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], code, b"", said))
    with pytest.raises(error):
        pdf(DOCUMENT)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_limit_is_seen_and_what_it_leaves():
    asked = ("import resource, os; resource.setrlimit(resource.RLIMIT_AS, (300 * 2**20,) * 2); from takeup import memory; "
             "memory.live_within(); print(memory.limited(), memory.has_room(2**20), memory.has_room(2**30), os.environ['ARROW_DEFAULT_MEMORY_POOL'])")
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "False", "system"]
    assert memory.has_room(2**20)
