"""Synthetic trials with a known answer, for the size and coverage of every estimator.

A world draws potential outcomes once a replication; assignment is by the design under test. Under the sharp null both potential outcomes
are equal; under the weak null the average effect is zero and the spread differs by arm. Outcomes are skewed (log-normal) where the name
says so. Nothing here is taken from a real person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

import takeup as tu


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One cell of the table of simulations.

    Attributes
    ----------
    n : rows; share : treated share; clusters : number of clusters drawn, or None for units
    null : "sharp" (no effect for anybody), "weak" (average zero, spread doubled by treatment) or "effect" (constant 0.5)
    skewed : log-normal errors instead of normal ones
    providers : case managers who exist in the treated arm only and share a part of their families' outcomes, or None
    """

    n: int
    share: float = 0.5
    clusters: int | None = None
    null: str = "sharp"
    skewed: bool = False
    providers: int | None = None

    @property
    def name(self) -> str:
        level = f"{self.clusters} clusters" if self.clusters else f"{self.providers} providers" if self.providers else "units"
        ratio = "1:1" if self.share == 0.5 else "1:5"
        return f"n {self.n}, {level}, {ratio}, {self.null} null{', skewed' if self.skewed else ''}"

    @property
    def truth(self) -> float:
        return 0.5 if self.null == "effect" else 0.0

    @property
    def design(self) -> tu.Design:
        if self.clusters:
            return tu.Design("arm", 0, draw="clustered", clusters="site")
        return tu.Design("arm", 0, nested_in="provider") if self.providers else tu.Design("arm", 0)

    def frame(self, generator: np.random.Generator) -> pd.DataFrame:
        """One trial: baseline, outcome, 0/1 outcome, assignment, receipt and site."""
        units = self.clusters or self.n
        site = np.arange(self.n) % units
        arm = np.zeros(units, dtype=int)
        arm[generator.permutation(units)[: max(2, round(self.share * units))]] = 1
        treated = arm[site]
        before = generator.normal(size=self.n)
        noise = np.exp(generator.normal(size=self.n)) - np.exp(0.5) if self.skewed else generator.normal(size=self.n)
        shared = generator.normal(scale=0.4, size=units)[site] if self.clusters else 0.0
        control = 0.5 * before + noise + shared
        spread = noise - noise.mean() + 0.3 * (before - before.mean())
        change = spread if self.null == "weak" else np.full(self.n, self.truth)
        after = control + change * treated
        received = treated * (generator.uniform(size=self.n) < 0.7)
        made = {"arm": treated, "before": before, "after": after, "yes": (control > 0).astype(int), "received": received, "site": site}
        if self.providers:
            provider = generator.permutation(self.n) % self.providers
            made["after"] = after + treated * generator.normal(scale=0.25, size=self.providers)[provider]
            made["provider"] = np.where(treated == 1, provider.astype(float), np.nan)
        return pd.DataFrame(made)


def worlds() -> list[World]:
    """The cells of the table."""
    cells = [
        World(n=n, share=share, null=null, skewed=skewed)
        for n in (30, 60, 133, 400) for share in (0.5, 1 / 6) for null in ("sharp", "weak") for skewed in (False, True)
    ]
    cells += [World(n=clusters * 10, clusters=clusters, share=share, null=null) for clusters in (6, 10, 40) for share in (0.5, 1 / 6)
              for null in ("sharp", "weak") if round(share * clusters) >= 2]
    cells += [World(n=n, providers=5, null=null) for n in (60, 133) for null in ("sharp", "weak")]
    return cells
