"""What the benchmarks rest on: equal results, readable heads, data that is the same each time. Nothing is timed."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks.chart import Bar, bars
from benchmarks.comparing import differences
from benchmarks.measuring import Cost, write_section
from benchmarks.province import Shape
from benchmarks.registry import BASE, PEERS, peers, read_peer
from benchmarks.rows import Subjects, make_rows
from benchmarks.scale import target
from creditlab.identifiers import has_valid_check_character

HEADER = "measure,item_code,department,region_code,month,numerator,denominator\n"
LINE = "timeliness,A,D,990100,2026-01-01,{},9\n"


def side(folder: Path, totals: dict[str, int], timely: int | None = None) -> Path:
    folder.mkdir()
    (folder / "totals.json").write_text(json.dumps(totals), encoding="utf-8")
    if timely is not None:
        (folder / "measures.csv").write_text(HEADER + LINE.format(timely), encoding="utf-8")
    return folder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return side(tmp_path / "base", {"accepted": 9, "missing:content": 2}, timely=7)


def test_equal_results_do_not_differ(base: Path, tmp_path: Path) -> None:
    assert differences(base, side(tmp_path / "same", {"accepted": 9, "missing:content": 2}, timely=7)) == []


def test_another_numerator_differs(base: Path, tmp_path: Path) -> None:
    found = differences(base, side(tmp_path / "other", {"accepted": 9, "missing:content": 2}, timely=6))
    assert found == ["timeliness A D 990100 2026-01-01: (7, 9) and (6, 9)"]


def test_a_whole_side_must_count_every_fault(base: Path, tmp_path: Path) -> None:
    assert differences(base, side(tmp_path / "whole", {"accepted": 9}, timely=7)) == ["missing:content: 2 and 0"]


def test_a_side_without_groups_may_leave_faults_out_but_not_count_them_otherwise(base: Path, tmp_path: Path) -> None:
    assert differences(base, side(tmp_path / "part", {"other:late by calendar days": 5})) == []
    assert differences(base, side(tmp_path / "wrong", {"missing:content": 3})) == ["missing:content: 2 and 3"]
    assert differences(base, side(tmp_path / "more", {"date_order": 1})) == ["date_order: 0 and 1"]


def test_each_peer_says_what_it_does_and_has_its_packages_locked() -> None:
    found = peers()
    assert found[0].name == BASE
    assert [one.is_whole for one in found] == sorted((one.is_whole for one in found), reverse=True)
    for one in found:
        assert one.script.with_name(f"{one.script.name}.lock").is_file()
        head = one.script.read_text(encoding="utf-8").partition("# ]")[0]
        asked = re.findall(r'^#   "(.+)",$', head, re.MULTILINE)
        assert asked
        assert all("==" in package for package in asked)


def test_only_chosen_peers_and_the_base_run() -> None:
    assert [one.name for one in peers(["polars"])] == [BASE, "polars"]
    with pytest.raises(ValueError, match="no such peer: nobody"):
        peers(["nobody"])


def test_a_head_must_have_a_line_in_the_table(tmp_path: Path) -> None:
    text = (PEERS / "polars.py").read_text(encoding="utf-8").replace('"working days"', '"magic"')
    script = tmp_path / "magician.py"
    script.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="magic"):
        read_peer(script)


def test_a_section_of_the_page_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    write_section(page, "A", "first")
    write_section(page, "B", "stays")
    write_section(page, "A", "second")
    text = page.read_text(encoding="utf-8")
    assert "first" not in text
    assert text.index("second") < text.index("stays")
    assert text.count("## A") == 1


def test_two_processes_cost_their_sum_and_the_higher_peak() -> None:
    assert Cost(1, 2, 300).and_then(Cost(3, 4, 200)) == Cost(4, 6, 300)


def test_a_missed_target_is_said_to_be_missed() -> None:
    assert target("GiB", 1.5, 2) == "GiB: 1.5 (target ≤ 2)."
    assert "missed" in target("GiB", 2.5, 2)


def test_bars_are_as_long_as_their_values_and_labels_are_escaped() -> None:
    rows = [Bar("a<b", 10, "10 s", "own"), Bar("c", 5, "5 s", "part")]
    root = ET.fromstring(bars("Title", "Subtitle", rows, {"own": "ours"}))
    space = "{http://www.w3.org/2000/svg}"
    lengths = [float(one.get("width", 0)) for one in root.iter(f"{space}rect") if one.get("height") == "22"]
    assert lengths[0] == pytest.approx(2 * lengths[1])
    assert "a<b" in [one.text for one in root.iter(f"{space}text")]


def test_deliveries_hold_all_records_and_every_cell_delivers_each_month() -> None:
    shape = Shape(1000, items=2, departments=2, units=3, months=4)
    found = shape.deliveries()
    assert sum(one.rows for one in found) == 1000
    assert len(found) == len({(one.item_code, one.department, one.region_code, one.first_day) for one in found}) == 48
    more = shape.day_more(100)
    assert sum(one.rows for one in more) == 100
    assert min(one.first_row for one in more) == 1000
    assert min(one.received_on for one in more) > max(one.received_on for one in found)


def test_rows_are_the_same_each_time_and_other_with_another_seed() -> None:
    subjects, delivery = Subjects(1000), Shape(2000, items=1, departments=1, units=1, months=1).deliveries()[0]
    rows = make_rows(delivery, subjects, 1)
    assert rows.num_rows == 2000
    assert rows.equals(make_rows(delivery, subjects, 1))
    assert not rows.equals(make_rows(delivery, subjects, 2))


def test_only_the_last_subjects_have_wrong_codes() -> None:
    subjects = Subjects(2000)
    right = has_valid_check_character(subjects.codes)
    assert right[: -subjects.wrong].all()
    assert not right[-subjects.wrong :].any()
    assert len(set(subjects.codes.to_pylist())) == len(subjects.codes)
