"""The whole set: what a workspace has is of it, what it lacks is said, and what stands is not made again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from creditlab.cli import main
from creditlab.errors import NoDataError, ParameterError
from creditlab.periods import parse_period
from creditlab.reports import publish, series
from creditlab.reports.needs import rests_on
from creditlab.reports.series import Outcome, publish_series
from creditlab.reports.shelf import MANIFEST
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace
from tests.notebooks.publishing import NOTEBOOKS, NOW, make_workspace

SAMPLES = NOTEBOOKS.parent / "data_samples"
UNITS, DEPARTMENTS = 14, 27


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """The sample province before anything was ingested."""
    made = make_workspace(tmp_path / "workspace")
    for name in ("catalogue", "methodologies"):
        shutil.copytree(SAMPLES / name, made.folder / name)
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[series._Task]:
    """Instead of being made, each report of the set is noted; it counts as published."""
    found: list[series._Task] = []

    def noted(tasks: list[series._Task], *_: Any) -> list[Outcome]:
        found[:] = tasks
        return [series._outcome(one, "published", 1, 0.0) for one in tasks]

    monkeypatch.setattr(series, "_run", noted)
    monkeypatch.setattr(series, "share_releases", lambda *_, **__: {})
    monkeypatch.setattr(series, "write_index", lambda _: None)
    return found


def publish_set(
    workspace: Workspace, audience: Audience, **changes: Any
) -> tuple[list[Outcome], list[tuple[str, Mapping[str, Any]]]]:
    steps: list[tuple[str, Mapping[str, Any]]] = []
    arguments = {
        "period": parse_period("2026Q3"), "as_of": date(2026, 10, 20), "audience": audience,
        "languages": list(Language), "now": NOW, "code_version": "0123abc",
        "note": lambda step, about: steps.append((step, about)), **changes,
    }  # fmt: skip
    return publish_series(workspace, **arguments), steps


def lacking(outcomes: list[Outcome]) -> dict[str, str]:
    return {one.report: one.error for one in outcomes if one.state == "not_there"}


def draft(workspace: Workspace, year: int) -> None:
    """A draft of a year's edition: the one of 2026, not yet published."""
    made = workspace.catalogue / str(year)
    shutil.copytree(workspace.catalogue / "2026", made)
    details = (made / "edition.toml").read_text("utf-8")
    text = details.replace("2026", str(year)).replace('"published"', '"draft"')
    (made / "edition.toml").write_text(text, encoding="utf-8")


def test_the_set_has_all_that_the_workspace_has_in_both_languages_and_says_what_it_lacks(
    workspace: Workspace, asked: list[series._Task]
) -> None:
    outcomes, steps = publish_set(workspace, Audience.INTERNAL)
    made = [(task.entry.name, str(task.place.language)) for task in asked]
    for language in Language:
        counted = {name: made.count((name, language)) for name, of in made if of == language}
        assert counted == {
            "quarterly": 1, "unit": UNITS, "department": DEPARTMENTS, "catalogue": 1, "publicity": 1,
            "assessment_methodology": 1,
        }  # fmt: skip
    assert lacking(outcomes) == {
        "catalogue_review": "there is no draft of the catalogue of 2027", "scorecard": "no scorecard was released",
    }  # fmt: skip
    assert [about["report"] for step, about in steps if step == "not_there"] == ["catalogue_review", "scorecard"]
    (catalogue,) = {task.place.folder.parent for task in asked if task.entry.name == "catalogue"}
    assert catalogue == workspace.reports / "2026" / "catalogue-internal"


def test_a_draft_is_reviewed_for_those_who_may_see_it_only(workspace: Workspace, asked: list[series._Task]) -> None:
    draft(workspace, 2027)
    outcomes, _ = publish_set(workspace, Audience.GOVERNMENT, reports=["catalogue_review"])
    assert [(one.report, one.state) for one in outcomes] == [("catalogue_review", "published")] * 2
    assert {task.given["period"] for task in asked} == {"2026"}
    outcomes, _ = publish_set(workspace, Audience.PUBLIC, reports=["catalogue_review"])
    assert lacking(outcomes) == {"catalogue_review": "it is not for the audience public"}
    assert asked == []
    with pytest.raises(ParameterError, match="not made for that audience"):
        publish(
            workspace, period=parse_period("2026"), as_of=date(2026, 10, 20), audience=Audience.PUBLIC,
            language=Language.EN, reports=["catalogue_review"], now=NOW, code_version="0123abc",
        )  # fmt: skip


