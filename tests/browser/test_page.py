"""The published page in Chromium with the network blocked: it asks for nothing, and every cell is the file's."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, sync_playwright

from creditlab.reports.printing import has_chinese_font
from creditlab.terms import Language
from tests.notebooks.publishing import make_notebooks, make_workspace, publish_made_up

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
TABLE_SCRIPT = """() => Object.fromEntries([...document.querySelectorAll("table[data-table]")].map((table) => [
  table.dataset.table,
  [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => [
    cell.dataset.column, cell.classList[0], cell.textContent,
  ])),
]))"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report in both languages."""
    folder = tmp_path_factory.mktemp("shelf")
    workspace, notebooks = make_workspace(folder / "workspace"), make_notebooks(folder / "notebooks")
    for language in Language:
        publish_made_up(workspace, notebooks, language=language)
    return workspace.reports


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def artefacts() -> Path | None:
    """Where pictures of the pages are kept to be looked at: $CREDITLAB_ARTEFACTS; without it none are taken."""
    named = os.environ.get("CREDITLAB_ARTEFACTS")
    if not named:
        return None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Visit:
    """A page opened from disk, with what it asked the network for and what it complained about."""

    def __init__(self, browser: Browser, path: Path, **settings: Any) -> None:
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.context = browser.new_context(**settings)
        self.context.route(lambda url: not url.startswith("file:"), self._block)
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(path.as_uri())
        self.page.wait_for_load_state("load")

    def _block(self, route: Route) -> None:
        self.asked.append(route.request.url)
        route.abort()


#: A difference, and the share that is taken from the period's.
BEFORE = {"difference_points": "previous_", "year_before_points": "year_before_", "province_points": "province_"}


def expected_text(column: str, kind: str, row: dict[str, str]) -> str:
    """What the page should show for a CSV cell, worked out from the CSV alone."""
    text = row[column]
    if kind == "number" and text:
        # Of the quality's indicators some are shares, and say so.
        kind = "share" if "." in text else "integer"
    if kind == "share":
        if text not in ("", "[c]"):
            text = f"{rounded(100 * share(row, column)):.1f}%"
        flag = "is_provisional" if column == "value" else f"{column.removesuffix('ratio')}is_provisional"
        is_provisional = column not in ("interval_low", "interval_high") and row.get(flag) == "true"
        return f"{text} (p)".lstrip() if is_provisional else text
    if text in ("", "[c]"):
        return text
    if kind == "points":
        points = rounded(100 * (share(row, "ratio") - share(row, f"{BEFORE[column]}ratio")))
        return f"{points:+,.1f}" if points else "0.0"
    return f"{int(text):,}" if kind == "integer" else text.removeprefix("'")


def share(row: dict[str, str], column: str) -> Decimal:
    """A share from its two counts where the file has them: a half is rounded up exactly."""
    prefix = column.removesuffix("ratio")
    if column == "never_delivered_ratio":
        return Decimal(row["never_delivered"]) / Decimal(row["due"])
    if f"{prefix}numerator" in row:
        return Decimal(row[f"{prefix}numerator"]) / Decimal(row[f"{prefix}denominator"])
    return Decimal(row[column])


def rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)


