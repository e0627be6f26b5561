"""A small before-after study that never was, written into a folder: groups in centres, people who leave, a rule of its own, rights, an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

if TYPE_CHECKING:
    from pathlib import Path

ITEMS = ["q1", "q2", "q3", "q4"]
THREE = ("nl", "fr", "en")


def said(en: str, nl: str, fr: str) -> dict[str, str]:
    return {"en": en, "nl": nl, "fr": fr}


def plan() -> dict[str, Any]:
    """The plan as the YAML file holds it."""
    both = {"waves": ["baseline", "endline"]}
    return {
        "takeup": 1, "study": "circle", "title": said("A circle", "Een kring", "Un cercle"), "evidence": "before_after",
        "about": {"synthetic": True},
        "data": {name: {"file": f"data/{name}.csv", "schema": f"schemas/{name}.yaml"} for name in ("people", "baseline", "endline")},
        "design": {"unit": "id", "draw": "none", "clusters": "circle", "unit_label": said("women", "vrouwen", "femmes")},
        "programme": {"group": "circle", "centre": "town", "left": "gone", "recruited_share": 0.4},
        "outcomes": [
            {"id": "trust", "column": "trust", **both, "role": "primary", "support": [0, 10], "stability": 0.6, "population_mean": 6.2,
             "smallest_effect": 0.5, "label": said("Trust", "Vertrouwen", "Confiance")},
            {"id": "strength", "rule": {"range": [1, 5], "score": "mean", "min_items": 3, "reverse": ["q4"]}, "items": ITEMS, **both,
             "support": [1, 5], "label": said("Strength", "Kracht", "Force")},
            {"id": "worry", "column": "worry", **both, "better": "lower", "support": [0, 10], "population_mean": 4.0, "stability": 0.5,
             "label": said("Worry", "Zorgen", "Soucis")},
            {"id": "doctor", "column": "doctor", **both, "kind": "binary", "family": "rights", "role": "exploratory",
             "label": said("Has a GP", "Heeft een huisarts", "A un médecin traitant")},
            {"id": "whole", "index": ["trust", "worry"], **both, "role": "exploratory", "label": said("Both", "Beide", "Les deux")},
        ],
        "analyses": {"seed": 11, "draws": 199, "balance": ["age", "home"], "families": {"all": "holm"}},
        "published": [{"label": "Claimed", "value": "60.5", "n": 117}, {"label": "Trained", "value": "5.7", "most": 118}],
        "release": {"minimum_cell": 5, "round_counts_to": 5},
        "languages": list(THREE),
    }


def tables(n: int = 260, seed: int = 3) -> dict[str, pd.DataFrame]:
    """People in circles of ten in thirteen towns; a fifth leave, some of the others don't answer again."""
    rng = np.random.default_rng(seed)
    circle = np.arange(n) // 10
    low = rng.normal(size=n)
    people = pd.DataFrame({
        "id": np.arange(1, n + 1), "circle": circle + 1, "town": circle // 2 + 1, "age": np.clip(np.round(31 + 6 * rng.normal(size=n)), 18, 60),
        "home": rng.choice(["rent", "own"], p=[0.7, 0.3], size=n), "gone": "",
    })
    shared = rng.normal(scale=0.5, size=n // 10)[circle]

    def wave(shift: float, later: np.ndarray[Any, Any]) -> pd.DataFrame:
        def rounded(center: float, turn: float) -> Any:
            return np.clip(np.round(center + turn * (0.9 * low + shift + later) + 1.4 * rng.normal(size=n)), 0, 10).astype(int)

        answers = np.clip(np.round(3 + 0.5 * (low + shift)[:, None] + 0.7 * rng.normal(size=(n, 4))), 1, 5).astype(int)
        answers[:, 3] = 6 - answers[:, 3]
        frame = pd.DataFrame(answers, columns=ITEMS).assign(trust=rounded(4.8, 1.0), worry=rounded(6.0, -1.0))
        frame.insert(0, "id", people["id"])
        return frame

    before, after = wave(0.0, np.zeros(n)), wave(0.9, shared)
    before["doctor"] = (rng.random(n) < 0.7).astype(int)
    flip = rng.random(n)
    after["doctor"] = np.where(before["doctor"] == 1, (flip < 0.97).astype(int), (flip < 0.35).astype(int))
    left = rng.random(n) < 0.2
    people.loc[left, "gone"] = rng.choice(["moved", "work"], size=int(left.sum()))
    silent = rng.random(n) < 0.1
    blank = after["trust"].astype(object)
    blank[rng.random(n) < 0.05] = ""
    return {"people": people, "baseline": before, "endline": after.assign(trust=blank)[~left & ~silent]}


def schemas() -> dict[str, Any]:
    """Table Schemas of the three files."""
    key = {"name": "id", "type": "integer", "title": said("Number", "Nummer", "Numéro"), "constraints": {"required": True, "unique": True}}

    def whole(name: str, title: dict[str, str], low: int | None = None, high: int | None = None) -> dict[str, Any]:
        limits = {} if low is None else {"constraints": {"minimum": low, "maximum": high}}
        return {"name": name, "type": "integer", "title": title, **limits}

    def words(name: str, title: dict[str, str], **labels: dict[str, str]) -> dict[str, Any]:
        return {"name": name, "type": "string", "title": title, "categories": [{"value": value, "label": label} for value, label in labels.items()]}

    asked = [key, whole("trust", said("Trust", "Vertrouwen", "Confiance"), 0, 10), whole("worry", said("Worry", "Zorgen", "Soucis"), 0, 10),
             *(whole(name, said(f"Item {name}", f"Item {name}", f"Item {name}"), 1, 5) for name in ITEMS),
             whole("doctor", said("Has a GP", "Heeft een huisarts", "A un médecin traitant"), 0, 1)]
    people = [key, whole("circle", said("Circle", "Kring", "Cercle")), whole("town", said("Town", "Stad", "Ville")),
              {"name": "age", "type": "number", "title": said("Age", "Leeftijd", "Âge")},
              words("home", said("Home", "Woning", "Logement"), rent=said("rented", "gehuurd", "loué"), own=said("owned", "eigen", "en propriété")),
              words("gone", said("Why she left", "Waarom ze stopte", "Pourquoi elle est partie"), moved=said("moved", "verhuisd", "a déménagé"),
                    work=said("found work", "vond werk", "a trouvé un emploi"))]
    return {name: {"fields": fields, "primaryKey": ["id"], "missingValues": [""]}
            for name, fields in (("people", people), ("baseline", asked), ("endline", asked))}


def write(folder: Path, made: dict[str, Any] | None = None, words: dict[str, str] | None = None) -> Path:
    """The study's files; the path of its plan. `words`: the authors' own, by file name (`nl/summary`)."""
    for name in ("data", "schemas"):
        (folder / name).mkdir(exist_ok=True)
    for name, frame in tables().items():
        frame.to_csv(folder / "data" / f"{name}.csv", index=False)
    for name, schema in schemas().items():
        (folder / "schemas" / f"{name}.yaml").write_text(yaml.safe_dump(schema, allow_unicode=True), encoding="utf-8")
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(made or plan(), sort_keys=False, allow_unicode=True), encoding="utf-8")
    for name, text in (words or {}).items():
        target = folder / "words" / f"{name}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return path
