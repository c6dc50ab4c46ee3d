"""Periods, due periods and working days."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditlab.errors import CalendarError, ExitStatus, PeriodError, WorkspaceError
from creditlab.periods import (
    Period,
    WorkingDays,
    containing,
    due_periods,
    month_of,
    parse_date,
    parse_label,
    parse_period,
    working_days,
)
from creditlab.terms import UpdatePeriod

ONE = timedelta(days=1)
PERIODIC = [kind for kind in UpdatePeriod if kind is not UpdatePeriod.EVENT]
days = st.dates(date(1990, 1, 1), date(2099, 12, 31))
kinds = st.sampled_from(PERIODIC)


@pytest.mark.parametrize(
    ("text", "start", "end", "label"),
    [
        ("2026-08-03", "2026-08-03", "2026-08-04", "2026-08-03"),
        ("2026-W32", "2026-08-03", "2026-08-10", "2026-W32"),
        ("2026-W53", "2026-12-28", "2027-01-04", "2026-W53"),
        ("2025-W01", "2024-12-30", "2025-01-06", "2025-W01"),
        ("2026-08", "2026-08-01", "2026-09-01", "2026-08"),
        ("2026-12", "2026-12-01", "2027-01-01", "2026-12"),
        ("2024-02", "2024-02-01", "2024-03-01", "2024-02"),
        ("2026Q1", "2026-01-01", "2026-04-01", "2026Q1"),
        ("2026Q3", "2026-07-01", "2026-10-01", "2026Q3"),
        ("2026Q4", "2026-10-01", "2027-01-01", "2026Q4"),
        ("2026H1", "2026-01-01", "2026-07-01", "2026H1"),
        ("2026H2", "2026-07-01", "2027-01-01", "2026H2"),
        (" 2026 ", "2026-01-01", "2027-01-01", "2026"),
        ("2026-07-01/2026-10-01", "2026-07-01", "2026-10-01", "2026-07-01/2026-10-01"),
    ],
)
def test_every_form_of_a_period(text: str, start: str, end: str, label: str) -> None:
    expected = Period(date.fromisoformat(start), date.fromisoformat(end), label)
    assert parse_period(text) == expected
    assert expected.last_day == date.fromisoformat(end) - ONE


@pytest.mark.parametrize(
    "text",
    ["", "Q3", "2026Q5", "2026Q0", "2026H3", "2026-13", "2026-00", "2026-13-45", "2026-02-29", "2025-W53", "2026-W00",
     "0000", "9999", "9999Q4", "9999-12", "9999-12-31", "9999-W52", "26", "2026-8", "2026q3", "next year",
     "2026-10-01/2026-10-01", "2026-10-01/2026-07-01", "2026-07-01/", "/2026-07-01", "2026Q1/2026Q2"],
)  # fmt: skip
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(PeriodError) as caught:
        parse_period(text)
    assert caught.value.exit_status is ExitStatus.WRONG_USE


@given(st.text(max_size=24))
def test_no_text_makes_anything_but_a_period_or_its_error(text: str) -> None:
    try:
        period = parse_period(text)
    except PeriodError:
        return
    assert period.start < period.end


@given(kinds, days)
def test_a_label_reads_back(kind: UpdatePeriod, day: date) -> None:
    period = containing(kind, day)
    assert period.start <= day < period.end
    assert parse_period(period.label) == period
    assert parse_label(kind, f" {period.label} ") == period
    assert [other for other in UpdatePeriod if parse_label(other, period.label)] == [kind]


@pytest.mark.parametrize("kind", list(UpdatePeriod))
@pytest.mark.parametrize("text", ["", "—", "2026-02-30", "2025-W53", "2026Q9", "2026-07-01/2026-10-01"])
def test_a_label_without_meaning_serves_no_due_period(kind: UpdatePeriod, text: str) -> None:
    assert parse_label(kind, text) is None


@given(kinds, days, st.lists(st.integers(1, 200), min_size=1, max_size=5))
def test_due_periods_partition_time(kind: UpdatePeriod, start: date, lengths: list[int]) -> None:
    """Each due period falls into exactly one of the spans that follow each other, and they leave no gap."""
    edges = [start]
    for length in lengths:
        edges.append(edges[-1] + timedelta(days=length))
    found = [list(due_periods(kind, a, b)) for a, b in pairwise(edges)]
    for periods, a, b in zip(found, edges, edges[1:], strict=False):
        assert all(a <= one.last_day < b for one in periods)
    together = [one for periods in found for one in periods]
    assert together == list(due_periods(kind, edges[0], edges[-1]))
    assert all(earlier.end == later.start for earlier, later in pairwise(together))
    last_days = {containing(kind, edges[0] + timedelta(days=n)).last_day for n in range((edges[-1] - edges[0]).days)}
    assert {one.last_day for one in together} == {day for day in last_days if day < edges[-1]}


def test_a_yearly_item_is_due_in_the_fourth_quarter_and_events_never() -> None:
    due = [[one.label for one in due_periods(UpdatePeriod.YEAR, p.start, p.end)] for p in map(parse_period, QUARTERS)]
    assert due == [[], [], [], ["2026"]]
    assert list(due_periods(UpdatePeriod.EVENT, date(2026, 1, 1), date(2027, 1, 1))) == []
    with pytest.raises(PeriodError):
        containing(UpdatePeriod.EVENT, date(2026, 1, 1))


QUARTERS = ("2026Q1", "2026Q2", "2026Q3", "2026Q4")


@given(kinds, days)
def test_previous_is_the_neighbour_of_the_same_kind(kind: UpdatePeriod, day: date) -> None:
    period = containing(kind, day)
    before = period.previous()
    assert before.end == period.start
    assert before == containing(kind, before.start)


@given(days, st.integers(1, 400))
def test_previous_of_a_free_span_is_as_long(start: date, length: int) -> None:
    end = start + timedelta(days=length)
    before = parse_period(f"{start}/{end}").previous()
    assert (before.end, before.end - before.start) == (start, end - start)
    assert parse_period(before.label) == before


@pytest.mark.parametrize("text", ["0001", "0001Q1", "0001-01-01", "0001-W01", "0001-01-02/0001-02-01"])
def test_nothing_is_before_the_first_year(text: str) -> None:
    with pytest.raises(PeriodError):
        parse_period(text).previous()


def test_periods_at_the_end_of_time() -> None:
    assert parse_period("9999-12-01/9999-12-31").previous().end == date(9999, 12, 1)
    with pytest.raises(PeriodError):
        containing(UpdatePeriod.WEEK, date.max)
    with pytest.raises(PeriodError):
        containing(UpdatePeriod.DAY, date.max)


@given(days, st.integers(1, 500))
def test_months_cover_a_span(start: date, length: int) -> None:
    end = start + timedelta(days=length)
    months = parse_period(f"{start}/{end}").months()
    assert months[0] == month_of(start)
    assert months[-1] == month_of(end - ONE)
    assert all(a.end == b.start for a, b in pairwise(months))


@pytest.mark.parametrize("text", ["2026-13-45", "", "—", "20.10.2026", "2026-10-20T00:00"])
def test_a_day_that_is_none(text: str) -> None:
    with pytest.raises(PeriodError):
        parse_date(text)


# --- Working days -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def china() -> WorkingDays:
    return working_days("cn")


def is_working(calendar: WorkingDays, day: date) -> bool:
    return calendar.ordinal(day) - calendar.ordinal(day - ONE) == 1


def test_chinese_days_agree_with_the_table(china: WorkingDays, shared_dir: Path) -> None:
    with (shared_dir / "data" / "cn_workdays_2024_2026.csv").open(encoding="utf-8", newline="") as file:
        table = {date.fromisoformat(row["date"]): row["is_workday"] == "1" for row in csv.DictReader(file)}
    assert len(table) == 366 + 365 + 365
    assert {day: is_working(china, day) for day in table} == table


def test_chinese_days_are_those_that_the_package_itself_says(china: WorkingDays) -> None:
    days = [china.first + timedelta(days=n) for n in range(1, (china.official_until - china.first).days + 1)]
    assert [is_working(china, day) for day in days] == [chinese_calendar.is_workday(day) for day in days]


def test_a_year_has_so_many_working_days(china: WorkingDays) -> None:
    ends = [china.ordinal(date(year, 12, 31)) for year in (2023, 2024, 2025, 2026)]
    assert [b - a for a, b in pairwise(ends)] == [251, 248, 248]


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2027, 1, 1), "from 2027-01-01"),
        (date(2099, 12, 31), "from 2027-01-01"),
        (date(2003, 12, 31), "before 2004"),
    ],
)
def test_nothing_is_guessed_outside_the_official_days(china: WorkingDays, day: date, words: str) -> None:
    assert not china.knows(day)
    with pytest.raises(CalendarError, match=words) as caught:
        china.ordinal(day)
    assert caught.value.exit_status is ExitStatus.REFUSED


def test_the_first_and_the_last_official_day_are_known(china: WorkingDays) -> None:
    assert china.first == date(2004, 1, 1)
    assert china.ordinal(china.first) == 0
    assert is_working(china, china.official_until)


def test_an_earlier_official_end_is_obeyed() -> None:
    calendar = working_days("CN", official_until=date(2025, 6, 30))
    assert calendar.ordinal(date(2025, 6, 30)) == working_days("CN").ordinal(date(2025, 6, 30))
    with pytest.raises(CalendarError, match="from 2025-07-01"):
        calendar.ordinal(date(2025, 7, 1))


def test_an_official_end_later_than_the_source_guesses_nothing(china: WorkingDays) -> None:
    assert working_days("CN", official_until=date(2030, 12, 31)).official_until == china.official_until


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 7, 3), True),
        (date(2025, 7, 4), False),  # Independence Day
        (date(2025, 7, 5), False),  # a Saturday
        (date(2025, 9, 1), False),  # Labor Day
        (date(2025, 9, 2), True),
        (date(2026, 7, 3), False),  # observed on the Friday
    ],
)
def test_american_days(day: date, expected: bool) -> None:
    assert is_working(working_days("US"), day) is expected


@pytest.mark.parametrize("country", ["", "XX", "Hebei"])
def test_an_unknown_country(country: str) -> None:
    with pytest.raises(WorkspaceError, match="country"):
        working_days(country)


@pytest.fixture
def days_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "days.csv"
        path.write_bytes(text.encode())
        return path

    return write


def test_a_file_of_days_replaces_the_country(days_file: Callable[[str], Path]) -> None:
    path = days_file(
        "\ufeffdate,is_workday\r\n2027-01-01,0\r\n2027-01-02,true\r\n2027-01-03,1\r\n2027-01-04,FALSE\r\n\r\n"
    )
    calendar = working_days("CN", days_file=path)
    assert [calendar.ordinal(date(2027, 1, n)) for n in (1, 2, 3, 4)] == [0, 1, 2, 2]
    assert (calendar.first, calendar.official_until) == (date(2027, 1, 1), date(2027, 1, 4))
    with pytest.raises(CalendarError, match=r"from 2027-01-05.*days\.csv"):
        calendar.ordinal(date(2027, 1, 5))
    shorter = working_days("CN", days_file=path, official_until=date(2027, 1, 2))
    assert not shorter.knows(date(2027, 1, 3))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "date,is_workday\n",
        "date,is_workday\n2027-01-01,0\n2027-01-03,1\n",
        "date,is_workday\n2027-01-02,0\n2027-01-01,1\n",
        "date,is_workday\n2027-01-01,0\n2027-01-01,1\n",
        "date,is_workday\n2027-13-45,0\n",
        "date,is_workday\n2027-01-01\n",
        "date,is_workday\n2027-01-01,yes\n",
        "date,is_workday\n2027-01-01,\n",
    ],
    ids=["empty", "header only", "gap", "order", "twice", "no date", "no flag", "a word", "a blank"],
)
def test_a_file_of_days_with_faults(days_file: Callable[[str], Path], text: str) -> None:
    with pytest.raises(WorkspaceError, match=r"days\.csv"):
        working_days("CN", days_file=days_file(text))


def test_a_file_of_days_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"none\.csv"):
        working_days("CN", days_file=tmp_path / "none.csv")


def nth_working_day_after(calendar: WorkingDays, day: date, count: int) -> date:
    """Step by step; the day itself where count is 0."""
    while count:
        day += ONE
        count -= is_working(calendar, day)
    return day


@given(st.dates(date(2024, 1, 1), date(2026, 8, 31)), st.integers(-10, 90), st.integers(0, 30))
def test_is_before_nth_after_against_stepping(last_day: date, offset: int, count: int) -> None:
    calendar = working_days("CN")
    as_of = last_day + timedelta(days=offset)
    expected = as_of < nth_working_day_after(calendar, last_day, count)
    assert calendar.is_before_nth_after(as_of, last_day, count) is expected


@pytest.mark.parametrize(
    ("as_of", "last_day", "count", "expected"),
    [
        (date(2026, 12, 31), date(2026, 12, 31), 7, True),
        (date(2027, 1, 6), date(2026, 12, 31), 7, True),  # six days can't hold seven working days
        (date(2027, 2, 1), date(2026, 9, 30), 7, False),  # the seventh came long before the official end
        (date(2027, 2, 1), date(2026, 12, 31), 0, False),
        (date(2026, 12, 30), date(2026, 12, 31), 0, True),
        (date(2099, 12, 31), date(2026, 12, 18), 9, False),  # 9 working days are left after the 18th
    ],
)
def test_answers_without_the_calendar_where_none_could_change_them(
    china: WorkingDays, as_of: date, last_day: date, count: int, expected: bool
) -> None:
    assert china.is_before_nth_after(as_of, last_day, count) is expected


@pytest.mark.parametrize(
    ("last_day", "count"), [(date(2026, 12, 18), 10), (date(2026, 12, 31), 1), (date(2027, 1, 10), 7)]
)
def test_refuses_where_the_calendar_decides(china: WorkingDays, last_day: date, count: int) -> None:
    with pytest.raises(CalendarError, match="from 2027-01-01"):
        china.is_before_nth_after(date(2027, 1, 20), last_day, count)
