"""Complementary suppression: which further cells have to be hidden so that no hidden one can be reckoned back.

Greedy linear programming, one small cell after the other; what turned out not to be needed is shown again; and at the
end every promise is audited by its witness, without trusting the way it was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from creditlab.disclosure.exact import SMALL, cheapest_cells
from creditlab.disclosure.programme import Goal, Programme, Witness
from creditlab.disclosure.system import System
from creditlab.errors import InternalError

_MOVED = 1e-6
#: So many times the cheapest cell is dear: then it is worth looking for another way.
_DEAR = 4.0


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to be protected, and what that may cost.

    Parameters
    ----------
    primary
        By cell: it may not be shown, and has to stay open.
    hidden
        By cell: it is hidden whatever else happens.
    known
        By cell: earlier releases showed it, so that hiding it now hides little; it is the last choice.
    cost
        By cell: what it costs to hide it.
    width
        By how much a small cell's count has to stay open.
    part_width
        By how much each part of a small ratio (its numerator, and what it lacks) has to.
    """

    primary: np.ndarray
    hidden: np.ndarray
    known: np.ndarray
    cost: np.ndarray
    width: float
    part_width: float
    #: Pairs: where all cells of the first are hidden, those of the second are hidden too.
    linked: Sequence[tuple[tuple[int, ...], tuple[int, ...]]] = field(default=())
    #: By cell: it was published before and is no part of this release, so it can't be hidden. None: no such cell.
    fixed: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Pattern:
    """What is hidden, and what even that can't protect.

    `unprotected` are small cells which earlier releases, or figures that can't be hidden, give away whatever is done.
    """

    hidden: np.ndarray
    unprotected: tuple[int, ...]


def complement(system: System, asked: Asked, *, exact: bool = False) -> Pattern:
    """Hide further cells until every small one is open as widely as asked.

    Parameters
    ----------
    exact
        Whether to look for the cheapest cells of a small table of counts exactly; else, and where nothing is found, one
        small cell comes after the other.

    Raises
    ------
    InternalError
        If the audit finds a promise that isn't kept; nothing may be shown then.

    Notes
    -----
    No small cell leans on one other small one where that can be helped: whoever that one is about knows it.
    """
    if exact and _is_small(system, asked):
        found = cheapest_cells(system, asked.primary, asked.cost, asked.width)
        if found is not None:
            asked = replace(asked, hidden=asked.hidden | (found & ~asked.primary))
    return _Greedy(system, asked).run()


def _is_small(system: System, asked: Asked) -> bool:
    """Whether it is one table of counts that nothing else is tied to, and small enough."""
    is_plain = len(system.amounts) == system.cell_count and not asked.linked
    is_free = not (asked.known.any() or asked.hidden.any() or (asked.fixed is not None and asked.fixed.any()))
    return is_plain and is_free and 0 < asked.primary.sum() * system.cell_count <= SMALL


