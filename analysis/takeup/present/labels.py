"""Names for a reader: what the plan and the schemas call the outcomes, columns, levels, arms and units, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault
from takeup.present.catalogue import mark, words
from takeup.present.text import unbroken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from takeup.intake.schema import Category, Field, TableSchema
    from takeup.measure.rights_catalogue import Catalogue
    from takeup.plan.model import Plan

Text = str | Mapping[Any, str]
REASONS = {
    "moved": mark("moved away"),
    "refused": mark("refused"),
    "no_answer": mark("no answer"),
    "no_response": mark("no answer"),
    "died": mark("died"),
    "unknown": mark("reason not recorded"),
    "no_record": mark("no record"),
    "left_early": mark("left the programme early"),
    "outcome_missing": mark("outcome missing"),
    "not_eligible": mark("not eligible"),
    "not_reached": mark("not reached"),
    "not_found": mark("not found"),
    "withdrew": mark("withdrew"),
    "other": mark("other reasons"),
}
_PLAIN_YES = {"yes", "ja", "oui", "true", "1"}


def in_language(text: Text, language: str) -> str:
    """The words in this language; in English, or in any language there is, where they were not written in it.

    >>> in_language({"en": "Trust", "nl": "Vertrouwen"}, "fr")
    'Trust'
    """
    found = text if isinstance(text, str) else text.get(language) or text.get("en") or next(iter(text.values()), "")
    return unbroken(found) if language == "fr" else found


def spoken(name: str) -> str:
    """An identifier as words: the last resort where nobody wrote a label.

    >>> spoken("baseline.mental_health")
    'Mental health'
    """
    word = name.rpartition(".")[2].replace("_", " ").strip()
    return word[:1].upper() + word[1:]


class Labels:
    """The labels of a study.

    Parameters
    ----------
    plan : Plan
    schemas : mapping of a table's name to its TableSchema
    catalogue : the catalogue of rights, for a study that has one
    """

    __slots__ = ("_fields", "_schemas", "catalogue", "plan")

    def __init__(self, plan: Plan, schemas: Mapping[str, TableSchema], catalogue: Catalogue | None = None) -> None:
        self.plan = plan
        self.catalogue = catalogue
        self._schemas = dict(schemas)
        self._fields: dict[str, Field] = {}
        for table, schema in self._schemas.items():
            for field in schema.fields:
                self._fields.setdefault(field.name, field)
                self._fields[f"{table}.{field.name}"] = field

    def __repr__(self) -> str:
        return f"Labels({self.plan.study!r}, {len(self._schemas)} tables)"

    def field(self, name: str) -> Field | None:
        """The schema's field of a column (`column` or `table.column`), None where there is none."""
        return self._fields.get(name) or self._fields.get(name.rpartition(".")[2])

    def title(self, language: str) -> str:
        """The study's title."""
        return in_language(self.plan.title, language)

    def outcome(self, outcome: str, language: str) -> str:
        """An outcome's name: its label in the plan, else its column's title, else its id in words."""
        try:
            planned = self.plan.outcome(outcome)
        except KeyError:
            return self.variable(outcome, language)
        if planned.label:
            return in_language(planned.label, language)
        if planned.right and self.catalogue is not None and planned.right in self.catalogue.ids:
            return self.right(planned.right, language)
        field = self.field(planned.column) if planned.column else None
        return in_language(field.title, language) if field and field.title else spoken(outcome)

    def right(self, name: str, language: str) -> str:
        """A right's name in the catalogue, beginning with a capital."""
        if self.catalogue is None or name not in self.catalogue.ids:
            return spoken(name)
        text = in_language(self.catalogue.right(name).labels, language)
        return text[:1].upper() + text[1:]

    def domain(self, name: str, language: str) -> str:
        """A life domain's name in the catalogue."""
        return in_language(self.catalogue.domains[name], language) if self.catalogue is not None and name in self.catalogue.domains else spoken(name)

    def government(self, name: str, language: str) -> str:
        """The name of a level of government in the catalogue."""
        return in_language(self.catalogue.levels[name], language) if self.catalogue is not None and name in self.catalogue.levels else spoken(name)

    def unit(self, outcome: str, language: str) -> str:
        """The unit an outcome is measured in; empty where it has none."""
        try:
            planned = self.plan.outcome(outcome)
        except KeyError:
            planned = None
        if planned is not None and planned.unit:
            return in_language(planned.unit, language)
        field = self.field(planned.column) if planned is not None and planned.column else self.field(outcome)
        return in_language(field.unit, language) if field and field.unit else ""

    def family(self, family: str, language: str) -> str:
        """The name of a family of outcomes: its label in the plan, else its id in words."""
        _ = words(language)
        label = in_language(self.plan.analyses.family_labels.get(family, ""), language)
        return label or (_("All outcomes") if family == "all" else spoken(family))

    def variable(self, name: str, language: str) -> str:
        """A column's title; a column that is an outcome at baseline has the outcome's name."""
        _ = words(language)
        outcome, dot, wave = name.rpartition(".")
        if dot and outcome in {planned.id for planned in self.plan.outcomes}:
            return _("{outcome}, {wave}", outcome=self.outcome(outcome, language), wave=self.wave(wave, language).lower())
        field = self.field(name)
        return in_language(field.title, language) if field is not None and field.title else spoken(name)

    def described(self, name: str, language: str) -> str:
        """A column as a row of the baseline table: its title with its unit, or with the level that a 0/1 column counts."""
        title = self.variable(name, language)
        field = self.field(name)
        if field is None:
            return title
        if field.unit:
            return f"{title} ({in_language(field.unit, language)})"
        ones = [in_language(category.label, language) for category in field.categories if str(category.value) in {"1", "1.0", "True"}]
        return _colon(title, ones[0], language) if len(field.categories) == 2 and ones and ones[0].lower() not in _PLAIN_YES else title

    def level(self, name: str, level: str, language: str) -> str:
        """The label of a value of a column with categories."""
        field = self.field(name)
        for category in field.categories if field is not None else ():
            if str(category.value) == level and category.label:
                return in_language(category.label, language)
        return level if any(character.isdigit() for character in level) else spoken(level)

    def with_level(self, name: str, level: str, language: str) -> str:
        """A column with one of its values: "Marital status: married"."""
        return _colon(self.variable(name, language), self.level(name, level, language), language)

    def arm(self, arm: str, language: str) -> str:
        """An arm's name in the plan; of a study without arms what it counts."""
        if not self.plan.design.arms and self.plan.evidence == "before_after":
            return self.wave(arm, language)
        for value, label in self.plan.design.arms.items():
            if str(value) == arm:
                return in_language(label, language)
        return spoken(arm) if arm.replace("_", "").isalpha() else arm

    def control(self, language: str) -> str:
        """The name of the control arm."""
        return self.arm(str(self.plan.design.control), language)

    def units(self, language: str) -> str:
        """What the trial counts: "people" where the plan doesn't say."""
        _ = words(language)
        return in_language(self.plan.design.unit_label, language) or _("people")

    def received(self, language: str) -> str:
        """What it is to have taken the programme up."""
        _ = words(language)
        return in_language(self.plan.design.received_label, language) or _("took part")

    def reason(self, variable: str, level: str, language: str) -> str:
        """Why people were left out, lost or not analysed: as the plan or the schema words it, else a known reason; empty where nobody says."""
        if variable == "excluded" and level in self.plan.flow.excluded_labels:
            return in_language(self.plan.flow.excluded_labels[level], language)
        status = self.plan.flow.status or (self.plan.programme.left if self.plan.programme is not None else None)
        field = self.field(status) if status is not None else None
        if field is not None and any(str(category.value) == level and category.label for category in field.categories):
            name = self.level(field.name, level, language)
            return name[:1].lower() + name[1:]
        return words(language)(REASONS[level]) if level in REASONS else ""

    def wave(self, wave: str, language: str) -> str:
        """The name of a wave of measurement."""
        _ = words(language)
        return {"baseline": _("Baseline"), "endline": _("Endline")}.get(wave) or spoken(wave)

    def untranslated(self, language: str) -> tuple[str, ...]:
        """Paths in the plan and the schemas of the labels that are written in some languages, but not in this one.

        A family of outcomes, or a reason to be left out, without any label is known by its id, which is a word of the plan's author: it is listed
        where the plan speaks more than one language.
        """
        found: list[str] = []
        _missing(self.plan.model_dump(by_alias=True), "plan", language, found)
        if language != self.plan.languages[0]:
            found += [f"plan.flow.excluded_labels.{name}" for name in self.plan.flow.excluded if not self.reason("excluded", name, language)]
        families = dict.fromkeys(outcome.family for outcome in self.plan.outcomes if outcome.family != "all")
        unnamed = [name for name in families if not self.plan.analyses.family_labels.get(name)]
        if unnamed and language != self.plan.languages[0] and (len(families) > 1 or self.plan.analyses.families):
            found += [f"plan.analyses.family_labels.{name}" for name in unnamed]
        for table, schema in self._schemas.items():
            found += [f"{table}.{part}" for part, text in _said_of(schema) if not isinstance(text, str) and language not in text]
        return tuple(found)

    def complaint(self, language: str) -> Fault | None:
        """What to tell the authors where labels aren't written in a language: the first of them, how many more, and what a reader sees instead."""
        missing = self.untranslated(language)
        if not missing:
            return None
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        return Fault(f'has no words in "{language}"', f"{', '.join(missing[:3])}{more}", remedy="Readers see them in another language, or as an id.")


