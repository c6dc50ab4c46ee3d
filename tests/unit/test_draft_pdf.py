"""What is offered of a report that has to be signed says DRAFT until it is published: its page, its PDF, its index."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from creditlab.messages import Messages
from creditlab.reports import index
from creditlab.reports.page import STYLE, TEMPLATES, render_page
from creditlab.reports.printing import DRAFT_PDF, PDF, write_pdf
from creditlab.reports.quarterly import Report
from creditlab.reports.shelf import MANIFEST
from creditlab.reports.signoff import Step, write_watermark
from creditlab.terms import Language
from tests.notebooks.made_up import CATALOGUE, made_up_release
from tests.notebooks.publishing import make_workspace
from tests.security.published import executed_notebook

AS_OF = date(2026, 10, 20)
WORD = {Language.EN: "DRAFT", Language.ZH_CN: "草稿"}


@dataclass(frozen=True)
class Executed:
    """A notebook that was run, and what it handed over."""

    notebook: Path
    report: dict[str, object]
    messages: Messages

    def page(self, **how: bool) -> str:
        return render_page(self.notebook, self.report, self.messages, **how)


@pytest.fixture(params=list(Language))
def executed(request: pytest.FixtureRequest, tmp_path: Path) -> Executed:
    report = Report(make_workspace(tmp_path / "w"), CATALOGUE, made_up_release(), request.param, tmp_path / "out")
    section = report.timeliness()
    report.save()
    about = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    notebook = tmp_path / "notebook.ipynb"
    (tmp_path / STYLE).write_text((TEMPLATES / STYLE).read_text("utf-8"), encoding="utf-8")
    notebook.write_text(json.dumps(executed_notebook([section])), encoding="utf-8")
    about |= {"has_pdf": True, "has_dashboard": False, "needs_sign_off": True}
    return Executed(notebook, about, report.messages)


def text_of(pdf: Path) -> list[str]:
    """Its text, a page each."""
    done = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True)
    return done.stdout.decode().rstrip("\f").split("\f")


def grey(pdf: Path) -> list[int]:
    """How many points of each page are of the watermark's grey."""
    done = subprocess.run(["pdftoppm", "-r", "20", "-gray", str(pdf)], capture_output=True, check=True)
    found, rest = [], done.stdout
    while rest:
        head = re.match(rb"P5\s(\d+) (\d+)\s255\s", rest)
        assert head
        size = int(head[1]) * int(head[2])
        found.append(sum(220 <= one <= 235 for one in rest[head.end() : head.end() + size]))
        rest = rest[head.end() + size :]
    return found


def test_every_page_of_the_draft_says_so_and_none_of_the_clean_one(executed: Executed, tmp_path: Path) -> None:
    word = WORD[executed.messages.language]
    for name in ("one.pdf", "two.pdf"):
        write_pdf(executed.page(is_print=True, is_draft=True), tmp_path, tmp_path / name, AS_OF)
    write_pdf(executed.page(is_print=True), tmp_path, tmp_path / PDF, AS_OF)
    draft = tmp_path / "one.pdf"
    assert draft.read_bytes() == (tmp_path / "two.pdf").read_bytes()
    assert all(word in one for one in text_of(draft))
    assert not any(word in one for one in text_of(tmp_path / PDF))
    # The word lies behind the text; lines and the edges of letters are grey too.
    assert min(grey(draft)) > 1000 > max(grey(tmp_path / PDF))


def test_the_page_offers_the_draft_until_it_is_published(executed: Executed, tmp_path: Path) -> None:
    page = executed.page()
    assert f'<li class="until-published"><a href="{DRAFT_PDF}">' in page
    assert f'<li class="when-published"><a href="{PDF}">' in page
    assert ".when-published { display: none; }" in (tmp_path / STYLE).read_text("utf-8")
    (tmp_path / MANIFEST).write_text(json.dumps({"parameters": {"language": "en"}}), encoding="utf-8")
    hides = []
    for step in Step:
        write_watermark(tmp_path, step)
        hides.append(".until-published { display: none; }" in (tmp_path / "sign-off.css").read_text("utf-8"))
    assert hides == [False, False, False, True]
    unsigned = render_page(executed.notebook, {**executed.report, "needs_sign_off": False}, executed.messages)
    assert f'<li><a href="{PDF}">' in unsigned
    assert DRAFT_PDF not in unsigned


def test_the_index_offers_the_draft_until_it_is_published() -> None:
    files = {PDF: "", DRAFT_PDF: "", "tables.xlsx": ""}
    assert dict(index._downloads("r1", files, is_draft=True))["PDF"] == f"r1/{DRAFT_PDF}"
    assert dict(index._downloads("r1", files, is_draft=False))["PDF"] == f"r1/{PDF}"
    # A revision that was made before there were two.
    assert "PDF" not in dict(index._downloads("r1", {PDF: ""}, is_draft=True))
