"""trends.ipynb in JupyterLab as `creditlab lab` serves it, in Chromium: from a red figure to its cause, and back.

One server, one page and one kernel for the file: what is dear is made once, and each test begins at the first view.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect

import creditlab as cl
from creditlab.explore import Session
from creditlab.ingest import ingest
from creditlab.lab.folder import prepare
from creditlab.synth import load_parameters
from creditlab.workspace import open_workspace
from tests.browser.test_page import browser
from tests.conftest import ROOT
from tests.labbing import Lab, running_lab
from tests.spec.test_explore import with_a_fall
from tests.spec.tiny import NOW

__all__ = ["browser"]

ARTEFACTS = os.environ.get("CREDITLAB_ARTEFACTS")
AS_OF = "2026-10-20"
#: A department's name that would rename the page, if it were ever taken for markup.
EVIL = '<script>document.title="run"</script>'
#: Long enough for a machine that has other things to do; what is waited for comes at once on one that has not.
PATIENCE = 240_000
OUTPUT = ".jp-OutputArea-output:has(.js-plotly-plot)"


@pytest.fixture(scope="module")
def workspace(samples_taken_in: tuple[Path, dict[str, int]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples with a lake of their own, and the notebook looking at the day that they are made for."""
    folder = tmp_path_factory.mktemp("lab") / "workspace"
    shutil.copytree(samples_taken_in[0], folder)
    copy = prepare(open_workspace(folder)) / "trends.ipynb"
    text = copy.read_text("utf-8")
    assert 'as_of: str = \\"\\"' in text
    copy.write_text(text.replace('as_of: str = \\"\\"', f'as_of: str = \\"{AS_OF}\\"'), "utf-8")
    return folder


@pytest.fixture(scope="module")
def ws(workspace: Path) -> Session:
    """The same lake, asked without a browser."""
    return cl.open(workspace, as_of=AS_OF)


@pytest.fixture(scope="module")
def lab(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(workspace, tmp_path_factory.mktemp("home")) as running:
        yield running


@dataclass
class Notebook:
    """An open notebook, the explorer in it, what the page asked for elsewhere and what it complained about."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def explorer(self) -> Locator:
        return self.page.locator(OUTPUT).first

    @property
    def code(self) -> Locator:
        return self.explorer.locator("textarea")

    def choice(self, title: str) -> Locator:
        label = self.page.locator("label", has_text=re.compile(f"^{title}$"))
        return self.explorer.locator(".widget-dropdown").filter(has=label).locator("select")

    def button(self, title: str) -> Locator:
        return self.explorer.get_by_role("button", name=title, exact=True)

    def says(self, line: str) -> None:
        """Wait until the code box has this line: what it makes is shown then."""
        expect(self.code).to_have_value(line, timeout=PATIENCE)

    def click_dot(self, place: int = 0, of: int = 0, explorer: Locator | None = None, trace: int = 1) -> None:
        """Click a dot as a reader would: go to where it is on the screen, and click once the chart says what it is."""
        explorer = explorer or self.explorer
        dots = explorer.locator(".scatterlayer .trace").nth(trace).locator("path")
        if of:
            # The chart of the view before has as many as that view had.
            expect(dots).to_have_count(of, timeout=PATIENCE)
        self.click_mark(explorer, dots.nth(place))

    def click_mark(self, explorer: Locator, mark: Locator) -> None:
        code = explorer.locator("textarea")
        before = code.input_value()
        for _ in range(5):
            # While the chart is being drawn anew a click is lost, as a reader's would be, who clicks again.
            if self.point_at(explorer, mark):
                self.page.mouse.down()
                self.page.mouse.up()
                with suppress(AssertionError):
                    expect(code).not_to_have_value(before, timeout=20_000)
                    return
        raise AssertionError("a click on the mark does nothing")

    def point_at(self, explorer: Locator, mark: Locator) -> bool:
        """Go to a mark with the mouse; returns whether the chart says what it is."""
        said = explorer.locator(".hoverlayer .hovertext")
        with suppress(TimeoutError):
            mark.scroll_into_view_if_needed(timeout=5_000)
            explorer.locator("h3").hover(timeout=5_000)
            said.first.wait_for(state="detached", timeout=5_000)
            box = mark.bounding_box(timeout=5_000)
            if box is None:
                return False
            self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
            said.first.wait_for(timeout=5_000)
            return True
        return False

    def begin(self) -> None:
        """Go back to the first view."""
        for _ in range(40):
            if self.button("Back").is_disabled():
                break
            before = self.code.input_value()
            self.button("Back").click()
            expect(self.code).not_to_have_value(before, timeout=PATIENCE)
        self.says('ws.measure("timeliness", "2026Q3", by="department")')

    def run(self, lines: str) -> Locator:
        """Run lines in a new cell below the explorer's, as a reader does; returns that cell."""
        own = self.page.locator(".jp-Notebook .jp-CodeCell", has=self.page.locator(OUTPUT)).first
        own.locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        cell = self.page.locator(".jp-Notebook .jp-CodeCell.jp-mod-active")
        expect(cell.locator(".jp-InputPrompt")).to_have_text("[ ]:", timeout=PATIENCE)
        place = cell.get_attribute("data-windowed-list-index")
        cell.locator(".cm-content").click()
        self.page.keyboard.insert_text(lines)
        self.page.keyboard.press("Shift+Enter")
        cell = self.page.locator(f'.jp-Notebook .jp-CodeCell[data-windowed-list-index="{place}"]')
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=PATIENCE)
        return cell

    def keep(self, name: str) -> None:
        """Take pictures of the explorer to be looked at, light and dark."""
        if ARTEFACTS:
            for scheme in ("light", "dark"):
                self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                self.page.wait_for_timeout(500)
                self.page.screenshot(path=Path(ARTEFACTS) / f"trends_{name}_{scheme}.png")
            self.page.emulate_media(color_scheme="light")


