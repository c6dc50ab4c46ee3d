"""The dashboard in Chromium with the network blocked: from its first screen to the cause of a department's lateness."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from creditlab import engine
from creditlab.monitoring import update_matters
from creditlab.periods import parse_period
from creditlab.reports import publish
from creditlab.reports.dashboard import open_dashboard
from creditlab.reports.dashboard.page import content
from creditlab.terms import Audience, Language
from tests.browser.looking import look
from tests.browser.test_page import ARGUMENTS, Visit
from tests.spec.tiny import NOW, REGIONS, SETTINGS, Tiny, code, csv_text, row

MONTHLY = {"update_period": "month", "delivery_grace_days": "5"}
EVIL = '<script>document.title="run"</script>'
#: Where pictures of the page are kept to be looked at; without it none are taken.
ARTEFACTS = os.environ.get("CREDITLAB_ARTEFACTS")
MONTHS = ("2026-07", "2026-08", "2026-09")


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """Three months of deliveries; see `make_province`."""
    return make_province(tmp_path_factory.mktemp("dashboard"))


def make_province(folder: Path) -> Tiny:
    """Three months of A-1: D1 is punctual. D2 sends nothing of 990200, and August of 990100 too late."""
    tiny = Tiny(folder)
    tiny.write("creditlab.toml", SETTINGS)
    tiny.write("catalogue/departments.csv", f"department,name_zh,name_en\nD1,甲局,Bureau A\nD2,{EVIL},{EVIL}\n")
    tiny.write("catalogue/regions.csv", csv_text(("region_code", "name_zh", "name_en", "level", "parent"), REGIONS))
    tiny.write("catalogue/code_lists.csv", "code_list,code,name_zh,name_en\n")
    tiny.edition(2026, [MONTHLY, MONTHLY | {"item_code": "B-1", "departments": "D1", "item_name_en": "Item B"}])
    tiny.register((code(), "legal_person", "甲公司", "990100", "A", "2015-03-01", ""))
    tiny.ledger()
    for number, month in enumerate(MONTHS):
        for department, region in (("D1", "990100"), ("D1", "990200"), ("D2", "990100")):
            day = "2026-10-15" if (department, month) == ("D2", "2026-08") else f"2026-{8 + number:02d}-02"
            rows = [
                row(f"{department}{region}{month}{one}", event_date=f"{month}-28", note=f"{one}") for one in range(12)
            ]
            tiny.deliver(rows, day, department=department, region_code=region, period=month)
    tiny.ingest()
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        update_matters(tiny.workspace, backend, parse_period("2026Q3"), date(2026, 10, 20), NOW)
    return tiny


@pytest.fixture(scope="module")
def folder(province: Tiny) -> Path:
    """The publication, made by its notebook, for those who coordinate."""
    done = publish(
        province.workspace, period=parse_period("2026Q3"), as_of=date(2026, 10, 20), audience=Audience.GOVERNMENT,
        language=Language.EN, reports=["dashboard"], now=NOW, code_version="0123abc",
    )  # fmt: skip
    return done[0].folder


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, folder: Path) -> Iterator[Visit]:
    found = Visit(browser, folder / "dashboard.html", viewport={"width": 1280, "height": 900})
    yield found
    assert (found.asked, found.complaints) == ([], [])
    found.context.close()


def shown(page: Page) -> dict[str, str]:
    found: dict[str, str] = json.loads(page.evaluate("document.documentElement.dataset.shown"))
    return found


def wait_for(page: Page, chosen: dict[str, str]) -> None:
    """Until this is shown; the page's policy forbids a program that is made of a text."""
    said = json.dumps(chosen, separators=(",", ":"))
    page.wait_for_selector(f"html[data-shown='{said}']", state="attached")


def texts(page: Page, selector: str) -> list[str]:
    return [one.strip() for one in page.locator(selector).all_inner_texts()]


def test_the_first_screen_answers_and_says_what_its_tables_say(visit: Visit, folder: Path) -> None:
    page = visit.page
    with (folder / "tables" / "overview.csv").open(encoding="utf-8") as file:
        overview = {one["measure"]: one for one in csv.DictReader(file)}
    tiles = dict(zip(texts(page, ".tile-title"), texts(page, ".tile-value"), strict=True))
    assert tiles["Punctuality"] == f"{100 * float(overview['punctuality']['ratio']):.1f}%" == "44.4%"
    assert f"{overview['timeliness']['numerator']} of {overview['timeliness']['denominator']}" in page.inner_text(
        "#tiles"
    )
    assert "no record" not in page.inner_text("body")
    # Who is late, what is missing, which matters: the latest first.
    assert page.locator("#late tbody tr").first.get_attribute("data-department") == "D2"
    assert page.locator("#calendar tbody tr").first.get_attribute("data-item") in {"A-1", "B-1"}
    assert page.locator("#matters li").count() >= 1
    assert "sent nothing" in page.inner_text("#matters")
    # The size that a reader waits for, plotly's bundle aside, which the page doesn't ask for.
    files = ("dashboard.html", "dashboard.css", "dashboard.js", "style.css")
    assert sum((folder / name).stat().st_size for name in files) < 300_000


