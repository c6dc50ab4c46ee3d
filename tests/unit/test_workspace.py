"""A workspace's configuration: what it means, and what is refused."""

from __future__ import annotations

import os
import stat
from datetime import date
from pathlib import Path

import pytest

from creditlab.errors import ExitStatus, WorkspaceError
from creditlab.terms import Language
from creditlab.workspace import BLANKS, open_workspace


def configured(folder: Path, text: str = "") -> Path:
    (folder / "creditlab.toml").write_bytes(text.encode())
    return folder


def test_an_empty_configuration_means_the_defaults(tmp_path: Path) -> None:
    workspace = open_workspace(configured(tmp_path))
    assert workspace.catalogue == tmp_path.resolve() / "catalogue"
    assert workspace.lake == tmp_path.resolve() / "lake"
    assert workspace.engine_url == "duckdb://"
    assert str(workspace.time_zone) == "Asia/Shanghai"
    assert workspace.language is Language.EN
    assert workspace.blanks == BLANKS == ("—", "--", "NULL")
    assert (workspace.country, workspace.official_until, workspace.policy) == ("CN", None, None)
    assert not workspace.is_synthetic
    assert workspace.working_days().name == "CN"


def test_what_is_configured_is_meant(tmp_path: Path) -> None:
    text = """\ufeff[workspace]
title_en = "Sample"
synthetic = true
time_zone = "America/New_York"
[paths]
lake = "../elsewhere/lake"
policy = "policy.toml"
[calendar]
country = "US"
official_until = 2027-12-31
[report]
language = "zh_CN"
[ingest]
blanks = ["n/a"]
"""
    workspace = open_workspace(configured(tmp_path, text))
    assert (workspace.title_en, workspace.title_zh, workspace.is_synthetic) == ("Sample", "Sample", True)
    assert str(workspace.time_zone) == "America/New_York"
    assert workspace.lake.resolve() == tmp_path.resolve().parent / "elsewhere" / "lake"
    assert workspace.policy == tmp_path.resolve() / "policy.toml"
    assert workspace.language is Language.ZH_CN
    assert workspace.blanks == ("n/a",)
    calendar = workspace.working_days()
    assert (calendar.name, calendar.official_until) == ("US", date(2027, 12, 31))


def test_the_example_is_a_workspace(shared_dir: Path) -> None:
    workspace = open_workspace(shared_dir / "example")
    assert workspace.country == "CN"
    assert workspace.catalogue.is_dir()
    assert workspace.inbox.is_dir()


def test_a_folder_without_configuration(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="creditlab init"):
        open_workspace(tmp_path)
    with pytest.raises(WorkspaceError):
        open_workspace(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError):
        open_workspace(tmp_path / "file")


def test_a_configuration_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "creditlab.toml").mkdir()
    with pytest.raises(WorkspaceError, match="can't be read"):
        open_workspace(tmp_path)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[paths", "creditlab.toml"),
        ("[lake]\npath = 'x'\n", r"\[lake\]"),
        ("title = 'x'\n", r"\[title\]"),
        ("paths = 'x'\n", r"\[paths\]"),
        ("[paths]\nlakes = 'x'\n", r"\[paths\] lakes"),
        ("[paths]\nlake = 5\n", r"\[paths\] lake"),
        ("[paths]\nlake = ''\n", r"\[paths\] lake"),
        ("[workspace]\ntime_zone = 'Asia/Nowhere'\n", r"\[workspace\] time_zone"),
        ("[workspace]\ntime_zone = 'Asia'\n", r"\[workspace\] time_zone"),
        ("[workspace]\ntime_zone = '../etc'\n", r"\[workspace\] time_zone"),
        ("[workspace]\ntime_zone = 8\n", r"\[workspace\] time_zone"),
        ("[workspace]\nsynthetic = 'no'\n", r"\[workspace\] synthetic"),
        ("[report]\nlanguage = 'fr'\n", r"\[report\] language"),
        ("[report]\nlanguage = 5\n", r"\[report\] language"),
        ("[calendar]\nofficial_until = 'soon'\n", r"\[calendar\] official_until"),
        ("[calendar]\nofficial_until = 2026-12-31T00:00:00\n", r"\[calendar\] official_until"),
        ("[calendar]\ncountry = 86\n", r"\[calendar\] country"),
        ("[calendar]\ndays = true\n", r"\[calendar\] days"),
        ("[engine]\nurl = 5\n", r"\[engine\] url"),
        ("[ingest]\nblanks = '—'\n", r"\[ingest\] blanks"),
        ("[ingest]\nblanks = 5\n", r"\[ingest\] blanks"),
        ("[ingest]\nblanks = [0]\n", r"\[ingest\] blanks"),
    ],
)
def test_what_has_no_meaning_is_refused_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(WorkspaceError, match=place) as caught:
        open_workspace(configured(tmp_path, text))
    assert caught.value.exit_status is ExitStatus.WRONG_USE


def test_a_configuration_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "creditlab.toml").write_bytes("[report]\ncontact = '统计'\n".encode("gbk"))
    with pytest.raises(WorkspaceError, match="can't be read"):
        open_workspace(tmp_path)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path, mask: int) -> None:
    workspace = open_workspace(configured(tmp_path, "[paths]\nkey = 'secret/place/pseudonym.key'\n"))
    before = os.umask(mask)
    try:
        key = workspace.pseudonym_key()
    finally:
        os.umask(before)
    assert len(key) == 32
    assert stat.S_IMODE(workspace.key.stat().st_mode) == 0o600
    assert workspace.key.read_bytes() == key
    assert workspace.pseudonym_key() == key
    assert open_workspace(tmp_path).pseudonym_key() == key


def test_two_workspaces_have_two_keys(tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        keys.add(open_workspace(configured(tmp_path / name)).pseudonym_key())
    assert len(keys) == 2


def test_a_key_that_is_too_short_is_refused_and_kept(tmp_path: Path) -> None:
    workspace = open_workspace(configured(tmp_path))
    workspace.key.parent.mkdir()
    workspace.key.write_bytes(b"x" * 31)
    with pytest.raises(WorkspaceError, match=r"shorter than 32 bytes.*\[paths\] key"):
        workspace.pseudonym_key()
    assert workspace.key.read_bytes() == b"x" * 31
    workspace.key.write_bytes(b"x" * 32)
    assert workspace.pseudonym_key() == b"x" * 32


def test_a_key_that_cannot_be_made_or_read(tmp_path: Path) -> None:
    workspace = open_workspace(configured(tmp_path))
    workspace.key.parent.write_text("a file where the folder should be")
    with pytest.raises(WorkspaceError, match=r"\[paths\] key"):
        workspace.pseudonym_key()
    workspace.key.parent.unlink()
    workspace.key.mkdir(parents=True)
    with pytest.raises(WorkspaceError, match=r"\[paths\] key"):
        workspace.pseudonym_key()
