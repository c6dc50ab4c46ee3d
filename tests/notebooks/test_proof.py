"""A published folder proves itself: nothing changed, everything comes out again, and what differs is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from creditlab import cli
from creditlab.catalogue.lists import read_lists
from creditlab.errors import ManifestError
from creditlab.reports import printing
from creditlab.reports.proof import reproduce, verify
from creditlab.reports.publication import checksums
from tests.notebooks import publishing


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Workspace, notebooks and the published folder."""
    folder = tmp_path_factory.mktemp("proof")
    workspace, notebooks = (
        publishing.make_workspace(folder / "workspace"),
        publishing.make_notebooks(folder / "notebooks"),
    )
    write_lists(workspace.folder, "Bureau A")
    (done,) = publishing.publish_made_up(workspace, notebooks)
    return workspace.folder, notebooks, done.folder


def write_lists(place: Path, name: str) -> None:
    """The lists beside the editions, of one department."""
    catalogue = place / "catalogue"
    catalogue.mkdir(exist_ok=True)
    (catalogue / "departments.csv").write_text(f"department,name_zh,name_en\nD1,甲局,{name}\n", encoding="utf-8")
    (catalogue / "regions.csv").write_text("region_code,name_zh,name_en,level,parent\n", encoding="utf-8")
    (catalogue / "code_lists.csv").write_text("code_list,code,name_zh,name_en\n", encoding="utf-8")


def test_it_comes_out_again_and_a_changed_figure_is_named(made: tuple[Path, Path, Path]) -> None:
    from creditlab.workspace import open_workspace

    place, notebooks, folder = made
    workspace = open_workspace(place)
    assert verify(folder).is_clean
    assert (folder.parent / "latest").resolve() == folder
    before = checksums(folder)
    with publishing.tests_importable():
        proof = reproduce(folder, workspace, code_version="0123abc", notebooks=notebooks)
    assert proof.deviations == []
    assert proof.compared["tables"] == 19
    assert proof.compared["files"] == len(before)
    # Every file, the PDF too where it can be made.
    assert ("report.pdf" in before) == printing.has_chinese_font()

    table = folder / "tables" / "overview.csv"
    whole = table.read_bytes()
    line = whole.splitlines(keepends=True)[1]
    number = line.split(b",")[2]
    table.write_bytes(whole.replace(line, line.replace(b"," + number + b",", b",999999,", 1), 1))
    # Nor were the lists kept that it was made with.
    write_lists(place, "Bureau B")
    try:
        assert [one.where for one in verify(folder).deviations] == ["tables/overview.csv"]
        with publishing.tests_importable():
            again = reproduce(folder, workspace, code_version="another", notebooks=notebooks)
    finally:
        table.write_bytes(whole)
        write_lists(place, "Bureau A")
    cells = [one for one in again.deviations if one.kind == "cell"]
    assert [(one.published, one.found) for one in cells] == [("999999", number.decode())]
    reasons = {one.where: (one.published, one.found) for one in again.deviations if one.kind == "reason"}
    assert list(reasons) == ["code", "lists"]
    assert reasons["lists"][0] == read_lists(place / "catalogue").digest != reasons["lists"][1]


def test_verify_says_what_is_missing_and_what_is_too_much(
    made: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, _, folder = made
    assert cli.main(["verify", str(folder)]) == 0
    extra, page = folder / "extra.txt", folder / "index.html"
    text = page.read_bytes()
    extra.write_text("x", encoding="utf-8")
    page.unlink()
    try:
        capsys.readouterr()
        assert cli.main(["verify", str(folder), "--json"]) == 3
    finally:
        extra.unlink()
        page.write_bytes(text)
    found = json.loads(capsys.readouterr().out)["differences"]
    assert [(one["where"], one["what"]) for one in found] == [
        ("extra.txt", "the file is not of the publication"),
        ("index.html", "the file is missing"),
    ]


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError):
        verify(tmp_path)


def test_tables_are_what_their_metadata_say(made: tuple[Path, Path, Path]) -> None:
    from csvw import TableGroup

    _, _, folder = made
    group = TableGroup.from_file(folder / "tables" / "csv-metadata.json")
    assert len(group.tables) == 19
    read = {str(table.url): list(table.iterdicts(strict=True)) for table in group.tables}
    # Nothing was revised in the first publication.
    assert [name for name, rows in read.items() if not rows] == ["revisions.csv"]
    # `[c]` and an empty cell are null; a count is a number.
    assert {type(row["numerator"]) for row in read["overview.csv"]} <= {int, type(None)}
