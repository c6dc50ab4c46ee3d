"""What a check of the lake found, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Difference:
    """One place where two things that must agree do not.

    Attributes
    ----------
    check
        A stable word for what was compared.
    where
        The table, file, run, delivery, or item and department that it concerns; never a record or a subject.
    what
        What is wrong.
    expected, found
        The two figures; None where nothing was counted.
    """

    check: str
    where: str
    what: str
    expected: int | None = None
    found: int | None = None


@dataclass
class Verification:
    """What a check of the lake found; `run_no` is None where its files kept the books from being read."""

    run_no: int | None
    compared: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether everything agrees."""
        return not self.differences


def as_lines(found: Verification) -> Iterator[str]:
    """What was found, for people."""
    for one in found.differences:
        figures = "" if one.found is None else f": {one.expected:,} expected, {one.found:,} found"
        yield f"{one.check}  {one.where}: {one.what}{figures}\n"
    if found.run_no is None:
        yield "the books were not compared, because files are missing or damaged\n"
    counted = ", ".join(f"{count:,} {name}" for name, count in found.compared.items())
    summary = "everything agrees" if found.is_whole else f"{len(found.differences):,} differences"
    yield f"{f'run {found.run_no}: {counted}: ' if counted else ''}{summary}\n"


def as_result(found: Verification) -> dict[str, Any]:
    """What was found, for a script."""
    return {
        "run_no": found.run_no,
        "is_whole": found.is_whole,
        "compared": found.compared,
        "differences": [asdict(one) for one in found.differences],
    }
