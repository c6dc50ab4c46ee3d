"""What a report's notebook is given: a file beside it, read by a cell whose text is always the same.

papermill writes parameters as code into the notebook it runs. Here no value and no name of a parameter ever becomes
text that is executed, whatever it holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from creditlab.errors import ReportError
from creditlab.reports.parameters import TAG
from creditlab.wholefile import new_private_file

FILE = "parameters.json"
#: It stands behind the notebook's tagged cell, whose defaults it replaces.
CELL = "from creditlab.reports.given import read_given\n\nglobals().update(read_given())"


def write_given(notebook: Path, prepared: Path, parameters: Mapping[str, Any]) -> None:
    """Write the notebook that is run, as `prepared`, and the file with its parameters beside it.

    Parameters
    ----------
    parameters
        Checked values (`check_parameters`), which the notebook's tagged cell declares.
    """
    text = json.loads(notebook.read_text("utf-8"))
    place = next(number for number, cell in enumerate(text["cells"]) if TAG in cell["metadata"].get("tags", []))
    cell: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": CELL}
    # Cells have names since that version of the format, and before it may have none.
    named = {"id": "given"} if text.get("nbformat_minor", 0) >= 5 else {}
    text["cells"].insert(place + 1, cell | named)
    prepared.write_text(json.dumps(text), encoding="utf-8")
    given = prepared.with_name(FILE)
    given.unlink(missing_ok=True)
    with new_private_file(given, "w") as file:
        json.dump(dict(parameters), file)


def read_given(folder: Path | None = None) -> dict[str, Any]:
    """The parameters that a notebook is run with, by name; its folder is the kernel's working folder.

    Raises
    ------
    ReportError
        If there is no such file, or it holds anything else.
    """
    try:
        found = json.loads(((folder or Path.cwd()) / FILE).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError("the notebook's parameters can't be read", where=FILE) from error
    if not isinstance(found, dict):
        raise ReportError("the notebook's parameters can't be read", where=FILE)
    return found
