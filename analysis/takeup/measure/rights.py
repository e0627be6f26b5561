"""Take-up of rights as an outcome: who was eligible, knew, applied, was granted and receives, right by right and wave by wave.

Whether a right is taken up is asked of those who were eligible *before* the draw. The programme may make people eligible (or no longer so), so
the eligible of the two arms at follow-up aren't alike, and a rate among them compares different people: that is refused.
What isn't known stays unknown (-1) and is never counted as no.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, MeasureError, collect, listed, nearest
from takeup.measure.rights_catalogue import Catalogue, read_catalogue
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pandas import DataFrame, Series

    from takeup.intake.trial import TrialData
    from takeup.plan.model import Outcome, Plan

Codes = np.ndarray[Any, np.dtype[np.int8]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

UNKNOWN = -1
ELIGIBLE, RECEIVES = "eligible", "receives"
STAGES = (ELIGIBLE, "knows", "applied", "granted", RECEIVES)
"""The way to a right, in order."""
COMPOSITES = ("any_new", "n_new", "share_held", "euros_per_month")
COLUMNS = ("right", "wave", *STAGES, "since", "monthly_amount", "reason")
AFTER = "The programme may change who is eligible, so the eligible of the arms at follow-up are no longer alike."


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Held:
    """Rights held by n units, as arrays in the order of the units.

    Attributes
    ----------
    rights : ids of the R rights
    waves : the first one before the draw
    codes : (stage, wave) -> (n, R) int8: 1 yes, 0 no, -1 unknown
    amounts : wave -> (n, R) euros a month, nan where unknown; empty where no amounts are kept
    since : (n, R) the day (datetime64) from which a right is received at the last wave, NaT where it isn't or isn't known; or None
    reasons, reason : words for why a right isn't received, and (n, R) their position, -1 where none is given
    answered : wave -> (n,) bool, units that have rows at all
    """

    rights: tuple[str, ...]
    waves: tuple[str, ...]
    codes: Mapping[tuple[str, str], Codes]
    amounts: Mapping[str, Floats]
    since: Any
    reasons: tuple[str, ...]
    reason: Any
    answered: Mapping[str, Mask]

    def __repr__(self) -> str:
        return f"Held({self.n} units, {len(self.rights)} rights, {len(self.waves)} waves)"

    @property
    def n(self) -> int:
        """Units."""
        return int(next(iter(self.codes.values())).shape[0])

    @property
    def before(self) -> str:
        """The wave before the draw."""
        return self.waves[0]

    def at(self, stage: str, wave: str) -> Codes:
        """The codes of a stage at a wave; all unknown where it wasn't asked."""
        found = self.codes.get((stage, wave))
        return np.full((self.n, len(self.rights)), UNKNOWN, dtype=np.int8) if found is None else found

    def heard(self, wave: str) -> Mask:
        """Units of which it is known, at a wave, whether they receive any right."""
        found: Mask = (self.at(RECEIVES, wave) != UNKNOWN).any(axis=1)
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rights:
    """The catalogue and what people hold of it."""

    catalogue: Catalogue
    held: Held

    def places(self, *, domain: str = "", level: str = "") -> np.ndarray[Any, np.dtype[np.int64]]:
        """Positions of the rights of a domain, of a level, or of all."""
        kept = [place for place, right in enumerate(self.catalogue.rights)
                if (not domain or right.domain == domain) and (not level or right.level == level)]
        return np.asarray(kept, dtype=np.int64)


