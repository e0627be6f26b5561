"""Two releases of one study: those who joined in between aren't told by the difference."""

import pytest

from takeup.build.sheets import results_csv
from takeup.errors import ReleaseError
from takeup.release.earlier import Earlier
from takeup.release.gate import gate
from takeup.release.rules import Rules
from takeup.results import Estimate, Provenance, ResultSet, Statistic

EXACT = Rules(minimum_cell=10, round_counts_to=1)
ROUNDED = Rules(minimum_cell=10, round_counts_to=5)


def share(count, n, name="works", arm="0"):
    return Statistic(table="balance", variable=name, arm=arm, kind="share", value=count / n, count=count, n=n,
                     provenance=Provenance(id=f"{name}.{arm}"))


def sections(*items):
    return {"balance": ResultSet(items)}


def after(first, second, rules):
    """The second release, beside the first as it went out."""
    return gate(sections(*second), rules, earlier=results_csv(gate(sections(*first), rules)))


def test_four_more_people_arent_told_by_two_exact_releases():
    found = after([share(40, 100), share(50, 100, "young")], [share(43, 104), share(70, 130, "young")], EXACT)
    assert {entry.id: entry.rule for entry in found.withheld()} == {"works.0": "differencing"}
    assert found.find("works.0").reason == "Withheld: beside an earlier release a group of fewer than 10 people could be seen."


def test_nor_four_more_who_have_it_among_as_many():
    assert {entry.id for entry in after([share(40, 100)], [share(44, 100)], EXACT).withheld()} == {"works.0"}


def test_nothing_changed_nothing_withheld():
    assert not after([share(40, 100)], [share(40, 100)], EXACT).withheld()
    assert not after([share(40, 100)], [share(40, 100)], EXACT).review()


def test_rounding_hides_a_few_and_shows_a_step():
    """100 to 105 is one to nine people more, all of them too few; 100 to 100 is nobody or up to four."""
    assert {entry.id for entry in after([share(40, 100)], [share(41, 104)], ROUNDED).withheld()} == {"works.0"}
    assert not after([share(40, 100)], [share(41, 101)], ROUNDED).withheld()
    assert not after([share(40, 100)], [share(60, 130)], ROUNDED).withheld()
    assert not after([share(40, 100)], [share(41, 104)], Rules(minimum_cell=5, round_counts_to=5)).withheld()


def test_a_number_that_changed_where_its_counts_didnt_is_for_a_person_to_look_at():
    def mean(value):
        return Estimate(outcome="y", estimate=value, n=100, n_treated=50, n_control=50, provenance=Provenance(id="effect.y"))

    found = after([mean(1.0)], [mean(1.2)], EXACT)
    assert [(entry.id, entry.rule, entry.verdict) for entry in found.review()] == [("effect.y", "differencing", "review")]


def test_the_strictest_of_several_releases_decides(tmp_path):
    for name, count in (("first", 30), ("second", 37)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.csv").write_bytes(results_csv(gate(sections(share(count, 100)), EXACT)))
    assert {entry.id for entry in gate(sections(share(40, 100)), EXACT, earlier=tmp_path).withheld()} == {"works.0"}
    assert not gate(sections(share(50, 100)), EXACT, earlier=tmp_path).withheld()


def levels(*counts):
    return [Statistic(table="balance", variable="marital", level=level, arm="0", kind="share", value=count / 100, count=count, n=100,
                      provenance=Provenance(id=f"marital.{level}")) for level, count in zip("abcd", counts, strict=False)]


def test_what_an_earlier_release_showed_cant_hide_a_cell_today():
    """Alone, the cheapest partner of d would be c; an earlier release showed c, so another goes, and the log says so where none is left."""
    today = levels(45, 31, 20, 4)
    assert {entry.id for entry in gate(sections(*today), EXACT).withheld()} == {"marital.c", "marital.d"}
    old = b"id,n,count,value\nmarital.c,100,20,0.2\n"
    assert {entry.id for entry in gate(sections(*today), EXACT, earlier=old).withheld()} == {"marital.b", "marital.d"}
    all_shown = b"id,n,count,value\nmarital.a,100,45,0.45\nmarital.b,100,31,0.31\nmarital.c,100,20,0.2\n"
    found = gate(sections(*today), EXACT, earlier=all_shown)
    assert {(entry.id, entry.rule) for entry in found.review()} == {("marital.d", "protection")}


def test_a_folder_a_file_or_its_content(tmp_path):
    content = results_csv(gate(sections(share(40, 100)), EXACT))
    (tmp_path / "results.csv").write_bytes(content)
    assert Earlier.read(content) == Earlier.read(tmp_path) == Earlier.read(str(tmp_path / "results.csv"))
    later = tmp_path / "several"
    for name in ("2024", "2023"):
        (later / name).mkdir(parents=True)
        (later / name / "results.csv").write_bytes(content.replace(b"100", b"300" if name == "2024" else b"200"))
    assert [release["works.0"]["n"] for release in Earlier.read(later).releases] == [200.0, 300.0]
    for wrong in (tmp_path / "none", b"a,b\n1,2\n", b"\xff\xfe", b""):
        with pytest.raises(ReleaseError):
            Earlier.read(wrong)
