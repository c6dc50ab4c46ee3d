"""A workspace small enough to count by hand, written by code. All of it is synthetic."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from creditlab import engine
from creditlab.ingest import IngestResult, ingest
from creditlab.lake import Lake, Snapshot, read_inputs
from creditlab.measures import measure
from creditlab.periods import parse_date, parse_period
from creditlab.terms import MANIFEST, Group, Measure
from creditlab.workspace import Workspace, open_workspace
from tests.reference.identifiers import uscc_check

NOW = datetime(2026, 10, 20, tzinfo=UTC)
ITEM: dict[str, str] = {
    "item_code": "A-1",
    "departments": "D1;D2",
    "item_name_zh": "甲事项",
    "item_name_en": "Item A",
    "data_format": "form",
    "right_to_use": "public",
    "subject_kinds": "legal_person;government_body",
    "collection_scope": "all",
    "collection_procedure": "by file",
    "collection_path": "platform",
    "reporting_level": "prefecture",
    "collection_time_limit": "7 working days",
    "publication_method": "website",
    "publication_months": "12",
    "update_period": "event",
    "delivery_grace_days": "",
    "security_level": "public",
    "information_kind": "public",
    "category": "administrative_management",
    "nature": "neutral",
    "coverage_basis": "none",
}
FIELD_COLUMNS = (
    "data_format", "field", "name_zh", "name_en", "type", "required", "one_of_group", "role", "pattern", "code_list",
    "minimum", "maximum", "max_length",
)  # fmt: skip
ROLES = ("record_id", "subject_id", "subject_name", "subject_kind", "event_date")
SUBJECT_COLUMNS = (
    "subject_id", "subject_kind", "subject_name", "region_code", "industry_code", "registered_on", "deregistered_on",
)  # fmt: skip
REGIONS = (
    ("990000", "甲省", "Province A", "province", ""),
    ("990100", "甲市", "Prefecture A", "prefecture", "990000"),
    ("990200", "乙市", "Prefecture B", "prefecture", "990000"),
)
SETTINGS = '[workspace]\ntitle_en = "Tiny"\nsynthetic = true\n'
Figure = tuple[int, int]


def code(start: str = "91", number: int = 0) -> str:
    """A made-up credit code with a right check character."""
    body = f"{start}990100{number:09d}"
    return body + uscc_check(body)


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A list as CSV text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def form_field(name: str, **changes: str) -> dict[str, str]:
    """One row of fields.csv: an optional text, unless changed."""
    row = dict.fromkeys(FIELD_COLUMNS, "") | {"data_format": "form", "field": name, "name_zh": f"{name}_zh"}
    return row | {"name_en": f"{name}_en", "type": "string", "required": "false"} | changes


def form_fields(*more: dict[str, str], **changes: dict[str, str]) -> list[dict[str, str]]:
    """The fields of a record schema: one per role, an optional note, and more; `changes` alters some by name."""
    roles = [form_field(role, role=role, required="true", type="date" if role == "event_date" else "string")
             for role in ROLES]  # fmt: skip
    return [{**row, **changes.get(row["field"], {})} for row in [*roles, form_field("note"), *more]]


def row(record_id: str = "1", **changes: str) -> dict[str, str]:
    """A delivered row without a fault, unless changed."""
    cells = {"record_id": record_id, "subject_id": code(), "subject_name": "甲公司", "subject_kind": "legal_person"}
    return cells | {"event_date": "2026-07-01", "note": "", "action": ""} | changes


@dataclass
class Tiny:
    """A workspace folder, its deliveries given one by one."""

    folder: Path
    manifest: list[dict[str, str]] = field(default_factory=list)

    def write(self, name: str, text: str | bytes) -> Path:
        """Write one file of the workspace."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def edition(
        self, year: int, items: list[dict[str, str]] | None = None, fields: list[dict[str, str]] | None = None
    ) -> None:
        """Write a published edition; `items` say only what is not as in ITEM."""
        rows = [ITEM | changes for changes in items or [{}]]
        lines = fields or form_fields()
        self.write(f"catalogue/{year}/items.csv", csv_text(list(ITEM), [list(one.values()) for one in rows]))
        self.write(
            f"catalogue/{year}/fields.csv", csv_text(FIELD_COLUMNS, [[f[c] for c in FIELD_COLUMNS] for f in lines])
        )
        words = f'year = {year}\nstate = "published"\napproved_by = "nobody"\n'
        self.write(f"catalogue/{year}/edition.toml", f"{words}published_on = {year - 1}-12-20\n")

    def register(self, *subjects: Sequence[str]) -> None:
        """Write the register: subject_id, kind, name, region, industry, registered, deregistered."""
        self.write("subjects.csv", csv_text(SUBJECT_COLUMNS, subjects))

    def ledger(self, *lines: Sequence[object]) -> None:
        """Write the departments' ledger: item, department, region, month, declared."""
        self.write("ledger.csv", csv_text(("item_code", "department", "region_code", "month", "declared_count"), lines))

    def deliver(self, rows: list[dict[str, str]] | str | bytes | None, on: str = "2026-07-02", **changes: str) -> str:
        """Announce a delivery and write its file; `rows` may be the file's whole content. Returns its path.

        `on` is the day of delivery (at 09:00), or a whole time; None for `rows` is a zero report without a file.
        """
        path = "" if rows is None else changes.pop("path", f"{len(self.manifest) + 1:03d}.csv")
        moment = on if "T" in on else f"{on}T09:00:00+08:00"
        cells = {"path": path, "item_code": "A-1", "department": "D1", "region_code": "990100", "delivered_at": moment}
        cells |= {"period": "", "zero_report": "true" if rows is None else ""} | changes
        self.manifest.append(cells)
        if isinstance(rows, list):
            columns = list(dict.fromkeys(name for one in rows for name in one))
            rows = csv_text(columns, [[one.get(name, "") for name in columns] for one in rows])
        if rows is not None:
            self.write(f"inbox/{path}", rows)
        self.write_manifest()
        return path

    def write_manifest(self) -> None:
        """Write the manifest as it stands."""
        self.write("inbox/manifest.csv", csv_text(MANIFEST, [[one[c] for c in MANIFEST] for one in self.manifest]))

    @property
    def workspace(self) -> Workspace:
        """The workspace as it is configured now."""
        return open_workspace(self.folder)

    def ingest(self) -> IngestResult:
        """One run of ingest."""
        return ingest(self.workspace, now=NOW)

    def measure(
        self,
        *measures: Measure | str,
        period: str = "2026Q3",
        as_of: str = "2026-12-31",
        by: str = "",
        run_no: int | None = None,
    ) -> list[dict[str, Any]]:
        """Rows of MEASUREMENT, in order."""
        groups = tuple(Group(word) for word in by.split(",") if word)
        with engine.connect(folders=[self.workspace.lake]) as backend:
            inputs = read_inputs(self.workspace, backend, run_no)
            found = measure(
                inputs, parse_period(period), parse_date(as_of), groups, [Measure(one) for one in measures] or None
            )
            order = ["measure", "item_code", "department", "region_code", "period_start"]
            rows: list[dict[str, Any]] = backend.to_pyarrow(found.order_by(order)).to_pylist()
            return rows

    def figures(self, measure: str, **question: Any) -> list[Figure]:
        """Numerators and denominators of one measure, in order of its groups."""
        return [(one["numerator"], one["denominator"]) for one in self.measure(measure, **question)]

    def table(self, name: str, run_no: int | None = None) -> list[dict[str, Any]]:
        """The visible rows of one of the lake's tables (`deliveries`: with the counts that hold)."""
        with engine.connect(folders=[self.workspace.lake]) as backend:
            snapshot = Snapshot.take(Lake(self.workspace.lake), backend, run_no)
            found = snapshot.deliveries() if name == "deliveries" else snapshot.table(name)
            rows: list[dict[str, Any]] = backend.to_pyarrow(found).to_pylist()
            return rows

    def records(self, as_of: str = "2026-12-31", run_no: int | None = None) -> dict[str, dict[str, Any]]:
        """The state of a day as known at a run: the one entry that stands of each record, by its number.

        Fails where entries and their reversals do not cancel: a record must stand once or not at all.
        """
        standing: dict[tuple[Any, ...], int] = {}
        entries: dict[tuple[Any, ...], dict[str, Any]] = {}
        for one in self.table("records", run_no):
            if one["effective_on"] <= parse_date(as_of):
                rest = {name: value for name, value in one.items() if name not in {"sign", "effective_on", "run_no"}}
                mark = tuple(tuple(v) if isinstance(v, list) else v for v in rest.values())
                standing[mark] = standing.get(mark, 0) + one["sign"]
                entries[mark] = rest
        left = {mark: count for mark, count in standing.items() if count}
        assert set(left.values()) <= {1}
        found = {entries[mark]["record_id"]: entries[mark] for mark in left}
        assert len(found) == len(left)
        return found
