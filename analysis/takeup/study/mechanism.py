"""The chapter of how it came about: contacts, dose, the chain from contact to well-being, and what was done before rights were obtained."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import TakeupError
from takeup.measure.outcomes import baseline_of
from takeup.measure.rights import ELIGIBLE, RECEIVES, composite, newly
from takeup.release.magnitude import LARGEST, largest
from takeup.results import Estimate, FrozenMap, ResultSet, Statistic
from takeup.study.cascade import steps
from takeup.study.effects import intention_to_treat
from takeup.study.material import slug
from takeup.study.questions import questions
from takeup.study.takeup import effect, takers_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame

    from takeup.plan.model import Outcome
    from takeup.study.material import Material
    from takeup.study.takeup import Named, Takers

RUNGS = (1, 2, 5, 10, 20, 30, 50, 100)
"""Rungs of the dose ladder: at least so many contacts."""
DESCRIBED = "Description, not an effect: what was done for a family followed from its situation."


def mechanism(material: Material) -> ResultSet:
    """All results of the chapter; empty for a study without rights."""
    takers = takers_of(material)
    if takers is None:
        return ResultSet()
    log = contacts_of(material)
    found: list[Named] = []
    if log is not None:
        found += [*_dose(takers, log), *_contacts(takers, log), *_elements(takers, log)]
    found += [*_chain(material, takers, log), *_mediation(material, takers)]
    return ResultSet(tuple(material.stamp(result, name, "rights") for name, result in found))


def contacts_of(material: Material) -> DataFrame | None:
    """The log of contacts with the row of each unit in ``row``; None where the plan names no log."""
    import pandas as pd

    rights = material.plan.rights
    if rights is None or rights.contacts is None or rights.contacts not in material.trial.tables:
        return None
    table = material.trial.tables[rights.contacts]
    table = table.rename(columns={given: name for name, given in rights.columns.items() if given in table.columns})
    unit = material.trial.columns.unit
    row = pd.Index(material.frame[unit]).get_indexer(pd.Index(table[unit]))
    kept: DataFrame = table.assign(row=row)[row >= 0]
    return kept


def _per_unit(takers: Takers, log: DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Contacts of each unit."""
    return np.bincount(log["row"].to_numpy(dtype=np.int64), minlength=len(takers.frame)).astype(float)


def _dose(takers: Takers, log: DataFrame) -> Iterator[Named]:
    """The dose ladder: shares of each arm with at least so many contacts, and the effect of assignment on their number."""
    number = _per_unit(takers, log)
    everybody = np.ones(number.size, dtype=bool)
    for arm in takers.all_arms():
        here = number[takers.rows(arm)]
        for rung in (step for step in RUNGS if step <= number.max(initial=0)):
            yield f"dose.{rung}.{slug(arm)}", Statistic(
                table="dose", variable="contacts", wave=f"{rung:03d}", arm=str(arm), kind="share", n=here.size, count=int((here >= rung).sum()),
                value=float((here >= rung).mean()) if here.size else math.nan, extra=FrozenMap(rung=rung), reason=DESCRIBED,
            )
    for arm in takers.arms:
        yield f"dose.contacts{takers.suffix(arm)}", effect(takers, "contacts", number, everybody, arm, term="dose")


def _contacts(takers: Takers, log: DataFrame) -> Iterator[Named]:
    """Mean number of contacts of a family, by channel, domain, action and who took the initiative; `count` is families with any."""
    for kind in ("channel", "domain", "action", "initiator"):
        if kind not in log.columns:
            continue
        labels = log[kind].astype("object")
        for level in sorted(labels.dropna().unique(), key=str):
            part = log[(labels == level).to_numpy(dtype=bool, na_value=False)]
            number = _per_unit(takers, part)
            for arm in takers.arms:
                here = number[takers.rows(arm)]
                yield f"contacts.{kind}.{slug(level)}.{slug(arm)}", Statistic(
                    table="contacts", variable=kind, level=str(level), arm=str(arm), kind="mean", n=here.size, count=int((here > 0).sum()),
                    value=float(here.mean()) if here.size else math.nan, extra=FrozenMap({LARGEST: largest(here)}),
                )


