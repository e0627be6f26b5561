"""Tables as files: numbers stay numbers, text stays text, the same bytes; LaTeX compiles where there is a compiler."""

import csv as csv_module
import io
import re
import shutil
import subprocess
import zipfile

import pytest

from present import made_up
from takeup.present.tables import all_tables
from takeup.present.tables.model import Cell, Column, Row, Table, text_cell
from takeup.report.export import csv, escaped, harmless, latex, xlsx

NASTY = ["=1+1", "+2", "-cmd", "@SUM(A1)", "\tx", "95% & more_#1 {y} ~ ^ \\ $5 < > |", "−0,05\u202fx\u00a0“a” – … ∞"]


@pytest.fixture(scope="module")
def tables():
    return all_tables(made_up.released(), made_up.labels(), "en")


def nasty() -> Table:
    rows = tuple(Row(cells=(text_cell(text), Cell(text="−1.5", value=-1.5, digits=1))) for text in NASTY)
    return Table(id="nasty_table", title="=Title & 5%", columns=(Column(id="a", title="=A"), Column(id="b", title="B", kind="number")), rows=rows,
                 notes=("50% of _all_",))


def rows_of(table: Table) -> list[dict[str, str]]:
    return list(csv_module.DictReader(io.StringIO(csv(table).decode("utf-8"))))


def test_csv_holds_full_precision_the_limits_apart_and_the_ids(tables):
    first = rows_of(tables["effects"])[0]
    assert float(first["Effect"]) == -0.0493
    assert float(first["95% confidence interval, lower limit"]) == -0.0493 - 1.963 * 0.0479
    assert first["n"] == "818"
    assert first["Under"] == "Mental health"
    assert first["Results"].split()[:1] == ["effect.depression"]
    assert "ri.depression" in first["Results"]


def test_csv_leaves_out_rows_that_only_name_others(tables):
    names = [row["Characteristic"] for row in rows_of(tables["baseline"])]
    assert "Marital status" not in names
    assert "Marital status: Married" in names


@pytest.mark.parametrize("name", ["flow", "baseline", "compliance", "effects", "complier_effects", "robustness", "bounds", "attrition", "subgroups",
                                  "methods"])
def test_every_table_reads_back_in_every_format(tables, name):
    table = tables[name]
    records = rows_of(table)
    assert len(records) == sum(not row.head for row in table.rows)
    assert all(None not in record and None not in record.values() for record in records)
    assert zipfile.ZipFile(io.BytesIO(xlsx(table))).testzip() is None
    assert latex(table).count("{") == latex(table).count("}")


def test_formulas_are_made_harmless_in_csv_and_numbers_are_not_touched():
    text = csv(nasty()).decode()
    records = list(csv_module.reader(io.StringIO(text)))
    assert [record[0] for record in records[1:6]] == ["'=1+1", "'+2", "'-cmd", "'@SUM(A1)", "'\tx"]
    assert {record[1] for record in records[1:]} == {"-1.5"}
    assert records[0][0] == "'=A"
    assert harmless("plain") == "plain"


def sheet(data: bytes, number: int = 1) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(f"xl/worksheets/sheet{number}.xml").decode()


def test_xlsx_numbers_are_numbers_and_text_is_text_never_a_formula():
    xml = sheet(xlsx(nasty()))
    assert "<f>" not in xml
    assert xml.count("<v>-1.5</v>") == len(NASTY)
    assert re.search(r'<c r="A4"[^>]* t="s"', xml)


def test_xlsx_has_a_frozen_head_filters_and_the_numbers_at_full_precision(tables):
    xml = sheet(xlsx(tables["effects"]))
    assert 'state="frozen"' in xml
    assert "<autoFilter" in xml
    values = {float(value) for value in re.findall(r"<v>([^<]+)</v>", xml)}
    assert {-0.0493, 0.0661, 818.0} <= values  # 0.0661 is shown as 6.6% and kept as the share it is


def test_xlsx_reads_back_in_another_program(tables):
    calamine = pytest.importorskip("python_calamine")
    book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(xlsx(*tables.values())))
    assert book.sheet_names[:2] == ["flow", "baseline"]
    rows = book.get_sheet_by_name("effects").to_python()
    assert -0.0493 in rows[3]


