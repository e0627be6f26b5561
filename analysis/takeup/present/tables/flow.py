"""The flow of participants as a table: the numbers of the CONSORT figure, box by box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.flow import VARIABLES, reason_words, step
from takeup.present.reading import arms, each_once, section, statistic, statistics
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released


def flow(released: Released, labels: Labels, language: str) -> Table:
    """Every box of the flow in total and by arm, reasons set in under their box."""
    make = Maker(language)
    _ = make._
    results = section(released, "flow")
    shown = arms(results, str(labels.plan.design.control))
    rows: list[Row] = []
    for variable in VARIABLES:
        found = statistics(results, variable=variable)
        for wave in each_once(item.wave for item in found):
            for level in sorted(each_once(item.level for item in found if item.wave == wave), key=bool):
                name = step(labels, variable, language) if not level else reason_words(labels, variable, level, language)
                title = f"{name}, {labels.wave(wave, language).lower()}" if wave and not level else name
                full = title if not level else _("{first}: {second}", first=step(labels, variable, language), second=name)
                cells = [text_cell(title, full)]
                cells += [make.cell(statistic(results, variable=variable, level=level, wave=wave, arm=arm), "value", "integer")
                          for arm in ("", *shown)]
                rows.append(Row(cells=tuple(cells), level=1 if level else 0))
    columns = (Column(id="box", title=_("Step")), Column(id="total", title=_("All"), kind="integer"),
               *(Column(id=f"arm_{arm}", title=labels.arm(arm, language), kind="integer") for arm in shown))
    return Table(id="flow", title=_("Flow of participants"), columns=columns, rows=tuple(rows), language=language, sortable=False)
