"""A year of an edition by commands only, and what no step lets pass. All of it is synthetic."""

from __future__ import annotations

import csv
import json
import shutil
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from creditlab.catalogue import check_seals, read_catalogue
from creditlab.catalogue.lint import lint
from creditlab.cli import main
from tests.spec.tiny import Tiny, csv_text, form_field, form_fields

LISTS = "items.csv", "fields.csv", "changes.csv", "comments.csv"


class Office:
    """Where the catalogue is kept: commands are given there, on days of the test's choice."""

    def __init__(self, tiny: Tiny, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.tiny, self._capsys, self._monkeypatch = tiny, capsys, monkeypatch
        self.root = tiny.folder / "catalogue"
        self.today("2026-03-01")

    def today(self, day: str) -> None:
        moment = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
        self._monkeypatch.setattr("creditlab.cli.answer.now", lambda: moment)

    def __call__(self, *words: str) -> tuple[int, dict[str, Any]]:
        status = main(["--workspace", str(self.tiny.folder), "catalogue", *words, "--json"])
        return status, json.loads(self._capsys.readouterr().out)

    def done(self, *words: str) -> dict[str, Any]:
        status, said = self(*words)
        assert status == 0, said
        return said

    def refused(self, *words: str) -> str:
        before = self.contents()
        status, said = self(*words)
        assert status in (2, 3)
        assert self.contents() == before
        return str(said["what"])

    def contents(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.root)): path.read_bytes() for path in self.root.rglob("*") if path.is_file()}

    def rows(self, file: str) -> list[dict[str, str]]:
        with (self.root / file).open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))

    def details(self, year: int) -> dict[str, Any]:
        return tomllib.loads((self.root / str(year) / "edition.toml").read_text("utf-8"))

    def write(self, file: str, rows: list[dict[str, str]]) -> None:
        columns = list(dict.fromkeys(name for row in rows for name in row))
        self.tiny.write(
            f"catalogue/{file}", csv_text(columns, [[row.get(name, "") for name in columns] for row in rows])
        )


