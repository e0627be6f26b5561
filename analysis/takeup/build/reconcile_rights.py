"""Whom a number over rights that differ from family to family is of, counted pair by pair (family and right) from the rows of the tables.

The chapters work with arrays of codes, one a stage and wave; here a row is a pair, and a family is in a number if one of its pairs is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.measure.rights import STAGES

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from takeup.measure.rights_catalogue import Catalogue

Mask = np.ndarray[Any, np.dtype[np.bool_]]
STATES = {"obtained": 1, "not_obtained": 0}
MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every family with every right of the catalogue.

    Attributes
    ----------
    table : DataFrame
        Indexed by row of the family and right: the right's domain and level, `entitled` and `then` (receipt) before the draw, and the stages,
        `since` and `reason` at the last wave; nan where a row or an answer isn't there.
    log : DataFrame or None
        The log of contacts with the row of the family.
    size : int
        Families.
    """

    table: DataFrame
    log: DataFrame | None
    size: int

    def families(self, pairs: Series) -> Mask:
        """(families,) those of which a pair is among these."""
        out = np.zeros(self.size, dtype=bool)
        out[self.table.index.get_level_values("row")[pairs.to_numpy(dtype=bool)]] = True
        return out

    @property
    def eligible(self) -> Series:
        """Pairs of a family with a right that it was eligible for before the draw."""
        return self.table["entitled"] == 1

    def group(self, label: str) -> Series:
        """Pairs by the label of a rate or an effect: all, ``domain_NAME`` or ``level_NAME``."""
        kind, _, name = label.partition("_")
        return self.table["domain"].notna() if kind == "all" else self.table[kind] == name

    def share(self, label: str, *, before: bool = False) -> Mask:
        """Families with a share taken up among the rights of a group: eligible for one whose receipt is known."""
        return self.families(self.eligible & self.group(label) & self.table["then" if before else "receives"].notna())

    def stages(self, domain: str = "") -> Mask:
        """Families in a cascade: eligible for a right of which every stage is known, asked or implied by another.

        A stage is implied by a later one that was reached, or an earlier one where the way ended; receipt never is.
        """
        steps, known = STAGES[1:], self.eligible & self.table["receives"].notna()
        for place, stage in enumerate(steps[:-1]):
            told = self.table[stage].notna()
            for later in steps[place + 1:]:
                told |= self.table[later] == 1
            for earlier in steps[:place]:
                told |= self.table[earlier] == 0
            known &= told
        return self.families(known & (self.table["domain"] == domain) if domain else known)

    def cause(self, variable: str = "", level: str = "") -> Mask:
        """Families that give a cause for a right they were eligible for and don't receive: any, of a level, or one reason."""
        given, reason = self.table["reason"].notna(), self.table["reason"].astype("object").astype(str)
        named = reason.str.startswith(level) if variable == "cause" else reason == level if variable else given
        return self.families(self.eligible & (self.table["receives"] == 0) & given & named)

    def element(self, state: str, action: str | None = None) -> Mask:
        """Families with a right that they lacked and then obtained or didn't; those of which an action about it was logged, before receipt."""
        import pandas as pd

        inside = self.eligible & (self.table["then"] == 0) & (self.table["receives"] == STATES[state])
        if action is None or self.log is None:
            return self.families(inside)
        mine = self.log[(self.log["action"].astype("object") == action).to_numpy(dtype=bool, na_value=False) & self.log["right"].notna().to_numpy()]
        about = mine.assign(right=mine["right"].astype(str))[[name for name in ("row", "right", "date") if name in mine.columns]]
        met = about.merge(self.table[inside]["since"].reset_index(), on=["row", "right"], how="inner")
        if "date" in met.columns:
            since, day = (pd.to_datetime(met[name]).dt.normalize() for name in ("since", "date"))
            met = met[(since.isna() | (day <= since)).to_numpy(dtype=bool)]
        out = np.zeros(self.size, dtype=bool)
        out[met["row"].to_numpy(dtype=int)] = True
        return out

    def entitled(self, right: str, *, unknown: bool = False) -> Mask:
        """Families eligible for a right before the draw, with those of whom that isn't known where asked."""
        mine = self.table.index.get_level_values("right") == right
        return self.families((self.eligible | (self.table["entitled"].isna() if unknown else False)) & mine)

    def waited(self, drawn: Series, asked: Series) -> tuple[np.ndarray[Any, np.dtype[np.float64]], dict[str, Mask]]:
        """(families,) months from the draw to the first new right, nan without one; and who has no time in the curves, by why.

        Parameters
        ----------
        drawn, asked : (families,) days of the draw and of the last interview
        """
        import pandas as pd

        rows = self.table.index.get_level_values("row")
        new = (self.table["receives"] == 1) & (self.table["then"] == 0)
        since = pd.to_datetime(self.table["since"]).dt.normalize()
        day = pd.Series(drawn.to_numpy()[rows], index=self.table.index)
        dated = new & since.notna() & day.notna() & (since >= day)
        wait = np.full(self.size, np.nan)
        first = (since - day)[dated].dt.days.groupby(level="row").min()
        wait[first.index.to_numpy(dtype=int)] = first.to_numpy(dtype=float) / MONTH
        got, heard = self.families(new), self.families(self.table["receives"].notna())
        seen = (drawn.notna() & asked.notna() & (asked >= drawn)).to_numpy(dtype=bool)
        return wait, {
            "not heard of at the last wave": ~heard, "with a new right and no day of it since the draw": got & np.isnan(wait),
            "without a new right and a day of the last interview": heard & ~got & ~seen,
        }

    def counted(self, name: str, right: str = "") -> Mask:
        """Families in a count: eligibility unknown for a right, received without being eligible, or new rights partly unknown."""
        table = self.table
        if name == "unknown_eligibility":
            return self.families(table["entitled"].isna() & (table.index.get_level_values("right") == right))
        if name == "not_entitled":
            return self.families((table["entitled"] == 0) & (table["then"] == 1))
        told = (table["receives"] == 0) | (table["then"] == 1) | ((table["receives"] == 1) & (table["then"] == 0))
        return self.families(~told) & self.families(table["receives"].notna())


