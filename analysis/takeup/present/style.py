"""The house style of figures: one typeface, colours for everybody, no chart junk, and the same bytes every time.

Colours are Okabe and Ito's (2008), which people with the common kinds of colour blindness can tell apart; arms also differ by marker and line.
matplotlib is used through `Figure` objects only; settings are put in place while a figure is drawn and saved, and put back.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

INK, GREY, PALE, BAND, LINE, PAPER = "#1a1a1a", "#5a5a5a", "#eef0f2", "#e3e6ea", "#b8bdc4", "#ffffff"
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442"
WIDTH = 7.2
"""Inches: the text width of an A4 page."""
SMALL, NORMAL = 7.5, 8.5
DPI = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmStyle:
    """How an arm is drawn everywhere."""

    colour: str
    marker: str
    line: str
    filled: bool


_ARMS = (
    ArmStyle(colour=GREY, marker="o", line="--", filled=False),
    ArmStyle(colour=BLUE, marker="o", line="-", filled=True),
    ArmStyle(colour=VERMILION, marker="s", line="-.", filled=True),
    ArmStyle(colour=GREEN, marker="^", line=":", filled=True),
    ArmStyle(colour=PURPLE, marker="D", line=(0, (6, 1, 1, 1, 1, 1)), filled=True),  # type: ignore[arg-type]
)


def arm_style(position: int) -> ArmStyle:
    """The style of an arm by its place; control is the first."""
    return _ARMS[0] if position == 0 else _ARMS[1 + (position - 1) % (len(_ARMS) - 1)]


RC: dict[str, Any] = {
    "font.family": "DejaVu Sans", "font.size": NORMAL, "text.color": INK, "axes.edgecolor": LINE, "axes.labelcolor": INK, "axes.titlesize": NORMAL,
    "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.labelsize": NORMAL, "axes.spines.top": False, "axes.spines.right": False,
    "axes.linewidth": 0.8, "axes.unicode_minus": True, "xtick.color": GREY, "ytick.color": GREY, "xtick.labelsize": SMALL, "ytick.labelsize": NORMAL,
    "xtick.major.width": 0.8, "ytick.major.width": 0.0, "ytick.major.size": 0.0, "figure.facecolor": PAPER, "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "path", "svg.hashsalt": "takeup", "pdf.fonttype": 42, "pdf.compression": 6, "path.simplify": False, "figure.dpi": 100,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and save in here: matplotlib's own defaults plus the house style, whatever the user's settings; they come back after."""
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore", mpl.MatplotlibDeprecationWarning)  # resetting to the defaults names settings on their way out
        mpl.rcdefaults()  # the backend stays as it is
        settings: Any = RC
        mpl.rcParams.update(settings)
        yield


def drawing(height: float, width: float = WIDTH) -> Drawing:
    """An empty figure in inches, drawn by Agg and known to no global list; a notebook shows it all the same."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = _own()(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


@lru_cache(maxsize=1)
def _own() -> type[Drawing]:
    from matplotlib.figure import Figure

    class Shown(Figure):
        """A figure that shows itself: what isn't in matplotlib's global list is shown by no kernel otherwise."""

        def _repr_png_(self) -> bytes:
            buffer = BytesIO()
            with house_style():
                self.savefig(buffer, format="png", dpi=DPI / 2, metadata={"Software": None})
            return buffer.getvalue()

    return Shown


_ACROSS: ContextVar[tuple[str, bool]] = ContextVar("across", default=("", False))


@contextmanager
def watermarked(text: str, *, faint: bool = False) -> Iterator[None]:
    """Every figure saved in here has this word across it, as a warning or faintly; none where it is empty."""
    token = _ACROSS.set((text, faint))
    try:
        yield
    finally:
        _ACROSS.reset(token)


def _put_across(figure: Drawing, text: str, *, faint: bool) -> None:
    """A word across the whole picture, over everything, as large as fits in it."""
    width, height = (float(side) for side in figure.get_size_inches())
    size = min(0.7 * width / max(text_width(text, 1.0, bold=True), 1e-9), 0.5 * height * 72.0)
    figure.text(0.5, 0.5, text, size=size, weight="bold", color=INK if faint else VERMILION, alpha=0.06 if faint else 0.22, ha="center", va="center",
                rotation=min(25.0, 40.0 * height / width), zorder=1000)


def saved(figure: Drawing, title: str, alt: str, forms: Iterable[str] = ("svg", "png", "pdf")) -> dict[str, bytes]:
    """The figure as SVG, PNG and PDF, or as some of them: no date, no version, no random id."""
    across, faint = _ACROSS.get()
    if across:
        _put_across(figure, across, faint=faint)
        title, alt = f"{across}: {title}", f"{across}: {alt}"
    metadata: dict[str, dict[str, str | None]] = {
        "svg": {"Date": None, "Creator": None, "Title": title, "Description": alt}, "png": {"Software": None},
        "pdf": {"CreationDate": None, "Producer": None, "Creator": None, "Title": title, "Subject": alt},
    }
    out = {}
    for form in forms:
        buffer = BytesIO()
        figure.savefig(buffer, format=form, dpi=DPI, metadata=metadata[form])
        out[form] = buffer.getvalue()
    return out


def font_folder() -> Path:
    """The folder with the typeface of the figures; the PDF report is set in the same."""
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


@lru_cache(maxsize=2)
def _font(bold: bool) -> Any:  # noqa: FBT001  # a cache key
    from matplotlib.ft2font import FT2Font

    # from memory: processes forked from this one would share the place in an open file, and read each other's letters
    font = FT2Font(BytesIO((font_folder() / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")).read_bytes()))
    font.set_size(100.0, 72.0)
    return font


def text_width(text: str, size: float = NORMAL, *, bold: bool = False) -> float:
    """The width of a line of text in inches."""
    return _ink(text, bold) / 64.0 / 72.0 * size / 100.0


@lru_cache(maxsize=32768)
def _ink(text: str, bold: bool) -> float:  # noqa: FBT001  # a cache key
    """The width of a line in 64ths of a point at 100 points; every other size is in proportion."""
    font = _font(bold)
    font.set_text(text, 0.0)
    return float(font.get_width_height()[0])


@lru_cache(maxsize=32768)
def _advance(word: str, bold: bool) -> float:  # noqa: FBT001  # a cache key
    """About the same for a word and the space before it, from its letters alone: no kerning, no hinting."""
    return sum(_letter(letter, bold) for letter in f" {word}")


@lru_cache(maxsize=4096)
def _letter(letter: str, bold: bool) -> float:  # noqa: FBT001  # a cache key
    return float(_font(bold).load_char(ord(letter)).linearHoriAdvance) / 65536.0 * 64.0


SURE = 0.03
"""Letters added up lie within this share of the measured line, but for one letter's margins; only lines nearer to the limit are measured."""


def wrapped(text: str, width: float, size: float = NORMAL, *, bold: bool = False) -> list[str]:
    """The text in lines no wider than `width` inches, broken at spaces (never at a no-break space)."""
    lines: list[str] = []
    room = width * 64.0 * 72.0 * 100.0 / size
    margin, taken = room * SURE + _advance("", bold), 0.0
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        about = taken + _advance(word, bold)
        if lines and (about < room - margin or (about <= room + margin and text_width(longer, size, bold=bold) <= width)):
            lines[-1], taken = longer, about
        else:
            lines.append(word)
            taken = _advance(word, bold)
    return lines


def bare(axes: Axes) -> None:
    """No frame, no ticks: a canvas for text and lines."""
    axes.set_axis_off()
