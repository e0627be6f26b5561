"""`takeup brief`: one file a language and format in a folder of its own, the same bytes every time, and plain words for what is wrong."""

import json

import pytest

from study.small import plan, write
from takeup.build import build
from takeup.build.briefs import make_briefs
from takeup.cli import run
from takeup.errors import BuildError

FEW = {"outcomes": [plan()["outcomes"][2]], "analyses": {"seed": 7, "draws": 199}}


@pytest.fixture
def path(tmp_path):
    return write(tmp_path, n=144, changed=FEW)


def test_every_language_and_format_has_its_file_and_the_report_stays(path):
    out = path.parent / "out"
    out.mkdir()
    (out / "manifest.json").write_text('{"takeup": "0"}')
    made = make_briefs(path, languages=["nl", "en"], forms=["html", "pdf"])
    assert made.files == ("brief.nl.html", "brief.nl.pdf", "brief.en.html", "brief.en.pdf")
    assert made.out == (path.parent / "brief").resolve()
    assert set(json.loads((made.out / "manifest.json").read_text())["outputs"]) == set(made.files)
    assert [item.name for item in out.iterdir()] == ["manifest.json"]
    first = {name: (made.out / name).read_bytes() for name in made.files}
    again = make_briefs(path, languages=["nl", "en"], forms=["html", "pdf"])
    assert {name: (again.out / name).read_bytes() for name in again.files} == first


def test_a_build_has_the_same_briefs(path):
    made = make_briefs(path, languages=["nl"], forms=["pdf"])
    report = build(path, only=["brief"], languages=["nl"], progress=False)
    assert "brief.nl.html" in report.files
    assert (report.out / "brief.nl.pdf").read_bytes() == (made.out / "brief.nl.pdf").read_bytes()


def test_unknown_languages_and_formats_are_said_together(path):
    with pytest.raises(BuildError) as caught:
        make_briefs(path, languages=["de"], forms=["odt", "pdf"])
    assert [fault.where for fault in caught.value.faults] == ["lang", "to"]


def test_the_command_names_its_files_and_complains_on_the_other_channel(path, capsys):
    words = path.parent / "words" / "en"
    (words / "meaning.md").write_text("It lasted a year.")
    assert run(["brief", str(path), "--lang", "nl", "--to", "html"]) == 0
    shown = capsys.readouterr()
    assert shown.out.strip().endswith("brief.nl.html")
    assert "words/nl/meaning.md: isn't written" in shown.err
    (words / "meaning.md").write_text("{effect:nothing}")
    assert run(["brief", str(path), "--lang", "en", "--to", "html"]) == 1
    assert 'the placeholder "{effect:nothing}" names no outcome' in capsys.readouterr().err
    assert run(["brief", str(path), "--masked", "--mock"]) == 2
