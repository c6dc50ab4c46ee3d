"""The page about one organisation in Chromium, its cells against its files and against what was delivered."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from creditlab.assessment.words import REASONS
from creditlab.messages import Messages
from creditlab.periods import parse_period
from creditlab.reports import publish
from creditlab.reports.subject.words import CLASSES, INFORMATION, STATES
from creditlab.terms import Audience, Language
from tests.browser.looking import look
from tests.browser.test_page import TABLE_SCRIPT, Visit, browser
from tests.spec.conftest import make_tiny, shelf
from tests.spec.organisations import AGENCY, FIRM, ROWS, organisations
from tests.spec.tiny import NOW, Tiny

__all__ = ["browser", "make_tiny", "shelf"]

#: Columns whose cells are words in the reader's language; all others stand in the file as on the page.
WORDS: dict[str, dict[Any, str]] = {
    "information_kind": INFORMATION, "record_state": STATES, "left_out": REASONS, "publication_class": CLASSES,
}  # fmt: skip
NAMED = {"category_name", "in_force", "outcome"}


@pytest.fixture
def pages(shelf: Path, make_tiny: Any) -> dict[tuple[str, str], Path]:
    """The published pages of two organisations, made once for this file."""
    if not shelf.exists():
        organisations(make_tiny, name=str(shelf))
        for language in Language:
            publish(
                Tiny(shelf).workspace, period=parse_period("2026Q3"), as_of=NOW.date(), audience=Audience.INTERNAL,
                language=language, now=NOW, code_version="0123abc", reports=["subject_profile"],
                subjects=[FIRM, AGENCY] if language is Language.EN else [FIRM],
            )  # fmt: skip
    found = shelf.glob("reports/2026Q3/subject_profile_*/*/r1")
    return {(path.parts[-3].split("_")[-1].split("-")[0], path.parts[-2]): path for path in found}


def shown_tables(visit: Visit) -> dict[str, list[dict[str, str]]]:
    """What the page's tables show: by table, each row's text by column."""
    found: dict[str, list[list[list[str]]]] = visit.page.evaluate(TABLE_SCRIPT)
    return {name: [{column: text for column, _, text in cells} for cells in rows] for name, rows in found.items()}


@pytest.mark.parametrize("language", list(Language))
def test_every_cell_is_the_files(pages: dict[tuple[str, str], Path], browser: Browser, language: Language) -> None:
    folder, say = pages[FIRM, str(language)], Messages(language).gettext
    visit = Visit(browser, folder / "index.html")
    shown = shown_tables(visit)
    files = {path.stem: path for path in (folder / "tables").glob("*.csv")}
    assert set(shown) == set(files)
    compared = 0
    for name, path in files.items():
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(shown[name]), name
        for row, cells in zip(rows, shown[name], strict=True):
            for column, text in cells.items():
                if column not in NAMED:
                    value = row[column].removeprefix("'")
                    expected = say(WORDS[column][value]) if column in WORDS and value else value
                    assert text == expected, f"{name}, {column}"
                    compared += 1
    assert compared > 250
    assert visit.asked == []
    assert visit.complaints == []
    visit.context.close()
    look(browser, folder, f"subject-{language}")


def test_the_timeline_is_what_was_delivered(pages: dict[tuple[str, str], Path], browser: Browser) -> None:
    visit = Visit(browser, pages[FIRM, "en"] / "index.html")
    shown = shown_tables(visit)
    timeline = sorted((cells["event_date"], cells["amount"], cells["valid_until"]) for cells in shown["timeline"])
    delivered = sorted(
        (row["event_date"], row.get("amount", ""), row.get("valid_until", ""))
        for rows in ROWS.values()
        for row in rows
        if row["subject_id"] == FIRM
    )
    assert timeline == delivered
    tiles = visit.page.locator(".tile-value").all_text_contents()
    # Held; that count; published now; disputed; of the quarter.
    counted = sum(not cells["left_out"] for cells in shown["timeline"])
    published = sum(bool(cells["published_until"]) for cells in shown["timeline"])
    assert tiles == [str(len(delivered)), str(counted), str(published), "1", str(len(delivered) - 1)]
    assert counted == published + 1  # the market information
    visit.context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_timelines_chart_has_a_mark_for_each_row_of_its_table(
    pages: dict[tuple[str, str], Path], browser: Browser, width: int
) -> None:
    visit = Visit(browser, pages[FIRM, "en"] / "index.html", viewport={"width": width, "height": 900})
    visit.page.wait_for_function("document.documentElement.dataset.charts === '1'")
    shown = shown_tables(visit)
    rows = shown["timeline"]
    data = visit.page.evaluate("document.getElementById('chart-timeline').data")
    marks = [
        mark for trace in data for mark in zip(trace["x"], trace["customdata"], trace["marker"]["symbol"], strict=True)
    ]
    drawn = sorted((day, item, not symbol.endswith("-open")) for day, item, symbol in marks)
    assert drawn == sorted((row["event_date"], row["item_name"], not row["left_out"]) for row in rows)
    assert visit.page.locator("#chart-timeline .scatterlayer .point").count() == len(rows)
    alt = visit.page.locator("#chart-timeline").get_attribute("aria-label") or ""
    assert f"Records: {len(rows)}, of which {sum(counts for _, _, counts in drawn)} count" in alt
    # Months on the axis, and not so many that they run into each other.
    assert 1 < visit.page.locator("#chart-timeline .xtick").count() < 12
    assert visit.complaints == []
    visit.context.close()


def test_a_name_with_markup_is_only_a_name(pages: dict[tuple[str, str], Path], browser: Browser) -> None:
    visit = Visit(browser, pages[AGENCY, "en"] / "index.html", viewport={"width": 390, "height": 900})
    assert "<b>乙信用公司" in visit.page.title()
    assert visit.page.locator("h1 b, table b").count() == 0
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 390
    visit.context.close()
