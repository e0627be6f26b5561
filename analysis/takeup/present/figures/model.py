"""A figure as values: the picture in three formats, the numbers it shows as a table, and its description in words."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from takeup import display
from takeup.errors import Fault, ReportError
from takeup.present.style import saved

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from takeup.present.tables.model import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture that a blind reader and a spreadsheet can also read.

    Attributes
    ----------
    svg, png, pdf : bytes
        The same bytes for the same results. `pdf` is empty for a figure that no file of its own is made of.
    data : Table
        Every number the picture shows.
    alt : str
        What the picture says, made from the same numbers.
    """

    id: str
    title: str
    svg: bytes
    png: bytes
    pdf: bytes
    data: Table
    alt: str

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ReportError(Fault("a figure needs a description", self.id, remedy="Give it an alt text."))

    def __repr__(self) -> str:
        return f"Figure({self.id!r}, {self.title!r})"

    def _repr_html_(self) -> str:
        picture = f'<img alt="{escape(self.alt)}" width="760" src="data:image/png;base64,{b64encode(self.png).decode()}">'
        return f'<figure lang="{self.data.language}"><figcaption>{escape(self.title)}</figcaption>{picture}</figure>' + display.folded(
            self.data.title, self.data._repr_html_())

    def _repr_png_(self) -> bytes:
        return self.png


def finished(figure: Drawing, *, id_: str, title: str, data: Table, alt: str, with_pdf: bool = True) -> Figure:
    """The drawing with its table and description, saved in all formats. Call it in the house style."""
    pictures = saved(figure, title, alt, ("svg", "png", "pdf") if with_pdf else ("svg", "png"))
    return Figure(id=id_, title=title, svg=pictures["svg"], png=pictures["png"], pdf=pictures.get("pdf", b""), data=data, alt=alt)