def rights_of(plan: Plan, trial: TrialData, folder: Path) -> Rights | None:
    """The rights of a study, None where the plan names none.

    Raises
    ------
    MeasureError
        A faulty catalogue; a table or column that isn't there; rows of rights that the catalogue doesn't have, by row number.
    IntakeError
        A catalogue outside the study's folders.
    """
    if plan.rights is None:
        return None
    from takeup.intake.tables import confined

    catalogue = read_catalogue(confined(folder, plan.rights.catalogue, "rights.catalogue"))
    if plan.rights.held not in trial.tables:
        name = plan.rights.held
        raise MeasureError(Fault(f'there is no table "{name}"', "rights.held", listed(trial.tables), nearest(name, trial.tables)))
    unit = trial.columns.unit
    order = [*trial.columns.baseline[:1], *trial.columns.follow_ups] or ["baseline", "endline"]
    table = trial.tables[plan.rights.held]
    known = held(trial.units[unit], table, catalogue, unit=unit, waves=order, columns=plan.rights.columns, called=plan.data[plan.rights.held].file)
    return Rights(catalogue=catalogue, held=known)


def held(
    units: Series, table: DataFrame, catalogue: Catalogue, *, unit: str, waves: Sequence[str], columns: Mapping[str, str] = FrozenMap(),
    called: str = "",
) -> Held:
    """Put the table of rights held (one row a unit, right and wave) beside the units.

    Parameters
    ----------
    units : the units' ids in their order
    waves : the wave before the draw, then those after it
    columns : the table's own names for `COLUMNS`, where they differ
    called : how messages call the table
    """
    import pandas as pd

    names = {name: columns.get(name, name) for name in COLUMNS}
    needed = [unit, *(names[name] for name in ("right", "wave", ELIGIBLE, RECEIVES))]
    collect(MeasureError, [Fault(f'no column "{name}"', "rights", listed(table.columns), nearest(name, table.columns))
                           for name in needed if name not in table.columns])
    rights = catalogue.ids
    place = pd.Index(rights).get_indexer(pd.Index(table[names["right"]].astype("object")))
    strange = np.flatnonzero(place < 0)
    if strange.size:
        lines = listed([int(row) + 2 for row in strange])  # as in a file, whose first row has the names
        what = f"1 row names a right that isn't in the catalogue (row {lines})" if strange.size == 1 else (
            f"{strange.size} rows name a right that isn't in the catalogue (rows {lines})")
        column = f"{called}, column {names['right']}" if called else names["right"]
        raise MeasureError(Fault(what, column, listed(rights, 40), "Correct the rows, or add the right to the catalogue."))
    row = pd.Index(units).get_indexer(pd.Index(table[unit]))
    wave = pd.Index(list(waves)).get_indexer(pd.Index(table[names["wave"]].astype("object")))
    fits = (row >= 0) & (wave >= 0)
    shape = (len(units), len(rights))

    def spread(values: Any, position: int, empty: Any, dtype: Any) -> Any:
        out = np.full(shape, empty, dtype=dtype)
        here = fits & (wave == position)
        out[row[here], place[here]] = values[here]
        return out

    codes = {(stage, name): spread(_codes(table[names[stage]]), position, UNKNOWN, np.int8)
             for stage in STAGES if names[stage] in table.columns for position, name in enumerate(waves)}
    amounts: dict[str, Floats] = {}
    since, reasons, reason = None, tuple[str, ...](), None
    if names["monthly_amount"] in table.columns:
        euros = table[names["monthly_amount"]].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        amounts = {name: spread(euros, position, np.nan, np.float64) for position, name in enumerate(waves)}
    if names["since"] in table.columns:
        days = pd.to_datetime(table[names["since"]]).to_numpy().astype("datetime64[D]")
        since = spread(days, len(waves) - 1, np.datetime64("NaT", "D"), "datetime64[D]")
    if names["reason"] in table.columns:
        labels, found = pd.factorize(table[names["reason"]].astype("object"), sort=True)
        reasons, reason = tuple(map(str, found)), spread(labels, len(waves) - 1, -1, np.int16)
    answered = {}
    for position, name in enumerate(waves):
        answered[name] = np.zeros(len(units), dtype=bool)
        answered[name][row[fits & (wave == position)]] = True
    return Held(rights=rights, waves=tuple(waves), codes=MappingProxyType(codes), amounts=MappingProxyType(amounts), since=since, reasons=reasons,
                reason=reason, answered=MappingProxyType(answered))


