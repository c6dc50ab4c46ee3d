"""Cases 32, 33, 42 and 43: nothing that is written anywhere leads back to a person without the key."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from creditlab import engine
from creditlab.cli import main
from creditlab.identifiers import pseudonyms
from creditlab.ingest import run as ingest_run
from creditlab.scratch import scratch
from tests.reference.identifiers import resident_check
from tests.spec.tiny import Tiny, row

#: A place that is nobody's.
PREFIX, NAME = "9901001980", "张某某"


def resident(number: int) -> str:
    body = f"{PREFIX}{number % 9 + 1:02d}{number % 28 + 1:02d}{number:03d}"
    return body + resident_check(body)


PERSONS = [resident(number) for number in range(40, 60)]
Made = Callable[[str], Tiny]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def made(make_tiny: Callable[..., Tiny], temporary: Path) -> Made:
    """A function that makes a workspace with records of the same persons, and a key of its own."""

    def make(name: str) -> Tiny:
        tiny = make_tiny([{"subject_kinds": "legal_person;natural_person"}], name=name)
        rows = [row(str(n), subject_id=one, subject_name=NAME, subject_kind="natural_person", note=f"见{one}")
                for n, one in enumerate(PERSONS)]  # fmt: skip
        tiny.deliver(rows)
        return tiny

    return make


def texts_in(folder: Path) -> Iterator[str]:
    """Whatever text is written below a folder: file names, texts, and the cells of tables."""
    for path in folder.rglob("*"):
        yield path.name
        if path.suffix == ".parquet":
            table = pq.read_table(path, partitioning=None)
            for column in table.columns:
                if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                    yield from (text for text in column.to_pylist() if text)
        elif path.is_file():
            yield path.read_bytes().decode("utf-8", "replace")


def guesses() -> Iterator[str]:
    """What somebody with a list of all numbers and no key can reckon."""
    for one, name in itertools.product(PERSONS, hashlib.algorithms_guaranteed):
        maker = hashlib.new(name, one.encode())
        digest = maker.digest(20) if name.startswith("shake") else maker.digest()  # type: ignore[call-arg]
        yield from (digest.hex()[:16], digest.hex()[:16].upper())
    for key in (b"", b"\0" * 32, b"creditlab", b"secret"):
        yield from pseudonyms(pa.array(PERSONS), key).to_pylist()


def test_case_32_33_a_pseudonym_is_no_hash_of_a_number_and_another_project_has_another(made: Made) -> None:
    one, other = made("one"), made("other")
    seen = []
    for tiny in (one, other):
        tiny.ingest()
        numbers = {line["subject_id"] for line in tiny.table("records")}
        assert len(numbers) == len(PERSONS)
        assert numbers.isdisjoint(PERSONS)
        written = "\n".join(texts_in(tiny.folder / "lake"))
        assert numbers & set(written.split("\n")) == numbers, "the attacker doesn't see what is written"
        for guess in (*PERSONS, NAME, *guesses()):
            assert guess not in written
        seen.append(numbers)
    assert seen[0].isdisjoint(seen[1])
    # With the key it is one look: the same person is the same in all of a lake's deliveries.
    key = one.workspace.pseudonym_key()
    assert set(pseudonyms(pa.array(PERSONS), key).to_pylist()) == seen[0]


def test_case_32_the_key_is_nowhere_but_in_its_file(made: Made, capfd: pytest.CaptureFixture[str]) -> None:
    tiny = made("one")
    for command in (["ingest"], ["quarantine"], ["lake", "history"], ["catalogue", "lint"]):
        main(["--workspace", str(tiny.folder), *command])
    key = tiny.workspace.pseudonym_key()
    said = "".join(capfd.readouterr()).encode()
    for data in [
        said,
        *(path.read_bytes() for path in tiny.folder.rglob("*") if path.is_file() and path.parent.name != "keys"),
    ]:
        assert key not in data
        assert key.hex().encode() not in data
    assert key.hex() not in repr(tiny.workspace)
    assert key not in repr(tiny.workspace).encode()


def test_case_42_no_identifier_is_in_what_a_failing_command_says(
    made: Made, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    tiny = made("one")

    def fail(*given: object, **more: object) -> None:
        row = {"subject_id": PERSONS[0], "subject_name": NAME}
        raise KeyError(f"no place for {row}")

    monkeypatch.setattr(ingest_run._Run, "_commit", fail)
    monkeypatch.delenv("CREDITLAB_TRACEBACK", raising=False)
    for words in ([], ["--json"]):
        assert main(["--workspace", str(tiny.folder), *words, "ingest"]) == 1
        said = "".join(capfd.readouterr())
        assert "KeyError" in said
        assert PERSONS[0] not in said
        assert NAME not in said
        assert "Traceback" not in said


def test_case_42_no_identifier_is_in_what_is_said_of_bad_rows(made: Made, capfd: pytest.CaptureFixture[str]) -> None:
    tiny = made("one")
    bad = [row("x", subject_id=PERSONS[0], subject_name=NAME, event_date=PERSONS[1]),
           row(PERSONS[2], subject_id=f"{PERSONS[3]} 号", action=PERSONS[4]), row("", note=PERSONS[5])]  # fmt: skip
    tiny.deliver(bad)
    tiny.deliver([row("1")], period=PERSONS[6])
    for number, column in enumerate(("item_code", "department", "region_code"), start=7):
        tiny.deliver([row("1")], **{column: PERSONS[number]})
    tiny.deliver("\n".join([",".join(PERSONS), '"', *PERSONS]))
    columns = "item_code,department"
    for words in (["ingest"], ["quarantine"], ["--json", "quarantine", "--by", columns], ["lake", "history"]):
        main(["--workspace", str(tiny.folder), *words])
        said = "".join(capfd.readouterr())
        assert said
        assert not [one for one in PERSONS if one in said]
    written = "\n".join(texts_in(tiny.folder / "lake"))
    assert not [one for one in PERSONS if one in written]


def test_case_43_no_temporary_file_is_left(made: Made, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a process that was killed are removed by the next one: tests/spec/test_scratch.py."""
    tiny = made("one")
    used: list[Path] = []
    fold = engine._lock
    monkeypatch.setattr(engine, "_lock", lambda backend, folders: used.extend(folders) or fold(backend, folders))
    tiny.ingest()
    assert main(["--workspace", str(tiny.folder), "measure", "--period", "2026Q3", "--as-of", "2026-10-20"]) == 0
    assert [one for one in used if one.is_relative_to(temporary)], "nothing was put aside"
    assert list(temporary.iterdir()) == []
    monkeypatch.setattr(ingest_run._Run, "_commit", lambda *given, **more: 1 // 0)
    tiny.deliver([row("again", subject_id=PERSONS[0])])
    assert main(["--workspace", str(tiny.folder), "ingest"]) == 1
    assert list(temporary.iterdir()) == []
    with scratch() as folder:
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o777 == 0o700