def _said_of(schema: TableSchema) -> Iterator[tuple[str, Text]]:
    """All words of a schema, each with its place: of the table, of its missing codes, and of every field."""
    yield from (("title", schema.title), ("description", schema.description), *_coded("missingValues", schema.missing_values))
    for field in schema.fields:
        own = () if field.missing_values == schema.missing_values else _coded("missingValues", field.missing_values)
        yield from ((f"{field.name}.{part}", text) for part, text in (
            ("title", field.title), ("description", field.description), ("unit", field.unit), *_coded("categories", field.categories), *own))


def _coded(part: str, codes: Iterable[Category]) -> list[tuple[str, Text]]:
    return [(f"{part}[{i}]", code.label) for i, code in enumerate(codes)]


def _colon(first: str, second: str, language: str) -> str:
    _ = words(language)
    return _("{first}: {second}", first=first, second=second)


def _missing(value: object, path: str, language: str, found: list[str]) -> None:
    if isinstance(value, Mapping):
        if value and set(value) <= {"en", "nl", "fr"}:
            found.extend([path] if language not in value else [])
        for name, part in value.items():
            _missing(part, f"{path}.{name}", language, found)
    elif isinstance(value, list | tuple):
        for position, part in enumerate(value):
            _missing(part, f"{path}[{position}]", language, found)
