"""A workspace: `creditlab.toml` in a folder says where things are, and how the platform's institution works."""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from creditlab.errors import WorkspaceError
from creditlab.periods import WorkingDays, working_days
from creditlab.scratch import scratch
from creditlab.terms import MANIFEST, Language, NamesFrom, Purpose
from creditlab.wholefile import new_private_file

CONFIGURATION = "creditlab.toml"
#: What else than an empty cell is blank, unless the workspace lists its own.
BLANKS = ("—", "--", "NULL")
_SECTIONS: dict[str, dict[str, type]] = {
    "workspace": {"title_en": str, "title_zh": str, "synthetic": bool, "time_zone": str},
    "paths": dict.fromkeys(
        (
            "catalogue",
            "inbox",
            "ledger",
            "subjects",
            "lake",
            "reports",
            "key",
            "policy",
            "methodologies",
            "publication",
            "access_log",
            "access_key",
        ),
        str,
    ),
    "engine": {"url": str, "memory": str},
    "calendar": {"country": str, "days": str, "official_until": date},
    "report": {"language": str, "contact": str},
    "ingest": {"blanks": list},
    "access": {"purpose": str, "names": str},
}
#: Databases that queries in the inbox may name: any name, the address as libpq reads it.
_SOURCES = "sources"
#: Thresholds of the rules of monitoring, which knows what they may be.
_MONITORING = "monitoring"
_SOURCE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MEMORY, _MEMORY_KEY = re.compile(r"[1-9][0-9]{0,6}[MG]B"), f"{CONFIGURATION}, [engine] memory"
_ADDRESS = re.compile(r"postgres(?:ql)?://(?:(?P<user>[^/@]*)@)?[^?]*(?:\?(?P<settings>.*))?")
_KINDS = {str: "text", bool: "true or false", date: "a day such as 2026-12-31", list: 'a list of texts such as ["--"]'}


@dataclass(frozen=True)
class Workspace:
    """Where a workspace's parts are; paths are absolute."""

    folder: Path
    title_en: str
    title_zh: str
    is_synthetic: bool
    catalogue: Path
    inbox: Path
    ledger: Path
    subjects: Path
    lake: Path
    reports: Path
    key: Path
    access_log: Path
    access_key: Path
    policy: Path | None
    publication: Path | None
    methodologies: Path
    engine_url: str
    engine_memory: str | None
    time_zone: ZoneInfo
    language: Language
    contact: str
    blanks: tuple[str, ...]
    country: str
    days_file: Path | None
    official_until: date | None
    sources: Mapping[str, str]
    monitoring: Mapping[str, Any]
    purpose: Purpose | None = None
    names: NamesFrom = NamesFrom.SYSTEM

    def working_days(self) -> WorkingDays:
        """The workspace's working-day calendar."""
        return working_days(self.country, days_file=self.days_file, official_until=self.official_until)

    def pseudonym_key(self) -> bytes:
        """The key of natural persons' pseudonyms, made on first use, readable by its owner only.

        It lies outside the lake and the reports, so that a copy of either is no use for naming anyone.

        Raises
        ------
        WorkspaceError
            If the file can't be read or written, or is shorter than 32 bytes.
        """
        return _key_at(self.key, "the pseudonym key", "[paths] key")

    def access_log_key(self) -> bytes:
        """The key that the access log is chained with, made on first use; see `pseudonym_key`."""
        return _key_at(self.access_key, "the access log's key", "[paths] access_key")


