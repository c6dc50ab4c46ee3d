"""Evidence: which records stand on a day, whom they may be about, what the dated rules of publication say of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import ibis
import pyarrow as pa
import pytest

from creditlab.catalogue import Catalogue, read_sealed
from creditlab.errors import ParameterError, WorkspaceError
from creditlab.lake.schemas import RECORDS
from creditlab.periods import parse_date
from creditlab.profiles import Known, evidence, profile, read_rules
from creditlab.profiles.publication import DEFAULT_RULES
from tests.spec.tiny import Tiny, code

Look = Callable[..., list[dict[str, Any]]]
DAYS = ("effective_on", "event_date", "first_received_on", "received_on", "valid_until")
ADVERSE, GRAVE = {"nature": "negative", "publication_months": "36"}, {"nature": "serious", "publication_months": "36"}
OUTCOMES = pa.schema([("delivery_id", pa.string()), ("row_no", pa.int64()), ("outcome", pa.string())])


def entry(key: int = 1, **changes: Any) -> dict[str, Any]:
    """One entry of the book: a normal record of A-1 about an organisation, unless changed."""
    cells: dict[str, Any] = {
        "sign": 1, "effective_on": "2026-07-02", "run_no": 1, "key64": key, "record_id": str(key), "item_code": "A-1",
        "department": "D1", "region_code": "990100", "subject_id": code(), "subject_kind": "legal_person",
        "event_date": "2026-07-01", "first_received_on": "2026-07-02", "received_on": "2026-07-02",
        "record_state": "normal", "faults": [], "delivery_id": "d", "row_no": key,
    } | changes  # fmt: skip
    days = {name: parse_date(cells[name]) for name in DAYS if cells.get(name)}
    return dict.fromkeys(RECORDS.names) | cells | days


def reversal(of: dict[str, Any], on: str, run_no: int = 2) -> dict[str, Any]:
    return of | {"sign": -1, "effective_on": parse_date(on), "run_no": run_no}


def table(rows: list[dict[str, Any]], schema: pa.Schema) -> ibis.Table:
    return ibis.memtable(pa.Table.from_pylist(rows, schema=schema))


@pytest.fixture
def catalogue(make_tiny: Callable[..., Tiny]) -> Callable[..., Catalogue]:
    """A published catalogue of 2026 whose items differ from the usual one as told."""

    def make(*items: dict[str, str], **years: dict[str, str]) -> Catalogue:
        tiny = make_tiny(list(items) or [{}])
        for year, item in years.items():
            tiny.edition(int(year.removeprefix("y")), [item])
        return read_sealed(tiny.folder / "catalogue")

    return make


@pytest.fixture
def look(catalogue: Callable[..., Catalogue]) -> Look:
    """Evidence over entries, in order of the records' numbers."""

    def ask(
        entries: list[dict[str, Any]],
        *items: dict[str, str],
        as_of: str = "2026-10-20",
        kinds: dict[str, str] | None = None,
        persons: list[str] | None = None,
        outcomes: dict[int, str] | None = None,
        columns: tuple[str, ...] | None = None,
    ) -> list[dict[str, Any]]:
        text = pa.string()
        listed = [{"subject_id": one, "listed_kind": kind} for one, kind in (kinds or {}).items()]
        said = [{"delivery_id": "d", "row_no": row, "outcome": one} for row, one in (outcomes or {}).items()]
        known = Known(
            catalogue(*items),
            read_rules(),
            table(listed, pa.schema([("subject_id", text), ("listed_kind", text)])),
            table(said, OUTCOMES) if outcomes is not None else None,
            table([{"subject_id": one} for one in persons], pa.schema([("subject_id", text)])) if persons else None,
        )
        more = {"columns": columns} if columns else {}
        found = evidence(table(entries, RECORDS), parse_date(as_of), known, **more).to_pyarrow().to_pylist()
        return sorted(found, key=lambda row: str(row.get("record_id")))

    return ask


# --- Which records stand ------------------------------------------------------------------------------


