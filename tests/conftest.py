"""Fixtures that all tests share, and the rule about skipped tests.

With CI=true a test that skips fails, unless tests/allowed_skips.txt names it with a reason: a missing
browser or missing data must not turn a green run into a promise that nobody checked.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
ALLOWED_SKIPS = Path(__file__).with_name("allowed_skips.txt")
IN_CI = os.environ.get("CI") == "true"

# No test is timed, and a run in continuous integration is repeatable.
settings.register_profile("creditlab", deadline=None, derandomize=IN_CI, print_blob=True)
settings.load_profile("creditlab")


# --- Skipped tests ------------------------------------------------------------------------------------


def read_allowed_skips(text: str) -> dict[str, str]:
    """Test id -> reason, from the lines ``test id  # reason`` (blank and comment lines aside)."""
    allowed = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            test_id, _, reason = line.partition("  #")
            allowed[test_id.strip()] = reason.strip()
    return allowed


def refuse_skip(report: pytest.TestReport | pytest.CollectReport, allowed: dict[str, str], *, never: bool) -> None:
    """Turn the report of a skipped test into a failure, unless the allow-list names the test.

    ``never`` is true for tests that may not be skipped even when listed. An expected failure (xfail) is
    reported as skipped too, but the test did run.
    """
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    if report.nodeid in allowed and not never:
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid} was skipped, and tests/allowed_skips.txt does not allow it.\n{reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if IN_CI:
        never = item.get_closest_marker("real") is not None or "shared_dir" in getattr(item, "fixturenames", ())
        refuse_skip(report, read_allowed_skips(ALLOWED_SKIPS.read_text("utf-8")), never=never)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if IN_CI:
        # A module that skips as a whole hides all its tests, so no module can be on the list.
        refuse_skip(report, {}, never=True)
    return report


_MARKERS = (("real", "real"), ("browser", "browser"), ("notebooks", "notebook"), ("cluster", "cluster"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests by their folder, so that nobody has to remember to."""
    for item in items:
        for folder, marker in _MARKERS:
            if item.path.is_relative_to(ROOT / "tests" / folder):
                item.add_marker(marker)


# --- What tests run on --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with the example workspace and the real data, beside the repository."""
    if not (SHARED / "example").is_dir():
        pytest.skip("the shared data is missing: expected a folder ../shared with example/ in it")
    return SHARED


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The executable of Chromium: $BROWSER_PATH, else Debian's."""
    path = Path(os.environ.get("BROWSER_PATH") or "/usr/bin/chromium")
    if not os.access(path, os.X_OK):
        pytest.skip(f"Chromium is missing: no executable at {path}; install it or set BROWSER_PATH")
    return path


@pytest.fixture
def workspace_copy(tmp_path: Path) -> Callable[..., Path]:
    """A function that copies a workspace's folder under tmp_path, without its lake and reports.

    ``workspace_copy(folder, name="workspace")`` returns the copy, writable whatever the original was.
    """

    def copy(folder: Path, name: str = "workspace") -> Path:
        target = tmp_path / name
        unwanted = {str(folder / "lake"), str(folder / "reports")}

        def ignore(parent: str, names: list[str]) -> list[str]:
            return [entry for entry in names if str(Path(parent) / entry) in unwanted]

        shutil.copytree(folder, target, ignore=ignore, copy_function=shutil.copyfile)
        for path in [target, *target.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)
        return target

    return copy


@pytest.fixture(scope="session")
def creditlab_command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """A function that runs the command line as a user would, in a process of its own.

    ``creditlab_command("measure", "--period", "2026Q3", workspace=folder)`` returns the completed process
    with its output as text; a status other than 0 does not raise. ``env`` adds variables.
    """

    def run(
        *arguments: str | Path, workspace: Path | None = None, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        where = [] if workspace is None else ["--workspace", str(workspace)]
        return subprocess.run(
            [sys.executable, "-m", "creditlab", *where, *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(env or {})},
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def creditlab_here() -> Callable[..., subprocess.CompletedProcess[str]]:
    """As `creditlab_command`, but in this process, which has its libraries loaded already: seconds become tenths.

    For tests of what a command does; that it ends its process like this is a matter of few tests.
    """

    def run(*arguments: str | Path, workspace: Path | None = None) -> subprocess.CompletedProcess[str]:
        from creditlab.cli import main

        where = [] if workspace is None else ["--workspace", str(workspace)]
        given = [*where, *map(str, arguments)]
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main(given)
        return subprocess.CompletedProcess(given, status, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def samples_taken_in(
    tmp_path_factory: pytest.TempPathFactory, creditlab_here: Callable[..., subprocess.CompletedProcess[str]]
) -> tuple[Path, dict[str, int]]:
    """A copy of the sample workspace after `creditlab ingest`, and what that printed; tests only read it."""
    folder = tmp_path_factory.mktemp("samples") / "copy"
    unwanted = shutil.ignore_patterns("lake", "reports", "keys", ".creditlab")
    shutil.copytree(ROOT / "data_samples", folder, ignore=unwanted)
    done = creditlab_here("--json", "ingest", workspace=folder)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)
