"""Workspaces that are ingested under kills and by several writers. All of it is synthetic."""

from __future__ import annotations

from pathlib import Path

from tests.spec.tiny import REGIONS, Tiny, code, csv_text

SETTINGS = """[workspace]
title_en = "Tiny"
synthetic = true

[paths]
catalogue = "catalogue"
inbox = "inbox"
ledger = "ledger.csv"
subjects = "subjects.csv"

[calendar]
country = "CN"
"""


def write_workspace(folder: Path) -> Tiny:
    """A workspace with two departments and two prefectures, without an edition and with nothing delivered."""
    tiny = Tiny(folder)
    tiny.write("creditlab.toml", SETTINGS)
    tiny.write("catalogue/departments.csv", "department,name_zh,name_en\nD1,甲局,Bureau A\nD2,乙局,Bureau B\n")
    tiny.write("catalogue/regions.csv", csv_text(("region_code", "name_zh", "name_en", "level", "parent"), REGIONS))
    tiny.write("catalogue/code_lists.csv", "code_list,code,name_zh,name_en\nsorts,一,一,One\n")
    tiny.register((code(), "legal_person", "甲公司", "990100", "A", "2015-03-01", ""))
    tiny.ledger(("A-1", "D1", "990100", "2026-07", 3))
    return tiny