def test_a_reversal_takes_its_entry_back_and_the_next_one_stands(look: Look) -> None:
    first = entry(1)
    second = entry(1, effective_on="2026-08-05", received_on="2026-08-05", record_state="repaired", run_no=2)
    book = [first, reversal(first, "2026-08-05"), second, entry(2)]
    assert [(row["record_id"], row["record_state"]) for row in look(book)] == [("1", "repaired"), ("2", "normal")]
    before = look(book, as_of="2026-08-04")
    assert [(row["record_id"], row["record_state"]) for row in before] == [("1", "normal"), ("2", "normal")]


def test_an_entry_that_was_judged_again_and_found_the_same_stands_once(look: Look) -> None:
    one = entry(1)
    # Judging again cancels an entry at its own day and may book the same once more.
    book = [one, reversal(one, "2026-07-02"), one | {"run_no": 2}]
    assert [row["record_id"] for row in look(book)] == ["1"]
    assert [row["item_code"] for row in look(book, columns=("item_code",))] == ["A-1"]


def test_a_record_that_only_moved_in_what_nobody_asks_for_is_one_record(look: Look) -> None:
    one = entry(1)
    other = one | {"department": "D2", "run_no": 2, "effective_on": parse_date("2026-08-05")}
    assert look([one, reversal(one, "2026-08-05"), other], columns=("subject_id",)) == [{"subject_id": code()}]


# --- Whom it may be about (Article 4; cases 25 and 36 of the threats) -------------------------------------


NOBODY: list[dict[str, Any]] = [
    {"subject_kind": "natural_person"},
    {"subject_id": code("92")},
    {"subject_id": "92"},
    {"subject_id": "P-" + "0A" * 16},
    {"subject_id": "[P-" + "0A" * 16 + "]"},
    {"subject_kind": None},
    {"subject_kind": "person"},
]


def test_natural_persons_and_unknown_kinds_are_no_evidence(look: Look) -> None:
    entries = [entry(key, **changes) for key, changes in enumerate(NOBODY, 1)]
    assert [row["record_id"] for row in look([*entries, entry(9)])] == ["9"]


def test_the_registers_word_holds_against_a_rows(look: Look) -> None:
    kinds = {code(): "government_body", code(number=1): "natural_person", code(number=2): "legal_person"}
    entries = [entry(1), entry(2, subject_id=code(number=1)), entry(3, subject_id=code(number=2), subject_kind=None)]
    found = look(entries, kinds=kinds)
    assert [(row["record_id"], row["subject_kind"]) for row in found] == [
        ("1", "government_body"),
        ("3", "legal_person"),
    ]


def test_who_is_found_to_be_a_person_is_left_out_whatever_rows_say(look: Look) -> None:
    entries = [entry(1), entry(2, subject_id=code(number=1))]
    assert [row["record_id"] for row in look(entries, persons=[code()])] == ["2"]


# --- What does not count ------------------------------------------------------------------------------


LEFT_OUT: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({"record_state": "withdrawn"}, "withdrawn"),
    ({"record_state": "repaired"}, "repaired"),
    ({"record_state": "disputed"}, "disputed"),
    ({"faults": ["date_order"]}, "date_order"),
    ({"event_date": "2026-10-21"}, "date_order"),
    ({"faults": ["missing:note", "duplicate_key"]}, "duplicate_key"),
    ({"faults": ["check_digit:subject_id"]}, "check_digit"),
    ({"faults": ["out_of_scope"]}, "out_of_scope"),
    ({"faults": ["missing:note"]}, None),
    ({"event_date": "2025-10-20"}, "publication_ended"),
    ({"event_date": "2025-10-21"}, None),
    # What it is not comes before what became of it, and that before its time.
    ({"record_state": "withdrawn", "faults": ["date_order"]}, "withdrawn"),
    ({"record_state": "repaired", "faults": ["duplicate_key"]}, "duplicate_key"),
    ({"record_state": "disputed", "event_date": "2025-01-01"}, "disputed"),
]


