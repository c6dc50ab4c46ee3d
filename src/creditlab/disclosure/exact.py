"""The cheapest complementary suppression of a small table, exactly: a mixed-integer programme over all small cells."""

from __future__ import annotations

import numpy as np

from creditlab.disclosure.system import System

#: Small cells times amounts up to which the exact answer is looked for; beyond, it takes longer than anybody waits.
SMALL = 800
#: Branches after which the search is given up; counted, not timed, so that every machine gives the same answer.
_BRANCHES = 400


def cheapest_cells(system: System, primary: np.ndarray, cost: np.ndarray, width: float) -> np.ndarray | None:
    """Which cells to hide at the least cost so that each small one is open upwards, leaning on no other small one.

    Parameters
    ----------
    system
        Plain counts: one amount per cell.
    primary, cost
        By cell: whether it is small; what it costs to hide it.
    width
        By how much each has to stay open.

    Returns
    -------
    numpy.ndarray or None
        By cell: whether it is hidden; None where there is no answer, or it wasn't found in the branches allowed.

    Notes
    -----
    The solver writes a line of its own to standard output now and then, so no command that scripts read calls this.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import block_array, csr_array, eye_array, kron

    small, cells = np.flatnonzero(primary), system.cell_count
    count, matrix = len(small), system.matrix()
    take = np.maximum(system.amounts - 1, 0)
    most = 4 * width
    low, high = np.tile(-take, count).reshape(count, cells), np.full((count, cells), most)
    others = np.tile(primary | (system.counted <= 0), (count, 1))
    low[others], high[others] = 0.0, 0.0
    low[np.arange(count), small] = high[np.arange(count), small] = width
    same = csr_array(np.tile(np.eye(cells), (count, 1)))
    moves = eye_array(count * cells, format="csr")
    none = csr_array((count * matrix.shape[0], cells))
    hidden = np.where(primary, 1.0, 0.0)
    found = milp(
        np.concatenate([np.where(primary, 0.0, cost), np.zeros(count * cells)]),
        constraints=[
            LinearConstraint(block_array([[none, kron(eye_array(count), matrix)]], format="csr"), 0, 0),
            LinearConstraint(block_array([[-most * same, moves]], format="csr"), ub=0),
            LinearConstraint(block_array([[-most * same, -moves]], format="csr"), ub=0),
        ],
        integrality=np.concatenate([np.ones(cells), np.zeros(count * cells)]),
        bounds=Bounds(np.concatenate([hidden, low.ravel()]), np.concatenate([np.ones(cells), high.ravel()])),
        options={"node_limit": _BRANCHES},
    )
    return np.asarray(found.x[:cells] > 0.5) if found.status == 0 else None
