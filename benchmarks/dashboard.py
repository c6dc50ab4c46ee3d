"""The dashboard in Chromium, served and static, over a workspace that is there: first figures, filters, ten at once.

    .venv/bin/python -m benchmarks.dashboard WORKSPACE [--period 2026Q3] [--as-of 2026-10-20] [--docs docs]

The dashboard of the quarter and of the one before is published to a shelf of its own, and served from there; all of it
is gone afterwards. The workspace needs a lake of the size wanted:
`creditlab --workspace WORKSPACE synth --records 10000000 --into lake`. Writes the section "Dashboard" of benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.measuring import machine, write_section
from benchmarks.publishing import aside, measured
from benchmarks.registry import ROOT
from creditlab.workspace import open_workspace
from tests.serving import Serving, serving

TIMES, FILTERS = 5, 200
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
#: Clicks through departments and back, in the page: what was clicked is on the screen two frames later.
_FILTER = """async (times) => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const spent = [];
  while (spent.length < times) {
    for (const button of document.querySelectorAll("#late tbody button")) {
      const code = button.closest("tr").dataset.department;
      for (const selector of [`#late tr[data-department="${code}"] button`, "#path button:last-child"]) {
        const started = performance.now();
        document.querySelector(selector).click();
        await painted();
        spent.push(performance.now() - started);
      }
    }
  }
  return spent;
}"""
_SIZE = "performance.getEntriesByType('resource').reduce((sum, one) => sum + one.decodedBodySize, 0)"


@dataclass
class Found:
    """What was measured, in seconds and bytes."""

    figures: list[float] = field(default_factory=list)
    interactive: list[float] = field(default_factory=list)
    filters: list[float] = field(default_factory=list)
    crowded: list[float] = field(default_factory=list)
    quarters: list[float] = field(default_factory=list)
    kernels: list[float] = field(default_factory=list)
    side_by_side: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    static: list[float] = field(default_factory=list)
    static_bytes: int = 0
    processor: float = 0.0


def load(page: Page, address: str, found: list[float], until: str) -> float:
    """Seconds from the request to the figures (kept in `found`), and to what the selector waits for."""
    started = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(".tile-value")
    found.append(time.perf_counter() - started)
    page.wait_for_selector(until, state="attached", timeout=120_000)
    return time.perf_counter() - started


def warm(server: Serving, size: int) -> None:
    """Wait until so many kernels wait for a reader: they are there, and do nothing."""
    before: dict[int, float] = {}
    for _ in range(600):
        time.sleep(1)
        now = {number: processor_of(number) for number in server.kernels()}
        if len(now) >= size and before.keys() == now.keys() and all(now[one] - before[one] < 0.05 for one in now):
            return
        before = now
    raise SystemExit("the pool was never warm")


def processor_of(process: int) -> float:
    """Seconds of processor that a process has taken."""
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(process: int) -> float:
    """Its resident memory in MB, of what it shares its part."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def one_at_a_time(browser: Browser, server: Serving, found: Found, readers: int) -> None:
    """A page after the other, each with a kernel that waits; filters and quarters in the last."""
    for number in range(TIMES):
        warm(server, readers)
        with_page(browser, found, lambda page, last=number == TIMES - 1: _visit(page, server, found, last))


def _visit(page: Page, server: Serving, found: Found, is_last: bool) -> None:
    found.interactive.append(load(page, server.with_token(), found.figures, "html[data-connected]"))
    if not is_last:
        return
    found.filters = [one / 1000 for one in page.evaluate(_FILTER, FILTERS)]
    periods = [one.get_attribute("value") for one in page.locator("#period option").all()]
    for period in [*periods[1:], *periods] * 5:
        shown = page.evaluate("creditlabBoard.content().served.period")
        started = time.perf_counter()
        page.select_option("#period", period)
        page.wait_for_function("(period) => creditlabBoard.content().served.period === period", arg=period)
        if period != shown:
            found.quarters.append(time.perf_counter() - started)


