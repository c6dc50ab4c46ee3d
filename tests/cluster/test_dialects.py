"""Every expression compiles for the engines that stay open; docs/scale.md lists what doesn't, and why.

Compiled, not carried out: no such engine runs here. All data is synthetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import ibis
import pytest

from creditlab import engine
from creditlab.errors import CreditlabError
from creditlab.periods import parse_period
from creditlab.synth.lake import write_lake
from creditlab.workspace import open_workspace
from tests.cluster.expressions import EXPRESSIONS, Asked
from tests.conftest import ROOT
from tests.spec.short_province import short_parameters

DIALECTS = {"trino": "Trino", "clickhouse": "ClickHouse"}
_HEAD = "| expression | engine | why it doesn't compile |"
_NONE = "| (none) | | |"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("province")
    write_lake(folder / "w", short_parameters(folder, 2000, 11), now=datetime(2026, 9, 15, tzinfo=UTC))
    workspace = open_workspace(folder / "w")
    with engine.connect(folders=[workspace.lake]) as backend:
        yield Asked(workspace, backend, parse_period("2026-06-01/2026-09-01"), date(2026, 9, 15), is_carried_out=False)


def line(name: str, dialect: str, error: Exception) -> str:
    return f"| {name} | {DIALECTS[dialect]} | {type(error).__name__}: {str(error).splitlines()[0]} |"


def uncompiled(expressions: dict[str, ibis.Table]) -> list[str]:
    """A line of the documents' table for each expression that an engine has no words for."""
    found = []
    for name, rows in expressions.items():
        for dialect in DIALECTS:
            try:
                assert str(ibis.to_sql(rows, dialect=dialect))
            except CreditlabError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a compiler says, it is listed
                found.append(line(name, dialect, error))
    return found


def test_what_does_not_compile_is_listed(asked: Asked) -> None:
    text = (ROOT / "docs" / "scale.md").read_text("utf-8")
    listed = text.split(_HEAD)[1].split("\n\n")[0].strip().splitlines()[1:]
    assert listed == (uncompiled({name: make(asked) for name, make in EXPRESSIONS.items()}) or [_NONE])


def test_what_an_engine_has_no_words_for_is_found() -> None:
    rows = ibis.table({"text": "string"}, name="rows")
    found = uncompiled({"a hash": rows.select(hash=rows.text.hash()), "a text": rows})
    assert found == [
        "| a hash | Trino | OperationNotDefinedError: Compilation rule for 'Hash' operation is not defined |"
    ]


def test_expressions_name_every_room_that_has_some() -> None:
    text = (Path(__file__).with_name("expressions.py")).read_text("utf-8")
    for room in ("measures", "profiles", "assessment", "scorecards", "monitoring", "dossier"):
        assert f"creditlab.{room}" in text
