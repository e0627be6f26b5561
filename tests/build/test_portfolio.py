"""A portfolio: what studies released side by side, averaged with the weakest evidence, and built again only where something changed."""

import json
import math

import pytest

import takeup as tu
from study.small import write as small
from takeup.build import portfolio as module
from takeup.build.portfolio import Line, content_key, portfolio, study_lines
from takeup.plan.read import read
from takeup.report.portfolio import portfolio_document

HEAD = "id,outcome,arm,estimand,estimate,std_error,df,conf_low,conf_high,conf_level,n,method,evidence,sd_control,mean_control,per_100_control,dav\n"


def released(estimate: float, std_error: float, sd: float, *, name="effect.wellbeing.visit", outcome="wellbeing", evidence="randomized") -> bytes:
    low, high = estimate - 2 * std_error, estimate + 2 * std_error
    return (HEAD + f"{name},{outcome},visit,ITT,{estimate},{std_error},50,{low},{high},0.95,100,ancova,{evidence},{sd},,,\n").encode()


@pytest.fixture
def plans(tmp_path, monkeypatch):
    """Three small studies whose builds are stood in for: each writes results and is noted."""
    paths = []
    for name in ("north", "south", "west"):
        path = small(tmp_path / name, n=120, changed={"study": name})
        paths.append(path)
    built = []

    def build(path, **_more):
        built.append(read(path).study)
        place = paths.index(path)
        (path.parent / "out").mkdir(exist_ok=True)
        (path.parent / "out" / "results.csv").write_bytes(released(2.0 + place, 1.0 + 0.1 * place, 20.0))

    monkeypatch.setattr("takeup.build.steps.build", build)
    return paths, built, tmp_path / "page"


def test_only_changed_studies_are_built_again(plans):
    paths, built, out = plans
    first = portfolio(paths, out)
    assert (first.rebuilt, first.kept) == (("north", "south", "west"), ())
    second = portfolio(paths, out)
    assert (second.rebuilt, second.kept) == ((), ("north", "south", "west"))
    data = paths[1].parent / read(paths[1]).data["endline"].file
    data.write_bytes(data.read_bytes() + b"\n")
    assert portfolio(paths, out).rebuilt == ("south",)
    (paths[2].parent / "out" / "results.csv").write_text(HEAD)  # what was built isn't there any more as it was
    assert portfolio(paths, out).rebuilt == ("west",)
    assert built == ["north", "south", "west", "south", "west"]
    (out / "portfolio.json").write_text("{}")
    assert len(portfolio(paths, out).rebuilt) == 3


def test_the_average_is_that_of_meta(plans):
    paths, _, out = plans
    found = portfolio(paths, out, languages=("en", "nl", "fr"))
    expected = tu.meta([((2.0 + k) / 20, (1.0 + 0.1 * k) / 20) for k in range(3)])
    assert found.average.estimate == pytest.approx(expected.estimate, rel=1e-12)
    assert found.average.std_error == pytest.approx(expected.std_error, rel=1e-12)
    assert found.by_measure["who5"].estimate == pytest.approx(tu.meta([(2.0 + k, 1.0 + 0.1 * k) for k in range(3)]).estimate, rel=1e-12)
    page = (out / "portfolio.html").read_text(encoding="utf-8")
    assert "A small study" in page
    assert "Een kleine studie" in page
    assert {"forest.svg", "forest.png", "forest.pdf", "forest.csv", "portfolio.json"} <= {path.name for path in out.iterdir()}


def test_one_study_alone_has_no_average(plans):
    paths, _, out = plans
    assert portfolio(paths[:1], out).average is None


def test_the_weakest_evidence_is_carried_and_said(plans):
    paths, _, _ = plans
    plan = read(paths[0])
    strong = study_lines(plan, released(2.0, 1.0, 20.0))[0]
    weak = Line(study="old", title="Old", outcome="wellbeing", label="x", measure="who5", sd=20.0, sign=1.0, primary=True,
                estimate=strong.estimate.replace(evidence="before_after"))
    found = module.Portfolio(lines=(strong, weak), average=module._average([strong.standardized, weak.standardized]), by_measure={}, rebuilt=(),
                             kept=())
    assert found.average.evidence == "before_after"
    said = " ".join(span.text for block in portfolio_document(found, "en").walk() if hasattr(block, "spans") for span in block.spans)
    assert "no control group, so this is no effect" in said


def test_lines_turn_towards_the_better_and_withheld_ones_stay_out(plans):
    plan = read(plans[0][0])
    content = released(2.0, 1.0, 20.0) + b"effect.worry.visit,worry,visit,ITT,-1.0,0.5,50,-2,0,0.95,100,ancova,randomized,2.5,,,\n" + (
        b"effect.granted.visit,granted,visit,ITT,,,50,,,0.95,,ancova,randomized,,,,\n"
        b"effect.wellbeing.phone,wellbeing,phone,ITT,9,1,50,7,11,0.95,100,ancova,randomized,20,,,\n"
        b"robust.wellbeing.lin,wellbeing,visit,ITT,9,1,50,7,11,0.95,100,lin,randomized,20,,,\n")
    lines = study_lines(plan, content)
    assert [line.outcome for line in lines] == ["wellbeing", "worry"]
    worry = lines[1].standardized
    assert (worry.estimate, worry.conf_low, worry.conf_high) == (0.4, 0.0, 0.8)


def test_a_rate_and_a_change_have_a_standard_deviation_too():
    assert module._sd({"mean_control": "0.2", "per_100_control": "20", "sd_control": ""}) == pytest.approx(0.4)
    assert module._sd({"dav": "0.5", "estimate": "2.0"}) == pytest.approx(4.0)
    assert math.isnan(module._sd({"estimate": "2.0"}))


def test_the_key_knows_every_file(plans):
    path = plans[0][0]
    plan = read(path)
    before = content_key(path, plan)
    schema = path.parent / plan.data["units"].schema_
    schema.write_text(schema.read_text() + "# a comment\n")
    assert content_key(path, plan) != before
    (path.parent / plan.data["units"].file).unlink()
    with pytest.raises(tu.TakeupError, match=r"there is no such file"):
        content_key(path, plan)


def test_the_same_study_twice_is_refused(plans):
    paths, _, out = plans
    with pytest.raises(tu.TakeupError, match="two plans are of the study"):
        portfolio([paths[0], paths[0]], out)
    assert not out.exists() or json.loads((out / "portfolio.json").read_text())
