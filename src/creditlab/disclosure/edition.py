"""The gate for the catalogue itself: what of a published edition an audience sees, by the policy.

An edition holds no records, and so nothing about anyone; but it has items that are not for all eyes (Article 11, field
12). Of those a reader learns that there is such an item, whose it is and how it may be used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from creditlab.catalogue.difference import Difference
from creditlab.catalogue.edition import Catalogue
from creditlab.catalogue.reading import EditionText
from creditlab.catalogue.sheets import Sheet, split_list
from creditlab.catalogue.shown import NAMED, is_in_full, shown_cells
from creditlab.catalogue.span import Span
from creditlab.catalogue.standards import Standard, TargetKind
from creditlab.disclosure.cube import CUBE_SCHEMA, Cube, CubeTable, count_cell
from creditlab.disclosure.gate import Release, release
from creditlab.disclosure.ledger import ReleaseLedger
from creditlab.disclosure.policy import Policy
from creditlab.errors import DisclosureError
from creditlab.identifiers import holds_resident_id
from creditlab.periods import Period
from creditlab.terms import Audience, EditionState, SecurityLevel

ITEM_COUNT, CHANGE_COUNT, COMMENT_COUNT = "item_count", "change_count", "comment_count"
_SEAL = object()


@dataclass(frozen=True, eq=False)
class EditionRelease:
    """A published edition as an audience may see it.

    Only `release_edition` makes one.

    Attributes
    ----------
    release
        How many items, changes and comments there are, by department and kind: figures of their own.
    items
        The items' cells; of one that is not shown in full only those in NAMED.
    fields
        The fields of record schemas that an item shown in full uses.
    changes, comments
        What changes.csv and comments.csv say.
    differences
        What differs from the edition before; cells of items that are not shown in full are left out.
    standards
        The standards in force in the edition's year, on which something shown rests.
    """

    release: Release
    items: tuple[Mapping[str, str], ...]
    fields: tuple[Mapping[str, str], ...]
    changes: tuple[Mapping[str, str], ...]
    comments: tuple[Mapping[str, str], ...]
    differences: tuple[Difference, ...]
    standards: tuple[Standard, ...]
    _seal: object = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            what, do = "an edition reaches a reader through the gate only", "Call disclosure.release_edition."
            raise DisclosureError(what, do=do)

    def is_in_full(self, cells: Mapping[str, str]) -> bool:
        """Whether one of its items is shown with all that the catalogue says of it."""
        return set(cells) - set(NAMED) != set()


def release_edition(
    text: EditionText,
    differences: Sequence[Difference],
    before: Sheet | None,
    catalogue: Catalogue,
    audience: Audience,
    policy: Policy,
    ledger: ReleaseLedger,
    period: Period,
    as_of: date,
) -> EditionRelease:
    """Let an audience see what the policy allows of a published edition.

    Parameters
    ----------
    text
        The edition; its seal is whole.
    differences, before
        What differs from the edition before, and that one's items; none and None where there is none.
    catalogue
        The lists beside the editions.
    audience, policy, ledger
        For whom, by which rules, and what was released before.
    period, as_of
        The edition's year, and the day of the publication.

    Raises
    ------
    DisclosureError
        If the edition is not published: a draft is discussed, not released.
    """
    if text.state != EditionState.PUBLISHED:
        do = f"Publish it: creditlab catalogue publish {text.year}."
        raise DisclosureError("only a published edition is released", where=str(text.year), do=do)
    audience = Audience(audience)
    levels = policy.in_full[audience]
    cells = [row.cells for row in text.items.rows]
    formats = _formats_in_full(text, levels)
    counts = Cube(_counts(text, period, as_of), period, as_of, 0)
    shown = [shown_cells(one, levels) for one in cells]
    return EditionRelease(
        release(counts, audience, policy, ledger),
        tuple(shown),
        tuple(row.cells for row in text.fields.rows if row["data_format"] in formats),
        tuple(row.cells for row in text.changes.rows),
        tuple(_without_persons(row.cells) for row in text.comments.rows),
        tuple(visible_differences(text, before, differences, levels)),
        tuple(_resting(catalogue, text, formats)),
        _SEAL,
    )


def visible_differences(
    text: EditionText, before: Sheet | None, differences: Iterable[Difference], levels: Collection[SecurityLevel]
) -> Iterator[Difference]:
    """Differences of fields that are shown, and of items: what came and went always, cells where the item is shown.

    Parameters
    ----------
    text, before
        The edition, in any state, and the items of the one that it is compared with.
    levels
        The security levels that are shown in full.
    """
    formats = _formats_in_full(text, levels)
    hidden = {row["item_code"] for row in text.items.rows if not is_in_full(row.cells, levels)}
    hidden |= {row["item_code"] for row in before.rows if not is_in_full(row.cells, levels)} if before else set()
    for one in differences:
        if one.field:
            if one.data_format in formats:
                yield one
        elif not one.column or one.column in NAMED or hidden.isdisjoint(one.item_codes):
            yield one


def _formats_in_full(text: EditionText, levels: Collection[SecurityLevel]) -> set[str]:
    return {row["data_format"] for row in text.items.rows if is_in_full(row.cells, levels)}


def _resting(catalogue: Catalogue, text: EditionText, formats: Collection[str]) -> Iterator[Standard]:
    first, last = date(text.year, 1, 1), date(text.year, 12, 31)
    lists = {row["code_list"] for row in text.fields.rows if row["data_format"] in formats}
    for one in catalogue.standards:
        names = {
            target.name if target.kind is TargetKind.CODE_LIST else target.name.split(".", 1)[0]
            for target in one.targets
        }
        if one.span.overlaps(Span(first, last)) and names & (lists | set(formats)):
            yield one


def _without_persons(cells: Mapping[str, str]) -> dict[str, str]:
    """A comment's cells; a text that names a person by number is left out, whoever let it through."""
    return {name: "" if holds_resident_id(text) else text for name, text in cells.items()}


def _counts(text: EditionText, period: Period, as_of: date) -> pa.Table:
    """Items by department and category, changes by kind, comments: one cell each, and the totals."""
    found: dict[tuple[str, str, str], int] = {(name, "", ""): 0 for name in (ITEM_COUNT, CHANGE_COUNT, COMMENT_COUNT)}

    def count(measure: str, department: str = "", detail: str = "") -> None:
        key = (measure, department, detail)
        found[key] = found.get(key, 0) + 1

    for row in text.items.rows:
        count(ITEM_COUNT)
        for department in split_list(row["departments"]):
            count(ITEM_COUNT, department=department)
        count(ITEM_COUNT, detail=row["category"] or "-")
    for row in text.changes.rows:
        count(CHANGE_COUNT)
        count(CHANGE_COUNT, detail=row["change"])
    for _ in text.comments.rows:
        count(COMMENT_COUNT)
    rows = [
        # Entries of the catalogue are counted, not records: no figure here is about anyone.
        count_cell(CubeTable.CATALOGUE, measure, number, period, as_of, 0, department=department, detail=detail)
        for (measure, department, detail), number in found.items()
    ]
    return pa.Table.from_pylist(rows, schema=CUBE_SCHEMA)
