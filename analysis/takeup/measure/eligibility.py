"""Rules of eligibility in a small grammar of their own: read, checked against the columns there are, evaluated, explained.

    rule        =  any
    any         =  all { "or" all }
    all         =  part { "and" part }
    part        =  "not" part | "(" any ")" | comparison
    comparison  =  sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum | [ "not" ] "in" "[" value { "," value } "]" ]
    sum         =  term { ( "+" | "-" ) term }        term = atom { ( "*" | "/" ) atom }
    atom        =  name | number | "text" | true | false | "(" sum ")"

No Python is evaluated. What isn't known stays unknown: a rule with a missing value is true or false only where the rest of the rule
decides it (Kleene's logic), so eligibility is yes, no or unknown, and unknown is never counted as no.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, MeasureError, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pandas import DataFrame, Series

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_.]*)|\"(?P<text>[^\"\n]*)\"|(?P<sign>==|!=|<=|>=|<|>|[-+*/()\[\],]))"
)
COMPARISONS = {"==": "is", "!=": "is not", "<": "is less than", "<=": "is at most", ">": "is more than", ">=": "is at least"}
WORDS = {"and", "or", "not", "in", "true", "false"}
DEEPEST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A word of a rule and where it begins (characters counted from 1)."""

    kind: str
    text: str
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of a rule: `kind` and its parts; leaves carry a `value`."""

    kind: str
    parts: tuple[Node, ...] = ()
    value: Any = None
    place: int = 0

    def names(self) -> Iterator[Node]:
        """The leaves that name a column, in order."""
        if self.kind == "name":
            yield self
        for part in self.parts:
            yield from part.names()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that was read.

    Attributes
    ----------
    text : as written
    tree : its parts
    """

    text: str
    tree: Node

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads, each once, in order."""
        return tuple(dict.fromkeys(str(leaf.value) for leaf in self.tree.names()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison of a rule for one profile, with its sign (or "in") and two sides: met is None where it isn't known."""

    text: str
    met: bool | None
    kind: str = ""
    left: str = ""
    right: str = ""


def read_rule(text: str, columns: Sequence[str] = ()) -> Rule:
    """Read a rule; with `columns`, also check that it names no other.

    Raises
    ------
    MeasureError
        What is wrong and at which character, with a mark under it; unknown columns with the nearest name, all at once.

    Examples
    --------
    >>> read_rule('lone_parent and income < 1400', ["lone_parent", "income"]).columns
    ('lone_parent', 'income')
    """
    rule = Rule(text=text, tree=_Reader(text).whole())
    if columns:
        unknown = [
            Fault(f'no column "{leaf.value}"', f"rule, character {leaf.place}", listed(columns), nearest(leaf.value, columns))
            for leaf in rule.tree.names() if leaf.value not in columns
        ]
        if unknown:
            raise MeasureError(*unknown)
    return rule


def eligible(rule: Rule, frame: DataFrame) -> Series:
    """Yes, no or unknown for each row: a nullable boolean Series on the frame's index.

    Raises
    ------
    MeasureError
        A column that isn't there, or a comparison of text with a number.
    """
    from pandas import Series

    read_rule(rule.text, list(map(str, frame.columns)))
    try:
        found = _evaluate(rule.tree, frame)
    except TypeError:
        raise MeasureError(Fault("compares text with a number, or calculates with text", f'rule "{rule.text}"')) from None
    if not isinstance(found, Series):
        found = Series(found, index=frame.index)
    return found.astype("boolean")


def explain(rule: Rule, profile: Mapping[str, Any]) -> tuple[bool | None, tuple[Condition, ...]]:
    """Whether one profile is eligible (None: not known) and each condition with whether it is met."""
    from pandas import DataFrame

    frame = DataFrame({name: [profile.get(name)] for name in rule.columns} or {"_": [0]}).convert_dtypes()
    answers = tuple(
        Condition(text=_in_words(part), met=_plain(eligible(Rule(text=_source(part), tree=part), frame)), kind=part.kind, **_sides(part))
        for part in _conditions(rule.tree)
    )
    return _plain(eligible(rule, frame)), answers


def _plain(answer: Series) -> bool | None:
    return None if answer.isna().iloc[0] else bool(answer.iloc[0])


def _conditions(node: Node) -> Iterator[Node]:
    if node.kind in {"and", "or", "not"}:
        for part in node.parts:
            yield from _conditions(part)
    else:
        yield node


def _evaluate(node: Node, frame: DataFrame) -> Any:
    from pandas import Series
    from pandas.api.types import is_bool_dtype

    if node.kind == "value":
        return node.value
    if node.kind == "name":
        column = frame[node.value].convert_dtypes()
        if column.isna().all():
            return column.astype("Float64")  # nothing is known, whatever the type would have been
        return column.astype("boolean") if is_bool_dtype(column.dtype) else column
    parts = [_evaluate(part, frame) for part in node.parts]
    if node.kind == "not":
        return ~_truth(parts[0])
    if node.kind == "and":
        return _truth(parts[0]) & _truth(parts[1])
    if node.kind == "or":
        return _truth(parts[0]) | _truth(parts[1])
    if node.kind == "in":
        return parts[0].isin(list(node.value)).astype("boolean").where(parts[0].notna())
    found = _OPERATIONS[node.kind](*parts)
    for part in parts:
        if node.kind in COMPARISONS and isinstance(part, Series):
            found = found.astype("boolean").mask(part.isna())
    return found


