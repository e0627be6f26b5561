"""Reads a catalogue of rights into the values of `takeup.measure.rights_catalogue`, noting every fault on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from takeup.errors import Fault, MeasureError, listed, nearest
from takeup.measure.eligibility import COMPARISONS, Node, Rule, read_rule
from takeup.measure.rights_catalogue import KINDS, LANGUAGES, LEVELS, Catalogue, Fact, Right, allowed
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.measure.rights_catalogue import Text
    from takeup.plan.yamlfile import Document, Steps

_KEYS = ("rights_catalogue", "title", "source", "profile", "domains", "levels", "rights")
_RIGHT_KEYS = ("id", "domain", "level", "label", "source", "rule")
_FACT_KEYS = ("name", "type", "title", "values")


def read_document(document: Document, name: str) -> tuple[Catalogue, tuple[Fault, ...]]:
    """The catalogue as far as it can be read, and all that is wrong with it."""
    reader = _Reader(document, name)
    return reader.catalogue(), tuple(reader.faults)


class _Reader:
    """Reads one catalogue and notes every fault, so that all are told at once."""

    def __init__(self, document: Document, name: str) -> None:
        self.document = document
        self.name = name
        self.faults: list[Fault] = []

    def catalogue(self) -> Catalogue:
        data = self.block(self.document.data, (), _KEYS)
        if data.get("rights_catalogue") != 1:
            self.fault("says which version of the form it has", ("rights_catalogue",), "1")
        profile = tuple(filter(None, (self.fact(row, ("profile", i)) for i, row in enumerate(self.rows(data, "profile")))))
        self.unique("profile", [fact.name for fact in profile])
        domains, levels = self.named(data, "domains"), self.named(data, "levels")
        for level in levels:
            if level not in LEVELS:
                self.fault(f'"{level}" is no level of government', ("levels", level), listed(LEVELS), nearest(level, LEVELS))
        rows = self.rows(data, "rights")
        rights = tuple(filter(None, (self.right(row, ("rights", i), profile, domains, levels) for i, row in enumerate(rows))))
        self.unique("rights", [str(row["id"]) for row in rows if isinstance(row, dict) and row.get("id")])
        return Catalogue(title=self.words(data.get("title"), ("title",)), source=str(data.get("source", "")), rights=rights,
                         domains=domains, levels=levels, profile=profile)

    def fact(self, row: object, path: Steps) -> Fact | None:
        data = self.block(row, path, _FACT_KEYS)
        name, kind, values = data.get("name"), data.get("type"), data.get("values", [])
        if not _is_name(name):
            self.fault("needs a name", (*path, "name"), "small letters, digits and _, beginning with a letter")
            return None
        if kind not in KINDS:
            self.fault(f'"{kind}" is no type of fact', (*path, "type"), listed(KINDS), nearest(kind, KINDS))
            return None
        if not isinstance(values, list) or bool(values) != (kind == "choice"):
            self.fault("a choice has a list of values, and nothing else has", (*path, "values"))
            return None
        return Fact(name=str(name), kind=str(kind), title=self.words(data.get("title"), (*path, "title")), values=tuple(map(str, values)))

    def right(self, row: object, path: Steps, profile: tuple[Fact, ...], domains: Mapping[str, Text], levels: Mapping[str, Text]) -> Right | None:
        data = self.block(row, path, _RIGHT_KEYS)
        if not data:
            return None
        if not _is_name(data.get("id")):
            self.fault("needs an id", (*path, "id"), "small letters, digits and _, beginning with a letter")
        for key, options in (("domain", domains), ("level", levels)):
            if data.get(key) not in options:
                self.fault(f'"{data.get(key)}" is no {key} of this catalogue', (*path, key), listed(options), nearest(data.get(key), options))
        if not isinstance(data.get("source"), str) or not str(data["source"]).strip():
            self.fault("names no source", (*path, "source"), remedy="Name the law or the organisation that has the full conditions.")
        labels = self.words(data.get("label"), (*path, "label"))
        rule = self.rule(data.get("rule"), (*path, "rule"), profile)
        if rule is None or not isinstance(labels, Mapping):
            return None
        return Right(id=str(data.get("id")), domain=str(data.get("domain")), level=str(data.get("level")), labels=labels,
                     source=str(data.get("source")), rule=rule)

    def rule(self, text: object, path: Steps, profile: tuple[Fact, ...]) -> Rule | None:
        if not isinstance(text, str) or not text.strip():
            self.fault("needs a rule", path, remedy="Write who is eligible, between quotes, such as 'lone_parent and net_income < 1400'.")
            return None
        where = f"{self.name}: {self.document.where(path)}"
        try:
            rule = read_rule(text, [fact.name for fact in profile])
        except MeasureError as error:
            self.faults += [replace(fault, where=f"{where}, {fault.where.removeprefix('rule, ')}") for fault in error.faults]
            return None
        self.faults += _choices(rule, {fact.name: fact for fact in profile}, where)
        return rule

    def rows(self, data: Mapping[str, Any], key: str) -> list[Any]:
        rows = data.get(key)
        if isinstance(rows, list) and rows:
            return rows
        self.fault("must be a list with at least one item", (key,))
        return []

    def named(self, data: Mapping[str, Any], key: str) -> FrozenMap:
        block = data.get(key)
        if not isinstance(block, dict) or not block:
            self.fault("must be a block of id: words", (key,))
            return FrozenMap()
        return FrozenMap({str(name): self.words(words, (key, name)) for name, words in block.items()})

    def unique(self, key: str, names: list[str]) -> None:
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.fault(f'"{name}" stands more than once', (key,), remedy="Give each a name of its own.")

    def words(self, value: object, path: Steps) -> Text:
        absent = [language for language in LANGUAGES if not (isinstance(value, dict) and isinstance(value.get(language), str) and value[language])]
        if absent:
            self.fault(f"has no words in {' and '.join(absent)}", path, "one text a language: {en: ..., nl: ..., fr: ...}")
        return FrozenMap(cast("dict[str, str]", value)) if isinstance(value, dict) else ""

    def block(self, data: object, path: Steps, keys: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fault("must be a block of keys", path, listed(keys, 20))
            return {}
        for key in data:
            if key not in keys:
                self.fault(f'unknown key "{key}"', (*path, key), listed(keys, 20), nearest(key, keys))
        return data

    def fault(self, what: str, path: Steps, allowed: str = "", remedy: str = "") -> None:
        where = self.document.where(path)
        self.faults.append(Fault(what, f"{self.name}: {where}" if where else self.name, allowed, remedy))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_]*", value) is not None


def _choices(rule: Rule, facts: Mapping[str, Fact], where: str) -> Iterator[Fault]:
    """Texts that a rule compares a fact with and that the fact can't take: they would quietly never be met."""
    for node in _nodes(rule.tree):
        names = [part.value for part in node.parts if part.kind == "name"]
        values = list(node.value) if node.kind == "in" else [part.value for part in node.parts if part.kind == "value"]
        if len(names) != 1 or (node.kind != "in" and node.kind not in COMPARISONS):
            continue
        fact = facts[names[0]]
        for value in values:
            if isinstance(value, str) != (fact.kind == "choice"):
                yield Fault(f'"{fact.name}" is compared with {"text" if isinstance(value, str) else "a number"}', f"{where}, character {node.place}",
                            allowed(fact))
            elif fact.kind == "choice" and value not in fact.values:
                yield Fault(f'"{fact.name}" is never "{value}"', f"{where}, character {node.place}", listed(fact.values), nearest(value, fact.values))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _nodes(part)
