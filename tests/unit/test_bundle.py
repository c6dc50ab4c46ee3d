"""What draws charts lies once on a shelf: never overwritten, named in the manifest, looked at by `verify`."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
from pathlib import Path

import pytest

from creditlab.cli import main
from creditlab.errors import ReportError
from creditlab.reports.bundle import FOLDER, Bundle, place_bundle, plotly_bundle, shared_by
from creditlab.reports.proof import verify
from creditlab.reports.shelf import MANIFEST

DATA = b"draw();"
BUNDLE = Bundle("plotly-0-0.min.js", DATA, hashlib.sha256(DATA).hexdigest())
NAME = f"{FOLDER}/{BUNDLE.name}"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A shelf with the bundle."""
    place_bundle(tmp_path / "reports", BUNDLE)
    return tmp_path / "reports"


@pytest.fixture
def revision(shelf: Path) -> Path:
    """A revision without a file of its own, which takes the bundle."""
    folder = shelf / "2026Q3" / "quarterly" / "en" / "r1"
    folder.mkdir(parents=True)
    said = dict.fromkeys(("report", "published_at", "code_version"), "")
    manifest = {**said, "report_id": "2026Q3/quarterly/en/r1", "revision": 1, "parameters": {"language": "en"},
                "release": {}, "files": {}, "shared": {NAME: BUNDLE.sha256}}  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_it_is_there_once_for_everybody_and_is_left_as_it_is(shelf: Path) -> None:
    path = shelf / NAME
    before = path.stat()
    place_bundle(shelf, BUNDLE)
    assert path.read_bytes() == DATA
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert stat.S_IMODE(before.st_mode) == 0o644
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755
    assert [one.name for one in path.parent.iterdir()] == [BUNDLE.name]


def test_a_changed_one_stops_a_publication_and_is_not_mended(shelf: Path) -> None:
    (shelf / NAME).write_bytes(b"other();")
    with pytest.raises(ReportError, match="draws charts was changed"):
        place_bundle(shelf, BUNDLE)
    assert (shelf / NAME).read_bytes() == b"other();"


def test_verify_looks_at_it_and_says_where_a_copy_lacks_it(
    shelf: Path, revision: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (verify(revision).lacking, verify(revision).deviations) == ([], [])
    (revision.parent / "latest").symlink_to("r1")
    assert verify(revision.parent / "latest").lacking == []

    copy = shutil.copytree(revision, tmp_path / "stick" / "r1")
    assert main(["verify", str(copy)]) == 0
    assert capsys.readouterr().out.startswith(f"lacking  {NAME}: ")

    (shelf / NAME).write_bytes(b"other();")
    assert [(one.where, one.what) for one in verify(revision).deviations] == [(NAME, "the file was changed")]
    assert main(["verify", str(revision)]) == 3


@pytest.mark.parametrize("name", ["../secret", f"{FOLDER}/../secret", f"{FOLDER}/a/b", "/etc/hosts"])
def test_a_manifest_names_nothing_outside_the_shared_folder(shelf: Path, revision: Path, name: str) -> None:
    (shelf / "secret").write_bytes(DATA)
    manifest = json.loads((revision / MANIFEST).read_text("utf-8"))
    (revision / MANIFEST).write_text(json.dumps({**manifest, "shared": {name: BUNDLE.sha256}}), encoding="utf-8")
    assert verify(revision).lacking == [name]


def test_its_name_says_what_is_in_it_and_only_pages_with_charts_take_it() -> None:
    bundle = plotly_bundle()
    assert hashlib.sha256(bundle.data).hexdigest() == bundle.sha256
    assert bundle.sha256[:16] in bundle.name
    assert shared_by(f'<script src="{bundle.address}"></script>') == {f"{FOLDER}/{bundle.name}": bundle.sha256}
    assert shared_by("<p>No chart.</p>") == {}
