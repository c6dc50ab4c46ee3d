"""The subject register and the departments' ledger: read as a whole, kept as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from creditlab.catalogue.edition import Catalogue
from creditlab.errors import WorkspaceError
from creditlab.identifiers import fold_identifier, fold_name, is_natural_person_code, mask_resident_ids, pseudonyms
from creditlab.ingest.days import parse_days
from creditlab.ingest.hashing import stable_hashes
from creditlab.ingest.protect import Protection, fill, is_blank
from creditlab.lake.schemas import LEDGER, SUBJECTS
from creditlab.sources import AbsentFileError, Stamp, UnreadableFileError, read_whole, stamp
from creditlab.terms import IdentifierPattern, SubjectKind
from creditlab.textbytes import whole

if TYPE_CHECKING:
    from creditlab.engine import Aside
    from creditlab.workspace import Workspace

_SUBJECT_COLUMNS = (
    "subject_id", "subject_kind", "subject_name", "region_code", "industry_code", "registered_on", "deregistered_on",
)  # fmt: skip
_LEDGER_COLUMNS = ("item_code", "department", "region_code", "month", "declared_count")


#: What the books call the digests of the lists.
_DIGESTS = {"subjects": "subjects_digest", "ledger": "ledger_digest"}


class Reading:
    """Reads the two lists in a thread of its own, where they are not what the lake has, while deliveries are read."""

    def __init__(
        self, workspace: Workspace, catalogue: Catalogue, protection: Protection, aside: Callable[[], Aside]
    ) -> None:
        self._paths = {"subjects": workspace.subjects, "ledger": workspace.ledger}
        self._catalogue, self._protection, self._aside = catalogue, protection, aside
        self._begun: dict[str, tuple[Stamp, Future[pa.Table]]] = {}
        self._thread = ThreadPoolExecutor(max_workers=1)

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()

    def begin(self, last: dict[str, Any]) -> None:
        """Read those whose files are not what the last run read."""
        for name, path in self._paths.items():
            found = _stamp(path)
            if found and digest(path) != last.get(_DIGESTS[name]):
                self._begun[name] = found, self._thread.submit(self._read, name)

    def changed(self, last: dict[str, Any]) -> tuple[dict[str, str], dict[str, pa.Table]]:
        """The digests of both files as they are now, and the rows of those that are not what the last run read.

        Raises
        ------
        WorkspaceError
            If one of these can't be used.
        """
        # Hashed before they are read: a list that changes meanwhile is read again by the next run.
        now = {column: digest(self._paths[name]) for name, column in _DIGESTS.items()}
        tables = {name: self._rows(name) for name, column in _DIGESTS.items() if now[column] != last.get(column)}
        return now, tables

    def _rows(self, name: str) -> pa.Table:
        if name in self._begun:
            found, reading = self._begun[name]
            rows = reading.result()
            if _stamp(self._paths[name]) == found:
                return rows
        return self._read(name)

    def _read(self, name: str) -> pa.Table:
        if name == "ledger":
            return read_ledger(self._paths[name])
        return read_subjects(self._paths[name], self._catalogue, self._protection, self._aside())


def _stamp(path: Path) -> Stamp | None:
    try:
        return stamp(path)
    except AbsentFileError:
        return None


def digest(path: Path) -> str:
    """SHA-256 of a list's file; empty where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def read_subjects(path: Path, catalogue: Catalogue, protection: Protection, aside: Aside) -> pa.Table:
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
        "name64": stable_hashes(aside, {"name64": whole(fold_name(name))})["name64"],
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
