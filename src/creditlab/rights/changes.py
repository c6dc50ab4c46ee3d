"""How each table of the lake looks without what an order takes out: rows gone, counts lower, marks without a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.catalogue.edition import Catalogue
from creditlab.lake import Lake
from creditlab.lake.purge import Change
from creditlab.rights.plan import NOBODY, Plan, subject_fields
from creditlab.terms import COUNTS

#: Stands in a delivery's path, or a matter's note, where the subject was named.
ERASED = "[erased]"
_PAYLOADS = "payloads/"


def changes_of(plan: Plan, lake: Lake, catalogue: Catalogue) -> dict[str, Change]:
    """What becomes of the rows of each table that the lake has.

    All of it comes out the same when it is done again.
    """
    found: dict[str, Change] = {}
    for name in lake.table_names():
        if name.startswith(_PAYLOADS):
            fields = subject_fields(catalogue, name.removeprefix(_PAYLOADS))
            found[name] = partial(_payload, plan=plan, fields=fields)
        elif name in _CHANGES:
            found[name] = partial(_CHANGES[name], plan=plan)
    return found


def _payload(rows: pa.Table, *, plan: Plan, fields: set[str]) -> pa.Table:
    gone = np.zeros(rows.num_rows, dtype=bool)
    for name in fields & set(rows.column_names):
        gone |= _among(rows[name], plan.ids)
    if not plan.ids:
        gone |= _among(rows["key64"], plan.keys)
    return _masked(_without(rows, gone), plan)


def _records(rows: pa.Table, *, plan: Plan) -> pa.Table:
    gone = _among(rows["subject_id"], plan.ids)
    mine = _among(rows["key64"], plan.keys)
    if mine.any():
        gone[mine] |= _at(rows.filter(pa.array(mine)), plan)
    return _masked(_without(rows, gone), plan)


def _at(rows: pa.Table, plan: Plan) -> np.ndarray:
    """Whether each row is of a place that goes."""
    places = set(plan.places)
    pairs = zip(rows["delivery_id"].to_pylist(), rows["row_no"].to_pylist(), strict=True)
    return np.array([one in places for one in pairs], dtype=bool)


def _kept(rows: pa.Table, *, plan: Plan) -> pa.Table:
    """Kept profiles, assessments and findings that rested on what goes: those of runs that had it."""
    if plan.ids:
        return _without(rows, _among(rows["subject_id"], plan.ids))
    has_items = "record_count" in rows.column_names
    gone = np.zeros(rows.num_rows, dtype=bool)
    late = pc.greater_equal(rows["run_no"], plan.first_run).to_numpy(zero_copy_only=False)
    for subject, item in plan.subjects if plan.first_run else ():
        mine = pc.equal(rows["subject_id"], subject)
        if has_items:
            mine = pc.and_(mine, pc.equal(rows["item_code"], item))
        gone |= pc.fill_null(mine, False).to_numpy(zero_copy_only=False) & late
    return _without(rows, gone)


def _subjects(rows: pa.Table, *, plan: Plan) -> pa.Table:
    return _without(rows, _among(rows["subject_id"], plan.ids))


def _quarantine(rows: pa.Table, *, plan: Plan) -> pa.Table:
    """Rows in quarantine stay, as they do of items that cover persons: delivery, number and reason, no content."""
    if plan.ids:
        named = _holding(rows["content"], plan.marks)
    else:
        item, department, number = plan.record
        named = _holding(rows["content"], (json.dumps(number, ensure_ascii=False),))
        here = pc.and_(pc.equal(rows["item_code"], item), pc.equal(rows["department"], department))
        named &= pc.fill_null(here, False).to_numpy(zero_copy_only=False)
    if not named.any():
        return rows
    content = pc.if_else(pa.array(named), pa.scalar(None, pa.string()), rows["content"])
    return rows.set_column(rows.column_names.index("content"), "content", content)


def _deliveries(rows: pa.Table, *, plan: Plan) -> pa.Table:
    counts = {(name, run_no): said for name, run_no, said in plan.deliveries}
    keys = list(zip(rows["delivery_id"].to_pylist(), rows["run_no"].to_pylist(), strict=True))
    return _renamed(_counted(rows, [counts.get(one) for one in keys]), plan, ("path",))


def _runs(rows: pa.Table, *, plan: Plan) -> pa.Table:
    counts = dict(plan.runs)
    return _counted(rows, [counts.get(one) for one in rows["run_no"].to_pylist()])


def _matters(rows: pa.Table, *, plan: Plan) -> pa.Table:
    return _renamed(rows, plan, ("note", "owner"))


_CHANGES = {
    "records": _records,
    "profiles": _kept,
    "assessments": _kept,
    "findings": _kept,
    "subjects": _subjects,
    "quarantine": _quarantine,
    "deliveries": _deliveries,
    "runs": _runs,
    "matters": _matters,
}


def _without(rows: pa.Table, gone: np.ndarray) -> pa.Table:
    return rows.filter(pa.array(~gone)) if gone.any() else rows


def _among(column: pa.ChunkedArray, values: tuple[object, ...]) -> np.ndarray:
    if not values:
        return np.zeros(len(column), dtype=bool)
    return pc.is_in(column, value_set=pa.array(list(values), column.type)).to_numpy(zero_copy_only=False)


def _holding(column: pa.ChunkedArray, marks: tuple[str, ...]) -> np.ndarray:
    found = np.zeros(len(column), dtype=bool)
    for one in marks:
        found |= pc.fill_null(pc.match_substring(column, one), False).to_numpy(zero_copy_only=False)
    return found


def _counted(rows: pa.Table, counts: list[Mapping[str, int] | None]) -> pa.Table:
    """Rows with other counts, where there are others."""
    found = rows
    for name in COUNTS:
        before = rows[name].to_pylist()
        after = [old if one is None else one[name] for old, one in zip(before, counts, strict=True)]
        if after != before:
            place = rows.column_names.index(name)
            found = found.set_column(place, name, pa.array(after, rows[name].type))
    return found


def _renamed(rows: pa.Table, plan: Plan, columns: tuple[str, ...]) -> pa.Table:
    """Rows without the subject's number, or mark, in texts that people wrote."""
    for name in columns:
        if _holding(rows[name], plan.marks).any():
            text = rows[name]
            for one in plan.marks:
                text = pc.replace_substring(text, one, ERASED)
            rows = rows.set_column(rows.column_names.index(name), name, text)
    return rows


def _masked(rows: pa.Table, plan: Plan) -> pa.Table:
    """Others' rows, in which a person's mark stands for nobody any more; what is judged of them stays the same."""
    if not plan.mask:
        return rows
    for place, field in enumerate(rows.schema):
        if pa.types.is_string(field.type) and _holding(rows[field.name], (plan.mask,)).any():
            text = pc.replace_substring(rows[field.name], plan.mask, NOBODY)
            rows = rows.set_column(place, field.name, text)
    return rows
