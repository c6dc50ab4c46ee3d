"""A small made-up report: a catalogue, finest cells and a release, for tests of what lies behind the gate.

A notebook in a kernel of its own imports it too: `from tests.notebooks import made_up as quarterly`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from creditlab.catalogue import Catalogue, DataFormat, Department, Edition, Item, RecordField, Region, TimeLimit
from creditlab.disclosure import Cube, CubeTable, Release, read_policy, release
from creditlab.errors import NoDataError
from creditlab.periods import Period, parse_date, parse_period
from creditlab.reports.quarterly import Report
from creditlab.reports.quarterly.cube import DELIVERY_COUNT, RECORD_COUNT, Omission, assemble
from creditlab.reports.quarterly.matters import EVIDENCE, TEXTS
from creditlab.reports.shelf import past_releases
from creditlab.terms import (
    COUNTS,
    Audience,
    CoverageBasis,
    EditionState,
    FieldType,
    InformationKind,
    Language,
    Measure,
    Nature,
    PublicationMethod,
    ReportingLevel,
    RightToUse,
    SecurityLevel,
    SubjectKind,
    UpdatePeriod,
)
from creditlab.workspace import open_workspace

SCRIPT_NAME = '<script>document.title="run"</script>'
FORMULA_NAME = '=HYPERLINK("x")'

DEPARTMENTS = {
    code: Department(code, zh, en)
    for code, zh, en in (
        ("SCJG", "市场监督管理局", "Market regulation"),
        ("SHJJ", "生态环境局", "Ecology and environment"),
        ("FAYU", "高级人民法院", "Courts"),
        ("MZHT", "民政厅", "Civil affairs"),
        ("EVIL", SCRIPT_NAME, SCRIPT_NAME),
        ("CALC", FORMULA_NAME, FORMULA_NAME),
    )
}
REGIONS = {
    code: Region(code, zh, en, "prefecture", "130000")
    for code, zh, en in (
        ("130100", "石家庄市", "Shijiazhuang City"),
        ("130200", "唐山市", "Tangshan City"),
        ("130600", "保定市", "Baoding City"),
        ("133100", "雄安新区", "Xiong'an New Area"),
    )
}
PERSONS = (SubjectKind.LEGAL_PERSON, SubjectKind.NATURAL_PERSON)
ITEM_KINDS = {"XK-001": (SubjectKind.LEGAL_PERSON,), "CF-001": PERSONS, "JC-001": (SubjectKind.LEGAL_PERSON,)}


def _item(code: str) -> Item:
    return Item(
        item_code=code,
        departments=tuple(DEPARTMENTS),
        item_name_zh=f"事项{code}",
        item_name_en=f"Item {code}",
        data_format="licence",
        right_to_use=RightToUse.PUBLIC,
        subject_kinds=ITEM_KINDS[code],
        collection_scope="",
        collection_procedure="",
        collection_path="",
        reporting_level=ReportingLevel.PREFECTURE,
        time_limit=TimeLimit(7, True),
        publication_method=PublicationMethod.WEBSITE,
        publication_months=None,
        update_period=UpdatePeriod.MONTH,
        delivery_grace_days=5,
        security_level=SecurityLevel.PUBLIC,
        information_kind=InformationKind.PUBLIC,
        category="",
        nature=Nature.NEUTRAL,
        coverage_basis=CoverageBasis.LEDGER,
    )


CATALOGUE = Catalogue(
    editions=(
        Edition(
            2026,
            EditionState.PUBLISHED,
            "",
            "",
            tuple(_item(code) for code in ITEM_KINDS),
            (DataFormat("licence", (RecordField("valid_until", "有效期至", "Valid until", FieldType.DATE, False),)),),
            digest="0" * 64,
        ),
    ),
    departments=DEPARTMENTS,
    regions=REGIONS,
    code_lists={},
)


def cell(table: CubeTable, measure: str, period: Period, as_of: date, item: str, **values: Any) -> dict[str, Any]:
    """A finest cell of the cube; groups that aren't given are empty, numbers null."""
    return {
        "table": table,
        "measure": measure,
        "dimension": "",
        "item_code": item,
        "department": "",
        "region_code": "",
        "detail": "",
        "period_start": period.start,
        "period_end": period.end,
        "as_of": as_of,
        "run_no": 7,
        "numerator": None,
        "denominator": None,
        "count": None,
        "ratio": None,
        "is_provisional": False,
        "has_natural_persons": SubjectKind.NATURAL_PERSON in ITEM_KINDS[item],
        **values,
    }


