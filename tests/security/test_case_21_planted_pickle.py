"""Case 21: a pickle planted in a card's place is refused and never run; nothing of creditlab reads or writes one."""

from __future__ import annotations

import ast
import gzip
import json
import pickle
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import creditlab
from creditlab.errors import ScorecardError
from creditlab.scorecards import Card, card_text, parse_card, read_card
from tests.spec.cards import made_card
from tests.spec.tiny import Tiny

Run = Callable[..., dict[str, Any]]
SOURCE = Path(creditlab.__file__).parent
RUNS_WHAT_IT_READS = {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal", "skops"}


class Planted:
    """Writes a file when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


@pytest.fixture(scope="module")
def card() -> Card:
    return made_card()


def refused(data: bytes, path: Path) -> str:
    path.write_bytes(data)
    with pytest.raises(ScorecardError) as found:
        read_card(path)
    assert found.value.__cause__ is None or "VERTRAULICH" not in str(found.value)
    return str(found.value.code)


@pytest.mark.parametrize("name", ["made.json", "made.pkl", "made.joblib"])
def test_case_21_a_planted_pickle_is_not_run(tmp_path: Path, name: str) -> None:
    mark = tmp_path / "mark"
    # It would run: what is tried below is whether anybody does it.
    pickle.loads(pickle.dumps(Planted(tmp_path / "proof")))
    assert (tmp_path / "proof").exists()
    data = pickle.dumps(Planted(mark))
    for one in (data, pickle.dumps(Planted(mark), protocol=0), gzip.compress(data)):
        assert refused(one, tmp_path / name) == "scorecard_unreadable"
    assert not mark.exists()


def test_case_21_nor_by_a_command(run: Run, tiny: Tiny, card: Card) -> None:
    mark = tiny.folder / "mark"
    for name in ("made.json", "other.pkl"):
        tiny.write(f"scorecards/{name}", pickle.dumps(Planted(mark)))
    output = tiny.folder / "out.csv"
    for words in (
        ("show", "made"),
        ("release", "made", "--by", "nobody", "--document", "1"),
        ("score", "made", "--as-of", "2026-10-20", "--output", output),
    ):
        assert run(tiny, "scorecard", *words, status=3)["error"] == "scorecard_unreadable"
    assert run(tiny, "scorecard", "show", "other", status=3)["error"] == "scorecard_missing"
    assert not mark.exists()
    assert not output.exists()
    assert not list(tiny.folder.glob("scorecards/*.toml"))


def test_case_21_nothing_reads_or_writes_what_runs() -> None:
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {f"{path.name}: {name}" for name in names if name.split(".")[0] in RUNS_WHAT_IT_READS}
    assert found == set()


@pytest.mark.parametrize("name", ["../made", "/etc/passwd", "Made", "made.json", "", "a" * 41, "m\u0430de", "made\x00"])
def test_case_23_a_name_is_no_path(run: Run, tiny: Tiny, name: str) -> None:
    assert run(tiny, "scorecard", "show", name, status=3)["error"] == "scorecard_name"


# --- A card that was tampered with ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda one: one["variables"][0]["points"].__setitem__(0, 999), "scorecard_changed"),
        (lambda one: one.__setitem__("protocol", "cross_section"), "scorecard_changed"),
        (lambda one: one["measured"].clear(), "scorecard_changed"),
        (lambda one: one.__setitem__("digest", "0" * 64), "scorecard_changed"),
        (lambda one: one.pop("digest"), "scorecard_changed"),
        (lambda one: one.__setitem__("format", 2), "scorecard_form"),
    ],
)
def test_a_changed_card_is_noticed(card: Card, change: Any, code: str) -> None:
    content = json.loads(card_text(card))
    change(content)
    with pytest.raises(ScorecardError) as found:
        parse_card(json.dumps(content).encode(), "made.json")
    assert found.value.code == code


def sealed_anew(content: dict[str, Any]) -> bytes:
    """A forger who knows how digests are made."""
    import hashlib

    content.pop("digest", None)
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return json.dumps(content | {"digest": hashlib.sha256(text.encode()).hexdigest()}).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["variables"][0]["points"].__setitem__(0, 1.5),
        lambda one: one["variables"][0]["points"].__setitem__(0, True),
        lambda one: one["variables"][0]["points"].pop(),
        lambda one: one["variables"][0]["splits"].reverse(),
        lambda one: one["variables"][0].__setitem__("splits", ["1) or (1=1"]),
        lambda one: one["variables"][0].__setitem__("kind", "code"),
        lambda one: one["variables"][0].__setitem__("more", 1),
        lambda one: one.__setitem__("variables", []),
        lambda one: one.__setitem__("variables", None),
        lambda one: one.__setitem__("base", "500"),
        lambda one: one.__setitem__("name", "../made"),
        lambda one: one["parts"][0].__setitem__("first", "yesterday"),
        lambda one: one["about"].pop("title_en"),
    ],
)
def test_a_forged_card_that_no_engine_should_see_has_another_form(card: Card, change: Any) -> None:
    content = json.loads(card_text(card))
    change(content)
    with pytest.raises(ScorecardError) as found:
        parse_card(sealed_anew(content), "made.json")
    assert found.value.code == "scorecard_form"


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"null", b'{"format": 1', b'{"format": NaN}', b'{"a":1,"a":2}', b"\xff\xfe", b"[" * 100_000],
)
def test_what_is_no_card_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(ScorecardError) as found:
        parse_card(data, "made.json")
    assert found.value.code in {"scorecard_unreadable", "scorecard_form"}


def test_a_number_that_is_not_finite_is_not_written(card: Card) -> None:
    from dataclasses import replace

    with pytest.raises(ScorecardError):
        card_text(replace(card, intercept=float("nan")))
    assert asdict(card)["intercept"] == card.intercept