class _Greedy:
    def __init__(self, system: System, asked: Asked) -> None:
        self._system, self._asked = system, asked
        self._programme = Programme(system)
        self._hidden = asked.primary | asked.hidden
        self._primary = asked.primary.copy()
        self._counted = system.counted
        self._fixed = np.zeros(system.cell_count, bool) if asked.fixed is None else asked.fixed
        self._kept: dict[tuple[int, Goal], list[Witness]] = {}
        self._part_of = self._programme.parts()
        self._same_as = _same(system)
        self._unprotected: set[int] = set()
        self._leaning: set[int] = set()
        self._given_away: set[int] = set()

    def run(self) -> Pattern:
        self._link()
        before = np.zeros_like(self._hidden)
        while np.any(before != self._hidden):
            before = self._hidden.copy()
            for cell in self._in_order():
                for goal in self._goals(cell):
                    if (cell, goal) not in self._kept:
                        self._protect(cell, goal)
            self._link()
        self._show_again()
        self._audit()
        return Pattern(self._hidden, tuple(sorted(self._unprotected | self._given_away)))

    def _in_order(self) -> list[int]:
        return sorted(np.flatnonzero(self._primary).tolist(), key=lambda cell: (-self._counted[cell], cell))

    def _goals(self, cell: int) -> list[Goal]:
        places = np.flatnonzero(self._system.cell_of == cell)
        goals = [Goal(tuple(places.tolist()), self._asked.width)]
        if len(places) > 1 and self._asked.part_width > 0:
            goals += [Goal((int(one),), self._asked.part_width) for one in places if self._system.amounts[one] > 0]
        return goals

    def _link(self) -> None:
        """Hide what says nearly the same as a hidden cell; beside a small one, it has to stay open like that."""
        for first, second in self._asked.linked:
            if first and self._hidden[list(first)].all():
                others = [one for one in second if self._counted[one] > 0]
                self._hidden[others] = True
                if self._primary[list(first)].any():
                    self._primary[others] = True

    def _protect(self, cell: int, goal: Goal) -> None:
        """Open a goal: by what is hidden anyway, else by the cheapest further cells, else as far as it can be."""
        found = self._open(cell, goal)
        for known in (False, True):
            if found is None:
                may = self._hidden | ((~self._asked.known | known) & ~self._fixed)
                found = self._cheapest(cell, goal, may)
                if found is not None and known:
                    # Hidden again, but readers of earlier releases remember.
                    self._given_away.add(cell)
        if found is None:
            found = self._leant(cell, goal)
            (self._unprotected if found is None else self._leaning).add(cell)
        if found is not None:
            self._kept[cell, goal] = found

    def _open(self, cell: int, goal: Goal) -> list[Witness] | None:
        """A witness by hidden cells alone that rests on no other small cell."""
        alone = self._programme.open_to(goal, self._movable(cell, self._hidden, but=self._primary))
        return None if alone is None else [alone]

    def _open_with_others(self, cell: int, goal: Goal) -> list[Witness] | None:
        """Witnesses by hidden cells alone, so that whoever knows one other small cell still can't tell."""
        first = self._programme.open_to(goal, self._movable(cell, self._hidden, but=np.zeros_like(self._primary)))
        if first is None:
            return None
        found = [first]
        for known in self._leans_on(cell, first):
            other = self._programme.open_to(goal, self._movable(cell, self._hidden, but=self._only(known)))
            if other is None:
                return None
            found.append(other)
        return found

    def _cheapest(self, cell: int, goal: Goal, may: np.ndarray) -> list[Witness] | None:
        """Hide the cheapest cells that open a goal: apart from all small cells or, where that is dear, with some."""
        cost = np.where(self._hidden, 0.0, self._asked.cost * np.where(self._asked.known, 1000.0, 1.0))
        change = self._programme.cheapest(goal, self._movable(cell, may, but=self._primary), cost[self._system.cell_of])
        alone = None if change is None else [Witness(np.zeros_like(change), change)]
        usual = self._asked.cost[~self._hidden].min(initial=1.0)
        if alone is not None and self._price(alone, cost) <= _DEAR * usual:
            best: list[Witness] | None = alone
        elif (free := self._open_with_others(cell, goal)) is not None:
            return free
        else:
            ways = [way for way in (alone, self._with_others(cell, goal, may, cost)) if way is not None]
            best = min(ways, key=lambda way: self._price(way, cost), default=None)
        if best is not None:
            self._hidden[self._moved(*(change for one in best for change in (one.low, one.high)))] = True
        return best

    def _with_others(self, cell: int, goal: Goal, may: np.ndarray, cost: np.ndarray) -> list[Witness] | None:
        still = np.zeros(len(self._system.amounts))
        found: list[Witness] = []
        left: list[np.ndarray] = [np.zeros_like(self._primary)]
        hidden, cost = self._hidden.copy(), cost.copy()
        while left:
            but = left.pop()
            way = self._programme.open_to(goal, self._movable(cell, hidden, but=but))
            if way is None:
                change = self._programme.cheapest(goal, self._movable(cell, may, but=but), cost[self._system.cell_of])
                if change is None:
                    return None
                way = Witness(still, change)
                moved = self._moved(change)
                hidden[moved], cost[moved] = True, 0.0
            found.append(way)
            if len(found) == 1:
                left = [self._only(known) for known in self._leans_on(cell, way)]
        return found

    def _leans_on(self, cell: int, witness: Witness) -> list[int]:
        moved = self._moved(witness.low, witness.high).tolist()
        return [one for one in moved if self._primary[one] and self._same_as[one] != self._same_as[cell]]

    def _only(self, cell: int) -> np.ndarray:
        return self._same_as == self._same_as[cell]

    def _price(self, way: Sequence[Witness], cost: np.ndarray) -> float:
        return float(cost[self._moved(*(one.high for one in way))].sum())

    def _leant(self, cell: int, goal: Goal) -> list[Witness] | None:
        """A witness that may rest on one small cell: all that is left where there is hardly anything else."""
        nobody = np.zeros_like(self._primary)
        found = self._programme.open_to(goal, self._movable(cell, self._hidden, but=nobody))
        if found is None:
            cost = np.where(self._hidden, 0.0, self._asked.cost * np.where(self._asked.known, 1000.0, 1.0))
            movable = self._movable(cell, self._hidden | ~self._fixed, but=nobody)
            change = self._programme.cheapest(goal, movable, cost[self._system.cell_of])
            if change is None:
                return None
            self._hidden[self._moved(change)] = True
            found = Witness(np.zeros_like(change), change)
        return [found]

    def _movable(self, cell: int, cells: np.ndarray, *, but: np.ndarray) -> np.ndarray:
        may = cells & (~but | (self._same_as == self._same_as[cell]))
        may[cell] = True
        # A cell that counts nothing is shown as it is, and opens nothing.
        may &= self._counted > 0
        # What no sum ties to the cell, by whatever detour, has no part in it.
        return may[self._system.cell_of] & (self._part_of[self._system.cell_of] == self._part_of[cell])

    def _moved(self, *changes: np.ndarray) -> np.ndarray:
        moved = np.any([np.abs(one) > _MOVED for one in changes], axis=0)
        return np.unique(self._system.cell_of[moved])

    def _show_again(self) -> None:
        """Cells that were hidden for a small one are shown again where others, hidden later, make up for them."""
        needed = self._primary | self._asked.hidden
        for group in self._asked.linked:
            needed[[one for cells in group for one in cells]] = True
        extra = np.flatnonzero(self._hidden & ~needed).tolist()
        for cell in sorted(extra, key=lambda one: (-self._asked.cost[one], one)):
            places = np.flatnonzero(self._system.cell_of == cell)
            users = [key for key, kept in self._kept.items() if any(one.touches(places) for one in kept)]
            self._hidden[cell] = False
            instead: dict[tuple[int, Goal], list[Witness]] = {}
            for key in users:
                found = self._open(*key)
                if found is None and len(self._kept[key]) > 1:
                    found = self._open_with_others(*key)
                if found is None:
                    self._hidden[cell] = True
                    break
                instead[key] = found
            else:
                self._kept.update(instead)

    def _audit(self) -> None:
        for cell in self._in_order():
            for goal in self._goals(cell):
                if cell not in self._unprotected and not self._is_kept(cell, goal):
                    raise InternalError("a small cell is not as open as was promised; nothing is released")

    def _is_kept(self, cell: int, goal: Goal) -> bool:
        kept = self._kept.get((cell, goal), [])
        movable = self._movable(cell, self._hidden, but=np.zeros_like(self._primary))
        if not kept or not all(self._programme.is_witness(one, goal, movable) for one in kept):
            return False
        leant = [set(self._leans_on(cell, way)) for way in kept]
        return cell in self._leaning or not set.intersection(*leant)


def _same(system: System) -> np.ndarray:
    """By cell: a number that cells share which are one and the same, such as a total and its only part."""
    named = np.arange(system.cell_count)
    for terms in system.relations:
        if len(terms) == 2 and sum(sign for _, sign in terms) == 0:
            one, other = (int(named[system.cell_of[place]]) for place, _ in terms)
            named[named == max(one, other)] = min(one, other)
    return named
