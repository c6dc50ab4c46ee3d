"""What a served dashboard rests on: who looks, what he is shown of it, and what a kernel is given."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from jupyter_client.session import utcnow
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from creditlab.access import Viewer
from creditlab.access.roles import digest_of
from creditlab.catalogue import Catalogue
from creditlab.catalogue.lists import Region
from creditlab.errors import ParameterError, ReportError, RoleError
from creditlab.reports.page import safe_json
from creditlab.reports.publication import checksums
from creditlab.serving.assessed import levels
from creditlab.serving.board import FirstScreen
from creditlab.serving.given import SESSIONS, wait_for_given
from creditlab.serving.kernels import OneKernel, ReaderKernels
from creditlab.serving.notices import Notice, notice_page
from creditlab.serving.readers import Readers
from creditlab.serving.server import Settings, kernels_config
from creditlab.serving.sessions import Sessions, kernel_environment
from creditlab.serving.shown import narrowed, newest
from creditlab.terms import Audience, Language, NamesFrom
from creditlab.workspace import Workspace, make_workspace, open_workspace

EVIL = '<script>alert(1)</script>"'
COLUMNS = ["table", "measure", "item_code", "department", "region_code", "detail", "period", "numerator", "denominator",
           "count", "is_provisional", "marker"]  # fmt: skip
CITY, COUNTY, OTHER = "990100", "990101", "990200"


def cell(
    department: str = "", region: str = "", numerator: int = 1, denominator: int = 3, period: int = 0
) -> list[Any]:
    return ["measurements", "timeliness", "", department, region, "", period, numerator, denominator, None, False, ""]


def content(*cells: list[Any]) -> dict[str, Any]:
    names = {"departments": {"D1": "Bureau A", "D2": EVIL}, "items": {}, "units": {CITY: "City", OTHER: "Other"}}
    words = {"late_departments": "Late", "department": "Department", "share": "Share", "period_before": "Before",
             "numerator_of": "{numerator} of {denominator}", "no_previous": "not compared", "quarter": "Quarter",
             "change": "{points} points against {previous}", "skip": "Skip", "needs_program": "Program",
             "nothing_of_yours": "Nothing of yours"}  # fmt: skip
    texts = {**names, "words": words, "measures": {"timeliness": "Timeliness"}, "definitions": {"timeliness": EVIL},
             "previous": "before", "title": EVIL, "banner": "", "html_lang": "en", "stamp": [["a", EVIL]]}  # fmt: skip
    return {
        "columns": COLUMNS, "cells": list(cells), "departments": ["D1", "D2"], "items": [],
        "regions": [CITY, COUNTY, OTHER],
        "units": [CITY, OTHER], "measures": ["timeliness"], "home": {}, "languages": {"en": texts},
        "matters": [{"department": "D1", "region_code": CITY}, {"department": "D2", "region_code": ""}],
    }  # fmt: skip


# --- The first screen, written on the server ---------------------------------------------------------------


def test_names_are_texts_whatever_they_hold() -> None:
    given = content(cell(), cell("D2"), cell("D2", period=1, numerator=0))
    page = FirstScreen(safe_json(given), "en")._repr_html_()
    assert EVIL not in page
    assert "<script>alert" not in page
    # The cells stand behind it, and nothing in them ends their element.
    text = page.partition('<script type="application/json" id="content">')[2]
    assert text.count("</script>") == 1
    assert json.loads(text.removesuffix("</script>")) == given


def test_shares_are_divided_once_and_rounded_half_up() -> None:
    screen = FirstScreen(
        safe_json(content(cell("", "", 1, 16), cell("", "", 1, 8, period=1), cell("D1", "", 2, 3))), "en"
    )
    assert screen.tiles() == [
        {"definition": EVIL, "title": "Timeliness", "value": "6.3%", "counts": "1 of 16",
         "change": "▼ −6.3 points against before"}
    ]  # fmt: skip
    assert screen.late() == [{"name": "Bureau A", "now": "66.7%", "before": ""}]


def test_who_has_nothing_in_a_quarter_is_told() -> None:
    assert "Nothing of yours" in FirstScreen(safe_json(content()), "en")._repr_html_()


# --- What a role leaves of it ------------------------------------------------------------------------------


def test_a_department_sees_its_own_rows_and_names() -> None:
    given = content(cell(), cell("D1"), cell("D2"), cell("", CITY), cell("D1", CITY))
    found = narrowed(given, Viewer("d1", Audience.GOVERNMENT, ("D1",)), None)
    assert [one[3:5] for one in found["cells"]] == [["D1", ""], ["D1", CITY]]
    assert (found["departments"], found["units"], found["home"]) == (["D1"], [CITY], {"department": "D1"})
    assert found["matters"] == [{"department": "D1", "region_code": CITY}]
    assert EVIL not in found["languages"]["en"]["departments"].values()
    # What the others see is as it was.
    assert len(given["cells"]) == 5
    assert set(given["languages"]["en"]["departments"]) == {"D1", "D2"}


def test_a_prefecture_sees_itself_and_what_lies_below_it() -> None:
    regions = {code: Region(code, "", "", level, parent) for code, level, parent in (
        (CITY, "prefecture", "990000"), (COUNTY, "county", CITY), (OTHER, "prefecture", "990000"))}  # fmt: skip
    catalogue = cast(Catalogue, SimpleNamespace(regions=regions))
    given = content(cell(), cell("D1"), cell("", CITY), cell("D1", COUNTY), cell("", OTHER), cell("D2", OTHER))
    found = narrowed(given, Viewer("city", Audience.GOVERNMENT, regions=(CITY,)), catalogue)
    assert [one[3:5] for one in found["cells"]] == [["", CITY], ["D1", COUNTY]]
    assert (found["units"], found["home"]) == ([CITY], {"unit": CITY})


def test_who_sees_everything_is_given_everything() -> None:
    given = content(cell(), cell("D1"))
    assert narrowed(given, Viewer("all", Audience.GOVERNMENT), None) == given


# --- Who looks ---------------------------------------------------------------------------------------------


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(make_workspace(tmp_path / "workspace"))


def test_a_token_opens_what_its_role_may_see(workspace: Workspace) -> None:
    own = Viewer("dashboard", Audience.GOVERNMENT)
    readers = Readers(workspace, "x" * 40, own)
    assert readers.by_token("x" * 40).viewer == own
    for wrong in ("", "x" * 39, "é", "\udc80"):
        with pytest.raises(RoleError):
            readers.by_token(wrong)
    (workspace.folder / "roles.toml").write_text(
        f'[d1]\ndepartments = ["D1"]\ntoken_sha256 = "{digest_of("y" * 40)}"\n'
    )
    assert readers.by_token("y" * 40).viewer.departments == ("D1",)
    # Where there are roles, nobody stands outside of them.
    with pytest.raises(RoleError):
        readers.by_token("x" * 40)


def test_a_name_counts_only_with_the_proxys_token(workspace: Workspace) -> None:
    (workspace.folder / "roles.toml").write_text(f'[d1]\nnames = ["li"]\ntoken_sha256 = "{digest_of("y" * 40)}"\n')
    readers = Readers(replace(workspace, names=NamesFrom.PROXY), "x" * 40, Viewer("dashboard", Audience.GOVERNMENT))
    found = readers.by_token("x" * 40, "li")
    assert (found.viewer.name, found.viewer.person) == ("d1", "li")
    for token, name in (("", "li"), ("y" * 40, "li"), ("x" * 40, ""), ("x" * 40, "wang")):
        with pytest.raises(RoleError):
            readers.by_token(token, name)


def test_a_cookie_holds_no_token(workspace: Workspace) -> None:
    readers = Readers(workspace, "x" * 40, Viewer("dashboard", Audience.GOVERNMENT))
    login = readers.remember("x" * 40)
    assert "x" * 10 not in login
    assert readers.token_of(login) == "x" * 40
    assert readers.token_of("other") == ""


# --- Sessions and kernels ----------------------------------------------------------------------------------


def test_a_session_has_a_private_folder_that_goes_with_it(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path, 2)
    sessions.begin("k1", "role d1", "en", "2026Q3", {"2026Q3": content(cell())})
    assert {path.stat().st_mode & 0o077 for path in tmp_path.rglob("*")} == {0}
    assert (sessions.is_of("k1", "role d1"), sessions.is_of("k1", "role d2"), sessions.is_of("k2", "role d1")) == (
        True,
        False,
        False,
    )
    with sessions.held():
        assert sessions.is_full
    assert not sessions.is_full
    sessions.end("k1")
    assert not list(tmp_path.iterdir())
    assert len(sessions) == 0


def test_a_kernels_environment_names_nothing_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "secret")
    monkeypatch.setenv("CREDITLAB_TOKEN", "secret")
    found = kernel_environment(tmp_path, {"PGPASSWORD": "secret", "VOILA_PREHEAT": "True", "HTTP_COOKIE": "secret"})
    assert "secret" not in found.values()
    assert (found["HOME"], found["VOILA_PREHEAT"]) == (str(tmp_path), "True")


def test_the_notebook_runs_for_readers_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOILA_KERNEL_ID", raising=False)
    with pytest.raises(ParameterError, match="creditlab dashboard"):
        wait_for_given(tmp_path)
    kernel = "11111111-2222-3333-4444-555555555555"
    monkeypatch.setenv("VOILA_KERNEL_ID", kernel)
    (tmp_path / SESSIONS).mkdir()
    Sessions(tmp_path / SESSIONS, 1).begin(kernel, "own", "en", "2026Q3", {"2026Q3": content(cell())})
    given = wait_for_given(tmp_path)
    assert json.loads(given.text("2026Q3"))["departments"] == ["D1", "D2"]
    # A page may ask for whatever it likes.
    for wrong in ("2026Q2", "../given", "", "2026Q3/../2026Q3"):
        assert given.text(wrong) == "{}"


@pytest.mark.parametrize(("unused", "is_left"), [(59, True), (61, False)])
def test_a_session_that_nobody_uses_ends_although_its_page_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unused: int, is_left: bool
) -> None:
    sessions = Sessions(tmp_path, 1)
    sessions.begin("k1", "own", "en", "2026Q3", {"2026Q3": content(cell())})
    kernels = ReaderKernels(kernel_spec_manager=OneKernel(), config=kernels_config(Settings(8866, idle=60)))
    monkeypatch.setattr(ReaderKernels, "sessions", sessions)
    ended: list[str] = []

    async def end(_: object, kernel_id: str, **__: object) -> None:
        ended.append(kernel_id)

    monkeypatch.setattr(AsyncMappingKernelManager, "shutdown_kernel", end)
    kernel = SimpleNamespace(
        last_activity=utcnow() - timedelta(seconds=unused), execution_state="idle", kernel_name="creditlab",
        kernel_spec=OneKernel().get_kernel_spec("creditlab"),
    )  # fmt: skip
    kernels._kernels["k1"], kernels._kernel_connections["k1"] = cast(Any, kernel), 1
    asyncio.run(kernels.cull_kernel_if_idle("k1"))
    assert (ended, "k1" in sessions) == ([] if is_left else ["k1"], is_left)


# --- The shelf ---------------------------------------------------------------------------------------------


def put(reports: Path, where: str, at: str, **files: str) -> Path:
    folder = reports / where
    for name, text in files.items():
        (folder / name.replace("__", "/")).parent.mkdir(parents=True, exist_ok=True)
        (folder / name.replace("__", "/")).write_text(text)
    folder.mkdir(parents=True, exist_ok=True)
    files_there = checksums(folder)
    about = {"report_id": where, "published_at": at, "run_no": 1, "files": files_there}
    (folder / "manifest.json").write_text(json.dumps(about))
    return folder


def test_the_newest_revision_of_each_quarter_is_shown_whichever_language_it_was_published_in(tmp_path: Path) -> None:
    put(tmp_path, "2026Q3/dashboard-government/en/r1", "2026-10-20")
    put(tmp_path, "2026Q3/dashboard-government/zh_CN/r1", "2026-10-21")
    put(tmp_path, "2026Q3/dashboard/en/r9", "2026-10-29")
    put(tmp_path, "2026Q2/dashboard-government/en/r1", "2026-10-25")
    put(tmp_path, "2026-08/dashboard-government/en/r1", "2026-10-25")
    found = newest(tmp_path, Audience.GOVERNMENT)
    assert [one.report_id for one in found] == [
        "2026Q3/dashboard-government/zh_CN/r1",
        "2026Q2/dashboard-government/en/r1",
    ]
    assert newest(tmp_path, Audience.INTERNAL) == []
    assert newest(tmp_path / "none", Audience.PUBLIC) == []


def test_what_is_not_signed_off_is_called_a_draft(tmp_path: Path) -> None:
    folder = put(tmp_path, "2026Q3/dashboard-government/en/r1", "2026-10-20")
    about = json.loads((folder / "manifest.json").read_text()) | {"needs_sign_off": True}
    assert not newest(tmp_path, Audience.GOVERNMENT)[0].is_draft
    other = put(tmp_path, "2026Q2/dashboard-government/en/r1", "2026-10-20")
    (other / "manifest.json").write_text(json.dumps(about))
    assert [one.is_draft for one in newest(tmp_path, Audience.GOVERNMENT)] == [False, True]


def test_levels_are_those_of_the_published_report(tmp_path: Path) -> None:
    table = "code,name,subject_count,ratio,previous_ratio\nA,Level A,1200,0.5005,\nB,Level B,[c],[c],\n"
    folder = put(
        tmp_path, "2026Q3/assessment_methodology-government/en/r1", "2026-10-20", **{"tables__levels.csv": table}
    )
    (folder.parent / "latest").symlink_to("r1")
    lines = [
        {"level": "Level A", "count": "1,200", "share": "50.1%"},
        {"level": "Level B", "count": "[c]", "share": "[c]"},
    ]
    # In one language alone is better than not at all; for another audience it is nothing.
    assert levels(tmp_path, "2026Q3", Audience.GOVERNMENT) == {"en": lines, "zh_CN": lines}
    assert levels(tmp_path, "2026Q3", Audience.PUBLIC) == {}
    (folder / "tables" / "levels.csv").write_text(table.replace("1200", "1300"))
    with pytest.raises(ReportError, match="not the one that was published"):
        levels(tmp_path, "2026Q3", Audience.GOVERNMENT)


@pytest.mark.parametrize("notice", list(Notice))
def test_a_notice_is_in_both_languages_the_servers_first(notice: Notice) -> None:
    page = notice_page(notice, "/", Language.ZH_CN)
    assert page.index('<html lang="zh-CN">') < page.index('<section lang="zh-CN">') < page.index('<section lang="en">')
    assert "<script" not in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "80"], "port"),
        (["--sessions", "0"], "--sessions"),
        (["--token-file", "none"], "--token-file"),
    ],
)
def test_what_has_no_meaning_is_refused(
    creditlab_here: Callable[..., Any], workspace: Workspace, arguments: list[str], said: str
) -> None:
    done = creditlab_here("dashboard", *arguments, workspace=workspace.folder)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_token_that_is_short_or_open_is_refused(creditlab_here: Callable[..., Any], workspace: Workspace) -> None:
    path = workspace.folder / "token"
    for text, mode in (("short", 0o600), ("x" * 40, 0o644)):
        path.write_text(text)
        path.chmod(mode)
        done = creditlab_here("dashboard", "--token-file", path, workspace=workspace.folder)
        assert done.returncode == 2
        assert "can't be used" in done.stderr