def _elements(takers: Takers, log: DataFrame) -> Iterator[Named]:
    """Of the rights that a family lacked and was entitled to, the share about which each action was logged (before receipt, where its day is known).

    One row for rights then obtained and one for rights that weren't: which actions precede which outcome, a description.
    """
    import pandas as pd

    if not {"right", "action"} <= set(log.columns):
        return
    held = takers.rights.held
    about = log[log["right"].notna() & log["action"].notna()]
    place = pd.Index(held.rights).get_indexer(pd.Index(about["right"].astype("object")))
    about, place = about[place >= 0], place[place >= 0]
    row = about["row"].to_numpy(dtype=np.int64)
    early = np.ones(row.size, dtype=bool)
    if held.since is not None and "date" in about.columns:
        since, day = held.since[row, place], pd.to_datetime(about["date"]).to_numpy().astype("datetime64[D]")
        early = np.isnat(since) | (day <= since)
    lacked = (held.at(ELIGIBLE, takers.before) == 1) & (held.at(RECEIVES, takers.before) == 0)
    obtained = newly(held, takers.after)
    for action in sorted(about["action"].astype("object").unique(), key=str):
        done = np.zeros(lacked.shape, dtype=bool)
        mine = (about["action"].astype("object") == action).to_numpy(dtype=bool) & early
        done[row[mine], place[mine]] = True
        for arm in takers.arms:
            for level, state in (("obtained", 1), ("not_obtained", 0)):
                pairs = lacked & (obtained == state) & takers.rows(arm)[:, None]
                total = int(pairs.sum())
                yield f"elements.{slug(action)}.{level}.{slug(arm)}", Statistic(
                    table="elements", variable=f"{action}.{level}", arm=str(arm), kind="mean", n=int(pairs.any(axis=1).sum()),
                    count=int((pairs & done).any(axis=1).sum()), value=float((pairs & done).sum()) / total if total else math.nan,
                    extra=FrozenMap(action=str(action), state=level), reason=DESCRIBED if total else "There are no such rights.",
                )


def last_link(material: Material) -> Outcome | None:
    """The outcome at the end of the chain: the first primary one that isn't made of a right, else the first such outcome."""
    others = [outcome for outcome in material.plan.outcomes if outcome.right is None]
    return next((outcome for outcome in others if outcome.role == "primary"), others[0] if others else None)


def _chain(material: Material, takers: Takers, log: DataFrame | None) -> Iterator[Named]:
    """The effect of assignment on every link: contact, knowledge, application, grant, receipt, well-being."""
    everybody = np.ones(len(takers.frame), dtype=bool)
    links: list[tuple[str, Any, Any]] = [] if log is None else [("contact", (_per_unit(takers, log) > 0).astype(float), None)]
    places = takers.rights.places()
    then = steps(takers, places, takers.before)
    links += [(stage, values, then[stage]) for stage, values in steps(takers, places).items()]
    for name, values, baseline in links:
        for arm in takers.arms:
            yield f"chain.{name}{takers.suffix(arm)}", effect(takers, name, values, everybody, arm, term="chain", baseline=baseline)
    end = last_link(material)
    for item in questions(material):
        if item.outcome is end:
            yield f"chain.{end.id}{item.end}", intention_to_treat(material, item).replace(term="chain")


def _mediation(material: Material, takers: Takers) -> Iterator[Named]:
    """How much of the effect at the end of the chain runs through new rights, under an assumption that the draw doesn't guarantee."""
    from takeup.estimate.mediation import mediate

    end = last_link(material)
    if end is None:
        return
    own = baseline_of(end)
    frame = takers.frame.assign(**{"new rights": composite(takers.rights, "n_new", takers.after)})
    for arm in takers.arms:
        try:
            found = mediate(frame, end.id, "new rights", takers.design, covariates=() if own is None else (own,), arm=arm,
                            conf_level=takers.conf_level)
        except TakeupError as error:
            found = ResultSet((Estimate(outcome=end.id, estimand="mediation", term="acme", arm=str(arm), estimate=math.nan, method="mediation",
                                        conf_level=takers.conf_level, reason=str(error)),))
        for item in found:
            yield f"mediation.{item.term}{takers.suffix(arm)}", replace(item, arm=str(arm))