def test_why_a_record_is_left_out(look: Look) -> None:
    found = look([entry(100 + place, **changes) for place, (changes, _) in enumerate(LEFT_OUT)], ADVERSE)
    assert [row["left_out"] for row in found] == [reason for _, reason in LEFT_OUT]
    assert [row["is_published"] for row in found] == [reason is None for _, reason in LEFT_OUT]


def test_only_what_the_catalogue_publishes_is_published(look: Look) -> None:
    methods = {"A-1": "website", "B-1": "on request", "C-1": "none"}
    items = [
        {"item_code": item, "publication_method": method, "publication_months": "12" if method != "none" else ""}
        for item, method in methods.items()
    ]
    found = look([entry(key, item_code=item) for key, item in enumerate(methods, 1)], *items)
    assert [(row["is_published"], row["left_out"]) for row in found] == [(True, None), (False, None), (False, None)]


# --- For how long: three sets of rules ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "as_of", "repairable", "until"),
    [
        # Notice 2019-527, Order 58, Order 36; the day looked at decides, not the day of the event.
        (ADVERSE, "2023-04-30", "2023-04-30", "2024-01-30"),
        (GRAVE, "2023-04-30", "2023-07-30", "2026-01-30"),
        (ADVERSE, "2023-05-01", "2023-04-30", "2026-01-30"),
        (GRAVE, "2026-03-31", "2023-04-30", "2026-01-30"),
        (ADVERSE, "2026-04-01", "2023-04-30", "2024-01-30"),
        (GRAVE, "2026-04-01", "2024-01-30", "2026-01-30"),
        # Fewer months of the catalogue hold; more don't.
        (ADVERSE | {"publication_months": "6"}, "2026-04-01", "2023-04-30", "2023-07-30"),
        (ADVERSE | {"publication_months": "60"}, "2026-04-01", "2023-04-30", "2024-01-30"),
        (ADVERSE | {"publication_months": "", "publication_method": "none"}, "2026-04-01", "2023-04-30", "2024-01-30"),
        # What is not adverse follows the catalogue alone, and is never repaired.
        ({"nature": "positive", "publication_months": "24"}, "2026-04-01", None, "2025-01-30"),
        ({"nature": "neutral", "publication_months": "", "publication_method": "none"}, "2026-04-01", None, None),
    ],
)  # fmt: skip
def test_publication_ends_by_the_rules_of_the_day(
    look: Look, item: dict[str, str], as_of: str, repairable: str | None, until: str | None
) -> None:
    days = {"event_date": "2023-01-30", "effective_on": "2023-01-31", "received_on": "2023-01-31"}
    (row,) = look([entry(1, **days)], item, as_of=as_of)
    found = [row["repairable_from"], row["published_until"]]
    assert found == [parse_date(one) if one else None for one in (repairable, until)]


@pytest.mark.parametrize(
    ("event", "months", "until"),
    [("2024-02-29", "12", "2025-02-28"), ("2023-11-30", "3", "2024-02-29"), ("2024-01-31", "1", "2024-02-29")],
)
def test_a_month_without_the_day_ends_on_its_last(look: Look, event: str, months: str, until: str) -> None:
    days = {"event_date": event, "effective_on": event, "received_on": event}
    (row,) = look([entry(1, **days)], {"publication_months": months})
    assert row["published_until"] == parse_date(until)


@pytest.mark.parametrize(
    ("outcome", "found"),
    [
        ("警告", ("minor", "2026-07-01", "2026-10-01")),
        ("罚款", ("general", "2026-10-01", "2027-07-01")),
        ("吊销许可证", ("serious", "2027-07-01", "2029-07-01")),
        ("no such", ("general", "2026-10-01", "2027-07-01")),
        (None, ("general", "2026-10-01", "2027-07-01")),
    ],
)
def test_a_penaltys_kind_is_its_class(
    make_tiny: Callable[..., Tiny], outcome: str | None, found: tuple[str, str, str]
) -> None:
    tiny = make_tiny([ADVERSE | {"data_format": "penalty"}], penalty_fields())
    said = [{"delivery_id": "d", "row_no": 1, "outcome": outcome}] if outcome else []
    listed = table([], pa.schema([("subject_id", pa.string()), ("listed_kind", pa.string())]))
    known = Known(read_sealed(tiny.folder / "catalogue"), read_rules(), listed, table(said, OUTCOMES))
    (row,) = evidence(table([entry(1)], RECORDS), date(2026, 10, 20), known).to_pyarrow().to_pylist()
    days = [row[name].isoformat() for name in ("repairable_from", "published_until")]
    assert (row["publication_class"], *days) == found


