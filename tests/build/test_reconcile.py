"""The ledger reconciles: what fits passes, and one person more or less anywhere stops the build with the id of the number."""

import pytest

from study.small import plan, write
from takeup.build import build
from takeup.build.reconcile import reconcile
from takeup.errors import BuildError
from takeup.results import ResultSet
from takeup.study import open_study

FEW = {"outcomes": plan()["outcomes"][:3], "analyses": {"seed": 7, "draws": 199, "balance": ["age"]}, "languages": ["en"]}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return open_study(write(tmp_path_factory.mktemp("reconcile"), n=144, changed=FEW))


@pytest.fixture(scope="module")
def sections(study):
    return study.sections()


def with_changed(sections, name, **changes):
    """The sections with some fields of one result changed."""
    return {section: ResultSet(tuple(item.replace(**changes) if item.provenance.id == name else item for item in results))
            for section, results in sections.items()}


def find(sections, name):
    return next(item for results in sections.values() for item in results if item.provenance.id == name)


def test_a_study_reconciles(study, sections):
    reconcile(study.material, sections)


@pytest.mark.parametrize("name", ["effect.worry.visit", "robust.worry.difference_in_means.phone", "ratio.granted.visit", "cace.granted.phone",
                                  "ri.worry.visit", "family.worry.visit", "ar.worry.visit", "bounds.granted.lee.phone"])
def test_one_person_more_in_an_n_is_found(study, sections, name):
    item = find(sections, name)
    with pytest.raises(BuildError) as caught:
        reconcile(study.material, with_changed(sections, name, n=item.n + 1))
    assert {fault.where for fault in caught.value.faults} == {name}


def test_people_in_the_wrong_arm_are_found(study, sections):
    item = find(sections, "effect.worry.visit")
    moved = with_changed(sections, "effect.worry.visit", n_treated=item.n_treated + 1, n_control=item.n_control - 1)
    with pytest.raises(BuildError, match="treated arm"):
        reconcile(study.material, moved)


def test_missing_people_have_to_be_told(study, sections):
    item = find(sections, "effect.worry.visit")
    assert item.n_missing > 0
    with pytest.raises(BuildError, match="missing"):
        reconcile(study.material, with_changed(sections, "effect.worry.visit", n_missing=0))


@pytest.mark.parametrize(("name", "said"), [
    ("flow.randomized", "arms don't add up"), ("flow.allocated.visit", "arms don't add up"), ("flow.followed_up.endline.visit", "don't make the arm"),
    ("flow.received.visit", "received and not received"), ("flow.analysed.worry.visit", "box of the analysed"),
    ("balance.age.visit.mean", "less those without a value"), ("flow.lost.moved.endline.visit", "reasons don't make the lost"),
])
def test_a_box_that_doesnt_fit_is_found(study, sections, name, said):
    item = find(sections, name)
    with pytest.raises(BuildError, match=said):
        reconcile(study.material, with_changed(sections, name, n=item.n + 1))


def test_a_build_stops_and_leaves_what_stood_there(tmp_path, monkeypatch):
    path = write(tmp_path, n=144, changed=FEW)
    first = build(path, only=["codebook"], progress=False)
    import takeup.study.effects as chapter

    whole = chapter.effects

    def one_too_many(material):
        return ResultSet(tuple(item.replace(n=item.n + 1) if item.provenance.id == "effect.worry.visit" else item for item in whole(material)))

    monkeypatch.setattr(chapter, "effects", one_too_many)
    before = (first.out / "manifest.json").read_bytes()
    with pytest.raises(BuildError, match=r"effect\.worry\.visit"):
        build(path, only=["codebook"], progress=False)
    assert (first.out / "manifest.json").read_bytes() == before
