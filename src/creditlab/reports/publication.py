"""Publish: run the reports' notebooks, render their pages, and put each on the shelf with one rename."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from creditlab.catalogue import Catalogue, read_sealed
from creditlab.errors import NoDataError, ParameterError, PersonError, ReportError
from creditlab.messages import Messages
from creditlab.periods import Period
from creditlab.reports.bundle import place_bundle, plotly_bundle
from creditlab.reports.earlier import lists_digest
from creditlab.reports.index import write_index
from creditlab.reports.latest import follow
from creditlab.reports.listing import Need, ReportEntry, choose, notebooks_folder, read_listing
from creditlab.reports.making import Made, Note, make, say_nothing
from creditlab.reports.needs import released_cards, rests_on
from creditlab.reports.own import notebook_digest, own_entry
from creditlab.reports.sharing import share_releases
from creditlab.reports.shelf import (
    MANIFEST,
    SIGN_OFF,
    WATERMARK,
    Place,
    shelve,
    staged,
    staging,
)
from creditlab.reports.signoff import Step, read_signers, write_watermark
from creditlab.terms import Audience, Language, Purpose
from creditlab.workspace import Workspace

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
    units: list[str] | None = None,
    subjects: list[str] | None = None,
    cards: list[str] | None = None,
    own: Path | None = None,
    note: Note = say_nothing,
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
    units
        For reports that each reporting unit has one of: whose; None for all.
    subjects
        For reports about one organisation: which, by their credit codes.
    cards
        For reports about one scorecard: which, by their names; None for the released ones, or the only one there is.
    own
        An analyst's own notebook, which is on no list (`reports.own`); then it is the only report.
    note
        Is told each step: a kernel that is tried again, a PDF that could not be made.

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
    if own is not None:
        # It is made twice, in its kernel and beside it: of one run, whatever is ingested meanwhile.
        entries, run_no = [own_entry(own)], run_no or newest_run(workspace)
    else:
        entries = choose(read_listing(notebooks or notebooks_folder()), reports)
    for entry in entries:
        _refuse_others(entry, audience, language)
    chosen = [
        (entry, place, values)
        for entry in entries
        for place, values in targets(
            workspace,
            entry,
            period,
            as_of,
            audience,
            language,
            run_no=run_no,
            departments=departments,
            units=units,
            subjects=subjects,
            cards=cards,
        )
    ]
    done = []
    with staged(workspace.reports) as aside:
        kept = share_releases(
            workspace, [entry for entry, _, _ in chosen], aside, period=period, as_of=as_of, audience=audience,
            run_no=run_no,
        )  # fmt: skip
        for entry, place, values in chosen:
            shared = kept.get(entry.release) if entry.release else None
            done.append(publish_one(workspace, entry, place, values, now, code_version, note, shared))
            write_index(workspace)
    return done


def targets(
    workspace: Workspace,
    entry: ReportEntry,
    period: Period,
    as_of: date,
    audience: Audience,
    language: Language,
    *,
    run_no: int = 0,
    departments: list[str] | None = None,
    units: list[str] | None = None,
    subjects: list[str] | None = None,
    cards: list[str] | None = None,
) -> list[tuple[Place, dict[str, Any]]]:
    """Where an entry's reports go and what their notebooks are given: one, or one for each it is made for."""
    given: dict[str, Any] = {
        "workspace": str(workspace.folder),
        "period": period.label,
        "as_of": as_of.isoformat(),
        "audience": audience,
        "language": language,
        # An edition holds no records.
        "run_no": 0 if entry.needs is Need.EDITION else run_no,
    }
    key, codes = "", [""]
    if entry.is_by_department:
        key, codes = "department", _departments(workspace, period, departments)
    elif entry.is_by_unit:
        key, codes = "unit", _units(workspace, units)
    elif entry.is_by_subject:
        key, codes = "subject", _subjects(workspace, subjects)
    elif entry.is_by_card:
        key, codes = "card", _cards(workspace, cards)
    named = [(f"{entry.name}_{code}" if key else entry.name, {key: code} if key else {}) for code in codes]
    return [(Place(workspace.reports, period.label, name, audience, language), given | more) for name, more in named]


def _refuse_others(entry: ReportEntry, audience: Audience, language: Language) -> None:
    """Refuse an audience that the report is not for, or a language that it isn't made in."""
    if audience not in entry.audiences or language not in entry.languages:
        name = "audience" if audience not in entry.audiences else "language"
        raise ParameterError(f"the report is not made for that {name}", where=f"{entry.name}, {name}")


def reporting_units(catalogue: Catalogue) -> list[str]:
    """The units of the province that report: its prefectures, in the order of the catalogue."""
    return [code for code, one in catalogue.regions.items() if one.level == "prefecture"]


def _departments(workspace: Workspace, period: Period, wanted: list[str] | None) -> list[str]:
    """The departments that get a report of their own: those wanted, or the providers of the period's edition."""
    catalogue = read_sealed(workspace.catalogue)
    if set(wanted or ()) - set(catalogue.departments):
        raise ParameterError("a department is not in the catalogue", where="department", do="See departments.csv.")
    edition = catalogue.edition_on(period.last_day)
    providing = {code for item in edition.items for code in item.departments}
    return [code for code in catalogue.departments if code in (providing if wanted is None else wanted)]


def _units(workspace: Workspace, wanted: list[str] | None) -> list[str]:
    """The units that get a report of their own: those wanted, or all that report."""
    known = reporting_units(read_sealed(workspace.catalogue))
    if set(wanted or ()) - set(known):
        raise ParameterError("a unit is not one that reports", where="unit", do="See regions.csv.")
    return [code for code in known if wanted is None or code in wanted]


