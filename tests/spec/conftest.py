"""Fixtures of the spec tests: a workspace small enough to count by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creditlab.cli import main
from tests.spec.asking import MARK
from tests.spec.tiny import REGIONS, SETTINGS, Tiny, code, csv_text


def tiny_maker(folder: Path) -> Callable[..., Tiny]:
    """A function that writes a tiny workspace: one item, two departments, two prefectures, one edition (2026)."""

    def make(
        items: list[dict[str, str]] | None = None,
        fields: list[dict[str, str]] | None = None,
        settings: str = "",
        name: str = "tiny",
    ) -> Tiny:
        tiny = Tiny(folder / name)
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
def make_tiny(tmp_path: Path) -> Callable[..., Tiny]:
    """A function that writes a tiny workspace of the test's own; see `tiny_maker`."""
    return tiny_maker(tmp_path)


@pytest.fixture
def tiny(make_tiny: Callable[..., Tiny]) -> Tiny:
    """A tiny workspace with nothing delivered."""
    return make_tiny()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a module keeps a workspace that all its tests begin with."""
    return tmp_path_factory.mktemp("shelf") / "tiny"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Run a command with --json; checks its exit status and that nothing leaks; returns the object it printed.

    In this process, for there are many; that the program starts and ends like this is seen where it runs in its own.
    """

    def command(tiny: Tiny | Path, *arguments: str | Path, status: int = 0) -> dict[str, Any]:
        folder = tiny.folder if isinstance(tiny, Tiny) else tiny
        capfd.readouterr()
        returned = main(["--json", "--workspace", str(folder), *map(str, arguments)])
        out, err = capfd.readouterr()
        said = out + err
        assert returned == status, said
        assert "Traceback" not in said
        assert MARK not in said
        assert "creditlab: internal" not in said
        assert out.count("\n") == 1
        found: dict[str, Any] = json.loads(out)
        assert ("error" in found) is (status != 0)
        assert bool(err) is (status != 0)
        return found

    return command
