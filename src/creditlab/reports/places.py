"""Where the units of a province lie to each other, for a map of tiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: By region code: row and column, from the north-west.
_PLACES: Mapping[str, tuple[int, int]] = {
    "130700": (1, 2), "130800": (1, 4),
    "131000": (2, 3), "130200": (2, 4), "130300": (2, 5),
    "130600": (3, 2), "133100": (3, 3), "130900": (3, 4),
    "130100": (4, 1), "130682": (4, 2), "130181": (4, 3), "131100": (4, 4),
    "130500": (5, 2), "130400": (6, 2),
}  # fmt: skip
_COLUMNS = 5


def places(codes: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Row and column of each unit's tile; units without a place of their own follow below, in the order given."""
    found: dict[str, tuple[int, int]] = {}
    unplaced = []
    for code in codes:
        if code in _PLACES:
            found[code] = _PLACES[code]
        else:
            unplaced.append(code)
    below = max((row for row, _ in found.values()), default=0) + 1
    for number, code in enumerate(unplaced):
        found[code] = (below + number // _COLUMNS, 1 + number % _COLUMNS)
    return found
