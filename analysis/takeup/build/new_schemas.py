"""The tables of a new study: enrolment, draw, programme, two interviews; titles and answers in three languages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from takeup.build.new_study import Answers

Words = dict[str, str]

YES_NO = [{"value": 0, "label": {"en": "No", "nl": "Nee", "fr": "Non"}}, {"value": 1, "label": {"en": "Yes", "nl": "Ja", "fr": "Oui"}}]
GENDERS = [
    {"value": "woman", "label": {"en": "Woman", "nl": "Vrouw", "fr": "Femme"}}, {"value": "man", "label": {"en": "Man", "nl": "Man", "fr": "Homme"}},
    {"value": "other", "label": {"en": "Other", "nl": "Anders", "fr": "Autre"}},
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """An outcome: a scale of the registry, or a column with its limits (0 and 1 for a binary one)."""

    scale: str = ""
    id: str = ""
    low: float = 0.0
    high: float = 1.0
    binary: bool = field(default=False, repr=False)
    lower: bool = False

    @property
    def name(self) -> str:
        """Its id in the plan."""
        return self.scale or self.id

    @property
    def label(self) -> str | Words:
        """Words for it: the scale's own, else its id."""
        return _words(self._scale()) if self.scale else self.id.replace("_", " ").capitalize()

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns in a table of answers."""
        return tuple(f"{self.scale}_{item}" for item in self._scale()["items"]) if self.scale else (self.id,)

    @property
    def better(self) -> str:
        """The direction of improvement: the scale's, else as said."""
        return str(self._scale().get("better", "higher")) if self.scale else "lower" if self.lower else "higher"

    @property
    def smallest(self) -> float:
        """A place-holder for the smallest effect that matters: half of the change a scale's authors call relevant, or a twentieth of the range."""
        if not self.scale:
            return 0.1 if self.binary else (self.high - self.low) / 20.0
        said = self._scale()
        low, high = said.get("range", (0, 1))
        return float(said["relevant_change"]) / 2.0 if said.get("relevant_change") else (float(high) - float(low)) / 20.0

    def fields(self) -> list[dict[str, Any]]:
        """The schema's fields."""
        if self.binary:
            return [{"name": self.id, "type": "integer", "title": self.id.replace("_", " ").capitalize(), "categories": YES_NO}]
        if not self.scale:
            whole = float(self.low).is_integer() and float(self.high).is_integer()
            limits = {"minimum": int(self.low) if whole else self.low, "maximum": int(self.high) if whole else self.high}
            return [{"name": self.id, "type": "integer" if whole else "number", "title": self.id.replace("_", " ").capitalize(),
                     "constraints": limits}]
        said = self._scale()
        codes = _codes(said.get("codes", [0, 1]))
        return [{"name": column, "type": "integer", "constraints": {"minimum": codes[0], "maximum": codes[1]},
                 "title": {language: f"{words}: {item.replace('_', ' ')}" for language, words in _words(said).items()}}
                for column, item in zip(self.columns, said["items"], strict=True)]

    def _scale(self) -> dict[str, Any]:
        from importlib.resources import files

        import yaml

        return dict(yaml.safe_load(files("takeup").joinpath("measure", "registry", f"{self.scale}.yaml").read_text(encoding="utf-8")))


def _codes(said: Any) -> tuple[int, int]:
    values = [int(value) for value in said]
    return min(values), max(values)


def _words(said: dict[str, Any]) -> Words:
    title = said.get("title", said["id"])
    return dict(title) if isinstance(title, dict) else {language: str(title) for language in ("en", "nl", "fr")}


