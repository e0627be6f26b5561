"""A study with small groups, in two languages: what the gate kept back stands in no output, and nothing that didn't pass it is rendered."""

from __future__ import annotations

import csv
import io
import math
import zipfile

import pypdf
import pytest

from e2e.test_studies import files
from study.small import write
from takeup.build import build
from takeup.errors import ReleaseError
from takeup.present.figures import all_figures
from takeup.present.tables import BUILDERS, all_tables
from takeup.release.suppress import is_withheld
from takeup.report.full import full_report
from takeup.study import open_study


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    plan = write(tmp_path_factory.mktemp("small"))
    study = open_study(plan)
    report = build(plan, progress=False)
    return study, report


def readable(content: bytes, name: str) -> str:
    """The text of a file, that inside a workbook, a Word file, slides and a PDF as well."""
    if name.endswith(".pdf"):
        return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    if name.endswith((".xlsx", ".docx", ".pptx")):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return "".join(readable(book.read(part), part) for part in book.namelist())  # a chart of a slide holds a workbook of its own
    return content.decode(errors="replace")


def numbers(result) -> list[float]:
    """The floating-point numbers of a result, at full precision and far from round ones."""
    found = [value for value in (*result.to_dict().values(), *result.extra.values()) if isinstance(value, float)]
    return [value for value in found if math.isfinite(value) and len(repr(abs(value)).replace(".", "").strip("0")) > 8]


def test_two_languages_have_their_own_files(small):
    _, report = small
    pairs = ("report{}.pdf", "tables/effects{}.csv", "tables/effects{}.xlsx", "figures/forest{}.svg", "figures/forest{}.txt")
    assert {pair.format(language) for pair in pairs for language in ("", ".nl")} <= set(report.files)
    page = (report.out / "report.html").read_text(encoding="utf-8")
    assert 'lang="nl"' in page
    assert "Zorgen" in page


def test_no_withheld_number_stands_in_any_output(small):
    study, report = small
    released, raw = study.released(), study.sections()
    pairs = [pair for name in raw for pair in zip(raw[name], released[name], strict=True)]
    hidden = [before for before, after in pairs if is_withheld(after)]
    assert len(hidden) > 30
    shown = {number for before, after in pairs if not is_withheld(after) for number in numbers(before)}
    secret = {repr(number) for before in hidden for number in numbers(before) if number not in shown}
    assert len(secret) > 100
    for name, content in files(report.out).items():
        text = readable(content, name)
        assert [number for number in secret if number in text] == [], name


def test_a_withheld_row_of_results_holds_no_number(small):
    _, report = small
    rows = list(csv.DictReader(io.StringIO((report.out / "results.csv").read_text(encoding="utf-8"))))
    withheld = [row for row in rows if row["reason"].startswith("Withheld:")]
    assert len(withheld) == report.withheld
    assert len(rows) == report.results + report.withheld
    numeric = ("estimate", "value", "std_error", "df", "p_value", "conf_low", "conf_high", "lower", "upper", "n", "n_treated", "n_control", "count")
    for row in withheld:
        assert {name: row[name] for name in numeric if row[name]} == {}, row["id"]


def test_counts_are_rounded_everywhere(small):
    _, report = small
    rows = csv.DictReader(io.StringIO((report.out / "results.csv").read_text(encoding="utf-8")))
    for row in rows:
        for name in ("n", "n_treated", "n_control", "n_missing", "count", "count_treated", "count_control", "count_smallest_cell"):
            assert not row[name] or int(row[name]) % 5 == 0, (row["id"], name)


def test_nothing_renders_what_didnt_pass_the_gate(small):
    study, _ = small
    raw, labels = study.sections(), study.labels()
    for render in (*BUILDERS.values(), all_tables, all_figures):
        with pytest.raises(ReleaseError):
            render(raw, labels, "en")
    with pytest.raises(ReleaseError):
        full_report(raw, study.plan, labels, {}, "en")


def test_tables_of_several_arms_say_which(small):
    study, _ = small
    made = study.tables("en")
    for name in ("bounds", "subgroups", "robustness"):
        assert {row.group.rpartition(", ")[2] for row in made[name].rows} == {"Visits", "Phone calls"}, name
    assert {row.group for row in made["complier_profile"].rows} == {"Visits", "Phone calls"}
    camp = made["baseline"].rows[-1]
    assert {cell.text for cell in camp.cells[1:] if cell.text} == {"withheld"}
