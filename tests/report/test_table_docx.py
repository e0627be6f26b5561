"""Tables in Word: native, complete, with heads that repeat; the same bytes; and LibreOffice reads them back."""

from __future__ import annotations

import io
import shutil
import subprocess

import pytest

from present import made_up
from takeup.present.tables import all_tables
from takeup.present.tables.model import Cell, Column, Row, Table, text_cell
from takeup.report import table_docx
from takeup.report.table_docx import column_widths, docx_tables

office = pytest.importorskip("docx")


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return all_tables(made_up.released(), made_up.labels(), "fr")


def read(*tables: Table):
    return office.Document(io.BytesIO(docx_tables(*tables)))


def lines(made) -> list[list[str]]:
    """The words of each row, a merged cell once."""
    return [
        ["".join(node.text or "" for node in cell.iter() if node.tag.endswith("}t")) for cell in row._tr.tc_lst] for row in made.rows]


def test_every_table_is_there_with_all_its_words_in_order(tables):
    document = read(*tables.values())
    assert len(document.tables) == len(tables)
    for made, table in zip(document.tables, tables.values(), strict=True):
        wanted = [[name for name, _span in table.heads()]] if table.heads() else []
        wanted.append([column.title.replace("\u00ad", "") for column in table.columns])
        for group, rows in table.blocks():
            wanted += [[group]] if group else []
            wanted += [[cell.text for cell in row.cells] for row in rows]
        assert lines(made) == wanted


def test_captions_notes_and_descriptions(tables):
    document = read(*tables.values())
    captions = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Caption"]
    assert captions == [table.title for table in tables.values()]
    notes = "\n".join(paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Table Note")
    for table in tables.values():
        assert all(note in notes for note in table.notes)
    assert all("w:tblDescription" in made._tbl.xml for made in document.tables)


def test_heads_repeat_rows_hold_together_and_numbers_stand_right(tables):
    table = tables["baseline"]
    (made,) = read(table).tables
    assert made._tbl.xml.count("<w:tblHeader/>") == 1 + bool(table.heads())
    assert made._tbl.xml.count("<w:cantSplit/>") == len(made.rows)
    assert made._tbl.xml.count('<w:jc w:val="right"/>') >= len(table.rows)


def test_a_wide_table_lies_and_the_next_one_stands_again():
    def wide(n: int) -> Table:
        columns = tuple(Column(id=f"c{i}", title=f"C{i}") for i in range(n))
        return Table(id=f"t{n}", title="T", columns=columns, rows=(Row(cells=tuple(text_cell("x") for _ in range(n))),))

    sections = read(wide(3), wide(9), wide(9), wide(2)).sections
    assert [section.page_width > section.page_height for section in sections] == [False, True, False]


def test_columns_fill_the_sheet_and_none_is_narrower_than_a_number_it_holds():
    rows = tuple(Row(cells=(text_cell("word " * 60), Cell(text="1,234,567.89", value=1.0))) for _ in range(3))
    table = Table(id="t", title="T", columns=(Column(id="a", title="A"), Column(id="b", title="B", kind="number")), rows=rows)
    widths = column_widths(table, 174.0)
    assert sum(widths) == pytest.approx(174.0)
    assert widths[1] >= table_docx._wide("1,234,567.89")
    assert widths[0] > 100


def test_what_means_something_in_xml_is_text():
    table = Table(id="t", title='<"&>', columns=(Column(id="a", title="A & <b>"),), rows=(Row(cells=(text_cell("</w:t> & 1 < 2"),)),), notes=('"',))
    (made,) = read(table).tables
    assert lines(made) == [["A & <b>"], ["</w:t> & 1 < 2"]]


def test_the_same_tables_give_the_same_bytes(tables):
    assert docx_tables(*tables.values()) == docx_tables(*tables.values())


@pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice here")
@pytest.mark.slow  # starting LibreOffice takes longer than all the others together
def test_another_program_reads_it(tables, tmp_path):
    (tmp_path / "t.docx").write_bytes(docx_tables(*tables.values()))
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "txt:Text", "t.docx"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    text = (tmp_path / "t.txt").read_text(encoding="utf-8-sig")
    for table in tables.values():
        assert table.title in text
