"""Cases 15, 17, 19 and 20: a methodology edited after sealing, used out of its time, or with an expression in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.spec.assessable import AS_OF, METHODOLOGY, NAME, assessable, penalty, seal
from tests.spec.tiny import Tiny

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def empty(make_tiny: Callable[..., Tiny]) -> Tiny:
    """Nothing was taken in: a methodology is refused before any record is looked at."""
    return assessable(make_tiny)


@pytest.fixture
def made(make_tiny: Callable[..., Tiny]) -> Tiny:
    tiny = assessable(make_tiny)
    tiny.deliver([penalty("1")], item_code="P-1")
    tiny.ingest()
    return tiny


def refused(run: Run, tiny: Tiny, tmp_path: Path, as_of: str = AS_OF) -> str:
    """The code with which an assessment is refused; no file may be left."""
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    files = ["--output", out / "levels.csv", "--findings", out / "findings.csv"]
    said = run(tiny, "assess", "--as-of", as_of, *files, status=3)
    assert list(out.iterdir()) == []
    return str(said["error"])


def test_case_19_a_methodology_edited_after_sealing_is_refused(run: Run, made: Tiny, tmp_path: Path) -> None:
    run(made, "assess", "--as-of", AS_OF)
    made.write(f"methodologies/{NAME}.toml", METHODOLOGY.replace("points = -15", "points = -14"))
    assert refused(run, made, tmp_path) == "methodology_changed"
    made.write(f"methodologies/{NAME}.toml", METHODOLOGY)
    path = made.folder / f"methodologies/{NAME}.seal.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("nobody", "somebody\u0000"), encoding="utf-8")
    assert refused(run, made, tmp_path) == "methodology_changed"


def test_case_19_a_draft_decides_about_nobody_unless_it_is_named(run: Run, made: Tiny, tmp_path: Path) -> None:
    (made.folder / f"methodologies/{NAME}.seal.toml").unlink()
    assert refused(run, made, tmp_path) == "methodology_not_in_force"
    said = run(made, "assess", "--as-of", AS_OF, "--methodology", NAME)
    assert said["methodology_state"] == "draft"


@pytest.mark.parametrize("as_of", ["2025-12-31", "2027-01-01"])
def test_case_20_a_day_outside_the_effective_dates_is_refused(run: Run, made: Tiny, tmp_path: Path, as_of: str) -> None:
    assert refused(run, made, tmp_path, as_of) == "methodology_not_in_force"
    assert run(made, "assess", "--as-of", as_of, "--methodology", NAME, status=3)["error"] == "methodology_not_in_force"


def test_case_20_two_approved_methodologies_at_once_are_refused(run: Run, empty: Tiny, tmp_path: Path) -> None:
    seal(empty, METHODOLOGY.replace("points = -15", "points = -14"), "other")
    assert refused(run, empty, tmp_path) == "methodology_overlap"
    (empty.folder / "methodologies/other.seal.toml").unlink()
    approve = ["methodology", "approve", "other", "--by", "somebody", "--document", "2", "--approved-on", "2026-01-02"]
    assert run(empty, *approve, status=3)["error"] == "methodology_overlap"
    assert not (empty.folder / "methodologies/other.seal.toml").exists()


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("below = 1005", "below = 1004", "gap"),
        ("below = 1005", "below = 1006", "overlap"),
        ("points = -15", "points = nan", "not_finite"),
        ("points = -15", "points = inf", "not_finite"),
        ("points = -15", 'points = "-15 * 2"', "expression"),
        ("points = -15", "points = \"__import__('os').getcwd()\"", "expression"),
        ('when = { field = "performed", values = ["未履行"] }', "when = \"performed == '' or 1=1\"", "expression"),
        ('field = "performed"', "field = \"performed = '' OR 1=1 --\"", "unknown_field"),
        ('values = ["未履行"]', "values = [\"' OR '1'='1\"]", "unknown_value"),
        ('items = ["P-1"]', "items = [\"P-1'; DROP TABLE records; --\"]", "unknown_item"),
        ('code = "penalties"', "code = \"penalties' --\"", "kind"),
    ],
)  # fmt: skip
def test_case_15_17_20_such_a_methodology_is_neither_approved_nor_used(
    run: Run, empty: Tiny, old: str, new: str, error: str
) -> None:
    for path in (empty.folder / "methodologies").iterdir():
        path.unlink()
    assert old in METHODOLOGY
    empty.write("methodologies/new.toml", METHODOLOGY.replace(old, new))
    wanted = f"methodology_{error}"
    assert run(empty, "methodology", "lint", "new", status=3)["error"] == wanted
    approve = ["methodology", "approve", "new", "--by", "somebody", "--document", "2", "--approved-on", "2026-01-02"]
    assert run(empty, *approve, status=3)["error"] == wanted
    assert run(empty, "assess", "--as-of", AS_OF, "--methodology", "new", status=3)["error"] == wanted
    assert [path.name for path in (empty.folder / "methodologies").iterdir()] == ["new.toml"]


@pytest.mark.parametrize("name", ["../creditlab", "/etc/passwd", "made.seal", "", "MADE", "made\x00"])
def test_a_methodology_is_named_and_never_a_path(run: Run, empty: Tiny, name: str) -> None:
    assert run(empty, "methodology", "lint", name, status=3)["error"] == "methodology_missing"


def test_approving_seals_once(run: Run, made: Tiny) -> None:
    path = made.folder / f"methodologies/{NAME}.seal.toml"
    path.unlink()
    approve = ["methodology", "approve", NAME, "--by", "A body", "--document", "No. 1", "--approved-on"]
    assert run(made, *approve, "2999-01-01", status=3)["error"] == "methodology_approval"
    run(made, *approve, "2026-01-02")
    text = path.read_text(encoding="utf-8")
    assert run(made, *approve, "2026-01-03", status=3)["error"] == "methodology_approval"
    assert path.read_text(encoding="utf-8") == text
    assert run(made, "assess", "--as-of", AS_OF)["methodology_state"] == "approved"
