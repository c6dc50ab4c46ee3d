"""The lake: Delta tables that are only ever appended to, and the state of any day as known at any run."""

from creditlab.lake.beside import commit_beside
from creditlab.lake.reading import (
    Snapshot,
    check_editions,
    editions_text,
    newest_of,
    read_inputs,
    run_known_on,
    take_inputs,
)
from creditlab.lake.store import Lake

__all__ = [
    "Lake",
    "Snapshot",
    "check_editions",
    "commit_beside",
    "editions_text",
    "newest_of",
    "read_inputs",
    "run_known_on",
    "take_inputs",
]