@pytest.fixture
def office(
    make_tiny: Callable[..., Tiny], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Office:
    """A catalogue whose edition of 2026 is published: two items of one form."""
    tiny = make_tiny(items=[{}, {"item_code": "B-1", "item_name_en": "Item B"}], fields=form_fields(form_field("sort")))
    words = 'year = 2026\nstate = "published"\ntitle_en = "Catalogue 2026"\napproved_by = "the province"\n'
    tiny.write(
        "catalogue/2026/edition.toml", f"# SYNTHETIC\n{words}approved_on = 2025-12-01\npublished_on = 2025-12-20\n"
    )
    return Office(tiny, capsys, monkeypatch)


WHY = ("--reason", "the duty is new", "--department", "D1")
LIMIT = ("ask", "A-1", "--change", "altered", "--set", "collection_time_limit=5 working days", *WHY)
APPROVE = ("approve", "2027", "--by", "the province", "--document", "No. 7")
CONTEST = ("--contested", "impact", "--assessment", "kept", "--experts-heard", "three jurists")


def test_a_whole_year_by_commands_only(office: Office) -> None:
    # During the year departments ask for changes, with their reasons; the published edition stays what it is.
    published = (office.root / "2026" / "items.csv").read_bytes()
    assert office.done(*LIMIT)["request"] == "1"
    office.done(
        "ask", "form.note", "--change", "altered", "--set", "required=true", "--reason", "why", "--department", "D2"
    )
    office.done("ask", "form.sort", "--change", "withdrawn", "--reason", "unused", "--department", "D2")
    cells = {name: text for name, text in office.rows("2026/items.csv")[0].items() if name != "item_code"}
    sets = [word for name, text in cells.items() for word in ("--set", f"{name}={text}")]
    assert office.done("ask", "C-1", "--change", "included", *sets, *WHY)["landed"] == []
    assert (office.root / "2026" / "items.csv").read_bytes() == published

    # In autumn the draft is made from last year's edition, and what was asked for has landed in it.
    office.today("2026-10-08")
    assert office.done("draft", "2027")["landed"] == ["1", "2", "3", "4"]
    assert {row["landed_in"] for row in office.rows("requests.csv")} == {"2027"}
    assert office.details(2027) == {
        "year": 2027, "state": "draft", "drafted_on": date(2026, 10, 8), "title_en": "Catalogue 2027",
    }  # fmt: skip
    assert [row["item_code"] for row in office.rows("2027/items.csv")] == ["A-1", "B-1", "C-1"]
    assert office.rows("2027/items.csv")[0]["collection_time_limit"] == "5 working days"
    assert [one for one in lint(office.root) if one.file.startswith("2027/")] == []

    # One more is asked for while the draft is open: it lands at once; it is contested, so somebody was heard.
    heard = (*CONTEST, "--representatives-heard", "the chamber of commerce")
    late = ("ask", "B-1", "--change", "withdrawn", "--reason", "merged", "--department", "D2", *heard)
    assert office.done(*late)["landed"] == ["5"]

    differences = office.done("diff", "2027")["differences"]
    columns = ("change", "item_code", "field", "column", "before", "after")
    assert [tuple(row[name] for name in columns) for row in differences] == [
        ("altered", "A-1", "", "collection_time_limit", "7 working days", "5 working days"),
        ("included", "C-1", "", "", "", ""),
        ("withdrawn", "B-1", "", "", "", ""),
        ("altered", "A-1", "note", "required", "false", "true"),
        ("withdrawn", "A-1", "sort", "", "", ""),
    ]  # fmt: skip
    assert [row["reason"] for row in differences] == [
        "the duty is new; why; unused", "the duty is new", "merged",
        "the duty is new; why; unused", "the duty is new; why; unused",
    ]  # fmt: skip
    assert [row["department"] for row in differences] == ["D1;D2", "D1", "D2", "D1;D2", "D1;D2"]

    # The workbook that officials edit goes out and comes back, and says the same; nothing is wrong with the draft.
    before, book = office.contents(), str(office.tiny.folder / "draft.xlsx")
    office.done("export", "2027", book)
    office.done("import", book)
    assert office.contents() == before
    assert office.done("lint", "2027")["findings"] == []

    # The public is asked, and answered.
    office.today("2026-11-02")
    office.done("consult", "2027", "--until", "2026-11-30")
    office.today("2026-11-20")
    assert office.done("comment", "2027", "Is five days enough?", "--item", "A-1")["comment"] == "1"
    assert office.done("comment", "2027", "A clear list.")["comment"] == "2"
    office.done("answer", "2027", "1", "Yes: the form is filled in by machine.")
    office.today("2026-12-01")
    assert "no answer" in office.refused(*APPROVE)
    office.done("answer", "2027", "2", "Thank you.")
    office.done(*APPROVE)
    assert {name: office.details(2027)[name] for name in ("approved_by", "approved_document", "approved_on")} == {
        "approved_by": "the province", "approved_document": "No. 7", "approved_on": date(2026, 12, 1),
    }  # fmt: skip
    office.today("2026-12-20")
    office.done("publish", "2027")
    assert check_seals(office.root) is None
    assert [edition.year for edition in read_catalogue(office.root).editions] == [2026, 2027]
    assert "published already" in office.refused("publish", "2027")

    # A change during the new year waits for the next draft.
    office.today("2027-05-01")
    sealed = {name: (office.root / "2027" / name).read_bytes() for name in LISTS}
    asked = office.done("ask", "C-1", "--change", "altered", "--set", "delivery_grace_days=3", *WHY)
    assert (asked["request"], asked["landed"]) == ("6", [])
    assert {name: (office.root / "2027" / name).read_bytes() for name in LISTS} == sealed
    office.today("2027-10-01")
    assert office.done("draft", "2028")["landed"] == ["6"]
    (row,) = (row for row in office.rows("2028/items.csv") if row["item_code"] == "C-1")
    assert row["delivery_grace_days"] == "3"
    assert [(row["item_code"], row["change"]) for row in office.rows("2028/changes.csv")] == [("C-1", "altered")]
    assert office.details(2028)["title_en"] == "Catalogue 2028"
    assert (office.root / "2028" / "edition.toml").read_text("utf-8").startswith("# SYNTHETIC\n")


STEPS = {
    "consult": ("consult", "2027", "--until", "2026-11-30"),
    "approve": APPROVE,
    "publish": ("publish", "2027"),
    "comment": ("comment", "2027", "Why?"),
    "answer": ("answer", "2027", "1", "So."),
    "draft": ("draft", "2027"),
}
ALLOWED = {
    "draft": {"consult"},
    "consultation": {"approve", "comment", "answer"},
    "approved": {"publish"},
    "published": set(),
}


@pytest.mark.parametrize(
    ("state", "step"), [(state, step) for state in ALLOWED for step in STEPS if step not in ALLOWED[state]]
)
def test_no_step_is_taken_out_of_order(office: Office, state: str, step: str) -> None:
    office.done("draft", "2027")
    if state != "draft":
        office.done("consult", "2027", "--until", "2026-03-31")
        office.done("comment", "2027", "Why?")
        office.done("answer", "2027", "1", "So.")
        office.today("2026-04-01")
    if state in ("approved", "published"):
        office.done(*APPROVE)
    if state == "published":
        office.done("publish", "2027")
    assert office.details(2027)["state"] == state
    office.refused(*STEPS[step])


def drafted(office: Office, changes: dict[str, str]) -> None:
    """A draft with an altered item, and a row of changes.csv for it."""
    office.done("draft", "2027")
    rows = office.rows("2027/items.csv")
    rows[0]["collection_time_limit"] = "5 working days"
    office.write("2027/items.csv", rows)
    row = {"item_code": "A-1", "change": "altered", "reason": "faster", "department": "D1", **changes}
    office.write("2027/changes.csv", [row])


HEARD = {"assessment": "kept", "experts_heard": "three jurists", "representatives_heard": "the chamber"}
FAULTS = [
    ({"reason": ""}, "reason_missing", "reason"),
    ({"item_code": "B-1"}, "change_undeclared", "collection_time_limit"),
    ({"contested": "opinions"}, "assessment_missing", "assessment"),
    ({"contested": "much", **HEARD}, "unknown_contest", "contested"),
    *[({"contested": "impact", **HEARD, column: ""}, "assessment_missing", column) for column in HEARD],
]


@pytest.mark.parametrize(("changes", "code", "column"), FAULTS)
def test_no_step_with_a_change_that_is_not_accounted_for(
    office: Office, changes: dict[str, str], code: str, column: str
) -> None:
    drafted(office, changes)
    found = [(one.code.value, one.column) for one in lint(office.root) if one.file.startswith("2027/")]
    assert (code, column) in found
    assert "lint finds errors" in office.refused("consult", "2027", "--until", "2026-11-30")
    # Nor by writing the states by hand.
    for state, step in (("consultation", STEPS["approve"]), ("approved", STEPS["publish"])):
        words = f'year = 2027\nstate = "{state}"\nconsultation_until = 2026-02-01\n'
        office.tiny.write("catalogue/2027/edition.toml", f'{words}approved_by = "x"\napproved_on = 2026-02-02\n')
        assert "lint finds errors" in office.refused(*step)


@pytest.mark.parametrize("contested", [{}, {"contested": "opinions", **HEARD}])
def test_a_change_that_is_accounted_for_passes(office: Office, contested: dict[str, str]) -> None:
    drafted(office, contested)
    assert office.done("consult", "2027", "--until", "2026-11-30")["consultation"] == 2027


def test_a_data_format_altered_without_a_reason_is_found_at_each_item_that_uses_it(office: Office) -> None:
    office.done("draft", "2027")
    rows = office.rows("2027/fields.csv")
    rows[-1]["required"] = "true"
    office.write("2027/fields.csv", rows)
    found = [(one.code.value, one.row, one.column) for one in lint(office.root) if one.file.startswith("2027/")]
    assert found == [("change_undeclared", 2, "data_format"), ("change_undeclared", 3, "data_format")]


def test_a_comment_on_an_item_that_does_not_exist(office: Office) -> None:
    office.done("draft", "2027")
    office.done("consult", "2027", "--until", "2026-03-31")
    assert "does not exist" in office.refused("comment", "2027", "Why?", "--item", "Z-9")
    office.write("2027/comments.csv", [{"comment_id": "1", "item_code": "Z-9", "comment": "Why?", "answer": "So."}])
    found = [(one.code.value, one.file, one.row, one.column) for one in lint(office.root)]
    assert ("unknown_item", "2027/comments.csv", 2, "item_code") in found
    office.today("2026-04-01")
    assert "lint finds errors" in office.refused(*APPROVE)


def test_a_comment_that_names_a_person_by_number_is_not_taken(office: Office) -> None:
    office.done("draft", "2027")
    office.done("consult", "2027", "--until", "2026-03-31")
    number = "99010019900101123"
    weights = [pow(2, 17 - place) % 11 for place in range(17)]
    total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True))
    text = f"Ask {number}{'10X98765432'[total % 11]}."
    assert "resident ID" in office.refused("comment", "2027", text)
    office.write("2027/comments.csv", [{"comment_id": "1", "item_code": "", "comment": text, "answer": "No."}])
    assert "personal_data" in {one.code.value for one in lint(office.root)}


