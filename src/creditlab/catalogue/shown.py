"""What of an item a reader sees: everything, or only that there is such an item, by the item's security level."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from creditlab.terms import SecurityLevel

#: What is said of every item, whoever reads: Article 11 publishes the catalogue as a whole.
NAMED = ("item_code", "departments", "item_name_zh", "item_name_en", "right_to_use", "security_level")


def is_in_full(cells: Mapping[str, str], levels: Collection[SecurityLevel]) -> bool:
    """Whether an item of a security level is shown with all that the catalogue says of it."""
    return cells.get("security_level", "") in {str(one) for one in levels}


def shown_cells(cells: Mapping[str, str], levels: Collection[SecurityLevel]) -> dict[str, str]:
    """An item's cells for a reader: all of them where its level is one of `levels`, else those that name it."""
    return dict(cells) if is_in_full(cells, levels) else {name: cells.get(name, "") for name in NAMED}
