"""Take the lists for publicity (Article 9) from a workspace's lake, each entry with the basis that was delivered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from creditlab.assessment.publicity import LISTED_BY, list_rules, listed
from creditlab.catalogue import read_sealed
from creditlab.dossier import hold
from creditlab.dossier.reading import field_said
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

    from creditlab.dossier import Held


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
    rules = list_rules(read_sealed(workspace.catalogue))
    held = hold(workspace, backend, as_of, run_no, items=[code for rule in rules for code in rule.data_format])
    found = listed(held.evidence(LISTED_BY), held.inputs.subjects, rules, held.rules)
    # What deliveries said the basis of an entry is.
    fields = {data_format: field for rule in rules for data_format, field in rule.basis.items()}
    basis = field_said(held.snapshot, fields).rename(basis="text")
    found = found.left_join(basis, ["delivery_id", "row_no"])
    found = found.drop("delivery_id_right", "row_no_right", "delivery_id", "row_no")
    entries = backend.to_pyarrow(found.order_by("list_name", "item_code", "subject_id", "record_id")).to_pylist()
    return Listed(held, tuple(entries))
