"""The subject register and the departments' ledger: read as a whole, kept as a whole."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from creditlab.catalogue.edition import Catalogue
from creditlab.errors import WorkspaceError
from creditlab.identifiers import fold_identifier, fold_name, is_natural_person_code, mask_resident_ids, pseudonyms
from creditlab.ingest.days import parse_days
from creditlab.ingest.hashing import stable_hashes
from creditlab.ingest.protect import Protection, fill, is_blank
from creditlab.lake.schemas import LEDGER, SUBJECTS
from creditlab.sources import AbsentFileError, UnreadableFileError, read_whole
from creditlab.terms import IdentifierPattern, SubjectKind
from creditlab.textbytes import whole

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

_SUBJECT_COLUMNS = (
    "subject_id", "subject_kind", "subject_name", "region_code", "industry_code", "registered_on", "deregistered_on",
)  # fmt: skip
_LEDGER_COLUMNS = ("item_code", "department", "region_code", "month", "declared_count")


def digest(path: Path) -> str:
    """SHA-256 of a list's file; empty where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def read_subjects(path: Path, catalogue: Catalogue, protection: Protection, backend: Backend) -> pa.Table:
    """The subject register, one row per subject: natural persons under their pseudonym and without a name.

    Raises
    ------
    WorkspaceError
        If the file can't be read, lacks a column, names a subject twice, or has a day that is none.
    """
    if not path.exists():
        return SUBJECTS.empty_table()
    cells = _read(path, _SUBJECT_COLUMNS, optional={"industry_code", "deregistered_on", "subject_name"})
    subject = fold_identifier(cells["subject_id"])
    kind = cells["subject_kind"]
    if _has_credit_codes(catalogue):
        kind = pc.if_else(pa.array(is_natural_person_code(subject)), str(SubjectKind.NATURAL_PERSON), kind)
    is_person = pc.equal(kind, str(SubjectKind.NATURAL_PERSON))
    subject = pc.if_else(is_person, pseudonyms(subject, protection.key), subject)
    subject, _ = mask_resident_ids(subject, protection.key)
    if pc.count_distinct(subject).as_py() < len(subject):
        raise WorkspaceError("a subject occurs twice in the register", where=path.name, do="Keep one row a subject.")
    is_unnamed = pc.or_(is_person, pa.array(is_blank(cells["subject_name"], protection.blanks)))
    name = pc.if_else(is_unnamed, None, cells["subject_name"])
    days = {}
    for column in ("registered_on", "deregistered_on"):
        days[column] = parse_days(cells[column])
        _refuse_first(pc.and_(pc.not_equal(cells[column], ""), pc.is_null(days[column])), path, column, "no day")
    columns = {
        "run_no": pa.nulls(len(subject), pa.int64()),
        "subject_id": subject,
        "subject_kind": kind,
        "subject_name": name,
        "name64": stable_hashes(backend, {"name64": whole(fold_name(name))})["name64"],
        "region_code": cells["region_code"],
        "industry_code": cells["industry_code"],
        **days,
    }
    return pa.table(columns).select(SUBJECTS.names).cast(SUBJECTS)


def read_ledger(path: Path) -> pa.Table:
    """The departments' ledger, one row per item, department, unit and month as written.

    Raises
    ------
    WorkspaceError
        If the file can't be read, lacks a column, or has a month or count that is none.
    """
    if not path.exists():
        return LEDGER.empty_table()
    cells = _read(path, _LEDGER_COLUMNS, optional=set())
    is_month = pc.match_substring_regex(cells["month"], r"^[1-9]\d{3}-(0[1-9]|1[0-2])$")
    _refuse_first(pc.invert(is_month), path, "month", "no month")
    is_count = pc.match_substring_regex(cells["declared_count"], r"^\d{1,15}$")
    _refuse_first(pc.invert(is_count), path, "declared_count", "no count")
    columns = cells | {
        "run_no": pa.nulls(len(is_month), pa.int64()),
        "month": parse_days(pc.binary_join_element_wise(cells["month"], "01", "-")),
        "declared_count": cells["declared_count"].cast(pa.int64()),
    }
    return pa.table(columns).select(LEDGER.names).cast(LEDGER)


def _read(path: Path, columns: tuple[str, ...], *, optional: set[str]) -> dict[str, pa.Array]:
    try:
        table, unreadable = read_whole(path)
    except (UnreadableFileError, AbsentFileError) as error:
        raise WorkspaceError("a list can't be read", where=path.name, do="Save it as CSV UTF-8.") from error
    if unreadable:
        raise WorkspaceError("a row has too few or too many cells", where=f"{path.name}, row {unreadable[0]}")
    if not table.num_columns:
        return {name: pa.array([], pa.string()) for name in columns}
    absent = [name for name in columns if name not in table.column_names and name not in optional]
    if absent:
        raise WorkspaceError("a column is missing", where=f"{path.name}, column {absent[0]}", do="Add the column.")
    return {
        name: pc.utf8_trim_whitespace(fill(table[name] if name in table.column_names else None, table.num_rows))
        for name in columns
    }


def _refuse_first(is_wrong: pa.Array, path: Path, column: str, what: str) -> None:
    first = pc.index(is_wrong, True).as_py()
    if first >= 0:
        raise WorkspaceError(f"a cell is {what}", where=f"{path.name}, row {first + 1}, column {column}")


def _has_credit_codes(catalogue: Catalogue) -> bool:
    """Whether any record schema identifies subjects by credit codes."""
    return any(
        schema.identifier_pattern is IdentifierPattern.USCC
        for edition in catalogue.editions
        for schema in edition.formats
    )