def serious(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA that keeps somebody from reading: its rules and the first place of each."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = Axe().run(page, options={"runOnly": tags, "preload": False}).response
    assert len(found["passes"]) > 15
    return [
        f"{one['id']}: {one['nodes'][0]['target']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


MEDIA: tuple[dict[str, Any], ...] = (
    {"color_scheme": "light"}, {"color_scheme": "dark"}, {"color_scheme": "light", "media": "print"},
)  # fmt: skip


@pytest.mark.parametrize("language", list(Language))
def test_every_cell_is_the_files_and_nothing_is_asked_for(
    shelf: Path, browser: Browser, language: Language, artefacts: Path | None
) -> None:
    folder = shelf / "2026Q3" / "quarterly" / language / "r1"
    visit = Visit(browser, folder / "index.html")
    visit.page.wait_for_function("document.documentElement.dataset.charts === '8'")
    files = {}
    for path in (folder / "tables").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            files[path.stem] = list(csv.DictReader(file))
    for media in MEDIA:
        visit.page.emulate_media(**media)
        shown: dict[str, list[list[list[str]]]] = visit.page.evaluate(TABLE_SCRIPT)
        assert set(shown) == set(files)
        compared = 0
        for name, rows in files.items():
            # Nothing was revised in the first publication.
            assert len(rows) == len(shown[name])
            assert bool(rows) is (name != "revisions")
            for row, cells in zip(rows, shown[name], strict=True):
                for column, kind, text in cells:
                    assert text == expected_text(column, kind, row), f"{name}, {column}"
                    compared += 1
        assert compared > 500
        look = media.get("media", media["color_scheme"])
        if artefacts:
            visit.page.screenshot(path=str(artefacts / f"quarterly-{language}-{look}.png"), full_page=True)
        if look != "print":
            assert serious(visit.page) == []
    assert visit.asked == []
    assert visit.complaints == []
    visit.context.close()
    if artefacts and has_chinese_font():
        pages = ["pdftoppm", "-r", "60", "-png", str(folder / "report.pdf"), str(artefacts / f"quarterly-{language}")]
        subprocess.run(pages, check=True)
        assert len(list(artefacts.glob(f"quarterly-{language}-*[0-9].png"))) >= 5


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_are_drawn_and_the_page_fits(shelf: Path, browser: Browser, width: int, scheme: Any) -> None:
    folder = shelf / "2026Q3" / "quarterly" / Language.ZH_CN / "r1"
    size: Any = {"width": width, "height": 900}
    visit = Visit(browser, folder / "index.html", viewport=size, color_scheme=scheme)
    visit.page.wait_for_function("document.documentElement.dataset.charts === '8'")
    # The courts' figures are few and hidden, and another department's with them, or the total less the others would be
    # theirs. The total and four departments have a share now; the total and one of them are provisional: not compared.
    dots = visit.page.locator("#chart-timeliness_by_department .scatterlayer .point")
    assert dots.count() == 5 + 3
    assert visit.page.locator("figure .chart[role=img]").count() == 8
    alt = visit.page.locator("#chart-timeliness_by_department").get_attribute("aria-label") or ""
    assert "2 行已隐去" in alt
    assert "最高：生态环境局，92.1%" in alt
    assert visit.page.evaluate("document.documentElement.scrollWidth") == width
    assert visit.complaints == []
    visit.context.close()


def test_a_copy_that_lies_alone_shows_still_charts_and_says_why(
    shelf: Path, browser: Browser, tmp_path: Path, artefacts: Path | None
) -> None:
    source = shelf / "2026Q3" / "quarterly" / Language.ZH_CN / "r1"
    alone = shutil.copytree(source, tmp_path / "a" / "b" / "c" / "d" / "r1")
    visit = Visit(browser, alone / "index.html", viewport={"width": 390, "height": 900})
    note = visit.page.locator("#without-program")
    assert note.is_visible()
    assert "_shared" in note.inner_text()
    images = visit.page.locator("figure img[src^='data:image/svg+xml']")
    assert images.count() == 8
    assert all(images.evaluate_all("(found) => found.map((one) => one.alt.length > 20 && one.naturalWidth > 0)"))
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 390
    assert serious(visit.page) == []
    if artefacts:
        visit.page.screenshot(path=str(artefacts / "quarterly-alone.png"), full_page=True)
    visit.context.close()
    whole = Visit(browser, source / "index.html")
    assert whole.page.locator("#without-program").is_hidden()
    whole.context.close()


def test_a_name_with_a_script_does_not_run(shelf: Path, browser: Browser) -> None:
    visit = Visit(browser, shelf / "2026Q3" / "quarterly" / Language.EN / "r1" / "index.html")
    visit.page.wait_for_function("document.documentElement.dataset.charts === '8'")
    assert visit.page.title() == "Quarterly report on public credit information, 3rd quarter 2026"
    assert visit.page.locator("h1").count() == 1
    assert visit.page.locator("table[data-table] script").count() == 0
    visit.context.close()


def test_index_leads_to_every_report(shelf: Path, browser: Browser, artefacts: Path | None) -> None:
    visit = Visit(browser, shelf / "index.html")
    links = visit.page.locator("tbody th a")
    assert links.count() == 2
    titles = set()
    for place in range(2):
        links.nth(place).click()
        titles.add(visit.page.title())
        visit.page.go_back()
    assert len(titles) == 2
    for place in visit.page.locator("td a").all():
        assert (shelf / (place.get_attribute("href") or "")).is_file()
    field, shown = visit.page.locator("#search"), visit.page.locator("tbody tr:visible")
    for searched, count in (("2026年第三季度", 1), ("QUARTERLY en r1", 1), ("2026", 2), ("nothing like it", 0)):
        field.fill(searched)
        assert shown.count() == count
        assert visit.page.locator("#found").inner_text() == f"{count} of 2"
    field.fill("")
    assert serious(visit.page) == []
    if artefacts:
        visit.page.screenshot(path=str(artefacts / "index.png"), full_page=True)
    assert visit.asked == []
    assert visit.complaints == []
    visit.context.close()


def test_the_feed_is_atom_and_leads_to_the_same(shelf: Path) -> None:
    feed = ElementTree.fromstring((shelf / "feed.xml").read_bytes())
    atom = "{http://www.w3.org/2005/Atom}"
    assert feed.tag == f"{atom}feed"
    entries = feed.findall(f"{atom}entry")
    assert len(entries) == 2
    for one in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert one.findtext(f"{atom}{name}")
        assert datetime.fromisoformat(one.findtext(f"{atom}updated") or "").tzinfo is not None
    links = [one.find(f"{atom}link") for one in entries]
    assert all(link is not None and (shelf / link.attrib["href"]).is_file() for link in links)
    assert len({one.findtext(f"{atom}id") for one in entries}) == 2
