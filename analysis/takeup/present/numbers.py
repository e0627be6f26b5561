"""Numbers as a reader of one language writes them: decimal comma, true minus sign, p-values, intervals, withheld values.

A value stays a float until it comes here; the language is fixed once (`numbers("nl")`).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from takeup.present.catalogue import LOCALES, Words, words
from takeup.present.text import Span
from takeup.release.suppress import is_withheld

if TYPE_CHECKING:
    from takeup.results import ConfidenceSet, Result

Kind = Literal["text", "integer", "number", "percent", "points", "p_value", "interval"]
"""How a value is shown: percent is a share times 100 with its sign, points is a difference of shares times 100 without one."""
MINUS, DASH, NBSP = "\u2212", "\u2013", "\u00a0"
SCALES: dict[str, float] = {"percent": 100.0, "points": 100.0}


class Numbers:
    """The formats of one language.

    Examples
    --------
    >>> numbers("nl").decimal(-1234.5, 2)
    '\u22121.234,50'
    """

    __slots__ = ("_", "_locale", "language")

    def __init__(self, language: str) -> None:
        from babel import Locale

        self._: Words = words(language)
        self.language = language
        self._locale = Locale.parse(LOCALES[language])

    def decimal(self, value: float, digits: int) -> str:
        """A number with a fixed count of decimals; a dash where there is none."""
        from babel.numbers import format_decimal

        if math.isnan(value):
            return DASH
        if math.isinf(value):
            return MINUS + "∞" if value < 0 else "∞"
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        rounded = round(value, digits) + 0.0  # + 0.0: no negative zero
        return str(format_decimal(rounded, format=pattern, locale=self._locale)).replace("-", MINUS)

    def integer(self, value: float) -> str:
        """A count."""
        return self.decimal(value, 0)

    def percent(self, share: float, digits: int = 0) -> str:
        """A share as a percentage, with the language's own space before the sign."""
        from babel.numbers import format_percent

        if math.isnan(share):
            return DASH
        pattern = str(self._locale.percent_formats[None].pattern).replace("0", "0." + "0" * digits if digits else "0")
        return str(format_percent(round(share, digits + 2) + 0.0, format=pattern, locale=self._locale)).replace("-", MINUS)

    def p_value(self, value: float) -> str:
        """A p-value with three decimals, or that it is below 0.001."""
        if math.isnan(value):
            return DASH
        return f"<{NBSP}{self.decimal(0.001, 3)}" if value < 0.001 else self.decimal(value, 3)

    def p_equals(self, value: float) -> str:
        """A p-value in a sentence: "p = 0.031", "p < 0.001"."""
        shown = self.p_value(value)
        return f"p{NBSP}{shown}" if shown.startswith("<") else f"p{NBSP}={NBSP}{shown}"

    def interval(self, low: float, high: float, digits: int, scale: float = 1.0) -> str:
        """Two limits; infinite ones become words."""
        if math.isnan(low) or math.isnan(high):
            return DASH
        below, above = self.decimal(low * scale, digits), self.decimal(high * scale, digits)
        if math.isinf(low) and math.isinf(high):
            return self._("any value")
        if math.isinf(low):
            return self._("{high} or less", high=above)
        if math.isinf(high):
            return self._("{low} or more", low=below)
        return self._("{low} to {high}", low=below, high=above)

    def confidence_set(self, found: ConfidenceSet, digits: int, scale: float = 1.0) -> str:
        """A set of one or two intervals in words."""
        if is_withheld(found):
            return self._("withheld")
        if found.shape == "empty" or not found.intervals:
            return self._("no value fits") if not found.reason or found.shape == "empty" else DASH
        shown = [self.interval(low, high, digits, scale) for low, high in found.intervals]
        return shown[0] if len(shown) == 1 else self._("{first}, or {second}", first=shown[0], second=shown[1])

    def show(self, value: float, kind: Kind, digits: int = 0) -> str:
        """A value in the way its kind is shown."""
        if kind == "p_value":
            return self.p_value(value)
        if kind == "percent":
            return self.percent(value, digits)
        return self.decimal(value * SCALES.get(kind, 1.0), 0 if kind == "integer" else digits)

    def of(self, result: Result, field: str, kind: Kind = "number", digits: int = 0) -> Span:
        """A field of a result as text that keeps its tie to the result."""
        value = math.nan if is_withheld(result) else value_of(result, field)
        text = self._("withheld") if is_withheld(result) else self.show(value, kind, digits)
        return Span(text=text, result_id=id_of(result), field=field, value=value, scale=SCALES.get(kind, 1.0))


@lru_cache(maxsize=8)
def numbers(language: str) -> Numbers:
    """The formats of a language."""
    return Numbers(language)


def value_of(result: Result, field: str) -> float:
    """A field of a result, or one of its further named numbers; nan where there is none."""
    value = getattr(result, field, None)
    if value is None:
        value = getattr(result, "extra", {}).get(field)
    return math.nan if value is None or isinstance(value, str | bool) else float(value)


def id_of(result: Result) -> str:
    """The id of a result in the study."""
    provenance = getattr(result, "provenance", None)
    return provenance.id if provenance is not None else ""


def effect_digits(std_error: float, scale: float = 1.0) -> int:
    """Decimals for an effect: two meaningful figures of its standard error, between none and four.

    >>> effect_digits(0.048), effect_digits(1.3), effect_digits(25.0)
    (3, 1, 0)
    """
    size = abs(std_error * scale)
    if not size > 0 or math.isinf(size):
        return 2
    return min(max(1 - math.floor(math.log10(size)), 0), 4)


def spread_digits(sd: float) -> int:
    """Decimals for a mean and its standard deviation: two below ten, one below a hundred, none above."""
    if not sd > 0 or math.isinf(sd):
        return 2
    return min(max(2 - max(math.floor(math.log10(sd)), 0), 0), 2) if sd >= 0.1 else 3
