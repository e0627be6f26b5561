"""Plain values as YAML that a person can read: blocks for tables and fields, one line for what is short."""

from __future__ import annotations

import json
from typing import Any

WIDTH = 140
NOT_TEXT = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})
"""Words that YAML takes for something else."""


def yaml_text(value: dict[str, Any]) -> str:
    """A schema as YAML: keys in their order, a list item or a mapping on one line where it fits.

    >>> print(yaml_text({"name": "a", "fields": [{"name": "x", "type": "integer"}]}), end="")
    name: a
    fields:
      - {name: x, type: integer}
    """
    return "".join(f"{line}\n" for line in _block(value, 0))


def _block(value: dict[str, Any], depth: int) -> list[str]:
    pad, lines = "  " * depth, []
    for key, item in value.items():
        if isinstance(item, list) and item and isinstance(item[0], dict):
            lines.append(f"{pad}{key}:")
            for part in item:
                flat = _flow(part)
                if len(flat) + len(pad) + 4 <= WIDTH:
                    lines.append(f"{pad}  - {flat}")
                else:
                    inner = _block(part, depth + 2)
                    lines += [f"{pad}  - {inner[0].lstrip()}", *inner[1:]]
        else:
            lines.append(f"{pad}{key}: {_flow(item)}")
    return lines


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        plain = value and value.replace("_", "").isalnum() and value.isascii() and not value[0].isdigit()
        return value if plain and value.lower() not in NOT_TEXT else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)
