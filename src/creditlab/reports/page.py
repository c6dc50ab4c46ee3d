"""The page of a report: one HTML file that opens offline, made from the outputs of the executed notebook."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.celltext import visible
from creditlab.errors import ReportError
from creditlab.messages import Messages
from creditlab.reports.bundle import plotly_bundle
from creditlab.reports.drawing import to_data_uri
from creditlab.reports.section import MARK, PLOTLY

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).with_name("templates")
STYLE, SCRIPT, INDEX_SCRIPT = "style.css", "page.js", "index.js"
#: The page that is clicked, which some publications have beside the one that is read.
DASHBOARD = "dashboard.html"


def render_page(
    executed: Path, report: Mapping[str, Any], messages: Messages, *, is_print: bool = False, is_draft: bool = False
) -> str:
    """The page's HTML.

    Parameters
    ----------
    executed
        The executed notebook. Only outputs that creditlab's sections made are taken.
    report
        What the notebook handed over (report.json): title, subtitle, banner, stamp, tables.
    messages
        The reader's language.
    is_print
        For paper: charts are still images, and nothing of it is a program.
    is_draft
        For paper that says DRAFT on every page, behind its text and in words.

    Raises
    ------
    ReportError
        If the notebook shows anything else: it could be figures that never passed the gate.
    """
    parts, contents = _parts(executed)
    template = _environment().get_template("page.html.j2")
    has_charts = not is_print and any("figure" in one for one in parts)
    page = template.render(
        report=report, parts=parts, contents=contents, messages=messages, _=messages.gettext, lang=messages.html_lang,
        is_print=is_print, program=plotly_bundle().address if has_charts else "",
        watermark=_watermark(messages.gettext("DRAFT")) if is_draft else "",
    )  # fmt: skip
    return visible(page)


def _watermark(word: str) -> str:
    """The word across a sheet of A4, as the address of an image that lies behind the text."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 210 297" width="210mm" height="297mm"><text x="105" '
        'y="150" transform="rotate(-40 105 150)" text-anchor="middle" font-size="52" font-weight="700" '
        f'font-family="Noto Sans, Noto Sans CJK SC, sans-serif" fill="#000" fill-opacity="0.1">'
        f"{escape(word)}</text></svg>"
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def render_index(entries: Sequence[Mapping[str, Any]], messages: Messages) -> str:
    """The HTML of the index over what is published; one small program of its own searches it."""
    template = _environment().get_template("index.html.j2")
    style, script = ((TEMPLATES / name).read_text("utf-8") for name in (STYLE, INDEX_SCRIPT))
    # Only this very program may run there.
    script_hash = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return template.render(
        entries=entries,
        _=messages.gettext,
        lang=messages.html_lang,
        style=style,
        script=script,
        script_hash=script_hash,
    )


def render_template(name: str, messages: Messages, **given: Any) -> str:
    """A page of another kind, from its template, in the reader's language."""
    return _environment().get_template(name).render(_=messages.gettext, lang=messages.html_lang, **given)


def page_files() -> dict[str, str]:
    """The files that a page needs beside it: its style and its script. What draws charts is the shelf's (`bundle`)."""
    return {name: (TEMPLATES / name).read_text("utf-8") for name in (STYLE, SCRIPT)}


def safe_json(value: Any) -> str:
    """JSON that can stand inside a script element: no text in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _parts(executed: Path) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    notebook = json.loads(executed.read_text("utf-8"))
    parts, contents = [], []
    for number, cell in enumerate(notebook["cells"]):
        for output in cell.get("outputs", []):
            if output["output_type"] == "stream" and output["name"] == "stderr":
                continue
            about = output.get("metadata", {}).get(MARK)
            if about is None:
                raise ReportError(
                    "a cell shows something that is no section of the report",
                    where=f"{executed.name}, cell {number}",
                    do="Show sections only; they are made from a release.",
                )
            if "section" in about:
                contents.append({"id": about["section"], "title": about["title"]})
            data = output["data"]
            if PLOTLY in data and not any(len(one.get("x") or ()) for one in data[PLOTLY]["data"]):
                # Axes without a mark say less than the words that describe them.
                parts.append({**about, "html": f'<p class="nothing">{escape(about["alt"])}</p>'})
            elif PLOTLY in data:
                figure = {key: data[PLOTLY][key] for key in ("data", "layout")}
                image = to_data_uri(figure, about["alt"])
                parts.append({**about, "figure": safe_json(figure), "image": image})
            else:
                parts.append({**about, "html": "".join(data["text/html"])})
    return parts, contents


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
