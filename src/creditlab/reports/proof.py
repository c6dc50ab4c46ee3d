"""Prove a published folder: that nothing of it was changed, and that its figures come out again."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from creditlab.errors import ManifestError, ParameterError
from creditlab.lake.lists import judged_by
from creditlab.messages import Messages
from creditlab.reports.bundle import compare_shared
from creditlab.reports.earlier import lists_behind
from creditlab.reports.listing import notebooks_folder, read_listing
from creditlab.reports.making import make, say_nothing
from creditlab.reports.own import notebook_digest, own_entry
from creditlab.reports.publication import checksums, lock_sha256
from creditlab.reports.shelf import MANIFEST, SIGN_OFF, published
from creditlab.reports.signoff import Signer, faults, read_signatures
from creditlab.scratch import scratch
from creditlab.terms import Language
from creditlab.workspace import CONFIGURATION, Workspace, open_workspace

#: Cells of one table that are named one by one; the rest is counted.
_NAMED = 20
_KEPT_KEYS = ("report", "report_id", "revision", "published_at", "parameters", "code_version", "release", "files")


@dataclass(frozen=True)
class Deviation:
    """One thing that is not as published: a file, a cell, or something that the figures rest on."""

    kind: str
    where: str
    what: str
    published: str = ""
    found: str = ""


@dataclass
class Proof:
    """What was compared, and what differs; `lacking` is what a folder took from its shelf and hasn't beside it."""

    report_id: str
    compared: dict[str, int] = field(default_factory=dict)
    deviations: list[Deviation] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether everything is as published."""
        return not self.deviations


def read_manifest(folder: Path) -> dict[str, Any]:
    """A published folder's manifest.

    Raises
    ------
    ManifestError
        If it is missing or is none.
    """
    try:
        content: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ManifestError("the folder has no manifest that can be read", where=MANIFEST) from error
    missing = [name for name in _KEPT_KEYS if name not in content] if isinstance(content, dict) else ["everything"]
    if missing:
        raise ManifestError("the manifest lacks an entry", where=f"{MANIFEST}, {missing[0]}")
    return content


def verify(folder: Path, signers: Mapping[str, Signer] = MappingProxyType({})) -> Proof:
    """Compare every file of a published folder with its manifest, and every signature with what it is over.

    Parameters
    ----------
    folder
        The published revision.
    signers
        Who may sign; without them it is not looked at whose the keys are.
    """
    manifest = read_manifest(folder)
    said, there = manifest["files"], checksums(folder)
    proof = Proof(manifest["report_id"], {"files": len(said)})
    for name in sorted(set(said) | set(there)):
        if name not in there:
            proof.deviations.append(Deviation("file", name, "the file is missing"))
        elif name not in said:
            proof.deviations.append(Deviation("file", name, "the file is not of the publication"))
        elif said[name] != there[name]:
            proof.deviations.append(Deviation("file", name, "the file was changed", said[name], there[name]))
    proof.lacking, changed = compare_shared(folder, manifest.get("shared") or {})
    proof.deviations += [Deviation("file", name, "the file was changed") for name in changed]
    signatures = read_signatures(folder)
    if signatures:
        proof.compared["signatures"] = len(signatures)
    proof.deviations += [Deviation("signature", SIGN_OFF, one) for one in faults(folder, signatures, signers)]
    return proof


def reproduce(
    folder: Path, workspace: Workspace, *, code_version: str, notebooks: Path | None = None, own: Path | None = None
) -> Proof:
    """Compute a published folder again from the run that it names, and compare every file and every table's cell.

    Parameters
    ----------
    folder
        The published revision; it is not changed.
    workspace
        Whose lake it was made from.
    code_version
        The version of the code that computes now.
    notebooks, own
        As of `publish`. What is in the folder is never run, so an analyst's notebook is to be named.

    Returns
    -------
    Proof
        Clean where every file comes out as published. Else the cells that differ, and why: code, editions, policy or
        lock that are others now, lists beside the editions that are others and were not kept, and what the lake's own
        books say about its rows; a changed record is named by its delivery and row.

    Raises
    ------
    NoDataError
        If the lake is empty.
    LakeError
        If the run was never committed.
    """
    manifest = read_manifest(folder)
    entry = own_entry(own) if own else read_listing(notebooks or notebooks_folder()).get(manifest["report"])
    if entry is None or entry.name != manifest["report"]:
        do = "Name the analyst's notebook that it was made by: --notebook."
        raise ParameterError("the report is not on the list", where=manifest["report"], do=do)
    about = {name: manifest.get(name, "") for name in (
        "revision", "report_id", "code_version", "published_at", "lock_sha256", "rows", "needs_sign_off",
        "access_log")}  # fmt: skip
    proof = verify(folder)
    proof.compared = {}
    changed = {one.where for one in proof.deviations}
    lists = lists_behind(workspace, manifest)
    with scratch() as aside, judged_by(workspace, lists.kept) as then:
        again = _as_it_was(then, manifest, aside)
        given = {**manifest["parameters"], "workspace": str(again.folder)}
        made_in = aside / "made"
        made_in.mkdir()
        made = make(made_in, entry, given, about, Messages(Language(given["language"])), say_nothing)
        fresh = checksums(made.out)
        for path in sorted((made.out / "tables").glob("*.csv")):
            name = path.relative_to(made.out).as_posix()
            proof.compared["tables"] = proof.compared.get("tables", 0) + 1
            published_path = folder / name
            if published_path.exists():
                proof.deviations += _cells(name, published_path, path, proof.compared)
        # A table that was edited after publication says nothing about the lake.
        lake_differs = False
        for name in sorted(set(fresh) | set(manifest["files"])):
            proof.compared["files"] = proof.compared.get("files", 0) + 1
            if fresh.get(name) != manifest["files"].get(name) and name not in changed:
                what = "the file does not come out again" if name in fresh else "the file is not made any more"
                proof.deviations.append(Deviation("file", name, what))
                lake_differs = lake_differs or name.startswith("tables/")
        if not proof.is_clean:
            proof.deviations += _reasons(manifest, made.report, code_version)
            if own and (now := notebook_digest(own)) != manifest.get("rests_on"):
                proof.deviations.append(
                    Deviation("reason", "notebook", "made with another", str(manifest.get("rests_on")), now)
                )
            proof.deviations += [Deviation("reason", name, "made with another", *two) for name, *two in lists.otherwise]
        if lake_differs:
            proof.deviations += _lake(workspace, manifest["release"]["run_no"])
    return proof


def _cells(name: str, old: Path, new: Path, compared: dict[str, int]) -> Iterator[Deviation]:
    before, after = (_rows(path) for path in (old, new))
    named = 0
    for key in dict.fromkeys([*before, *after]):
        one, two = before.get(key, {}), after.get(key, {})
        for column in dict.fromkeys([*one, *two]):
            compared["cells"] = compared.get("cells", 0) + 1
            if one.get(column) != two.get(column):
                named += 1
                if named <= _NAMED:
                    where = f"{name}, {'/'.join(part for part in key if part) or 'all'}, {column}"
                    yield Deviation("cell", where, "the figure differs", one.get(column, ""), two.get(column, ""))
    if named > _NAMED:
        yield Deviation("cell", name, f"{named - _NAMED:,} further figures differ")


def _rows(path: Path) -> dict[tuple[str, ...], dict[str, str]]:
    """A table's rows by their codes, and by their place where codes alone don't tell them apart."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        return {}
    codes = code_columns(list(rows[0]))
    keys = [tuple(row[column] for column in codes) for row in rows]
    if len(set(keys)) < len(keys) or not codes:
        keys = [(*key, str(place)) for place, key in enumerate(keys, start=1)]
    return dict(zip(keys, rows, strict=True))


