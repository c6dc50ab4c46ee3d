"""Why regions differ: more records per organisation, or graver ones (a decomposition after Kitagawa).

What is taken from an average organisation is its records times the points of a record. The difference from the
province is then, exactly, a part for the number and a part for the gravity, each at the mean of the other.
Whether a region has more records because its organisations do worse or because its departments report more, no
assessment can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Held:
    """What is held against the organisations of a region, or of the province.

    Attributes
    ----------
    subjects, records
        Organisations, and records that count against them.
    points
        Milli-points that these take.
    """

    subjects: int
    records: int
    points: int

    @property
    def rate(self) -> Fraction:
        """Records per organisation."""
        return Fraction(self.records, self.subjects) if self.subjects else Fraction(0)

    @property
    def gravity(self) -> Fraction:
        """Milli-points per record; 0 without records."""
        return Fraction(self.points, self.records) if self.records else Fraction(0)

    @property
    def mean(self) -> Fraction:
        """Milli-points per organisation."""
        return Fraction(self.points, self.subjects) if self.subjects else Fraction(0)


@dataclass(frozen=True)
class Difference:
    """How a region differs from the province, in milli-points per organisation; the parts add up to the whole."""

    by_number: Fraction
    by_gravity: Fraction

    @property
    def whole(self) -> Fraction:
        """The region's mean less the province's."""
        return self.by_number + self.by_gravity


def decompose(region: Held, province: Held) -> Difference:
    """The difference of a region from the province in its two parts.

    Examples
    --------
    >>> found = decompose(Held(10, 20, 200), Held(100, 100, 2000))
    >>> found.by_number, found.by_gravity
    (Fraction(15, 1), Fraction(-15, 1))
    """
    return Difference(
        (region.rate - province.rate) * (region.gravity + province.gravity) / 2,
        (region.gravity - province.gravity) * (region.rate + province.rate) / 2,
    )


def share_by_number(regions: Sequence[Held]) -> Fraction | None:
    """How much of the differences between regions comes with the number of records; None where none differs.

    The variance of the regions' means, weighted by organisations, split by the same two parts. Below 0, or above 1,
    where number and gravity work against each other.
    """
    whole = Held(*(sum(getattr(one, name) for one in regions) for name in ("subjects", "records", "points")))
    parts = [(one.subjects, decompose(one, whole)) for one in regions]
    variance = sum((size * one.whole**2 for size, one in parts), Fraction(0))
    if not variance:
        return None
    return sum((size * one.whole * one.by_number for size, one in parts), Fraction(0)) / variance
