"""The data files of the synthetic MIRIAM as the centres would have left them, with codes where there is no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.miriam.country import REGIONS
from takeup.demo.miriam.draws import uniform
from takeup.demo.miriam.editions import NAMES
from takeup.demo.miriam.first import CITIES, DUTCH
from takeup.demo.miriam.scores import RIGHTS, SATISFACTION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pandas import DataFrame

    from takeup.demo.miriam.answers import Two
    from takeup.demo.miriam.editions import Editions
    from takeup.demo.miriam.first import First
    from takeup.demo.mission.parameters import Parameters

Array = np.ndarray[Any, np.dtype[Any]]
REFUSED, UNKNOWN, NOT_APPLICABLE = -9, -8, -7
WHO5 = ("cheerful", "calm", "active", "rested", "interested")
WAVES = ("baseline", "endline")


def group_number(cohort: Array | int, group: Array) -> Array:
    """The number of a group in the files: year and order."""
    return np.asarray(cohort) % 100 * 1000 + group + 1


def participants(world: Editions) -> DataFrame:
    """One row a woman and cohort."""
    from pandas import DataFrame, Series, concat

    reasons = np.array(tuple(world.said["response.reasons"]))
    parts = []
    for cohort, made in world.cohorts.items():
        women = made.women
        consortium = _consortia(world, cohort)[women.centre]
        again = made.earlier >= 0
        before = world.cohorts[cohort - 1].number if again.any() else np.zeros(1, dtype=int)
        parts.append(DataFrame({
            "participant_id": made.number, "earlier_id": Series(before[made.earlier], dtype="Int64").mask(~again), "edition": NAMES[cohort],
            "cohort": cohort, "centre_id": women.centre + 1, "consortium_id": Series(consortium, dtype="Int64").mask(consortium == 0),
            "group_id": group_number(cohort, women.group), "language": np.where(women.dutch, "nl", "fr"), "age": women.age,
            "children": women.children, "youngest_age": women.youngest, "start_date": women.start, "end_date": women.end,
            "dropout_reason": np.where(women.left, reasons[women.reason], ""), "re_enrolled": again.astype(int),
        }))
    return concat(parts).sort_values("participant_id", ignore_index=True)


def _consortia(world: Editions, cohort: int) -> Array:
    """(centres,) number of the consortium of each centre, 0 outside one: the smallest that take part."""
    found = np.zeros(world.land.n, dtype=int)
    smallest = list(world.land.taking_part[cohort][::-1])
    for number, size in enumerate(world.said["size.consortia"].get(cohort, ())):
        if len(smallest) > 2 * size:
            found[smallest[:size]] = number + 1
            smallest = smallest[size:]
    return found


def survey(world: Editions, wave: str) -> DataFrame:
    """The questionnaire of all cohorts; at the end of those who answered."""
    from pandas import concat

    later = WAVES.index(wave)
    parts = []
    for cohort, made in world.cohorts.items():
        women = made.women
        days = np.floor(21 * uniform((world.seed, 70, cohort, later), women.n)).astype("timedelta64[D]")
        frame = _answered(world.said, made.answers.after if later else made.answers.before, made.rights, later, (world.seed, 71, cohort))
        frame.insert(0, "asked_on", women.end - days if later else women.start + days)
        frame.insert(0, "participant_id", made.number)
        parts.append(frame[women.answered] if later else frame)
    return concat(parts).sort_values("participant_id", ignore_index=True)


def _answered(said: Parameters, told: Mapping[str, Array], rights: Mapping[str, Two], later: int, key: tuple[int, ...]) -> DataFrame:
    """Codes by column, some of them replaced by a code for no answer."""
    from pandas import DataFrame

    columns: dict[str, Array] = {f"sat_{name}": told[name] for name in SATISFACTION if name in told}
    if "who5" in told:
        columns |= {f"who5_{name}": told["who5"][:, place] for place, name in enumerate(WHO5)}
    if "network" in told:
        columns["network_size"] = told["network"]
    if "empowerment" in told:
        columns |= {f"emp_{place + 1:02d}": told["empowerment"][:, place] for place in range(told["empowerment"].shape[1])}
    columns |= {name: rights[name][later].astype(int) for name in RIGHTS}
    n = rights[RIGHTS[0]][0].size
    for place, (name, values) in enumerate(columns.items()):
        luck = uniform((*key, later, place), n)
        share = said["response.item_missing"]
        columns[name] = np.where(luck < 0.4 * share, REFUSED, np.where(luck < share, UNKNOWN, values))
    nobody = uniform((*key, 9), n) < said["response.no_alimony_due"]
    columns["alimony_claimed"] = np.where(nobody, NOT_APPLICABLE, columns["alimony_claimed"])
    return DataFrame(columns)


def sessions(world: Editions) -> DataFrame:
    """The sessions of the last cohort: of the group every fortnight, and a talk alone in the week after every other one, until she leaves."""
    from pandas import DataFrame, concat

    made = world.cohorts[max(world.cohorts)]
    women, said = made.women, world.said
    every = said["programme.every_days"]
    most = int((women.end.max() - women.start.min()).astype(int)) // every + 1
    flat, slope = said["programme.talk"]
    parts = []
    for kind, step, after, chance in (("group", 1, 0, women.attendance), ("individual", 2, every // 2, flat + slope * women.attendance)):
        count = -(-most // step)
        dates = women.start[:, None] + (np.arange(count) * step * every + after).astype("timedelta64[D]")
        row, place = np.nonzero(dates <= women.end[:, None])
        came = uniform((world.seed, 72, step), women.n, count)[row, place] < chance[row]
        parts.append(DataFrame({"participant_id": made.number[row], "session_date": dates[row, place], "kind": kind, "attended": came.astype(int)}))
    return concat(parts).sort_values(["participant_id", "session_date"], ignore_index=True, kind="stable")


def centres(world: Editions) -> DataFrame:
    """All centres of the country."""
    from pandas import DataFrame

    land = world.land
    return DataFrame({"centre_id": np.arange(land.n) + 1, "region": np.array(REGIONS)[land.region], "language": np.where(land.dutch, "nl", "fr"),
                      "recipients": land.recipients})


def participation(world: Editions) -> DataFrame:
    """Places by centre and cohort: a dozen and one for each group."""
    from pandas import DataFrame, concat

    parts = []
    for cohort, made in world.cohorts.items():
        centre, groups = np.unique(made.women.centre_of, return_counts=True)
        parts.append(DataFrame({"centre_id": centre + 1, "year": cohort, "places": 13 * groups}))
    return concat(parts).sort_values(["centre_id", "year"], ignore_index=True)


def first_participants(world: First) -> DataFrame:
    """The women of edition 1.0."""
    from pandas import DataFrame, Series

    reasons = np.array(tuple(world.said["response.reasons"]))
    cities = np.array(CITIES)
    frame = DataFrame({
        "participant_id": world.number, "edition": "1.0", "cohort": world.cohort, "centre_id": world.city + 1, "city": cities[world.city],
        "group_id": Series(group_number(world.cohort, world.group), dtype="Int64").mask(~world.miriam),
        "arm": np.where(world.miriam, "miriam", "comparison"), "language": np.where(DUTCH[world.city], "nl", "fr"), "age": world.age,
        "children": world.children, "youngest_age": world.youngest, "start_date": world.start, "end_date": world.end,
        "dropout_reason": np.where(world.answered, "", reasons[world.reason]), "re_enrolled": 0,
    })
    return frame.sort_values("participant_id", ignore_index=True)


def first_survey(world: First, wave: str) -> DataFrame:
    """The questionnaire of edition 1.0."""
    later = WAVES.index(wave)
    days = np.floor(21 * uniform((world.seed, 73, later), world.miriam.size)).astype("timedelta64[D]")
    frame = _answered(world.said, world.answers.after if later else world.answers.before, world.rights, later, (world.seed, 74))
    frame.insert(0, "asked_on", world.end - days if later else world.start + days)
    frame.insert(0, "participant_id", world.number)
    return (frame[world.answered] if later else frame).sort_values("participant_id", ignore_index=True)
