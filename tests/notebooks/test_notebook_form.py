"""A notebook is a page, not a program: what each file may hold."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from creditlab.reports.listing import notebooks_folder, read_listing
from creditlab.reports.parameters import tagged_parameters

NOTEBOOKS = sorted(notebooks_folder().glob("*.ipynb"))
LOGIC = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.For, ast.AsyncFor, ast.While, ast.If, ast.Try,
    ast.With, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.BinOp,
)  # fmt: skip


def code_cells(path: Path) -> list[str]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


#: What analysts work in or copy, and what is served to readers of what was published, is not published.
NOT_PUBLISHED = {"dashboard", "first_hour", "own_report", "trends"}
PUBLISHED = [path for path in NOTEBOOKS if path.stem not in NOT_PUBLISHED]


def test_each_notebook_is_on_the_list() -> None:
    listed = {entry.notebook for entry in read_listing(notebooks_folder()).values()}
    assert listed == set(PUBLISHED)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_has_no_logic_and_imports_creditlab_only(path: Path) -> None:
    sources = code_cells(path)
    assert 1 < len(sources) <= 13
    for source in sources:
        assert source.count("\n") < 8
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, LOGIC), f"{type(node).__name__} in {path.name}"
            if isinstance(node, ast.Import):
                assert all(alias.name.split(".")[0] == "creditlab" for alias in node.names)
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] == "creditlab"


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_has_one_tagged_cell_of_typed_literals(path: Path) -> None:
    listed = {entry.notebook: entry for entry in read_listing(notebooks_folder()).values()}
    assert set(tagged_parameters(path)) == set(listed[path].parameters)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_keeps_no_outputs(path: Path) -> None:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    assert [cell.get("outputs", []) for cell in cells if cell["cell_type"] == "code"] == [[]] * len(code_cells(path))
