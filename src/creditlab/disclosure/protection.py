"""Protecting a cube: which cells fail by themselves, and which have to be hidden with them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from creditlab.disclosure.cube import GROUP_COLUMNS, Cube, CubeTable
from creditlab.disclosure.identities import BY_REGION, DRAWN, DUTIES, LEVEL, NEARLY_RECORDS, NO_LEVEL, RECORDS
from creditlab.disclosure.ledger import EarlierCell, Key, ReleaseLedger, cell_key
from creditlab.disclosure.policy import Policy
from creditlab.disclosure.verdict import Judgement, Reason, Verdict
from creditlab.terms import Audience

#: A total is asked for more than its parts, and an organisation's figure is nobody's secret: both are hidden last.
_TOTAL_COSTS, _ORGANISATION_COSTS, _MEASURE_COSTS = 16.0, 2.0, 3.0
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Protected:
    """By cell of a cube: whether it is hidden; and what became of all of them."""

    hidden: list[bool]
    judgement: Judgement


def counted(row: Row) -> int:
    """What a cell counts: a ratio's denominator, or the count itself."""
    return int(row["count"] or 0) if row["denominator"] is None else int(row["denominator"])


def protect(cube: Cube, audience: Audience, policy: Policy, ledger: ReleaseLedger) -> Protected:
    """Decide about every cell of a cube.

    Raises
    ------
    InternalError
        If what was promised about a hidden cell doesn't hold; nothing is released then.
    """
    rows = cube.table.to_pylist()
    few = _few(rows, audience, policy)
    judged = [_judge(row, cube, audience, policy, few) for row in rows]
    earlier = {} if cube.is_own else ledger.cells(audience, cube.period)
    for place, row in enumerate(rows):
        before = earlier.get(cell_key(row))
        if before is not None and before.is_hidden and judged[place][0] is Verdict.PASS:
            # Shown now, it would let a reader of the earlier release take it out of what was hidden together with it.
            judged[place] = (Verdict.FAIL, Reason.EARLIER_RELEASE)
    hidden = np.array([verdict is not Verdict.PASS for verdict, _ in judged], dtype=bool)
    unprotected = 0
    if hidden.any() and not cube.is_own:
        hidden, unprotected = _complement(rows, judged, cube, policy, earlier)
        hidden[_drawn(rows, hidden)] = True
    for place in np.flatnonzero(hidden).tolist():
        if judged[place][0] is Verdict.PASS:
            judged[place] = (Verdict.FAIL, Reason.COMPLEMENTARY)
    return Protected(hidden.tolist(), _summary(rows, judged, hidden, unprotected))


def _judge(
    row: Row, cube: Cube, audience: Audience, policy: Policy, few: Set[tuple[Any, str]]
) -> tuple[Verdict, Reason]:
    """What a cell's own rules say of it."""
    measure, count = str(row["measure"]), counted(row)
    item = cube.catalogue.newest_item(row["item_code"]) if cube.catalogue is not None and row["item_code"] else None
    if (
        item is not None
        and measure not in DUTIES
        and not policy.may_see(item.right_to_use, item.security_level, audience)
    ):
        return Verdict.FAIL, Reason.RIGHT_TO_USE
    if row["table"] == CubeTable.STANDINGS:
        is_few = not _says_nothing(row) and 0 < _least(row) < _organisations(policy, audience)
        is_few = is_few or (row["period_start"], row["region_code"]) in few
        return (Verdict.FAIL, Reason.ORGANISATIONS) if is_few else (Verdict.PASS, Reason.NONE)
    if not row["has_natural_persons"] or count == 0:
        return Verdict.PASS, Reason.NONE
    is_rate = row["denominator"] is not None
    if is_rate and count < (policy.rates or policy.threshold)[audience]:
        return Verdict.FAIL, Reason.RATE
    if not is_rate and count < policy.threshold[audience]:
        return Verdict.FAIL, Reason.THRESHOLD
    if is_rate:
        part = min(int(row["numerator"]), count - int(row["numerator"]))
        rules = {
            Reason.ZERO: row["numerator"] == 0,
            Reason.FULL: row["numerator"] == count,
            Reason.SMALL_PART: 0 < part < policy.threshold[audience],
        }
        for rule, is_so in rules.items():
            verdict = policy.verdict(rule, audience, measure, cube.as_of) if is_so else Verdict.PASS
            if verdict is not Verdict.PASS:
                return verdict, rule
    return Verdict.PASS, Reason.NONE


def _organisations(policy: Policy, audience: Audience) -> int:
    return (policy.organisations or policy.threshold)[audience]


def _least(row: Row) -> int:
    """The smallest number of organisations above 0 that a cell tells: of a rate, its numerator or its denominator."""
    return min((one for one in (row["count"], row["numerator"], row["denominator"]) if one), default=0)


def _says_nothing(row: Row) -> bool:
    """Whether a cell counts organisations of a whole province about which nothing is known."""
    return row["measure"] in (LEVEL, BY_REGION) and row["detail"] == NO_LEVEL and not row["region_code"]


def _few(rows: Sequence[Row], audience: Audience, policy: Policy) -> frozenset[tuple[Any, str]]:
    """Regions with so few organisations that nothing of them is shown: period and code."""
    return frozenset(
        (row["period_start"], row["region_code"])
        for row in rows
        if (row["table"], row["measure"], row["detail"]) == (CubeTable.STANDINGS, BY_REGION, "")
        and row["region_code"]
        and 0 < row["count"] < _organisations(policy, audience)
    )