def test_three_clicks_lead_to_the_cause_and_back_leads_back(visit: Visit) -> None:
    page = visit.page
    page.click("#late tbody tr:first-child button")
    assert shown(page) == {"department": "D2"}
    assert texts(page, '#items tr[data-code="A-1"] td') == ["6", "2", "1", "3", "33.3%"]
    page.click('#items tr[data-code="A-1"] button')
    assert shown(page) == {"department": "D2", "item": "A-1"}
    # The cause: the one unit sent nothing; the other was late in August.
    assert texts(page, '#units tr[data-code="990200"] td') == ["3", "0", "0", "3", "0.0%"]
    assert texts(page, '#units tr[data-code="990100"] td') == ["3", "2", "1", "0", "66.7%"]
    assert texts(page, "#calendar tbody td") == ["Never delivered 1", "Never delivered 1, Late 1", "Never delivered 1"]
    page.click('#units tr[data-code="990200"] button')
    assert shown(page) == {"unit": "990200"}
    for wanted in ({"department": "D2", "item": "A-1"}, {"department": "D2"}, {}):
        page.click("#back")
        wait_for(page, wanted)
    assert page.locator("#late").count() == 1


def test_a_choice_has_an_address_and_a_foreign_one_is_ignored(browser: Browser, folder: Path) -> None:
    path = folder / "dashboard.html"
    visit = Visit(browser, path)
    visit.page.goto(path.as_uri() + "#department=D2&item=A-1")
    visit.page.reload()
    assert shown(visit.page) == {"department": "D2", "item": "A-1"}
    visit.page.goto(path.as_uri() + "#department=%3Cb%3E&unit=9")
    visit.page.reload()
    assert shown(visit.page) == {}
    visit.context.close()


def test_names_are_texts_whatever_they_hold(visit: Visit) -> None:
    assert EVIL in texts(visit.page, "#late tbody button")
    assert visit.page.title().startswith("Dashboard")


def test_the_other_language_says_the_same_figures(visit: Visit) -> None:
    page = visit.page
    before = texts(page, "#late td, .tile-value, #heat td")
    page.click("#language")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert page.title().startswith("公共信用信息看板")
    assert "谁迟报" in page.inner_text("#late")
    assert texts(page, "#late td, .tile-value, #heat td") == before
    page.click("#language")
    assert "Who is late" in page.inner_text("#late")


def test_another_measure_orders_departments_and_shades_units(visit: Visit) -> None:
    page = visit.page
    page.select_option("#measure", "punctuality")
    assert texts(page, '#late tr[data-department="D2"] td')[0] == "33.3%"
    tile = page.locator('#map button[data-unit="990200"]')
    # Of 990200 three of nine cells came: nobody delivers item B.
    assert (tile.get_attribute("class"), "33.3%" in tile.inner_text()) == ("shade-4", True)
    tile.click()
    assert shown(page) == {"unit": "990200"}
    assert page.evaluate("document.activeElement.id") == "board"
    # What it lacks, whoever owes it; what came on time is not listed.
    lacking = {page.locator("#items tbody tr").nth(one).get_attribute("data-code") for one in (0, 1)}
    assert (lacking, page.locator("#items tbody tr").count()) == ({"D2 A-1", "D1 B-1"}, 2)


def test_it_is_used_with_the_keyboard_alone(visit: Visit) -> None:
    page = visit.page
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#late tr') !== null"):
            break
    page.keyboard.press("Enter")
    assert shown(page) == {"department": "D2"}
    # The focus stands before what is shown now; the way back comes first.
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_for(page, {})


@pytest.mark.parametrize("address", ["", "#department=D2", "#unit=990200"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_it_fits_the_window_and_is_accessible(
    browser: Browser, folder: Path, address: str, width: int, scheme: str
) -> None:
    settings: dict[str, Any] = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    visit = Visit(browser, folder / "dashboard.html", **settings)
    visit.page.goto((folder / "dashboard.html").as_uri() + address)
    visit.page.reload()
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(visit.page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    if ARTEFACTS:
        name = f"dashboard-{width}-{scheme}-{address.strip('#').partition('=')[0] or 'first'}.png"
        visit.page.screenshot(path=Path(ARTEFACTS) / name, full_page=True)
    visit.context.close()


def test_the_report_beside_it_leads_there(browser: Browser, folder: Path) -> None:
    visit = Visit(browser, folder / "index.html")
    visit.page.click('a[href="dashboard.html"]')
    visit.page.wait_for_selector("#tiles")
    assert visit.complaints == []
    visit.context.close()
    look(browser, folder, "dashboard-en")


def test_the_public_sees_no_matters_and_nobody_an_identifier(province: Tiny) -> None:
    made = open_dashboard(str(province.folder), "2026Q3", "2026-10-20", "public", "en", 0, "")
    given = content(made)
    assert given["matters"] == []
    assert not [one for one in given["cells"] if one[0] == "matters"]
    assert code() not in json.dumps(given)