@pytest.fixture(scope="module")
def notebook(browser: Browser, lab: Lab) -> Iterator[Notebook]:
    """The notebook, its cells run up to the explorer, with everything but the server out of reach."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    found = Notebook(context.new_page())

    def is_elsewhere(url: str) -> bool:
        return not url.startswith((lab.address, "data:", "blob:"))

    context.route(is_elsewhere, lambda route: (found.asked.append(route.request.url), route.abort()))
    page = found.page
    page.on("console", lambda one: found.complaints.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.goto(f"{lab.address}/lab/tree/trends.ipynb?token={lab.token}")
    page.wait_for_selector("text=creditlab | Idle", timeout=PATIENCE)
    page.locator(".jp-CodeCell").first.click()
    for _ in range(5):
        page.keyboard.press("Shift+Enter")
    page.wait_for_selector(f"{OUTPUT} .scatterlayer .trace path", timeout=PATIENCE)
    yield found
    assert (found.asked, found.complaints) == ([], [])
    context.close()


def test_two_clicks_lead_to_the_cause_of_the_late_department(notebook: Notebook, ws: Session) -> None:
    notebook.begin()
    notebook.keep("first")
    late = load_parameters(ROOT / "data_samples" / "province.toml").timeliness.late_departments
    worst = max(late, key=lambda one: late[one])
    shown = ws.measure("timeliness", "2026Q3", by="department").shown
    # The department's dot, then its lowest unit's, which shows the items that are late, and the records: how late.
    notebook.click_dot(shown.index(worst), len(shown))
    notebook.says(f'ws.measure("timeliness", "2026Q3", by="region", department="{worst}")')
    notebook.keep("unit")
    units = ws.measure("timeliness", "2026Q3", by="region", department=worst).shown
    notebook.click_dot(0, len(units))
    unit = units[0]
    expect(notebook.code).to_have_value(re.compile(f'region="{unit}"\\)$'), timeout=PATIENCE)
    items = ws.measure("timeliness", "2026Q3", by="item", department=worst, region=unit)
    # The lowest item is the first below the total: two clicks from the first screen.
    assert items.shown[0] in notebook.explorer.locator("table tbody tr").nth(1).inner_text()
    notebook.button("Records").click()
    expect(notebook.code).to_have_value(re.compile(r"\.records\(\)$"), timeout=PATIENCE)
    # Organisations' records, the longest way first; of items that cover natural persons that none is listed.
    found = eval(notebook.code.input_value(), {"ws": ws})  # noqa: S307 - a line of our own
    rows = notebook.explorer.locator("table tbody tr")
    assert rows.count() == len(found)
    assert ("no record is listed" in notebook.explorer.inner_text()) is found.empty
    assert found["lag"].is_monotonic_decreasing
    notebook.keep("records")


def test_back_goes_back_and_a_fault_leads_to_its_records(notebook: Notebook) -> None:
    notebook.begin()
    first = notebook.code.input_value()
    notebook.button("Faults").click()
    notebook.says(f"{first}.faults()")
    bar = notebook.explorer.locator(".barlayer .point path").first
    expect(bar).to_be_visible(timeout=PATIENCE)
    notebook.keep("faults")
    notebook.click_mark(notebook.explorer, bar)
    expect(notebook.code).to_have_value(re.compile(r"\.records\(fault='[\w:]+'\)$"), timeout=PATIENCE)
    fault = re.search(r"fault='([\w:]+)'", notebook.code.input_value())
    assert fault is not None
    rows = notebook.explorer.locator("table tbody tr").all_inner_texts()
    assert rows
    assert all(fault[1] in one for one in rows)
    notebook.button("Back").click()
    notebook.says(first)


def test_what_is_chosen_is_shown_and_its_line_makes_the_same(notebook: Notebook, ws: Session) -> None:
    notebook.begin()
    for title, choice, said in (
        ("Measure", "Validity", 'by="department"'),
        ("By", "Item", 'by="item"'),
        ("Department", "Finance", 'by="item", department="CZT"'),
        ("Against", "3rd quarter 2025", 'by="item", department="CZT", against="2025Q3"'),
    ):
        notebook.choice(title).select_option(label=choice)
        notebook.says(f'ws.measure("validity", "2026Q3", {said})')
    expect(notebook.explorer.locator("h3")).to_contain_text("Finance")
    shown = notebook.explorer.locator("table tbody").inner_text()
    notebook.keep("chosen")
    line = notebook.code.input_value()
    # The chart has what the line makes elsewhere, and in a cell of the notebook, as a reader would run it.
    drawn = notebook.explorer.locator(".js-plotly-plot").evaluate("(one) => one.data.map((trace) => trace.customdata)")
    made = eval(line, {"ws": ws})  # noqa: S307 - a line of our own
    assert drawn == [trace.customdata and list(trace.customdata) for trace in made.chart().data]
    cell = notebook.run(line)
    assert cell.locator("table tbody").inner_text() == shown
    assert cell.locator("table tbody tr").count() == len(made.to_pandas())


def test_what_can_not_be_is_said_and_what_was_shown_stays(notebook: Notebook) -> None:
    notebook.begin()
    notebook.choice("Measure").select_option(label="Coverage of registered subjects")
    said = notebook.explorer.get_by_role("alert")
    expect(said).to_contain_text("not counted by department", timeout=PATIENCE)
    notebook.says('ws.measure("timeliness", "2026Q3", by="department")')
    notebook.choice("Measure").select_option(label="Timeliness")
    expect(said).to_have_count(0, timeout=PATIENCE)


def test_the_other_language_and_back(notebook: Notebook) -> None:
    notebook.begin()
    notebook.choice("Language").select_option(label="中文")
    expect(notebook.explorer.locator("h3")).to_contain_text("及时率", timeout=PATIENCE)
    assert "财政厅" in notebook.explorer.locator("table tbody").inner_text()
    assert notebook.choice("指标").input_value() == "及时率"
    notebook.keep("chinese")
    notebook.choice("语言").select_option(label="English")
    expect(notebook.explorer.locator("h3")).to_contain_text("Timeliness", timeout=PATIENCE)
    # Another language is not another view: there is nothing to go back to.
    expect(notebook.button("Back")).to_be_disabled(timeout=PATIENCE)


def test_everybody_can_use_it(notebook: Notebook) -> None:
    notebook.begin()
    found = Axe().run(notebook.page, context=OUTPUT).response
    assert len(found["passes"]) > 10
    grave = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"]) for one in grave] == []


def test_a_ring_marks_what_is_unusual_and_a_name_is_never_markup(notebook: Notebook, tmp_path: Path) -> None:
    tiny = with_a_fall(tmp_path, EVIL)
    lines = f'other = cl.open({str(tiny.folder)!r}, as_of="{AS_OF}", language="en")\nother.explorer()'
    cell = notebook.run(lines)
    explorer = cell.locator(OUTPUT)
    expect(explorer.locator(".js-plotly-plot .legend")).to_contain_text("Unusual volume", timeout=PATIENCE)
    assert EVIL in explorer.locator("table").inner_text()
    notebook.click_dot(explorer=explorer, trace=2)
    expect(explorer.locator("textarea")).to_have_value(re.compile('department="D1"'), timeout=PATIENCE)
    assert EVIL in explorer.locator("h3").inner_text()
    assert notebook.page.title() != "run"
    assert notebook.page.locator("script", has_text="document.title").count() == 0


def test_a_lake_that_changes_is_said_and_reloaded(notebook: Notebook, workspace: Path) -> None:
    notebook.begin()
    inbox = workspace / "inbox"
    header, first, *_ = (inbox / "manifest.csv").read_text("utf-8-sig").splitlines()
    name = first.split(",")[header.split(",").index("path")]
    shutil.copy(inbox / name, inbox / f"again{Path(name).suffix}")
    with (inbox / "manifest.csv").open("a", encoding="utf-8") as file:
        file.write(first.replace(name, f"again{Path(name).suffix}") + "\n")
    assert ingest(open_workspace(workspace), now=datetime.now(NOW.tzinfo)).run_no == 2
    notebook.click_dot()
    expect(notebook.explorer.get_by_role("status")).to_contain_text("run 2 is there", timeout=PATIENCE)
    expect(notebook.button("Reload")).to_be_visible()
    notebook.keep("changed")
    notebook.button("Reload").click()
    expect(notebook.explorer.get_by_role("status")).to_have_count(0, timeout=PATIENCE)
    expect(notebook.code).to_have_value(re.compile(r"^ws = ws\.reload\(\)\nws\.measure"), timeout=PATIENCE)
    expect(notebook.button("Reload")).to_be_hidden()


def test_a_narrow_screen_shows_all_of_it(notebook: Notebook) -> None:
    notebook.page.locator(".jp-Notebook .jp-InputPrompt").first.click()
    # As a reader would with so little room: the list of files goes.
    notebook.page.keyboard.press("Control+B")
    expect(notebook.page.locator("#filebrowser")).to_be_hidden(timeout=PATIENCE)
    notebook.page.set_viewport_size({"width": 390, "height": 1400})
    script = """(place) => {
      const all = [...place.querySelectorAll("select, button, textarea, .main-svg")];
      const ends = all.filter((one) => one.checkVisibility());
      const end = place.getBoundingClientRect().right;
      return end < 390 && ends.length > 10 && ends.every((one) => one.getBoundingClientRect().right <= end);
    }"""
    place = notebook.explorer.element_handle()
    notebook.page.wait_for_function(script, arg=place, timeout=PATIENCE)
    notebook.button("Faults").scroll_into_view_if_needed()
    notebook.keep("narrow")
