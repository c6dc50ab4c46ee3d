"""A published page of any kind as a reader meets it: offline, accessible, in a narrow window; and its pictures."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.browser.test_page import ARGUMENTS, serious

#: Where pictures of the pages are kept: $CREDITLAB_ARTEFACTS; without it none are taken.
ARTEFACTS = os.environ.get("CREDITLAB_ARTEFACTS")
NARROW, WIDE = 390, 1280
LOOKS: tuple[tuple[str, int, dict[str, Any]], ...] = (
    ("light", WIDE, {"color_scheme": "light"}), ("dark", NARROW, {"color_scheme": "dark"}),
    ("print", WIDE, {"color_scheme": "light", "media": "print"}),
)  # fmt: skip
#: How many h1 there are, by how much a heading goes deeper than the one before it at most, and what has no words.
SCRIPT = """() => {
  const depths = [...document.querySelectorAll("h1, h2, h3, h4")].map((one) => Number(one.tagName[1]));
  return {
    first: depths.filter((one) => one === 1).length,
    step: Math.max(...depths.map((one, place) => one - (depths[place - 1] ?? 0))),
    silent: [...document.querySelectorAll("th, caption, figcaption, a")].filter(
      (one) => !one.textContent.trim() && !one.closest("tbody")).length,
    unscoped: document.querySelectorAll("table th:not([scope])").length,
  };
}"""


def look(chromium: Path | Browser, folder: Path, name: str) -> None:
    """Open a publication's page: it asks for nothing, complains of nothing, is accessible and fits a narrow window.

    Parameters
    ----------
    chromium
        The browser's program, or a browser that runs already.
    folder
        The publication's; a PDF beside the page is kept as pictures too.
    name
        Of the pictures.
    """
    if isinstance(chromium, Browser):
        _look(chromium, folder, name)
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        _look(browser, folder, name)
        browser.close()


def _look(browser: Browser, folder: Path, name: str) -> None:
    asked: list[str] = []
    complaints: list[str] = []

    def block(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page = browser.new_page(viewport={"width": NARROW, "height": 900})
    page.route(lambda url: not url.startswith("file:"), block)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((folder / "index.html").as_uri())
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    assert page.evaluate(SCRIPT) == {"first": 1, "step": 1, "silent": 0, "unscoped": 0}
    assert serious(page) == []
    if ARTEFACTS:
        _keep(page, folder, Path(ARTEFACTS), name)
    page.close()
    assert (asked, complaints) == ([], [])


def _keep(page: Page, folder: Path, artefacts: Path, name: str) -> None:
    artefacts.mkdir(parents=True, exist_ok=True)
    for look, width, media in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(**media)
        page.screenshot(path=artefacts / f"{name}-{look}.png", full_page=True)
    for pdf in folder.glob("*.pdf"):
        target = artefacts / (name if pdf.stem == "report" else f"{name}-draft")
        subprocess.run(["pdftoppm", "-r", "60", "-png", str(pdf), str(target)], check=True)
