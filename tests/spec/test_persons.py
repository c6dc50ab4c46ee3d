"""Natural persons: nothing that is written names one (Article 4).

Every person here is made up by code: the place 990100 is nobody's, the names say that they are synthetic.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from creditlab.errors import LakeError
from tests.reference.identifiers import fold, is_resident_id, resident_check
from tests.security.persons import wide
from tests.spec.tiny import Tiny, code, csv_text, form_field, form_fields, row

Make = Callable[..., Tiny]
PERSONS = "legal_person;natural_person"
NUMBERS = 20


def resident_id(number: int, born: str = "19800229") -> str:
    """A made-up resident ID with a right check character."""
    body = f"990100{born}{number:03d}"
    return body + resident_check(body)


def name(number: int) -> str:
    return f"合成人第{number:03d}号"


#: Identifiers that end in X as well as in a digit.
ENDS_IN_X = next(n for n in range(100, 200) if resident_id(n).endswith("X"))
SOLE_TRADER, BROKEN_SOLE_TRADER, LOCAL_NUMBER = code("92", 7), "92990100ABC", "LOCAL-7788"


def person(record_id: str, number: int, **changes: str) -> dict[str, str]:
    """A row about a natural person."""
    cells = {"subject_id": resident_id(number), "subject_name": name(number), "subject_kind": "natural_person"}
    return row(record_id, **(cells | changes))


def secrets() -> set[str]:
    """Every identifier and name that must not be found, in the forms in which it was delivered."""
    found = {resident_id(n) for n in (*range(NUMBERS), ENDS_IN_X)} | {SOLE_TRADER, BROKEN_SOLE_TRADER, LOCAL_NUMBER}
    found |= {name(n) for n in (*range(NUMBERS), ENDS_IN_X)}
    return found | {one.lower() for one in found} | {wide(one) for one in found}


def edit_items(tiny: Tiny) -> None:
    """A-1 covers organisations only, B-1 persons too, C-1 persons under a department's own numbers."""
    common = [form_field("case", role="key")]
    fields = form_fields(*common, subject_name={"max_length": "10"})
    local = form_fields(*common, subject_id={"pattern": "local"}, subject_name={"max_length": "10"})
    fields += [one | {"data_format": "local"} for one in local]
    items = [{}, {"item_code": "B-1", "subject_kinds": PERSONS, "coverage_basis": "register"}]
    tiny.edition(2026, [*items, {"item_code": "C-1", "subject_kinds": PERSONS, "data_format": "local"}], fields)


