"""The served dashboard in Chromium: from its first screen to a cause, another quarter, a dead session, a full house."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.test_dashboard import ARTEFACTS, shown, texts, wait_for
from tests.browser.test_page import ARGUMENTS
from tests.serving import Serving, served_workspace, serving, shelve_dashboard

#: One of the two departments of the samples that are chronically late (province.toml).
LATE = "WLT"
#: Sessions at a time: one is used by most tests here.
CAP = 2


@pytest.fixture(scope="module")
def lake(samples_taken_in: tuple[Path, dict[str, int]]) -> Path:
    return samples_taken_in[0]


@pytest.fixture(scope="module")
def server(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Two quarters of the samples, published for those who coordinate, and served without their lake."""
    folder = tmp_path_factory.mktemp("served")
    workspace = served_workspace(folder / "workspace", lake / "catalogue")
    for period in ("2026Q2", "2026Q3"):
        shelve_dashboard(lake, workspace.reports, period, "2026-10-20")
    with serving(workspace, "--pool", "1", "--sessions", str(CAP), home=folder) as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        yield started
        started.close()


class Look:
    """A reader's browser; what it asks of any other place is blocked, and noted."""

    def __init__(self, browser: Browser, server: Serving, path: str = "", **settings: Any) -> None:
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.context: BrowserContext = browser.new_context(viewport={"width": 1280, "height": 900}, **settings)
        self.context.route(lambda url: not url.startswith((server.address, "data:", "blob:")), self._block)
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(server.with_token() + path)
        self.page.wait_for_selector("html[data-connected]", state="attached", timeout=60_000)

    def _block(self, route: Any) -> None:
        self.outside.append(route.request.url)
        route.abort()


@pytest.fixture(scope="module")
def look(browser: Browser, server: Serving) -> Iterator[Look]:
    found = Look(browser, server)
    yield found
    found.context.close()


@pytest.fixture
def page(look: Look) -> Page:
    """The page as it is first seen."""
    look.page.evaluate("location.hash = ''")
    wait_for(look.page, {})
    return look.page


def take(page: Page, name: str) -> None:
    """A picture, to be looked at."""
    if ARTEFACTS:
        page.screenshot(path=Path(ARTEFACTS) / f"served-{name}.png", full_page=True)


