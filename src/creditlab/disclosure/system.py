"""What a reader can reckon from a publication: its figures as unknowns, and the sums that tie them together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from creditlab.disclosure.cube import GROUP_COLUMNS, CubeTable
from creditlab.disclosure.identities import (
    BY_LEVEL,
    BY_REGION,
    CAME,
    EQUAL_DENOMINATORS,
    EQUAL_PARTS,
    HIGHER,
    INFORMATION,
    LEVEL,
    LOWER,
    MISSING_PREFIX,
    MISSING_VALUES,
    MOVED,
    NO_LEVEL,
    OF_THOSE_WITH_A_LEVEL,
    OUTCOME,
    ROW_SUMS,
    SAME,
    WENT,
)
from creditlab.errors import InternalError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Group = tuple[str, ...]
#: Table, measure, first day of the period.
Key = tuple[str, str, Any]
#: Some of the unknowns, each with its sign; a relation's terms add up to 0.
Terms = list[tuple[int, float]]


@dataclass(frozen=True, eq=False)
class System:
    """Cells, the amounts that they are made of, and the sums that hold between amounts.

    A count is one amount; a ratio is two, its numerator and what that lacks to the denominator. So none is negative,
    and a numerator is never above its denominator.

    Parameters
    ----------
    amounts
        The true amounts.
    cell_of
        By amount: the place of its cell.
    relations
        One per sum that a reader knows to hold.
    cell_count
        How many cells there are.
    """

    amounts: np.ndarray
    cell_of: np.ndarray
    relations: tuple[Terms, ...]
    cell_count: int

    @property
    def counted(self) -> np.ndarray:
        """By cell: what it counts, which is a ratio's denominator or the count itself."""
        return np.bincount(self.cell_of, weights=self.amounts, minlength=self.cell_count)

    def matrix(self) -> csr_array:
        """The relations as a matrix: one row per relation, one column per amount."""
        from scipy.sparse import csr_array

        lines = [len(terms) for terms in self.relations]
        rows = np.repeat(np.arange(len(lines)), lines)
        columns = np.array([place for terms in self.relations for place, _ in terms], dtype=np.int64)
        signs = np.array([sign for terms in self.relations for _, sign in terms], dtype=np.float64)
        return csr_array((signs, (rows, columns)), shape=(len(lines), len(self.amounts)))


def table_system(
    counts: Mapping[Group, int], parents: Sequence[Mapping[str, str]], whole: str = ""
) -> tuple[System, list[Group]]:
    """The system of one table of counts with margins and hierarchies.

    Parameters
    ----------
    counts
        By a tuple of codes, one per dimension: the finest cells.
    parents
        By dimension: the parent of each code; a code without one belongs to `whole`.
    whole
        The code of all in a dimension.

    Returns
    -------
    System, list
        The system, and the codes of its cells, margins included, in the order of their places.
    """

    def above(place: int, code: str) -> str | None:
        return None if code == whole else parents[place].get(code, whole)

    totals: dict[Group, int] = defaultdict(int)
    for codes, count in counts.items():
        lines: list[Group] = [()]
        for place, code in enumerate(codes):
            chain: list[str] = []
            at: str | None = code
            while at is not None:
                chain.append(at)
                at = above(place, at)
            lines = [(*line, one) for line in lines for one in chain]
        for line in lines:
            totals[line] += count
    groups = list(totals)
    places = {group: place for place, group in enumerate(groups)}
    relations: list[Terms] = []
    for dimension in range(len(parents)):
        parts: dict[Group, list[int]] = defaultdict(list)
        for group, place in places.items():
            parent = above(dimension, group[dimension])
            if parent is not None:
                parts[(*group[:dimension], parent, *group[dimension + 1 :])].append(place)
        relations += [[(places[group], -1.0), *((one, 1.0) for one in below)] for group, below in parts.items()]
    amounts = np.array([totals[group] for group in groups], dtype=np.float64)
    return System(amounts, np.arange(len(groups)), tuple(relations), len(groups)), groups


def cube_system(
    rows: Sequence[Mapping[str, Any]], wholes: Mapping[str, Sequence[tuple[str, Sequence[str]]]] | None = None
) -> System:
    """The system of a publication's cube: totals and parts, and what measures have in common.

    Parameters
    ----------
    rows
        Cells of CUBE_SCHEMA; their order is that of the cells.
    wholes
        By group column: codes, each with those that it is made of, where a publication shows both. They may overlap.

    Notes
    -----
    A sum is a relation where it holds: where a total has parts that the cube lacks, nobody can take them away.
    """
    return _Builder(rows, wholes or {}).build()