def _cards(workspace: Workspace, wanted: list[str] | None) -> list[str]:
    """The scorecards that get a page: those wanted, or the released ones, or the only one there is."""
    from creditlab.predicting import choose_card

    return list(dict.fromkeys(wanted or ())) or released_cards(workspace) or [choose_card(workspace).card.name]


def _subjects(workspace: Workspace, wanted: list[str] | None) -> list[str]:
    """The organisations that get a page; a natural person is refused before anything is made under its number."""
    from creditlab.access import ask
    from creditlab.dossier.subject import folded, refuse_persons

    codes = list(dict.fromkeys(folded(one) for one in wanted or ()))
    if not codes:
        raise ParameterError("no subject is named", where="subject", do="Name a credit code.")
    try:
        refuse_persons(workspace, codes)
    except PersonError:
        ask(workspace, None, "publish", Purpose.PUBLICATION).note_refused(workspace)
        raise
    return codes


def publish_one(
    workspace: Workspace,
    entry: ReportEntry,
    place: Place,
    given: dict[str, Any],
    now: datetime,
    code_version: str,
    note: Note = say_nothing,
    kept: Path | None = None,
) -> Published:
    """Publish one report in one language: made aside, then visible with one rename.

    `kept` is where a release was put aside that it shows (`share_releases`).
    """
    revision = place.next_revision()
    published_at = now.isoformat(timespec="seconds")
    about = {
        "revision": revision,
        "report_id": f"{place.folder.relative_to(place.reports).as_posix()}/r{revision}",
        "code_version": code_version,
        "published_at": published_at,
        "lock_sha256": lock_sha256(),
        "rows": rows_behind(workspace, given["run_no"]),
        "access_log": anchor_printed(workspace),
        "needs_sign_off": bool(read_signers(workspace.folder)),
        "rests_on": notebook_digest(entry.notebook) if entry.is_own else rests_on(workspace, entry, given),
        **({"kept": str(kept)} if kept else {}),
    }
    try:
        with staging(place.reports) as folder:
            made = make(folder, entry, given, about, Messages(place.language), note)
            write_manifest(workspace, entry, made, about)
            if about["needs_sign_off"]:
                write_watermark(made.out, Step.DRAFT)
            if made.shared:
                place_bundle(place.reports, plotly_bundle())
            folder_there = shelve(made.out, place, revision)
            follow(folder_there)
            note("published", {"report": place.report, "language": str(place.language), "revision": revision})
            return Published(place.report, folder_there, revision)
    except NoDataError:
        raise
    except ReportError as error:
        do = error.do or "Look at the newest notebook in the folder reports/_failed."
        raise type(error)(error.what, where=error.where, do=do) from error


def write_manifest(workspace: Workspace, entry: ReportEntry, made: Made, about: Mapping[str, Any]) -> None:
    """Write what the folder is and the checksum of every file of it, last of all."""
    report, out = made.report, made.out
    run_no = report["release"]["run_no"]
    # Folders are where somebody's files are; a manifest that travels says nothing about them.
    kept = {key: value for key, value in made.parameters.items() if key not in ("workspace", "out")}
    manifest = {
        "manifest_format": MANIFEST_FORMAT,
        "report": entry.name,
        "report_id": about["report_id"],
        "title": report["title"],
        "revision": about["revision"],
        "published_at": about["published_at"],
        "parameters": {**kept, "run_no": run_no},
        "code_version": about["code_version"],
        "creditlab_version": version("creditlab"),
        "lock_sha256": about["lock_sha256"],
        "rows": about["rows"],
        "access_log": about["access_log"],
        "run_no": run_no,
        "editions": report["editions"],
        "lists_digest": lists_digest(workspace),
        "policy_digest": report["release"]["policy_digest"],
        "release": report["release"],
        "is_synthetic": report["is_synthetic"],
        "needs_sign_off": about["needs_sign_off"],
        "rests_on": about["rests_on"],
        "methodology_sha256": report.get("methodology_sha256", ""),
        "workspace": {"title_en": workspace.title_en, "title_zh": workspace.title_zh},
        "tables": report["tables"],
        "files": checksums(out),
        "shared": dict(made.shared),
    }
    # Nobody sees the folder yet: it is moved into its place as a whole.
    (out / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def checksums(folder: Path) -> dict[str, str]:
    """The sha256 of every file in a folder but its manifest and what sign-off adds, by path."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in found}
    later = (MANIFEST, SIGN_OFF, WATERMARK)
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in named.items() if name not in later}


def lock_sha256() -> str:
    """The checksum of the list of locked packages; empty where creditlab runs without its source folder."""
    path = notebooks_folder().parent / "uv.lock"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def anchor_printed(workspace: Workspace) -> dict[str, Any]:
    """How long the access log is and how its last link begins; empty where nobody was ever looked up.

    Raises
    ------
    AccessLogError
        If the log is not what it was: a publication must not vouch for it.
    """
    from creditlab.access import log_of

    anchor = log_of(workspace).anchor()
    return {"count": anchor.count, "link": anchor.link[:16]} if anchor.count else {}


def newest_run(workspace: Workspace) -> int:
    """The number of the lake's newest run; 0 before the first."""
    from creditlab.lake import Lake

    lake = Lake(workspace.lake)
    runs = lake.runs()["run_no"].to_pylist() if lake.exists else []
    return int(runs[-1]) if runs else 0


def rows_behind(workspace: Workspace, run_no: int) -> dict[str, int]:
    """How many rows the runs up to the one reported took in, and what became of them; empty without a lake."""
    from creditlab.lake import Lake
    from creditlab.terms import COUNTS

    lake = Lake(workspace.lake)
    if not lake.exists:
        return {}
    runs = [one for one in lake.runs().to_pylist() if not run_no or one["run_no"] <= run_no]
    return {name: sum(one[name] for one in runs) for name in COUNTS}