def test_before_a_methodology_is_in_force_the_set_does_without(workspace: Workspace, asked: list[series._Task]) -> None:
    early = {"period": parse_period("2024Q4"), "as_of": date(2024, 12, 20)}
    outcomes, _ = publish_set(workspace, Audience.PUBLIC, reports=["assessment_methodology"], **early)
    assert lacking(outcomes) == {"assessment_methodology": "no approved methodology is in force"}
    assert asked == []


def test_one_that_rests_on_something_broken_fails_alone(workspace: Workspace, asked: list[series._Task]) -> None:
    (path,) = workspace.methodologies.glob("sample.toml")
    path.write_text(path.read_text("utf-8").replace("base = 1000", "base = 999"), encoding="utf-8")
    outcomes, _ = publish_set(workspace, Audience.PUBLIC)
    failed = [one for one in outcomes if one.state == "failed"]
    assert [one.report for one in failed] == ["assessment_methodology"]
    assert failed[0].error.startswith("methodology_")
    assert {"quarterly", "catalogue", "publicity"} <= {task.entry.name for task in asked}


@pytest.mark.parametrize(
    ("changed", "stands"),
    [({}, True), ({"as_of": "2026-09-09"}, True), ({"rests_on": "0"}, False), ({"policy_digest": "0"}, False)],
)
def test_the_years_catalogue_stands_until_its_edition_is_another(
    workspace: Workspace, asked: list[series._Task], changed: dict[str, str], *, stands: bool
) -> None:
    publish_set(workspace, Audience.PUBLIC, reports=["catalogue"], languages=[Language.EN])
    (task,) = asked
    given = {name: value for name, value in task.given.items() if name != "workspace"}
    manifest = {
        **series._basis(workspace, "0123abc"), "parameters": given,
        "rests_on": rests_on(workspace, task.entry, task.given),
    }  # fmt: skip
    manifest |= {name: value for name, value in changed.items() if name != "as_of"}
    given |= {name: value for name, value in changed.items() if name == "as_of"}
    folder = task.place.folder / "r1"
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text(
        json.dumps({**manifest, "published_at": "", "report_id": folder.relative_to(workspace.reports).as_posix()}),
        encoding="utf-8",
    )
    again, _ = publish_set(workspace, Audience.PUBLIC, reports=["catalogue"], languages=[Language.EN])
    assert [one.state for one in again] == (["unchanged"] if stands else ["published"])


class Killed:
    """Processes that die as often as told, and take along what was begun with them."""

    left = 0

    def __init__(self, *_: Any, **__: Any) -> None:
        self._dies = Killed.left > 0
        Killed.left -= 1

    def __enter__(self) -> Killed:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def submit(self, _: Any, task: series._Task) -> Future[Outcome]:
        found: Future[Outcome] = Future()
        if self._dies:
            found.set_exception(BrokenProcessPool())
        else:
            found.set_result(series._outcome(task, "published", 1, 0.0))
        return found


@pytest.mark.parametrize(("times", "state"), [(1, "published"), (2, "failed")])
def test_what_a_killed_process_took_along_is_made_once_more(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, times: int, state: str
) -> None:
    monkeypatch.setattr(series, "ProcessPoolExecutor", Killed)
    monkeypatch.setattr(series, "write_index", lambda _: None)
    monkeypatch.setattr(Killed, "left", times)
    outcomes, steps = publish_set(workspace, Audience.PUBLIC, reports=["catalogue", "publicity"])
    assert [one.state for one in outcomes] == [state] * 4
    assert [step for step, _ in steps] == ["retried"] * 4 + [state] * 4
    assert all("killed" in one.error for one in outcomes) is (state == "failed")


def test_without_data_nothing_of_the_set_is_published_and_the_status_is_four(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["publish", "--period", "2026Q3", "--as-of", "2026-10-20", "--audience", "internal", "--all"]
    assert main(["--workspace", str(workspace.folder), *words]) == NoDataError.exit_status == 4
    assert "catalogue_review: not there" in capsys.readouterr().err
    assert list(workspace.reports.glob("[0-9]*")) == []
