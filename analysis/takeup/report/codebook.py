"""The codebook: every table and column of the study as its schema describes it, without a single value of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.catalogue import mark, words
from takeup.present.labels import in_language
from takeup.present.tables.model import Column, Row, Table, compact, text_cell
from takeup.present.text import said
from takeup.report.document import Block, Document, Heading, Paragraph, TableBlock
from takeup.report.html import html
from takeup.results import FrozenMap
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from takeup.intake.schema import Category, Field, TableSchema
    from takeup.plan.model import Plan

TYPES: dict[str, str] = {
    "string": mark("text"), "integer": mark("whole number"), "number": mark("number"), "boolean": mark("yes or no"), "date": mark("date"),
    "datetime": mark("date and time"), "year": mark("year"),
}


def codebook_document(plan: Plan, schemas: Mapping[str, TableSchema], language: str) -> Document:
    """One chapter a table: its columns with type, unit, codes, missing codes and rules."""
    _ = words(language)
    content: list[Block] = [Paragraph(spans=said(_("What the data must look like. The codes are those of the schemas; nothing here comes from the "
                                                   "data themselves.")))]
    for name, schema in schemas.items():
        title = in_language(schema.title, language) or name
        content.append(Heading(text=f"{title} ({name})" if title != name else title, id=f"table-{name}"))
        if schema.description:
            content.append(Paragraph(spans=said(in_language(schema.description, language))))
        content += [Paragraph(spans=said(text)) for text in _keys(schema, language)]
        content.append(TableBlock(table=_table(name, schema, language)))
    return Document(title=_("Codebook"), subtitle=in_language(plan.title, language), language=language, blocks=tuple(content),
                    meta=FrozenMap(study=plan.study, version=__version__))


def codebook_html(plan: Plan, schemas: Mapping[str, TableSchema], languages: Iterable[str]) -> str:
    """The codebook as one page in several languages."""
    return html({language: codebook_document(plan, schemas, language) for language in languages})


def _keys(schema: TableSchema, language: str) -> list[str]:
    _ = words(language)
    out = [_("One row for each {key}.", key=", ".join(schema.primary_key))] if schema.primary_key else []
    out += [_("{fields} points to {references} in {table}.", fields=", ".join(key.fields), table=key.table or schema.name,
              references=", ".join(key.references))
            for key in schema.foreign_keys]
    return out


def _table(name: str, schema: TableSchema, language: str) -> Table:
    _ = words(language)
    rows = tuple(Row(cells=(text_cell(field.name), text_cell(_title(field, language)), text_cell(_type(field, language)),
                            text_cell(_codes(field.categories, language)),
                            text_cell(_codes(field.missing_values or schema.missing_values, language)), text_cell(_rules(field, language))))
                 for field in schema.fields)
    columns = (Column(id="name", title=_("Column")), Column(id="title", title=_("What it is")), Column(id="type", title=_("Type")),
               Column(id="codes", title=_("Codes")),
               Column(id="missing", title=_("Missing codes")), Column(id="rules", title=_("Rules")))
    title = in_language(schema.title, language) or name
    return compact(Table(id=f"codebook_{name}", title=title, columns=columns, rows=rows, language=language))


def _title(field: Field, language: str) -> str:
    title = in_language(field.title, language)
    description = in_language(field.description, language)
    if title and description:
        return f"{title}{'' if title.endswith(('.', '?')) else '.'} {description}"
    return title or description


def _type(field: Field, language: str) -> str:
    kind = words(language)(TYPES[field.type])
    unit = in_language(field.unit, language)
    return f"{kind} ({unit})" if unit else kind


def _codes(categories: tuple[Category, ...], language: str) -> str:
    _ = words(language)
    shown = []
    for category in categories:
        value, label = str(category.value), in_language(category.label, language)
        if value == "" and not label:
            continue
        name = value or _("empty")
        shown.append(f"{name}\u00a0= {label}" if label and label != value else name)
    return "; ".join(shown)


def _rules(field: Field, language: str) -> str:
    _ = words(language)
    parts = []
    if field.sensitive:
        parts.append(_("sensitive"))
    if field.required:
        parts.append(_("required"))
    if field.unique:
        parts.append(_("unique"))
    if field.ordered:
        parts.append(_("codes in order"))
    if field.minimum is not None and field.maximum is not None:
        parts.append(_("from {low} to {high}", low=field.minimum, high=field.maximum))
    elif field.minimum is not None:
        parts.append(_("at least {low}", low=field.minimum))
    elif field.maximum is not None:
        parts.append(_("at most {high}", high=field.maximum))
    if field.pattern:
        parts.append(_("pattern {pattern}", pattern=field.pattern))
    if field.max_length is not None:
        parts.append(_("at most {n} characters", n=field.max_length))
    return ", ".join(parts)
