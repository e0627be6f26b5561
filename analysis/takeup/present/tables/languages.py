"""Whether the questionnaire measures the same in its languages: reliability, loadings, and items that differ at equal score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.catalogue import mark
from takeup.present.reading import section
from takeup.present.tables.model import EMPTY, Column, Maker, Row, Table, text_cell
from takeup.results import Estimate

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released

SAME = {"equal": mark("the same"), "fair": mark("fairly similar"), "unequal": mark("not the same")}
SIZES = {"none": mark("no"), "small": mark("yes, small"), "moderate": mark("yes, moderate"), "large": mark("yes, large")}


def _estimates(released: Released) -> list[Estimate]:
    return [item for item in section(released, "invariance") if isinstance(item, Estimate)]


def _by(found: list[Estimate]) -> str:
    return next((str(item.extra["by"]) for item in found if "by" in item.extra), "")


def scale_languages(released: Released, labels: Labels, language: str) -> Table:
    """Alpha and omega of each scale in each language, and whether its items load alike."""
    make = Maker(language)
    _ = make._
    found = _estimates(released)
    rows = []
    for name in dict.fromkeys(item.outcome for item in found):
        mine = [item for item in found if item.outcome == name]
        alike = next((item for item in mine if item.term == "congruence"), None)
        spoken = list(dict.fromkeys(str(item.extra["level"]) for item in mine if item.term == "alpha"))
        for place, level in enumerate(spoken):
            here = {item.term: item for item in mine if item.estimand == "reliability" and item.extra.get("level") == level}
            alpha, omega = here.get("alpha"), here.get("omega")
            last = place == len(spoken) - 1
            verdict = str(alike.extra.get("verdict", "")) if alike is not None else ""
            rows.append(Row(cells=(
                text_cell(labels.level(_by(found), level, language)), make.cell(alpha, "n", "integer"), make.cell(alpha, "estimate", "number", 2),
                make.interval(alpha, digits=2), make.cell(omega, "estimate", "number", 2), make.interval(omega, digits=2),
                make.cell(alike, "estimate", "number", 3) if last else EMPTY, text_cell(_(SAME[verdict])) if last and verdict else EMPTY,
            ), group=labels.outcome(name, language)))
    title = make.interval_title(item.conf_level for item in found)
    columns = (
        Column(id="language", title=_("Language")), Column(id="n", title=_("n"), kind="integer"), Column(id="alpha", title=_("Alpha"), kind="number"),
        Column(id="alpha_interval", title=title, kind="interval", parts=make.limits), Column(id="omega", title=_("Omega"), kind="number"),
        Column(id="omega_interval", title=title, kind="interval", parts=make.limits),
        Column(id="congruence", title=_("Congruence of loadings"), kind="number"), Column(id="verdict", title=_("Items load")),
    )
    notes = (_("Alpha and omega say how much of a score is no chance answer (1: all of it). Congruence compares what each item counts for in the one "
               "factor: from 0.95 on the same, from 0.85 on fairly similar (Lorenzo-Seva and ten Berge 2006)."),) if rows else ()
    return Table(id="scale_languages", title=_("Each scale in each language"), columns=columns, rows=tuple(rows), notes=notes, language=language,
                 sortable=False)


def item_languages(released: Released, labels: Labels, language: str) -> Table:
    """Item by item: loadings by language, the difference at an equal sum of the other items, and the flag."""
    make = Maker(language)
    _ = make._
    found = _estimates(released)
    spoken = list(dict.fromkeys(str(item.extra["level"]) for item in found if item.estimand == "loading"))
    tests = [item for item in found if item.estimand == "DIF"]
    rows = []
    for item in tests:
        loadings = {str(other.extra["level"]): other for other in found
                    if other.estimand == "loading" and (other.outcome, other.term) == (item.outcome, item.term)}
        verdict = str(item.extra.get("verdict", ""))
        rows.append(Row(cells=(
            text_cell(labels.variable(item.term, language), item.term),
            *(make.cell(loadings.get(level), "estimate", "number", 2) for level in spoken),
            make.cell(item, "estimate", "number", 2), make.interval(item, digits=2), make.cell(item, "p_adjusted", "p_value"),
            make.cell(item, "gain", "percent", 1), text_cell(_(SIZES[verdict])) if verdict else EMPTY,
        ), group=labels.outcome(item.outcome, language)))
    by = _by(found)
    pair = tests[0].extra if tests else {}
    gap = _("{compared} less {reference}, in SD", compared=labels.level(by, str(pair["compared"]), language),
            reference=labels.level(by, str(pair["reference"]), language)) if tests else ""
    columns = (
        Column(id="item", title=_("Item of the scale")),
        *(Column(id=f"loading_{level}", title=labels.level(by, level, language), kind="number", group=_("Loading")) for level in spoken),
        Column(id="size", title=gap, kind="number", group=_("Difference at equal score")),
        Column(id="interval", title=make.interval_title(item.conf_level for item in tests), kind="interval", group=_("Difference at equal score"),
               parts=make.limits),
        Column(id="p", title=_("p, corrected"), kind="p_value"), Column(id="gain", title=_("Explained by language"), kind="percent"),
        Column(id="flag", title=_("Differs")),
    )
    notes = (_("Women with the same sum of the other items are compared. An item differs where the p-value, corrected over the items of its scale "
               "(Holm), is below 0.05; the difference is moderate where language explains 3.5 % of the answers or more, large from 7 % on (Jodoin "
               "and Gierl 2001). Whether the translation or the question itself lies behind it can't be told from the answers."),) if rows else ()
    return Table(id="item_languages", title=_("Each item in each language"), columns=columns, rows=tuple(rows), notes=notes, language=language,
                 sortable=False)
