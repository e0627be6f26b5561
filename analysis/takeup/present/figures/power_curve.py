"""The power curve: the chance to find an effect, by its size, for the people planned, half as many more and twice as many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.design.power import mde, power
from takeup.errors import DesignError
from takeup.present.figures.model import Figure, finished
from takeup.present.figures.ticks import numbered
from takeup.present.style import GREY, INK, PALE, SMALL, arm_style, drawing, house_style
from takeup.present.tables.model import Cell, Column, Maker, Row, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

HEIGHT, POINTS = 3.0, 33
MORE = (1.0, 1.5, 2.0)


def power_curve(study: Mapping[str, Any], n: float, effect: float | None, wanted: float, language: str) -> Figure:
    """The figure and its numbers; `study` are keywords of `power`, `effect` is marked where it is given."""
    make = Maker(language)
    _, number = make._, make.number
    keywords: Any = dict(study)
    far = 1.6 * max(abs(mde(n, power=wanted, **keywords).effect), abs(effect or 0.0))
    sign = -1.0 if keywords.get("alternative") == "less" else 1.0
    sizes = np.linspace(0.0, far, POINTS)
    curves = [[_chance(sign * size, times * n, keywords) for size in sizes] for times in MORE]
    title = _("Chance to find an effect, by its size")
    digits = max(0, 2 - int(np.floor(np.log10(far))))
    with house_style():
        figure = drawing(HEIGHT)
        panel = figure.add_axes((0.09, 0.16, 0.87, 0.76))
        panel.grid(axis="y", color=PALE, linewidth=0.8)
        panel.set_ylim(0, 1.02)
        panel.set_xlim(0, far)
        panel.yaxis.set_major_formatter(lambda value, _place: number.percent(value))
        for place, (times, curve) in enumerate(zip(MORE, curves, strict=True)):
            style = arm_style(place + 1)
            panel.plot(sizes, curve, color=style.colour, linestyle=style.line, linewidth=1.8, label=_("{n} people", n=number.integer(times * n)))
        panel.axhline(wanted, color=INK, linewidth=0.8)
        if effect is not None:
            panel.axvline(abs(effect), color=GREY, linewidth=0.8, linestyle=(0, (2, 2)))
        panel.set_xlabel(_("Effect"), color=GREY, fontsize=SMALL)
        panel.tick_params(labelsize=SMALL)
        numbered(panel.xaxis, make)
        panel.legend(frameon=False, fontsize=SMALL, loc="lower right")
        rows = tuple(Row(cells=(Cell(text=number.decimal(size, digits), value=float(size)),
                                *(Cell(text=number.percent(curve[place]), value=curve[place], scale=100.0) for curve in curves)))
                     for place, size in enumerate(sizes))
        data = Table(id="power-curve", title=title, language=language, rows=rows, sortable=False, columns=(
            Column(id="effect", title=_("Effect"), kind="number"),
            *(Column(id=f"n{round(times * n)}", title=_("{n} people", n=number.integer(times * n)), kind="percent") for times in MORE)))
        found = mde(n, power=wanted, **keywords).effect
        alt = _("{n} people find an effect of {effect} with a chance of {power}.", n=number.integer(n), effect=number.decimal(found, digits),
                power=number.percent(wanted))
        return finished(figure, id_="power-curve", title=title, data=data, alt=alt)


def _chance(effect: float, n: float, keywords: Any) -> float:
    try:
        return power(effect, n, **keywords).power
    except DesignError:
        return float("nan")  # a rate beyond 0 or 1
