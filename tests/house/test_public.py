"""Every public name resolves, is documented in numpydoc and shows an example that runs (the doctests run them)."""

from __future__ import annotations

import inspect
import re
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

import takeup as tu

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = [public for public in tu.__all__ if public != "__version__"]
FUNCTIONS = [public for public in NAMES if not public[0].isupper()]
CLASSES = [public for public in NAMES if public[0].isupper()]


def _sections(text: str) -> dict[str, str]:
    """The numpydoc sections of a docstring by title; the part above the first has the title ''."""
    parts = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", inspect.cleandoc(text), flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def _documented(section: str) -> set[str]:
    """The names that a Parameters section explains; ``a, b : int`` explains two."""
    heads = re.findall(r"^(\S[^:\n]*?)\s*(?::.*)?$", section, flags=re.MULTILINE)
    return {part.strip().lstrip("*") for head in heads for part in head.split(",")}


def _function(public: str) -> Callable[..., Any]:
    """The function behind a public name: `takeup.demo` may be the room, which can be called as well."""
    found = getattr(tu, public)
    return found.demo if isinstance(found, ModuleType) else found


@pytest.mark.parametrize("public", NAMES)
def test_every_public_name_resolves(public: str) -> None:
    assert getattr(tu, public) is not None
    assert public in dir(tu)


@pytest.mark.parametrize("public", FUNCTIONS)
def test_functions_say_what_goes_in_and_what_comes_out(public: str) -> None:
    function = _function(public)
    sections = _sections(function.__doc__ or "")
    assert len(sections[""].split()) >= 5
    likened = re.search(r"as in `(\w+)`", sections[""])  # a sibling explains what they share: said once, it can't go false in one of them
    elsewhere = set(_sections(_function(likened[1]).__doc__ or "")) if likened else set()
    assert {"Parameters", "Returns"} <= set(sections) | elsewhere
    assert "Examples" in sections
    assert ">>>" in sections["Examples"]


@pytest.mark.parametrize("public", FUNCTIONS)
def test_what_is_explained_exists(public: str) -> None:
    """A Parameters section may leave out what speaks for itself (frame, design); it can't explain what isn't there."""
    function = _function(public)
    parameters = inspect.signature(function).parameters
    explained = {part for part in _documented(_sections(function.__doc__ or "").get("Parameters", "")) if part.isidentifier()}
    assert explained <= set(parameters) or any(part.kind is part.VAR_KEYWORD for part in parameters.values())


@pytest.mark.parametrize("public", CLASSES)
def test_classes_say_what_they_are(public: str) -> None:
    assert len((getattr(tu, public).__doc__ or "").split()) >= 5


@pytest.mark.parametrize("public", FUNCTIONS)
def test_functions_are_typed(public: str) -> None:
    signature = inspect.signature(_function(public))
    assert signature.return_annotation is not inspect.Signature.empty
    assert not [part.name for part in signature.parameters.values() if part.annotation is inspect.Parameter.empty]