def with_page(browser: Browser, found: Found, do: Callable[[Page], None]) -> None:
    """Do something in a browser of its own, which is closed afterwards."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("pageerror", lambda error: found.errors.append(str(error)))
    do(page)
    context.close()


def side_by_side(browser: Browser, server: Serving, found: Found, readers: int) -> None:
    """Readers who all have their pages open and click; what each kernel holds then."""
    warm(server, readers)
    before = {one: processor_of(one) for one in [server.process.pid, *server.kernels()]}
    contexts = [browser.new_context(viewport={"width": 1280, "height": 900}) for _ in range(readers)]
    pages = [context.new_page() for context in contexts]
    started = time.perf_counter()
    for page in pages:
        page.on("pageerror", lambda error: found.errors.append(str(error)))
        page.goto(server.with_token(), wait_until="commit")
    for page in pages:
        page.wait_for_selector("html[data-connected]", state="attached", timeout=120_000)
        found.side_by_side.append(time.perf_counter() - started)
    for page in pages:
        found.crowded += [one / 1000 for one in page.evaluate(_FILTER, 20)]
        if page.locator("#notice").is_visible():
            found.errors.append(page.inner_text("#notice"))
    after = {one: processor_of(one) for one in before if Path(f"/proc/{one}").exists()}
    found.processor = sum(after[one] - before[one] for one in after) / readers
    found.kernels = [memory_of(one) for one in before if one != server.process.pid and one in after]
    for context in contexts:
        context.close()


def static(browser: Browser, folder: Path, found: Found) -> None:
    """The page inside the publication, from the disk."""
    for _ in range(TIMES):
        with_page(browser, found, lambda page: found.static.append(
            load(page, (folder / "dashboard.html").as_uri(), [], "html[data-shown]")
        ))  # fmt: skip
    files = ("dashboard.html", "dashboard.css", "dashboard.js", "style.css")
    found.static_bytes = sum((folder / name).stat().st_size for name in files)


def main() -> None:
    """Read the command line, publish, serve, look, and write the section."""
    parser = argparse.ArgumentParser(prog="benchmarks.dashboard", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--period", default="2026Q3")
    parser.add_argument("--as-of", default="2026-10-20")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    parser.add_argument("--readers", type=int, default=10, help="side by side, and kernels that wait")
    chosen = parser.parse_args()
    quarter = int(chosen.period[-1])
    before = f"{int(chosen.period[:4]) - (quarter == 1)}Q{(quarter - 2) % 4 + 1}"
    found = Found()
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "workspace").mkdir()
        folder = aside(chosen.workspace.resolve(), Path(place) / "workspace")
        for period in (before, chosen.period):
            publish_dashboard(folder, period, chosen.as_of)
        workspace = open_workspace(folder)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("BROWSER_PATH") or "/usr/bin/chromium", args=ARGUMENTS
            )
            static(browser, workspace.reports / chosen.period / "dashboard-government" / "en" / "r1", found)
            # Pages that were closed keep their place for some seconds.
            size = ("--pool", str(chosen.readers), "--sessions", str(3 * chosen.readers))
            with serving(workspace, *size, home=Path(place)) as server:
                one_at_a_time(browser, server, found, chosen.readers)
                side_by_side(browser, server, found, chosen.readers)
            browser.close()
    text = (
        "The dashboard of two quarters, in Chromium on the machine that serves it; the pool warm, "
        f"{chosen.readers} kernels waiting. "
        f"Written by `python -m benchmarks.dashboard`. {machine()} Load at the end {os.getloadavg()[0]:.1f}."
    )
    section = f"{text}\n\n{table(found, chosen.readers)}"
    print(section)
    write_section(chosen.docs / "benchmarks.md", "Dashboard", section)


def publish_dashboard(workspace: Path, period: str, as_of: str) -> None:
    """Publish it for those who coordinate."""
    measured(
        [
            sys.executable, "-m", "creditlab", "--workspace", str(workspace), "publish", "--period", period, "--as-of",
            as_of, "--audience", "government", "--language", "en", "--report", "dashboard",
        ]
    )  # fmt: skip


def table(found: Found, readers: int) -> str:
    """The figures beside what they are held to."""
    rows = [
        ("served: the figures are there (middle and largest of 5)", _two(found.figures), "3 s"),
        ("served: the session is connected (the same)", _two(found.interactive), "8 s"),
        ("a filter, until it is on the screen (95th percentile)", _late(found.filters), "300 ms"),
        (f"the same with {readers} readers, in browsers on this machine", _late(found.crowded), ""),
        ("another quarter, from the session's kernel (middle and largest)", _two(found.quarters), ""),
        (f"{readers} readers at once: the last one's session is connected", f"{max(found.side_by_side):.1f} s", ""),
        (f"{readers} readers at once: errors", f"{len(found.errors)}", "0"),
        ("a session's kernel and its part of what is shared (the largest)",
         f"{max(found.kernels):.0f} MB", "250 MB"),
        ("a session: seconds of processor, server and kernel, from request to clicks", f"{found.processor:.2f} s", ""),
        ("static: interactive (middle and largest of 5)", _two(found.static), "2 s"),
        ("static: the page with its style and program", f"{found.static_bytes / 1e6:.2f} MB", "3 MB"),
    ]  # fmt: skip
    return "| what | measured | held to |\n| --- | ---: | ---: |\n" + "\n".join(
        f"| {a} | {b} | {c} |" for a, b, c in rows
    )


def _late(seconds: list[float]) -> str:
    return f"{1000 * statistics.quantiles(seconds, n=20)[-1]:.0f} ms"


def _two(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.1f} and {max(seconds):.1f} s"


if __name__ == "__main__":
    main()