def _complement(
    rows: Sequence[Row],
    judged: Sequence[tuple[Verdict, Reason]],
    cube: Cube,
    policy: Policy,
    earlier: Mapping[Key, EarlierCell],
) -> tuple[np.ndarray, int]:
    from creditlab.disclosure.complement import Asked, complement
    from creditlab.disclosure.system import cube_system

    there = {cell_key(row) for row in rows}
    # What only earlier releases showed can't be hidden any more, but it can be added and subtracted.
    past = [cell.row for key, cell in earlier.items() if key not in there and not cell.is_hidden]
    past += _cut_anew(earlier, policy)
    every = [*rows, *past]
    system = cube_system(every, _wholes(cube, policy))
    now = np.arange(len(every)) < len(rows)
    own = np.array([reason not in (Reason.NONE, Reason.EARLIER_RELEASE) for _, reason in judged], dtype=bool)
    primary, sticky = np.zeros(len(every), bool), np.zeros(len(every), bool)
    primary[: len(rows)] = own
    sticky[: len(rows)] = [reason is Reason.EARLIER_RELEASE for _, reason in judged]
    # A cell of nothing has nothing to be protected, and can't be kept open: 0 is what it looks like.
    primary &= system.counted > 0
    known = np.array([cell_key(row) in earlier and not earlier[cell_key(row)].is_hidden for row in every], dtype=bool)
    asked = Asked(
        primary, sticky, known, _costs(every), policy.count_width, policy.part_width, fixed=~now, linked=_linked(rows)
    )
    found = complement(system, asked)
    hidden = found.hidden[: len(rows)].copy()
    hidden[: len(rows)] |= own
    return hidden, len(found.unprotected)


def _costs(rows: Sequence[Row]) -> np.ndarray:
    """What it costs to hide each cell: totals more than parts, and a large figure a little more than a small one."""
    filled = [sum(bool(row[name]) for name in GROUP_COLUMNS) for row in rows]
    finest: dict[tuple[Any, ...], int] = defaultdict(int)
    for row, number in zip(rows, filled, strict=True):
        key = (row["table"], row["measure"], row["period_start"])
        finest[key] = max(finest[key], number)
    costs = []
    for row, number in zip(rows, filled, strict=True):
        level = finest[row["table"], row["measure"], row["period_start"]] - number
        cost = _TOTAL_COSTS**level * (1 + np.log10(1 + counted(row)) / 10)
        cost *= 1 if row["has_natural_persons"] else _ORGANISATION_COSTS
        costs.append(cost * (_MEASURE_COSTS if row["table"] == CubeTable.MEASUREMENTS else 1))
    return np.array(costs, dtype=np.float64)


def _linked(rows: Sequence[Row]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Where the number of records is hidden, so is what says nearly as much."""
    places: dict[tuple[Any, ...], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for place, row in enumerate(rows):
        if row["table"] == CubeTable.MEASUREMENTS:
            group = (row["period_start"], row["period_end"], *(row[name] for name in GROUP_COLUMNS))
            for which, measures in enumerate((RECORDS, NEARLY_RECORDS)):
                if row["measure"] in measures:
                    places[group][which].append(place)
    return [(tuple(first), tuple(second)) for first, second in places.values() if first and second]


def _drawn(rows: Sequence[Row], hidden: np.ndarray) -> list[int]:
    """Where it is hidden how many organisations have a level, how many have it in most draws says nearly the same."""
    levels = {
        (rows[place]["period_start"], rows[place]["detail"])
        for place in np.flatnonzero(hidden).tolist()
        if rows[place]["measure"] == LEVEL
    }
    return [
        place
        for place, row in enumerate(rows)
        if row["measure"] in DRAWN and (row["period_start"], row["detail"].partition("|")[0]) in levels
    ]


def _wholes(cube: Cube, policy: Policy) -> dict[str, list[tuple[str, list[str]]]]:
    """Regions that are made of others: by the catalogue, and as they were before areas were cut anew."""
    below: dict[str, list[str]] = defaultdict(list)
    for code, region in cube.catalogue.regions.items() if cube.catalogue is not None else ():
        if region.parent:
            below[region.parent].append(code)
    wholes = list(below.items())
    wholes += [(_old_name(one.whole), list(one.parts)) for one in policy.overlaps]
    return {"region_code": wholes}


def _cut_anew(earlier: Mapping[Key, EarlierCell], policy: Policy) -> list[Row]:
    """What was shown of areas before they were cut anew, under names of their own."""
    before = {one.whole: one.before for one in policy.overlaps}
    return [
        {**cell.row, "region_code": _old_name(cell.row["region_code"])}
        for cell in earlier.values()
        if not cell.is_hidden
        and cell.row["region_code"] in before
        and cell.row["as_of"] < before[cell.row["region_code"]]
    ]


def _old_name(code: str) -> str:
    return f"{code} before"


def _summary(
    rows: Sequence[Row], judged: Sequence[tuple[Verdict, Reason]], hidden: np.ndarray, unprotected: int
) -> Judgement:
    numbers = np.array([counted(row) for row in rows], dtype=np.int64)
    return Judgement(dict(Counter(judged)), int(numbers.sum()), int(numbers[hidden].sum()), unprotected)
