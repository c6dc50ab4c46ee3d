"""The release ledger: what has left the gate before, so that what leaves next is protected beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from creditlab.disclosure.cube import GROUP_COLUMNS
from creditlab.periods import Period, parse_period
from creditlab.terms import Audience

if TYPE_CHECKING:
    import pyarrow as pa

#: Who else reads what is released for an audience: what the public knows everybody knows.
_KNOWN_TO = {
    Audience.PUBLIC: (Audience.PUBLIC,),
    Audience.GOVERNMENT: (Audience.PUBLIC, Audience.GOVERNMENT),
    Audience.INTERNAL: tuple(Audience),
}
Key = tuple[Any, ...]


@dataclass(frozen=True)
class ReleaseEntry:
    """One release: what it was of, for whom, under which policy.

    `release_sha256` is taken after protection. A checksum of the figures before it would let a reader try out values
    for a suppressed cell until the checksum fits.
    """

    audience: Audience
    period: str
    as_of: date
    run_no: int
    policy_digest: str
    release_sha256: str

    def as_json(self) -> dict[str, Any]:
        """The entry as a manifest carries it."""
        return {**asdict(self), "as_of": self.as_of.isoformat()}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> ReleaseEntry:
        """Read an entry back from a manifest."""
        return cls(
            Audience(content["audience"]),
            str(content["period"]),
            date.fromisoformat(content["as_of"]),
            int(content["run_no"]),
            str(content["policy_digest"]),
            str(content["release_sha256"]),
        )


@dataclass(frozen=True)
class EarlierCell:
    """A cell as earlier releases left it: shown once is known for ever, whatever was hidden of it since."""

    row: Mapping[str, Any]
    is_hidden: bool


@dataclass(frozen=True)
class ReleaseLedger:
    """The releases that were published, oldest first.

    Parameters
    ----------
    entries
        One per publication.
    read
        Gives an entry's released cells by its place (RELEASE_SCHEMA, protected as they were published); None where
        they weren't kept.
    """

    entries: tuple[ReleaseEntry, ...] = ()
    read: Callable[[int], pa.Table | None] = field(default=lambda _: None, compare=False)

    def cells(self, audience: Audience, period: Period) -> dict[Key, EarlierCell]:
        """What readers of an audience have seen before of figures that a publication about a period may show again.

        Returns
        -------
        dict
            By what a cell is about: its newest row that was shown; where it never was, that it is hidden.
        """
        found: dict[Key, EarlierCell] = {}
        for place, entry in enumerate(self.entries):
            # Two publications of one release may each show another part of it, so both are read.
            if entry.audience not in _KNOWN_TO[audience] or not _is_near(entry, period):
                continue
            table = self.read(place)
            for row in table.to_pylist() if table is not None else ():
                _note(found, row)
        return found


def cell_key(row: Mapping[str, Any]) -> Key:
    """What a cell is about, in whichever release it stands."""
    groups = (row[name] for name in GROUP_COLUMNS)
    return (str(row["table"]), str(row["measure"]), row["period_start"], row["period_end"], *groups)


def _note(found: dict[Key, EarlierCell], row: Mapping[str, Any]) -> None:
    key, is_hidden = cell_key(row), bool(row["marker"])
    if not is_hidden or key not in found:
        # Whose items are in it was never said.
        found[key] = EarlierCell({**row, "has_natural_persons": False}, is_hidden)


def _is_near(entry: ReleaseEntry, period: Period) -> bool:
    """Whether two publications can have figures of the same days: each has those of the periods it compares with."""
    ours, theirs = _shown(period), _shown(parse_period(entry.period))
    return any(one.start < other.end and other.start < one.end for one in ours for other in theirs)


def _shown(period: Period) -> tuple[Period, ...]:
    """A publication's period, the one before it, and the same of the year before."""
    return period, period.previous(), period.year_before()