class _Builder:
    def __init__(
        self, rows: Sequence[Mapping[str, Any]], wholes: Mapping[str, Sequence[tuple[str, Sequence[str]]]]
    ) -> None:
        self._wholes = wholes
        self._amounts: list[int] = []
        self._cell_of: list[int] = []
        self._relations: list[Terms] = []
        #: By key and group: the places of the cell's amounts.
        self._places: dict[Key, dict[Group, list[int]]] = defaultdict(dict)
        for cell, row in enumerate(rows):
            group = tuple(str(row[column]) for column in GROUP_COLUMNS)
            key = (str(row["table"]), str(row["measure"]), row["period_start"])
            self._places[key][group] = [self._add(cell, amount) for amount in _amounts(row)]
        self._cells = len(rows)

    def build(self) -> System:
        for places in self._places.values():
            self._groupings(places)
            self._hierarchies(places)
        periods = sorted({key[2] for key in self._places})
        for period in periods:
            self._identities(period)
        for earlier, period in pairwise([None, *periods]):
            self._standings(period, earlier)
        amounts = np.array(self._amounts, dtype=np.float64)
        return System(amounts, np.array(self._cell_of, dtype=np.int64), tuple(self._relations), self._cells)

    def _add(self, cell: int, amount: int) -> int:
        self._amounts.append(amount)
        self._cell_of.append(cell)
        return len(self._amounts) - 1

    def _relate(self, terms: Terms) -> None:
        if len(terms) > 1 and sum(sign * self._amounts[place] for place, sign in terms) == 0:
            self._relations.append(terms)

    def _add_up(self, whole: Sequence[int], parts: Iterable[Sequence[int]]) -> None:
        for place, below in zip(whole, zip(*parts, strict=True), strict=True):
            self._relate([(place, -1.0), *((one, 1.0) for one in below)])

    def _groupings(self, places: Mapping[Group, list[int]]) -> None:
        """Totals over parts of a finer grouping."""
        by_shape: dict[tuple[bool, ...], list[Group]] = defaultdict(list)
        for group in places:
            by_shape[tuple(map(bool, group))].append(group)
        for coarse, wholes in by_shape.items():
            for fine, parts in by_shape.items():
                if coarse == fine or any(is_in and not is_finer for is_in, is_finer in zip(coarse, fine, strict=True)):
                    continue
                below: dict[Group, list[list[int]]] = defaultdict(list)
                for group in parts:
                    whole = tuple(code if is_in else "" for code, is_in in zip(group, coarse, strict=True))
                    below[whole].append(places[group])
                for whole in wholes:
                    if below[whole]:
                        self._add_up(places[whole], below[whole])

    def _hierarchies(self, places: Mapping[Group, list[int]]) -> None:
        """Codes that are made of others."""
        for column, wholes in self._wholes.items():
            at = GROUP_COLUMNS.index(column)
            by_code: dict[str, list[Group]] = defaultdict(list)
            for group in places:
                by_code[group[at]].append(group)
            for whole, codes in wholes:
                for group in by_code.get(whole, ()):
                    parts = [(*group[:at], code, *group[at + 1 :]) for code in codes]
                    there = [places[one] for one in parts if one in places]
                    if there:
                        self._add_up(places[group], there)

    def _identities(self, period: Any) -> None:
        """What is the same by definition, whatever table it stands in."""

        def cells(table: CubeTable, measure: str) -> Mapping[Group, list[int]]:
            return self._places.get((str(table), str(measure), period), {})

        for table, whole, parts in ROW_SUMS:
            for group, own in cells(table, whole).items():
                others = [cells(table, one).get(group) for one in parts]
                if all(others):
                    self._add_up(own, [one for one in others if one])
        for (table, one), (other_table, other) in EQUAL_DENOMINATORS:
            for group, own in cells(table, one).items():
                same = cells(other_table, other).get(group)
                if same:
                    self._relate([*((place, 1.0) for place in own), *((place, -1.0) for place in same)])
        self._faulty(cells)
        for group, valid in cells(CubeTable.MEASUREMENTS, "validity").items():
            # What validity counts above the records are the rows in quarantine.
            records = cells(CubeTable.MEASUREMENTS, "timeliness").get(group)
            quarantined = cells(CubeTable.DELIVERIES, "quarantined").get(group)
            if records and quarantined:
                terms = [*((place, 1.0) for place in valid), *((place, -1.0) for place in records)]
                self._relate([*terms, *((place, -1.0) for place in quarantined)])

    def _standings(self, period: Any, earlier: Any) -> None:
        """Organisations by level, however else they are counted."""

        def cells(measure: str, start: Any = period, table: CubeTable = CubeTable.STANDINGS) -> dict[str, list[int]]:
            found = self._places.get((str(table), measure, start), {})
            return {detail: places for (*others, detail), places in found.items() if not any(others)}

        levels, before, groups = cells(LEVEL), cells(LEVEL, earlier), cells(BY_REGION)
        for group, places in groups.items():
            of_group = [levels[one] for one in group.split(",") if one in levels]
            if of_group:
                self._add_up(places, of_group)
        for measure in BY_LEVEL:
            self._crossed(cells(measure), groups, -1)
        moved = cells(MOVED)
        crossed = {detail: places for detail, places in moved.items() if "|" in detail}
        self._crossed(crossed, levels, -1)
        self._crossed(crossed, before, 0)
        for found, besides in ((levels, CAME), (before, WENT)):
            there = [moved[one][0] for one in (HIGHER, SAME, LOWER, besides) if one in moved]
            if there and "" in found:
                none = [(place, 1.0) for place in found.get(NO_LEVEL, ())]
                self._relate([(found[""][0], -1.0), *none, *((one, 1.0) for one in there)])
        outcomes = cells(OUTCOME)
        grades = {detail[:-1]: places for detail, places in outcomes.items() if detail.endswith("|")}
        self._crossed({detail: one for detail, one in outcomes.items() if not detail.endswith("|")}, grades, 0)
        known = cells(INFORMATION, table=CubeTable.ASSESSMENTS).get("")
        if known is None or "" not in levels:
            return
        self._relate([(levels[""][0], -1.0), (known[0], 1.0), (known[1], 1.0)])
        if NO_LEVEL in levels:
            self._relate([(levels[NO_LEVEL][0], -1.0), (known[1], 1.0)])
        for measure in OF_THOSE_WITH_A_LEVEL:
            for places in cells(measure, table=CubeTable.ASSESSMENTS).values():
                self._relate([(known[0], -1.0), *((one, 1.0) for one in places)])

    def _crossed(self, parts: Mapping[str, list[int]], totals: Mapping[str, list[int]], side: int) -> None:
        """Counts of two things at once, added up over the one that is not on that side."""
        below: dict[str, list[list[int]]] = defaultdict(list)
        for detail, places in parts.items():
            below[detail.split("|")[side]].append(places)
        for code, there in below.items():
            if code in totals:
                self._add_up(totals[code], there)

    def _faulty(self, cells: Any) -> None:
        """What a ratio lacks is counted by fault as well."""
        faults = cells(CubeTable.FAULTS, "record_count")
        by_group: dict[Group, dict[str, int]] = defaultdict(dict)
        for group, own in faults.items():
            by_group[(*group[:-1], "")][group[-1]] = own[0]
        for group, counted in by_group.items():
            for measure, fault in EQUAL_PARTS:
                own = cells(CubeTable.MEASUREMENTS, measure).get(group)
                if own and fault in counted:
                    self._relate([(own[1], -1.0), (counted[fault], 1.0)])
            own = cells(CubeTable.MEASUREMENTS, MISSING_VALUES).get(group)
            missing = [place for fault, place in counted.items() if fault.startswith(MISSING_PREFIX)]
            if own and missing:
                self._relate([(own[1], -1.0), *((place, 1.0) for place in missing)])


def _amounts(row: Mapping[str, Any]) -> tuple[int, ...]:
    if row["denominator"] is None:
        return (int(row["count"] or 0),)
    numerator, denominator = int(row["numerator"]), int(row["denominator"])
    if not 0 <= numerator <= denominator:
        raise InternalError("a ratio is not between 0 and 1", where=str(row["measure"]))
    return (numerator, denominator - numerator)
