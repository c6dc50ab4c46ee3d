"""Read the command line, run one command, and end with the status that scripts rely on."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from creditlab.cli import (
    assessing,
    catalogue,
    examining,
    exploring,
    feedback,
    granting,
    intake,
    lake,
    measuring,
    monitoring,
    profiling,
    proving,
    publishing,
    rights,
    scheduling,
    scoring,
    starting,
)
from creditlab.cli.answer import Answer, Parser
from creditlab.errors import CreditlabError, ExitStatus, storage_error

#: In the order of the help.
_GROUPS = (
    starting,
    catalogue,
    intake,
    measuring,
    profiling,
    assessing,
    scoring,
    feedback,
    monitoring,
    exploring,
    granting,
    publishing,
    scheduling,
    proving,
    rights,
    lake,
    examining,
)
#: New objects between two collections of garbage. Imports and query plans make them by the hundred thousand and leave
#: hardly a cycle; looking every 700 costs a twentieth of a run.
_COLLECTED_AFTER = 100_000


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    gc.set_threshold(_COLLECTED_AFTER)
    given = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in given
    try:
        chosen = _parser().parse_args(given)
        answer: Answer = chosen.run(chosen)
    except CreditlabError as error:
        return _fail(error, as_json=as_json)
    except KeyboardInterrupt:
        sys.stderr.write("creditlab: interrupted; nothing half done is visible\n")
        return ExitStatus.INTERNAL
    except BrokenPipeError:
        return ExitStatus.DONE
    except Exception as error:  # noqa: BLE001 - the last resort: no trace, and so no data, reaches the terminal
        full = storage_error(error, "output")
        return _fail(full, as_json=as_json) if full else _unexpected(error, as_json=as_json)
    sys.stdout.write(json.dumps(answer.result, ensure_ascii=False, default=str) + "\n" if as_json else answer.text)
    return answer.status


def _fail(error: CreditlabError, *, as_json: bool) -> int:
    if as_json:
        said = {"error": error.code, "what": error.what, "where": error.where, "do": error.do}
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    sys.stderr.write(f"creditlab: {error}\n")
    return error.exit_status


def _unexpected(error: Exception, *, as_json: bool) -> int:
    """Say where, not what: an unexpected error's own text may hold data."""
    if os.environ.get("CREDITLAB_TRACEBACK"):
        traceback.print_exc()
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    if as_json:
        sys.stdout.write(json.dumps({"error": "internal", "what": type(error).__name__, "where": where}) + "\n")
    sys.stderr.write(
        f"creditlab: internal: {type(error).__name__} [{where}]. Nothing half done is visible. "
        "Set CREDITLAB_TRACEBACK=1 for the whole trace; it may show data.\n"
    )
    return ExitStatus.INTERNAL


def _parser() -> argparse.ArgumentParser:
    common = Parser(add_help=False)
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object")
    parser = Parser(prog="creditlab", description="Public-credit analytics workbench", parents=[common])
    parser.add_argument("--workspace", type=Path, default=Path(), help="the workspace's folder (default: this one)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    def command(name: str, run: Callable[[argparse.Namespace], Answer], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text, parents=[common])
        added.set_defaults(run=run)
        return added

    for group in _GROUPS:
        group.register(command)
    return parser
