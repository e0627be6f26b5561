"""Every n of a study without arms held against its flow: whom a number is of, as a mask over the people, counted apart from the chapters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault
from takeup.measure.outcomes import BASELINE, item_column
from takeup.results import Bounds, Estimate, ResultSet, Statistic, Test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pandas import DataFrame

    from takeup.plan.model import Outcome
    from takeup.study.material import Material

Mask = np.ndarray[Any, np.dtype[np.bool_]]
REMEDY = "Please report it with the plan; no number of this build is to be used."


def one_group(material: Material, sections: Mapping[str, ResultSet]) -> Iterator[Fault]:
    """What doesn't fit, chapter by chapter."""
    people = People(material, material.frame)
    yield from _flow(people, sections)
    for name, whom in CHAPTERS.items():
        for item in sections.get(name, ()):
            mask = whom(people, item) if item.n else None
            if mask is not None:
                yield from _held(item, int(mask.sum()), item.n, "its n isn't those whom it is of")
            if mask is not None and isinstance(item, Estimate | Bounds) and name in {"changes", "regression", "robustness"}:
                yield from _missing(people, item, mask)
            if mask is not None and isinstance(item, Estimate) and item.n_clusters and name in CLUSTERED:
                yield from _held(item, _groups(people, item, mask), item.n_clusters, "its number of groups isn't theirs")
    yield from _parts(people, sections)
    yield from _reach(people, sections.get("reach", ResultSet()))


def _held(item: Any, expected: int, found: int, what: str) -> Iterator[Fault]:
    if expected != found:
        yield Fault(f"{what}: the flow leads to {expected}, the result says {found}", item.provenance.id, remedy=REMEDY)


