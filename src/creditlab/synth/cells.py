"""The cells of rows as departments fill them in, a whole record schema at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.errors import InternalError
from creditlab.synth.chunks import Province
from creditlab.synth.days import ORIGIN, day_number
from creditlab.synth.definitions import YEARS, fields_of, packaged
from creditlab.synth.events import ACTIONS, MENDED, Records, Rows, flaw
from creditlab.synth.register import KINDS
from creditlab.synth.texts import dates, padded, take
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


def cells_of(data_format: str, chosen: np.ndarray, rows: Rows, records: Records, province: Province) -> pa.Table:
    """The delivered cells of each chosen row, all of them text, in the columns of `header_of`.

    Parameters
    ----------
    data_format
        The record schema that all chosen rows have.
    chosen
        Positions in `rows`.

    Notes
    -----
    No value holds a comma, a quote or a line end, so that nothing needs quoting in a CSV file.
    """
    found = _choose(chosen, rows, records)
    columns = [*_common(found, rows, records, province)]
    own = [row for row in fields_of(YEARS[0]) if row["data_format"] == data_format]
    blank = next(row["field"] for row in own if row["required"] == "true" or row["maker"].startswith("one_of"))
    for row in own:
        values = _make(row, found, rows, records)
        if row["field"] == blank or row["one_of_group"]:
            values = _missing(values, found)
        columns.append(values)
    columns.append(take(list(ACTIONS), rows.action[found.rows]))
    return pa.table(columns, names=header_of(data_format))


def lines_of(cells: pa.Table) -> pa.Array:
    """One CSV line, with its line end, for each row of cells."""
    parts: list[pa.Array | str] = []
    for column in cells.columns:
        parts += [column.combine_chunks(), ","]
    parts[-1] = "\n"
    return pc.binary_join_element_wise(*parts, "")


def _choose(chosen: np.ndarray, rows: Rows, records: Records) -> Chosen:
    record = rows.record[chosen]
    mended = rows.is_revised[chosen] & np.isin(records.flaw[record], [flaw(name) for name in MENDED])
    return Chosen(
        chosen,
        record,
        records.pick[record] + rows.is_revised[chosen],
        np.where(mended, 0, records.flaw[record]),
    )


def _where(values: pa.Array, condition: np.ndarray, change: Callable[[np.ndarray], pa.Array | str]) -> pa.Array:
    """Values, changed where a condition holds: `change` is given the positions and says what stands there instead."""
    places = np.flatnonzero(condition)
    if not len(places):
        return values
    instead = change(places)
    if isinstance(instead, str):
        instead = pa.array([instead] * len(places), pa.string())
    return pc.replace_with_mask(values, pa.array(condition), instead)


def _flawed(values: pa.Array, found: Chosen, name: str, change: Callable[[np.ndarray], pa.Array | str]) -> pa.Array:
    return _where(values, found.flaw == flaw(name), change)


def _common(found: Chosen, rows: Rows, records: Records, province: Province) -> tuple[pa.Array, ...]:
    register = province.register
    subject = records.subject[found.records]
    prefixes = [f"{plan.code.replace('-', '')}-" for plan in province.plans]
    number = pc.binary_join_element_wise(
        take(prefixes, records.item[found.records]), padded(rows.number[found.rows], 6), ""
    )
    number = _flawed(number, found, "no_record_id", lambda places: "")
    code = register.codes.take(pa.array(subject))
    code = _flawed(code, found, "check_digit", lambda places: _wrong_code(code.take(pa.array(places))))
    spelled = _flawed(code, found, "code_spelled", lambda places: pc.utf8_lower(code.take(pa.array(places))))
    name = register.names(subject)
    name = _flawed(name, found, "name_spelled", lambda places: register.spelled_names(subject[places]))
    name = _flawed(name, found, "name_differs", lambda places: register.other_names(subject[places]))
    kind = take([str(one) for one in KINDS], register.kind[subject])
    day = dates(rows.day[found.rows])
    return (
        number,
        _flawed(spelled, found, "no_subject_id", lambda places: ""),
        name,
        _flawed(kind, found, "out_of_scope", lambda places: str(SubjectKind.GOVERNMENT_BODY)),
        # Half of the unusable dates are blank, and half name a day that doesn't exist.
        _flawed(day, found, "no_event_date", lambda places: take(["", "2026-13-45"], found.pick[places] % 2)),
    )


def _wrong_code(code: pa.Array) -> pa.Array:
    last = pc.utf8_slice_codeunits(code, 17, 18)
    other = pc.if_else(pc.equal(last, "0"), "1", "0")
    return pc.binary_join_element_wise(pc.utf8_slice_codeunits(code, 0, 17), other, "")


def _missing(values: pa.Array, found: Chosen) -> pa.Array:
    return _flawed(values, found, "missing", lambda places: take([_DASH, ""], found.pick[places] % 2))


def _make(row: dict[str, str], found: Chosen, rows: Rows, records: Records) -> pa.Array:
    maker, _, label = row["maker"].partition(":")
    match maker:
        case "code":
            words = [one["code"] for one in packaged("code_lists") if one["code_list"] == row["code_list"]]
            # The next code on the list is what a correction changes.
            codes = take(words, found.pick % len(words))
            return _flawed(codes, found, "code_list", lambda places: "未列代码")
        case "text":
            return take([f"{label}{number:02d}" for number in range(_TEXTS)], found.records % _TEXTS)
        case "amount":
            return _amounts(found)
        case "until":
            return _untils(found, records)
        case "number":
            return _numbers(label, found, records)
        case "one_of":
            has = (found.records % 2 == 0) == (label == "HT")
            return _where(_numbers(label, found, records), ~has, lambda places: "")
    raise InternalError("a packaged field has an unknown maker", where=f"{row['data_format']}, {row['field']}")


def _amounts(found: Chosen) -> pa.Array:
    cents = 10 + (found.records * 7919 + (found.pick >> 20)) % 500_000
    text = pc.binary_join_element_wise(pa.array(cents // 100).cast(pa.string()), padded(cents % 100, 2), ".")
    return _flawed(text, found, "type", lambda places: "不详")


def _untils(found: Chosen, records: Records) -> pa.Array:
    base = records.pick[found.records] >> 4
    years = _YEARS_OF_VALIDITY[base % len(_YEARS_OF_VALIDITY)]
    text = dates(records.day[found.records] + 365 * years)
    text = _where(text, base % _ENDLESS == 0, lambda places: _NO_END)
    return _flawed(text, found, "type", lambda places: "2026-13-45")


def _numbers(label: str, found: Chosen, records: Records) -> pa.Array:
    """A matter's own number: the same again where the matter is sent under another record number."""
    new_year = day_number(ORIGIN.replace(year=YEARS[-1], month=1, day=1))
    is_new = records.day[found.records] >= new_year
    years = take([f"{label}{year % 100}-" for year in (YEARS[0], YEARS[-1])], is_new.astype(np.int8))
    text = pc.binary_join_element_wise(years, padded(records.sequence[found.records], 6), "")
    return _flawed(
        text, found, "pattern", lambda places: pc.binary_join_element_wise("样", text.take(pa.array(places)), "")
    )
