"""Imports run one way, and every room has its place in the order."""

from __future__ import annotations

import ast
import tomllib
from typing import TYPE_CHECKING

from importlinter import cli

from house.repository import PACKAGE, ROOT, modules, name

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
PLACED = {"takeup", "takeup.version"}  # the front door and the version stand outside the order
COLUMN_DOORS = ("plan/", "intake/", "measure/", "study/", "present/labels.py", "estimate/arrays.py")


def test_imports_run_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert cli.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_every_room_has_a_place_in_the_order() -> None:
    layers = {room.strip() for layer in SETTINGS["importlinter"]["contracts"][0]["layers"] for room in layer.split("|")}
    rooms = {".".join(module.split(".")[:2]) for module in modules()} - PLACED
    assert rooms <= layers


def test_the_source_root_is_no_package() -> None:
    assert not (PACKAGE.parent / "__init__.py").exists()
    assert {path.name for path in PACKAGE.parent.iterdir() if path.name != "__pycache__"} == {"takeup", "README.md"}


def test_rooms_are_named_by_the_field() -> None:
    vague = {"utils", "util", "helpers", "common", "misc", "tools", "lib", "core", "base"}
    assert not [module for module in modules() if vague & set(module.split("."))]


def _doors(path: Path) -> list[int]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "column" and isinstance(node.ctx, ast.Load)]


def test_an_outcomes_column_is_not_read_where_numbers_are_made_or_leave() -> None:
    """The way in reads `.column`, the arrays do, and so do labels that fall back on a column's title; elsewhere an outcome is known by its id."""
    others = [path for path in modules().values() if not path.relative_to(PACKAGE).as_posix().startswith(COLUMN_DOORS)]
    assert not {name(path): lines for path in others if (lines := _doors(path))}
