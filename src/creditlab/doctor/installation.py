"""The machine and the packages."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from creditlab.doctor.check import Check, Status
from creditlab.reports.listing import notebooks_folder
from creditlab.reports.printing import has_chinese_font
from creditlab.workspace import Workspace

_OLDEST = (3, 11)
_GIB = 2**30
#: Below this nothing is begun; a run of a large delivery wants more.
_LEAST_DISK, _LEAST_MEMORY = _GIB, 2 * _GIB
_UNITS = {"MB": 2**20, "GB": _GIB}


def checks() -> Iterator[Check]:
    """What does not depend on a workspace."""
    yield _python()
    yield _packages()
    yield _encoding()
    yield _pdf()
    yield _chromium()
    yield disk("disk.temporary", Path(tempfile.gettempdir()))


def checks_for(workspace: Workspace) -> Iterator[Check]:
    """What a workspace's configuration needs of the machine."""
    yield _memory(workspace)
    yield _postgres(workspace)
    yield _java(workspace)


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST:
        return Check("python", Status.FAIL, f"Python {found} is too old.", "Install Python 3.11 or newer.")
    return Check("python", Status.OK, f"Python {found}.")


def _packages() -> Check:
    path = notebooks_folder().parent / "uv.lock"
    if not path.exists():
        return Check("packages", Status.NOTE, "No list of locked packages is here to compare with.")
    packages = tomllib.loads(path.read_text("utf-8"))["package"]
    # Some packages are locked once for each version of Python.
    locked: dict[str, set[str | None]] = {}
    for one in packages:
        locked.setdefault(one["name"], {None}).add(one.get("version"))
    own = next(one for one in packages if one["name"] == "creditlab")
    others = [name for name, wanted in locked.items() if len(wanted) > 1 and _installed(name) not in wanted]
    needed = [one["name"] for one in own.get("dependencies", []) if "marker" not in one]
    missing = [name for name in needed if _installed(name) is None]
    do = "Say: make setup, or uv sync."
    if missing:
        return Check("packages", Status.FAIL, f"{len(missing)} packages are missing: {_named(missing)}.", do)
    if others:
        what = f"{len(others)} packages are of another version than the locked one: {_named(others)}."
        return Check("packages", Status.WARN, what, do)
    return Check("packages", Status.OK, "The packages are those of the lock.")


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _named(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(sorted(names)[:most]) + more


def _encoding() -> Check:
    if sys.getfilesystemencoding().lower() != "utf-8":
        return Check("encoding", Status.FAIL, "File names are not UTF-8 here.", "Set LANG=C.UTF-8.")
    return Check("encoding", Status.OK, "File names are UTF-8.")


def _pdf() -> Check:
    do = "Install fonts-noto-cjk, libpango-1.0-0 and libpangoft2-1.0-0; pages are published without it."
    if not has_chinese_font():
        return Check("pdf", Status.WARN, "No font with Chinese characters is installed, so no PDF is made.", do)
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):
        return Check("pdf", Status.WARN, "What makes PDF is missing, so none is made.", do)
    return Check("pdf", Status.OK, "PDF can be made, with Chinese characters.")


def _chromium() -> Check:
    path = os.environ.get("BROWSER_PATH") or shutil.which("chromium") or ""
    if not os.access(path, os.X_OK):
        return Check("chromium", Status.NOTE, "Chromium is not here; only the tests of pages need it.")
    return Check("chromium", Status.OK, "Chromium is here, for the tests of pages.")


def disk(code: str, folder: Path) -> Check:
    """Whether a folder, or the nearest one above it that exists, has place and may be written."""
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    free = shutil.disk_usage(there).free
    if not os.access(there, os.W_OK | os.X_OK):
        return Check(code, Status.FAIL, "The folder can't be written.", "Give it to the user who runs creditlab.")
    if free < _LEAST_DISK:
        return Check(code, Status.FAIL, f"{free / _GIB:.1f} GiB are free.", "Make room, or choose another disk.")
    return Check(code, Status.OK, f"{free / _GIB:.1f} GiB are free.")


def _memory(workspace: Workspace) -> Check:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) * 1024
    except (OSError, StopIteration, ValueError):
        return Check("memory", Status.NOTE, "How much memory is free can't be seen here.")
    text = workspace.engine_memory
    wanted = int(text[:-2]) * _UNITS[text[-2:]] if text else _LEAST_MEMORY
    if free < wanted:
        what = f"{free / _GIB:.1f} GiB of memory are free, and the engine may take {wanted / _GIB:.1f}."
        return Check("memory", Status.WARN, what, "Close other programs, or lower [engine] memory.")
    return Check("memory", Status.OK, f"{free / _GIB:.1f} GiB of memory are free.")


def _postgres(workspace: Workspace) -> Check:
    if not workspace.sources:
        return Check("postgres", Status.NOTE, "No database is named in [sources].")
    if find_spec("adbc_driver_postgresql") is None:
        return Check("postgres", Status.FAIL, "What reads PostgreSQL is missing.", "Say: uv sync.")
    return Check("postgres", Status.OK, f"PostgreSQL can be read; {len(workspace.sources)} databases are named.")


def _java(workspace: Workspace) -> Check:
    if not workspace.engine_url.startswith(("spark", "sc:")):
        return Check("java", Status.NOTE, "The engine is the embedded one, which needs no Java.")
    if find_spec("pyspark") is None:
        return Check("java", Status.FAIL, "Spark is not installed.", "Install creditlab's extra spark.")
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (home and os.access(Path(home, "bin", "java"), os.X_OK)):
        return Check("java", Status.FAIL, "There is no Java, which Spark needs.", "Install a Java runtime, 17 or 21.")
    return Check("java", Status.OK, "Java is here, for Spark.")