def _key_at(path: Path, name: str, where: str) -> bytes:
    """A private key of its own, made on first use."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make_key(path)
    except OSError as error:
        raise WorkspaceError(f"{name} can't be written", where=where) from error
    try:
        key = path.read_bytes()
    except OSError as error:
        raise WorkspaceError(f"{name} can't be read", where=where) from error
    if len(key) < 32:
        raise WorkspaceError(f"{name} is shorter than 32 bytes", where=where)
    return key


def _make_key(path: Path) -> None:
    """Put a whole key in its place: several processes may be the first, and each may be killed at any moment."""
    with scratch(path.parent) as folder:
        draft = folder / path.name
        with new_private_file(draft, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            # Unlike a rename, a link never replaces the key that another process has made and used meanwhile.
            os.link(draft, path)


def open_workspace(folder: Path) -> Workspace:
    """Read a workspace's configuration.

    Raises
    ------
    WorkspaceError
        If the folder has no configuration, or it has a section, key or value that has no meaning.
    """
    path = folder / CONFIGURATION
    try:
        text = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise WorkspaceError(
            f"the folder has no {CONFIGURATION}",
            do="Name a workspace with --workspace, or make one: creditlab init DIR.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"{CONFIGURATION} can't be read", do="Mend its syntax.") from error
    except OSError as error:
        raise WorkspaceError(f"{CONFIGURATION} can't be read", do="Name a folder that you may read.") from error
    sources = text.pop(_SOURCES, {})
    monitoring = text.pop(_MONITORING, {})
    if not isinstance(monitoring, dict):
        raise WorkspaceError("a section is unknown", where=f"{CONFIGURATION}, [{_MONITORING}]")
    _refuse_unknown(text)
    _check_sources(sources)
    return _build(folder.resolve(), text, sources, monitoring)


def _refuse_unknown(text: dict[str, Any]) -> None:
    for section, content in text.items():
        if section not in _SECTIONS or not isinstance(content, dict):
            raise WorkspaceError("a section is unknown", where=f"{CONFIGURATION}, [{section}]")
        for key, value in content.items():
            where = f"{CONFIGURATION}, [{section}] {key}"
            kind = _SECTIONS[section].get(key)
            if kind is None:
                raise WorkspaceError("a key is unknown", where=where)
            # The very type: to Python, True is a number and a time of day a date.
            texts = value if isinstance(value, list) else []
            if (
                type(value) is not kind
                or not all(isinstance(one, str) for one in texts)
                or (section == "paths" and not str(value).strip())
            ):
                raise WorkspaceError("a key has a value of another kind", where=where, do=f"Write {_KINDS[kind]}.")


def _check_sources(sources: Any) -> None:
    """Refuse addresses that are none, or that carry a password: this file is copied, shown and committed."""
    if not isinstance(sources, dict):
        raise WorkspaceError("a section is unknown", where=f"{CONFIGURATION}, [{_SOURCES}]")
    for name, address in sources.items():
        where = f"{CONFIGURATION}, [{_SOURCES}] {name}"
        if not _SOURCE_NAME.fullmatch(name):
            raise WorkspaceError("a source's name can't be used", where=where, do="Use letters, digits, _ and -.")
        found = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
        if found is None:
            raise WorkspaceError("a source has no address", where=where, do='Write "postgresql://user@host/database".')
        settings = dict(parse_qsl(found["settings"] or "", keep_blank_values=True))
        if ":" in (found["user"] or "") or any("password" in key.lower() for key in settings):
            raise WorkspaceError(
                "a source's address carries a password",
                where=where,
                do="Take it out; give it by PGPASSFILE, PGPASSWORD or a libpq service.",
            )


def _build(folder: Path, text: dict[str, Any], sources: dict[str, str], monitoring: dict[str, Any]) -> Workspace:
    paths, calendar, about = text.get("paths", {}), text.get("calendar", {}), text.get("workspace", {})
    report, engine = text.get("report", {}), text.get("engine", {})
    if not _MEMORY.fullmatch(engine.get("memory", "1GB")):
        raise WorkspaceError("an amount of memory can't be read", where=_MEMORY_KEY, do='Write it as "800MB" or "4GB".')

    def path(key: str, default: str) -> Path:
        return folder / str(paths.get(key, default))

    try:
        zone = ZoneInfo(str(about.get("time_zone", "Asia/Shanghai")))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise WorkspaceError("the time zone is unknown", where=f"{CONFIGURATION}, [workspace] time_zone") from error
    try:
        language = Language(report.get("language", "en"))
    except ValueError as error:
        raise WorkspaceError("the language is unknown", where=f"{CONFIGURATION}, [report] language") from error
    asked = text.get("access", {}).get("purpose")
    if asked is not None and asked not in list(Purpose):
        do = f"Write one of {', '.join(map(str, Purpose))}."
        raise WorkspaceError("the purpose is none of the list", where=f"{CONFIGURATION}, [access] purpose", do=do)
    names = text.get("access", {}).get("names", NamesFrom.SYSTEM)
    if names not in list(NamesFrom):
        do = f"Write one of {', '.join(map(str, NamesFrom))}."
        raise WorkspaceError("who vouches for names is not known", where=f"{CONFIGURATION}, [access] names", do=do)
    days = calendar.get("days")
    return Workspace(
        folder=folder,
        title_en=str(about.get("title_en", folder.name)),
        title_zh=str(about.get("title_zh", about.get("title_en", folder.name))),
        is_synthetic=bool(about.get("synthetic", False)),
        catalogue=path("catalogue", "catalogue"),
        inbox=path("inbox", "inbox"),
        ledger=path("ledger", "ledger.csv"),
        subjects=path("subjects", "subjects.csv"),
        lake=path("lake", "lake"),
        reports=path("reports", "reports"),
        key=path("key", "keys/pseudonym.key"),
        access_log=path("access_log", "access/log.jsonl"),
        access_key=path("access_key", str(Path(paths.get("key", "keys/pseudonym.key")).with_name("access.key"))),
        policy=folder / str(paths["policy"]) if "policy" in paths else None,
        publication=folder / str(paths["publication"]) if "publication" in paths else None,
        methodologies=path("methodologies", "methodologies"),
        engine_url=str(engine.get("url", "duckdb://")),
        engine_memory=engine.get("memory"),
        time_zone=zone,
        language=language,
        contact=str(report.get("contact", "")),
        blanks=tuple(str(blank) for blank in text.get("ingest", {}).get("blanks", BLANKS)),
        country=str(calendar.get("country", "CN")),
        days_file=folder / str(days) if days else None,
        official_until=calendar.get("official_until"),
        sources=dict(sources),
        monitoring=dict(monitoring),
        purpose=Purpose(asked) if asked is not None else None,
        names=NamesFrom(names),
    )


_TEMPLATE = """# A creditlab workspace. Paths are relative to this folder.
[workspace]
title_en = "Public credit information"
title_zh = "公共信用信息"
time_zone = "Asia/Shanghai"