def _codes(column: Series) -> Codes:
    """Yes, no and unknown as 1, 0 and -1."""
    values = column.astype("object").astype("Float64").to_numpy(dtype=float, na_value=float(UNKNOWN))
    odd = int((~np.isin(values, (0.0, 1.0, UNKNOWN))).sum())
    if odd:
        raise MeasureError(Fault(f"{odd} values are neither 0 nor 1", str(column.name), "0, 1 or missing", "Recode them in the crosswalk."))
    return np.asarray(values, dtype=np.int8)


def take_up(rights: Held, right: str, wave: str, *, among: str = "eligible", eligible_at: str | None = None) -> Floats:
    """Whether each unit receives a right: 1, 0, nan where it isn't known or the unit isn't asked about.

    Parameters
    ----------
    among : "eligible" (eligible for it before the draw) or "all"
    eligible_at : the wave of eligibility; only the one before the draw is allowed

    Raises
    ------
    MeasureError
        Another wave of eligibility than the one before the draw, with the reason; an unknown right.
    """
    if eligible_at is not None and eligible_at != rights.before:
        raise MeasureError(Fault(f"take-up can't be asked of those eligible at {eligible_at}. {AFTER}", "eligible_at", rights.before))
    if right not in rights.rights:
        raise MeasureError(Fault(f'there is no right "{right}" in the catalogue', "right", listed(rights.rights, 40), nearest(right, rights.rights)))
    place = rights.rights.index(right)
    received = known(rights.at(RECEIVES, wave)[:, place])
    return np.where(rights.at(ELIGIBLE, rights.before)[:, place] == 1, received, np.nan) if among == "eligible" else received


def known(codes: Codes) -> Floats:
    """Codes as numbers, nan for unknown."""
    return np.where(codes == UNKNOWN, np.nan, codes.astype(float))


def reached(rights: Held, stage: str, wave: str) -> Codes:
    """Whether a stage was reached, (n, R).

    Who is at a later stage has passed this one, so that a right given by itself breaks no cascade; who stopped at an earlier one hasn't reached
    it, so that questions that were skipped for that reason aren't taken for unknown. Receipt is what was answered.
    """
    if stage == ELIGIBLE:
        return rights.at(ELIGIBLE, rights.before)
    found = rights.at(stage, wave)
    if stage == RECEIVES:
        return found
    place = STAGES.index(stage)
    passed, stopped = np.zeros(found.shape, dtype=bool), np.zeros(found.shape, dtype=bool)
    for name in STAGES[place + 1:]:
        passed |= rights.at(name, wave) == 1
    for name in STAGES[1:place]:
        stopped |= rights.at(name, wave) == 0
    return np.where(passed, 1, np.where((found == UNKNOWN) & stopped, 0, found)).astype(np.int8)


def newly(rights: Held, wave: str) -> Codes:
    """Rights received at a wave and not before the draw, (n, R); unknown where either isn't known."""
    now, then = rights.at(RECEIVES, wave), rights.at(RECEIVES, rights.before)
    return np.where((now == 0) | (then == 1), 0, np.where((now == 1) & (then == 0), 1, UNKNOWN)).astype(np.int8)


def not_entitled(rights: Held) -> Mask:
    """Rights received before the draw by a unit that wasn't eligible for them, (n, R): the record contradicts itself, or the rule is too narrow."""
    return np.asarray((rights.at(RECEIVES, rights.before) == 1) & (rights.at(ELIGIBLE, rights.before) == 0))


def oddities(rights: Held) -> tuple[str, ...]:
    """What deserves a look in the rights held and is no fault, in words and counts."""
    odd = not_entitled(rights)
    if not odd.any():
        return ()
    many, people = int(odd.sum()), int(odd.any(axis=1).sum())
    counts = "1 right of 1 unit is" if many == 1 else f"{many} rights of {people} {'unit' if people == 1 else 'units'} are"
    return (f"{counts} received at {rights.before} without being eligible; the records stay as they are, and take-up isn't asked of them.",)


