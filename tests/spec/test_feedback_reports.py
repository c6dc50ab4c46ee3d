"""A department's report and the review of a draft: figures of one release, and nobody's row. All data is synthetic."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creditlab.errors import DisclosureError
from creditlab.feedback import department
from creditlab.reports import review
from tests.spec.tiny import Tiny, code, row

KINDS = {"subject_kinds": "legal_person;natural_person"}


def tables(report: Any, *sections: str) -> dict[str, list[dict[str, str]]]:
    """What a report writes, by table."""
    for name in sections:
        getattr(report, name)()
    report.save()
    found = {}
    for path in (report.out / "tables").iterdir():
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = list(csv.DictReader(file))
    return found


def opened(module: Any, tiny: Tiny, out: Path, **changes: Any) -> Any:
    given = {"period": "2026Q3", "as_of": "2026-10-20", "audience": "internal", "language": "en", "run_no": 0}
    return module.open_report(str(tiny.folder), out=str(out), **(given | changes))


def delivered(make_tiny: Callable[..., Tiny], **item: str) -> Tiny:
    """Two departments; D1 mends one of its two faulty records after 8 days."""
    tiny = make_tiny(items=[item])
    tiny.deliver([row("1", subject_name=""), row("2", subject_name=""), row("3")])
    tiny.deliver([row("1", subject_name="甲公司", action="correct")], "2026-07-10")
    tiny.deliver([row("1", subject_id=code(number=9))], department="D2")
    tiny.ingest()
    return tiny


def test_a_departments_report_has_its_own_figures_and_the_provinces_totals(
    make_tiny: Callable[..., Tiny], tmp_path: Path
) -> None:
    report = opened(department, delivered(make_tiny), tmp_path, department="D1")
    found = tables(report, "rates", "deliveries", "omissions", "faults", "mended")
    rates = {one["measure"]: (one["numerator"], one["denominator"]) for one in found["rates"]}
    assert rates["validity"] == ("2", "3")
    beside = {one["measure"]: (one["ratio"], one["province_ratio"]) for one in found["beside_the_province"]}
    assert beside["validity"] == (repr(2 / 3), repr(3 / 4))
    assert {one["fault"]: one["record_count"] for one in found["faults"]} == {"missing:subject_name": "1"}
    assert [(one["mended"], one["faulty_withdrawn"], one["mended_soon"]) for one in found["mended"]] == [
        ("1", "0", "1.0")
    ]
    assert [(one["delivered"], one["corrected"]) for one in found["deliveries"]] == [("4", "1")]
    assert "D2" not in "".join(path.read_text("utf-8") for path in (tmp_path / "tables").iterdir())


@pytest.mark.parametrize("audience", ["public", "internal"])
def test_few_records_of_an_item_that_covers_natural_persons_are_suppressed(
    make_tiny: Callable[..., Tiny], tmp_path: Path, audience: str
) -> None:
    report = opened(department, delivered(make_tiny, **KINDS), tmp_path, department="D1", audience=audience)
    found = tables(report, "rates", "deliveries", "faults", "mended")
    rates = {one["measure"]: one["numerator"] for one in found["rates"]}
    assert rates["validity"] == "[c]"
    # Who owes what is nobody's private matter.
    assert rates["coverage_cells"] == "1"
    assert [one["record_count"] for one in found["faults"]] == ["[c]"]
    assert [(one["mended"], one["mended_soon"]) for one in found["mended"]] == [("[c]", "[c]")]


def test_a_review_has_both_sides_and_is_not_for_the_public(make_tiny: Callable[..., Tiny], tmp_path: Path) -> None:
    tiny = delivered(make_tiny)
    tiny.edition(2027, [{"collection_time_limit": "0 days", "security_level": "restricted"}])
    (tiny.folder / "catalogue/2027/edition.toml").write_text('year = 2027\nstate = "draft"\n', encoding="utf-8")
    with pytest.raises(DisclosureError):
        opened(review, tiny, tmp_path, audience="public")
    report = opened(review, tiny, tmp_path)
    found = tables(report, "overview", "differences", "by_department")
    sides = {
        one["department"]: (one["published_numerator"], one["simulated_numerator"], one["simulated_denominator"])
        for one in found["timeliness_by_department"]
    }
    assert sides == {"": ("4", "0", "4"), "D1": ("3", "0", "3"), "D2": ("1", "0", "1")}
    (overview,) = [one for one in found["overview"] if one["measure"] == "timeliness"]
    assert (overview["published_ratio"], overview["simulated_ratio"], overview["difference_points"]) == (
        "1.0", "0.0", "-100.0",
    )  # fmt: skip
    differing = {one["column"]: (one["before"], one["after"]) for one in found["differences"]}
    assert differing["collection_time_limit"] == ("7 working days", "0 days")

    # An item that is not shown to an audience in full shows it no cells that differ, but those that name it.
    shown = tables(opened(review, tiny, tmp_path / "government", audience="government"), "differences")
    assert {one["column"] for one in shown["differences"]} == {"security_level"}
