"""Cases 1 to 6: names that are markup stay names, on the page, in its charts and pictures, and where analysts look."""

from __future__ import annotations

import ast
import base64
import json
import xml.etree.ElementTree as ET
from html import escape
from pathlib import Path

import pytest

from creditlab import __file__ as package
from creditlab.reports.bundle import plotly_bundle
from creditlab.reports.drawing import to_svg
from creditlab.reports.page import safe_json
from creditlab.tables import to_html
from tests.security.hostile import CLOSING, IMAGE, LINK, PICTURE, QUOTES, RUN, TITLE
from tests.security.published import Publication, figures_in, parsed

SOURCES = Path(package).parent


@pytest.mark.parametrize("is_print", [False, True], ids=["page", "paper"])
def test_cases_1_to_4_a_page_has_its_own_elements_only(publication: Publication, *, is_print: bool) -> None:
    found = parsed(publication.printed if is_print else publication.page)
    scripts = [about for tag, about in found.found if tag == "script"]
    addresses = [] if is_print else [plotly_bundle().address, "page.js"]
    own = [{"src": one, "charset": "utf-8"} for one in addresses]
    assert [one for one in scripts if one.get("type") != "application/json"] == own
    assert {tag for tag, _ in found.found}.isdisjoint({"iframe", "object", "embed", "svg", "form", "base"})
    for tag, about in found.found:
        assert not [name for name in about if name.startswith("on")], tag
        assert not about.get("href", "").lower().startswith("javascript:")
        assert tag != "img" or about["src"].startswith("data:image/svg+xml;base64,")
    # They are there, as what they are: texts.
    texts = "".join(found.texts)
    for name in (IMAGE, LINK, CLOSING, PICTURE, QUOTES, TITLE):
        assert name in texts


def test_case_3_charts_carry_names_that_end_no_script(publication: Publication) -> None:
    figures = figures_in(publication.page)
    assert len(figures) == publication.page.count('class="chart"') > 1
    rows = {name for one in figures for name in one["layout"].get("yaxis", {}).get("categoryarray", [])}
    # What is drawn is markup to the library that draws it, so that names are escaped for it too.
    assert "&lt;/script&gt;" in "".join(rows)
    assert not [name for name in rows if "<" in name]


def test_case_3_what_is_embedded_ends_no_script() -> None:
    for text in (CLOSING, "<!--", "]]>", "\u2028", "</SCRIPT "):
        written = safe_json({text: [text]})
        assert not set("<>\u2028\u2029") & set(written)
        assert json.loads(written) == {text: [text]}


def test_case_5_pictures_are_drawn_and_do_nothing(publication: Publication) -> None:
    addresses = [about["src"] for tag, about in parsed(publication.printed).found if tag == "img"]
    assert len(addresses) == len(figures_in(publication.page))
    for address in addresses:
        picture = ET.fromstring(base64.b64decode(address.split(",", 1)[1]))
        kinds = {element.tag.rpartition("}")[2] for element in picture.iter()}
        assert kinds <= {"svg", "title", "text", "tspan", "line", "circle", "path", "polyline", "rect", "g", "polygon"}
        assert not [name for element in picture.iter() for name in element.attrib if name.startswith("on")]


def test_case_5_a_description_is_text_too() -> None:
    picture = ET.fromstring(to_svg({"layout": {"yaxis": {"categoryarray": []}}, "data": []}, PICTURE))
    assert [element.text for element in picture if element.tag.endswith("title")] == [PICTURE]


def test_case_6_analysts_see_tables_that_escape(publication: Publication) -> None:
    tables = [table for section in publication.sections for table in section.tables]
    shown = "".join(to_html(table, publication.sections[0].messages, with_link=False) for table in tables)
    assert escape(RUN) in shown
    assert not [tag for tag, about in parsed(shown).found if tag in ("script", "img", "svg") or "onmouseover" in about]


def test_case_6_no_table_is_written_by_a_library_that_does_not_escape() -> None:
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            # pandas' Styler writes cells as they are; its frames are a look at nothing that has passed the gate.
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("style", "Styler"), f"{path.name}:{node.lineno}"
