"""What can be wrong with what changes on days of its own: dated codes, standards, and departments' history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from creditlab.catalogue.findings import LintCode, LintFinding, Report
from creditlab.catalogue.history import DepartmentHistory, Spell
from creditlab.catalogue.lists import is_readable_pattern
from creditlab.catalogue.sheets import Row, Sheet, split_list
from creditlab.catalogue.span import Span, read_span
from creditlab.catalogue.standards import Target, TargetKind
from creditlab.terms import ReportingLevel

_OVERLAP = "Let one end the day before the other starts."


def lint_spans(sheet: Sheet, keys: tuple[str, ...], column: str, report: Report) -> Iterator[LintFinding]:
    """Findings on valid_from and valid_until, and on rows of one key whose days overlap."""
    seen: dict[tuple[str, ...], list[tuple[int, Span]]] = defaultdict(list)
    for row in sheet.rows:
        span = read_span(row["valid_from"], row["valid_until"])
        if span is None:
            what = "valid_from and valid_until are no days, or the wrong way round"
            yield report(LintCode.SPAN_UNREADABLE, sheet, row, "valid_from", what, "Write days as 2026-07-01.")
            continue
        key = tuple(row[name] for name in keys)
        for line, other in seen[key] if all(key) else ():
            if span.overlaps(other):
                is_dated = bool(row["valid_from"] or row["valid_until"])
                what = f"the code has a row already, row {line}" + (", for some of the same days" if is_dated else "")
                do = _OVERLAP if is_dated else "Keep one row, or correct the code."
                code = LintCode.SPANS_OVERLAP if is_dated else LintCode.CODE_TWICE
                yield report(code, sheet, row, column, what, do)
                break
        seen[key].append((row.line, span))


def lint_standards(
    sheet: Sheet, report: Report, code_lists: frozenset[str] | None, fields: frozenset[tuple[str, str]] | None
) -> Iterator[LintFinding]:
    """Findings on the standards register; `fields` are the formats and fields of all editions, None where unreadable.

    Two versions of one standard are not in force on one day, and neither are two forms of one field.
    """
    yield from lint_spans(sheet, ("standard",), "valid_from", report)
    forms: dict[Target, list[tuple[Row, Span]]] = defaultdict(list)
    for row in sheet.rows:
        for column in ("standard", "version", "rests_on"):
            if column in sheet.columns and not row[column]:
                yield report(LintCode.CELL_EMPTY, sheet, row, column, f"the row has no {column}", "Fill it in.")
        targets = [Target.parse(text) for text in split_list(row["rests_on"])]
        if None in targets:
            do = "Write code_list:NAME, format:NAME or field:FORMAT.FIELD, separated by ;."
            what = "rests_on names something without a kind"
            yield report(LintCode.UNKNOWN_TARGET, sheet, row, "rests_on", what, do)
        known = [one for one in targets if one is not None]
        if any(not _exists(one, code_lists, fields) for one in known):
            what, do = "what rests on the standard is nowhere in the catalogue", "Correct its name."
            yield report(LintCode.UNKNOWN_TARGET, sheet, row, "rests_on", what, do)
        if row["pattern"]:
            yield from _pattern(sheet, row, known, report)
            span = read_span(row["valid_from"], row["valid_until"])
            for one in known if span else ():
                other = next((line for line, taken in forms[one] if span and taken.overlaps(span)), None)
                if other is not None and other["standard"] != row["standard"]:
                    what = f"another standard prescribes a form for the same field, row {other.line}"
                    yield report(LintCode.SPANS_OVERLAP, sheet, row, "pattern", what, _OVERLAP)
                if span and one.kind is TargetKind.FIELD:
                    forms[one].append((row, span))


def _pattern(sheet: Sheet, row: Row, targets: list[Target], report: Report) -> Iterator[LintFinding]:
    if not any(one.kind is TargetKind.FIELD for one in targets):
        what, do = "a form is prescribed, and no field rests on it", "Name it: field:FORMAT.FIELD."
        yield report(LintCode.UNKNOWN_TARGET, sheet, row, "rests_on", what, do)
    if not is_readable_pattern(row["pattern"]):
        what = "the pattern is no regular expression that every engine reads"
        do = "Use RE2's syntax: no look-around, no back-reference; close each bracket."
        yield report(LintCode.PATTERN_UNREADABLE, sheet, row, "pattern", what, do)


def _exists(one: Target, code_lists: frozenset[str] | None, fields: frozenset[tuple[str, str]] | None) -> bool:
    if one.kind is TargetKind.CODE_LIST:
        return code_lists is None or one.name in code_lists
    if fields is None:
        return True
    if one.kind is TargetKind.FORMAT:
        return one.name in {data_format for data_format, _ in fields}
    return tuple(one.name.split(".", 1)) in fields


def lint_history(sheet: Sheet, report: Report, departments: frozenset[str] | None) -> Iterator[LintFinding]:
    """Findings on department_history.csv."""
    yield from lint_spans(sheet, ("department",), "department", report)
    spells: list[Spell] = []
    aliases: dict[str, Row] = {}
    for row in sheet.rows:
        if departments is not None:
            for column in ("department", "merged_into"):
                if (row[column] and row[column] not in departments) or (column == "department" and not row[column]):
                    what, do = f"{column} is not in departments.csv", "Add it there, or correct its code."
                    yield report(LintCode.UNKNOWN_DEPARTMENT, sheet, row, column, what, do)
        if row["level"] and row["level"] not in set(ReportingLevel):
            what, do = "level has a word without meaning", f"Write {' or '.join(ReportingLevel)}."
            yield report(LintCode.UNKNOWN_LEVEL, sheet, row, "level", what, do)
        if row["merged_into"] and not row["valid_until"]:
            what, do = "a department is merged on no day", "Write its own last day as valid_until."
            yield report(LintCode.MERGER, sheet, row, "valid_until", what, do)
        if row["merged_into"] and any(one.department == row["department"] and one.merged_into for one in spells):
            what, do = "a department is merged twice", "Keep one row; the other department has a row of its own."
            yield report(LintCode.MERGER, sheet, row, "merged_into", what, do)
        for alias in split_list(row["alias"]):
            owner = aliases.setdefault(alias, row)
            if alias in (departments or ()) or owner["department"] != row["department"]:
                what = "an alias is another department's code or alias"
                yield report(LintCode.ALIAS_TWICE, sheet, row, "alias", what, "Keep it where it belongs.")
        span = read_span(row["valid_from"], row["valid_until"])
        if span:
            spells.append(Spell(row["department"], span, merged_into=row["merged_into"] or None))
            circle = DepartmentHistory(tuple(spells)).circle()
            if circle:
                what, do = "departments are merged in a circle", "Take one of the mergers out."
                yield report(LintCode.MERGER, sheet, row, "merged_into", what, do)
                spells.pop()