def look_again(page: Page) -> None:
    """What a page does every few seconds, at once."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_figures_are_in_the_answer_itself_and_the_program_says_the_same(
    browser: Browser, server: Serving, page: Page
) -> None:
    context = browser.new_context(java_script_enabled=False)
    without = context.new_page()
    without.goto(server.with_token())
    assert "token" not in without.url
    first = texts(without, ".tile-title, .tile-value, .tile-basis, #late th, #late td")
    context.close()
    assert first[1].endswith("%")
    assert texts(page, ".tile-title, .tile-value, .tile-basis, #late th, #late td") == first
    take(page, "1280")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []


def test_three_clicks_lead_to_the_cause_of_a_late_department(page: Page) -> None:
    # It is among the latest three, and Back leads back.
    latest = [row.get_attribute("data-department") for row in page.locator("#late tbody tr").all()][:3]
    assert LATE in latest
    page.click(f'#late tr[data-department="{LATE}"] button')
    assert shown(page) == {"department": LATE}
    item = page.locator("#items tbody tr").first
    due, on_time, late, never = (int(text) for text in item.locator("td").all_inner_texts()[:4])
    assert due == on_time + late + never
    assert late + never > 0
    code = item.get_attribute("data-code")
    item.locator("button").click()
    assert shown(page) == {"department": LATE, "item": code}
    # The cause: the units that sent it late, or not at all; they make up what the item lacks.
    lines = [[int(text) for text in row.locator("td").all_inner_texts()[:4]]
             for row in page.locator("#units tbody tr").all()]  # fmt: skip
    assert [sum(line[place] for line in lines) for place in range(4)] == [due, on_time, late, never]
    assert lines[0][2] + lines[0][3] > 0
    take(page, "cause")
    page.locator("#units tbody tr").first.locator("button").click()
    assert "unit" in shown(page)
    for wanted in ({"department": LATE, "item": code}, {"department": LATE}, {}):
        page.click("#back")
        wait_for(page, wanted)


def test_another_quarter_comes_from_the_session(page: Page) -> None:
    before = texts(page, ".tile-value")
    assert texts(page, "#period option") == ["3rd quarter 2026", "2nd quarter 2026"]
    page.select_option("#period", "2026Q2")
    page.wait_for_function("document.getElementById('title').textContent.includes('2nd quarter')")
    assert texts(page, ".tile-value") != before
    page.select_option("#period", "2026Q3")
    page.wait_for_function("document.getElementById('title').textContent.includes('3rd quarter')")
    assert texts(page, ".tile-value") == before


def test_the_other_language_says_the_same_figures(page: Page) -> None:
    before = texts(page, "#late td, .tile-value, #heat td")
    page.click("#language")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert texts(page, "#period option") == ["2026年第三季度", "2026年第二季度"]
    assert texts(page, "#late td, .tile-value, #heat td") == before
    take(page, "zh")
    page.click("#language")


def test_it_is_used_with_the_keyboard_alone_and_fits_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert Axe().run(page).response["violations"] == []
    take(page, "390")
    page.focus("#period")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#late tr') !== null"):
            break
    page.keyboard.press("Enter")
    assert "department" in shown(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")


def test_a_newer_release_is_offered(page: Page, server: Serving) -> None:
    look_again(page)
    assert page.locator("#notice").is_hidden()
    newer = server.workspace.reports / "2026Q3" / "dashboard-government" / "en"
    shutil.copytree(newer / "r1", newer / "r2")
    manifest = json.loads((newer / "r2" / "manifest.json").read_text())
    manifest |= {"report_id": manifest["report_id"].replace("r1", "r2"), "published_at": "2026-10-21T09:00:00+08:00"}
    (newer / "r2" / "manifest.json").write_text(json.dumps(manifest))
    # The shelf is looked at every few seconds.
    deadline = time.monotonic() + 20
    while page.locator("#notice").is_hidden() and time.monotonic() < deadline:
        look_again(page)
        page.wait_for_timeout(500)
    assert "A newer release is there" in page.inner_text("#notice")
    take(page, "newer")
    assert Axe().run(page).response["violations"] == []
    page.click("#notice button")
    page.wait_for_selector("html[data-connected]", state="attached", timeout=60_000)
    assert page.evaluate("creditlabBoard.content().served.report_id").endswith("r2")
    look_again(page)
    page.wait_for_timeout(300)
    assert page.locator("#notice").is_hidden()


def test_a_session_that_dies_says_so_and_offers_to_reload(page: Page, server: Serving) -> None:
    for number in server.kernels():
        os.kill(number, signal.SIGKILL)
    look_again(page)
    page.wait_for_selector("#notice:not([hidden])")
    assert "This session has ended" in page.inner_text("#notice")
    # What was there stays, and can be clicked through.
    page.click("#late tbody tr:first-child button")
    assert "department" in shown(page)
    take(page, "ended")
    page.click("#notice button")
    page.wait_for_selector("html[data-connected]", state="attached", timeout=60_000)
    assert page.locator("#notice").is_hidden()


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("?period=2031Q1", 404, ("Nothing has been published for this quarter", "该季度尚未发布")),
        ("nowhere", 404, ("There is no such page", "没有此页面")),
    ],
)
def test_what_is_not_there_is_said_in_both_languages(
    page: Page, look: Look, server: Serving, path: str, status: int, said: tuple[str, str]
) -> None:
    other = look.context.new_page()
    answer = other.goto(server.address + path)
    assert answer is not None
    assert answer.status == status
    assert all(text in other.inner_text("main") for text in said)
    assert Axe().run(other).response["violations"] == []
    other.close()


def test_who_has_no_token_is_turned_away_politely(browser: Browser, server: Serving) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 900}, color_scheme="dark")
    stranger = context.new_page()
    answer = stranger.goto(server.address)
    assert answer is not None
    assert answer.status == 403
    assert "The dashboard is not shown to you" in stranger.inner_text("main")
    assert "您不能查看此看板" in stranger.inner_text("main")
    take(stranger, "not-allowed")
    assert Axe().run(stranger).response["violations"] == []
    context.close()


def test_where_all_places_are_taken_it_is_said_when_to_come_again(look: Look, server: Serving) -> None:
    others = look.context.request
    answers = [others.get(server.address) for _ in range(CAP + 1)]
    assert answers[-1].status == 503
    assert answers[-1].headers["retry-after"] == "60"
    assert "All places are taken" in answers[-1].text()
    assert "名额已满" in answers[-1].text()
    full = look.context.new_page()
    full.goto(server.address)
    take(full, "full")
    assert Axe().run(full).response["violations"] == []


def test_nothing_left_this_machine_and_nothing_failed(look: Look) -> None:
    assert (look.outside, look.errors) == ([], [])