def penalty_fields() -> list[dict[str, str]]:
    from tests.spec.tiny import form_fields

    return [one | {"data_format": "penalty"} for one in form_fields()]


def test_who_has_left_a_list_is_not_published_from_the_day_that_was_received(make_tiny: Callable[..., Tiny]) -> None:
    from tests.spec.tiny import form_fields

    fields = [one | {"data_format": "list_entry"} for one in form_fields()]
    tiny = make_tiny([GRAVE | {"data_format": "list_entry"}], fields)
    said = [{"delivery_id": "d", "row_no": 1, "outcome": "移出"}, {"delivery_id": "d", "row_no": 2, "outcome": "列入"}]
    listed = table([], pa.schema([("subject_id", pa.string()), ("listed_kind", pa.string())]))
    known = Known(read_sealed(tiny.folder / "catalogue"), read_rules(), listed, table(said, OUTCOMES))
    found = evidence(table([entry(1), entry(2)], RECORDS), date(2026, 10, 20), known).to_pyarrow().to_pylist()
    assert {row["record_id"]: (row["published_until"].isoformat(), row["left_out"]) for row in found} == {
        "1": ("2026-07-02", "publication_ended"),
        "2": ("2029-07-01", None),
    }


def test_the_edition_of_the_events_year_says_for_how_long(catalogue: Callable[..., Catalogue]) -> None:
    known = Known(
        catalogue({"publication_months": "12"}, y2025={"publication_months": "24"}),
        read_rules(),
        table([], pa.schema([("subject_id", pa.string()), ("listed_kind", pa.string())])),
    )
    entries = [entry(1, event_date="2024-12-31"), entry(2, event_date="2025-12-31"), entry(3, event_date="2026-01-01")]
    found = evidence(table(entries, RECORDS), date(2026, 10, 20), known).to_pyarrow().to_pylist()
    until = {row["record_id"]: row["published_until"].isoformat() for row in found}
    assert until == {"1": "2026-12-31", "2": "2027-12-31", "3": "2027-01-01"}


# --- Profiles -----------------------------------------------------------------------------------------


def test_a_profile_sums_up_one_subject_and_item(look: Look) -> None:
    from decimal import Decimal

    entries = [
        entry(1, amount=Decimal("2.5"), event_date="2026-06-01"),
        entry(2, amount=Decimal("4"), event_date="2026-09-01", received_on="2026-09-09"),
        entry(3, record_state="withdrawn", event_date="2026-10-01", received_on="2026-10-02"),
        entry(4, record_state="disputed", amount=Decimal("8"), event_date="2026-07-01"),
        entry(5, record_state="repaired", faults=["missing:note"], event_date="2026-05-01"),
        entry(6, item_code="B-1"),
    ]
    rows = look(entries, ADVERSE, {"item_code": "B-1", "publication_method": "none", "publication_months": ""})
    subjects = table(
        [{"subject_id": code(), "region_code": "990200"}],
        pa.schema([("subject_id", pa.string()), ("region_code", pa.string())]),
    )
    made = profile(ibis.memtable(pa.Table.from_pylist(rows)), subjects, date(2026, 10, 20), 7)
    one, other = sorted(made.to_pyarrow().to_pylist(), key=lambda row: row["item_code"])
    counts = {name: one[name] for name in one if name.endswith("_count")}
    assert counts == {
        "record_count": 5, "normal_count": 2, "disputed_count": 1, "repaired_count": 1, "withdrawn_count": 1,
        "counted_count": 2, "published_count": 2, "fault_count": 1,
    }  # fmt: skip
    days = [one[name].isoformat() for name in ("first_event_on", "last_event_on", "newest_received_on", "next_end_on")]
    assert days == ["2026-05-01", "2026-09-01", "2026-09-09", "2027-06-01"]
    assert (one["amount"], one["region_code"], one["subject_kind"]) == (Decimal("6.5"), "990200", "legal_person")
    assert (other["published_count"], other["counted_count"], other["next_end_on"], other["run_no"]) == (0, 1, None, 7)


