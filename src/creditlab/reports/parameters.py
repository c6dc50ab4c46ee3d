"""A notebook's parameters: those it has, those its listing declares and those given must be the same.

papermill itself only warns about an unknown parameter and runs on without a tagged cell, so that a typing mistake
would publish the default. Values come from a small grammar: they name folders and are printed, whatever reads them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from creditlab.errors import ParameterError, PeriodError, ReportError
from creditlab.periods import parse_date, parse_period
from creditlab.reports.listing import ParameterType, ReportEntry
from creditlab.terms import Audience, Language

TAG = "parameters"
#: Letters and digits of any script, and what folders are commonly named with; no quote, backslash, brace or line end.
_PATH = re.compile(r"/[\w/ .,;@+=~#%()\[\]-]*")
_CODE = re.compile(r"[\w-]{1,40}")


def check_parameters(entry: ReportEntry, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values to run a notebook with, after every check.

    Raises
    ------
    ParameterError
        If a parameter is missing, unknown or has a value that isn't of its type.
    ReportError
        If the notebook's tagged cell and the listing don't declare the same parameters.
    """
    declared = set(entry.parameters)
    in_notebook = set(tagged_parameters(entry.notebook))
    if declared != in_notebook:
        differing = sorted(declared ^ in_notebook)
        raise ReportError(
            "the notebook and the list of reports declare different parameters",
            where=f"{entry.notebook.name}, {', '.join(differing)}",
            do="Declare each parameter in the tagged cell and in reports.toml.",
        )
    for names, what in ((set(given) - declared, "unknown"), (declared - set(given), "missing")):
        if names:
            # A name that is no parameter may be anything, so only the report's own are printed.
            where = entry.name if what == "unknown" else f"{entry.name}, {', '.join(sorted(names))}"
            raise ParameterError(f"a parameter is {what}", where=where, do=f"It takes: {', '.join(sorted(declared))}.")
    return {name: _checked(entry, name, given[name]) for name in entry.parameters}


def tagged_parameters(notebook: Path) -> dict[str, Any]:
    """The parameters of the notebook's tagged cell with their defaults.

    Raises
    ------
    ReportError
        If not exactly one code cell has the tag, or it holds more than assignments of literals.
    """
    import json

    try:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
    except (OSError, ValueError, KeyError) as error:
        raise ReportError("the notebook can't be read", where=notebook.name) from error
    tagged = [cell for cell in cells if TAG in cell.get("metadata", {}).get("tags", [])]
    if len(tagged) != 1 or tagged[0].get("cell_type") != "code":
        raise ReportError(
            f"the notebook has {len(tagged)} cells tagged {TAG!r}, not one code cell",
            where=notebook.name,
            do="Tag the one cell that holds its parameters.",
        )
    source = tagged[0]["source"]
    return _literals("".join(source), notebook.name)


def _literals(source: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        for statement in ast.parse(source).body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=key), value=ast.expr() as value):
                    found[key] = ast.literal_eval(value)
                case ast.Assign(targets=[ast.Name(id=key)], value=value):
                    found[key] = ast.literal_eval(value)
                case _:
                    raise ValueError(type(statement).__name__)
    except (SyntaxError, ValueError) as error:
        raise ReportError(
            "the tagged cell holds more than assignments of literals", where=name, do="Move the rest to another cell."
        ) from error
    return found


def _checked(entry: ReportEntry, name: str, value: Any) -> Any:
    kind = entry.parameters[name]
    try:
        return _typed(kind, value)
    except (ValueError, TypeError, PeriodError) as error:
        raise ParameterError(f"a parameter is no {kind}", where=f"{entry.name}, {name}") from error


def _typed(kind: ParameterType, value: Any) -> str | int:
    if kind is ParameterType.INTEGER:
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(kind)
        return value
    text = str(value)
    match kind:
        case ParameterType.PERIOD:
            return parse_period(text).label
        case ParameterType.DATE:
            return parse_date(text).isoformat()
        case ParameterType.AUDIENCE:
            return Audience(text).value
        case ParameterType.LANGUAGE:
            return Language(text).value
        case ParameterType.PATH if _PATH.fullmatch(text):
            return text
        case ParameterType.CODE if _CODE.fullmatch(text):
            return text
    raise ValueError(kind)
