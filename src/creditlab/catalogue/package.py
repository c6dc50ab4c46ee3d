"""An edition as a Data Package: a Table Schema and an empty template per data format, and the list of items.

A department can check a file with any tool that knows Table Schema before it delivers it. What such a schema can't say
(one of several fields filled, check digits, forms that change within the year) is in properties of our own or left out:
the schema never refuses what the platform takes without a fault, but for days, which it wants as 2026-08-31.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from creditlab.catalogue.edition import Catalogue, DataFormat, Edition, RecordField
from creditlab.catalogue.reading import EditionText
from creditlab.catalogue.sheets import ITEM_COLUMNS
from creditlab.catalogue.shown import is_in_full, shown_cells
from creditlab.catalogue.span import Span
from creditlab.catalogue.writing import sheet_text
from creditlab.terms import FieldType, Role, SecurityLevel

_TYPES = {
    FieldType.STRING: "string",
    FieldType.DATE: "date",
    FieldType.DECIMAL: "number",
    FieldType.INTEGER: "integer",
    FieldType.BOOLEAN: "boolean",
}
#: Without these a row can't become a record, whatever the schema says.
_ALWAYS = {Role.RECORD_ID, Role.SUBJECT_ID, Role.EVENT_DATE}


def package_files(
    edition: Edition, text: EditionText, beside: Catalogue, levels: Collection[SecurityLevel]
) -> dict[str, str | dict[str, Any]]:
    """The package's files by name: text as it is, everything else as JSON.

    Record schemas that only items outside `levels` use are left out.
    """
    used = {
        item.data_format for item in edition.items if is_in_full({"security_level": str(item.security_level)}, levels)
    }
    formats = [one for one in edition.formats if one.name in used]
    resources: list[dict[str, Any]] = [
        {
            "name": "items",
            "path": "items.csv",
            "profile": "tabular-data-resource",
            "schema": {"fields": [{"name": one, "type": "string"} for one in ITEM_COLUMNS], "primaryKey": "item_code"},
        }
    ]
    files: dict[str, str | dict[str, Any]] = {}
    for schema in formats:
        resources.append(
            {
                "name": f"template-{schema.name.lower()}",
                "path": f"templates/{schema.name}.csv",
                "profile": "tabular-data-resource",
                "schema": f"schemas/{schema.name}.json",
            }
        )
        files[f"schemas/{schema.name}.json"] = table_schema(schema, beside, edition.year)
        files[f"templates/{schema.name}.csv"] = sheet_text([one.name for one in schema.fields], [])
    items = [shown_cells(row.cells, levels) for row in text.items.rows]
    package = {
        "profile": "tabular-data-package",
        "name": f"public-credit-catalogue-{edition.year}",
        "title": edition.title_en or edition.title_zh,
        "version": str(edition.year),
        "resources": resources,
    }
    return {"datapackage.json": package, "items.csv": sheet_text(ITEM_COLUMNS, items), **files}


def table_schema(schema: DataFormat, beside: Catalogue, year: int) -> dict[str, Any]:
    """A data format as a Table Schema, with the codes and forms that are in force in the edition's year."""
    return {
        "fields": [_field(one, schema, beside, year) for one in schema.fields],
        "missingValues": [""],
        "primaryKey": schema.required_name(Role.RECORD_ID),
    }


def _field(one: RecordField, schema: DataFormat, beside: Catalogue, year: int) -> dict[str, Any]:
    found: dict[str, Any] = {"name": one.name, "type": _TYPES[one.type], "title": one.name_en or one.name_zh}
    if one.name_zh:
        found["description"] = one.name_zh
    if one.type is FieldType.BOOLEAN:
        found |= {"trueValues": ["true", "True", "TRUE", "1"], "falseValues": ["false", "False", "FALSE", "0"]}
    if one.role:
        found["creditlab:role"] = str(one.role)
    if one.one_of_group:
        found["creditlab:one_of_group"] = one.one_of_group
    constraints = _constraints(one, schema, beside, year)
    return found | ({"constraints": constraints} if constraints else {})


def _constraints(one: RecordField, schema: DataFormat, beside: Catalogue, year: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if (one.required and not one.one_of_group) or one.role in _ALWAYS:
        found["required"] = True
    pattern = _pattern(one, schema, beside, year)
    if pattern:
        found["pattern"] = f"(?:{pattern})"
    if one.code_list and one.type is FieldType.STRING:
        within = _year(year)
        codes = [code.code for code in beside.code_lists.get(one.code_list, ()) if code.span.overlaps(within)]
        if codes:
            found["enum"] = list(dict.fromkeys(codes))
    if one.max_length is not None and one.type is FieldType.STRING:
        found["maxLength"] = one.max_length
    for name, bound in (("minimum", one.minimum), ("maximum", one.maximum)):
        if bound is not None:
            found[name] = _bound(bound, one.type)
    return found


def _pattern(one: RecordField, schema: DataFormat, beside: Catalogue, year: int) -> str | None:
    """The form that holds all the year; None where there is none, or it changes within the year."""
    if one.type is not FieldType.STRING or one.role is Role.SUBJECT_ID:
        return None
    within = _year(year)
    dated = [form for form in beside.dated_patterns(schema.name, one.name) if form.span.overlaps(within)]
    if not dated:
        return one.pattern
    first = dated[0]
    is_whole = first.span.holds(date(year, 1, 1)) and first.span.holds(date(year, 12, 31))
    return first.pattern if is_whole else None


def _year(year: int) -> Span:
    return Span(date(year, 1, 1), date(year, 12, 31))


def _bound(text: str, kind: FieldType) -> str | int | float:
    if kind is FieldType.DATE:
        return text
    return int(text) if kind is FieldType.INTEGER and text.lstrip("+-").isdigit() else float(text)
