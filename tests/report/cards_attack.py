"""An attack on masked numbers of cards.

Whoever holds all the cards knows each number that is shown, the exact number of women behind every part's questions, unless they are too few to be
told, and the exact totals of all parts: more than the cards say (unless `exact` is false: then the totals as they are shown). It's a linear program
that knows nothing of how the gate works.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy.optimize import linprog

from takeup.release.gate import gate
from takeup.release.suppress import is_withheld
from takeup.results import Estimate


def counted(results):
    """Shares by what they are of, an arm's apart: (true people, women, id) of each centre, place or edition."""
    tables = defaultdict(dict)
    for item in results:
        if not isinstance(item, Estimate) and item.kind == "share" and item.n:
            level = item.level or item.extra.get("level")
            if level is not None:
                tables[item.variable, item.wave, item.arm][str(level)] = (item.count, item.n, item.provenance.id)
    return tables


def reach_of(counts, sizes, shown, rules, cell, *, exact=True):
    """How far apart the numbers are that a hidden part could have: they add up to the whole, none exceeds its size unless that is withheld too."""
    total = sum(counts)
    lowest, highest = (total, total) if exact else rules.span(total, sum(sizes))
    bounds = []
    for count, size, seen in zip(counts, sizes, shown, strict=True):
        top = total if rules.small(size) else size
        bounds.append(tuple(rules.span(count, size)) if seen else (0, top))
    ones = np.ones((1, len(counts)))
    sums, limits = np.vstack([ones, -ones]), [highest, -lowest]
    ends = [sign * linprog(sign * np.eye(len(counts))[cell], A_ub=sums, b_ub=limits, bounds=bounds, method="highs").fun for sign in (1, -1)]
    return ends[1] - ends[0]


def told(sections, rules, name="sites", *, exact=True):
    """Hidden parts that an attacker tells to within fewer people than the minimum cell asks; and how many are hidden. All sections are released."""
    after = {item.provenance.id: item for results in gate(sections, rules).sections.values() for item in results}
    found = hidden = 0
    for cells in counted(sections[name]).values():
        rows = list(cells.values())
        shown = [not is_withheld(after[name]) for _, _, name in rows]
        counts, sizes = [count for count, _, _ in rows], [n for _, n, _ in rows]
        for place, (count, size, _) in enumerate(rows):
            if not shown[place] and (0 < count < rules.cell or 0 < size - count < rules.cell):
                hidden += 1
                found += reach_of(counts, sizes, shown, rules, place, exact=exact) < min(rules.width, size) - 1e-6
    return found, hidden


def means_told(sections, rules, *names):
    """Hidden means of parts that the whole less the shown ones gives away: those hidden alone, or with too few women together."""
    after = {item.provenance.id: item for results in gate(sections, rules).sections.values() for item in results}
    groups = defaultdict(list)
    for item in (item for name in names or ("sites",) for item in sections[name]):
        if "level" in item.extra and (isinstance(item, Estimate) or item.kind == "mean"):
            key = (item.outcome, item.estimand) if isinstance(item, Estimate) else (item.variable, item.wave, item.arm)
            groups[key].append((item.n, is_withheld(after[item.provenance.id])))
    sets = [[n for n, gone in members if gone] for members in groups.values()]
    return sum(bool(sizes) and (len(sizes) < 2 or sum(sizes) < rules.cell) for sizes in sets), sum(map(bool, sets))
