"""What lint says: a finding has a stable code, a place and an advice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from creditlab.catalogue.sheets import Row, Sheet
from creditlab.terms import EditionState


class Severity(StrEnum):
    """An error keeps an edition from being published; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class LintCode(StrEnum):
    """What can be wrong with a catalogue; scripts may rely on the values."""

    FILE_MISSING = "file_missing"
    FILE_UNREADABLE = "file_unreadable"
    COLUMN_MISSING = "column_missing"
    COLUMN_TWICE = "column_twice"
    ROW_TOO_LONG = "row_too_long"
    EDITION_YEAR = "edition_year"
    EDITION_STATE = "edition_state"
    EDITION_APPROVAL = "edition_approval"
    EDITION_EMPTY = "edition_empty"
    EDITION_CHANGED = "edition_changed"
    ARTICLE_11_EMPTY = "article_11_empty"
    CELL_EMPTY = "cell_empty"
    CODE_TWICE = "code_twice"
    LISTED_TWICE = "listed_twice"
    ITEM_CODE_FORM = "item_code_form"
    ITEM_TWICE = "item_twice"
    ITEM_SECRET = "item_secret"
    PROHIBITED_CONTENT = "prohibited_content"
    UNKNOWN_DEPARTMENT = "unknown_department"
    UNKNOWN_DATA_FORMAT = "unknown_data_format"
    UNKNOWN_CODE_LIST = "unknown_code_list"
    UNKNOWN_RIGHT = "unknown_right"
    UNKNOWN_SUBJECT_KIND = "unknown_subject_kind"
    UNKNOWN_LEVEL = "unknown_level"
    UNKNOWN_PUBLICATION_METHOD = "unknown_publication_method"
    UNKNOWN_UPDATE_PERIOD = "unknown_update_period"
    UNKNOWN_SECURITY_LEVEL = "unknown_security_level"
    UNKNOWN_INFORMATION_KIND = "unknown_information_kind"
    UNKNOWN_NATURE = "unknown_nature"
    UNKNOWN_COVERAGE_BASIS = "unknown_coverage_basis"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_ROLE = "unknown_role"
    UNKNOWN_REQUIRED = "unknown_required"
    UNKNOWN_PARENT = "unknown_parent"
    UNKNOWN_CHANGE = "unknown_change"
    UNKNOWN_ITEM = "unknown_item"
    TIME_LIMIT_UNREADABLE = "time_limit_unreadable"
    NUMBER_UNREADABLE = "number_unreadable"
    LEVEL_WITHOUT_REGION = "level_without_region"
    FIELD_TWICE = "field_twice"
    ROLE_MISSING = "role_missing"
    ROLE_TWICE = "role_twice"
    ROLE_TYPE = "role_type"
    PATTERN_UNREADABLE = "pattern_unreadable"
    IDENTIFIER_PATTERN = "identifier_pattern"
    RANGE_UNREADABLE = "range_unreadable"
    RANGE_REVERSED = "range_reversed"
    RANGE_ON_TYPE = "range_on_type"
    REASON_MISSING = "reason_missing"
    CHANGE_CONTRADICTS = "change_contradicts"
    CHANGE_UNDECLARED = "change_undeclared"
    ASSESSMENT_MISSING = "assessment_missing"
    UNKNOWN_CONTEST = "unknown_contest"
    COMMENT_UNANSWERED = "comment_unanswered"
    PERSONAL_DATA = "personal_data"
    SPAN_UNREADABLE = "span_unreadable"
    SPANS_OVERLAP = "spans_overlap"
    UNKNOWN_TARGET = "unknown_target"
    MERGER = "merger"
    ALIAS_TWICE = "alias_twice"


@dataclass(frozen=True)
class LintFinding:
    """One thing that is wrong with a catalogue.

    `row` is the number that a spreadsheet shows, 0 where the file as a whole is meant; `column` is empty where the
    row as a whole is. Texts name codes, fields and items, never another cell's value.
    """

    code: LintCode
    severity: Severity
    file: str
    row: int
    column: str
    what: str
    do: str


@dataclass(frozen=True)
class Shelf:
    """What an edition's cells may refer to; None where the list can't be read, so that nothing is said about it."""

    departments: frozenset[str] | None
    levels: frozenset[str] | None
    code_lists: frozenset[str] | None


#: Finds things to say about one file; the severity of what measuring does not need depends on the edition's state.
Report = Callable[..., LintFinding]


def reporter(state: str) -> Report:
    """Make the function that builds findings for an edition in a state.

    What the machine needs is always an error. The rest is an error until the edition is published, because it must
    not be published like that; afterwards it can't be mended in place, and measuring goes on: a warning.
    """

    def report(
        code: LintCode, sheet: Sheet | str, row: Row | None, column: str, what: str, do: str, *, needed: bool = True
    ) -> LintFinding:
        is_published = state == EditionState.PUBLISHED
        severity = Severity.ERROR if needed or not is_published else Severity.WARNING
        if severity is Severity.WARNING:
            do += " This edition is published: do it in the next year's draft."
        file = sheet.file if isinstance(sheet, Sheet) else sheet
        return LintFinding(code, severity, file, row.line if row else 0, column, what, do)

    return report
