"""What the README and the guides say is run: Python blocks, `takeup` commands and links, each document from top to bottom in an empty folder.

A block whose first line has title="a/file" is written to that file.
"""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from house.repository import ROOT, name, tracked

GUIDES = sorted(path for path in (ROOT / "docs").glob("*.md") if path.name != "index.md")  # the index is a map, nothing in it runs
DOCUMENTS = [ROOT / "README.md", *GUIDES]
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([^"]+)"')
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def _python(source: str, names: dict[str, Any], document: Path, line: int) -> None:
    """Run a block; one with prompts also has its output compared."""
    if ">>>" not in source:
        exec(compile("\n" * line + source, str(document), "exec"), names)
        return
    example = doctest.DocTestParser().get_doctest(source, names, name(document), str(document), line)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    report: list[str] = []
    runner.run(example, out=report.append, clear_globs=False)
    names.update(example.globs)
    assert not runner.failures, "".join(report)


def _commands(source: str) -> None:
    """Run the `takeup` commands of a shell block in this process; other lines are for the reader."""
    from takeup.cli import main

    for line in source.splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["takeup"]:
            with pytest.raises(SystemExit) as done:
                main(words[1:])
            assert not done.value.code, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_what_a_document_shows_runs(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = document.read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "__main__"}
    blocks = list(BLOCK.finditer(text))
    assert blocks, "a guide shows something that can be run"
    for block in blocks:
        language, about, source = block.groups()
        if title := TITLE.search(about):
            Path(title[1]).parent.mkdir(parents=True, exist_ok=True)
            Path(title[1]).write_text(source, encoding="utf-8")
        elif language == "python":
            _python(source, names, document, text[: block.start(3)].count("\n"))
        elif language == "sh":
            _commands(source)


@pytest.mark.parametrize("document", [path for path in tracked() if path.suffix == ".md" and "words" not in path.parts], ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = [target.partition("#")[0] for target in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in target]
    assert not [target for target in targets if target and not (document.parent / target).exists()]
