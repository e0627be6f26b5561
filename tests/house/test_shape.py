"""The house's shape: small files, small functions, one error tree."""

from __future__ import annotations

import ast
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from house.repository import ROOT, modules, name, tracked
from takeup import errors

if TYPE_CHECKING:
    from pathlib import Path

FILE_LINES = 350
FUNCTION_LINES = 60
LARGE = 200_000
LARGE_ALLOWED = {"tests/parity/data/star_k.csv", "requirements.lock"}


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = node.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - docstring


@pytest.mark.parametrize("path", [path for path in tracked() if path.suffix == ".py"], ids=name)
def test_files_and_functions_fit_a_screen_or_a_few(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= FILE_LINES
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert not {node.name: _length(node) for node in functions if _length(node) > FUNCTION_LINES}


def test_no_large_files() -> None:
    assert not {name(path): path.stat().st_size for path in tracked() if path.stat().st_size > LARGE and name(path) not in LARGE_ALLOWED}


def test_one_error_tree() -> None:
    """Every exception of the package comes through one of the doors of errors.py, which are the children of TakeupError."""
    values = [value for module in modules() for value in vars(import_module(module)).values()]
    raised = {kind for kind in values if isinstance(kind, type) and issubclass(kind, BaseException) and not kind.__name__.startswith("_")}
    ours = {kind for kind in raised if kind.__module__.startswith("takeup.")}
    assert {kind for kind in ours if not issubclass(kind, errors.TakeupError)} == set()
    doors = {kind for kind in ours if kind.__module__ == "takeup.errors" and kind is not errors.TakeupError}
    assert all(kind.__bases__ == (errors.TakeupError,) for kind in doors)
    assert all(issubclass(kind, tuple(doors)) for kind in ours - doors - {errors.TakeupError})


def test_the_package_holds_nothing_that_is_not_source() -> None:
    kinds = {".py", ".yaml", ".po", ".j2", ".typ", ".css", ".js", ".ttf", ".otf", ".txt", ".json", ".typed", ".md", ".html", ""}
    assert not [name(path) for path in tracked() if path.is_relative_to(ROOT / "analysis") and path.suffix not in kinds]
