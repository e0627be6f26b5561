"""Every number of every entry is compared, or named as one that goes into a call."""

from parity import agreements


def test_nothing_is_left_uncompared_without_a_reason():
    compared, whole, rest = agreements.coverage()
    assert {where for where, why in rest.items() if not why} == set()
    assert whole - compared == len(rest) <= 1
