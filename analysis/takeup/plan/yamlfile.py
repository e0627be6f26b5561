"""A YAML file read safely: bounded in size, depth and repetition, duplicate keys refused, words taken as they stand.

Only plain values are made (text, numbers, true/false, dates, lists, mappings): no tag can name anything else. The words follow
YAML 1.2, so that ``no``, ``on``, ``12:30`` and a code such as ``007`` stay text, as people who don't program expect.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml

from takeup.errors import Fault, TakeupError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOST_BYTES = 2_000_000
MOST_NODES = 200_000
MOST_DEPTH = 40
Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The values of a YAML file, the line on which each stands (by its path of keys and positions), and what is wrong with it."""

    data: Any
    lines: Mapping[Steps, int]
    faults: tuple[Fault, ...] = ()

    def where(self, path: Steps) -> str:
        """`path` as people write it, with the line of the nearest thing that stands in the file: ``outcomes[0].scale (line 12)``."""
        line = next((self.lines[path[:size]] for size in range(len(path), 0, -1) if path[:size] in self.lines), None)
        return dotted(path) if line is None else f"{dotted(path)} (line {line})"


def dotted(path: Steps) -> str:
    """A path in one piece.

    >>> dotted(("outcomes", 0, "scale"))
    'outcomes[0].scale'
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def load(path: Path, error: type[TakeupError], *, name: str = "") -> Document:
    """Read one YAML file. Duplicate keys and unusable values are in `Document.faults`: the rest can still be judged.

    Parameters
    ----------
    error : the child of `TakeupError` to raise
    name : how messages call the file; its own name when empty

    Raises
    ------
    TakeupError
        The file is absent, too large, not UTF-8 or not YAML.
    """
    name = name or path.name
    return parse(_text(path, error, name), error, name=name)


def parse(text: str, error: type[TakeupError], *, name: str) -> Document:
    """The values of a text in YAML; see `load`."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as problem:
        raise error(_syntax_fault(problem, name)) from None
    except (yaml.YAMLError, ValueError):
        raise error(Fault("holds a character that no YAML file may hold", name, remedy="Save it again as plain UTF-8 text.")) from None
    except RecursionError:
        raise error(Fault("is nested too deeply", name, f"at most {MOST_DEPTH} levels")) from None
    if node is None:
        raise error(Fault("is empty", name))
    builder = _Builder(name)
    data = builder.value(node, ())
    if builder.full:
        raise error(*builder.faults)
    return Document(data, builder.lines, tuple(builder.faults))


class _Loader(yaml.SafeLoader):
    """The safe loader with the words of YAML 1.2."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


class _Builder:
    """Turns nodes into values, counting them and noting every fault on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Steps, int] = {}
        self.faults: list[Fault] = []
        self.count = 0
        self.full = False

    def value(self, node: yaml.Node, path: Steps) -> Any:
        self.count += 1
        if self.full or self.count > MOST_NODES or len(path) > MOST_DEPTH:
            if not self.full:
                self.full = True
                self._fault("is too large or repeats itself too often", (), f"at most {MOST_NODES} values, {MOST_DEPTH} levels deep")
            return None
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self.value(item, (*path, position)) for position, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Steps) -> dict[Any, Any]:
        values: dict[Any, Any] = {}
        first: dict[Any, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(f"a key on line {line} is a list or a block, not a word", path)
                continue
            key = self._scalar(key_node, path)
            if key in first:
                self._fault(f'the key "{key}" stands twice, on lines {first[key]} and {line}', path, remedy="Keep one of them.")
                continue
            first[key] = line
            step = key if isinstance(key, str | int) and not isinstance(key, bool) else str(key)
            self.lines[*path, step] = line
            values[key] = self.value(value_node, (*path, step))
        return values

    def _scalar(self, node: yaml.Node, path: Steps) -> Any:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        text = node.value if isinstance(node, yaml.ScalarNode) else None
        if isinstance(text, str):
            try:
                match kind:
                    case "str" | "value":
                        return text
                    case "bool":
                        return text.lower() == "true"
                    case "int":
                        return int(text)
                    case "float":
                        return float(re.sub(r"\.(inf|nan)$", r"\1", text.lower()))
                    case "null":
                        return None
                    case "timestamp":
                        return date.fromisoformat(text)
            except ValueError:
                self._fault(f'"{text}" is no {"date of the calendar" if kind == "timestamp" else "number"}', path)
                return None
        self._fault(f"the mark {node.tag} isn't read here", path, "text, numbers, true, false, dates, lists and blocks")
        return None

    def _fault(self, what: str, path: Steps, allowed: str = "", remedy: str = "") -> None:
        where = dotted(path)
        self.faults.append(Fault(what, f"{self.name}: {where}" if where else self.name, allowed, remedy))


def _text(path: Path, error: type[TakeupError], name: str) -> str:
    if not path.exists():
        raise error(Fault("there is no such file", name if path.is_absolute() else path.as_posix(), remedy=_near_file(path)))
    if not path.is_file():
        raise error(Fault("is a folder, where a file is needed", name))
    try:
        if path.stat().st_size > MOST_BYTES:
            raise error(Fault("is too large for a file that people write", name, f"at most {MOST_BYTES // 1_000_000} MB"))
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise error(Fault("isn't UTF-8 text", name, remedy='Save it with the encoding "UTF-8".')) from None
    except OSError:
        raise error(Fault("can't be opened", name, remedy="Check that it may be read and that no other program holds it.")) from None


def _near_file(path: Path) -> str:
    try:
        return nearest(path.name, [item.name for item in path.parent.iterdir()]) or "Check the path."
    except OSError:
        return "Its folder doesn't exist either; check the path."


def _syntax_fault(problem: yaml.MarkedYAMLError, name: str) -> Fault:
    mark = problem.problem_mark or problem.context_mark
    where = f"{name}, line {mark.line + 1}, column {mark.column + 1}" if mark else name
    said = problem.problem or ""
    plain = {
        "mapping values are not allowed here": ("a colon stands where none can", "Put words with a colon between quotes, and check the indent."),
        "found character '\\t' that cannot start any token": ("a tab is used for the indent", "Use spaces."),
        "could not find expected ':'": ("a key has no colon", "Write key: value, and check that the quotes and brackets above close."),
        "found undefined alias": ("a * names something that has no &", "Put words that begin with * between quotes."),
        "expected <block end>, but found '-'": ("a list item has another indent than the line above", "Give the items of a list one indent."),
    }
    what, remedy = next((value for start, value in plain.items() if said.startswith(start)), ("the YAML breaks off here", ""))
    remedy = remedy or "Check the quotes, brackets and indent on this line and the one above."
    return Fault(what, where, remedy=remedy)
