"""Values are frozen: no public dataclass and no part of a plan can be changed once made."""

from __future__ import annotations

import dataclasses
from importlib import import_module

import pytest
from pydantic import BaseModel

from house.repository import modules

MUTABLE = ("list[", "dict[", "set[", "bytearray", "defaultdict[")


def _classes() -> dict[str, type]:
    found = {}
    for module in modules():
        for label, kind in vars(import_module(module)).items():
            if isinstance(kind, type) and kind.__module__ == module and not label.startswith("_"):
                found[f"{module}.{label}"] = kind
    return found


DATACLASSES = {label: kind for label, kind in _classes().items() if dataclasses.is_dataclass(kind)}
MODELS = {label: kind for label, kind in _classes().items() if issubclass(kind, BaseModel)}


@pytest.mark.parametrize("kind", DATACLASSES.values(), ids=DATACLASSES)
def test_no_mutate(kind: type) -> None:
    blank = object.__new__(kind)
    for field in dataclasses.fields(kind):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(blank, field.name, None)
        with pytest.raises(dataclasses.FrozenInstanceError):
            delattr(blank, field.name)
    assert not hasattr(blank, "__dict__"), "slots keep out attributes that were never declared"


@pytest.mark.parametrize("kind", DATACLASSES.values(), ids=DATACLASSES)
def test_fields_hold_tuples_and_frozen_maps(kind: type) -> None:
    public = [field for field in dataclasses.fields(kind) if not field.name.startswith("_")]
    assert not {field.name: field.type for field in public if str(field.type).startswith(MUTABLE)}


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
def test_parts_of_a_plan_are_frozen_and_know_their_keys(kind: type[BaseModel]) -> None:
    assert kind.model_config.get("frozen") is True
    assert kind.model_config.get("extra") == "forbid"
