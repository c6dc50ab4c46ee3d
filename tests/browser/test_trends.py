"""trends.ipynb in JupyterLab as `creditlab lab` serves it, in Chromium: from a red figure to its cause, and back.

One server, one page and one kernel for the file: what is dear is made once, and each test begins at the first view.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import creditlab as cl
from creditlab.explore import Session
from creditlab.lab.folder import prepare
from creditlab.synth import load_parameters
from creditlab.workspace import open_workspace
from tests.browser.test_page import browser
from tests.conftest import ROOT
from tests.labbing import Lab, running_lab

__all__ = ["browser"]

ARTEFACTS = os.environ.get("CREDITLAB_ARTEFACTS")
AS_OF = "2026-10-20"
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

    def button(self, title: str) -> Locator:
        return self.explorer.get_by_role("button", name=title, exact=True)

    def says(self, line: str) -> None:
        """Wait until the code box has this line: what it makes is shown then."""
        expect(self.code).to_have_value(line, timeout=PATIENCE)

    def click_dot(self, place: int = 0, of: Locator | None = None, trace: int = 1) -> None:
        """Click a dot as a reader would: go to where it is on the screen, and click once the chart says what it is."""
        explorer = of or self.explorer
        self.click_mark(explorer, explorer.locator(".scatterlayer .trace").nth(trace).locator("path").nth(place))

    def click_mark(self, explorer: Locator, mark: Locator) -> None:
        mark.scroll_into_view_if_needed()
        said = explorer.locator(".hoverlayer .hovertext")
        for _ in range(50):
            box = mark.bounding_box()
            assert box is not None
            self.page.mouse.move(box["x"] - 30, box["y"] + 2)
            self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
            self.page.wait_for_timeout(200)
            if said.count():
                break
        self.page.mouse.down()
        self.page.mouse.up()

    def begin(self) -> None:
        """Go back to the first view."""
        for _ in range(40):
            if self.button("Back").is_disabled():
                break
            before = self.code.input_value()
            self.button("Back").click()
            expect(self.code).not_to_have_value(before, timeout=PATIENCE)
        self.says('ws.measure("timeliness", "2026Q3", by="department")')

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
    notebook.click_dot(shown.index(worst))
    notebook.says(f'ws.measure("timeliness", "2026Q3", by="region", department="{worst}")')
    notebook.keep("unit")
    notebook.click_dot()
    expect(notebook.code).to_have_value(re.compile(r'region="\d+"\)$'), timeout=PATIENCE)
    unit = ws.measure("timeliness", "2026Q3", by="region", department=worst).shown[0]
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
