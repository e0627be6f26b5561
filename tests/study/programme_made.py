"""A programme that never was, written into a folder: centres, groups, editions, sessions, a scale in two languages, people who leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

if TYPE_CHECKING:
    from pathlib import Path

ITEMS = [f"q{place}" for place in range(1, 6)]
SMALL = (3, 4, 6)
"""Women of the smallest centres."""


def plan(**release: int) -> dict[str, Any]:
    """The plan as the YAML file holds it."""
    tables = ("women", "start", "finish", "sessions", "centres", "participation")
    data: dict[str, Any] = {name: {"file": f"data/{name}.csv", "schema": f"schemas/{name}.yaml"} for name in tables}
    data["start"]["wave"], data["finish"]["wave"] = "baseline", "endline"

    def both(name: str, **more: Any) -> dict[str, Any]:
        return {"id": name, "waves": ["baseline", "endline"], **more}

    return {
        "takeup": 1, "study": "circles", "title": {"en": "Circles", "nl": "Kringen", "fr": "Cercles"}, "evidence": "before_after",
        "about": {"synthetic": True}, "data": data,
        "design": {"unit": "woman", "draw": "none", "clusters": "women.team",
                   "unit_label": {"en": "women", "nl": "vrouwen", "fr": "femmes"}},
        "programme": {"group": "women.team", "centre": "women.centre", "cohort": "women.edition", "language": "women.tongue", "start": "women.began",
                      "end": "women.ended", "left": "women.why", "sessions": "sessions", "centres": "centres", "participation": "participation",
                      "analysed": 2023, "expected_share": 0.2},
        "outcomes": [
            both("housing", column="housing", role="primary", support=[0, 10], label={"en": "Housing", "nl": "Wonen", "fr": "Logement"}),
            both("leisure", column="leisure", support=[0, 10], label={"en": "Leisure", "nl": "Vrije tijd", "fr": "Loisirs"}),
            both("strength", items=ITEMS, rule={"range": [1, 5], "score": "mean"}, support=[1, 5],
                 label={"en": "Empowerment", "nl": "Empowerment", "fr": "Autonomisation"}),
            both("dentist", column="dentist", kind="binary", label={"en": "Saw a dentist", "nl": "Ging naar de tandarts", "fr": "Vu un dentiste"}),
        ],
        "analyses": {"seed": 7}, "release": {"minimum_cell": 5, "round_counts_to": 5, **release}, "languages": ["en", "nl", "fr"],
    }


def tables(seed: int = 1, centres: int = 16) -> dict[str, pd.DataFrame]:
    """Six editions; three centres of a handful of women, the others of one to three groups; a fifth leave; q3 means something else in French."""
    rng = np.random.default_rng(seed)
    rows = []
    for edition in range(2018, 2024):
        for centre in range(1, centres + 1 - (2023 - edition)):
            sizes = [SMALL[centre - 1]] if centre <= len(SMALL) else rng.integers(9, 15, rng.integers(1, 4)).tolist()
            for number, size in enumerate(sizes):
                rows += [(edition, centre, 100 * centre + 10 * (edition - 2018) + number)] * size
    women = pd.DataFrame(rows, columns=["edition", "centre", "team"])
    n = len(women)
    women.insert(0, "woman", np.arange(1, n + 1))
    women["tongue"] = np.where(women["centre"] % 2 == 0, "nl", "fr")
    new = women["centre"] == centres - (2023 - women["edition"])
    began = pd.to_datetime(women["edition"].astype(str) + np.where(new & (women["edition"] > 2018), "-11-05", "-09-05"))
    left = rng.random(n) < 0.2
    women["began"] = began.dt.date
    whole = (pd.to_datetime((women["edition"] + 1).astype(str) + "-06-28") - began).dt.days
    women["ended"] = (began + pd.to_timedelta(np.where(left, rng.integers(30, 200, n), whole), unit="D")).dt.date
    women["why"] = np.where(left, rng.choice(["moved", "work"], n), "")
    trait, share = rng.normal(size=n), np.where(rng.random(n) < 0.6, rng.beta(9, 2, n), rng.beta(2, 3, n))
    place = rng.normal(0, 1.2, centres + 1)[women["centre"]]

    def wave(shift: float, kept: np.ndarray[Any, Any]) -> pd.DataFrame:
        found = {"woman": women["woman"]}
        for name, base in (("housing", 5.2), ("leisure", 4.0)):
            found[name] = np.clip(np.round(base + 1.6 * trait + shift * (1 + place) + rng.normal(0, 1.4, n)), 0, 10).astype(int)
        for item in ITEMS:
            strange = 0.9 * ((women["tongue"] == "fr") & (item == "q3"))
            found[item] = np.clip(np.round(3 + 0.7 * trait + 0.4 * shift + strange + rng.normal(0, 0.8, n)), 1, 5).astype(int)
        found["dentist"] = (rng.random(n) < 0.4 + 0.12 * shift).astype(int)
        return pd.DataFrame(found)[kept]

    stayed = ~left & (rng.random(n) > 0.05)
    log = [(woman, f"{edition + (week > 14)}-{1 + (8 + week // 4) % 12:02d}-{1 + 7 * (week % 4):02d}", int(rng.random() < chance))
           for woman, edition, chance in zip(women["woman"], women["edition"], share, strict=True) for week in range(0, 24, 2)]
    every = pd.DataFrame({"centre": np.arange(1, 121), "recipients": np.sort(np.round(np.exp(rng.normal(4.5, 1.2, 120))).astype(int))[::-1]})
    joined = women[["centre", "edition"]].drop_duplicates().rename(columns={"edition": "year"}).assign(places=15)
    return {"women": women, "start": wave(0.0, np.ones(n, dtype=bool)), "finish": wave(1.0, stayed),
            "sessions": pd.DataFrame(log, columns=["woman", "held", "attended"]), "centres": every, "participation": joined}


KEYS = {"women": ["woman"], "start": ["woman"], "finish": ["woman"], "sessions": ["woman", "held"], "centres": ["centre"],
        "participation": ["centre", "year"]}


def write(folder: Path, made: dict[str, pd.DataFrame] | None = None, **release: int) -> Path:
    """The study in a folder; the path of its plan."""
    made = tables() if made is None else made
    for part in ("data", "schemas"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "plan.yaml").write_text(yaml.safe_dump(plan(**release), sort_keys=False, allow_unicode=True), encoding="utf-8")
    for name, frame in made.items():
        frame.to_csv(folder / "data" / f"{name}.csv", index=False)
        fields = [{"name": column, "type": _kind(column, frame[column]), **({"constraints": {"required": True}} if column in KEYS[name] else {})}
                  for column in frame.columns]
        schema = {"name": name, "fields": fields, "primaryKey": KEYS[name], "missingValues": [""]}
        (folder / "schemas" / f"{name}.yaml").write_text(yaml.safe_dump(schema, sort_keys=False), encoding="utf-8")
    return folder / "plan.yaml"


def _kind(name: str, values: pd.Series[Any]) -> str:
    if name in {"began", "ended", "held"}:
        return "date"
    return "integer" if pd.api.types.is_numeric_dtype(values.dtype) else "string"
