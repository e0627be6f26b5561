"""README and RO-Crate: everything in the folder is in them with its hash, and nothing that a build can't know."""

import json
import re
from hashlib import sha256

import pytest

from study.small import plan, write
from takeup.build.manifest import origin
from takeup.build.papers import CRATE, README, papers
from takeup.study import open_study
from takeup.study.standing import lock_plan

FEW = {"outcomes": [plan()["outcomes"][2]], "analyses": {"seed": 7, "draws": 199}, "languages": ["en"]}
OUTPUTS = {"results.csv": b"id\n", "tables/effects.csv": b"a\n", "figures/forest.svg": b"<svg/>", "report.html": b"<p>"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("papers"), n=48, changed=FEW)
    lock_plan(path)
    study = open_study(path)
    return path, study, papers(study, origin(study, path, ("en",)), OUTPUTS)


def test_the_crate_describes_every_file(made):
    _, study, files = made
    graph = json.loads(files[CRATE])
    assert graph["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    things = {item["@id"]: item for item in graph["@graph"]}
    assert len(things) == len(graph["@graph"])
    assert things[CRATE]["about"] == {"@id": "./"}
    known = {**OUTPUTS, README: files[README]}
    assert {part["@id"] for part in things["./"]["hasPart"]} == set(known)
    for name, content in known.items():
        assert things[name]["sha256"] == sha256(content).hexdigest()
        assert things[name]["contentSize"] == str(len(content))
    assert things["./"]["datePublished"] == study.standing.lock.time[:10]


def test_the_root_has_what_version_1_1_asks_of_it(made):
    """Type, id, name, description, a day and a licence that is described ("Root Data Entity"); roc-validator 0.13 finds nothing that is required."""
    things = {item["@id"]: item for item in json.loads(made[2][CRATE])["@graph"]}
    root = things["./"]
    assert root["@type"] == "Dataset"
    assert root["name"]
    assert root["description"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", root["datePublished"])
    assert things[root["license"]["@id"]]["name"]
    assert things[CRATE] == {"@id": CRATE, "@type": "CreativeWork", "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"}, "about": {"@id": "./"}}
    assert not any("%" in name or name.startswith("/") or ".." in name for name in things)


def test_every_reference_of_the_crate_leads_somewhere(made):
    graph = json.loads(made[2][CRATE])["@graph"]
    there = {item["@id"] for item in graph}
    named = set(re.findall(r'\{"@id": "([^"]+)"\}', json.dumps([{key: value for key, value in item.items() if key != "@id"} for item in graph])))
    assert named - {"https://w3id.org/ro/crate/1.1"} <= there


def test_the_readme_has_the_parts_of_the_template_and_leaves_to_authors_what_is_theirs(made):
    _, study, files = made
    text = files[README].decode()
    parts = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert parts == ["Overview", "Data availability and provenance statements", "Dataset list", "Computational requirements",
                     "Description of programs", "Instructions to replicators", "List of tables, figures and programs", "References"]
    for name in study.plan.data:
        assert f"`{name}.csv`" in text
    assert "`tables/effects.csv`" in text
    assert "seed 7" in text
    assert "For the authors to fill." in text


def test_neither_names_this_machine(made):
    path, _, files = made
    for content in files.values():
        assert str(path.parent).encode() not in content
