"""What the catalogue's steps say to a person. All of it is synthetic."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

from creditlab.cli import main
from tests.spec.tiny import Tiny


@pytest.fixture
def say(tiny: Tiny, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """A function that gives a catalogue command, and returns what it prints."""

    def command(*words: str, status: int = 0) -> str:
        assert main(["--workspace", str(tiny.folder), "catalogue", *words]) == status
        out, err = capsys.readouterr()
        return out + err

    return command


WHY = ("--reason", "quicker", "--department", "D1")


def test_a_difference_is_one_line_with_its_reason(say: Callable[..., str]) -> None:
    assert say("ask", "A-1", "--change", "altered", "--set", "category=", *WHY) == (
        "Request 1 noted. It lands in the next draft.\n"
    )
    say("ask", "form.note", "--change", "altered", "--set", "required=true", *WHY)
    assert say("ask", "Z-9", "--change", "withdrawn", *WHY).startswith("Request 3 noted.")
    said = say("draft", "2027").splitlines()
    assert said[0].startswith("Drafted: ")
    assert said[1] == "Requests that landed: 1, 2"
    assert said[2].startswith("Requests that could not: 3 (what they change is not there")
    assert say("diff", "2027").splitlines() == [
        "altered A-1 category: administrative_management -> (empty) [D1: quicker]",
        "altered form.note required: false -> true (of A-1) [D1: quicker]",
        "Differences between 2026 and 2027: 2",
    ]


def test_a_difference_without_a_reason_says_so(tiny: Tiny, say: Callable[..., str]) -> None:
    assert say("draft", "2027").startswith("Drafted: ")
    assert say("diff", "2027") == "Differences between 2026 and 2027: 0\n"
    edited = tiny.folder / "catalogue" / "2027" / "items.csv"
    edited.write_text(edited.read_text("utf-8").replace("7 working days", "5 days"), encoding="utf-8")
    assert "7 working days -> 5 days [no department: no reason]" in say("diff", "2027")


def test_what_is_refused_says_where_and_what_to_do(say: Callable[..., str]) -> None:
    said = say("approve", "2026", "--by", "x", "--document", "y", status=3)
    assert "only an edition in consultation is approved [2026/edition.toml, state]" in said
    say("draft", "2027")
    said = say("approve", "2027", "--by", "x", "--document", "y", status=3)
    assert "What follows now: creditlab catalogue consult 2027." in said


@pytest.mark.parametrize("words", [(), ("burn",), ("draft",), ("consult", "2027"), ("ask", "A-1", "--change", "lost")])
def test_wrong_use(say: Callable[..., str], words: tuple[str, ...]) -> None:
    assert "parameter" in say(*words, status=2)


def test_what_many_note_at_once_is_all_kept(tiny: Tiny, say: Callable[..., str]) -> None:
    words = ["ask", "A-1", "--change", "altered", "--set", "category=x", *WHY]
    command = [sys.executable, "-m", "creditlab", "--workspace", str(tiny.folder), "catalogue", *words]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(6)]
    assert [one.wait() for one in running] == [0] * 6
    with (tiny.folder / "catalogue" / "requests.csv").open(encoding="utf-8", newline="") as handle:
        assert [one["request_id"] for one in csv.DictReader(handle)] == ["1", "2", "3", "4", "5", "6"]
    assert "landed: 1, 2, 3, 4, 5, 6" in say("draft", "2027")


def test_without_a_folder_there_is_nothing_to_change(tiny: Tiny, say: Callable[..., str]) -> None:
    shutil.rmtree(tiny.folder / "catalogue")
    assert "folder is missing" in say("draft", "2027", status=3)
