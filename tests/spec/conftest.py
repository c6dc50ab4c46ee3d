"""Fixtures of the spec tests: a workspace small enough to count by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.spec.tiny import REGIONS, SETTINGS, Tiny, code, csv_text


@pytest.fixture
def make_tiny(tmp_path: Path) -> Callable[..., Tiny]:
    """A function that writes a tiny workspace: one item, two departments, two prefectures, one edition (2026)."""

    def make(
        items: list[dict[str, str]] | None = None,
        fields: list[dict[str, str]] | None = None,
        settings: str = "",
        name: str = "tiny",
    ) -> Tiny:
        tiny = Tiny(tmp_path / name)
        tiny.write("creditlab.toml", SETTINGS + settings)
        tiny.write("catalogue/departments.csv", "department,name_zh,name_en\nD1,甲局,Bureau A\nD2,乙局,Bureau B\n")
        tiny.write("catalogue/regions.csv", csv_text(("region_code", "name_zh", "name_en", "level", "parent"), REGIONS))
        tiny.write("catalogue/code_lists.csv", "code_list,code,name_zh,name_en\nsorts,一,一,One\nsorts,二,二,Two\n")
        tiny.edition(2026, items, fields)
        tiny.register((code(), "legal_person", "甲公司", "990100", "A", "2015-03-01", ""))
        tiny.ledger()
        return tiny

    return make


@pytest.fixture
def tiny(make_tiny: Callable[..., Tiny]) -> Tiny:
    """A tiny workspace with nothing delivered."""
    return make_tiny()
