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
from creditlab.catalogue.findings import LintCode, LintFinding, Severity
from creditlab.catalogue.reading import read_catalogue
from creditlab.catalogue.seal import check_seals, publish, read_sealed

__all__ = [
    "Catalogue",
    "DataFormat",
    "Department",
    "Edition",
    "Item",
    "LintCode",
    "LintFinding",
    "RecordField",
    "Region",
    "Severity",
    "TimeLimit",
    "check_seals",
    "publish",
    "read_catalogue",
    "read_sealed",
]
