"""The page about a methodology in Chromium: every cell is the table's, and figures agree with each other."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from creditlab.periods import parse_period
from creditlab.reports import publish
from creditlab.terms import Audience, Language
from tests.browser.looking import look
from tests.spec.assessable import METHODOLOGY, ONE, TWO, assessable, penalty, seal
from tests.spec.conftest import make_tiny
from tests.spec.tiny import NOW, Tiny, row

__all__ = ["make_tiny"]

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SCRIPT = """() => Object.fromEntries([...document.querySelectorAll("table[data-table]")].map((table) => [
  table.dataset.table,
  [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => [cell.dataset.column, cell.textContent])),
]))"""
#: What the chart of levels calls its dots, and the table of levels its caption and the column of the day before.
LEGEND = """() => [
  [...document.querySelectorAll(".legendtext")].map((one) => one.textContent),
  document.querySelector('table[data-table="levels"]').caption.textContent,
  document.querySelector('table[data-table="levels"]').tHead.rows[0].lastElementChild.textContent,
]"""
#: Columns with decimals.
NUMBERS = {"records_each", "points_of_record", "points_each", "difference", "by_number", "by_gravity"}


@pytest.fixture
def folder(make_tiny: object) -> Path:
    """One organisation with a record before the back-test's first day and one after it; two with none that is assessed.

    One of these has five honours, which this methodology does not look at.
    """
    tiny: Tiny = assessable(make_tiny)  # type: ignore[arg-type]
    seal(tiny, METHODOLOGY[: METHODOLOGY.index('[[indicator]]\ncode = "honours"')])
    tiny.deliver([penalty("1", event_date="2026-03-01")], "2026-03-02", item_code="P-1")
    broken = row("C1", subject_id=ONE, event_date="2026-07-20", performed="未履行")
    tiny.deliver([broken], "2026-07-21", item_code="C-1", department="D2")
    honours = [row(f"H{place}", subject_id=TWO, event_date="2026-07-01") for place in range(5)]
    tiny.deliver(honours, "2026-07-02", item_code="H-1", department="D2")
    tiny.ingest()
    (done,) = publish(
        tiny.workspace, period=parse_period("2026Q3"), as_of=NOW.date(), audience=Audience.INTERNAL,
        language=Language.EN, reports=["assessment_methodology"], now=NOW, code_version="0123abc",
    )  # fmt: skip
    return done.folder


@pytest.fixture
def page(folder: Path, chromium: Path) -> Iterator[Page]:
    """The page as a reader sees it; anything asked of a network would be asked in vain."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        context = browser.new_context(offline=True)
        page = context.new_page()
        page.goto((folder / "index.html").as_uri())
        page.wait_for_function("document.documentElement.dataset.charts === '1'")
        yield page
        browser.close()


def expected(column: str, text: str) -> str:
    """What the page should show for a CSV cell."""
    if not text:
        return ""
    if column.endswith("ratio"):
        return f"{(100 * Decimal(text)).quantize(Decimal('0.1'), ROUND_HALF_UP):.1f}%"
    if column in NUMBERS:
        return f"{Decimal(text).quantize(Decimal('0.01'), ROUND_HALF_UP) + Decimal(0):.2f}"
    return text


def test_the_page_shows_what_the_tables_say(folder: Path, page: Page) -> None:
    shown: dict[str, list[list[list[str]]]] = page.evaluate(SCRIPT)
    tables = {}
    for path in (folder / "tables").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            tables[path.stem] = list(csv.DictReader(file))
    assert set(shown) == set(tables)
    compared = 0
    for name, rows in tables.items():
        for row_, cells in zip(rows, shown[name], strict=True):
            for column, text in cells:
                assert text == expected(column, row_[column]), f"{name}, {column}"
                compared += 1
    assert compared > 80
    # The one at B in June had something adverse happen, nobody else.
    found = {one["code"]: (one["subject_count"], one["outcome_count"]) for one in tables["outcomes"]}
    assert found == {"A": ("0", "0"), "B": ("1", "1"), "C": ("0", "0"), "none": ("2", "0")}
    # Whoever was drawn, the three organisations are somewhere; and rows of the movement add up to the levels before.
    levels = {one["code"]: int(one["subject_count"]) for one in tables["levels"]}
    assert sum(levels.values()) == 3
    moved = [sum(int(one[name]) for name in one if name.startswith("to_")) for one in tables["movement"]]
    assert sum(moved) == 3
    columns = [f"level_{place}" for place in range(4)]
    for name in ("levels_by_region", "levels_by_size"):
        assert [sum(int(one[column]) for one in tables[name]) for column in columns] == list(levels.values())
    sizes = {one["code"]: sum(int(one[column]) for column in columns) for one in tables["levels_by_size"]}
    assert sizes == {"0": 1, "1-4": 1, "5-9": 1, "10+": 0}
    browser = page.context.browser
    assert browser is not None
    look(browser, folder, "methodology-en")
    legend, caption, column = page.evaluate(LEGEND)
    now, before = legend
    assert (before, now) == (column, "October 20, 2026")
    assert now in caption