@dataclass(frozen=True, slots=True)
class People:
    """Those of the analysed cohort, or of all of them where `frame` is everyone; `_memo` holds what was counted once."""

    material: Material
    frame: DataFrame
    _memo: dict[Any, Any] = field(default_factory=dict)

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` makes, made once."""
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]

    def has(self, *columns: str) -> Mask:
        """Those with a value in each of the columns."""
        found: Mask = self.once(columns, lambda: self.frame[list(columns)].notna().to_numpy().all(axis=1))
        return found

    def outcome(self, item: Any) -> Outcome:
        """The outcome that a result is about: the plan's line, else its name."""
        path = item.provenance.plan_path
        if path.startswith("outcomes["):
            return self.material.plan.outcomes[int(path[9:-1])]
        name = item.variable.partition(".")[0] if isinstance(item, Statistic) else item.outcome
        return self.material.plan.outcome(name)

    def began(self, outcome: Outcome) -> Mask:
        """Measured at the start."""
        return self.has(outcome.id + BASELINE)

    def twice(self, outcome: Outcome) -> Mask:
        """Measured at the start and at the end."""
        return self.has(outcome.id + BASELINE, outcome.id)

    def at(self, outcome: Outcome, wave: str) -> Mask:
        """Measured at a wave."""
        return self.began(outcome) if wave == outcome.waves[0] else self.has(outcome.id)

    def programme(self, part: str) -> str | None:
        """The column of a part of the programme."""
        named = None if self.material.plan.programme is None else getattr(self.material.plan.programme, part)
        return None if named is None else self.material.trial.resolve(named)

    def of(self, part: str, label: str) -> Mask:
        """Those of a centre, an edition or a language, by its label."""
        name = self.programme(part)
        assert name is not None
        labels = self.once((name, "labels"), lambda: self.frame[name].astype("object").map(str, na_action="ignore"))
        found: Mask = self.once((name, label), lambda: (labels == label).to_numpy(dtype=bool, na_value=False))
        return found

    def came(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(people,) the share of the sessions on their list that they came to; nan without a list."""
        found: np.ndarray[Any, np.dtype[np.float64]] = self.once("came", self._came)
        return found

    def _came(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        programme, unit = self.material.plan.programme, self.material.trial.columns.unit
        assert programme is not None
        log = self.material.trial.tables[str(programme.sessions)]
        told = log[log["attended"].notna() & log[unit].notna()]
        share = told["attended"].astype("Float64").groupby(told[unit].astype("object")).agg(lambda part: float(part.sum()) / len(part))
        return np.asarray(self.frame[unit].astype("object").map(share).to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)

    def stayed(self) -> Mask:
        """Answered anything at the last wave."""
        found: Mask = self.once("stayed", lambda: np.logical_or.reduce([self.has(outcome.id) for outcome in self.material.plan.outcomes]))
        return found


def _everyone(people: People) -> People:
    """All of every edition."""
    found: People = people.once("everyone", lambda: People(people.material, people.material.everyone))
    return found


def _flow(people: People, sections: Mapping[str, ResultSet]) -> Iterator[Fault]:
    """The boxes are counts of people, made of their parts."""
    everybody, left = len(people.frame), people.programme("left")
    if left is None and people.material.plan.flow.status is not None:
        left = people.material.trial.resolve(people.material.plan.flow.status)
    stayed = people.frame[left].isna().to_numpy(dtype=bool) if left is not None else None
    boxes = {(item.variable, item.level, item.wave): item for item in sections["flow"]}
    for (name, level, wave), item in boxes.items():
        known: dict[str, Any] = {"started": everybody}
        if stayed is not None:
            known |= {"completed": int(stayed.sum()), "left": int((~stayed).sum())}
        here = np.zeros(everybody, dtype=bool)
        for outcome in people.material.plan.outcomes:
            if wave in {outcome.waves[0], outcome.follow_up}:
                here |= people.at(outcome, wave)
        known |= {"measured": int(here.sum()), "followed_up": int(here.sum()), "lost": int((~here).sum())}
        known["excluded"] = boxes["assessed", "", ""].n - everybody if name == "excluded" else None
        if name == "analysed":
            yield from _held(item, int(people.twice(people.material.plan.outcome(level)).sum()), item.n, "its n isn't those with both measurements")
        elif not level and known.get(name) is not None:
            yield from _held(item, known[name], item.n, "the box isn't those whom it is of")
        elif level and not _adds_up(boxes, name, wave):
            yield from _held(item, boxes[name, "", wave].n, sum(_reasons(boxes, name, wave)), "the reasons don't make the box")


def _reasons(boxes: Mapping[tuple[str, str, str], Statistic], name: str, wave: str) -> list[int]:
    return [item.n for key, item in boxes.items() if key[0] == name and key[1] and key[2] == wave]


def _adds_up(boxes: Mapping[tuple[str, str, str], Statistic], name: str, wave: str) -> bool:
    return sum(_reasons(boxes, name, wave)) == boxes[name, "", wave].n


def _missing(people: People, item: Any, inside: Mask) -> Iterator[Fault]:
    """Those without a change: of all who started, or of those measured then where they count."""
    outcome = people.outcome(item)
    whole = people.began(outcome) if item.method in {"weighted", "unchanged", "manski"} else np.ones(inside.size, dtype=bool)
    yield from _held(item, int((whole & ~people.twice(outcome)).sum()), item.n_missing, "its missing aren't those without a change")
    yield from _held(item, item.n, item.n_treated + item.n_control, "its parts don't add up to its n")


def _groups(people: People, item: Estimate, inside: Mask) -> int:
    """How many groups of the design those of a number lie in; centres where it is clustered by them."""
    whole = _everyone(people) if item.provenance.id.startswith("cohort.") else people
    name = people.programme("centre") if item.method == "by_centre" else people.material.trial.clusters
    return int(whole.frame[str(name)][inside].nunique())


def _reach(people: People, results: ResultSet) -> Iterator[Fault]:
    """Centres are those of their table, those that take part the ones with a place in the year; the bars are all of them."""
    programme = people.material.plan.programme
    told = [item for item in results if isinstance(item, Statistic)]
    if programme is None or not told:
        return
    tables, key = people.material.trial.tables, str(programme.centre).rpartition(".")[2]
    centres, past = tables[str(programme.centres)], tables[str(programme.participation)]
    size = centres[key].map(centres.drop_duplicates(key).set_index(key)["recipients"])
    for item in told:
        year = item.extra.get("year", item.level and int(item.level)) or next(one.extra["year"] for one in told if "year" in one.extra)
        then = past[past["year"] == year]
        joins = centres[key].isin(set(then[key]))
        if item.variable == "year":
            yield from _held(item, int(then[key].nunique()), int(item.extra["taking_part"]), "it isn't the centres with a place that year")
        if item.variable in {"year", "all"}:
            yield from _held(item, len(centres), int(item.extra["centres"]), "they aren't the centres of the table")
        if item.variable == "all":
            yield from _held(item, int(joins.sum()), int(item.extra["taking_part"]), "they aren't the centres that take part")
            for field in ("centres", "taking_part"):
                bars = [one for one in told if one.variable == "bar"]
                for bar in bars if sum(one.extra[field] for one in bars) != item.extra[field] else ():
                    yield from _held(bar, int(item.extra[field]), int(sum(one.extra[field] for one in bars)), "the bars don't make all centres")
        elif item.variable.startswith("largest_"):
            yield from _held(item, min(int(item.variable[8:]), len(centres)), int(item.extra["centres"]), "they aren't so many centres")
        elif item.variable in {"pool", "pool_all"}:
            sent = programme.expected_share * float((size[joins] if item.variable == "pool" else size).sum())
            yield from _held(item, round(sent), round(item.value), "it isn't the share expected of the centres")
        elif item.variable == "places":
            there = then if item.level else then[then[key].isin(set(centres[key]))]
            yield from _held(item, int(there["places"].sum()), round(item.value), "they aren't the places of that year")


def _changes(people: People, item: Any) -> Mask:
    return people.twice(people.outcome(item))


def _improved(people: People, item: Any) -> Mask:
    outcome = people.outcome(item)
    return people.at(outcome, item.wave) if isinstance(item, Statistic) and item.table == "answers" else people.twice(outcome)


def _robustness(people: People, item: Any) -> Mask:
    outcome, centre = people.outcome(item), people.programme("centre")
    if item.method in {"unchanged", "manski"}:
        return people.began(outcome)
    return people.twice(outcome) & people.has(centre) if item.method == "by_centre" and centre else people.twice(outcome)


def _distributions(people: People, item: Any) -> Mask:
    return people.at(people.outcome(item), item.wave)


def _completers(people: People, item: Any) -> Mask | None:
    everybody = np.ones(len(people.frame), dtype=bool)
    if isinstance(item, Test) or item.table == "lost":
        return everybody
    if item.table == "groups":  # of groups, not of people: the first row of each
        return ~people.frame[str(people.material.trial.clusters)].duplicated().to_numpy()
    if item.table == "reasons":
        told = (item.variable,) if item.variable in people.frame.columns else (str(people.programme("start")), str(people.programme("end")))
        return people.of("left", str(item.extra["level"])) & people.has(*told)
    if item.variable not in people.frame.columns:
        return None
    side = {"answered": people.stayed(), "lost": ~people.stayed()}.get(item.arm, everybody)
    return people.has(item.variable) & (everybody if item.kind == "standardized_difference" else side)


def _sites(people: People, item: Any) -> Mask:
    """Of a centre, or of all of them: those measured twice, those who came, those who began."""
    centre, group = people.programme("centre"), people.programme("group")
    if isinstance(item, Estimate):
        known = people.has(*(name for name in (centre, group) if name is not None))
        return people.twice(people.outcome(item)) & _place(people, "centre", item) & known
    return np.ones(len(people.frame), dtype=bool) if item.variable in {"women", centre} else _within(people, "centre", item)


def _place(people: People, part: str, item: Any) -> Mask:
    label = item.extra.get("level", "")
    return people.of(part, str(label)) if label else np.ones(len(people.frame), dtype=bool)


def _within(people: People, part: str, item: Any) -> Mask:
    """Of a centre or an edition: who began, who has a list of sessions, who was measured twice."""
    place = _place(people, part, item)
    if item.variable == "stayed":
        return place
    return place & (~np.isnan(people.came()) if item.variable == "attendance" else people.twice(people.outcome(item)))


def _editions(people: People, item: Any) -> Mask:
    return _within(_everyone(people), "cohort", item)


def _dose(people: People, item: Any) -> Mask | None:
    if isinstance(item, Statistic) and item.variable == "months":
        both = people.has(str(people.programme("start")), str(people.programme("end")))
        return both & _centres(people)[item.extra["level"]] if "level" in item.extra else both
    came = people.came()
    if isinstance(item, Statistic):
        return np.asarray(~np.isnan(came), dtype=bool)
    inside = people.twice(people.outcome(item)) & ~np.isnan(came)
    low, high = item.extra.get("from_share", 0.0), item.extra.get("to_share", 1.0)
    return np.asarray(inside & (came >= low) & ((came < high) | (high == 1.0)), dtype=bool)


def _centres(people: People) -> dict[str, Mask]:
    """Those of a centre that takes part for the first time in their edition, and those of another one."""
    programme = people.material.plan.programme
    assert programme is not None
    past = people.material.trial.tables[str(programme.participation)]
    first = past.groupby(str(programme.centre).rpartition(".")[2])["year"].min()
    edition = people.frame[str(people.programme("cohort"))].to_numpy(dtype=np.float64, na_value=np.nan)
    began = people.frame[str(people.programme("centre"))].map(first).to_numpy(dtype=np.float64, na_value=np.nan)
    return {"new": began >= edition, "known": began < edition}


def _cohorts(people: People, item: Any) -> Mask:
    everyone = _everyone(people)
    if isinstance(item, Statistic):
        return np.ones(len(everyone.frame), dtype=bool)
    inside = everyone.twice(everyone.outcome(item)) & everyone.has(str(people.programme("cohort")))
    return inside if item.term == "trend" else inside & everyone.of("cohort", item.term)


def _invariance(people: People, item: Any) -> Mask:
    """Those who answered every item at the start, in the languages that are compared."""
    outcome = people.outcome(item)
    items = [item_column(people.material.plan, people.material.trial, name, outcome.waves[0]) for name in outcome.items]
    known = people.has(*items, str(people.programme("language")))
    named = [str(item.extra[name]) for name in ("level", "reference", "compared") if name in item.extra]
    return known & np.logical_or.reduce([people.of("language", name) for name in named]) if named else known


def _parts(people: People, sections: Mapping[str, ResultSet]) -> Iterator[Fault]:
    """Shares of the whole count those of the centre, of the edition, and those lost."""
    for item in sections.get("sites", ()):
        if isinstance(item, Statistic) and item.count is not None and item.variable == people.programme("centre"):
            yield from _held(item, int(people.of("centre", item.level).sum()), item.count, "its count isn't the centre's people")
        elif isinstance(item, Estimate) and item.n and item.n_missing:
            yield from _held(item, len(people.frame) - item.n, item.n_missing, "its missing aren't those without both measurements")
    everyone = _everyone(people)
    for item in sections.get("cohorts", ()):
        if isinstance(item, Statistic):
            yield from _held(item, int(everyone.of("cohort", item.level).sum()), item.count or 0, "its count isn't the edition's people")
    for item in sections.get("completers", ()):
        if isinstance(item, Statistic) and item.table == "lost":
            yield from _held(item, int((~people.stayed()).sum()), item.count or 0, "its count isn't those lost")


CLUSTERED = frozenset({"changes", "robustness", "dose", "cohorts"})
CHAPTERS: Mapping[str, Callable[[People, Any], Mask | None]] = {
    "changes": _changes, "improved": _improved, "regression": _changes, "robustness": _robustness, "distributions": _distributions,
    "completers": _completers, "sites": _sites, "dose": _dose, "cohorts": _cohorts, "editions": _editions,
    "invariance": _invariance,
}
"""By chapter, whom a result is of; a result of nobody (no n) is one that wasn't estimated."""
