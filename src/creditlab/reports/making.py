"""Make a report's files in a folder: run its notebook, render its page and its PDF. Publishing and proving share it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from creditlab.errors import ExtraError, KernelError, LengthError, ReportError
from creditlab.messages import Messages
from creditlab.reports.bundle import shared_by
from creditlab.reports.listing import Format, ReportEntry
from creditlab.reports.output import PUBLICATION, REPORT
from creditlab.reports.page import DASHBOARD, page_files, render_page
from creditlab.reports.parameters import check_parameters
from creditlab.reports.printing import DRAFT_PDF, PDF, write_pdf
from creditlab.reports.running import run_notebook
from creditlab.reports.shelf import EXECUTED

PAGE = "index.html"

#: Is told each step: its name and what belongs to it.
Note = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True)
class Made:
    """What was made: the checked parameters, what the notebook handed over, and what its page takes from the shelf."""

    out: Path
    parameters: dict[str, Any]
    report: dict[str, Any]
    shared: Mapping[str, str] = field(default_factory=dict)


def say_nothing(step: str, about: Mapping[str, Any]) -> None:
    """A `Note` for nobody."""


def make(
    folder: Path, entry: ReportEntry, given: Mapping[str, Any], about: Mapping[str, Any], messages: Messages, note: Note
) -> Made:
    """Make all files of a report in `folder/out`, but the manifest.

    Parameters
    ----------
    folder
        An empty folder; the executed notebook stays beside `out`.
    given
        Parameters of the notebook but `out`.
    about
        What the publication says of itself, for the stamp (`read_stamp`).

    Raises
    ------
    ReportError
        If a cell fails, the kernel dies twice, or the notebook hands over no tables.
    """
    out = folder / "out"
    parameters = check_parameters(entry, {**given, "out": str(out)})
    try:
        _run(folder, entry, parameters, about)
    except KernelError:
        # A machine that is short of memory for a moment kills kernels; a second death has a cause.
        note("retried", {"report": entry.name})
        _run(folder, entry, parameters, about)
    if entry.is_own:
        from creditlab.reports.own import made_again

        # What somebody's own cells wrote and showed is put aside: only what is made again here is published.
        _empty(out, about)
        made_again(folder / EXECUTED, parameters)
    report = _handed_over(out, entry)
    for name, text in page_files().items():
        (out / name).write_text(text, encoding="utf-8")
    report["has_dashboard"] = (out / DASHBOARD).exists()
    report["has_pdf"] = False
    report["needs_sign_off"] = bool(about.get("needs_sign_off"))
    if Format.PDF in entry.formats:
        # The one that says DRAFT is made beside the other, so that both are in the manifest that is signed.
        names = {PDF: False, **({DRAFT_PDF: True} if report["needs_sign_off"] else {})}
        printed = {
            name: render_page(folder / EXECUTED, report, messages, is_print=True, is_draft=is_draft)
            for name, is_draft in names.items()
        }
        try:
            for name, text in printed.items():
                write_pdf(text, out, out / name, date.fromisoformat(parameters["as_of"]))
            report["has_pdf"] = True
        except (ExtraError, LengthError) as error:
            # The page says all that the PDF would.
            for name in names:
                (out / name).unlink(missing_ok=True)
            note("without_pdf", {"report": entry.name, "what": error.what, "do": error.do})
    page = render_page(folder / EXECUTED, report, messages)
    (out / PAGE).write_text(page, encoding="utf-8")
    return Made(out, parameters, report, shared_by(page))


def _run(folder: Path, entry: ReportEntry, parameters: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    _empty(folder / "out", about)
    run_notebook(entry.notebook, folder / EXECUTED, parameters)


def _empty(out: Path, about: Mapping[str, Any]) -> None:
    """Begin the folder that is published, with what the publication says of itself."""
    import shutil

    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    (out / PUBLICATION).write_text(json.dumps(about), encoding="utf-8")


def _handed_over(out: Path, entry: ReportEntry) -> dict[str, Any]:
    path = out / REPORT
    if not path.exists():
        raise ReportError("the notebook hands over no tables", where=entry.notebook.name, do="Call save() at its end.")
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    for name in (REPORT, PUBLICATION):
        (out / name).unlink()
    return report
