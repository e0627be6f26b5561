"""An empty workbook for data entry: a column a field, lists and limits that Excel holds the person to, and a sheet with all codes."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from takeup.report.document import FIXED_DATE

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS = 2000
"""Rows that are prepared for entry."""
MOST_MESSAGE = 255


def workbook(schema: dict[str, Any], languages: Sequence[str]) -> bytes:
    """The template of one table; the same bytes every time.

    Parameters
    ----------
    schema : as plain values (`new_schemas.schemas`)
    languages : of the words on the sheet of codes
    """
    import xlsxwriter

    out = BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"created": FIXED_DATE.replace(tzinfo=None), "author": "takeup"})
    head, day = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "yyyy-mm-dd"})
    text = book.add_format({"num_format": "@"})
    sheet, codes = book.add_worksheet(schema["name"]), book.add_worksheet("codes")
    sheet.freeze_panes(1, 1)
    titles = [f"title ({language})" for language in languages]
    codes.write_row(0, 0, ["column", *titles, "value", *(f"label ({language})" for language in languages)], head)
    row = 1
    for place, item in enumerate(schema["fields"]):
        sheet.write(0, place, item["name"], head)
        form = day if item["type"] == "date" else text if item["type"] == "string" else None
        sheet.set_column(place, place, max(12, len(item["name"]) + 2), form)
        rule = _rule(item, languages[0])
        if rule is not None:
            sheet.data_validation(1, place, ROWS, place, rule)
        titles = [_word(item.get("title", ""), language) for language in languages]
        for category in item.get("categories", [{"value": "", "label": ""}]):
            codes.write_row(row, 0, [item["name"], *titles, category["value"], *(_word(category["label"], language) for language in languages)])
            row += 1
    codes.autofit()
    book.close()
    return out.getvalue()


def _rule(item: dict[str, Any], language: str) -> dict[str, Any] | None:
    """What Excel lets somebody enter in a column."""
    title, limits = _word(item.get("title", ""), language) or item["name"], item.get("constraints", {})
    said = {"input_title": item["name"][:32], "ignore_blank": True, "error_title": "takeup"}
    if "categories" in item:
        values = [category["value"] for category in item["categories"]]
        codes = "; ".join(f"{category['value']} = {_word(category['label'], language)}" for category in item["categories"])
        return {**said, "validate": "list", "source": values, "input_message": f"{title}. {codes}"[:MOST_MESSAGE]}
    if item["type"] in {"integer", "number"} and "minimum" in limits and "maximum" in limits:
        return {**said, "validate": "integer" if item["type"] == "integer" else "decimal", "criteria": "between", "minimum": limits["minimum"],
                "maximum": limits["maximum"], "input_message": f"{title}. {limits['minimum']} - {limits['maximum']}"[:MOST_MESSAGE]}
    if item["type"] == "date":
        return {**said, "validate": "date", "criteria": ">=", "value": FIXED_DATE.date(), "input_message": title[:MOST_MESSAGE]}
    return None


def _word(text: Any, language: str) -> str:
    return str(text.get(language, "")) if isinstance(text, dict) else str(text)