def ratios(period: Period, as_of: date) -> Iterator[dict[str, Any]]:
    """Numerators and denominators that differ in every cell; small ones for the courts' penalties."""
    for number, department in enumerate(DEPARTMENTS):
        for place, region in enumerate(REGIONS):
            for measure in (Measure.TIMELINESS, Measure.VALIDITY, Measure.COVERAGE_LEDGER, Measure.COVERAGE_CELLS):
                for item in ("XK-001", "CF-001"):
                    small = department == "FAYU"
                    if small and item == "XK-001":
                        continue
                    denominator = 2 if small else 1000 + 37 * number + 11 * place + period.start.month
                    lacking = 5 + 61 * number + 7 * place + period.start.month + 9 * (2026 - period.start.year)
                    numerator = denominator - (1 if small else lacking)
                    yield cell(
                        CubeTable.MEASUREMENTS,
                        measure,
                        period,
                        as_of,
                        item,
                        department=department,
                        region_code=region,
                        numerator=numerator,
                        denominator=denominator,
                        # The civil affairs' figures are never mature, so that (p) is on every page.
                        is_provisional=department == "MZHT",
                    )


def deliveries(period: Period, as_of: date) -> Iterator[dict[str, Any]]:
    """The six counts, which add up; the courts' are too few to be shown."""
    for number, department in enumerate(DEPARTMENTS):
        few = department == "FAYU"
        numbers = dict(zip(COUNTS, (0, 3, 1, 0, 0, 0) if few else (0, 9000, 420 + number, 31, 12, 45), strict=True))
        numbers["delivered"] = sum(numbers.values())
        numbers[DELIVERY_COUNT] = 2 if few else 120 + number
        for name, count in numbers.items():
            item = "CF-001" if few else "XK-001"
            groups = {"department": department, "region_code": "130100"}
            yield cell(CubeTable.DELIVERIES, name, period, as_of, item, **groups, count=count)


def omissions(period: Period, as_of: date) -> Iterator[dict[str, Any]]:
    """Due cells: civil affairs' are often late, the courts' never come, the environment's are all on time."""
    for department, numbers in {"SHJJ": (12, 0, 0), "MZHT": (6, 4, 2), "FAYU": (0, 0, 12), "EVIL": (11, 1, 0)}.items():
        for what, numerator in zip(Omission, numbers, strict=True):
            yield cell(
                CubeTable.OMISSIONS,
                what,
                period,
                as_of,
                "JC-001",
                department=department,
                region_code="130200",
                numerator=numerator,
                denominator=12,
            )


def faults(period: Period, as_of: date) -> Iterator[dict[str, Any]]:
    """Three faults, one of them in few records of an item that covers natural persons."""
    for item, code, count in (
        ("XK-001", "missing:valid_until", 1234),
        ("XK-001", "check_digit:subject_id", 77),
        ("CF-001", "personal_data", 3),
    ):
        yield cell(CubeTable.FAULTS, RECORD_COUNT, period, as_of, item, detail=code, count=count)


#: What a register might say: of a department and its unit, of an item with natural persons (its count is small), of an
#: item that nobody delivers.
MATTERS = tuple(
    dict(zip((*TEXTS, "numerator", "denominator"), values, strict=True))
    for values in (
        ("M-1", "late", "SCJG", "XK-001", "130200", "open", "2026-10-12", 40, 90),
        ("M-2", "dispute_open", "FAYU", "CF-001", "", "agreed", "2026-07-03", 2, 3),
        ("M-3", "no_provider", "", "JC-001", "", "returned", "2026-10-20", 0, 12),
    )
)


def matters(period: Period, as_of: date) -> Iterator[dict[str, Any]]:
    """The counts of MATTERS."""
    for one in MATTERS:
        groups = {name: one[name] for name in ("department", "region_code")}
        for what, column in EVIDENCE.items():
            found = cell(CubeTable.MATTERS, what, period, as_of, str(one["item_code"]), **groups)
            yield found | {"detail": one["matter_id"], "count": one[column]}


def made_up_cube(period: Period, as_of: date, *, has_matters: bool = False) -> Cube:
    """The cube of the made-up report."""
    return assemble(
        period,
        as_of,
        7,
        ratios=[cell for one in (period, period.previous(), period.year_before()) for cell in ratios(one, as_of)],
        deliveries=deliveries(period, as_of),
        omissions=omissions(period, as_of),
        faults=faults(period, as_of),
        matters=matters(period, as_of) if has_matters else (),
    )


def made_up_release(audience: Audience = Audience.PUBLIC) -> Release:
    """The release of the made-up report for 2026Q3."""
    has_matters = audience is not Audience.PUBLIC
    cube = made_up_cube(parse_period("2026Q3"), date(2026, 10, 20), has_matters=has_matters)
    return release(cube, audience, read_policy(), past_releases(Path("no-such-folder")))


def open_report(workspace: str, period: str, as_of: str, audience: str, language: str, run_no: int, out: str) -> Report:
    """As creditlab.reports.quarterly.open_report, over the made-up cube; 2031Q1 has no data."""
    place = open_workspace(Path(workspace))
    about = parse_period(period)
    if about.label == "2031Q1":
        raise NoDataError("there is nothing to report", do="Ingest first.")
    cube = made_up_cube(about, parse_date(as_of))
    released = release(cube, Audience(audience), read_policy(place.policy), past_releases(place.reports))
    return Report(place, CATALOGUE, released, Language(language), Path(out) if out else None)
