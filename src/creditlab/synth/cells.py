"""Turn rows into the text of CSV lines, a whole record schema at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.errors import InternalError
from creditlab.synth.days import ORIGIN, day_number, day_texts
from creditlab.synth.definitions import YEARS, fields_of, packaged
from creditlab.synth.events import ACTIONS, MENDED, Records, Rows, flaw
from creditlab.synth.register import KINDS, Register
from creditlab.terms import SubjectKind

_COMMON = ("record_id", "subject_id", "subject_name", "subject_kind", "event_date")
_TEXTS = 40
_DASH = "—"
_NO_END = "2099-12-31"
_YEARS_OF_VALIDITY = np.array([1, 2, 3, 5, 5, 10])
#: Share of documents without an end, in 20ths, and of missing values written as a dash rather than left empty.
_ENDLESS = 20


@dataclass(frozen=True)
class Chosen:
    """The rows of one record schema: `rows` and `records` are their positions."""

    rows: np.ndarray
    records: np.ndarray
    pick: np.ndarray
    flaw: np.ndarray


def header_of(data_format: str) -> list[str]:
    """The columns of a delivery, in order."""
    own = [row["field"] for row in fields_of(YEARS[0]) if row["data_format"] == data_format]
    return [*_COMMON, *own, "action"]


def lines_of(
    data_format: str, chosen: np.ndarray, rows: Rows, records: Records, register: Register, prefixes: pa.Array
) -> pa.Array:
    """One CSV line, with its line end, for each chosen row of a record schema.

    Parameters
    ----------
    data_format
        The record schema that all chosen rows have.
    chosen
        Positions in `rows`.
    prefixes
        The beginning of record numbers, by item.

    Notes
    -----
    No value holds a comma, a quote or a line end, so that nothing needs quoting and a file is a slice of the lines.
    """
    found = _choose(chosen, rows, records)
    columns = [*_common(found, rows, records, register, prefixes)]
    own = [row for row in fields_of(YEARS[0]) if row["data_format"] == data_format]
    blank = next(row["field"] for row in own if row["required"] == "true" or row["maker"].startswith("one_of"))
    for row in own:
        values = _make(row, found, rows, records)
        if row["field"] == blank or row["one_of_group"]:
            values = _missing(values, found)
        columns.append(values)
    columns.append(_take(list(ACTIONS), rows.action[found.rows]))
    return pc.binary_join_element_wise(*_with_commas(columns), "")


def _with_commas(columns: list[pa.Array]) -> list[pa.Array | str]:
    parts: list[pa.Array | str] = []
    for column in columns:
        parts += [column, ","]
    parts[-1] = "\n"
    return parts


def _choose(chosen: np.ndarray, rows: Rows, records: Records) -> Chosen:
    record = rows.record[chosen]
    mended = rows.is_revised[chosen] & np.isin(records.flaw[record], [flaw(name) for name in MENDED])
    return Chosen(
        chosen,
        record,
        records.pick[record] + rows.is_revised[chosen],
        np.where(mended, 0, records.flaw[record]),
    )


def _take(words: list[str], numbers: np.ndarray) -> pa.Array:
    return pa.array(words, type=pa.string()).take(pa.array(numbers))


def _where(condition: np.ndarray, yes: pa.Array | str, no: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(condition), yes, no)


def _padded(numbers: np.ndarray, width: int) -> pa.Array:
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width=width, padding="0")


def _common(
    found: Chosen, rows: Rows, records: Records, register: Register, prefixes: pa.Array
) -> tuple[pa.Array, ...]:
    join = pc.binary_join_element_wise
    subject = pa.array(records.subject[found.records])
    number = join(prefixes.take(pa.array(records.item[found.records])), _padded(rows.number[found.rows], 6), "-")
    number = _where(found.flaw == flaw("no_record_id"), "", number)
    code = register.codes.take(subject)
    last = pc.utf8_slice_codeunits(code, 17, 18)
    is_zero = pc.equal(last, "0").to_numpy(zero_copy_only=False)
    wrong = join(pc.utf8_slice_codeunits(code, 0, 17), _where(is_zero, "1", _zeros(last)), "")
    code = _where(found.flaw == flaw("check_digit"), wrong, code)
    code = _where(found.flaw == flaw("code_spelled"), pc.utf8_lower(code), code)
    code = _where(found.flaw == flaw("no_subject_id"), "", code)
    name = register.names.take(subject)
    name = _where(found.flaw == flaw("name_spelled"), register.spelled_names.take(subject), name)
    name = _where(found.flaw == flaw("name_differs"), register.other_names.take(subject), name)
    kind = _take([str(one) for one in KINDS], register.kind[records.subject[found.records]])
    kind = _where(found.flaw == flaw("out_of_scope"), str(SubjectKind.GOVERNMENT_BODY), kind)
    day = _dates(rows.day[found.rows])
    # Half of the unusable dates are blank, and half name a day that doesn't exist.
    undated = _where(found.pick % 2 == 0, "", pa.array(["2026-13-45"] * len(found.rows)))
    return number, code, name, kind, _where(found.flaw == flaw("no_event_date"), undated, day)


def _zeros(like: pa.Array) -> pa.Array:
    return pa.array(["0"] * len(like))


def _dates(numbers: np.ndarray) -> pa.Array:
    first, last = int(numbers.min(initial=0)), int(numbers.max(initial=0))
    return _take(day_texts(np.arange(first, last + 1)).tolist(), numbers - first)


def _missing(values: pa.Array, found: Chosen) -> pa.Array:
    blank = found.flaw == flaw("missing")
    return _where(blank & (found.pick % 2 == 0), _DASH, _where(blank & (found.pick % 2 == 1), "", values))


def _make(row: dict[str, str], found: Chosen, rows: Rows, records: Records) -> pa.Array:
    maker, _, label = row["maker"].partition(":")
    match maker:
        case "code":
            words = [one["code"] for one in packaged("code_lists") if one["code_list"] == row["code_list"]]
            # The next code on the list is what a correction changes.
            return _where(found.flaw == flaw("code_list"), "未列代码", _take(words, found.pick % len(words)))
        case "text":
            words = [f"{label}{number:02d}" for number in range(_TEXTS)]
            return _take(words, found.records % _TEXTS)
        case "amount":
            return _amounts(found)
        case "until":
            return _untils(found, records)
        case "number":
            return _numbers(label, found, records)
        case "one_of":
            has = (found.records % 2 == 0) == (label == "HT")
            return _where(has, _numbers(label, found, records), pa.array([""] * len(has)))
    raise InternalError("a packaged field has an unknown maker", where=f"{row['data_format']}, {row['field']}")


def _amounts(found: Chosen) -> pa.Array:
    cents = 10 + (found.records * 7919 + (found.pick >> 20)) % 500_000
    text = pc.binary_join_element_wise(_padded(cents // 100, 1), _padded(cents % 100, 2), ".")
    return _where(found.flaw == flaw("type"), "不详", text)


def _untils(found: Chosen, records: Records) -> pa.Array:
    base = records.pick[found.records] >> 4
    years = _YEARS_OF_VALIDITY[base % len(_YEARS_OF_VALIDITY)]
    text = _where(base % _ENDLESS == 0, _NO_END, _dates(records.day[found.records] + 365 * years))
    return _where(found.flaw == flaw("type"), "2026-13-45", text)


def _numbers(label: str, found: Chosen, records: Records) -> pa.Array:
    """A matter's own number: the same again where the matter is sent under another record number."""
    new_year = day_number(ORIGIN.replace(year=YEARS[-1], month=1, day=1))
    years = np.where(records.day[found.records] < new_year, f"{label}{YEARS[0] % 100}", f"{label}{YEARS[-1] % 100}")
    text = pc.binary_join_element_wise(pa.array(years), _padded(records.sequence[found.records], 6), "-")
    return _where(found.flaw == flaw("pattern"), pc.binary_join_element_wise("样", text, ""), text)
