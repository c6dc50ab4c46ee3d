"""Complementary suppression: how long it takes, and what it costs beside the exact optimum.

    .venv/bin/python -m benchmarks.disclosure

Random synthetic tables from fixed seeds, a quarter of the cells small. Times are this process's own, protection and
audit together.
"""

from __future__ import annotations

import time

import numpy as np

from creditlab.disclosure.complement import Asked, complement
from creditlab.disclosure.exact import SMALL
from creditlab.disclosure.system import System, table_system

Parents = tuple[dict[str, str], dict[str, str]]
WIDTH, SHARE = 10, 0.25


def made_up(rows: int, columns: int, seed: int) -> dict[tuple[str, str], int]:
    chance = np.random.default_rng(seed)
    small = chance.random((rows, columns)) < SHARE
    large = 10 + np.round(np.exp(chance.normal(4.5, 1.0, (rows, columns))))
    table = np.where(small, chance.integers(1, 10, (rows, columns)), large).astype(int)
    return {(f"r{row}", f"c{column}"): int(table[row, column]) for row in range(rows) for column in range(columns)}


def asked_of(system: System, groups: list[tuple[str, ...]], parents: Parents) -> Asked:
    counted = system.counted
    above = [set(one.values()) | {""} for one in parents]
    level = np.array([sum(code in above[place] for place, code in enumerate(group)) for group in groups])
    cost = 16.0**level * (1 + np.log10(1 + counted) / 10)
    nothing = np.zeros(len(counted), bool)
    return Asked((counted > 0) & (counted < WIDTH), nothing, nothing, cost, WIDTH, 1)


def timed(name: str, counts: dict[tuple[str, str], int], parents: Parents = ({}, {})) -> None:
    system, groups = table_system(counts, parents)
    asked = asked_of(system, groups, parents)
    wall, own = time.perf_counter(), time.process_time()
    found = complement(system, asked)
    wall, own = time.perf_counter() - wall, time.process_time() - own
    assert not found.unprotected
    small, hidden = int(asked.primary.sum()), int(found.hidden.sum())
    lost = system.amounts[found.hidden].sum() / system.amounts[:].sum()
    print(f"{name}: {system.cell_count:,} cells with margins, {small} small, {hidden - small} more suppressed, "
          f"{lost:.1%} of what all cells count; {wall:.1f} s ({own:.1f} s of processor)")  # fmt: skip


def against_the_optimum(tables: int = 12) -> None:
    greedy_cells = exact_cells = compared = 0
    for seed in range(tables):
        system, groups = table_system(made_up(4, 5, 100 + seed), ({}, {}))
        asked = asked_of(system, groups, ({}, {}))
        if not 0 < asked.primary.sum() * system.cell_count <= SMALL:
            continue
        small = int(asked.primary.sum())
        greedy_cells += int(complement(system, asked).hidden.sum()) - small
        exact_cells += int(complement(system, asked, exact=True).hidden.sum()) - small
        compared += 1
    print(f"{compared} tables of 4 x 5: {greedy_cells} further cells suppressed greedily, {exact_cells} exactly")


def main() -> None:
    timed("14 x 30", made_up(14, 30, 1))
    cities = {f"r{county}": f"city{county % 11}" for county in range(188)}
    timed("province, 11 cities, 188 counties x 12", made_up(188, 12, 2), (cities, {}))
    against_the_optimum()


if __name__ == "__main__":
    main()
