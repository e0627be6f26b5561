"""Can a percentage or a mean, as it was published, come from so many people? The GRIM check (Brown and Heathers 2017)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from takeup.errors import Fault, MeasureError, collect


@dataclass(frozen=True, slots=True, kw_only=True)
class Grim:
    """What the check found.

    Attributes
    ----------
    value : str
        The number as it was published.
    n : int
    possible : bool
        Whether some whole number of people (or sum of whole-number answers) gives the number, rounded as it was published.
    count : int
        The whole number that comes nearest.
    nearest : float
        The percentage or mean that this whole number gives, unrounded.
    """

    value: str
    n: int
    possible: bool
    count: int
    nearest: float


def grim(value: str | float, n: int, *, items: int = 1, percent: bool = True, decimals: int | None = None) -> Grim:
    """Check a published percentage, or mean of whole-number answers, against a number of people.

    Parameters
    ----------
    value : str or float
        The number as it was published: "60.5" says that it has one decimal. A comma is a decimal sign too.
    n : int
        People.
    items : int
        Whole-number answers a person, where a mean is of their average.
    percent : bool
        Whether the number is a percentage; a mean otherwise.
    decimals : int, optional
        Decimals it was rounded to, where the text doesn't show them (60.0 written as 60).

    Returns
    -------
    Grim

    Raises
    ------
    MeasureError
        Not a number, fewer than one person or answer, a percentage outside 0 to 100.

    Notes
    -----
    A number at half of the last decimal counts as possible whichever way it was rounded. With more people than 10 to the power of the
    decimals (times 100 for a percentage) every number is possible, and the check says nothing. Source: Brown and Heathers (2017), Social
    Psychological and Personality Science 8, 363-369.

    Examples
    --------
    >>> import takeup as tu
    >>> tu.grim("60.5", 117).possible, tu.grim("60.5", 114).possible
    (False, True)
    >>> tu.grim("5.7", 117).nearest.__round__(2)
    5.98
    """
    number, shown = _read(value, decimals)
    _check(number, n, items, percent=percent)
    scale = 100.0 if percent else 1.0
    answers = n * items
    count = round(number / scale * answers)
    nearest = scale * count / answers
    return Grim(value=str(value), n=n, possible=abs(nearest - number) <= 0.5 * 10.0**-shown + 1e-9, count=count, nearest=nearest)


def grim_sizes(value: str | float, most: int, *, items: int = 1, percent: bool = True, decimals: int | None = None) -> tuple[int, ...]:
    """All numbers of people up to `most` from which a published number can come.

    Parameters
    ----------
    value, items, percent, decimals : as in `grim`
    most : int
        The largest number of people that it can be of.

    Returns
    -------
    tuple of int
        In order; empty where no number of people can give it.

    Raises
    ------
    MeasureError
        As `grim`.

    Examples
    --------
    >>> import takeup as tu
    >>> tu.grim_sizes("60.5", 118)
    (38, 43, 76, 81, 86, 114)
    """
    return tuple(n for n in range(1, most + 1) if grim(value, n, items=items, percent=percent, decimals=decimals).possible)


def _read(value: str | float, decimals: int | None) -> tuple[float, int]:
    """The number, and how many decimals it has."""
    text = str(value).strip().rstrip("%").strip().replace(",", ".").replace("\u2212", "-")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise MeasureError(Fault("isn't a number", "value", 'a number as it was published, such as "60.5"')) from None
    if not number.is_finite():
        raise MeasureError(Fault("isn't a number", "value"))
    exponent = number.as_tuple().exponent
    shown = max(0, -exponent) if isinstance(exponent, int) else 0
    return float(number), shown if decimals is None else decimals


def _check(number: float, n: int, items: int, *, percent: bool) -> None:
    faults = [Fault("is a whole number of at least 1", name) for name, size in (("n", n), ("items", items))
              if isinstance(size, bool) or not isinstance(size, int) or size < 1]
    if percent and not (math.isfinite(number) and 0.0 <= number <= 100.0):
        faults.append(Fault("a percentage lies between 0 and 100", "value"))
    collect(MeasureError, faults)
