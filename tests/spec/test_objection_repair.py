"""An objection is held and not used; a repair reaches everything; nothing published is changed. All is made up."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from creditlab import engine
from creditlab.dossier import hold
from creditlab.periods import parse_period
from creditlab.profiles import OF_EVIDENCE, profile
from creditlab.publicising import take_lists
from creditlab.reports import publish
from creditlab.reports.proof import verify
from creditlab.reports.publication import checksums
from creditlab.terms import Audience, Language
from tests.spec.assessable import AS_OF, ONE, assessable, penalty, standings
from tests.spec.conftest import make_tiny
from tests.spec.tiny import Tiny, form_field, form_fields, row

Run = Callable[..., dict[str, Any]]
DAY = date.fromisoformat(AS_OF)


def add_list(tiny: Tiny) -> None:
    """An item whose entries are a list for publicity, beside those of the methodology."""
    folder = tiny.folder / "catalogue" / "2026"
    for name, rows in (
        ("items.csv", [{"item_code": "L-1", "nature": "serious", "data_format": "list_entry"}]),
        ("fields.csv", [one | {"data_format": "list_entry"} for one in form_fields(
            form_field("legal_basis"), form_field("entry_state"))]),
    ):  # fmt: skip
        there = list(csv.DictReader(io.StringIO((folder / name).read_text("utf-8"))))
        found = [*there, *({**there[0], **one} for one in rows)]
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(there[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
        (folder / name).write_text(out.getvalue(), "utf-8")


def say(tiny: Tiny, action: str, on: str) -> None:
    """What is said about the penalty and the list's entry on a day."""
    tiny.deliver([penalty("1", event_date="2026-06-01", action=action)], on=on, item_code="P-1")
    tiny.deliver([row("s", subject_id=ONE, event_date="2026-06-01", action=action)], on=on, item_code="L-1")
    tiny.ingest()


def stands(tiny: Tiny, day: str = AS_OF, run_no: int | None = None) -> dict[str, Any]:
    """Where the two records are seen: profile, assessment, list."""
    as_of = date.fromisoformat(day)
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        held = hold(tiny.workspace, backend, as_of, run_no)
        rows = backend.to_pyarrow(profile(held.evidence(OF_EVIDENCE), held.inputs.subjects, as_of, held.run_no))
        profiles = {one["item_code"]: one for one in rows.to_pylist()}
        listed = [one["record_id"] for one in take_lists(tiny.workspace, backend, as_of, run_no).entries]
    assessed = standings(tiny, day, run_no)[ONE]
    return {
        "states": [profiles["P-1"][f"{one}_count"] for one in ("normal", "disputed", "repaired")],
        "published": [profiles[item]["published_count"] for item in ("P-1", "L-1")],
        "score": assessed["score"],
        "is_provisional": assessed["is_provisional"],
        "listed": listed,
    }


BEFORE = {"states": [1, 0, 0], "published": [1, 1], "score": 985_000, "is_provisional": False, "listed": ["S"]}
OBJECTED = {"states": [0, 1, 0], "published": [0, 0], "score": None, "is_provisional": True, "listed": []}
REPAIRED = {"states": [0, 0, 1], "published": [0, 0], "score": None, "is_provisional": False, "listed": []}


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """A penalty and an entry; objected to, found right, repaired: each in a run of its own."""
    tiny = assessable(make_tiny.__wrapped__(tmp_path_factory.mktemp("filed")))  # type: ignore[attr-defined]
    add_list(tiny)
    say(tiny, "", "2026-07-02")
    published(tiny)
    say(tiny, "dispute", "2026-08-03")
    say(tiny, "resolve", "2026-08-20")
    say(tiny, "repair", "2026-09-10")
    return tiny


def published(tiny: Tiny) -> Path:
    (done,) = publish(
        tiny.workspace, period=parse_period("2026Q3"), as_of=DAY, audience=Audience.PUBLIC, language=Language.EN,
        reports=["publicity"], now=datetime(2026, 10, 20, 9, tzinfo=UTC), code_version="0",
    )  # fmt: skip
    return done.folder


def test_each_step_is_seen_everywhere_from_its_day_on(filed: Tiny) -> None:
    assert stands(filed) == REPAIRED
    assert stands(filed, AS_OF, 2) == OBJECTED
    # A day before is as it was then, whatever came since.
    assert [stands(filed, day) for day in ("2026-08-02", "2026-08-03", "2026-08-20")] == [BEFORE, OBJECTED, BEFORE]


def test_the_statement_tells_the_whole_way(filed: Tiny, run: Run, tmp_path: Path) -> None:
    (tmp_path / "number.txt").write_text(ONE, "utf-8")
    said = run(filed, "statement", "--purpose", "objection", "--number", tmp_path / "number.txt", "--as-of", AS_OF)
    for one in said["records"]:
        assert [version["record_state"] for version in one["versions"]] == ["normal", "disputed", "normal", "repaired"]
        assert [version["stands_from"] for version in one["versions"]] == [
            "2026-07-02", "2026-08-03", "2026-08-20", "2026-09-10",
        ]  # fmt: skip
        assert (one["is_published"], one["left_out"]) == (False, "repaired")
    assert len(said["records"]) == 2


def test_what_was_published_stays_and_the_next_revision_has_the_repair(filed: Tiny) -> None:
    first = filed.workspace.reports / "2026Q3" / "publicity" / "en" / "r1"
    before = checksums(first)
    entries = (first / "tables" / "serious_dishonesty.csv").read_text("utf-8-sig")
    assert ONE in entries
    second = published(filed)
    assert second == first.with_name("r2")
    with (second / "tables" / "serious_dishonesty.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.DictReader(file)) == []
    assert checksums(first) == before
    assert verify(first).is_clean
