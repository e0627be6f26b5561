"""Printed results of real trials, reproduced to the digits printed."""

import pytest

from published.published import CASES, PAGE, page


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_the_printed_number_comes_out(case):
    assert case.agrees(), (case.printed, case.ours())


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page()
