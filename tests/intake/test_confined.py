"""Nothing outside the study's folders is read, by a path or by a link, unless its folder is named on the command line."""

import shutil

import pytest
import yaml

from study import rights_made
from study.small import plan, write
from takeup.cli import run
from takeup.errors import TakeupError
from takeup.study import open_study

FEW = {"outcomes": plan()["outcomes"][1:2], "analyses": {"seed": 7, "draws": 99, "balance": ["age"]}, "languages": ["en"]}
SECRET = "Geheim4711"


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    return write(folder, n=48, changed=FEW)


def outside(tmp_path, name, text=SECRET):
    place = tmp_path / "elsewhere"
    place.mkdir(exist_ok=True)
    (place / name).write_text(text, encoding="utf-8")
    return place / name


def refused(path):
    with pytest.raises(TakeupError, match="lies outside the study's folders") as info:
        _ = open_study(path).material
    assert SECRET not in str(info.value)


def test_words_of_another_place_would_stand_in_the_report(study, tmp_path):
    background = study.parent / "words" / "en" / "background.md"
    background.unlink()
    background.symlink_to(outside(tmp_path, "secret.md"))
    refused(study)


def test_a_folder_of_words_is_followed_no_further(study, tmp_path):
    shutil.rmtree(study.parent / "words")
    (outside(tmp_path, "x.md").parent / "en").mkdir()
    (tmp_path / "elsewhere" / "en" / "background.md").write_text(SECRET, encoding="utf-8")
    (study.parent / "words").symlink_to(tmp_path / "elsewhere")
    refused(study)
    (study.parent / "words").unlink()
    said = yaml.safe_load(study.read_text(encoding="utf-8"))
    study.write_text(yaml.safe_dump({**said, "words": "../elsewhere"}), encoding="utf-8")
    refused(study)


def test_a_text_that_nobody_wrote_is_refused(study):
    (study.parent / "words" / "en" / "background.md").write_text("x" * (2**20 + 1), encoding="utf-8")
    with pytest.raises(TakeupError, match="is too large"):
        open_study(study)


def test_a_catalogue_and_a_record_of_the_draw_too(study, tmp_path):
    (tmp_path / "rights").mkdir()
    rights = rights_made.write(tmp_path / "rights")
    said = yaml.safe_load(rights.read_text(encoding="utf-8"))
    said["rights"]["catalogue"] = f"../elsewhere/{outside(tmp_path, 'catalogue.yaml').name}"
    rights.write_text(yaml.safe_dump(said), encoding="utf-8")
    refused(rights)
    said = yaml.safe_load(study.read_text(encoding="utf-8"))
    said["design"]["assignment"] = f"../elsewhere/{outside(tmp_path, 'assignment.json').name}"
    study.write_text(yaml.safe_dump(said), encoding="utf-8")
    refused(study)


def test_data_may_lie_in_a_folder_that_the_command_line_allows(study, tmp_path, capsys):
    data = study.parent / "data" / "endline.csv"
    moved = outside(tmp_path, "endline.csv", data.read_text(encoding="utf-8"))
    data.unlink()
    data.symlink_to(moved)
    assert run(["check", str(study)]) == 1
    assert "takeup --allow FOLDER" in capsys.readouterr().err
    assert run(["--allow", str(moved.parent), "check", str(study)]) == 0
    assert run(["check", str(study)]) == 1  # it was allowed for one command