def test_comments_end_with_the_consultation_and_approval_follows_it(office: Office) -> None:
    office.done("draft", "2027")
    assert "end before it starts" in office.refused("consult", "2027", "--until", "2026-02-28")
    office.done("consult", "2027", "--until", "2026-03-31")
    assert "not over" in office.refused(*APPROVE)
    office.today("2026-04-01")
    assert "over" in office.refused("comment", "2027", "Why?")
    assert "still to come" in office.refused(*APPROVE, "--approved-on", "2026-04-02")
    assert "not over" in office.refused(*APPROVE, "--approved-on", "2026-03-31")
    assert "names its body" in office.refused("approve", "2027", "--by", "the province", "--document", " ")
    office.done(*APPROVE, "--approved-on", "2026-04-01")


def test_what_was_approved_is_what_is_published(office: Office) -> None:
    drafted(office, {})
    office.done("consult", "2027", "--until", "2026-03-31")
    office.today("2026-04-01")
    office.done(*APPROVE)
    rows = office.rows("2027/items.csv")
    approved = [dict(row) for row in rows]
    rows[0]["collection_time_limit"] = "3 working days"
    office.write("2027/items.csv", rows)
    assert "edited after it was approved" in office.refused("publish", "2027")
    office.write("2027/items.csv", approved)
    office.done("publish", "2027")