def _truth(value: Any) -> Any:
    """A condition by itself: a column of yes and no (or 0 and 1)."""
    from pandas import Series

    return value.astype("boolean") if isinstance(value, Series) else bool(value)


_OPERATIONS: dict[str, Any] = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b, "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
}


def _source(node: Node) -> str:
    """A part of a rule as it could have been written."""
    if node.kind == "name":
        return str(node.value)
    if node.kind == "value":
        return f'"{node.value}"' if isinstance(node.value, str) else str(node.value).lower()
    if node.kind == "not":
        return f"not ({_source(node.parts[0])})"
    if node.kind == "in":
        return f"{_source(node.parts[0])} in [{', '.join(_source(Node(kind='value', value=value)) for value in node.value)}]"
    return f"({_source(node.parts[0])} {node.kind} {_source(node.parts[1])})"


def _in_words(node: Node) -> str:
    sides = _sides(node)
    return f"{sides['left']} {COMPARISONS.get(node.kind, 'is one of')} {sides['right']}" if sides else _source(node)


def _sides(node: Node) -> dict[str, str]:
    if node.kind == "in":
        return {"left": _source(node.parts[0]), "right": ", ".join(map(str, node.value))}
    return {"left": _source(node.parts[0]), "right": _source(node.parts[1])} if node.kind in COMPARISONS else {}


class _Reader:
    """Recursive descent over the words of a rule; one token ahead."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.position = 0
        self.depth = 0

    def whole(self) -> Node:
        tree = self.any_of()
        if self.ahead.kind != "end":
            raise self.wrong("the rule goes on where it should end")
        return tree

    @property
    def ahead(self) -> Token:
        return self.tokens[self.position]

    def take(self, *texts: str) -> Token | None:
        """The next token if it is one of these signs or words, and past it; else None."""
        token = self.ahead
        if token.kind in {"sign", "word"} and token.text in texts:
            self.position += 1
            return token
        return None

    def any_of(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong("the rule is nested too deeply")
        left = self.all_of()
        while token := self.take("or"):
            left = Node(kind="or", parts=(left, self.all_of()), place=token.place)
        self.depth -= 1
        return left

    def all_of(self) -> Node:
        left = self.part()
        while token := self.take("and"):
            left = Node(kind="and", parts=(left, self.part()), place=token.place)
        return left

    def part(self) -> Node:
        turned = False
        while self.take("not"):
            turned = not turned
        inner = self.comparison()
        return Node(kind="not", parts=(inner,), place=inner.place) if turned else inner

    def comparison(self) -> Node:
        left = self.sum()
        if token := self.take(*COMPARISONS):
            return Node(kind=token.text, parts=(left, self.sum()), place=token.place)
        turned = self.take("not")
        if token := self.take("in"):
            found = Node(kind="in", parts=(left,), value=self.values(), place=token.place)
            return Node(kind="not", parts=(found,), place=token.place) if turned else found
        if turned:
            raise self.wrong('expected "in" after "not"')
        return left

    def values(self) -> tuple[Any, ...]:
        if not self.take("["):
            raise self.wrong('expected "[" and a list of values')
        found = [self.literal()]
        while self.take(","):
            found.append(self.literal())
        if not self.take("]"):
            raise self.wrong('expected "]" at the end of the list')
        return tuple(found)

    def literal(self) -> Any:
        atom = self.atom()
        if atom.kind != "value":
            raise self.wrong("a list holds values, not columns")
        return atom.value

    def sum(self) -> Node:
        return self.chain(("+", "-"), lambda: self.chain(("*", "/"), self.atom))

    def chain(self, signs: tuple[str, ...], part: Any) -> Node:
        left: Node = part()
        while token := self.take(*signs):
            left = Node(kind=token.text, parts=(left, part()), place=token.place)
        return left

    def atom(self) -> Node:
        token = self.ahead
        if self.take("("):
            inner = self.any_of()
            if not self.take(")"):
                raise self.wrong('expected ")"')
            return inner
        if token.kind in {"number", "text", "name"} or (token.kind == "word" and token.text in {"true", "false"}):
            self.position += 1
            if token.kind == "name":
                return Node(kind="name", value=token.text, place=token.place)
            value = float(token.text) if token.kind == "number" else token.text if token.kind == "text" else token.text == "true"
            return Node(kind="value", value=value, place=token.place)
        if self.take("-") and self.ahead.kind == "number":
            return Node(kind="value", value=-self.atom().value, place=token.place)
        raise self.wrong("expected a column, a number, a text or a bracket")

    def wrong(self, what: str) -> MeasureError:
        return _error(self.text, what, self.ahead.place)


def _tokens(text: str) -> Iterator[Token]:
    place = 0
    while place < len(text) and text[place:].strip():
        match = TOKEN.match(text, place)
        if match is None:
            first = place + len(text[place:]) - len(text[place:].lstrip())
            raise _error(text, "this character has no meaning in a rule", first + 1)
        kind = str(match.lastgroup)
        word = match.group(kind)
        begins = match.end() - len(match.group().lstrip()) + 1
        yield Token(kind="word" if kind == "name" and word in WORDS else kind, text=word, place=begins)
        place = match.end()
    yield Token(kind="end", text="", place=len(text) + 1)


def _error(text: str, what: str, place: int) -> MeasureError:
    return MeasureError(Fault(what, f"rule, character {place}", remedy=f"\n    {text}\n    {' ' * (place - 1)}^"))
