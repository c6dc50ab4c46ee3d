"""A methodology file: what it means, and everything that is refused before it could decide about anyone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from creditlab.assessment import Approval, check_suitable, parse_methodology, seal_text
from creditlab.assessment.bands import Bands, months_later, newest_so_old
from creditlab.catalogue import Catalogue, read_catalogue
from creditlab.errors import ExitStatus, MethodologyError
from creditlab.terms import Counted, MethodologyState, SubjectKind

SAMPLES = Path(__file__).resolve().parents[2] / "data_samples"
TEXT = (SAMPLES / "methodologies/sample.toml").read_text(encoding="utf-8")
DAY = date(2024, 12, 20)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue(SAMPLES / "catalogue")


def changed(old: str, new: str, text: str = TEXT) -> str:
    """The sample with its first `old` replaced; fails where the sample has none."""
    assert old in text
    return text.replace(old, new, 1)


def refused(text: str, catalogue: Catalogue | None = None) -> MethodologyError:
    def use() -> None:
        parsed = parse_methodology("made", text)
        if catalogue:
            check_suitable(parsed, catalogue)

    with pytest.raises(MethodologyError) as found:
        use()
    assert found.value.exit_status is ExitStatus.REFUSED
    assert "made" in found.value.where
    return found.value


def test_the_sample_has_eight_dimensions_26_indicators_and_nine_levels_in_four_grades(catalogue: Catalogue) -> None:
    found = parse_methodology("sample", TEXT)
    check_suitable(found, catalogue)
    assert (len(found.dimensions), len(found.indicators)) == (8, 26)
    assert [one.code for one in found.levels] == ["A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D"]
    assert [one.grade for one in found.levels] == list("AABBBCCCD")
    assert {one.counted for one in found.indicators} == set(Counted)
    assert SubjectKind.NATURAL_PERSON not in found.subject_kinds
    for words in (found.note_en, found.note_zh, found.title_en, found.title_zh):
        assert "our own" in words or "自拟" in words
    assert all(one.legal_basis_en and one.legal_basis_zh for one in found.rules)


def test_points_are_exact_to_a_thousandth() -> None:
    found = parse_methodology("sample", changed("points = -2.5", "points = -0.001"))
    assert found.indicator["arrears"].points == -1


def test_levels_are_closed_below() -> None:
    found = parse_methodology("sample", TEXT)
    assert found.level_of(990_000).code == "B+"
    assert found.level_of(989_999).code == "B"
    assert found.level_of(0).code == "D"
    assert found.level_of(1_100_000).code == "A"


FIRST_STEP = "{ from = 0, below = 24, percent = 100 }"
FORBIDDEN: list[tuple[str, str, str]] = [
    ("syntax", "[methodology]", "[methodology"),
    ("unknown_key", "base = 1000", "base = 1000\nsize_of_company = 5"),
    ("unknown_key", "points = -80", "points = -80\nper = 10"),
    ("missing", "base = 1000", ""),
    ("missing", "points = -80", ""),
    ("kind", "base = 1000", "base = true"),
    ("kind", 'counted = "count"', 'counted = "average"'),
    ("kind", "effective_from = 2025-01-01", 'effective_from = "2025-01-01"'),
    ("kind", "effective_from = 2025-01-01", "effective_from = 2025-01-01T00:00:00"),
    ("kind", 'code = "judicial"', 'code = "../judicial"'),
    ("kind", "points = -80", "points = 1e300"),
    ("kind", "points = -80", "points = 0"),
    ("kind", "per = 500", "per = 0"),
    ("decimals", "points = -80", "points = -80.0001"),
    ("not_finite", "points = -80", "points = nan"),
    ("not_finite", "points = -80", "points = -inf"),
    ("not_finite", "from = 1030", "from = inf"),
    ("effective", "effective_until = 2027-12-31", "effective_until = 2024-12-31"),
    ("bounds", "lowest = 0", "lowest = 1000"),
    ("bounds", "highest = 1100", "highest = 999"),
    ("gap", "below = 1030", "below = 1029"),
    ("overlap", "below = 1030", "below = 1031"),
    ("overlap", 'from = 1012\nbelow = 1030', 'from = 1012'),
    ("gap", "from = 1030", "from = 1030\nbelow = 1100"),
    ("gap", "from = 0\nbelow = 700", "from = 1\nbelow = 700"),
    ("gap", FIRST_STEP, "{ from = 1, below = 24, percent = 100 }"),
    ("gap", FIRST_STEP, "{ from = 0, below = 23, percent = 100 }"),
    ("overlap", FIRST_STEP, "{ from = 0, below = 25, percent = 100 }"),
    ("overlap", FIRST_STEP, "{ from = 0, below = 0, percent = 100 }"),
    ("rises", FIRST_STEP, "{ from = 0, below = 24, percent = 79 }"),
    ("rises", "{ from = 90, below = 180, points = -8 }", "{ from = 90, below = 180, points = 8 }"),
    ("kind", FIRST_STEP, "{ from = 0, below = 24, percent = 101 }"),
    ("twice", 'code = "A-"', 'code = "A"'),
    ("twice", 'code = "judicial-restriction"', 'code = "judicial-defaulter"'),
    ("twice", 'items = ["CF-001"]', 'items = ["CF-001", "CF-001"]'),
    ("unknown_dimension", 'dimension = "judicial"', 'dimension = "judicious"'),
    ("unknown_decay", 'decay = "serious"', 'decay = "slow"'),
    ("unknown_level", 'level = "D"', 'level = "E"'),
    ("cap", "cap = 240", "cap = 79"),
    ("counted_twice", 'items = ["CF-002"]', 'items = ["CF-002", "CF-001"]'),
    ("counted_twice", 'values = ["已履行"]', 'values = ["已履行", "未履行"]'),
    ("two_fields", 'items = ["CF-002"]', 'items = ["CF-002", "SF-001"]'),
    ("sign", 'decay = "adverse"', 'decay = "adverse"\nin_force = true'),
    ("natural_person", '"legal_person", ', '"legal_person", "natural_person", '),
    ("reporting_feature", "points = -80", "points = -80\ndepartment = \"FAYU\""),
    ("reporting_feature", "points = -80", "points = -80\nregion_code = \"130100\""),
    ("reporting_feature", "points = -80", "points = -80\ninspector = \"anybody\""),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "old", "new"), FORBIDDEN)
def test_a_methodology_that_contradicts_itself_is_refused(rule: str, old: str, new: str) -> None:
    assert refused(changed(old, new)).code == f"methodology_{rule}"


UNSUITABLE: list[tuple[str, str, str]] = [
    ("unknown_item", 'items = ["CF-001"]', 'items = ["CF-999"]'),
    ("unknown_item", 'items = ["CF-001"]', 'items = ["JC-004"]'),
    ("natural_person", 'items = ["CF-001"]', 'items = ["YC-002"]'),
    ("sign", "points = -16", "points = 16"),
    ("sign", "points = 16", "points = -16"),
    ("unknown_field", 'field = "duty"', 'field = "colour"'),
    ("unknown_field", 'field = "duty"', 'field = "matter"'),
    ("unknown_value", 'values = ["未履行", "部分履行"]', 'values = ["没有"]'),
    ("reporting_feature", 'field = "duty"', 'field = "department"'),
    ("reporting_feature", 'field = "duty"', 'field = "region_code"'),
    ("prohibited", 'field = "duty"', 'field = "religion"'),
    ("prohibited", 'name_en = "Public-interest litigation"', 'name_en = "Blood type of the owner"'),
    ("prohibited", 'name_zh = "公益诉讼"', 'name_zh = "宗教信仰"'),
]


@pytest.mark.parametrize(("rule", "old", "new"), UNSUITABLE)
def test_what_the_catalogue_or_a_prohibition_does_not_bear_out_is_refused(
    catalogue: Catalogue, rule: str, old: str, new: str
) -> None:
    text = changed(old, new)
    # Two rules that look at other values of one field are changed together.
    if 'field = "duty"' in old:
        text = text.replace(old, new)
    assert refused(text, catalogue).code == f"methodology_{rule}"


# --- The seal ----------------------------------------------------------------------------------------


def seal() -> str:
    return seal_text(parse_methodology("made", TEXT).digest, Approval("A body", "No. 1", DAY))


def test_a_seal_says_who_approved_it_and_a_file_without_one_is_a_draft() -> None:
    assert parse_methodology("made", TEXT).state is MethodologyState.DRAFT
    found = parse_methodology("made", TEXT, seal())
    assert (found.state, found.approved_by, found.approved_document, found.approved_on) == (
        MethodologyState.APPROVED, "A body", "No. 1", DAY,
    )  # fmt: skip


def test_layout_breaks_no_seal() -> None:
    other = TEXT.replace("\n", "\r\n").replace("points = -2.5", "points = -2.50  # the same")
    assert parse_methodology("made", other, seal()).state is MethodologyState.APPROVED


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("approved_on = 2024-12-20", "approved_on = 2024-12-20T00:00:00"),
        lambda text: text.replace("digest", "digests"),
        lambda text: text + "more = 1\n",
        lambda text: text[:-30],
        lambda text: "",
    ],
)
def test_a_seal_that_was_edited_is_refused(change: Callable[[str], str]) -> None:
    with pytest.raises(MethodologyError) as found:
        parse_methodology("made", TEXT, change(seal()))
    assert found.value.code == "methodology_changed"


@pytest.mark.parametrize(("by", "document"), [("", "No. 1"), ("A body", " "), ("A\nbody", "No. 1")])
def test_an_approval_says_by_whom_and_by_which_document(by: str, document: str) -> None:
    with pytest.raises(MethodologyError) as found:
        seal_text("0", Approval(by, document, DAY))
    assert found.value.code == "methodology_approval"


# --- Ages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("months", [0, 1, 2, 11, 12, 24, 36])
def test_a_bound_is_the_newest_day_that_is_so_many_months_old(months: int) -> None:
    start = date(2024, 1, 1).toordinal()
    for as_of in map(date.fromordinal, range(start, start + 800)):
        newest = newest_so_old(as_of, months)
        assert months_later(newest, months) <= as_of
        assert months_later(date.fromordinal(newest.toordinal() + 1), months) > as_of


def test_a_band_says_what_each_step_table_says() -> None:
    found = parse_methodology("sample", TEXT)
    bands = Bands.of(found, date(2026, 10, 20))
    adverse, by_days = found.indicator["penalty-market"], found.indicator["utility-arrears"]
    assert sorted(bands.days, reverse=True) == list(bands.days)
    assert list(dict.fromkeys(bands.values(adverse))) == [100, 80, 50, 25, None]
    assert list(dict.fromkeys(bands.values(by_days))) == [-12_000, -8_000, -4_000, None]
    assert bands.holds(36).count(False) == len([day for day in bands.days if day <= date(2023, 10, 20)])
