"""The yearly catalogue of public credit information items (Article 11)."""

from creditlab.catalogue.edition import (
    Catalogue,
    DataFormat,
    Department,
    Edition,
    Item,
    RecordField,
    Region,
    TimeLimit,
)
from creditlab.catalogue.reading import read_catalogue

__all__ = [
    "Catalogue",
    "DataFormat",
    "Department",
    "Edition",
    "Item",
    "RecordField",
    "Region",
    "TimeLimit",
    "read_catalogue",
]
