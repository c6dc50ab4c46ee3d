"""The inbox's manifest: which file is whose, for which item, delivered when."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from creditlab.errors import ManifestError
from creditlab.sources.delivered import AbsentFileError, stamp
from creditlab.terms import MANIFEST

MANIFEST_FILE = "manifest.csv"
_REQUIRED = ("path", "item_code", "department", "region_code", "delivered_at")
#: How often a manifest that changes while it is read is read again.
_LOOKS = 3
_TRUE, _FALSE = {"true", "1"}, {"false", "0", ""}


@dataclass(frozen=True)
class ManifestRow:
    """One delivery as the manifest announces it.

    `manifest_row` counts from 1 and orders deliveries that came at the same moment; `received_on` is the day of
    `delivered_at` in the workspace's time zone.
    """

    manifest_row: int
    path: str
    item_code: str
    department: str
    region_code: str
    delivered_at: datetime
    received_on: date
    period: str
    is_zero_report: bool

    def delivery_id(self, file_sha256: str) -> str:
        """What a delivery is known by: its manifest row's content and its file's SHA-256."""
        words = [
            self.path,
            self.item_code,
            self.department,
            self.region_code,
            self.delivered_at.isoformat(),
            self.period,
            self.is_zero_report,
            file_sha256,
        ]
        return hashlib.sha256(json.dumps(words, ensure_ascii=False).encode()).hexdigest()[:32]


def read_manifest(inbox: Path, zone: ZoneInfo) -> list[ManifestRow]:
    """Read the inbox's manifest.

    Returns
    -------
    list of ManifestRow
        In the manifest's order; empty where the inbox has no manifest yet.

    Raises
    ------
    ManifestError
        If it can't be read as a whole, is being written, lacks a column, or a row has no time of delivery that can be
        ordered.
    """
    text = _text(inbox / MANIFEST_FILE)
    if text is None:
        return []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ManifestError("the manifest can't be read", where=f"line {reader.line_num}") from error
    if not rows:
        return []
    header = [cell.strip() for cell in rows[0]]
    for column in header:
        if header.count(column) > 1:
            raise ManifestError("a column occurs twice", where=f"{MANIFEST_FILE}, column {column}")
    for column in _REQUIRED:
        if column not in header:
            raise ManifestError("a column is missing", where=f"{MANIFEST_FILE}, column {column}")
    return [_row(number, header, cells, zone) for number, cells in enumerate(rows[1:], start=1)]


def _text(path: Path) -> str | None:
    """The manifest's text; None where there is none yet."""
    for _ in range(_LOOKS):
        try:
            before = stamp(path)
            text = path.read_text(encoding="utf-8-sig")
            if stamp(path) == before:
                return text
        except (AbsentFileError, FileNotFoundError):
            if not path.exists():
                return None
            raise ManifestError("the manifest is no file", where=MANIFEST_FILE) from None
        except (OSError, UnicodeDecodeError) as error:
            do = "Save it as CSV UTF-8."
            raise ManifestError("the manifest can't be read", where=MANIFEST_FILE, do=do) from error
    # Half of a row may be a row, of another delivery.
    raise ManifestError("the manifest is being written", where=MANIFEST_FILE, do="Try again when that is done.")


def _row(number: int, header: list[str], cells: list[str], zone: ZoneInfo) -> ManifestRow:
    place = f"{MANIFEST_FILE}, row {number}"
    if len(cells) != len(header):
        raise ManifestError("a row has too few or too many cells", where=place)
    cell = {name: text.strip() for name, text in zip(header, cells, strict=True) if name in MANIFEST}
    try:
        delivered_at = datetime.fromisoformat(cell["delivered_at"])
    except ValueError as error:
        raise ManifestError(
            "a delivery has no time that can be read",
            where=f"{place}, column delivered_at",
            do="Write it as 2026-06-02T08:30:00+08:00.",
        ) from error
    if delivered_at.tzinfo is None:
        raise ManifestError("a delivery's time has no zone", where=f"{place}, column delivered_at", do="Add +08:00.")
    flag = cell.get("zero_report", "").lower()
    if flag not in _TRUE | _FALSE:
        raise ManifestError("zero_report is neither true nor false", where=place)
    if not cell["path"] and flag not in _TRUE:
        raise ManifestError("a delivery names no file and is no zero report", where=f"{place}, column path")
    return ManifestRow(
        number,
        cell["path"],
        cell["item_code"],
        cell["department"],
        cell["region_code"],
        delivered_at,
        delivered_at.astimezone(zone).date(),
        cell.get("period", ""),
        flag in _TRUE,
    )
