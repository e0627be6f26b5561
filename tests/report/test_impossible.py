"""Percentages typed in words, held against the numbers of people that a study has."""

from present import made_up
from report import briefs
from takeup.report.impossible import impossible, people
from takeup.results import ResultSet, Statistic


def teller(*sizes):
    shares = ResultSet(tuple(
        Statistic(table="x", variable=f"v{n}", kind="share", value=0.5, n=n, count=n // 2, provenance=made_up.named(f"balance.v{n}")) for n in sizes))
    nothing = {name: ResultSet() for name in made_up.SECTIONS}
    return briefs.teller(**{**nothing, "balance": shares})


def test_a_percentage_that_no_number_of_people_gives_is_told_with_its_place():
    found = impossible("Of them 60.5% claimed, and 62.5 % trained; 50% stayed.", teller(20, 40), "words/en/message.md")
    assert [fault.what.split(" ")[0] for fault in found] == ["60.5%"]
    assert found[0].where == "words/en/message.md"


def test_dutch_and_french_ways_of_writing_are_read_and_placeholders_are_not():
    tell = teller(20)
    assert len(impossible("60,5 procent van hen; 33,3\u00a0% ook niet.", tell, "w")) == 2
    assert len(impossible("60,5 pour cent", tell, "w")) == 1
    assert impossible("{result:a:b:percent} en 55 % (https://x.org/60.5%25)", tell, "w") == ()


def test_with_many_people_every_percentage_can_be():
    assert impossible("60.5% and 33.3%", teller(2000), "w") == ()
    assert people(teller(20, 40)) == (20, 40)
    assert impossible("60.5%", teller(), "w") == ()
