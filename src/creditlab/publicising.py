"""Take the lists for publicity (Article 9) from a workspace's lake, each entry with the basis that was delivered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

from creditlab.assessment.publicity import LISTED_BY, ListRule, list_rules, listed
from creditlab.dossier import hold
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from creditlab.dossier import Held

_BASIS = pa.schema([("delivery_id", pa.string()), ("row_no", pa.int64()), ("basis", pa.string())])


@dataclass(frozen=True)
class Listed:
    """The lists on a day: what they were taken from, and their entries."""

    held: Held
    entries: tuple[dict[str, Any], ...]


def take_lists(workspace: Workspace, backend: Backend, as_of: date, run_no: int | None = None) -> Listed:
    """The entries of both lists on a day, as known at a run.

    Returns
    -------
    Listed
        One entry per record that stands on a list: list_name, subject_id, subject_name, subject_kind, region_code,
        item_code, department, record_id, event_date, published_from, published_to, basis (empty where the delivery said
        none). See `assessment.publicity.listed` for what is no entry any more, and for what is raised.
    """
    held = hold(workspace, backend, as_of, run_no)
    rules = list_rules(held.inputs.catalogue)
    codes = [code for rule in rules for code in rule.data_format]
    rows = held.inputs.entries
    held = replace(held, inputs=replace(held.inputs, entries=rows.filter(rows.item_code.isin(codes))))
    found = listed(held.evidence(LISTED_BY), held.inputs.subjects, rules, held.rules)
    found = found.left_join(_basis(held, rules), ["delivery_id", "row_no"])
    found = found.drop("delivery_id_right", "row_no_right", "delivery_id", "row_no")
    entries = backend.to_pyarrow(found.order_by("list_name", "item_code", "subject_id", "record_id")).to_pylist()
    return Listed(held, tuple(entries))


def _basis(held: Held, rules: tuple[ListRule, ...]) -> ir.Table:
    """What deliveries said the basis of an entry is: one row per payload row that says it."""
    fields = {data_format: field for rule in rules for data_format, field in rule.basis.items()}
    parts = [ibis.memtable(_BASIS.empty_table())]
    for data_format in held.snapshot.lake.payload_formats():
        rows = held.snapshot.payload(data_format)
        if data_format in fields and fields[data_format] in rows.columns:
            parts.append(rows.select("delivery_id", "row_no", basis=rows[fields[data_format]]))
    return ibis.union(*parts) if len(parts) > 1 else parts[0]
