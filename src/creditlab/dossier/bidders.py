"""Answer about a list of credit codes, the bidders in a tender say: what is published about each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.dossier.reading import Held, hold_some
from creditlab.errors import ParameterError
from creditlab.identifiers import fold_identifier, has_valid_check_character, is_natural_person_code
from creditlab.sources import AbsentFileError, UnreadableFileError, read_whole
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from creditlab.access import Asking

#: What the column with the codes may be called; a file of one column may call it anything.
_HEADERS = ("subject_id", "code", "统一社会信用代码")
#: Columns of an answer, in order: what is known of the code, then what is published of one item.
ANSWER = (
    "row_no", "subject_id", "answer", "item_code", "published_count", "newest_event_on", "published_until",
    "next_end_on", "as_of", "run_no",
)  # fmt: skip
#: A credit code, right or mistyped, or a resident ID.
_CODE = re.compile("[0-9A-Z]{18}")
_OF_EVIDENCE = ("subject_id", "item_code", "event_date", "published_until", "is_published")


class CodeAnswer(StrEnum):
    """What can be said of a code. A natural person's is refused, and nothing else is said of it (Article 4)."""

    REGISTERED = "registered"
    DEREGISTERED = "deregistered"
    NOT_REGISTERED = "not_registered"
    INVALID = "invalid"
    REFUSED = "refused"


@dataclass(frozen=True)
class Checked:
    """The answer about a list of codes.

    Attributes
    ----------
    rows
        ANSWER: one row per code and item of which something is published; one per code with nothing published, its
        item columns null. `subject_id` is null where the code is refused or no valid one.
    as_of, run_no
        The day and the run that the answer is of.
    """

    rows: pa.Table
    as_of: date
    run_no: int

    def as_json(self) -> dict[str, Any]:
        """The answer, one object per row of the list."""
        found: dict[int, dict[str, Any]] = {}
        for row in self.rows.to_pylist():
            one = found.setdefault(
                row["row_no"], {name: row[name] for name in ("row_no", "subject_id", "answer")} | {"published": []}
            )
            if row["item_code"] is not None:
                names = ("item_code", "published_count", "newest_event_on", "published_until", "next_end_on")
                one["published"].append({name: row[name] for name in names})
        return {"as_of": self.as_of.isoformat(), "run_no": self.run_no, "codes": list(found.values())}


def check_codes(workspace: Workspace, backend: Backend, path: Path, as_of: date, *, asking: Asking) -> Checked:
    """Answer about each code of a file.

    Parameters
    ----------
    path
        A CSV file (or workbook) with a column subject_id, code or 统一社会信用代码, or with one column, whose first
        line may be a code already.
    as_of
        The day whose state is looked at.
    asking
        What they are looked up for, see `hold_some`.

    Returns
    -------
    Checked
        `published_until` is the day on which the last of an item's records is not published any more, null where one
        has no end; `next_end_on` the day on which the first is not.

    Raises
    ------
    ParameterError
        If the file can't be read, or its codes are not found in it.
    NoDataError
        If nothing has been ingested yet.
    """
    codes = _read(path)
    distinct = codes.unique()
    is_code = pa.array(has_valid_check_character(distinct))
    # Sole traders and resident IDs are refused whatever their check character says.
    is_person = pa.array(is_natural_person_code(distinct))
    # Nothing is read about a person, but that somebody asked is noted.
    asked = distinct.filter(pc.or_(is_code, is_person))
    held = hold_some(workspace, backend, as_of, asked, asking=asking)
    persons = pc.or_(is_person, pc.is_in(distinct, value_set=held.persons))
    answers = _registered(held, backend, as_of)
    word = pc.fill_null(_looked_up(distinct, answers, "answer"), str(CodeAnswer.NOT_REGISTERED))
    word = pc.if_else(is_code, word, str(CodeAnswer.INVALID))
    word = pc.if_else(persons, str(CodeAnswer.REFUSED), word)
    named = pc.if_else(pc.and_(is_code, pc.invert(persons)), distinct, None)
    listed = pa.table(
        {
            "row_no": pa.array(range(1, len(codes) + 1), pa.int64()),
            "subject_id": named.take(pc.index_in(codes, value_set=distinct)),
            "answer": word.take(pc.index_in(codes, value_set=distinct)),
        }
    )
    rows = ibis.memtable(listed)
    found = rows.left_join(_published(held), "subject_id").drop("subject_id_right")
    found = found.mutate(as_of=ibis.literal(as_of), run_no=ibis.literal(held.run_no, "int64"))
    table = backend.to_pyarrow(found.select(*ANSWER).order_by("row_no", "item_code"))
    return Checked(table, as_of, held.run_no)


def _read(path: Path) -> pa.Array:
    """The codes of the file, folded, in its order."""
    try:
        table, unreadable = read_whole(path)
    except (UnreadableFileError, AbsentFileError) as error:
        raise ParameterError("the list of codes can't be read", where="CODES", do="Save it as CSV UTF-8.") from error
    if unreadable:
        raise ParameterError("a row has too few or too many cells", where=f"CODES, row {unreadable[0]}")
    known = [name for name in _HEADERS if name in table.column_names]
    name = known[0] if known else table.column_names[0] if table.num_columns == 1 else None
    # A list may be written without a header: its first line is a bidder like the others.
    first = [name] if name and not known and _is_like_a_code(name) else []
    if name is None or (not first and not table.num_rows):
        raise ParameterError("no code is found in the list", where="CODES", do=f"Name its column {_HEADERS[0]}.")
    codes = pc.fill_null(table[name].combine_chunks().cast(pa.string()), "")
    return pa.array(fold_identifier(pa.concat_arrays([pa.array(first, pa.string()), codes])))


def _is_like_a_code(text: str) -> bool:
    return _CODE.fullmatch(fold_identifier(pa.array([text], pa.string()))[0].as_py()) is not None


def _registered(held: Held, backend: Backend, as_of: date) -> pa.Table:
    """One row per subject of the register that is asked about: subject_id, answer."""
    rows = held.inputs.subjects
    is_over = (rows.deregistered_on <= as_of).fill_null(False)
    answer = ibis.ifelse(is_over, str(CodeAnswer.DEREGISTERED), str(CodeAnswer.REGISTERED))
    return backend.to_pyarrow(rows.select("subject_id", answer=answer))


def _looked_up(keys: pa.Array, table: pa.Table, column: str) -> pa.Array:
    places = pc.index_in(keys, value_set=table["subject_id"].combine_chunks())
    return table[column].combine_chunks().take(places)


def _published(held: Held) -> ir.Table:
    """What is published about each subject: one row per subject and item."""
    rows = held.evidence(_OF_EVIDENCE)
    rows = rows.filter(rows.is_published)
    return rows.group_by("subject_id", "item_code").agg(
        published_count=rows.count().cast("int64"),
        newest_event_on=rows.event_date.max(),
        published_until=ibis.ifelse(rows.published_until.isnull().any(), None, rows.published_until.max()),
        next_end_on=rows.published_until.min(),
    )