def test_a_seal_that_does_not_fit_stops_every_step(office: Office) -> None:
    office.done("draft", "2027")
    office.done("consult", "2027", "--until", "2026-03-31")
    office.today("2026-04-01")
    office.done(*APPROVE)
    office.done("publish", "2027")
    office.done("draft", "2028")
    rows = office.rows("2027/items.csv")
    rows[0]["collection_time_limit"] = "9 working days"
    office.write("2027/items.csv", rows)
    for step in (("consult", "2028", "--until", "2026-05-01"), ("draft", "2029"), ("export", "2027", "edition.jsonld")):
        assert "edited afterwards" in office.refused(*step)


def test_editions_that_overlap_are_refused(office: Office) -> None:
    office.done("draft", "2027")
    assert "an edition already" in office.refused("draft", "2027")
    assert "on its way" in office.refused("draft", "2028")
    for name in (*LISTS, "edition.toml"):
        office.tiny.write(f"catalogue/2027b/{name}", (office.root / "2027" / name).read_bytes())
    assert "edition_year" in {one.code.value for one in lint(office.root)}
    assert "two folders" in office.refused("consult", "2027", "--until", "2026-11-30")


def test_a_draft_before_a_published_edition_is_refused(office: Office) -> None:
    assert "later edition" in office.refused("draft", "2025")


def test_a_first_edition_starts_empty(office: Office) -> None:
    shutil.rmtree(office.root / "2026")
    office.done("draft", "2026")
    assert [office.rows(f"2026/{name}") for name in LISTS] == [[], [], [], []]
    assert "edition_empty" in {one.code.value for one in lint(office.root)}


REQUESTS = [
    (("A-1", "--change", "altered", "--set", "colour=red", *WHY), "can't be set"),
    (("A-1", "--change", "altered", "--set", "item_code=A-2", *WHY), "can't be set"),
    (("A-1", "--change", "altered", "--set", "category", *WHY), "no value"),
    (("A-1", "--change", "altered", *WHY), "sets nothing"),
    (("A-1", "--change", "withdrawn", "--set", "category=x", *WHY), "sets nothing"),
    (("A-1", "--change", "withdrawn", "--reason", " ", "--department", "D1"), "without a reason"),
    (("A-1", "--change", "withdrawn", "--reason", "x", "--department", "D9"), "departments.csv"),
]


@pytest.mark.parametrize(("words", "message"), REQUESTS)
def test_a_request_that_nobody_could_carry_out_is_refused(office: Office, words: tuple[str, ...], message: str) -> None:
    assert message in office.refused("ask", *words)


def test_a_request_that_cannot_land_waits_and_is_named(office: Office) -> None:
    office.done("ask", "Z-9", "--change", "withdrawn", *WHY)
    office.done("ask", "A-1", "--change", "included", "--set", "category=x", *WHY)
    said = office.done("draft", "2027")
    assert (said["landed"], said["waiting"]) == ([], ["1", "2"])
    assert office.rows("2027/changes.csv") == []


def test_what_is_asked_of_a_new_item_stays_its_inclusion(office: Office) -> None:
    office.done("draft", "2027")
    office.done("ask", "C-1", "--change", "included", "--set", "data_format=form", *WHY)
    office.done("ask", "C-1", "--change", "altered", "--set", "category=x", "--reason", "sorted", "--department", "D1")
    (row,) = office.rows("2027/changes.csv")
    assert (row["change"], row["reason"]) == ("included", "the duty is new; sorted")
    office.done("ask", "C-1", "--change", "withdrawn", *WHY)
    assert office.rows("2027/changes.csv") == []
    assert [row["item_code"] for row in office.rows("2027/items.csv")] == ["A-1", "B-1"]


def test_diff_against_a_year_of_ones_choice(office: Office) -> None:
    assert "no edition before" in office.refused("diff", "2026")
    drafted(office, {})
    assert office.done("diff", "2026", "--against", "2027")["differences"][0]["after"] == "7 working days"


def test_lint_of_one_year_and_of_all(office: Office) -> None:
    drafted(office, {"reason": ""})
    status, said = office("lint", "2027")
    assert (status, said["errors"]) == (3, 1)
    assert office("lint", "2026")[0] == 0
