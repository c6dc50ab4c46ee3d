"""A set of reports: what fails leaves the rest alone, a dead kernel is tried once more, nobody publishes beside it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from creditlab.errors import NoDataError, ReportError
from creditlab.periods import parse_period
from creditlab.reports import series
from creditlab.reports.kept import keep
from creditlab.reports.publication import publish_one, targets
from creditlab.reports.series import Outcome, publish_series
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace
from tests.notebooks import publishing
from tests.notebooks.made_up import made_up_release
from tests.notebooks.publishing import NOTEBOOKS, NOW, edit_notebook, make_notebooks, make_workspace

DIES_ONCE = """import os
import pathlib
died = pathlib.Path(workspace) / "died"
if not died.exists():
    died.touch()
    os._exit(1)"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Path]:
    """A workspace, and notebooks of which the quarterly report alone is in the set, without PDF."""
    folder = tmp_path_factory.mktemp("series")
    workspace, notebooks = make_workspace(folder / "workspace"), make_notebooks(folder / "notebooks")
    listing = notebooks / "reports.toml"
    text = listing.read_text("utf-8").replace("in_set = true\n", "").replace('release = "quarterly"\n', "")
    listing.write_text(
        text.replace("[quarterly]\n", '[quarterly]\nin_set = true\nformats = ["xlsx"]\n'), encoding="utf-8"
    )
    return workspace, notebooks


def publish(place: tuple[Workspace, Path], **changes: Any) -> tuple[list[Outcome], list[tuple[str, Mapping[str, Any]]]]:
    workspace, notebooks = place
    steps: list[tuple[str, Mapping[str, Any]]] = []
    with publishing.tests_importable():
        arguments = {
            "period": parse_period("2026Q3"), "as_of": date(2026, 10, 20), "audience": Audience.PUBLIC,
            "languages": list(Language), "now": NOW, "code_version": "0123abc", "notebooks": notebooks, "jobs": 1,
            "note": lambda step, about: steps.append((step, about)), **changes,
        }  # fmt: skip
        return publish_series(workspace, **arguments), steps


def test_a_dead_kernel_is_tried_once_more_and_a_failing_cell_leaves_the_other_language_alone(
    place: tuple[Workspace, Path],
) -> None:
    workspace, notebooks = place
    edit_notebook(notebooks, {"report.faults()": DIES_ONCE, "report.validity()": 'share = 1 / (language != "zh_CN")'})
    outcomes, steps = publish(place)
    states = {one.language: (one.state, one.revision) for one in outcomes}
    assert states == {"en": ("published", 1), "zh_CN": ("failed", 0)}
    names = [step for step, _ in steps]
    assert names.count("retried") == 1
    assert [about["done"] for step, about in steps if "done" in about] == [1, 2]
    (failed,) = (one for one in outcomes if one.state == "failed")
    assert "ZeroDivisionError" in failed.error
    kept = list((workspace.reports / "_failed").iterdir())
    assert [path.name for one in kept for path in one.iterdir()] == ["notebook.ipynb"]
    assert not (workspace.reports / "2026Q3" / "quarterly" / "zh_CN").exists()
    assert list((workspace.reports / ".staging").iterdir()) == []
    index = (workspace.reports / "index.html").read_text("utf-8")
    assert "2026Q3/quarterly/en/r1" in index


def test_nothing_is_published_beside_another_publication(place: tuple[Workspace, Path]) -> None:
    workspace, _ = place
    handle = os.open(workspace.reports / ".publishing.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(ReportError, match="another process is publishing"):
            publish(place)
    finally:
        os.close(handle)


def test_a_period_without_data_ends_with_no_data(place: tuple[Workspace, Path]) -> None:
    with pytest.raises(NoDataError) as raised:
        publish(place, period=parse_period("2031Q1"), languages=[Language.EN])
    assert raised.value.exit_status == 4
    assert not (place[0].reports / "2031Q1").exists()


def test_a_full_disk_is_one_reports_failure(place: tuple[Workspace, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere/secret")

    monkeypatch.setattr(series, "publish_one", full)
    workspace, notebooks = place
    entry = series.read_listing(notebooks)["quarterly"]
    shelf_place = series.Place(workspace.reports, "2026Q3", "quarterly", Audience.PUBLIC, Language.EN)
    outcome = series._work(series._Task(workspace.folder, entry, shelf_place, {}, NOW, "0123abc"))
    assert outcome.state == "failed"
    assert "full" in outcome.error
    assert "secret" not in outcome.error


def test_the_log_is_one_object_a_line() -> None:
    lines: list[str] = []
    note = series.json_lines(lines.append, lambda: NOW)
    note("retried", {"report": "quarterly"})
    note("published", {"report": "quarterly", "language": "zh_CN", "seconds": 1.5})
    assert [json.loads(line)["step"] for line in lines] == ["retried", "published"]
    assert all(line.count("\n") == 1 and json.loads(line)["at"].startswith("2026-10-20T09:30") for line in lines)


@pytest.mark.parametrize(("report", "code"), [("unit", "130200"), ("department", "SCJG")])
def test_a_part_is_published_from_the_release_that_was_put_aside_without_a_lake(
    tmp_path: Path, report: str, code: str
) -> None:
    workspace = make_workspace(tmp_path / "workspace")
    shutil.copytree(NOTEBOOKS.parent / "data_samples" / "catalogue", workspace.catalogue)
    keep(tmp_path / "kept", made_up_release())
    entry = replace(series.read_listing(NOTEBOOKS)[report], formats=())
    ((place, values),) = targets(
        workspace, entry, parse_period("2026Q3"), date(2026, 10, 20), Audience.PUBLIC, Language.EN,
        departments=[code], units=[code],
    )  # fmt: skip
    done = publish_one(workspace, entry, place, values, NOW, "0123abc", kept=tmp_path / "kept")
    assert done.folder == workspace.reports / "2026Q3" / f"{report}_{code}" / "en" / "r1"
    manifest = json.loads((done.folder / "manifest.json").read_text("utf-8"))
    assert [one["name"] for one in manifest["tables"]] == [
        "measures", "beside_the_province", "deliveries", "omissions", "methods",
    ]  # fmt: skip
    assert manifest["release"] == made_up_release().entry.as_json()
    assert manifest["parameters"][report] == code
    assert str(tmp_path).encode() not in (done.folder / "manifest.json").read_bytes()
