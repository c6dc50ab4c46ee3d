"""Give the lists beside the editions their meaning: departments and their history, regions, code lists, standards."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from creditlab.catalogue.edition import Code, Department, Region
from creditlab.catalogue.history import DepartmentHistory, Spell
from creditlab.catalogue.sheets import LIST_SHEETS, OPTIONAL_LIST_SHEETS, Row, Sheet, inspect_list, split_list
from creditlab.catalogue.span import Span, read_span
from creditlab.catalogue.standards import Standard, Target, TargetKind
from creditlab.errors import CatalogueError
from creditlab.terms import ReportingLevel


@dataclass(frozen=True)
class Lists:
    """What stands beside the editions; `digest` is over what it says, and stays where a list that may lack does."""

    departments: dict[str, Department]
    regions: dict[str, Region]
    code_lists: dict[str, tuple[Code, ...]]
    standards: tuple[Standard, ...]
    history: DepartmentHistory
    digest: str


def read_lists(root: Path) -> Lists:
    """Read the lists beside the editions.

    Raises
    ------
    CatalogueError
        If a list is missing or can't be read, or has a cell without meaning that judging rests on.
    """
    sheets: dict[str, Sheet] = {}
    for name in (*LIST_SHEETS, *OPTIONAL_LIST_SHEETS):
        sheets[name], problems = inspect_list(root, name)
        if problems:
            raise problems[0]
    departments = {
        row["department"]: Department(row["department"], row["name_zh"], row["name_en"])
        for row in sheets["departments.csv"].rows
    }
    regions = {
        row["region_code"]: Region(row["region_code"], row["name_zh"], row["name_en"], row["level"], row["parent"])
        for row in sheets["regions.csv"].rows
    }
    # A list that is not there says nothing: a catalogue without it keeps the digest that its books know.
    said = [sheet for name, sheet in sheets.items() if name in LIST_SHEETS or sheet.columns]
    beside = json.dumps([[row.cells for row in sheet.rows] for sheet in said], sort_keys=True)
    return Lists(
        departments,
        regions,
        _code_lists(sheets["code_lists.csv"]),
        tuple(_standard(sheets["standards.csv"], row) for row in sheets["standards.csv"].rows),
        _history(sheets["department_history.csv"], departments),
        hashlib.sha256(beside.encode()).hexdigest(),
    )


def list_files(root: Path) -> list[Path]:
    """The lists that a catalogue's folder has beside its editions."""
    return [root / name for name in (*LIST_SHEETS, *OPTIONAL_LIST_SHEETS) if (root / name).exists()]


def is_readable_pattern(pattern: str) -> bool:
    """Whether RE2 compiles a pattern: asked of Arrow's RE2, the library that DuckDB matches with too.

    RE2 needs time in proportion to the text, so that no pattern of a catalogue can bring the platform to a halt.
    """
    try:
        pc.match_substring_regex(pa.array([""], pa.string()), pattern=pattern)
    except pa.ArrowInvalid:
        return False
    return True


def _code_lists(sheet: Sheet) -> dict[str, tuple[Code, ...]]:
    found: dict[str, tuple[Code, ...]] = {}
    for row in sheet.rows:
        code = Code(row["code"], row["name_zh"], row["name_en"], _span(sheet, row))
        found[row["code_list"]] = (*found.get(row["code_list"], ()), code)
    return found


def _standard(sheet: Sheet, row: Row) -> Standard:
    targets = [Target.parse(text) for text in split_list(row["rests_on"])]
    known = tuple(one for one in targets if one is not None)
    if len(known) < len(targets):
        raise _meaningless(sheet, row, "rests_on")
    pattern = row["pattern"] or None
    fields = [one for one in known if one.kind is TargetKind.FIELD]
    if pattern is not None and not (fields and is_readable_pattern(f"^(?:{pattern})$")):
        raise _meaningless(sheet, row, "pattern")
    span = _span(sheet, row)
    return Standard(row["standard"], row["version"], row["name_zh"], row["name_en"], span, known, pattern)


def _history(sheet: Sheet, departments: dict[str, Department]) -> DepartmentHistory:
    history = DepartmentHistory(tuple(_spell(sheet, row, departments) for row in sheet.rows))
    merged = [one.department for one in history.spells if one.merged_into]
    if len(set(merged)) < len(merged) or history.circle() is not None:
        what = "a department is merged twice, or in a circle"
        raise CatalogueError(what, where=sheet.file, do="Run creditlab catalogue lint: it says which.")
    return history


def _spell(sheet: Sheet, row: Row, departments: dict[str, Department]) -> Spell:
    merged = row["merged_into"] or None
    if row["department"] not in departments:
        raise _meaningless(sheet, row, "department")
    if merged is not None and (merged not in departments or not row["valid_until"]):
        raise _meaningless(sheet, row, "merged_into")
    if row["level"] and row["level"] not in set(ReportingLevel):
        raise _meaningless(sheet, row, "level")
    level = ReportingLevel(row["level"]) if row["level"] else None
    aliases = split_list(row["alias"])
    return Spell(row["department"], _span(sheet, row), row["name_zh"], row["name_en"], aliases, level, merged)


def _span(sheet: Sheet, row: Row) -> Span:
    span = read_span(row["valid_from"], row["valid_until"])
    if span is None:
        raise _meaningless(sheet, row, "valid_from")
    return span


def _meaningless(sheet: Sheet, row: Row, column: str) -> CatalogueError:
    return CatalogueError(
        "a cell has no meaning",
        where=f"{sheet.file}, row {row.line}, column {column}",
        do="Run creditlab catalogue lint: it says what each cell may hold.",
    )
