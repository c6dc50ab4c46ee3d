"""Profiles and assessments that somebody wants on record: runs of their own in the lake. All data is synthetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from creditlab import engine
from creditlab.books import verify_lake
from creditlab.lake import Lake, read_inputs
from creditlab.lake.schemas import KEPT
from tests.spec.assessable import AS_OF, METHODOLOGY, NAME, ONE, TWO, assessable, penalty, seal
from tests.spec.tiny import Tiny, row

Run = Callable[..., dict[str, Any]]
#: Nothing is erased here.
FILLED = [name for name in KEPT if name != "erasures"]


@pytest.fixture
def made(make_tiny: Callable[..., Tiny]) -> Tiny:
    """ONE with two penalties, TWO with an honour, THREE with nothing: run 1."""
    tiny = assessable(make_tiny)
    tiny.deliver([penalty("P1"), penalty("P2", event_date="2026-05-20")], item_code="P-1")
    tiny.deliver([row("H2", subject_id=TWO)], item_code="H-1")
    tiny.ingest()
    return tiny


def test_an_assessment_on_record_says_what_was_found_and_what_it_rests_on(run: Run, made: Tiny) -> None:
    seen = run(made, "assess", "--as-of", AS_OF)["assessments"]
    assert "assessments" not in Lake(made.workspace.lake).table_names()
    said = run(made, "assess", "--as-of", AS_OF, "--keep")
    assert said["kept_run"] == 2
    kept = sorted(made.table("assessments"), key=lambda one: one["subject_id"])
    assert [{name: one[name] for name in seen[0]} for one in kept] == seen
    assert {(one["run_no"], one["evidence_run"], one["as_of"].isoformat(), one["methodology"]) for one in kept} == {
        (2, 1, AS_OF, NAME)
    }
    assert {one["methodology_digest"] for one in kept} == {said["methodology_digest"]}
    found = sorted((one["subject_id"], one["record_id"], one["points"]) for one in made.table("findings"))
    assert found == sorted([(ONE, "P1", -15_000), (ONE, "P2", -15_000), (TWO, "H2", 10_000)])
    assert [one["command"] for one in run(made, "lake", "history")["runs"]] == ["ingest", "assess"]
    # The records are as they were, and so is what is found when it is looked for again.
    assert run(made, "assess", "--as-of", AS_OF, "--run", "1")["assessments"] == seen
    assert run(made, "assess", "--as-of", AS_OF)["assessments"] == seen


def test_profiles_on_record(run: Run, made: Tiny) -> None:
    assert run(made, "profile", "--as-of", AS_OF, "--keep")["kept_run"] == "2"
    found = [(one["evidence_run"], one["subject_id"], one["item_code"], one["record_count"])
             for one in made.table("profiles")]  # fmt: skip
    assert sorted(found) == sorted([(1, ONE, "P-1", 2), (1, TWO, "H-1", 1)])


def test_later_runs_go_on_and_compaction_and_verification_know_the_tables(run: Run, made: Tiny) -> None:
    run(made, "assess", "--as-of", AS_OF, "--keep")
    run(made, "profile", "--as-of", AS_OF, "--keep")
    made.deliver([penalty("P3", subject=TWO)], item_code="P-1")
    assert made.ingest().run_no == 4
    run(made, "assess", "--as-of", AS_OF, "--keep")
    before = {name: sorted(map(str, made.table(name))) for name in FILLED}
    done = run(made, "lake", "compact", "--keep-days", "0")["tables"]
    assert {name: done[name]["files_after"] for name in FILLED} == dict.fromkeys(FILLED, 1)
    assert {name: sorted(map(str, made.table(name))) for name in FILLED} == before
    assert run(made, "lake", "verify")["is_whole"]
    with engine.connect(folders=[made.workspace.lake]) as backend:
        assert read_inputs(made.workspace, backend).run_no == 5


def test_a_draft_is_not_put_on_record(run: Run, made: Tiny) -> None:
    seal(made, METHODOLOGY, "other")
    (made.folder / "methodologies/other.seal.toml").unlink()
    refused = run(made, "assess", "--as-of", AS_OF, "--methodology", "other", "--keep", status=3)
    assert refused["error"] == "methodology_draft"
    assert Lake(made.workspace.lake).runs()["run_no"].to_pylist() == [1]


@pytest.mark.parametrize(
    ("table", "changes", "what"),
    [
        ("assessments", {"subject_id": "X", "has_information": True}, "rests on something"),
        ("assessments", {"has_information": False}, "a run has a line twice"),
        ("assessments", {"evidence_run": 9, "subject_id": "X", "has_information": False}, "not before it"),
        ("findings", {"subject_id": "X", "left_out": "expired"}, "nobody who was assessed"),
    ],
)
def test_verification_says_what_does_not_fit(
    run: Run, made: Tiny, table: str, changes: dict[str, Any], what: str
) -> None:
    run(made, "assess", "--as-of", AS_OF, "--keep")
    schema = KEPT[table]
    line = dict.fromkeys(schema.names) | made.table(table)[0] | changes
    Lake(made.workspace.lake).append(table, pa.Table.from_pylist([line], schema=schema))
    with engine.connect(folders=[made.workspace.lake]) as backend:
        found = verify_lake(made.workspace, backend).differences
    assert any(one.check == table and what in one.what for one in found)
