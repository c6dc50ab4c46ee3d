"""The simulation of a lake's first years: what it adds up to, and that the documents show it as it is."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from benchmarks.years import BEGIN, END, page, simulate
from creditlab.lake.compaction import FILE_ROWS
from tests.conftest import ROOT


def parameters() -> dict[str, Any]:
    return tomllib.loads((ROOT / "benchmarks" / "years.toml").read_text(encoding="utf-8"))


def test_the_documents_show_what_the_parameters_give() -> None:
    text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    assert text.split(BEGIN)[1].split(END)[0].strip() == page(parameters())


def test_every_entry_is_there_and_compaction_leaves_few_files() -> None:
    chosen = parameters()
    province, lake = chosen["province"], chosen["lake"]
    province["days"] = 7 * 26
    last = list(simulate(chosen))[-1]
    entries = province["days"] * province["records_a_day"] * province["entries_a_record"]
    assert last.entries == pytest.approx(entries)
    payloads = province["days"] * province["records_a_day"] * province["payload_rows_a_record"]
    assert last.size == pytest.approx(entries * lake["entry_bytes"] + payloads * lake["payload_bytes"])
    # Just compacted: one file too many in each part at most.
    assert last.files <= (entries + payloads) / FILE_ROWS + 12 + province["data_formats"]


def test_compacting_less_often_leaves_more_files_and_writes_less() -> None:
    often, seldom = parameters(), parameters()
    seldom["lake"]["compact_every_days"] = 28
    one, other = list(simulate(often)), list(simulate(seldom))
    assert max(found.most_files for found in other) > max(found.most_files for found in one)
    assert sum(found.rewritten for found in other) < sum(found.rewritten for found in one)
    assert one[-1].entries == other[-1].entries
