"""The catalogue's yearly publication: in both languages, and only what the policy lets an audience see.

All of it is synthetic.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from creditlab.disclosure import EditionRelease
from creditlab.errors import DisclosureError, NoDataError, ParameterError, SealError
from creditlab.messages import Messages
from creditlab.periods import parse_period
from creditlab.reports import edition, publish
from creditlab.reports.listing import choose, notebooks_folder, read_listing
from creditlab.tables import Table, csv_text
from creditlab.terms import Audience, Language
from creditlab.workspace import open_workspace
from tests.browser.looking import look
from tests.spec.tiny import REGIONS, SETTINGS, Tiny, form_fields

CSV = "item_code,change,reason,department,contested,assessment,experts_heard,representatives_heard\n"
HIDDEN = ["the hidden way", "the hidden note", "3 working days", "4 working days"]
ITEMS = [
    {"item_code": "A-1", "item_name_en": "Licences", "item_name_zh": "许可", "departments": "D1;D2"},
    {"item_code": "B-1", "item_name_en": "Loans", "item_name_zh": "借贷", "security_level": "restricted",
     "departments": "D2", "collection_procedure": "the hidden way", "data_format": "hidden",
     "collection_time_limit": "4 working days"},
    {"item_code": "C-1", "item_name_en": "=cmd()", "item_name_zh": "<b>新</b>", "departments": "D1"},
]  # fmt: skip
SECRET = [one | {"data_format": "hidden"} for one in form_fields(note={"name_en": "the hidden note"})]
COMMENTS = (
    "comment_id,item_code,received_on,comment,answer,answered_on\n1,A-1,2025-11-03,Is it quick?,It is.,2025-11-09\n"
)


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """Editions of 2025 and 2026; the second alters A-1 and B-1 and includes C-1."""
    tiny = Tiny(tmp_path / "tiny")
    tiny.write("creditlab.toml", SETTINGS)
    tiny.write("catalogue/departments.csv", "department,name_zh,name_en\nD1,甲局,Bureau A\nD2,乙局,Bureau B\n")
    lines = "".join(",".join(region) + "\n" for region in REGIONS)
    tiny.write("catalogue/regions.csv", "region_code,name_zh,name_en,level,parent\n" + lines)
    tiny.write("catalogue/code_lists.csv", "code_list,code,name_zh,name_en\n")
    tiny.write(
        "catalogue/standards.csv",
        "standard,version,name_zh,name_en,valid_from,valid_until,rests_on\n"
        "DB 1,2026,登记,Registers,2026-07-01,,format:form\nDB 2,2020,,,2020-01-01,2025-12-31,format:form\n"
        "DB 3,2026,,,2026-01-01,,format:hidden\n",
    )
    fields = [*form_fields(), *SECRET]
    earlier = [dict(ITEMS[0]), ITEMS[1] | {"collection_time_limit": "3 working days"}]
    tiny.edition(2025, earlier, fields)
    tiny.edition(2026, [ITEMS[0] | {"collection_time_limit": "5 days"}, *ITEMS[1:]], fields)
    words = 'year = 2026\nstate = "published"\ntitle_en = "The list"\ntitle_zh = "名录"\napproved_by = "the province"\n'
    days = "approved_on = 2025-12-10\npublished_on = 2025-12-20\n"
    more = 'approved_document = "No. 7"\nconsultation_from = 2025-11-01\nconsultation_until = 2025-11-30\n'
    tiny.write("catalogue/2026/edition.toml", words + days + more)
    contested = 'A-1,altered,quicker,D1,impact,kept,"three jurists",the chamber\n'
    rows = "B-1,altered,longer,D2,,,,\nC-1,included,new,D1,,,,\n"
    tiny.write("catalogue/2026/changes.csv", CSV + contested + rows)
    tiny.write("catalogue/2026/comments.csv", COMMENTS)
    return tiny


def opened(tiny: Tiny, audience: Audience = Audience.PUBLIC, **changes: Any) -> edition.Report:
    given = {"period": "2026", "as_of": "2025-12-20", "audience": audience, "language": "en", "run_no": 0, "out": ""}
    return edition.open_report(str(tiny.folder), **{**given, **changes})


def sections(report: edition.Report) -> dict[str, Table]:
    made = (report.overview(), report.items(), report.changes(), report.comments(), report.formats())
    return {table.name: table for one in made for table in one.tables}


def texts(table: Table) -> list[list[str]]:
    return [[csv_text(column, cell) for column, cell in zip(table.columns, row, strict=True)] for row in table.rows]


def test_it_is_published_by_its_notebook_in_both_languages(tiny: Tiny, chromium: Path) -> None:
    workspace = open_workspace(tiny.folder)
    found = {}
    for language in Language:
        (done,) = publish(
            workspace,
            period=parse_period("2026"),
            as_of=date(2025, 12, 20),
            audience=Audience.PUBLIC,
            language=language,
            reports=["catalogue"],
            now=datetime(2025, 12, 20, 9, 30, tzinfo=UTC),
            code_version="0123abc",
        )
        assert done.folder == workspace.reports / "2026" / "catalogue" / language / "r1"
        found[language] = {path.name: path.read_bytes() for path in done.folder.rglob("*") if path.is_file()}
    pages = {language: files["index.html"].decode() for language, files in found.items()}
    for words in (
        "The list",
        "Bureau A",
        "Licences",
        "quicker",
        "three jurists",
        "Is it quick?",
        "It is.",
        "5 days",
        "No. 7",
    ):
        assert words in pages[Language.EN]
    for words in (
        "名录",
        "甲局",
        "许可",
        "quicker",
        "5 日",
        "纳入",
        "不对本读者公开",
        "全部提供单位",
    ):
        assert words in pages[Language.ZH_CN]
    assert "Synthetic data" in pages[Language.EN]
    assert all("<b>新" not in page for page in pages.values())
    for files in found.values():
        everything = b"".join(
            data for name, data in files.items() if not name.endswith((".js", ".xlsx", ".pdf"))
        ).decode()
        assert [words for words in HIDDEN if words in everything] == []
        manifest = json.loads(files["manifest.json"])
        assert (manifest["run_no"], manifest["report"], manifest["is_synthetic"]) == (0, "catalogue", True)
        assert [one["year"] for one in manifest["editions"]] == [2026]
    look(chromium, done.folder, "catalogue-zh_CN")
    # The tables are for programs: the same in both languages but for names.
    assert found[Language.EN]["differences.csv"] == found[Language.ZH_CN]["differences.csv"]


def test_it_is_made_on_request_only() -> None:
    listing = read_listing(notebooks_folder())
    assert "catalogue" not in [one.name for one in choose(listing, None)]
    assert [one.name for one in choose(listing, ["catalogue"])] == ["catalogue"]


@pytest.mark.parametrize("audience", list(Audience))
def test_an_item_that_is_not_for_all_eyes_is_named_and_no_more(tiny: Tiny, audience: Audience) -> None:
    tables = sections(opened(tiny, audience))
    rows = {row[0]: row for row in texts(tables["items"])}
    assert set(rows) == {"A-1", "B-1", "C-1"}
    assert "Loans" in rows["B-1"]
    is_shown = audience is Audience.INTERNAL
    said = "\n".join(cell for table in tables.values() for row in texts(table) for cell in row)
    assert {words: words in said for words in HIDDEN} == dict.fromkeys(HIDDEN, is_shown)
    assert ("hidden" in {row[0] for row in texts(tables["fields"])}) == is_shown
    assert ("DB 3-2026" in {row[0] for row in texts(tables["standards"])}) == is_shown


def test_what_it_says(tiny: Tiny) -> None:
    tables = sections(opened(tiny))
    assert texts(tables["items_by_department"]) == [
        ["", "All departments", "3"], ["D1", "Bureau A", "2"], ["D2", "Bureau B", "2"],
    ]  # fmt: skip
    assert [row[:4] for row in texts(tables["changes"])] == [
        ["A-1", "Licences", "altered", "quicker"], ["B-1", "Loans", "altered", "longer"],
        ["C-1", "'=cmd()", "included", "new"],
    ]  # fmt: skip
    assert texts(tables["changes"])[0][5:] == ["impact", "kept", "three jurists", "the chamber"]
    assert [row[:7] for row in texts(tables["differences"])] == [
        ["altered", "A-1", "", "", "collection_time_limit", "7 working days", "5 days"],
        ["included", "C-1", "", "", "", "", ""],
    ]  # fmt: skip
    assert texts(tables["comments"]) == [["1", "A-1", "2025-11-03", "Is it quick?", "It is.", "2025-11-09"]]
    assert [row[0] for row in texts(tables["standards"])] == ["DB 1-2026"]
    assert all(table.release.audience is Audience.PUBLIC for table in tables.values())


def test_how_the_edition_came_about(tiny: Tiny) -> None:
    assert list(opened(tiny).overview().paragraphs) == [
        "Open for public comments from November 1, 2025 to November 30, 2025.",
        "Approved by the province on December 10, 2025. No. 7",
        "Published on December 20, 2025; what is changed during the year is taken up in the next year's edition.",
    ]
    assert opened(tiny, period="2025").overview().paragraphs == ("Published on December 20, 2024; what is changed "
        "during the year is taken up in the next year's edition.",)  # fmt: skip
    assert opened(tiny, period="2025").comments().paragraphs == ("No public comment on this edition is kept.",)


def test_an_edition_holds_no_records_and_no_run(tiny: Tiny) -> None:
    titles = [title for title, _ in opened(tiny).stamp.lines(Messages(Language.EN))]
    assert "Edition of the catalogue" in titles
    assert "Run of the lake" not in titles


def test_a_person_named_in_a_comment_is_left_out(tiny: Tiny) -> None:
    number = "99010019900101123"
    weights = [pow(2, 17 - place) % 11 for place in range(17)]
    total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True))
    named = f"{number}{'10X98765432'[total % 11]}"
    tiny.write("catalogue/2026/comments.csv", COMMENTS.replace("Is it quick?", f"Ask {named}"))
    assert texts(sections(opened(tiny))["comments"])[0][3] == ""


def test_only_the_gate_makes_a_released_edition(tiny: Tiny) -> None:
    shown = opened(tiny).shown
    with pytest.raises(DisclosureError, match="through the gate"):
        EditionRelease(shown.release, shown.items, (), (), (), (), ())


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"period": "2026Q3"}, ParameterError, "no year"),
        ({"period": "2027"}, NoDataError, "no published edition"),
        ({"run_no": 3}, ParameterError, "no run"),
    ],
)
def test_what_cannot_be_published(tiny: Tiny, changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        opened(tiny, **changes)


def test_a_draft_is_not_released(tiny: Tiny) -> None:
    path = tiny.folder / "catalogue" / "2026" / "edition.toml"
    path.write_text(path.read_text("utf-8").replace('"published"', '"approved"', 1), encoding="utf-8")
    with pytest.raises(NoDataError, match="no published edition"):
        opened(tiny)


def test_an_edition_that_is_not_what_was_sealed_is_not_released(tiny: Tiny) -> None:
    from creditlab.catalogue import publish as seal

    path = tiny.folder / "catalogue" / "2026" / "edition.toml"
    path.write_text(path.read_text("utf-8").replace('"published"', '"approved"', 1), encoding="utf-8")
    seal(tiny.folder / "catalogue", 2026, on=date(2025, 12, 20))
    assert opened(tiny).edition.year == 2026
    tiny.write("catalogue/2026/comments.csv", COMMENTS.replace("It is.", "No."))
    with pytest.raises(SealError, match="edited afterwards"):
        opened(tiny)