[paths]
catalogue = "catalogue"
inbox = "inbox"
ledger = "ledger.csv"
subjects = "subjects.csv"
lake = "lake"
reports = "reports"
# How subjects are assessed: one file a methodology.
methodologies = "methodologies"
# For how long adverse information may be published, if by other rules than creditlab's own.
# publication = "publication.toml"
# The key of natural persons' pseudonyms: keep it apart from the data, back it up, never share it.
key = "keys/pseudonym.key"
# Who looked which subject up, chained with a key of its own; its head lies beside that key.
# access_log = "access/log.jsonl"
# access_key = "keys/access.key"

[engine]
url = "duckdb://"
# What the engine may hold in memory, where a command has to be allowed more than it takes by itself.
# memory = "4GB"

[calendar]
country = "CN"

[report]
language = "zh_CN"

[ingest]
# What a cell may hold instead of being empty.
blanks = ["—", "--", "NULL"]

# [access]
# What subjects are looked up for here, where a command is not told by --purpose.
# purpose = "analysis"
# Who vouches for the names in roles.toml: the system's accounts, JupyterHub, or a proxy before the dashboard.
# names = "system"

# Databases that queries in the inbox are read from. No password here: PGPASSFILE, PGPASSWORD or a libpq service has it.
[sources]
# frontend = "postgresql://creditlab@db.example/exchange"
"""
_LISTS = {
    "inbox/manifest.csv": MANIFEST,
    "ledger.csv": ("item_code", "department", "region_code", "month", "declared_count"),
    "subjects.csv": (
        "subject_id",
        "subject_kind",
        "subject_name",
        "region_code",
        "industry_code",
        "registered_on",
        "deregistered_on",
    ),
    "catalogue/departments.csv": ("department", "name_zh", "name_en"),
    "catalogue/regions.csv": ("region_code", "name_zh", "name_en", "level", "parent"),
    "catalogue/code_lists.csv": ("code_list", "code", "name_zh", "name_en"),
}


def make_workspace(folder: Path) -> Path:
    """Make an empty workspace: its configuration, and its lists with their headers.

    Raises
    ------
    WorkspaceError
        If the folder is there already and holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceError("the folder holds something already", do="Name a new or empty folder.")
    for name, columns in _LISTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(",".join(columns) + "\n", encoding="utf-8")
    (folder / CONFIGURATION).write_text(_TEMPLATE, encoding="utf-8")
    return folder
