"""A published figure is explained: of the quarter, a part of it, a year before, a rank; each against a count."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from creditlab.errors import ParameterError
from creditlab.reports import quarterly
from creditlab.reports.explanation import explain
from creditlab.reports.listing import notebooks_folder, read_listing
from creditlab.reports.making import Made
from creditlab.reports.publication import lock_sha256, write_manifest
from tests.spec.conftest import tiny_maker
from tests.spec.tiny import Tiny, row

GIVEN = {"period": "2026Q3", "as_of": "2026-12-31", "audience": "internal", "language": "en", "run_no": 1}
#: Records of the quarter by department and unit.
RECORDS = {("D1", "990100"): 70, ("D1", "990200"): 20, ("D2", "990100"): 40}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """A workspace in which every department and unit has a count of its own, and the quarter before has another."""
    made = tiny_maker(tmp_path_factory.mktemp("explain"))()
    number = 0
    for (department, region), count in RECORDS.items():
        rows = [row(str(number := number + 1), event_date="2026-08-03") for _ in range(count)]
        made.deliver(rows, on="2026-08-05", department=department, region_code=region)
    made.deliver([row(str(900 + one), event_date="2026-05-04") for one in range(30)], on="2026-05-06")
    made.ingest()
    return made


@pytest.fixture(scope="module")
def put(tiny: Tiny) -> Callable[..., Path]:
    """Write the tables and the manifest of a report, as a publication does; no notebook is run for it."""

    def write(name: str, **part: str) -> Path:
        out = tiny.folder / "out" / f"{name}_{'_'.join(part.values())}"
        out.mkdir(parents=True)
        given = {**GIVEN, **part, "workspace": str(tiny.folder), "out": str(out)}
        opened = {"quarterly": quarterly.open_report, "unit": quarterly.open_unit}.get(name, quarterly.open_department)
        report = opened(**given)  # type: ignore[operator]
        report.overview()
        if name == "quarterly":
            report.standing()
            report.timeliness()
        report.save()
        told = json.loads((out / "report.json").read_text("utf-8"))
        about = {"report_id": "", "revision": 1, "published_at": "", "code_version": "", "rows": {}, "access_log": {},
                 "lock_sha256": lock_sha256(), "needs_sign_off": False, "rests_on": ""}  # fmt: skip
        write_manifest(tiny.workspace, read_listing(notebooks_folder())[name], Made(out, given, told), about)
        return out

    return write


@pytest.fixture(scope="module")
def province(put: Callable[..., Path]) -> Path:
    return put("quarterly")


def of(**wanted: str) -> int:
    """How many records of the quarter have a department or a unit."""
    return sum(
        count for (department, region), count in RECORDS.items()
        if wanted.get("department", department) == department and wanted.get("region_code", region) == region
    )  # fmt: skip


@pytest.mark.parametrize(
    ("figure", "records"),
    [
        ("overview/ratio/timeliness", of()),
        ("overview/previous_ratio/timeliness", 30),
        ("overview/year_before_ratio/timeliness", 0),
        ("timeliness_by_department/numerator/D1", of(department="D1")),
        ("timeliness_by_department/ratio/all", of()),
        ("timeliness_by_region/denominator/990200", of(region_code="990200")),
        ("ranks_validity_by_department/ratio/D2", of(department="D2")),
        ("ranks_timeliness_by_region/ratio/990100", of(region_code="990100")),
    ],
)
def test_a_figure_of_the_province_has_its_records(tiny: Tiny, province: Path, figure: str, records: int) -> None:
    told = explain(province, figure, tiny.workspace)
    assert told.records == records
    assert told.measure in told.figure
    assert told.definition
    assert told.article
    assert "SELECT" in told.sql


@pytest.mark.parametrize(
    ("name", "part", "wanted"),
    [
        ("unit", {"unit": "990100"}, {"region_code": "990100"}),
        ("department", {"department": "D1"}, {"department": "D1"}),
    ],
)
def test_a_part_is_about_its_own_and_says_the_province_beside_it(
    tiny: Tiny, put: Callable[..., Path], name: str, part: dict[str, str], wanted: dict[str, str]
) -> None:
    folder = put(name, **part)
    own = explain(folder, "measures/ratio/timeliness", tiny.workspace)
    assert (own.records, own.filter | wanted) == (of(**wanted), own.filter)
    beside = explain(folder, "beside_the_province/province_ratio/timeliness", tiny.workspace)
    assert beside.records == of()
    before = explain(folder, "measures/previous_ratio/timeliness", tiny.workspace)
    assert before.filter["event_date"].startswith("[2026-04-01")


@pytest.mark.parametrize(
    "figure", ["overview/ratio", "other/ratio/all", "../overview/ratio/all", "overview/other/timeliness",
               "timeliness_by_department/ratio/D9"],
)  # fmt: skip
def test_a_figure_that_is_none_is_refused(tiny: Tiny, province: Path, figure: str) -> None:
    with pytest.raises(ParameterError):
        explain(province, figure, tiny.workspace)
