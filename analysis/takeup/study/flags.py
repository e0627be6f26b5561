"""What the data hold that a sound trial doesn't, and that is no fault to stop at: counted and told in the report, and left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.results import ResultSet
from takeup.study.material import slug
from takeup.study.takeup import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.study.material import Material
    from takeup.study.takeup import Named

PROVIDER = "provider_in_control"


def flags(material: Material) -> ResultSet:
    """One count a flag; none where nothing is odd."""
    return ResultSet(tuple(material.stamp(result, name, "design.nested_in") for name, result in _results(material)))


def _results(material: Material) -> Iterator[Named]:
    """Units of the control arm with a provider, who should exist in treated arms only: the arms may have mixed."""
    design = material.design
    if design.nested_in is None:
        return
    control = (material.frame[design.treatment] == design.control).to_numpy(dtype=bool, na_value=False)
    count = int((control & material.frame[design.nested_in].notna().to_numpy()).sum())
    if count:
        yield f"flags.{PROVIDER}.{slug(design.control)}", number("flags", PROVIDER, design.control, count)
