"""Publishing: complete by one rename, or not at all."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import pytest

from creditlab.errors import DisclosureError, NoDataError, ParameterError, ReportError
from creditlab.periods import parse_period
from creditlab.reports.shelf import past_releases
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace
from tests.notebooks.publishing import edit_notebook, make_notebooks, make_workspace, publish_made_up


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path / "workspace")


@pytest.fixture
def notebooks(tmp_path: Path) -> Path:
    return make_notebooks(tmp_path / "notebooks")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def visible(workspace: Workspace) -> list[Path]:
    if not workspace.reports.exists():
        return []
    return [
        path
        for path in workspace.reports.rglob("*")
        if path.is_file() and path.relative_to(workspace.reports).parts[0] not in (".staging", "_failed")
    ]


def test_second_publication_is_a_new_revision_and_leaves_the_first_as_it_is(
    workspace: Workspace, notebooks: Path
) -> None:
    (first,) = publish_made_up(workspace, notebooks)
    assert first.folder == workspace.reports / "2026Q3" / "quarterly" / "en" / "r1"
    before = contents(first.folder)
    (second,) = publish_made_up(workspace, notebooks)
    assert (second.folder.name, second.revision) == ("r2", 2)
    assert contents(first.folder) == before

    # The same run gives the same figures; only the revision is another, which the cover of the workbook says too.
    after = contents(second.folder)
    assert set(after) == set(before)
    tables = [name for name in before if name.startswith("tables/") and name.endswith(".csv")]
    assert len(tables) == 19
    assert {name: after[name] for name in tables} == {name: before[name] for name in tables}

    manifest = json.loads(before["manifest.json"])
    assert manifest["files"] == {
        name: hashlib.sha256(data).hexdigest() for name, data in before.items() if name != "manifest.json"
    }
    assert manifest["parameters"] == {
        "period": "2026Q3", "as_of": "2026-10-20", "audience": "public", "language": "en", "run_no": 7,
    }  # fmt: skip
    # What draws charts is there once for both.
    (shared,) = (workspace.reports / "_shared").iterdir()
    assert manifest["shared"] == {f"_shared/{shared.name}": hashlib.sha256(shared.read_bytes()).hexdigest()}
    assert not [name for name in before if "plotly" in name]
    assert (manifest["code_version"], manifest["run_no"], manifest["is_synthetic"]) == ("0123abc", 7, True)
    assert manifest["editions"] == [{"year": 2026, "sha256": "0" * 64}]
    assert str(workspace.folder).encode() not in b"".join(before.values())

    page = before["index.html"].decode()
    assert page.count("<h1>") == 1
    assert "<script>document.title" not in page
    assert "Synthetic data" in page
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")
    index = (workspace.reports / "index.html").read_text("utf-8")
    assert "2026Q3/quarterly/en/r1/index.html" in index
    assert "2026Q3/quarterly/en/r2/index.html" in index
    assert index.count("(synthetic data)") == 2
    assert stat.S_IMODE(first.folder.stat().st_mode) == 0o755
    assert [entry.audience for entry in past_releases(workspace.reports).entries] == [Audience.PUBLIC] * 2
    assert list((workspace.reports / ".staging").iterdir()) == []


def test_internal_report_is_for_its_owner_only(workspace: Workspace, notebooks: Path) -> None:
    (done,) = publish_made_up(workspace, notebooks, audience=Audience.INTERNAL, language=Language.ZH_CN)
    assert done.folder == workspace.reports / "2026Q3" / "quarterly-internal" / "zh_CN" / "r1"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in done.folder.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (done.folder, done.folder / "tables")} == {0o700}
    assert "内部：不得对外提供" in (done.folder / "index.html").read_text("utf-8")


def test_failing_cell_leaves_nothing_visible(workspace: Workspace, notebooks: Path) -> None:
    edit_notebook(notebooks, {"report.faults()": "report.faults(1 / 0)"})
    with pytest.raises(ReportError) as raised:
        publish_made_up(workspace, notebooks)
    assert "ZeroDivisionError" in str(raised.value)
    assert visible(workspace) == []
    (kept,) = (workspace.reports / "_failed").iterdir()
    assert [path.name for path in kept.iterdir()] == ["notebook.ipynb"]
    assert stat.S_IMODE((kept / "notebook.ipynb").stat().st_mode) == 0o600
    assert list((workspace.reports / ".staging").iterdir()) == []


def test_output_that_is_no_section_is_refused(workspace: Workspace, notebooks: Path) -> None:
    edit_notebook(notebooks, {"report.faults()": "report.release.table.to_pylist()"})
    with pytest.raises(ReportError, match="no section of the report"):
        publish_made_up(workspace, notebooks)
    assert visible(workspace) == []


def test_notebook_that_saves_nothing_is_refused(workspace: Workspace, notebooks: Path) -> None:
    edit_notebook(notebooks, {"report.save()": "report.period"})
    with pytest.raises(ReportError, match="hands over no tables"):
        publish_made_up(workspace, notebooks)
    assert visible(workspace) == []


def test_period_without_data_publishes_nothing(workspace: Workspace, notebooks: Path) -> None:
    with pytest.raises(NoDataError) as raised:
        publish_made_up(workspace, notebooks, period=parse_period("2031Q1"))
    assert raised.value.exit_status == 4
    assert str(raised.value) == "no_data: there is nothing to report. Ingest first."
    assert visible(workspace) == []
    assert not (workspace.reports / "_failed").exists()


def test_figures_that_are_no_release_stop_the_report(workspace: Workspace, notebooks: Path) -> None:
    bare = "from creditlab.charts import shares\nfrom creditlab import tables\ntables.require_release(report.catalogue)"
    edit_notebook(notebooks, {"report.faults()": bare})
    with pytest.raises(DisclosureError, match="only a release can be shown"):
        publish_made_up(workspace, notebooks)
    assert visible(workspace) == []


@pytest.mark.parametrize(
    ("listed", "cell", "error", "message"),
    [
        ("", 'quarter: str = "2026Q3"', ReportError, "declare different parameters"),
        ('quarter = "period"', "", ReportError, "declare different parameters"),
        ('quarter = "period"', 'quarter: str = "2026Q3"', ParameterError, "a parameter is missing"),
    ],
    ids=["undeclared", "not in the notebook", "not given"],
)
def test_parameters_that_differ_stop_before_anything_runs(
    workspace: Workspace, notebooks: Path, listed: str, cell: str, error: type[Exception], message: str
) -> None:
    listing = notebooks / "reports.toml"
    head = "[quarterly.parameters]\n"
    listing.write_text(listing.read_text("utf-8").replace(head, f"{head}{listed}\n"), encoding="utf-8")
    path = notebooks / "quarterly_report.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    tagged = next(one for one in notebook["cells"] if one["metadata"].get("tags") == ["parameters"])
    tagged["source"] = "".join(tagged["source"]) + "\n" + cell
    path.write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(error, match=message):
        publish_made_up(workspace, notebooks)
    assert visible(workspace) == []


def test_unknown_report_is_refused(workspace: Workspace, notebooks: Path) -> None:
    with pytest.raises(ParameterError, match=r"Choose from: quarterly, unit, department, catalogue"):
        publish_made_up(workspace, notebooks, reports=["../quarterly"])
    assert visible(workspace) == []