def schemas(answers: Answers) -> dict[str, dict[str, Any]]:
    """The schemas by table, as plain values."""
    unit = {"name": answers.unit, "type": "string", "title": {"en": "Number in the study", "nl": "Nummer in de studie", "fr": "Numéro dans l'étude"},
            "description": {"en": "Given at enrolment; it identifies nobody outside the study.",
                            "nl": "Gegeven bij de inschrijving; het identificeert niemand buiten de studie.",
                            "fr": "Reçu à l'inscription ; il n'identifie personne en dehors de l'étude."},
            "constraints": {"required": True, "unique": True}}
    to_people = [{"fields": [answers.unit], "reference": {"resource": "people", "fields": [answers.unit]}}]
    groups = [_group(name, kind) for name, kind in ((answers.blocks, "block"), (answers.clusters, "cluster")) if name]
    drawn = [dict(field) for field in groups]
    if answers.draw == "pairs" and not answers.blocks:
        drawn += [{"name": "age", "type": "integer", "title": AGE}, {"name": "gender", "type": "string", "title": GENDER, "categories": GENDERS}]
    tables = {
        "people": [unit, {"name": "enrolled_on", "type": "date", "title": {"en": "Enrolled on", "nl": "Ingeschreven op", "fr": "Inscription le"},
                          "constraints": {"required": True}}, *groups,
                   {"name": "age", "type": "integer", "title": AGE, "unit": {"en": "years", "nl": "jaar", "fr": "ans"},
                    "constraints": {"minimum": 0, "maximum": 120}},
                   {"name": "gender", "type": "string", "title": GENDER, "categories": GENDERS}],
        "assignment": [unit, *drawn, {"name": "batch", "type": "string", "title": {"en": "Batch of the draw", "nl": "Lichting van de loting",
                                                                                     "fr": "Lot du tirage"}, "constraints": {"required": True}},
                       *([{"name": "pair", "type": "string", "title": {"en": "Pair", "nl": "Paar", "fr": "Paire"}, "constraints": {"required": True}}]
                         if answers.draw == "pairs" and not answers.blocks else []),
                       {"name": "arm", "type": "string", "title": {"en": "Arm", "nl": "Groep", "fr": "Groupe"},
                        "categories": [{"value": value, "label": label} for value, label in answers.arms], "constraints": {"required": True}}],
        "programme": [unit, {"name": "received", "type": "integer", "categories": YES_NO,
                             "title": {"en": "Took the offer up", "nl": "Ging op het aanbod in", "fr": "A accepté l'offre"}},
                      *([{"name": answers.provider, "type": "string", "title": answers.provider.replace("_", " ").capitalize()}]
                        if answers.provider else [])],
    }
    asked = [unit, {"name": "asked_on", "type": "date", "title": {"en": "Date of the interview", "nl": "Datum van het interview",
                                                                   "fr": "Date de l'entretien"}, "constraints": {"required": True}},
             *(field for measure in answers.measures for field in measure.fields())]
    tables |= {"baseline": asked, "endline": asked}
    return {name: {"name": name, "title": TITLES[name], "fields": fields, "primaryKey": [answers.unit],
                   **({"fieldsMatch": "partial"} if name == "assignment" else {}),  # its columns follow from the plan's draw
                   **({} if name == "people" else {"foreignKeys": to_people})} for name, fields in tables.items()}


AGE = {"en": "Age", "nl": "Leeftijd", "fr": "Âge"}
GENDER = {"en": "Gender", "nl": "Gender", "fr": "Genre"}
TITLES = {
    "people": {"en": "People enrolled", "nl": "Ingeschreven personen", "fr": "Personnes inscrites"},
    "assignment": {"en": "The draw", "nl": "De loting", "fr": "Le tirage au sort"},
    "programme": {"en": "The programme", "nl": "Het programma", "fr": "Le programme"},
    "baseline": {"en": "First interview", "nl": "Eerste interview", "fr": "Premier entretien"},
    "endline": {"en": "Last interview", "nl": "Laatste interview", "fr": "Dernier entretien"},
}


def _group(name: str, kind: str) -> dict[str, Any]:
    words = {"block": {"en": "block of the draw", "nl": "blok van de loting", "fr": "bloc du tirage"},
             "cluster": {"en": "drawn as a whole", "nl": "in zijn geheel geloot", "fr": "tirée au sort en entier"}}[kind]
    shown = name.replace("_", " ").capitalize()
    return {"name": name, "type": "string", "constraints": {"required": True},
            "title": {language: f"{shown} ({said})" for language, said in words.items()}}
