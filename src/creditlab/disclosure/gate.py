"""The gate: nothing is shown, drawn or written before it passed `release`."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from creditlab.disclosure.cube import CUBE_SCHEMA, GROUP_COLUMNS, Cube, ratio
from creditlab.disclosure.ledger import ReleaseEntry, ReleaseLedger
from creditlab.disclosure.policy import Policy
from creditlab.disclosure.protection import protect
from creditlab.disclosure.verdict import Judgement
from creditlab.errors import DisclosureError
from creditlab.periods import Period, parse_period
from creditlab.terms import Audience, Measure


class Marker(StrEnum):
    """What stands beside a cell's numbers: nothing, or why there are none. The value is what a reader sees."""

    NONE = ""
    SUPPRESSED = "[c]"


#: Measures that don't add up: a cell or subject counted in two parts may be one and the same.
NOT_ADDITIVE = frozenset(
    {Measure.COVERAGE_CELLS, Measure.COVERAGE_ITEMS, Measure.COVERAGE_SUBJECTS, Measure.CURRENTNESS}
)

#: CUBE_SCHEMA with the marker; whose items are in a cell is the gate's business and stays behind it.
RELEASE_SCHEMA = pa.schema(
    [one for one in CUBE_SCHEMA if one.name != "has_natural_persons"]
    + [pa.field("marker", pa.string(), nullable=False)]
)
_NUMBERS = ("numerator", "denominator", "count", "ratio")
_SEAL = object()


@dataclass(frozen=True, eq=False)
class Release:
    """Figures that passed disclosure control for one audience.

    Only `release` makes one; selections and sums of a release are releases too, because they tell nothing that the
    release doesn't.

    Parameters
    ----------
    table
        RELEASE_SCHEMA. A suppressed cell keeps its place; its numbers are null and its marker is `[c]`.
    audience
        For whom it was protected.
    policy_digest
        Digest of the policy that was applied.
    period, as_of, run_no
        What the figures are about: the period, the day of the state, the run of the lake.
    sha256
        Checksum of the whole release; a selection keeps that of the release it was taken from.
    judgement
        What became of the cells, and what that costs; no reader is told.
    """

    table: pa.Table
    audience: Audience
    policy_digest: str
    period: Period
    as_of: date
    run_no: int
    sha256: str
    judgement: Judgement = field(default_factory=Judgement, repr=False)
    _seal: object = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            raise DisclosureError("figures reach a reader through the gate only", do="Call disclosure.release.")

    @property
    def is_internal(self) -> bool:
        """Whether the figures may not leave the institution."""
        return self.audience is Audience.INTERNAL

    @property
    def entry(self) -> ReleaseEntry:
        """What the ledger keeps of it."""
        return ReleaseEntry(self.audience, self.period.label, self.as_of, self.run_no, self.policy_digest, self.sha256)

    def select(self, *, by: Sequence[str] | None = None, **wanted: Any) -> Release:
        """The cells with the values wanted, as a release.

        Parameters
        ----------
        by
            Keep the cells of one grouping only: these group columns are filled, the others empty; () for totals.
        **wanted
            Column = value, or column = a list of values.
        """
        table, asked = self.table, []
        for column, value in wanted.items():
            values = list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
            kind = RELEASE_SCHEMA.field(column).type
            asked.append(pc.is_in(table[column], value_set=pa.array(values, kind)))
        if by is not None:
            for column in GROUP_COLUMNS:
                is_all = pc.equal(table[column], "")
                asked.append(pc.invert(is_all) if column in by else is_all)
        # Cells are copied once, however much is asked of them.
        if asked:
            table = table.filter(reduce(pc.and_, asked))
        return replace(self, table=table)

    def joined(self, other: Release) -> Release:
        """The cells of two selections of one release.

        Raises
        ------
        DisclosureError
            If the other is of another release: what was not protected together is not shown together.
        """
        if other.entry != self.entry:
            raise DisclosureError("cells of two releases can't be put together", do="Take both from one release.")
        return replace(self, table=pa.concat_tables([self.table, other.table]))

    def rows(self) -> list[dict[str, Any]]:
        """The cells as dictionaries, in the order of their table, measure, period and group."""
        keys = ("table", "measure", "period_start", *GROUP_COLUMNS)
        return self.table.sort_by([(key, "ascending") for key in keys]).to_pylist()

    def sum(self, by: Sequence[str] = ()) -> Release:
        """Add cells up to a coarser grouping, for one who holds the release only.

        Parameters
        ----------
        by
            The group columns to keep.

        Returns
        -------
        Release
            One cell per table, measure, period and group; a sum over a suppressed cell is suppressed.

        Raises
        ------
        DisclosureError
            If a measure doesn't add up, or cells of several groupings are mixed, so that something counted twice.
        """
        mixed = {
            tuple(bool(row[column]) for column in GROUP_COLUMNS) for row in self.table.select(GROUP_COLUMNS).to_pylist()
        }
        if len(mixed) > 1:
            raise DisclosureError("cells of several groupings can't be added", do="Select one grouping first.")
        inadditive = sorted(NOT_ADDITIVE & set(self.table["measure"].to_pylist()))
        if inadditive:
            raise DisclosureError(
                "the measure doesn't add up", where=inadditive[0], do="Take its own row of the release."
            )
        table = self.table
        for column in GROUP_COLUMNS:
            if column not in by:
                place = table.schema.get_field_index(column)
                table = table.set_column(place, table.schema.field(place), pa.array([""] * table.num_rows, pa.string()))
        keys = [one for one in RELEASE_SCHEMA.names if one not in (*_NUMBERS, "is_provisional", "marker")]
        table = table.append_column("is_hidden", pc.equal(table["marker"], Marker.SUPPRESSED.value))
        some = pc.ScalarAggregateOptions(min_count=1)
        sums = [(name, "sum", some) for name in ("numerator", "denominator", "count")]
        grouped = table.group_by(keys).aggregate([*sums, ("is_provisional", "any"), ("is_hidden", "any")])
        named = {name: grouped[name] for name in keys}
        named |= {name: grouped[f"{name}_sum"] for name in ("numerator", "denominator", "count")}
        named["ratio"] = ratio(named["numerator"], named["denominator"])
        named["is_provisional"] = grouped["is_provisional_any"]
        return replace(self, table=_suppress(named, grouped["is_hidden_any"]))


