"""Publish: run the reports' notebooks, render their pages, and put each on the shelf with one rename."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from creditlab.catalogue import read_sealed
from creditlab.errors import NoDataError, ParameterError, ReportError
from creditlab.messages import Messages
from creditlab.periods import Period
from creditlab.reports.listing import ReportEntry, choose, notebooks_folder, read_listing
from creditlab.reports.output import PUBLICATION, REPORT
from creditlab.reports.page import page_files, render_index, render_page
from creditlab.reports.parameters import check_parameters
from creditlab.reports.running import run_notebook
from creditlab.reports.shelf import EXECUTED, MANIFEST, Place, published, shelve, shelve_index, staging
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace

PAGE = "index.html"
MANIFEST_FORMAT = 1


@dataclass(frozen=True)
class Published:
    """One report that became visible: its name, its folder, its revision number."""

    report: str
    folder: Path
    revision: int


def publish(
    workspace: Workspace,
    *,
    period: Period,
    as_of: date,
    audience: Audience,
    language: Language,
    reports: list[str] | None = None,
    now: datetime,
    code_version: str,
    notebooks: Path | None = None,
    run_no: int = 0,
    departments: list[str] | None = None,
    subjects: list[str] | None = None,
) -> list[Published]:
    """Publish reports for a period, an audience and a language.

    Parameters
    ----------
    workspace
        Whose lake is reported, and whose reports folder it goes to.
    period, as_of
        The period, and the day whose state is reported.
    audience, language
        For whom, and in which language.
    reports
        Names of reports.toml; None for all of them but those that are made on request.
    now
        The time of publication, with its zone; it is printed, and nothing is computed from it.
    code_version
        The version of the code that the figures can be recomputed with.
    notebooks
        The folder of the notebooks and of reports.toml; None for the project's own.
    run_no
        The run of the lake to read; 0 for the newest.
    departments
        For reports that each department has one of: whose; None for every provider of the period's edition.
    subjects
        For reports about one organisation: which, by their credit codes.

    Returns
    -------
    list of Published
        One per report (and department). A report becomes visible complete, by one rename, or not at all; a revision is
        never overwritten. The run's notebook is kept under reports/_failed when it fails.

    Raises
    ------
    ParameterError
        If a report or a parameter is unknown, missing or has no meaning.
    NoDataError
        If there is nothing to report for the period.
    PersonError
        If a subject is a natural person (Article 4).
    ReportError
        If a notebook fails.
    """
    audience, language = Audience(audience), Language(language)
    entries = choose(read_listing(notebooks or notebooks_folder()), reports)
    done = []
    for entry in entries:
        given: dict[str, Any] = {
            "workspace": str(workspace.folder),
            "period": period.label,
            "as_of": as_of.isoformat(),
            "audience": audience,
            "language": language,
            "run_no": run_no,
        }
        named = [(entry.name, given)]
        if entry.is_by_department:
            codes = _departments(workspace, period, departments)
            named = [(f"{entry.name}_{code}", given | {"department": code}) for code in codes]
        if entry.is_by_subject:
            codes = _subjects(workspace, subjects)
            named = [(f"{entry.name}_{code}", given | {"subject": code}) for code in codes]
        for name, values in named:
            place = Place(workspace.reports, period.label, name, audience, language)
            done.append(_publish_one(workspace, entry, place, values, now, code_version))
            write_index(workspace.reports, Messages(workspace.language))
    return done


def _departments(workspace: Workspace, period: Period, wanted: list[str] | None) -> list[str]:
    """The departments that get a report of their own: those wanted, or the providers of the period's edition."""
    catalogue = read_sealed(workspace.catalogue)
    if set(wanted or ()) - set(catalogue.departments):
        raise ParameterError("a department is not in the catalogue", where="department", do="See departments.csv.")
    edition = catalogue.edition_on(period.last_day)
    providing = {code for item in edition.items for code in item.departments}
    return [code for code in catalogue.departments if code in (providing if wanted is None else wanted)]


def _subjects(workspace: Workspace, wanted: list[str] | None) -> list[str]:
    """The organisations that get a page; a natural person is refused before anything is made under its number."""
    from creditlab.dossier.subject import folded, refuse_persons

    codes = list(dict.fromkeys(folded(one) for one in wanted or ()))
    if not codes:
        raise ParameterError("no subject is named", where="subject", do="Name a credit code.")
    refuse_persons(workspace, codes)
    return codes


def write_index(reports: Path, messages: Messages) -> None:
    """Write reports/index.html over what is published."""
    entries = [
        {
            "href": f"{one['folder']}/{PAGE}",
            "title": one["title"],
            "lang": Messages(Language(one["parameters"]["language"])).html_lang,
            "language": one["parameters"]["language"],
            "audience": one["parameters"]["audience"],
            "revision": f"r{one['revision']}",
            "as_of": one["parameters"]["as_of"],
            "published_at": one["published_at"],
            "is_synthetic": one["is_synthetic"],
        }
        for one in published(reports)
    ]
    shelve_index(reports, render_index(entries, messages))


def _publish_one(
    workspace: Workspace, entry: ReportEntry, place: Place, given: dict[str, Any], now: datetime, code_version: str
) -> Published:
    revision = place.next_revision()
    messages = Messages(place.language)
    try:
        with staging(place.reports) as folder:
            out = folder / "out"
            parameters = check_parameters(entry, {**given, "out": str(out)})
            out.mkdir()
            published_at = now.isoformat(timespec="seconds")
            about = {"revision": revision, "code_version": code_version, "published_at": published_at}
            (out / PUBLICATION).write_text(json.dumps(about), encoding="utf-8")
            run_notebook(entry.notebook, folder / EXECUTED, parameters)
            report = _handed_over(out, entry)
            (out / PAGE).write_text(render_page(folder / EXECUTED, report, messages), encoding="utf-8")
            for name, text in page_files().items():
                (out / name).write_text(text, encoding="utf-8")
            run_no = report["release"]["run_no"]
            # Folders are where somebody's files are; a manifest that travels says nothing about them.
            kept = {key: value for key, value in parameters.items() if key not in ("workspace", "out")}
            manifest = {
                "manifest_format": MANIFEST_FORMAT,
                "report": entry.name,
                "title": report["title"],
                "revision": revision,
                "published_at": published_at,
                "parameters": {**kept, "run_no": run_no},
                "code_version": code_version,
                "creditlab_version": version("creditlab"),
                "run_no": run_no,
                "editions": report["editions"],
                "policy_digest": report["release"]["policy_digest"],
                "release": report["release"],
                "is_synthetic": report["is_synthetic"],
                "workspace": {"title_en": workspace.title_en, "title_zh": workspace.title_zh},
                "tables": report["tables"],
                "files": {path.relative_to(out).as_posix(): _sha256(path) for path in _files(out)},
            }
            (out / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
            return Published(place.report, shelve(out, place, revision), revision)
    except NoDataError:
        raise
    except ReportError as error:
        do = error.do or "Look at the newest notebook in the folder reports/_failed."
        raise ReportError(error.what, where=error.where, do=do) from error


def _handed_over(out: Path, entry: ReportEntry) -> dict[str, Any]:
    path = out / REPORT
    if not path.exists():
        raise ReportError("the notebook hands over no tables", where=entry.notebook.name, do="Call save() at its end.")
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    for name in (REPORT, PUBLICATION):
        (out / name).unlink()
    return report


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
