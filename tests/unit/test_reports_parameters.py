"""What may become a parameter of a notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from creditlab.errors import ParameterError, ReportError
from creditlab.reports.listing import ReportEntry, notebooks_folder, read_listing
from creditlab.reports.parameters import check_parameters, tagged_parameters

GIVEN = {
    "workspace": "/srv/信用/workspace 1",
    "period": "2026Q3",
    "as_of": "2026-10-20",
    "audience": "public",
    "language": "zh_CN",
    "run_no": 3,
    "out": "/srv/out",
}


@pytest.fixture
def quarterly() -> ReportEntry:
    return read_listing(notebooks_folder())["quarterly"]


def test_passes_what_is_declared(quarterly: ReportEntry) -> None:
    assert check_parameters(quarterly, GIVEN) == GIVEN


def test_refuses_an_unknown_parameter_and_does_not_print_its_name(quarterly: ReportEntry) -> None:
    with pytest.raises(ParameterError, match="a parameter is unknown") as raised:
        check_parameters(quarterly, {**GIVEN, "quarter=1;import os": 1})
    assert "import os" not in str(raised.value)


def test_refuses_a_missing_parameter(quarterly: ReportEntry) -> None:
    with pytest.raises(ParameterError, match=r"a parameter is missing \[quarterly, as_of\]"):
        check_parameters(quarterly, {key: value for key, value in GIVEN.items() if key != "as_of"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("workspace", 'x"\nimport os'),
        ("workspace", "/srv/it's"),
        ("workspace", "relative"),
        ("workspace", "/srv/{x}"),
        ("out", "/srv/a\\b"),
        ("out", "/srv/a\n"),
        ("period", "2026Q5"),
        ("period", "2026Q3; 1"),
        ("as_of", "20.10.2026"),
        ("audience", "everybody"),
        ("language", "en'"),
        ("run_no", "3"),
        ("run_no", True),
    ],
)
def test_refuses_a_value_outside_its_grammar(quarterly: ReportEntry, name: str, value: Any) -> None:
    with pytest.raises(ParameterError) as raised:
        check_parameters(quarterly, {**GIVEN, name: value})
    assert f"[quarterly, {name}]" in str(raised.value)
    assert str(value) not in str(raised.value).replace("period", "").replace("True", "") or value == "3"


def notebook_with(path: Path, *cells: tuple[str, list[str]]) -> Path:
    made = [
        {"cell_type": "code", "metadata": {"tags": tags}, "source": source, "outputs": []} for source, tags in cells
    ]
    path.write_text(json.dumps({"cells": made}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ((("a = 1", []),), "has 0 cells tagged"),
        ((("a = 1", ["parameters"]), ("b = 1", ["parameters"])), "has 2 cells tagged"),
        ((("import os", ["parameters"]),), "more than assignments"),
        ((("a = open('x')", ["parameters"]),), "more than assignments"),
        ((("a: int", ["parameters"]),), "more than assignments"),
        ((("a =", ["parameters"]),), "more than assignments"),
    ],
)
def test_refuses_a_notebook_without_one_cell_of_literals(
    tmp_path: Path, cells: tuple[tuple[str, list[str]], ...], message: str
) -> None:
    with pytest.raises(ReportError, match=message):
        tagged_parameters(notebook_with(tmp_path / "x.ipynb", *cells))


def test_reads_typed_and_plain_literals(tmp_path: Path) -> None:
    path = notebook_with(tmp_path / "x.ipynb", ('# why\na: str = "x"\nb = -1', ["parameters"]))
    assert tagged_parameters(path) == {"a": "x", "b": -1}


@pytest.mark.parametrize(
    "text",
    [
        'x = "y"',
        '["../x"]\nnotebook = "a.ipynb"\nparameters = {}',
        '[x]\nnotebook = "../a.ipynb"\nparameters = {}',
        '[x]\nnotebook = "a.ipynb"\nparameters = { p = "text" }',
        '[x]\nnotebook = "a.ipynb"\non_request = "yes"\nparameters = {}',
        '[x]\nnotebook = "a.ipynb"',
        "[x",
    ],
)
def test_refuses_a_list_of_reports_without_meaning(tmp_path: Path, text: str) -> None:
    (tmp_path / "notebooks").mkdir()
    for path in (tmp_path / "a.ipynb", tmp_path / "notebooks" / "a.ipynb"):
        path.write_text("{}", encoding="utf-8")
    (tmp_path / "notebooks" / "reports.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ReportError, match=r"reports\.toml"):
        read_listing(tmp_path / "notebooks")