def release(cube: Cube, audience: Audience, policy: Policy, ledger: ReleaseLedger) -> Release:
    """Protect a publication's figures for an audience.

    Parameters
    ----------
    cube
        Every figure of the publication at once: cells that are protected one by one give each other away.
    audience
        Who will read it.
    policy
        The numbers that the rules need.
    ledger
        What was released before: a reader adds and subtracts across publications.

    Returns
    -------
    Release
        The same cells with a marker. A suppressed cell has the marker `[c]` and null numbers. Suppressed are cells to
        which items that cover natural persons contribute and which count more than 0 and fewer than the policy's
        threshold; what else the policy doesn't let pass; and further cells, so that no suppressed one can be reckoned
        back from totals, from other measures or from earlier releases more closely than the policy allows.

    Raises
    ------
    InternalError
        If the audit of the suppressed cells finds one that is not as open as promised.

    Notes
    -----
    Article 4: personal privacy must not be infringed. The count is the denominator of a ratio, or the count itself.
    """
    audience = Audience(audience)
    table = cube.table
    protected = protect(cube, audience, policy, ledger)
    columns = {name: table[name] for name in CUBE_SCHEMA.names if name != "has_natural_persons"}
    if policy.rounding_base > 1:
        columns |= _rounded(columns, table["has_natural_persons"], policy.rounding_base)
    released = _suppress(columns, pa.chunked_array([pa.array(protected.hidden, pa.bool_())]))
    return Release(
        released, audience, policy.digest, cube.period, cube.as_of, cube.run_no, _checksum(released),
        protected.judgement, _SEAL,
    )  # fmt: skip


def released_again(table: pa.Table, entry: ReleaseEntry) -> Release:
    """A release from cells that were put aside, for who shows the same figures in several reports.

    Parameters
    ----------
    table
        RELEASE_SCHEMA: all cells of the release, as `release` gave them.
    entry
        What the ledger keeps of it.

    Raises
    ------
    DisclosureError
        If the cells are not those that the entry's checksum was taken of.
    """
    if table.schema != RELEASE_SCHEMA or _checksum(table) != entry.release_sha256:
        raise DisclosureError("cells that were put aside are not the release's", do="Publish again.")
    return Release(
        table, entry.audience, entry.policy_digest, parse_period(entry.period), entry.as_of, entry.run_no,
        entry.release_sha256, _seal=_SEAL,
    )  # fmt: skip


def require_release(value: object) -> Release:
    """Give back a release, and refuse anything else.

    Raises
    ------
    DisclosureError
        If it is none: figures before disclosure control can't be drawn, shown or written.
    """
    if not isinstance(value, Release):
        raise DisclosureError("only a release can be shown", where=type(value).__name__, do="Call disclosure.release.")
    return value


def _suppress(columns: dict[str, Any], hidden: pa.ChunkedArray) -> pa.Table:
    named = dict(columns)
    for name in _NUMBERS:
        named[name] = pc.if_else(hidden, pa.scalar(None, RELEASE_SCHEMA.field(name).type), named[name])
    named["marker"] = pc.if_else(hidden, Marker.SUPPRESSED.value, Marker.NONE.value)
    return pa.table([named[name] for name in RELEASE_SCHEMA.names], schema=RELEASE_SCHEMA)


def _rounded(columns: dict[str, Any], is_rounded: pa.ChunkedArray, base: int) -> dict[str, Any]:
    """Counts with natural persons in them as multiples of a base, and the ratios of those."""
    found = {}
    for name in ("numerator", "denominator", "count"):
        nearest = pc.multiply(pc.divide(pc.add(columns[name], base // 2), base), base)
        found[name] = pc.if_else(is_rounded, nearest, columns[name])
    found["ratio"] = ratio(found["numerator"], found["denominator"])
    return found


def _checksum(table: pa.Table) -> str:
    keys: Iterable[str] = ("table", "measure", "period_start", *GROUP_COLUMNS)
    text = io.BytesIO()
    pa_csv.write_csv(table.sort_by([(key, "ascending") for key in keys]), text)
    return hashlib.sha256(text.getvalue()).hexdigest()