# --- The file of rules ----------------------------------------------------------------------------------


def test_before_the_first_set_nothing_is_guessed() -> None:
    with pytest.raises(ParameterError, match="no rules of publication were in force"):
        read_rules().on(date(2019, 6, 30))


RULES = DEFAULT_RULES.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("from = 2023-05-01", "from = 2019-07-01", "overlap"),
        ("from = 2023-05-01", "from = 2018-07-01", "overlap"),
        ("from = 2023-05-01", 'from = "2023-05-01"', "no first day"),
        ("from = 2023-05-01", "from = 2023-05-01T00:00:00", "no first day"),
        ("from = 2023-05-01", "", "missing"),
        ("minor = { least = 0, most = 3 }", "", "missing"),
        ("minor = { least = 0, most = 3 }", "minor = { least = 4, most = 3 }", "ends before"),
        ("minor = { least = 0, most = 3 }", "minor = { least = 0, most = 0 }", "ends before"),
        ("minor = { least = 0, most = 3 }", "minor = { least = 0, most = nan }", "number of months"),
        ("minor = { least = 0, most = 3 }", "minor = { least = 0, most = 3.0 }", "number of months"),
        ("minor = { least = 0, most = 3 }", "minor = { least = true, most = 3 }", "number of months"),
        ("minor = { least = 0, most = 3 }", "minor = { least = -1, most = 3 }", "number of months"),
        ("minor = { least = 0, most = 3 }", "minor = { least = 0, most = 100000 }", "number of months"),
        ("minor = { least = 0, most = 3 }", "minor = { least = 0, most = 3, until = 4 }", "unknown"),
        ('negative = "general"', 'negative = "grave"', "class is unknown"),
        ('negative = "general"', "", "missing"),
        ('minor = ["警告"]', 'minor = ["罚款"]', "two things"),
        ('minor = ["警告"]', 'minor = "警告"', "no list"),
        ('minor = ["警告"]', 'minar = ["警告"]', "unknown"),
        ('kept = ["合格", "基本合格"]', 'kept = ["不合格"]', "two things"),
        ('field = "penalty_kind"', "", "missing"),
        ('items = ["ZG-006"]', "items = [6]", "no list"),
        ('items = ["ZG-006"]', "", "missing"),
        ("[roles.association]", "[roles.club]", "unknown"),
        ('field = "penalty_kind"', 'field = " "', "no field"),
        ('name_en = "Order 58 on credit repair"', 'name_en = ""', "no name"),
        ("[nature]", "[natur]", "unknown|missing"),
        ("[nature]", "[nature", "can't be read"),
    ],
)  # fmt: skip
def test_rules_that_are_half_understood_are_refused(tmp_path: Any, before: str, after: str, what: str) -> None:
    assert before in RULES
    path = tmp_path / "own.toml"
    path.write_text(RULES.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(WorkspaceError, match=what) as caught:
        read_rules(path)
    assert "own.toml" in str(caught.value)


def test_two_files_that_say_the_same_have_one_digest(tmp_path: Any) -> None:
    path = tmp_path / "own.toml"
    path.write_text("# ours\n" + RULES, encoding="utf-8")
    assert read_rules(path).digest == read_rules().digest
    path.write_text(RULES.replace("most = 3 ", "most = 2 "), encoding="utf-8")
    assert read_rules(path).digest != read_rules().digest
