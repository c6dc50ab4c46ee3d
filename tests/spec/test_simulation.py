"""A draft tried on what was delivered: its measures beside the published ones. All data is synthetic."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creditlab.cli import main
from creditlab.terms import Measure
from tests.spec.tiny import Tiny, code, form_field, form_fields, row

MEASURES = [str(one) for one in (Measure.TIMELINESS, Measure.PUNCTUALITY, Measure.COMPLETENESS, Measure.VALIDITY)]
Figures = dict[str, tuple[int | None, int | None]]


def draft(tiny: Tiny, year: int, items: list[dict[str, str]], fields: list[dict[str, str]] | None = None) -> None:
    """A draft for a year: a published edition in all but its state."""
    tiny.edition(year, items, fields)
    path = tiny.folder / f"catalogue/{year}/edition.toml"
    path.write_text(f'year = {year}\nstate = "draft"\n', encoding="utf-8")


def simulated(capsys: pytest.CaptureFixture[str], tiny: Tiny, *words: str, as_of: str = "2026-12-31") -> Any:
    """What the command says as one JSON object."""
    arguments = ["--workspace", str(tiny.folder), "--json", "catalogue", "simulate", *words, "--as-of", as_of]
    assert main(arguments) == 0
    return json.loads(capsys.readouterr().out)


def sides(said: Any) -> tuple[Figures, Figures]:
    """Published and simulated figures of department D1, by measure."""
    rows = [one for one in said["measurements"] if one["department"] == "D1"]
    published, tried = (
        {one["measure"]: (one[f"{side}_numerator"], one[f"{side}_denominator"]) for one in rows}
        for side in ("published", "simulated")
    )
    return published, tried


def deliveries(tiny: Tiny) -> None:
    """A year with corrections, a duplicate, a withdrawal, a person, a quarantined row and a late one."""
    person = {"subject_id": code("92", 7), "subject_kind": "natural_person", "subject_name": "Zebra"}
    tiny.deliver(
        [row("1", note="a"), row("2", note="b", subject_id="91990100000000099X"), row("3", note="b", **person)],
        "2026-07-06",
        period="2026-07",
    )
    tiny.deliver([row("2", note="c", subject_id=code(number=2))], "2026-07-20", period="")
    tiny.deliver([row("4", note="a", event_date="2026-06-01"), row("5", event_date="soon")], "2026-08-05")
    tiny.deliver([row("1", note="a", action="withdraw")], "2026-09-01")
    tiny.deliver([row("6", note="", subject_name="", event_date="2026-08-04")], "2026-08-07", period="2026-08")
    tiny.deliver([row("1", note="z", subject_id=code(number=5))], "2026-07-08", department="D2")


def keyed() -> list[dict[str, str]]:
    return form_fields(note={"role": "key"})


def lake_files(tiny: Tiny) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in tiny.workspace.lake.rglob("*") if path.is_file()}


def test_an_unchanged_edition_gives_the_published_measures_exactly(
    make_tiny: Callable[..., Tiny], capsys: pytest.CaptureFixture[str]
) -> None:
    item = {"update_period": "month", "delivery_grace_days": "5"}
    tiny = make_tiny(items=[item, item | {"item_code": "B-1"}], fields=keyed())
    deliveries(tiny)
    tiny.deliver([row("1", note="a")], "2026-07-06", item_code="B-1")
    tiny.ingest()
    draft(tiny, 2027, [item, item | {"item_code": "B-1"}], keyed())
    before = lake_files(tiny)

    by = "item_code,department,region,month"
    said = simulated(capsys, tiny, "2027", "--by", by)
    assert (said["year"], said["period"], said["run_no"]) == (2027, "2026", 1)
    measured = tiny.measure(*MEASURES, period="2026", by=by)
    columns = ("measure", "item_code", "department", "region_code", "period_start")
    assert {one["measure"] for one in measured} == set(MEASURES)
    wanted = sorted(
        (*(str(one[name]) for name in columns), one["numerator"], one["denominator"], one["ratio"]) for one in measured
    )
    for side in ("published", "simulated"):
        found = [
            (
                *(str(one[name]) for name in columns),
                *(one[f"{side}_{end}"] for end in ("numerator", "denominator", "ratio")),
            )
            for one in said["measurements"]
        ]
        assert sorted(found) == wanted
    # Nothing of it is in the lake.
    assert lake_files(tiny) == before


def test_a_draft_says_what_it_would_have_made_of_the_year(
    make_tiny: Callable[..., Tiny], capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = make_tiny(fields=keyed())
    deliveries(tiny)
    tiny.ingest()
    # A shorter time limit, a due period, and a field that nobody was asked for yet.
    fields = [*keyed(), form_field("basis", required="true")]
    draft(tiny, 2027, [{"collection_time_limit": "4 days", "update_period": "month"}], fields)
    published, tried = sides(simulated(capsys, tiny, "2027"))
    # Standing at the year's end: 2 (received after 5 days), 3 (5 days), 4 (65 days), 6 (3 days, without a name).
    assert published["timeliness"] == (3, 4)
    assert tried["timeliness"] == (1, 4)
    assert published["completeness"] == (4 * 5 - 1, 4 * 5)
    assert tried["completeness"] == (4 * 5 - 1, 4 * 6)
    # 3 is about a natural person, whom the item does not cover; 4 came first under number 1; row 5 is in quarantine.
    assert published["validity"] == (1, 5)
    assert tried["validity"] == (0, 5)
    # One of the two units delivered for two of the twelve months.
    assert published["punctuality"] == (None, None)
    assert tried["punctuality"] == (2, 24)


def test_a_withdrawn_item_and_another_year_leave_the_period_as_it_was(
    make_tiny: Callable[..., Tiny], capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = make_tiny(items=[{}, {"item_code": "B-1"}])
    deliveries(tiny)
    tiny.ingest()
    # The item has left: its records are kept, and judged by the newest edition that has it.
    draft(tiny, 2027, [{"item_code": "B-1"}])
    tiny.edition(2025, [{}])
    published, tried = sides(simulated(capsys, tiny, "2027"))
    assert tried == published


@pytest.mark.parametrize(
    ("words", "status", "error"),
    [
        (["2031"], 3, "catalogue"),
        (["2027", "--period", "2020"], 4, "no_data"),
        (["2027", "--by", "colour"], 2, "parameter"),
        (["soon"], 2, "parameter"),
    ],
)
def test_refuses(tiny: Tiny, capsys: pytest.CaptureFixture[str], words: list[str], status: int, error: str) -> None:
    draft(tiny, 2027, [{}])
    tiny.deliver([row("1")])
    tiny.ingest()
    assert main(["--workspace", str(tiny.folder), "--json", "catalogue", "simulate", *words]) == status
    assert json.loads(capsys.readouterr().out)["error"] == error
