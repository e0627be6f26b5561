"""A small study of rights held, written into a folder: two arms, monthly batches, case managers in one arm, four rights in two domains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

if TYPE_CHECKING:
    from pathlib import Path

RIGHTS = (("support", "income", "local"), ("allowance", "income", "federal"), ("premium", "housing", "flemish"), ("course", "work", "flemish"))
REASONS = ("rule_conditions", "administration_papers", "person_unaware")
STAGES = ("eligible", "knows", "applied", "granted", "receives")


def catalogue() -> dict[str, Any]:
    """The catalogue as the YAML file holds it."""

    def words(name: str) -> dict[str, str]:
        return {language: name.capitalize() for language in ("en", "nl", "fr")}

    return {
        "rights_catalogue": 1, "title": words("rights"), "source": "made for a test",
        "profile": [{"name": "income", "type": "number", "title": words("income")}],
        "domains": {name: words(name) for name in ("income", "work", "housing")},
        "levels": {name: words(name) for name in ("federal", "flemish", "local")},
        "rights": [{"id": name, "domain": domain, "level": level, "label": words(name), "rule": "income < 1500", "source": "test"}
                   for name, domain, level in RIGHTS],
    }


def plan() -> dict[str, Any]:
    """The plan as the YAML file holds it."""
    tables = ("households", "baseline", "endline", "rights", "contacts")
    return {
        "takeup": 1, "study": "rights", "title": "A small study of rights", "evidence": "randomized", "about": {"synthetic": True},
        "data": {name: {"file": f"data/{name}.csv", "schema": f"schemas/{name}.yaml", **({"measured_on": "asked_on"} if name == "endline" else {})}
                 for name in tables},
        "design": {
            "unit": "id", "treatment": "arm", "control": "usual", "draw": "blocked", "blocks": "batch", "nested_in": "manager", "received": "met",
            "assigned_on": "drawn_on", "arms": {"usual": "Usual services", "manager": "Case manager"}, "unit_label": "families",
        },
        "rights": {"catalogue": "schemas/catalogue.yaml", "contacts": "contacts"},
        "cost": {"hour": 50, "hour_range": [40, 60], "indirect": 0.5, "indirect_range": [0, 1]},
        "outcomes": [
            {"id": "support", "right": "support", "kind": "binary", "role": "primary", "family": "rights", "smallest_effect": 0.1},
            {"id": "new_rights", "right": "n_new", "family": "rights", "smallest_effect": 0.5},
            {"id": "any_new", "right": "any_new", "kind": "binary", "family": "rights"},
            {"id": "euros", "right": "euros_per_month", "waves": ["baseline", "endline"], "family": "rights"},
            {"id": "mood", "column": "mood", "waves": ["baseline", "endline"], "family": "life"},
        ],
        "analyses": {"seed": 3, "draws": 99, "estimator": "difference_in_means"},
        "release": {"profile": "public"},
        "languages": ["en", "nl", "fr"],
    }


def tables(n: int = 240, seed: int = 5, unknown: float = 0.05) -> dict[str, pd.DataFrame]:
    """Data in which a case manager makes people know, apply for and receive more; a tenth answer nothing at endline."""
    rng = np.random.default_rng(seed)
    ids, batch = np.arange(1, n + 1), np.arange(n) // 12
    treated = np.concatenate([rng.permutation(np.repeat([0, 1], 6)) for _ in range(n // 12)])
    manager = np.where(treated == 1, rng.integers(1, 7, n), 0)
    drawn = pd.Timestamp("2018-01-15") + pd.to_timedelta(30 * batch, "D")
    met = np.where((treated == 1) & (rng.random(n) < 0.9), 1, 0)
    stayed = rng.random(n) < 0.9
    households = pd.DataFrame({"id": ids, "arm": np.where(treated == 1, "manager", "usual"), "batch": batch + 1,
                               "drawn_on": drawn.strftime("%Y-%m-%d"), "manager": np.where(manager > 0, manager.astype(str), ""), "met": met})
    mood = np.round(np.clip(rng.normal(50, 15, n), 0, 100))
    later = np.round(np.clip(mood + rng.normal(2 + 3 * treated, 10, n), 0, 100))
    survey = {"baseline": pd.DataFrame({"id": ids, "mood": mood}), "endline": pd.DataFrame({
        "id": ids, "mood": later, "asked_on": (drawn + pd.Timedelta(days=190)).strftime("%Y-%m-%d")})[stayed]}
    rows, contacts = [], []
    for place, (right, domain, _) in enumerate(RIGHTS):
        entitled = rng.random(n) < 0.75
        had = entitled & (rng.random(n) < 0.2)
        lift = treated * met * 0.35
        knows = had | (rng.random(n) < 0.5 + lift)
        applied = had | (knows & entitled & (rng.random(n) < 0.5 + lift))
        granted = had | (applied & (rng.random(n) < 0.85))
        receives = had | (granted & (rng.random(n) < 0.95))
        hidden = rng.random(n) < unknown
        for unit in range(n):
            for wave in ("baseline", "endline") if stayed[unit] else ("baseline",):
                now = receives[unit] if wave == "endline" else had[unit]
                steps = (knows, applied, granted, receives) if wave == "endline" else (had,) * 4
                started = drawn[unit] + pd.Timedelta(days=int(20 + 37 * place + 11 * unit % 120))
                rows.append((ids[unit], right, wave, "" if hidden[unit] else int(entitled[unit]), *(int(step[unit]) for step in steps),
                             ("2017-06-01" if had[unit] else started.strftime("%Y-%m-%d")) if now else "", 50 + 10 * place if now else "",
                             REASONS[(unit + place) % 3] if not now and entitled[unit] and wave == "endline" else ""))
            if met[unit]:
                day = (drawn[unit] + pd.Timedelta(days=7 + 11 * place)).strftime("%Y-%m-%d")
                contacts.append((len(contacts) + 1, ids[unit], day, ("home_visit", "message")[unit % 2], 60, domain, right,
                                 ("inform", "apply", "advocate")[(unit + place) % 3]))
    held = pd.DataFrame(rows, columns=["id", "right", "wave", *STAGES, "since", "monthly_amount", "reason"])
    log = pd.DataFrame(contacts, columns=["contact", "id", "date", "channel", "minutes", "domain", "right", "action"])
    return {"households": households, **survey, "rights": held, "contacts": log}


def schemas() -> dict[str, dict[str, Any]]:
    """Table Schemas of the tables, and the catalogue."""

    def table(name: str, key: list[str], **kinds: str) -> dict[str, Any]:
        return {"name": name, "fields": [{"name": field, "type": kind} for field, kind in kinds.items()], "primaryKey": key}

    steps = dict.fromkeys(STAGES, "integer")
    return {
        "households": table("households", ["id"], id="integer", arm="string", batch="integer", drawn_on="date", manager="integer",
                            met="integer"),
        "baseline": table("baseline", ["id"], id="integer", mood="number"),
        "endline": table("endline", ["id"], id="integer", mood="number", asked_on="date"),
        "rights": table("rights", ["id", "right", "wave"], id="integer", right="string", wave="string", **steps, since="date",
                        monthly_amount="number", reason="string"),
        "contacts": table("contacts", ["contact"], contact="integer", id="integer", date="date", channel="string", minutes="integer", domain="string",
                          right="string", action="string"),
        "catalogue": catalogue(),
    }


def write(folder: Path, n: int = 240, *, data: dict[str, pd.DataFrame] | None = None, stated: dict[str, Any] | None = None) -> Path:
    """Write the study; returns the plan's path."""
    for name in ("data", "schemas"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, frame in (data or tables(n)).items():
        frame.to_csv(folder / "data" / f"{name}.csv", index=False)
    for name, schema in schemas().items():
        (folder / "schemas" / f"{name}.yaml").write_text(yaml.safe_dump(schema, sort_keys=False), encoding="utf-8")
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(stated or plan(), sort_keys=False), encoding="utf-8")
    return path
