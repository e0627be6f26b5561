"""A small synthetic MISSION, and the ways in which its files go wrong: each function spoils one thing in a study's folder."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import takeup as tu

if TYPE_CHECKING:
    from pathlib import Path

STUDY = "reports/mission"
CATALOGUE = "data_schema/mission/rights.yaml"


def write_study(folder: Path, *, seed: int = 0, n: int = 60) -> Path:
    """Write a sound study; returns the plan's path."""
    tu.demo("mission", folder, seed, n=n)
    return folder / STUDY / "plan.yaml"


def read(folder: Path, table: str) -> list[dict[str, str]]:
    """The rows of a data file."""
    with (folder / STUDY / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def write(folder: Path, table: str, rows: list[dict[str, str]]) -> None:
    """Write the rows of a data file back."""
    with (folder / STUDY / "data" / f"{table}.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def right_not_in_catalogue(folder: Path) -> None:
    """Three rows name a right by a word that the catalogue doesn't have."""
    rows = read(folder, "rights")
    for row in [row for row in rows if row["right"] == "huurpremie"][:3]:
        row["right"] = "huurpremies"
    write(folder, "rights", rows)


def typo_in_rule(folder: Path) -> None:
    """A rule reads a fact that isn't in the profile."""
    path = folder / CATALOGUE
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("rule: 'debts'", "rule: 'debt'"), encoding="utf-8")


def rule_that_stops(folder: Path) -> None:
    """A rule ends where a value should stand."""
    path = folder / CATALOGUE
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("rule: 'net_income < 2500'", "rule: 'net_income <'"), encoding="utf-8")


def received_not_eligible(folder: Path) -> int:
    """Families receive a right at baseline for which they aren't eligible; returns how many rows."""
    rows = read(folder, "rights")
    spoilt = [row for row in rows if row["wave"] == "baseline" and row["eligible"] == "0"][:4]
    for row in spoilt:
        row["receives"] = row["granted"] = row["applied"] = row["knows"] = "1"
    write(folder, "rights", rows)
    return len(spoilt)


def consent_before_birth(folder: Path) -> None:
    """Two families agreed before their child was born."""
    rows = read(folder, "households")
    for row in rows[:2]:
        row["consent_on"] = "2017-01-15"
    write(folder, "households", rows)


def family_in_both_arms(folder: Path) -> None:
    """A family stands in the roster twice, once in each arm."""
    rows = read(folder, "households")
    control = next(row for row in rows if row["arm"] == "control")
    write(folder, "households", [*rows, {**control, "arm": "outreach", "case_manager": "1"}])


def case_manager_in_control(folder: Path) -> None:
    """A control family has a case manager."""
    rows = read(folder, "households")
    next(row for row in rows if row["arm"] == "control")["case_manager"] = "1"
    write(folder, "households", rows)