def pairs(rows: DataFrame, log: DataFrame | None, catalogue: Catalogue, size: int, waves: tuple[str, ...]) -> Pairs:
    """The pairs of a study.

    Parameters
    ----------
    rows : one row a family, right and wave, with `row` of the family (`reconcile_chapters`)
    log : one row a contact, with `row`; None without
    catalogue : names the rights, their domains and levels
    size : families
    waves : the one before the draw first
    """
    import pandas as pd

    index = pd.MultiIndex.from_product([range(size), catalogue.ids], names=["row", "right"])
    at = {wave: rows[rows["wave"] == wave].drop_duplicates(["row", "right"], keep="last").set_index(["row", "right"]).reindex(index)
          for wave in dict.fromkeys((waves[0], waves[-1]))}
    out = pd.DataFrame(index=index)
    before, after = waves[0], waves[-1]
    columns = (("entitled", before, "eligible"), ("then", before, "receives"), *((stage, after, stage) for stage in STAGES[1:]))
    for name, wave, column in columns:
        codes = at[wave][column].astype("object").astype("Float64").to_numpy(dtype=float, na_value=np.nan) if column in rows.columns else np.nan
        out[name] = np.where(np.isin(codes, (0.0, 1.0)), codes, np.nan)
    for name in ("since", "reason"):
        out[name] = at[after][name] if name in rows.columns else pd.Series(pd.NaT if name == "since" else None, index=index)
    of = {right.id: (right.domain, right.level) for right in catalogue.rights}
    names = index.get_level_values("right")
    return Pairs(out.assign(domain=[of[name][0] for name in names], level=[of[name][1] for name in names]), log, size)