def share_reaching(rights: Held, stage: str, wave: str, places: np.ndarray[Any, Any]) -> Floats:
    """Of the rights among `places` that a unit was eligible for before the draw, the share for which it reached a stage; nan where it had none.

    Rights for which that isn't known leave both parts of the share.
    """
    entitled = rights.at(ELIGIBLE, rights.before)[:, places] == 1
    at = reached(rights, stage, wave)[:, places]
    asked = entitled & (at != UNKNOWN)
    count = asked.sum(axis=1)
    return np.asarray(np.where(count > 0, (asked & (at == 1)).sum(axis=1) / np.maximum(count, 1), np.nan))


def composite(rights: Rights, name: str, wave: str) -> Floats:
    """A number over all rights, or over one domain (``n_new_income``).

    any_new (0/1) and n_new: rights received at the wave and not before the draw. share_held: of the rights that the unit was eligible for
    before the draw. euros_per_month: amounts of the rights received; 0 where none is. Nan where the unit didn't answer.

    Raises
    ------
    MeasureError
        Something new at the wave before the draw; amounts that weren't kept.
    """
    kind, domain = split(name, rights.catalogue)
    found, places = rights.held, rights.places(domain=domain)
    if kind in {"any_new", "n_new"}:
        if wave == found.before:
            raise MeasureError(Fault("nothing is new at the wave before the draw", "waves", remedy="Name the waves after the draw only."))
        new = newly(found, wave)[:, places]
        none_known = (found.at(RECEIVES, wave)[:, places] == UNKNOWN).all(axis=1)
        count = (new == 1).sum(axis=1).astype(float)
        return np.where(none_known, np.nan, np.minimum(count, 1.0) if kind == "any_new" else count)
    if kind == "share_held":
        return share_reaching(found, RECEIVES, wave, places)
    if wave not in found.amounts:
        raise MeasureError(Fault("the table of rights has no amounts", "rights.columns", remedy="Name the column with monthly_amount."))
    receives, total = found.at(RECEIVES, wave), np.zeros(found.n)
    unanswered = np.ones(found.n, dtype=bool)
    for place in places:  # one right at a time: the arrays may be of a whole population
        total += np.where(receives[:, place] == 1, np.nan_to_num(found.amounts[wave][:, place]), 0.0)
        unanswered &= receives[:, place] == UNKNOWN
    return np.where(unanswered, np.nan, total)


def split(name: str, catalogue: Catalogue) -> tuple[str, str]:
    """A composite's kind and domain ("" for all); MeasureError for a name that is neither a right nor a composite."""
    for kind in COMPOSITES:
        domain = name[len(kind) + 1:]
        if name == kind or (name.startswith(f"{kind}_") and domain in catalogue.domains):
            return kind, domain
    options = (*catalogue.ids, *COMPOSITES, *(f"{kind}_{domain}" for kind in COMPOSITES for domain in catalogue.domains))
    allowed = f"{listed(catalogue.ids, 40)}; or {listed(COMPOSITES)}, alone or with a domain"
    raise MeasureError(Fault(f'there is no right "{name}" in the catalogue', "right", allowed, nearest(name, options)))


def outcome_values(rights: Rights | None, outcome: Outcome, wave: str) -> Floats:
    """The values of an outcome made of a right, in the order of the units."""
    if rights is None:
        raise MeasureError(Fault("the plan says nothing of rights", "right", remedy="Add a part rights: with the catalogue."))
    name = str(outcome.right)
    if name in rights.catalogue.ids:
        return take_up(rights.held, name, wave, among=outcome.among)
    return composite(rights, name, wave)


def population(rights: Rights | None, outcome: Outcome) -> Mask | None:
    """The units that an outcome is about: those eligible before the draw; None where it is about all."""
    if rights is None or outcome.right not in rights.catalogue.ids or outcome.among == "all":
        return None
    return np.asarray(rights.held.at(ELIGIBLE, rights.held.before)[:, rights.catalogue.ids.index(outcome.right)] == 1)
