"""A small study that never was, written into a folder: three arms, blocks, a scale, an index, a rare outcome, people lost at endline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

if TYPE_CHECKING:
    from pathlib import Path

ITEMS = ["q1", "q2", "q3", "q4", "q5"]


def plan() -> dict[str, Any]:
    """The plan as the YAML file holds it."""
    return {
        "takeup": 1, "study": "small", "title": {"en": "A small study", "nl": "Een kleine studie"}, "evidence": "randomized",
        "about": {"synthetic": True},
        "data": {name: {"file": f"data/{name}.csv", "schema": f"schemas/{name}.yaml"} for name in ("units", "baseline", "endline")},
        "design": {
            "unit": "id", "treatment": "arm", "control": "usual", "draw": "blocked", "blocks": "batch", "received": "came",
            "arms": {"usual": "As usual", "visit": "Visits", "phone": "Phone calls"}, "received_label": "was reached", "unit_label": "families",
        },
        "flow": {"status": "status"},
        "outcomes": [
            {"id": "wellbeing", "scale": "who5", "items": ITEMS, "waves": ["baseline", "endline"], "role": "primary", "family": "life",
             "better": "higher", "smallest_effect": 5, "label": "Well-being"},
            {"id": "worry", "column": "worry", "waves": ["baseline", "endline"], "family": "life", "better": "lower", "support": [0, 10]},
            {"id": "granted", "column": "granted", "kind": "binary", "family": "takeup", "smallest_effect": 0.1},
            {"id": "rare", "column": "rare", "kind": "binary", "family": "takeup", "role": "exploratory"},
            {"id": "life", "index": ["wellbeing", "worry"], "waves": ["baseline", "endline"], "family": "summary"},
        ],
        "analyses": {
            "seed": 7, "draws": 199, "covariates": ["age"], "balance": ["baseline.worry", "age", "home"],
            "families": {"life": "romano_wolf", "takeup": "bh"}, "subgroups": [{"by": "home"}],
        },
        "release": {"minimum_cell": 10, "round_counts_to": 5},
        "languages": ["en", "nl"],
    }


def tables(n: int = 360, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Data with an effect of visits, none of phone calls; a tenth are lost at endline, more among controls."""
    rng = np.random.default_rng(seed)
    batch = np.arange(n) // 12
    arm = np.concatenate([rng.permutation(np.repeat(["usual", "visit", "phone"], 4)) for _ in range(n // 12)])
    need = rng.normal(size=n)
    visit = (arm == "visit").astype(float)
    came = np.where(arm == "usual", rng.random(n) < 0.03, rng.random(n) < 0.7).astype(int)
    age = np.clip(np.round(30 + 6 * rng.normal(size=n)), 18, 60).astype(int).astype(object)
    age[rng.random(n) < 0.03] = ""
    units = pd.DataFrame({
        "id": np.arange(1, n + 1), "arm": arm, "batch": batch + 1, "came": came, "age": age,
        "home": rng.choice(["rent", "social", "own", "camp"], p=[0.5, 0.3, 0.18, 0.02], size=n), "status": "",
    })

    def wave(shift: np.ndarray[Any, Any]) -> pd.DataFrame:
        latent = 2.5 - 0.7 * need + shift + 0.5 * rng.normal(size=n)
        answers = np.clip(np.round(latent[:, None] + 0.6 * rng.normal(size=(n, 5))), 0, 5).astype(int)
        frame = pd.DataFrame(answers, columns=ITEMS)
        frame.insert(0, "id", units["id"])
        return frame.assign(worry=np.clip(np.round(5 + 1.5 * need - shift + rng.normal(size=n), 1), 0, 10))

    before = wave(np.zeros(n))
    after = wave(0.6 * visit * came).assign(
        granted=(rng.random(n) < 0.3 + 0.25 * visit * came).astype(int), rare=(rng.random(n) < 0.01).astype(int),
    )
    lost = rng.random(n) < np.where(arm == "usual", 0.15, 0.08)
    units.loc[lost, "status"] = rng.choice(["moved", "refused"], p=[0.7, 0.3], size=int(lost.sum()))
    return {"units": units, "baseline": before, "endline": after[~lost]}


def schemas() -> dict[str, Any]:
    """Table Schemas of the three files."""
    key = {"name": "id", "type": "integer", "title": "Number", "constraints": {"required": True, "unique": True}}

    def whole(name: str, low: int, high: int, title: str = "") -> dict[str, Any]:
        return {"name": name, "type": "integer", "title": title or name, "constraints": {"minimum": low, "maximum": high}}

    def words(name: str, values: list[str]) -> dict[str, Any]:
        return {"name": name, "type": "string", "title": name, "categories": [{"value": value, "label": value.title()} for value in values]}

    items = [whole(name, 0, 5) for name in ITEMS]
    worry = {"name": "worry", "type": "number", "title": {"en": "Worry", "nl": "Zorgen"}, "constraints": {"minimum": 0, "maximum": 10}}
    units = [key, words("arm", ["usual", "visit", "phone"]), whole("batch", 1, 999), whole("came", 0, 1, "Reached"), whole("age", 16, 99, "Age"),
             words("home", ["rent", "social", "own", "camp"]), words("status", ["moved", "refused"])]
    waves = {"baseline": [key, *items, worry], "endline": [key, *items, worry, whole("granted", 0, 1, "Granted"), whole("rare", 0, 1, "Rare")]}
    made = {"units": units, **waves}
    return {name: {"name": name, "fields": fields, "primaryKey": ["id"], "missingValues": [""]} for name, fields in made.items()}


def write(folder: Path, *, changed: dict[str, Any] | None = None, n: int = 360, seed: int = 1) -> Path:
    """Write the study, its plan with some top-level parts changed; the path of the plan."""
    for name in ("data", "schemas", "words/en"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, frame in tables(n, seed).items():
        frame.to_csv(folder / "data" / f"{name}.csv", index=False, lineterminator="\n")
    for name, schema in schemas().items():
        (folder / "schemas" / f"{name}.yaml").write_text(yaml.safe_dump(schema, sort_keys=False), encoding="utf-8")
    (folder / "words" / "en" / "background.md").write_text("Families were visited.\n", encoding="utf-8")
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump({**plan(), **(changed or {})}, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
