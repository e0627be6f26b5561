"""Generates `data_schema/plan.schema.json`, so that an editor can help to write a plan: ``python -m takeup.plan.schema [--check] [FILE]``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from takeup.plan.model import Plan

FILE = Path("data_schema") / "plan.schema.json"


def plan_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a plan file. Rules between parts are `plan.read`'s alone."""
    schema = Plan.model_json_schema(by_alias=True, mode="validation")
    body = {key: _plain(value) for key, value in schema.items() if key != "title"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A takeup plan", **body}


def as_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(plan_schema(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write the file, or with ``--check`` say whether it is up to date: 0 if so, 1 if not."""
    paths = [Path(item) for item in arguments if item != "--check"]
    path = paths[0] if paths else FILE
    if "--check" not in arguments:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_text(), encoding="utf-8", newline="\n")
        return 0
    if path.is_file() and path.read_text(encoding="utf-8") == as_text():
        return 0
    sys.stderr.write(f"{path.as_posix()} doesn't follow from the plan's model. Run python -m takeup.plan.schema.\n")
    return 1


def _plain(value: object) -> object:
    """Without the titles that pydantic makes up of the keys."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if not (key == "title" and isinstance(item, str))}
    return [_plain(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
