"""What makes a plan one and the same: its hash."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.plan.model import Plan

NO_FILES = FrozenMap()


def canonical(plan: Plan) -> str:
    """The plan as one line of JSON: keys sorted, defaults left out, so that a later default changes no earlier hash."""
    said = _filled(plan.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _filled(value: object) -> object:
    """Without blocks in which nothing but defaults was written."""
    if isinstance(value, dict):
        inner = {key: _filled(item) for key, item in value.items()}
        return {key: item for key, item in inner.items() if item != {}}
    return [_filled(item) for item in value] if isinstance(value, list) else value


def plan_hash(plan: Plan, files: Mapping[str, bytes] = NO_FILES) -> str:
    """SHA-256 of the canonical plan and of the files it rests on.

    The order of keys, comments and spacing of the plan file don't matter, nor whether a default is written out.

    Parameters
    ----------
    files : contents of schemas and crosswalks, by the name that the plan gives them

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> from takeup.plan.freeze import plan_hash
    >>> from takeup.plan.model import Plan
    >>> plan = Plan.model_validate({
    ...     "takeup": 1, "study": "small", "title": "Small", "evidence": "randomized",
    ...     "data": {"units": {"file": "units.csv", "schema": "units.yaml"}},
    ...     "design": {"unit": "id", "treatment": "arm", "control": "control"},
    ...     "outcomes": [{"id": "income", "column": "income"}], "analyses": {"seed": 1}})
    >>> len(plan_hash(plan))
    64
    >>> plan_hash(plan) == plan_hash(plan, {"units.yaml": b"fields: []"})
    False
    """
    parts = [canonical(plan).encode(), *(f"{name}:{sha256(files[name]).hexdigest()}".encode() for name in sorted(files))]
    return sha256(b"\n".join(parts)).hexdigest()
