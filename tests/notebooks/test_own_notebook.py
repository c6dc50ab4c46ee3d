"""An analyst's own notebook: published through the same gate, and nothing but what the gate let through."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creditlab.disclosure import Release
from creditlab.errors import DisclosureError, ParameterError, ReportError
from creditlab.reports import own, printing
from creditlab.reports.proof import reproduce, verify
from creditlab.reports.quarterly.report import Report
from creditlab.terms import Language
from creditlab.workspace import Workspace, open_workspace
from tests.notebooks import made_up, publishing
from tests.notebooks.publishing import NOTEBOOKS, make_workspace, publish_made_up
from tests.unit.test_identifiers import resident_id

IMPORT = "from creditlab.reports import own"
MADE_UP = f"{IMPORT}\nfrom tests.notebooks import made_up\nown.open_quarterly = made_up.open_report"
GIVEN = {"period": "2026Q3", "as_of": "2026-10-20", "audience": "public", "language": "en", "run_no": 7}


@pytest.fixture(scope="module")
def quarter() -> Release:
    """The made-up quarter, through the gate once."""
    return made_up.made_up_release()


@pytest.fixture(autouse=True)
def over_made_up(monkeypatch: pytest.MonkeyPatch, quarter: Release) -> None:
    """Reports over the made-up quarter, and no PDF."""

    def opened(workspace: str, period: str, as_of: str, audience: str, language: str, run_no: int, out: str) -> Report:
        place = open_workspace(Path(workspace))
        return Report(place, made_up.CATALOGUE, quarter, Language(language), Path(out) if out else None)

    monkeypatch.setattr(own, "open_quarterly", opened)
    monkeypatch.setattr(printing, "has_chinese_font", lambda: False)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path / "workspace")


def copied(path: Path, cells: dict[str, str]) -> Path:
    """A copy of the notebook that is there to be copied, with some cells exchanged."""
    notebook = json.loads((NOTEBOOKS / "own_report.ipynb").read_text("utf-8"))
    for before, after in {IMPORT: MADE_UP, **cells}.items():
        (found,) = (one for one in notebook["cells"] if "".join(one["source"]) == before)
        found["source"] = after
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def test_it_is_published_and_proved_like_any_report(workspace: Workspace, tmp_path: Path) -> None:
    notebook = copied(tmp_path / "closer_look.ipynb", {})
    (done,) = publish_made_up(workspace, NOTEBOOKS, own=notebook)
    assert done.folder == workspace.reports / "2026Q3" / "own_closer_look" / "en" / "r1"
    page = (done.folder / "index.html").read_text("utf-8")
    assert "<h1>A closer look at timeliness</h1>" in page
    assert "Deliveries are looked at by who sends them." in page
    manifest = json.loads((done.folder / "manifest.json").read_text("utf-8"))
    tables = ["timeliness_by_department", "timeliness_by_region", "methods"]
    assert [one["name"] for one in manifest["tables"]] == tables
    assert manifest["release"] == made_up.made_up_release().entry.as_json()
    assert manifest["rests_on"] == own.notebook_digest(notebook)
    with (done.folder / "tables" / "timeliness_by_department.csv").open(encoding="utf-8", newline="") as file:
        assert any(row["ratio"] == "[c]" for row in csv.DictReader(file))

    assert verify(done.folder).is_clean
    with pytest.raises(ParameterError, match="--notebook"):
        reproduce(done.folder, workspace, code_version="0123abc")
    with publishing.tests_importable():
        assert reproduce(done.folder, workspace, code_version="0123abc", own=notebook).deviations == []


@pytest.mark.parametrize(
    ("cell", "error", "message"),
    [
        ("report.shares(1 / 0)", ReportError, "ZeroDivisionError"),
        (
            "from IPython.display import display\n"
            'display({"text/html": "<p>91 of 97</p>"}, raw=True, metadata={"creditlab": {"kind": "part"}})',
            DisclosureError, "own calls don't give",
        ),
    ],
    ids=["failing cell", "forged section"],
)  # fmt: skip
def test_what_the_gate_did_not_let_through_stops_it(
    workspace: Workspace, tmp_path: Path, cell: str, error: type[Exception], message: str
) -> None:
    notebook = copied(tmp_path / "own.ipynb", {'report.shares("timeliness", "region")': cell})
    with pytest.raises(error, match=message):
        publish_made_up(workspace, NOTEBOOKS, own=notebook)
    assert list(workspace.reports.glob("[0-9]*")) == []
    assert len(list((workspace.reports / "_failed").iterdir())) == 1


# --- Beside the kernel ----------------------------------------------------------------------------------


@pytest.fixture
def again(workspace: Workspace, tmp_path: Path) -> Callable[..., list[str]]:
    """Make what a notebook showed again, after something was done to it; the tables that come of it."""

    def make(edit: Callable[[list[dict[str, Any]]], object]) -> list[str]:
        out = tmp_path / "out"
        given = {**GIVEN, "workspace": str(workspace.folder), "out": str(out)}
        report = own.open_report(**given, title="Title")  # type: ignore[arg-type]
        shown = [report.words("Heading", "Text, Article 9"), report.shares("validity", "region"), report.faults()]
        cells = [{"outputs": list(own._outputs(one))} for one in shown]
        edit(cells)
        executed = tmp_path / "notebook.ipynb"
        executed.write_text(json.dumps({"cells": cells}), encoding="utf-8")
        own.made_again(executed, given)
        return sorted(path.stem for path in (out / "tables").glob("*.csv"))

    return make


def test_an_untouched_one_comes_out_with_its_tables(again: Callable[..., list[str]]) -> None:
    assert again(lambda cells: None) == ["faults", "validity_by_region"]


@pytest.mark.parametrize(
    "edit",
    [
        lambda cells: cells[1]["outputs"][2]["data"].update({"text/html": "<table><tr><td>3</td></tr></table>"}),
        lambda cells: cells[1]["outputs"].append({"output_type": "stream", "name": "stdout", "text": "91 of 97"}),
        lambda cells: cells[1]["outputs"].pop(),
        lambda cells: cells[2]["outputs"].append(dict(cells[2]["outputs"][-1])),
        lambda cells: cells[0]["outputs"][0]["metadata"]["creditlab"].update({"call": ["save", {}]}),
        lambda cells: cells[0]["outputs"][0]["metadata"]["creditlab"].update({"call": ["words", {"text": "9"}]}),
        lambda cells: cells[0]["outputs"][0]["metadata"]["creditlab"].update({"title": "other"}),
    ],
    ids=[
        "another table",
        "printed",
        "a part less",
        "a part more",
        "no section's call",
        "call without title",
        "another title",
    ],
)
def test_what_was_touched_is_refused(
    again: Callable[..., list[str]], edit: Callable[[list[dict[str, Any]]], object]
) -> None:
    with pytest.raises(DisclosureError):
        again(edit)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Of these 4711 came late.", DisclosureError), ("Two of " + resident_id() + " came late.", ParameterError),
        (" ", ParameterError), ("a" * 2001, ParameterError),
    ],
    ids=["a number of no table", "a person's number", "nothing", "too much"],
)  # fmt: skip
def test_words_are_held_to_the_tables(workspace: Workspace, tmp_path: Path, text: str, error: type[Exception]) -> None:
    given = {**GIVEN, "workspace": str(workspace.folder), "out": str(tmp_path / "out")}
    report = own.open_report(**given, title="Title")  # type: ignore[arg-type]
    report.shares("timeliness", "department")
    report.words("Heading", "As of October 20, 2026, Article 9: SCJG")

    def said() -> None:
        report.words("Heading", text)
        report.save()

    with pytest.raises(error):
        said()
    assert not (tmp_path / "out" / "tables").exists()


def test_a_measure_or_a_name_that_is_none_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    report = own.open_report(**GIVEN, workspace=str(workspace.folder), out="", title="Title")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="no such measure or group"):
        report.shares("timeliness", "subject_id")
    with pytest.raises(AttributeError):
        report.release  # noqa: B018
    for name in ("Übersicht.ipynb", "1.ipynb", "there.ipynb"):
        with pytest.raises(ReportError):
            own.own_entry(tmp_path / name)