def code_columns(columns: list[str]) -> list[str]:
    """The columns whose codes say what a row is about."""
    return [one for one in columns if one in ("measure", "item_code", "department", "region_code", "fault", "unit")]


def _reasons(manifest: Mapping[str, Any], report: Mapping[str, Any], code_version: str) -> Iterator[Deviation]:
    """What the figures rest on that is another now."""
    pairs = {
        "code": (manifest["code_version"], code_version),
        "packages": (manifest.get("lock_sha256", ""), lock_sha256()),
        "policy": (manifest["release"]["policy_digest"], report["release"]["policy_digest"]),
        "editions": (json.dumps(manifest.get("editions")), json.dumps(report["editions"])),
    }
    for name, (old, new) in pairs.items():
        if old != new:
            yield Deviation("reason", name, "made with another", str(old), str(new))


def _lake(workspace: Workspace, run_no: int) -> Iterator[Deviation]:
    """What the lake's books say about rows that are not as they were booked."""
    from creditlab import engine
    from creditlab.books import verify_lake

    with engine.connect(folders=[workspace.lake], memory=workspace.engine_memory) as backend:
        found = verify_lake(workspace, backend, run_no)
    for one in found.differences:
        figures = ("" if one.expected is None else str(one.expected), "" if one.found is None else str(one.found))
        yield Deviation("lake", one.where, one.what, *figures)


def _as_it_was(workspace: Workspace, manifest: Mapping[str, Any], aside: Path) -> Workspace:
    """The workspace with only those releases on its shelf that were there before: the gate looks at them."""
    folder, shelf = aside / "workspace", aside / "shelf"
    folder.mkdir()
    shelf.mkdir()
    own = manifest["report_id"]
    for one in published(workspace.reports) if workspace.reports.is_dir() else ():
        if one["published_at"] < manifest["published_at"] and one["folder"] != own:
            link = shelf / one["folder"]
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(workspace.reports / one["folder"])
    settings = tomllib.loads((workspace.folder / CONFIGURATION).read_text("utf-8-sig"))
    paths = settings.setdefault("paths", {})
    for name in (
        "catalogue", "inbox", "ledger", "subjects", "lake", "key", "policy", "publication", "methodologies",
        "access_log", "access_key",
    ):  # fmt: skip
        if (path := getattr(workspace, name)) is not None:
            paths[name] = str(path)
    paths["reports"] = str(shelf)
    if workspace.days_file is not None:
        settings["calendar"]["days"] = str(workspace.days_file)
    # Addresses of databases are no part of a report.
    settings.pop("sources", None)
    (folder / CONFIGURATION).write_text(
        "".join(f"[{name}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in section.items())
                for name, section in settings.items()), encoding="utf-8",
    )  # fmt: skip
    return open_workspace(folder)


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(key)} = {_toml(one)}' for key, one in value.items())} }}"
    return str(value)
