"""What a report's notebook hands to its publication: tables, a workbook, and what they were made from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import Any

from creditlab.disclosure import Release, ReleaseEntry
from creditlab.messages import Messages
from creditlab.periods import Period
from creditlab.reports.described import METADATA, metadata
from creditlab.reports.workbook import write_workbook
from creditlab.tables import Table, to_csv
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace

#: What the publication tells the notebook, and what the notebook tells the publication; neither is published.
PUBLICATION, REPORT = "publication.json", "report.json"


@dataclass(frozen=True)
class Stamp:
    """What a report was made from, as every page and workbook says it.

    `revision` is 0 and `published_at` is empty while the report is only looked at.
    """

    workspace_zh: str
    workspace_en: str
    contact: str
    is_synthetic: bool
    period: Period
    entry: ReleaseEntry
    editions: Mapping[int, str]
    revision: int
    code_version: str
    published_at: str
    report_id: str = ""
    lock_sha256: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)
    access_log: Mapping[str, Any] = field(default_factory=dict)
    methodology: str = ""

    def lines(self, messages: Messages) -> list[tuple[str, str]]:
        """Title and value of each entry, in the reader's language."""
        _ = messages.gettext
        audiences = {
            Audience.PUBLIC: _("public"),
            Audience.GOVERNMENT: _("government"),
            Audience.INTERNAL: _("internal: not to leave the institution"),
        }
        editions = ", ".join(
            f"{year} ({digest[:12]})" if digest else str(year) for year, digest in self.editions.items()
        )
        languages = {Language.EN: "English", Language.ZH_CN: "简体中文"}
        words = {"delivered": _("Delivered"), "accepted": _("Accepted"), "corrected": _("Corrected"),
                 "withdrawn": _("Withdrawn"), "repeated": _("Repeated"), "quarantined": _("Quarantined")}  # fmt: skip
        rows = "; ".join(f"{words[name]}: {messages.integer(count)}" for name, count in self.rows.items())
        # What was there, whatever is made of the log later: some of the link is enough to tell.
        log = _("{count} look-ups, the last one {link}").format(**self.access_log) if self.access_log else ""
        lines = [
            (_("Report"), self.report_id),
            (_("Period"), messages.period(self.period)),
            (_("As of"), messages.day(self.entry.as_of)),
            (_("Run of the lake"), str(self.entry.run_no or "")),
            (_("Edition of the catalogue"), editions),
            (_("Methodology"), self.methodology[:12]),
            (_("Rows behind the run"), rows),
            (_("Access log"), log),
            (_("Language"), languages[messages.language] if self.report_id else ""),
            (_("Audience"), audiences[self.entry.audience]),
            (_("Disclosure policy"), self.entry.policy_digest[:12]),
            (_("Revision"), f"r{self.revision}" if self.revision else _("not published")),
            (_("Published"), self.published_at.replace("T", " ")),
            (_("Code version"), self.code_version),
            (_("Locked packages"), self.lock_sha256[:12]),
            (_("Contact"), self.contact),
        ]
        return [(title, value) for title, value in lines if value]


def read_about(out: Path | None) -> dict[str, Any]:
    """What a publication says of itself to the notebook that runs for it; nothing where one is only looked at."""
    if out is None or not (out / PUBLICATION).exists():
        return {}
    about: dict[str, Any] = json.loads((out / PUBLICATION).read_text("utf-8"))
    return about


def read_stamp(
    out: Path | None, workspace: Workspace, release: Release, editions: Mapping[int, str], methodology: str = ""
) -> Stamp:
    """Join what the report knows with what its publication says; `methodology` is the seal of the one it rests on."""
    about = read_about(out)
    return Stamp(
        workspace.title_zh,
        workspace.title_en,
        workspace.contact,
        workspace.is_synthetic,
        release.period,
        release.entry,
        dict(editions),
        int(about.get("revision", 0)),
        str(about.get("code_version", "")),
        str(about.get("published_at", "")),
        str(about.get("report_id", "")),
        str(about.get("lock_sha256", "")),
        dict(about.get("rows") or {}),
        dict(about.get("access_log") or {}),
        methodology,
    )


def save(out: Path, title: str, stamp: Stamp, tables: Sequence[Table], messages: Messages) -> None:
    """Write `tables/*.csv`, the workbook, and `report.json` for the page's frame and the manifest."""
    folder = out / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        (folder / f"{table.name}.csv").write_text(to_csv(table), encoding="utf-8", newline="")
    (folder / METADATA).write_text(metadata(tables, title, stamp.lines(messages), messages), encoding="utf-8")
    subtitle = messages.named(stamp.workspace_zh, stamp.workspace_en)
    banner = synthetic_banner(stamp, messages)
    lines = stamp.lines(messages)
    # The workbook's own date is the day of the state: made again from the same run, it has the same bytes.
    write_workbook(
        out / "tables.xlsx",
        title=title,
        subtitle=subtitle,
        banner=banner,
        stamp=lines,
        tables=tables,
        created=datetime.combine(stamp.entry.as_of, time()),
        messages=messages,
    )
    report = {
        "title": title,
        "subtitle": subtitle,
        "banner": banner,
        "stamp": lines,
        "tables": [{"name": one.name, "caption": one.caption, "rows": len(one.rows)} for one in tables],
        "release": stamp.entry.as_json(),
        "editions": [{"year": year, "sha256": digest} for year, digest in stamp.editions.items()],
        "is_synthetic": stamp.is_synthetic,
        "methodology_sha256": stamp.methodology,
    }
    (out / REPORT).write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")


def synthetic_banner(stamp: Stamp, messages: Messages) -> str:
    """What a report over made-up data says of itself; empty for real data."""
    if not stamp.is_synthetic:
        return ""
    return messages.gettext(
        "Synthetic data: made up for demonstration and tests; they say nothing about any real body or person."
    )