def fill(tiny: Tiny) -> Tiny:
    """Deliver persons in every way in which they turn up."""
    edit_items(tiny)
    tiny.register(
        (code(), "legal_person", "甲公司", "990100", "A", "2015-03-01", ""),
        (resident_id(0), "natural_person", name(0), "990100", "", "2015-03-01", ""),
        (wide(resident_id(ENDS_IN_X).lower()), "", name(ENDS_IN_X), "990100", "", "2015-03-01", ""),
        (SOLE_TRADER, "legal_person", name(3), "990100", "F", "2015-03-01", ""),
        (LOCAL_NUMBER, "natural_person", name(4), "990200", "", "2015-03-01", ""),
    )
    b = {"item_code": "B-1"}
    tiny.deliver(
        [
            person("1", 0),
            person("2", ENDS_IN_X, subject_id=wide(resident_id(ENDS_IN_X).lower()), subject_kind="legal_person"),
            row("3", subject_id=f" {SOLE_TRADER.lower()} ", subject_name=name(3)),
            row("4", subject_id=BROKEN_SOLE_TRADER, subject_name=name(5), subject_kind="government_body"),
            person("5", 1, subject_name=name(1) * 3),
            row("6", note=f"法定代表人证件{resident_id(6)}，另见{wide(resident_id(7))}"),
            row(f"文号{resident_id(8)}", case=f"案{resident_id(9)}"),
            row("7") | {"surplus": resident_id(10)},
        ],
        **b,
    )
    tiny.deliver([person("1", 0, subject_id=LOCAL_NUMBER, subject_name=name(4))], item_code="C-1")
    # In quarantine: of items that cover persons, and of one that does not, but whose row is about one.
    tiny.deliver(
        [
            person("8", 11, event_date="2026-13-45"),
            person("", 12),
            person("9", 13, action=name(13)),
            row("10", event_date=""),
        ],
        **b,
    )
    tiny.deliver([person("2", 14, event_date="", subject_id=LOCAL_NUMBER)], item_code="C-1")
    tiny.deliver(
        [
            person("1", 15, event_date="", subject_kind="legal_person"),
            row("2", event_date="", subject_id=SOLE_TRADER, subject_name=name(3)),
            row("3", event_date="", subject_id="", subject_kind="natural_person", subject_name=name(16)),
            row("4", event_date="", note=f"见{resident_id(17)}"),
            person("5", 2),
            row("6"),
        ]
    )
    tiny.deliver(csv_text(["record_id", "subject_id"], [["6", resident_id(18), name(18)]]))
    tiny.deliver([person("1", 19)], department="D9", **b)
    tiny.deliver([person("1", 19)], region_code="119999", **b)
    tiny.deliver([person("1", 19)], item_code="Z-9")
    # Actions and corrections, later.
    tiny.deliver([person("1", 0, note="new"), person("5", 1, action="dispute")], "2026-08-03", **b)
    return tiny


