"""Cases 11 to 13: neither a parameter's name nor its value becomes code, and none is left to a default.

That a name which is not declared, a value outside its grammar and a missing parameter are refused is in
tests/unit/test_reports_parameters.py. Here they have got past all that.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from creditlab.errors import ParameterError, ReportError
from creditlab.reports import given
from creditlab.reports.listing import ReportEntry, notebooks_folder, read_listing
from creditlab.reports.parameters import check_parameters
from creditlab.reports.running import run_notebook

ENTRIES = read_listing(notebooks_folder())
#: Each would end a text that it is pasted into, in one way or another, and go on as a program.
VALUES = ['"; made = 1 #', "'\nmade = 1\n'", "\\", '"""\nmade = 1\n"""', "{made}", "\u2028made = 1", "\x00", "a\r\nb"]
NAME = "made = 1; period"


def cells_of(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_case_11_12_what_is_run_is_the_same_whatever_is_given(entry: ReportEntry, tmp_path: Path) -> None:
    prepared = tmp_path / "prepared.ipynb"
    texts = []
    for value in VALUES:
        given.write_given(entry.notebook, prepared, {NAME: value, value: NAME})
        texts.append(prepared.read_bytes())
        assert given.read_given(tmp_path) == {NAME: value, value: NAME}
    assert len(set(texts)) == 1
    own = cells_of(entry.notebook)
    added = [text for text in cells_of(prepared) if text not in own]
    assert added == [given.CELL]
    # It stands behind the defaults and before whatever uses them.
    place = cells_of(prepared).index(given.CELL)
    assert cells_of(prepared)[:place] + cells_of(prepared)[place + 1 :] == own
    assert "workspace: str" in cells_of(prepared)[place - 1]


def test_case_12_the_kernel_gets_the_very_values(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "id": "a", "metadata": {"tags": ["parameters"]}, "outputs": [], "source": "value = ''"},
        {"cell_type": "code", "id": "b", "metadata": {}, "outputs": [],
         "source": "import json, pathlib\n"
                   "pathlib.Path('seen.json').write_text(json.dumps([value, sorted(globals())]))"},
    ]  # fmt: skip
    notebook = {"cells": [cell | {"execution_count": None} for cell in cells], "metadata": {}, "nbformat": 4}
    path = tmp_path / "own.ipynb"
    path.write_text(json.dumps(notebook | {"nbformat_minor": 5}), encoding="utf-8")
    value = "\n".join(VALUES)
    (tmp_path / "run").mkdir()
    run_notebook(path, tmp_path / "run" / "executed.ipynb", {"value": value})
    seen, names = json.loads((tmp_path / "run" / "seen.json").read_text("utf-8"))
    assert seen == value
    assert "made" not in names
    assert "made = 1" not in "".join(cells_of(tmp_path / "run" / "executed.ipynb"))


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_case_13_a_parameter_too_many_or_too_few_is_refused(entry: ReportEntry) -> None:
    values: dict[str, Any] = {
        "workspace": "/srv/w", "period": "2026Q3", "as_of": "2026-10-20", "audience": "public", "language": "en",
        "run_no": 0, "out": "/srv/out",
    }  # fmt: skip
    for name, kind in entry.parameters.items():
        values.setdefault(name, 1 if str(kind) == "integer" else "x-1")
    assert set(check_parameters(entry, values)) == set(entry.parameters)
    for name in entry.parameters:
        with pytest.raises(ParameterError, match="missing"):
            check_parameters(entry, {key: value for key, value in values.items() if key != name})
    with pytest.raises(ParameterError, match="unknown"):
        check_parameters(entry, {**values, NAME: 1})


def test_case_13_without_its_file_a_notebook_does_not_go_on_with_its_defaults(tmp_path: Path) -> None:
    for text in (None, "[]", "{"):
        if text is not None:
            (tmp_path / given.FILE).write_text(text, encoding="utf-8")
        with pytest.raises(ReportError):
            given.read_given(tmp_path)