def test_sheet_names_are_short_and_each_once():
    tables = [Table(id="x" * 40 + str(i % 2), title="T", columns=(Column(id="a", title="A"),), rows=(Row(cells=(text_cell("x"),)),))
              for i in range(3)]
    with zipfile.ZipFile(io.BytesIO(xlsx(*tables))) as archive:
        names = re.findall(r'<sheet name="([^"]+)"', archive.read("xl/workbook.xml").decode())
    assert len(set(names)) == 3
    assert all(len(name) <= 31 for name in names)


def test_the_same_table_gives_the_same_bytes(tables):
    for table in tables.values():
        assert csv(table) == csv(table)
        assert xlsx(table) == xlsx(table)
        assert latex(table) == latex(table)


def test_latex_escapes_everything_that_means_something():
    assert escaped(r"95% & _x_ {y} #1 $5 ~ ^ \ <>") == (
        r"95\% \& \_x\_ \{y\} \#1 \$5 \textasciitilde{} \textasciicircum{} \textbackslash{} \textless{}\textgreater{}"
    )
    assert escaped("−0.5 – “a”") == r"\ensuremath{-}0.5 -- ``a''"
    assert r"\toprule" in latex(nasty())


def many(rows: int, columns: int) -> Table:
    """A table with as many rows and columns, its numbers wide."""
    heads = tuple(Column(id=f"c{place}", title=f"Column {place}", kind="number" if place else "text") for place in range(columns))
    cells = (text_cell("a row_of.words & more"), *(Cell(text="1,234,567.89", value=1234567.89) for _ in range(columns - 1)))
    return Table(id=f"many_{rows}_{columns}", title="Many", columns=heads, rows=tuple(Row(cells=cells) for _ in range(rows)), notes=("A note.",))


@pytest.mark.parametrize(("rows", "columns", "place"), [(5, 3, "table"), (60, 3, "longtable"), (5, 12, "sidewaystable"), (60, 12, "longtable")])
def test_latex_chooses_a_place_that_holds_the_table(rows, columns, place):
    text = latex(many(rows, columns))
    opened = re.findall(r"\\begin\{(\w+)\}", text)
    assert opened == re.findall(r"\\end\{(\w+)\}", text)[::-1] or sorted(opened) == sorted(re.findall(r"\\end\{(\w+)\}", text))
    assert place in opened
    shares = [float(share) for share in re.findall(r"\\dimexpr ([0-9.]+)\\linewidth", text)]
    assert len(shares) == columns
    assert sum(shares) == pytest.approx(1.0, abs=1e-3)


COMPILERS = {"pdflatex": ["pdflatex", "-interaction=nonstopmode", "-halt-on-error"], "tectonic": ["tectonic"]}


@pytest.mark.skipif(not any(map(shutil.which, COMPILERS)), reason="no LaTeX here")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_latex_compiles_and_stays_on_its_page(language, tmp_path):
    made = all_tables(made_up.released(), made_up.labels(), language)
    body = "\n".join(latex(table) for table in (*made.values(), nasty(), many(60, 3), many(5, 12)))
    packages = (r"\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\usepackage{array,booktabs,longtable,rotating,textcomp}"
                r"\usepackage[a4paper,margin=2cm]{geometry}\extrafloats{100}")
    (tmp_path / "t.tex").write_text(rf"\documentclass{{article}}{packages}\begin{{document}}{body}\end{{document}}", encoding="utf-8")
    compiler = next(name for name in COMPILERS if shutil.which(name))
    done = subprocess.run([*COMPILERS[compiler], "t.tex"], cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-1500:]
    beyond = [float(points) for points in re.findall(r"Overfull \\hbox \(([0-9.]+)pt", done.stdout + done.stderr)]
    assert max(beyond, default=0.0) < 30  # a word that nothing breaks may stand out by a centimetre, a column may not


def test_a_place_to_break_a_line_is_gone_from_data_files_and_kept_in_latex():
    table = Table(id="t", title="T", columns=(Column(id="a", title="betrouwbaarheids\u00adinterval"),), rows=(Row(cells=(text_cell("x"),)),))
    assert csv(table).decode().startswith("betrouwbaarheidsinterval,")
    assert r"betrouwbaarheids\-interval" in latex(table)