def texts(values: list[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, list):
            yield from texts(value)
        elif isinstance(value, dict):
            yield from texts(list(value.values()))
        elif isinstance(value, bytes):
            yield value.decode("utf-8", "replace")
        elif value is not None:
            yield str(value)


def written(folder: Path, *left_out: str) -> Iterator[tuple[str, str]]:
    """Everything that is written under a folder, as (where, text): names, bytes, and every cell of Parquet files."""
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if str(place).startswith(left_out):
            continue
        yield str(place), str(place)
        if path.is_file():
            yield str(place), path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            file = pq.ParquetFile(path)
            yield str(place), str(file.schema_arrow) + str(file.metadata.metadata)
            table = file.read()
            for column in table.column_names:
                for text in texts(table[column].to_pylist()):
                    yield f"{place}, {column}", text


OWN = ("inbox", "subjects.csv", "keys", "catalogue", "creditlab.toml", "ledger.csv")


@pytest.fixture
def filled(tiny: Tiny) -> Tiny:
    """A workspace in which persons turn up in every way, ingested."""
    fill(tiny)
    tiny.ingest()
    return tiny


def test_the_made_up_persons_are_what_they_should_be() -> None:
    assert all(is_resident_id(resident_id(n)) for n in (*range(NUMBERS), ENDS_IN_X))
    assert resident_id(ENDS_IN_X).endswith("X")
    assert fold(wide(SOLE_TRADER)).startswith("92")


def test_nothing_that_is_written_names_a_person(filled: Tiny) -> None:
    searched = list(written(filled.folder, *OWN))
    hidden = secrets()
    assert {(place, text) for place, text in searched for one in hidden if one in text} == set()
    # The search does find what is there.
    everything = "\n".join(text for _, text in searched)
    assert all(one in everything for one in ("甲公司", code(), "P-", "records", "sha"))
    assert any(place.startswith("lake/payloads/local") and place.endswith("subject_id") for place, _ in searched)
    assert any(one in text for _, text in written(filled.folder) for one in hidden)


def test_nothing_names_a_person_after_many_runs_and_judging_again(filled: Tiny) -> None:
    filled.edition(2025, [{"item_code": "B-1", "subject_kinds": PERSONS}])
    for day in range(4, 8):
        filled.deliver(
            [person("1", 0, note=str(day)), person(str(100 + day), day)], f"2026-08-{day:02d}", item_code="B-1"
        )
        filled.ingest()
    found = {(place, text) for place, text in written(filled.folder, *OWN) for one in secrets() if one in text}
    assert found == set()


def test_who_is_a_person_is_settled_before_any_check(filled: Tiny) -> None:
    found = {(one["item_code"], one["record_id"]): one for one in filled.table("records") if one["revision"] == 1}
    persons = {key for key, one in found.items() if one["subject_kind"] == "natural_person"}
    assert persons == {("B-1", n) for n in "12345"} | {("C-1", "1"), ("A-1", "5")}
    for key in persons:
        assert found[key]["subject_id"].startswith("P-")
        assert found[key]["name64"] is None
    assert found["A-1", "5"]["faults"] == ["out_of_scope"]
    # No check digit is asked of a person, and a name's faults are found before it goes.
    assert [found["B-1", n]["faults"] for n in "12345"] == [[], [], [], [], ["max_length:subject_name"]]


def test_resident_numbers_in_free_text_are_masked_and_said(filled: Tiny) -> None:
    found = [one for one in filled.table("records") if "personal_data" in one["faults"]]
    assert len(found) == 3
    assert {one["subject_id"] for one in found} == {code()}


def test_a_person_that_is_repeated_is_known_again_and_one_that_changed_is_corrected(tiny: Tiny) -> None:
    edit_items(tiny)
    b = {"item_code": "B-1"}
    tiny.deliver([person("1", 0), person("2", 1)], "2026-07-02", **b)
    tiny.deliver([person("1", 0), person("2", 1, subject_name=name(2))], "2026-07-03", **b)
    tiny.ingest()
    last = sorted(tiny.table("deliveries"), key=lambda one: one["path"])[1]
    assert (last["repeated"], last["corrected"]) == (1, 1)


def test_quarantine_has_no_content_of_persons(filled: Tiny) -> None:
    rows = filled.table("quarantine")
    assert len(rows) == 13
    assert {one["content"] for one in rows if one["item_code"] in {"B-1", "C-1", "Z-9"}} == {None}
    organisations = {(one["row_no"], one["reason"]): one["content"] for one in rows if one["item_code"] == "A-1"}
    kept = {key for key, content in organisations.items() if content is not None}
    assert kept == {(4, "no_event_date")}
    assert "甲公司" in organisations[4, "no_event_date"]


def test_pseudonyms_are_another_keys_own(make_tiny: Make) -> None:
    one, other, same = (fill(make_tiny(name=word)) for word in ("one", "other", "same"))
    one.ingest()
    other.ingest()
    same.write("keys/pseudonym.key", (one.folder / "keys/pseudonym.key").read_bytes())
    same.ingest()

    def subjects(tiny: Tiny, *, is_person: bool) -> set[tuple[str, int]]:
        rows = tiny.table("records")
        return {(r["subject_id"], r["content64"]) for r in rows if r["subject_id"].startswith("P-") is is_person}

    assert len(subjects(one, is_person=True)) == 9
    assert subjects(one, is_person=True) == subjects(same, is_person=True)
    for place in (0, 1):
        mine = {found[place] for found in subjects(one, is_person=True)}
        assert mine.isdisjoint({found[place] for found in subjects(other, is_person=True)})
    assert subjects(one, is_person=False) & subjects(other, is_person=False) != set()


def test_the_key_is_its_owners_and_lies_apart_from_the_lake(filled: Tiny) -> None:
    def mode(place: str) -> int:
        return stat.S_IMODE((filled.folder / place).stat().st_mode)

    assert (mode("keys/pseudonym.key"), mode("keys"), mode("lake")) == (0o600, 0o700, 0o700)
    key = (filled.folder / "keys/pseudonym.key").read_bytes()
    assert len(key) >= 32
    filled.ingest()
    assert (filled.folder / "keys/pseudonym.key").read_bytes() == key
    found = [p for p in filled.folder.rglob("*") if p.is_file() and p.parent.name != "keys" and key in p.read_bytes()]
    assert found == []


def test_the_key_may_lie_outside_the_workspace(make_tiny: Make, tmp_path: Path) -> None:
    tiny = fill(make_tiny(settings='[paths]\nkey = "../elsewhere/key"\n'))
    tiny.ingest()
    assert stat.S_IMODE((tmp_path / "elsewhere/key").stat().st_mode) == 0o600
    assert not (tiny.folder / "keys").exists()


def test_persons_of_the_register_are_linked_with_their_records(filled: Tiny) -> None:
    rows = {one["subject_id"]: one for one in filled.table("subjects")}
    persons = {subject for subject, one in rows.items() if one["subject_kind"] == "natural_person"}
    assert len(persons) == 4
    assert {(rows[one]["subject_name"], rows[one]["name64"]) for one in persons} == {(None, None)}
    assert all(one.startswith("P-") for one in persons)
    # B-1: persons 1, 2, 3 are listed, 4 and 5 are not; the three rows about the organisation are linked.
    assert filled.figures("consistency_subject", by="item_code") == [(1, 2), (6, 8), (1, 1)]
    # Names are compared for organisations only.
    assert filled.figures("consistency_name", by="item_code") == [(1, 1), (3, 3)]
    # B-1's persons and legal persons of the register: 5, and the one under a local number has no record of B-1.
    assert filled.figures("coverage_subjects", by="item_code") == [(4, 5)]


def test_a_resident_number_in_a_files_name_is_not_kept(tiny: Tiny) -> None:
    edit_items(tiny)
    tiny.deliver([person("1", 0)], item_code="B-1", path=f"{resident_id(0)}.csv", period=resident_id(1))
    tiny.ingest()
    found = {place for place, text in written(tiny.folder, *OWN) for one in secrets() if one in text}
    assert found == set()
    assert tiny.ingest().known == 1


def test_a_sole_trader_under_a_wrong_column_is_not_kept(tiny: Tiny) -> None:
    """The item covers organisations only, and nothing but the number itself says that the row is about a person."""
    edit_items(tiny)
    tiny.deliver(csv_text(["number", "name", "day"], [[SOLE_TRADER, name(3), ""], [wide(resident_id(5)), name(5), ""]]))
    tiny.ingest()
    found = {place for place, text in written(tiny.folder, *OWN) for one in secrets() if one in text}
    assert found == set()


def test_a_file_without_a_header_keeps_nobody_as_a_columns_name(tiny: Tiny) -> None:
    edit_items(tiny)
    tiny.deliver(f"1,{resident_id(0)},{name(0)}\n2,{resident_id(1)},{name(1)}\n")
    tiny.deliver(f"第{resident_id(2)}号,x\n1,2\n")
    tiny.ingest()
    found = {place for place, text in written(tiny.folder, *OWN) for one in secrets() if one in text}
    assert found == set()
    assert [one["reason"] for one in tiny.table("quarantine")] == ["no_record_id"] * 2


# --- The key ---------------------------------------------------------------------------------------------


def test_a_key_that_is_not_the_lakes_is_refused(tiny: Tiny) -> None:
    tiny.deliver([row()], "2026-07-02")
    tiny.ingest()
    key = tiny.folder / "keys/pseudonym.key"
    right = key.read_bytes()
    key.unlink()
    with pytest.raises(LakeError, match="missing"):
        tiny.ingest()
    assert not key.exists()
    key.write_bytes(bytes(32))
    with pytest.raises(LakeError, match="not the lake's"):
        tiny.ingest()
    key.write_bytes(right)
    assert tiny.ingest().run_no is None


def test_a_resident_number_with_words_around_it_is_no_subject_in_the_clear(tiny: Tiny) -> None:
    number = resident_id(1)
    tiny.deliver([row(subject_id=f"身份证:{number}")])
    tiny.ingest()
    assert [number in str(one) for one in tiny.records()] == [False]
