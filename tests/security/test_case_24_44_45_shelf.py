"""Cases 24, 44 and 45: a revision is never replaced, nor read by others than it is for."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from creditlab.catalogue import Catalogue
from creditlab.disclosure import Cube, Marker, ReleaseLedger, read_policy, release, require_release
from creditlab.errors import DisclosureError, ReportError
from creditlab.periods import parse_period
from creditlab.reports.shelf import MANIFEST, Place, published, shelve, shelve_index, staging
from creditlab.terms import Audience, Language, RightToUse
from tests.notebooks.made_up import CATALOGUE, made_up_cube
from tests.spec.tiny import Tiny, code, row
from tests.unit.test_disclosure import cell, table_of

Run = Callable[..., dict[str, Any]]
PUBLIC, INTERNAL = Audience.PUBLIC, Audience.INTERNAL
PERIOD = parse_period("2026Q3")


@pytest.fixture(autouse=True)
def careless() -> Iterator[None]:
    """A machine on which whatever is made without a word is everybody's to read."""
    before = os.umask(0)
    yield
    os.umask(before)


def place(reports: Path, audience: Audience = PUBLIC) -> Place:
    return Place(reports, "2026Q3", "quarterly", audience, Language.EN)


def put(there: Place, revision: int, text: str = "a") -> Path:
    """Shelve a small revision."""
    with staging(there.reports) as folder:
        out = folder / "out"
        (out / "tables").mkdir(parents=True)
        (out / "tables" / "a.csv").write_text(text, encoding="utf-8")
        report_id = f"{there.folder.relative_to(there.reports).as_posix()}/r{revision}"
        said = {"report_id": report_id, "published_at": f"2026-10-2{revision}T09:00:00+08:00",
                "parameters": {"audience": there.audience}}  # fmt: skip
        (out / MANIFEST).write_text(json.dumps(said), encoding="utf-8")
        return shelve(out, there, revision)


def test_case_24_a_revision_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    first = put(place(tmp_path), 1)
    with pytest.raises(ReportError, match="another publication took the revision"):
        put(place(tmp_path), 1, text="b")
    assert (first / "tables" / "a.csv").read_text(encoding="utf-8") == "a"
    assert place(tmp_path).next_revision() == 2
    assert [path.name for path in first.parent.iterdir()] == ["r1"]


def modes(folder: Path) -> dict[str, int]:
    paths = [folder, *folder.rglob("*")]
    return {path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in paths}


def private(folder: Path) -> None:
    """Fails where a file or a folder is anybody else's."""
    found = modes(folder)
    assert len(found) > 1
    for name, mode in found.items():
        assert mode == (0o700 if (folder / name).is_dir() else 0o600), name


def test_case_44_what_is_not_for_the_public_is_for_its_owner_only(tmp_path: Path) -> None:
    private(put(place(tmp_path, INTERNAL), 1))
    private(put(place(tmp_path, Audience.GOVERNMENT), 1))
    public = put(place(tmp_path), 1)
    assert set(modes(public).values()) == {0o755, 0o644}
    shelve_index(tmp_path, "x")
    assert stat.S_IMODE((tmp_path / "index.html").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / ".staging").stat().st_mode) == 0o700


def test_case_44_whatever_work_leaves_behind_is_for_its_owner_only(
    make_tiny: Callable[..., Tiny], run: Run, tmp_path: Path
) -> None:
    tiny = make_tiny([{"subject_kinds": "legal_person;natural_person"}])
    tiny.deliver([row("1"), row("2", subject_id=code("92", 7)), row("3", note="a" * 9, event_date="never")])
    run(tiny, "ingest")
    run(tiny, "lake", "compact", "--keep-days", "0")
    private(tiny.folder / "lake")
    private(tiny.folder / "keys")
    out = tmp_path / "out"
    out.mkdir(mode=0o700)
    asked = ["--period", "2026Q3", "--as-of", "2026-12-31"]
    run(tiny, "measure", *asked, "--output", out / "m.csv")
    run(tiny, "feedback", *asked, "--output", out / "packs")
    private(out)


def test_case_45_a_revision_in_another_audiences_place_is_noticed(tmp_path: Path) -> None:
    secret, public = put(place(tmp_path, INTERNAL), 1), put(place(tmp_path), 1)
    assert len(published(tmp_path)) == 2
    shutil.copytree(secret, public.with_name("r2"))
    with pytest.raises(ReportError, match="lies where another was published"):
        published(tmp_path)


def test_case_45_figures_of_an_item_are_for_those_with_the_right_to_it() -> None:
    """What the public may not see is suppressed before there is a release that could be copied."""
    (edition,) = CATALOGUE.editions
    items = tuple(replace(one, right_to_use=RightToUse.AUTHORISED) for one in edition.items)
    reserved = replace(CATALOGUE, editions=(replace(edition, items=items),))
    figure = table_of(cell(900, 1000, persons=False, item_code="XK-001", department="SCJG"))

    def markers(catalogue: Catalogue, audience: Audience) -> list[str]:
        cube = Cube(figure, PERIOD, PERIOD.end, 1, catalogue=catalogue)
        return list(release(cube, audience, read_policy(), ReleaseLedger()).table["marker"].to_pylist())

    assert markers(CATALOGUE, PUBLIC) == markers(reserved, INTERNAL) == [Marker.NONE]
    assert markers(reserved, PUBLIC) == [Marker.SUPPRESSED]


def test_case_45_only_a_release_can_be_shown() -> None:
    with pytest.raises(DisclosureError):
        require_release(made_up_cube(PERIOD, PERIOD.end))
