"""A publication made in this process: what a kernel would have shown is put together here."""

from __future__ import annotations

import html.parser
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from creditlab.messages import Messages
from creditlab.reports.page import page_files, render_page
from creditlab.reports.section import Section


def executed_notebook(sections: Sequence[Section], **metadata: Any) -> dict[str, Any]:
    """A notebook as papermill leaves it behind: one cell a section, with the section's outputs."""
    cells = []
    for section in sections:
        outputs = []
        for bundle, about in section.outputs():
            shown = {key: json.loads(json.dumps(value, default=list)) for key, value in bundle.items()}
            outputs.append({"output_type": "display_data", "data": shown, "metadata": about})
        cells.append({"cell_type": "code", "metadata": {}, "source": "", "outputs": outputs})
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


class _Elements(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.comments: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def parsed(page: str) -> _Elements:
    """What a browser makes of a page: its elements, comments and texts."""
    found = _Elements()
    found.feed(page)
    found.close()
    return found


def figures_in(page: str) -> list[dict[str, Any]]:
    """The charts that a page carries as JSON."""
    pieces = page.split('<script type="application/json" data-chart="')[1:]
    return [json.loads(piece.split(">", 1)[1].split("</script>", 1)[0]) for piece in pieces]


#: What a publication may have besides, and this one hasn't.
WITHOUT = {"has_pdf": False, "has_dashboard": False, "needs_sign_off": False}


@dataclass(frozen=True)
class Publication:
    """The folder of a publication, its page, and what it was made of."""

    out: Path
    page: str
    printed: str
    sections: Sequence[Section]
    report: dict[str, Any]

    @classmethod
    def write(cls, out: Path, sections: Sequence[Section], report: dict[str, Any], messages: Messages) -> Publication:
        """Write the page and its files beside the tables that are there."""
        notebook = out.parent / "notebook.ipynb"
        notebook.write_text(json.dumps(executed_notebook(sections)), encoding="utf-8")
        report = {**report, **WITHOUT}
        page, printed = (render_page(notebook, report, messages, is_print=one) for one in (False, True))
        for name, text in page_files().items():
            (out / name).write_text(text, encoding="utf-8")
        (out / "index.html").write_text(page, encoding="utf-8")
        return cls(out, page, printed, sections, report)
