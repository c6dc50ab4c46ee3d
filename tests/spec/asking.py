"""Asking the command line as a user would, and what its answers say. All data is synthetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ibis

from creditlab import engine
from creditlab.terms import COUNTS
from tests.spec.tiny import Tiny, row

#: In every delivered cell that could be somebody's, so that it is found wherever it turns up.
MARK = "VERTRAULICH"
OUTCOMES = COUNTS[1:]
MEASURE = ("measure", "--period", "2026Q3", "--as-of", "2026-12-31", "--by", "item_code")
Run = Callable[..., dict[str, Any]]


def marked(record_id: str = "1", **changes: str) -> dict[str, str]:
    """A delivered row whose free texts have the mark in them."""
    return row(f"{MARK}-{record_id}", subject_name=f"{MARK}公司", note=MARK, **changes)


def six(found: dict[str, Any]) -> dict[str, int]:
    """The counts that are not zero; the balance is checked."""
    assert found["delivered"] == sum(found[name] for name in OUTCOMES)
    return {name: found[name] for name in COUNTS if found[name]}


def counts(tiny: Tiny) -> list[dict[str, int]]:
    """The counts that hold of each delivery, in the manifest's order, zeros left out."""
    found = sorted(tiny.table("deliveries"), key=lambda one: (one["manifest_row"], one["path"]))
    for one in found:
        assert one["delivered"] == sum(one[name] for name in OUTCOMES)
    return [{name: one[name] for name in OUTCOMES if one[name]} for one in found]


def quarantined(tiny: Tiny) -> list[tuple[int, str]]:
    return sorted((one["row_no"], one["reason"]) for one in tiny.table("quarantine"))


@contextmanager
def asked_by_default() -> Iterator[Any]:
    """An engine that is asked where tables of one's own making are all that an expression rests on, for the block."""
    before = ibis.options.default_backend
    with engine.connect() as backend:
        ibis.set_backend(backend)
        try:
            yield backend
        finally:
            ibis.options.default_backend = before
