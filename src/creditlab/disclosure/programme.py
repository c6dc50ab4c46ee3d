"""Linear programmes over a system: how far a hidden amount can lie from its true value, and the cheapest way to more.

A reader who holds a publication knows its shown amounts, the sums, that no amount is negative, and that a hidden cell
counts something (a cell of 0 is shown). What is left open to him is a polytope; its width along a cell is that cell's
protection.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from creditlab.disclosure.system import System

_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Goal:
    """Amounts whose sum must stay open, and by how much."""

    places: tuple[int, ...]
    width: float


@dataclass(frozen=True)
class Witness:
    """Two sets of figures that fit a publication as well as the true ones, as changes against these."""

    low: np.ndarray
    high: np.ndarray

    def touches(self, places: np.ndarray) -> bool:
        """Whether it changes one of the amounts."""
        return bool(np.any(np.abs(self.low[places]) > _TOLERANCE) or np.any(np.abs(self.high[places]) > _TOLERANCE))


class Programme:
    """Questions about one system."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.matrix = system.matrix().tocsc()
        counted = system.counted
        #: What can be taken from an amount: a hidden cell still counts 1. Of a ratio, its two amounts share that 1.
        self._least = np.where(counted >= 1, 1.0, 0.0)
        self._is_plain = np.bincount(system.cell_of, minlength=system.cell_count)[system.cell_of] == 1
        self._take = system.amounts - np.where(self._is_plain, self._least[system.cell_of], 0.0)

    def open_to(self, goal: Goal, movable: np.ndarray) -> Witness | None:
        """A witness that the amounts of a goal are open as widely as it asks, when only some amounts may move.

        Parameters
        ----------
        movable
            By amount: whether it is hidden, and nobody who matters knows it.
        """
        places = np.flatnonzero(movable)
        still = np.zeros(len(movable))
        if not movable[list(goal.places)].any():
            return None
        high = self._furthest(goal, places, up=True)
        if high[1] >= goal.width - _TOLERANCE:
            return Witness(still, high[0])
        low = self._furthest(goal, places, up=False)
        return Witness(low[0], high[0]) if high[1] - low[1] >= goal.width - _TOLERANCE else None

    def _furthest(self, goal: Goal, places: np.ndarray, *, up: bool) -> tuple[np.ndarray, float]:
        from scipy.optimize import linprog

        # Beyond what the goal asks nobody looks, and so no answer is without end.
        rows, limits = self._joint(places, 1)
        sign = -1.0 if up else 1.0
        aim = np.zeros(len(places))
        aim[np.searchsorted(places, [one for one in goal.places if one in set(places.tolist())])] = 1.0
        matrix = self._rows(places)
        found = linprog(
            sign * aim,
            A_ub=_stacked([rows, np.atleast_2d(-sign * aim)]),
            b_ub=np.append(limits, goal.width),
            A_eq=matrix,
            b_eq=np.zeros(matrix.shape[0]) if matrix is not None else None,
            bounds=np.column_stack([-self._take[places], np.full(len(places), np.inf)]),
            method="highs",
        )
        change = np.zeros(len(self.system.amounts))
        if found.status == 0:
            change[places] = found.x
        return change, float(change[list(goal.places)].sum())

    def cheapest(self, goal: Goal, movable: np.ndarray, cost: np.ndarray) -> np.ndarray | None:
        """The changes that open a goal upwards at the least cost; None where there are none.

        Parameters
        ----------
        movable
            By amount: whether it is hidden or may be.
        cost
            By amount: what it costs to hide it; 0 where it is hidden anyway.
        """
        from scipy.optimize import linprog

        places = np.flatnonzero(movable)
        count, take = len(places), self._take[places]
        # An amount that can give less than is asked would need company: it costs as much as if it could.
        down = cost[places] / np.clip(np.minimum(take, goal.width), 1e-3, None)
        up = cost[places] / goal.width
        matrix = self._rows(places)
        rows, limits = self._joint(places, 2)
        aim = np.zeros(2 * count)
        at = np.searchsorted(places, goal.places)
        aim[at], aim[count + at] = 1.0, -1.0
        found = linprog(
            np.concatenate([up, down]),
            A_ub=rows,
            b_ub=limits if rows is not None else None,
            A_eq=_stacked([None if matrix is None else _beside(matrix), np.atleast_2d(aim)]),
            b_eq=np.append(np.zeros(0 if matrix is None else matrix.shape[0]), goal.width),
            bounds=np.column_stack(
                [np.zeros(2 * count), np.concatenate([np.full(count, np.inf), np.maximum(take, 0)])]
            ),
            method="highs",
        )
        if found.status != 0:
            return None
        change = np.zeros(len(self.system.amounts))
        change[places] = found.x[:count] - found.x[count:]
        return change

    def parts(self) -> np.ndarray:
        """By cell: the number of the part of the system that it is in; no sum ties two parts together."""
        from scipy.sparse import csr_array, vstack
        from scipy.sparse.csgraph import connected_components

        cells = np.arange(len(self.system.cell_of))
        same = csr_array((np.ones(len(cells)), (self.system.cell_of, cells)), (self.system.cell_count, len(cells)))
        ties = vstack([same, abs(self.matrix)]) @ vstack([same, abs(self.matrix)]).T
        return np.asarray(connected_components(ties, directed=False)[1][: self.system.cell_count])

    def is_witness(self, witness: Witness, goal: Goal, movable: np.ndarray) -> bool:
        """Whether a witness holds: sums as they were, nothing negative, nothing moved that may not, open far enough."""
        for change in (witness.low, witness.high):
            if np.any(np.abs(change[~movable]) > _TOLERANCE):
                return False
            if self.matrix.shape[0] and np.abs(self.matrix @ change).max() > 1e-4:
                return False
            left = self.system.amounts + change
            counted = np.bincount(self.system.cell_of, weights=left, minlength=self.system.cell_count)
            if left.min() < -_TOLERANCE or np.any(counted < self._least - _TOLERANCE):
                return False
        places = list(goal.places)
        return bool(witness.high[places].sum() - witness.low[places].sum() >= goal.width - 1e-4)

    def _rows(self, places: np.ndarray):  # type: ignore[no-untyped-def]
        part = self.matrix[:, places].tocsr()
        part = part[np.flatnonzero(np.diff(part.indptr))]
        return part if part.shape[0] else None

    def _joint(self, places: np.ndarray, sides: int):  # type: ignore[no-untyped-def]
        """What a ratio's two amounts together leave to be taken; `sides` is 2 where ups and downs are apart."""
        from scipy.sparse import csr_array

        cells = self.system.cell_of[places]
        chosen = np.flatnonzero(~self._is_plain[places])
        if not len(chosen):
            return None, np.zeros(0)
        names, rows = np.unique(cells[chosen], return_inverse=True)
        values, columns, lines = [np.full(len(chosen), -1.0)], [chosen], [rows]
        if sides == 2:
            values, columns, lines = [*values, -values[0]], [*columns, chosen + len(places)], [*lines, rows]
        shape = (len(names), sides * len(places))
        matrix = csr_array((np.concatenate(values), (np.concatenate(lines), np.concatenate(columns))), shape=shape)
        return matrix, self.system.counted[names] - self._least[names]


def _stacked(parts):  # type: ignore[no-untyped-def]
    from scipy.sparse import csr_array, vstack

    return vstack([csr_array(one) for one in parts if one is not None], format="csr")


def _beside(matrix):  # type: ignore[no-untyped-def]
    from scipy.sparse import hstack

    return hstack([matrix, -matrix], format="csr")
