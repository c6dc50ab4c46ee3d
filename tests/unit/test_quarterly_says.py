"""What the quarterly report says in sentences, maps and revisions comes from the figures that its tables have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from creditlab.disclosure import CubeTable, Release, ReleaseEntry
from creditlab.errors import CalendarError
from creditlab.periods import parse_period, working_days
from creditlab.reports.calendar import mature_on, planned_release
from creditlab.reports.quarterly import Report
from creditlab.reports.quarterly.quality import dates
from creditlab.reports.quarterly.revised import Vintage, reasons, revision_table, revisions
from creditlab.reports.section import Section
from creditlab.tables import Table
from creditlab.terms import Language
from tests.notebooks.made_up import CATALOGUE, DEPARTMENTS, REGIONS, made_up_cube, made_up_release
from tests.notebooks.publishing import make_workspace

RELEASE = made_up_release()
PERIOD = parse_period("2026Q3")
#: A whole or decimal number with its sign, as it is written in either language; Chinese counts in 亿 and 万.
NUMBER = re.compile(r"(?<![\w.])(?:\d+亿(?:[\d.]+万)?|[\d.]+万|[+-]?\d[\d,]*(?:\.\d+)?%?)")
COUNTED = re.compile(r"(?:(\d+)亿)?(?:([\d.]+)万)?")


def report_of(folder: Path, language: Language = Language.EN, release: Release = RELEASE) -> Report:
    return Report(make_workspace(folder / "w"), CATALOGUE, release, language, None)


def mature(release: Release) -> Release:
    """The same figures, all of them mature."""
    place = release.table.schema.get_field_index("is_provisional")
    field = release.table.schema.field(place)
    return replace(release, table=release.table.set_column(place, field, pa.array([False] * release.table.num_rows)))


def sections_of(report: Report) -> list[Section]:
    return [
        report.overview(), report.standing(), report.deliveries(), report.timeliness(), report.coverage(),
        report.validity(), report.omissions(), report.faults(), report.quality(), report.methods(),
    ]  # fmt: skip


def plain(number: str) -> str:
    """A number of a sentence as tables write it; 万 and 亿 are written out, exactly."""
    found = COUNTED.fullmatch(number)
    if not found or not any(found.groups()):
        return number
    value = int(found[1] or 0) * 100_000_000 + Decimal(found[2] or 0) * 10_000
    assert value == int(value), number
    return f"{int(value):,}"


def many(release: Release) -> Release:
    """The same figures, the commonest fault and what was due of them many more."""
    table = release.table
    for column in ("count", "denominator"):
        place = table.schema.get_field_index(column)
        rows = table.select(["table", column]).to_pylist()
        more = {"faults": 1_000_003, "omissions": 1_030_000}
        values = [one[column] and one[column] * more.get(one["table"], 1) for one in rows]
        table = table.set_column(place, table.schema.field(place), pa.array(values, pa.int64()))
    return replace(release, table=table)


def texts_of(tables: list[Table]) -> set[str]:
    return {cell.text for table in tables for row in table.rows for cell in row}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("is_mature", [False, True])
def test_every_number_in_a_sentence_stands_in_a_table(tmp_path: Path, language: Language, is_mature: bool) -> None:
    report = report_of(tmp_path, language, mature(RELEASE) if is_mature else many(RELEASE))
    sections = sections_of(report)
    found = texts_of([table for one in sections for table in one.tables])
    sentences = sections[0].sentences
    assert len(sentences) == 5
    periods = [report.messages.period(one) for one in (report.period, report.previous, report.year_before)]
    compared = 0
    for sentence in sentences:
        for period in periods:
            sentence = sentence.replace(period, "")
        for number in NUMBER.findall(sentence):
            assert plain(number) in found, number
            compared += 1
    # 1,234 times 1,000,003, and 48 times 1,030,000.
    if language is Language.ZH_CN and not is_mature:
        assert {"12亿3400.3702万", "4944万"} <= set(NUMBER.findall(" ".join(sentences)))
    # Shares, the omissions and the fault; mature shares are compared with two periods each.
    assert compared == (12 if is_mature else 6)
    assert all(("(p)" in one) is not is_mature for one in sentences[:3])


def test_sentences_have_the_same_numbers_in_both_languages(tmp_path: Path) -> None:
    release = many(mature(RELEASE))
    overviews = [report_of(tmp_path / one, one, release).overview() for one in Language]

    def shown(texts: Sequence[str]) -> list[list[str]]:
        # The periods that a sentence compares with are written in words.
        bare = [re.sub(r"\d{4}年\S{4}|\d\w\w quarter \d{4}", "", one) for one in texts]
        return [sorted(plain(number) for number in NUMBER.findall(one)) for one in bare]

    english, chinese = (shown(one.sentences) for one in overviews)
    assert english == chinese
    assert sum(map(len, english)) == 12
    tiles = [shown([f"{tile.value} {tile.basis}" for tile in one.tiles]) for one in overviews]
    assert tiles[0] == tiles[1]
    assert sum(map(len, tiles[0])) == 9


def test_the_map_has_each_unit_with_its_share(tmp_path: Path) -> None:
    report = report_of(tmp_path)
    standing = report.standing()
    html = "".join(bundle["text/html"] for bundle, _ in standing.outputs())
    tiles = re.findall(r'<li class="shade-(\w+)" style="grid-row: (\d); grid-column: (\d)">(.*?)</li>', html)
    assert len(tiles) == len(REGIONS)
    assert len({(row, column) for _, row, column, _ in tiles}) == len(REGIONS)
    shares = {row[1].text: row[2].text for row in standing.tables[0].rows}
    for _, _, _, text in tiles:
        name, share = re.findall(r">([^<]+)</span>", text)
        # An apostrophe is written as an entity.
        assert f"{shares[name.replace('&#x27;', chr(39))]} (p)" == share
    assert html.count('class="panel-title"') == len(DEPARTMENTS)
    assert "<script" not in html


def test_quality_says_when_it_was_planned_and_when_it_came(tmp_path: Path) -> None:
    calendar = working_days("CN")
    # Seven working days after 30 September, the holiday from 1 to 8 October and its make-up days between.
    assert mature_on(PERIOD, CATALOGUE, calendar) == planned_release(PERIOD, CATALOGUE, calendar)
    planned = planned_release(PERIOD, CATALOGUE, calendar)
    assert calendar.ordinal(planned) - calendar.ordinal(PERIOD.last_day) == 7
    known = dates(PERIOD, PERIOD.following(), date(2026, 10, 20), CATALOGUE, calendar)
    assert known.planned == planned
    # 2027's working days are not official yet, so nobody can say.
    with pytest.raises(CalendarError):
        planned_release(PERIOD.following(), CATALOGUE, calendar)
    assert known.following is None
    quality = report_of(tmp_path).quality()
    assert "not known yet" in quality.paragraphs[0]
    rows = {row[1].text: row[2].value for row in quality.tables[0].rows}
    hidden = sum(row["marker"] == "[c]" and row["period_start"] == PERIOD.start for row in RELEASE.rows())
    assert rows["Figures suppressed to protect natural persons"] == hidden > 0
    assert rows["From the end of the period to the day reported"] == 20
    assert rows["From the planned day to publication (below 0: earlier)"] is None


def test_a_revision_says_which_share_was_what_and_why(tmp_path: Path) -> None:
    report = report_of(tmp_path)
    entry = replace(RELEASE.entry, run_no=RELEASE.run_no - 1)
    cells = RELEASE.table.to_pylist()
    (one,) = (
        row for row in cells
        if row["measure"] == "timeliness" and row["department"] == "SHJJ" and row["period_start"] == PERIOD.start
        and row["table"] == CubeTable.MEASUREMENTS
    )  # fmt: skip
    now = one["numerator"]
    one["numerator"], one["ratio"] = now - 100, (now - 100) / one["denominator"]
    vintage = Vintage("2026-10-19T00:00:00+00:00", entry, "0123abc", tuple(cells))
    found = list(revisions(RELEASE, vintage))
    assert [revision.now["numerator"] - revision.before["numerator"] for revision in found] == [100]
    why = reasons(RELEASE, vintage, "0123abc")
    assert why == ["records that came, or were corrected, since"]
    table = revision_table(RELEASE, found, why[0], report._rows, report.messages)
    (row,) = table.rows
    values = dict(zip((column.name for column in table.columns), row, strict=True))
    assert (values["department"].value, values["region_code"].value) == ("SHJJ", "")
    assert (values["old_numerator"].value, values["numerator"].value) == (now - 100, now)
    assert values["old_ratio"].text != values["ratio"].text
    assert list(revisions(RELEASE, replace(vintage, cells=tuple(RELEASE.table.to_pylist())))) == []


def test_the_first_publication_revises_nothing(tmp_path: Path) -> None:
    quality = report_of(tmp_path).quality()
    assert "first publication" in quality.paragraphs[2]
    assert quality.tables[1].rows == ()
    assert isinstance(RELEASE.entry, ReleaseEntry)


def test_a_year_before_is_the_same_quarter() -> None:
    assert PERIOD.year_before() == parse_period("2025Q3")
    assert PERIOD.following() == parse_period("2026Q4")
    assert parse_period("2026-02").year_before() == parse_period("2025-02")
    assert parse_period("2024-02-29/2024-03-01").year_before().label == "2023-02-28/2023-03-01"
    starts = {row["period_start"] for row in made_up_cube(PERIOD, date(2026, 10, 20)).table.to_pylist()}
    assert starts == {PERIOD.start, PERIOD.previous().start, PERIOD.year_before().start}
