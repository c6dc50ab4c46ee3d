"""Statements as files: new, for their owner only, never among reports, and known again when a subject is erased."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from creditlab.access import log_of
from creditlab.errors import DisclosureError, ParameterError
from creditlab.identifiers import pseudonyms
from creditlab.wholefile import new_private_file

if TYPE_CHECKING:
    from creditlab.rights.statement import Statement
    from creditlab.workspace import Workspace

#: Beside a statement: whose it is, under the access log's pseudonym.
MARK_SUFFIX = ".statement.json"


def check_new(path: Path, reports: Path) -> None:
    """Refuse a place that holds something already, or where reports are published.

    Raises
    ------
    ParameterError
        If there is such a file, or no such folder.
    DisclosureError
        If it lies under the reports' folder.
    """
    if path.exists() or path.is_symlink() or not path.parent.is_dir():
        raise ParameterError("the output file is there already, or its folder is not", where="--output")
    if path.resolve().is_relative_to(reports.resolve()):
        raise DisclosureError("a statement may not lie among the published reports", where="--output")


def write_private(path: Path, text: str, statement: Statement, workspace: Workspace) -> None:
    """Write a statement, and beside it whose it is."""
    subject = pseudonyms(pa.array([statement.who.held]), log_of(workspace).key())[0].as_py()
    mark = {"subject": subject, "run_no": statement.run_no, "as_of": statement.as_of.isoformat()}
    with new_private_file(path.with_name(f"{path.name}{MARK_SUFFIX}"), "w") as file:
        file.write(json.dumps(mark) + "\n")
    with new_private_file(path, "w") as file:
        file.write(text)
